"""The same films as DDSM, as images with a manifest and as CBIS-DDSM's DICOM give the same lesions and overlaps."""

import csv
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput, FinishedOtherwise
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources import ddsm
from deepminer_ray.sources.density import DISPLAY, UNITS_PER_DENSITY, to_grey
from deepminer_ray.sources.finding import KEYWORDS
from deepminer_ray.sources.rows import Lesion, Scan
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from tests.dicom import MAMMOGRAPHY_IMAGE, write_dicom

SIDE = 64
SUFFIXES = (".png", ".tif", ".dcm")

ReadScan = tuple[Scan, NDArray[np.uint16], list[tuple[Lesion, NDArray[np.uint8]]]]


def read_scans(phantoms: Path) -> Iterator[ReadScan]:
    """Every phantom film with its displayed grey levels, and its lesions with their masks."""
    for file in ddsm.find_cases(phantoms):
        case = ddsm.read_case(file)
        for scan in case.scans:
            density = ddsm.decode_scan(scan.file, scan.rows, scan.columns, scan.digitizer, scan.bits)
            lesions = [lesion for lesion in case.lesions if lesion.scan == scan.scan]
            masks = [
                filled_outline(lesion.outline, scan.columns, scan.rows, 0, 0).astype(np.uint8) * 255
                for lesion in lesions
            ]
            yield scan, to_grey(density / UNITS_PER_DENSITY, DISPLAY), list(zip(lesions, masks, strict=True))


def save(file: Path, pixels: NDArray[Any]) -> None:
    """Write an image in the format of its suffix."""
    if file.suffix == ".dcm":
        write_dicom(file, pixels)
    else:
        Image.fromarray(pixels).save(file)


def as_manifest(phantoms: Path, folder: Path) -> None:
    """Images of all three formats; the lesions of a film in one mask, in the order in which it shows them."""
    rows = []
    for number, (scan, grey, lesions) in enumerate(read_scans(phantoms)):
        image, mask = f"{scan.patient}_{scan.laterality}_{scan.view}{SUFFIXES[number % 3]}", ""
        save(folder / image, grey)
        if lesions:
            mask = f"mask_{number}.png"
            lesions.sort(key=lambda pair: pair[0].x)
            save(folder / mask, np.maximum.reduce([pixels for _, pixels in lesions]))
        said = {
            name: "|".join(str(getattr(lesion, name) or "") for lesion, _ in lesions)
            for name in ("pathology", *KEYWORDS, "assessment", "subtlety")
        }
        rows.append(
            {
                "image": image,
                "mask": mask,
                "patient": scan.patient,
                "laterality": scan.laterality,
                "view": scan.view,
                "density": scan.density,
            }
            | said
            | ({} if lesions else {"pathology": "normal"})
        )
    write_csv(folder / "manifest.csv", rows)


def as_cbis(phantoms: Path, folder: Path) -> None:
    """Films with lesions only, as CBIS-DDSM has no others; the malignant patient in train, the benign one in test."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for scan, grey, lesions in read_scans(phantoms):
        split = "Training" if any(lesion.pathology == "malignant" for lesion, _ in lesions) else "Test"
        for number, (lesion, mask) in enumerate(lesions, 1):
            kind = "Mass" if "MASS" in str(lesion.lesion_type) else "Calc"
            name = f"{kind}-{split}_{scan.patient}_{scan.laterality}_{scan.view}"
            save(folder / name / "a" / "1-1.dcm", grey)
            save(folder / f"{name}_{number}" / "a" / "1-1.dcm", mask)
            save(folder / f"{name}_{number}" / "a" / "1-2.dcm", grey[:10, :10])
            file = f"{kind.lower()}_case_description_{'train' if split == 'Training' else 'test'}_set.csv"
            rows.setdefault(file, []).append(
                {
                    "patient_id": scan.patient,
                    "left or right breast": scan.laterality,
                    "image view": scan.view,
                    "abnormality id": number,
                    "abnormality type": lesion.lesion_type,
                    "mass shape": lesion.shape,
                    "mass margins": lesion.margins,
                    "calc type": lesion.calcification_type,
                    "calc distribution": lesion.distribution,
                    "assessment": lesion.assessment,
                    "pathology": lesion.pathology.upper(),
                    "subtlety": lesion.subtlety,
                    "breast density": scan.density,
                    "image file path": f"{name}/x/000000.dcm",
                    "ROI mask file path": f"{name}_{number}/x/000001.dcm",
                }
            )
    for file, found in rows.items():
        write_csv(folder / file, found)


def write_csv(file: Path, rows: list[dict[str, Any]]) -> None:
    with file.open("w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0])
        table.writeheader()
        table.writerows(rows)


@pytest.fixture(scope="module")
def as_ddsm(ray: object, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return catalogued(phantoms, tmp_path_factory.mktemp("ddsm"))


def catalogued(source: Path, folder: Path) -> Run:
    run = Run.created(folder / "run")
    catalog(run, str(source))
    cut(run, side=SIDE)
    return run


def lesions_of(run: Run) -> list[dict[str, Any]]:
    """All that is known of the lesions but the wording of the report, which images bring only as keywords."""
    found: list[dict[str, Any]] = run.ask(
        "select patient, laterality, view, scan.rows, scan.columns, "
        "lesion.* exclude (lesion, scan, abnormality, outline, report) from lesion join scan using (scan) order by all"
    ).to_pylist()
    return found


def overlaps_of(run: Run) -> dict[tuple[Any, ...], tuple[float, float]]:
    rows = run.ask(
        "select patient, laterality, scan.view, patch.x, patch.y, lesion.x as left_, lesion.y as top, cover, within "
        "from overlap join patch using (patch) join scan using (scan) join lesion using (lesion)"
    ).to_pylist()
    return {tuple(list(row.values())[:-2]): (row["cover"], row["within"]) for row in rows}


@pytest.mark.parametrize("written", [as_manifest, as_cbis])
def test_other_kinds_of_files_give_the_same_tables(
    written: Callable[[Path, Path], None], as_ddsm: Run, phantoms: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    written(phantoms, source)
    run = catalogued(source, tmp_path)
    assert run.ask("from rejected").num_rows == 0
    assert run.audit().keys() <= {"scan_without_partition"}
    assert lesions_of(run) == lesions_of(as_ddsm)
    same, other = overlaps_of(as_ddsm), overlaps_of(run)
    # A film's darkest air is lost in display, so that the skin may lie elsewhere: few patches are kept by one alone.
    assert len(same.keys() & other.keys()) > 0.9 * len(same.keys() | other.keys())
    assert all(same[place] == other[place] for place in same.keys() & other.keys())


def test_the_official_lists_of_cbis_make_the_partitions(ray: object, phantoms: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    as_cbis(phantoms, source)
    run = Run.created(tmp_path / "run")
    catalog(run, str(source))
    partition(run, lists=str(source))
    found = run.ask(
        "select partition, any_value(pathology) as pathology from partition join scan using (patient) "
        "join lesion using (scan) group by partition order by partition"
    ).to_pylist()
    assert [(row["partition"], row["pathology"]) for row in found] == [("test", "benign"), ("train", "malignant")]


def test_the_area_of_a_lesion_is_what_its_outline_holds(as_ddsm: Run) -> None:
    found = as_ddsm.ask("from lesion").to_pylist()
    assert found
    for lesion in found:
        outline = [[(point["x"], point["y"]) for point in ring] for ring in lesion["outline"]]
        box = (min(x for x, _ in outline[0]), min(y for _, y in outline[0]))
        assert (lesion["x"], lesion["y"]) == box
        assert lesion["area"] == filled_outline(outline, 5000, 5000, 0, 0).sum()


def test_what_lies_in_two_places_is_named(ray: object, phantoms: Path, tmp_path: Path) -> None:
    case = next(phantoms.rglob("*.ics")).parent
    for place in ("normal_01", "normal_07", "other/normal_01"):
        shutil.copytree(case, tmp_path / "source" / place / case.name)
    run = Run.created(tmp_path / "run")
    catalog(run, str(tmp_path / "source"))
    scans = run.ask("select count(*) as scans, count(distinct patient) as patients from scan").to_pylist()
    assert scans == [{"scans": 8, "patients": 1}]
    assert run.ask("select split_part(file, '/', -3) as volume, what from repair order by all").to_pylist() == [
        {"volume": volume, "what": f"lies in {other} too: both films are of one patient"}
        for volume, other in (("normal_01", "normal_07"), ("normal_07", "normal_01"))
        for _ in range(4)
    ]
    taken = tmp_path / "source" / "normal_01" / case.name
    left_out = run.ask("select file, reason from rejected").to_pylist()
    assert len(left_out) == 4
    for row in left_out:
        name = Path(row["file"]).name
        assert row["file"] == str(tmp_path / "source" / "other" / "normal_01" / case.name / name)
        assert row["reason"].endswith(f"was found twice: {taken / name} was taken.")


def huge(file: Path) -> None:
    """A PNG whose header promises 60,000 x 60,000 px."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))


def damaged_images(folder: Path, grey: NDArray[Any]) -> dict[str, str]:
    """Files that no reader may choke on, with a word of what is said of each."""
    folder.mkdir(parents=True)
    Image.fromarray(grey).save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:200])
    (folder / "empty.png").touch()
    huge(folder / "huge.png")
    Image.new("L", (1, 1300)).save(folder / "narrow.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    write_dicom(folder / "plain.dcm", grey)
    found = dcmread(folder / "plain.dcm")
    del found.PhotometricInterpretation
    found.save_as(folder / "colourless.dcm")
    return {
        "cut.png": "",
        "empty.png": "cannot be read",
        "huge.png": "",
        "narrow.png": "longer than 8 times",
        "pipe.png": "not a regular file",
        "folder.png": "not a regular file",
        "colourless.dcm": "not one grey image",
        "nul\0.png": "",
        "none.png": "No such file",
    }


def test_one_bad_file_costs_only_itself(ray: object, tmp_path: Path) -> None:
    """Through `catalog` and `cut`: each is rejected by name, and what is whole is labelled as without them."""
    grey = np.random.default_rng(0).integers(90, 250, (320, 256)).astype(np.uint8)
    grey[:, 200:] = 0
    source = tmp_path / "source"
    wrong = damaged_images(source, grey)
    mask = np.zeros(grey.shape, np.uint8)
    mask[100:160, 50:120] = 255
    Image.fromarray(mask).save(source / "mask.png")
    numbers = {"age": "9" * 5000, "lesions": "1"}
    rows = [{"image": name, "mask": "", "pathology": "normal", **numbers} for name in ("plain.dcm", *wrong)]
    rows += [{"image": "whole.png", "mask": "mask.png", "pathology": "malignant", "lesions": "1", "age": "50"}]
    whole = {}
    for number, listed in enumerate(([rows[-1]], rows)):
        with (source / "manifest.csv").open("w", newline="") as file:
            writer = csv.DictWriter(
                file, ["image", "mask", "pathology", "lesions", "age", "patient", "laterality", "view"]
            )
            writer.writeheader()
            sides = {"patient": "P", "laterality": "LEFT", "view": "CC"}
            writer.writerows(row | sides | {"patient": row["image"].replace("\0", "")} for row in listed)
        run = Run.created(tmp_path / f"run_{number}")
        catalog(run, str(source))
        cut(run, side=SIDE)
        text = "select x, y, class from label join patch using (patch) where scan = 'whole' order by all"
        whole[number] = run.ask(text).to_pylist()
    assert whole[0] == whole[1] and {"malignant", "normal"} == {row["class"] for row in whole[0]}
    said = {Path(row["file"]).name: row["reason"] for row in run.ask("from rejected").to_pylist()}
    assert {name.replace("\0", "\\0") for name in wrong} == set(said)
    for name, reason in wrong.items():
        assert reason in said[name.replace("\0", "\\0")], name
    assert run.ask("select distinct scan from patch order by all")["scan"].to_pylist() == ["plain", "whole"]
    assert run.audit().keys() <= {"scan_without_partition"}


def test_dicom_of_several_kinds_is_told_apart(
    ray: object, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Films and detectors are not mixed unasked; twelve bits in sixteen are shown; what is left out is said."""
    monkeypatch.setattr("deepminer_ray.stages.grey_range.FIRST", 1)  # so that Ray looks at the others
    grey = np.random.default_rng(0).integers(1000, 4000, (320, 256)).astype(np.uint16)
    grey[:, 200:] = 9
    source, rows = tmp_path / "source", ["image,mask,patient,laterality,view,pathology"]
    kinds: dict[str, dict[str, Any]] = {
        "digital": {},
        "dim": {"PatientID": "someone else"},
        "digitized": {"DetectorType": "FILM"},
        "magnified": {"EstimatedRadiographicMagnificationFactor": 1.8},
        "raw": {"PresentationIntentType": "FOR PROCESSING"},
        "slices": {"NumberOfFrames": 3},
    }
    for name, tags in kinds.items():
        pixels = grey // 2 if name == "dim" else np.stack([grey] * 3) if name == "slices" else grey
        write_dicom(source / f"{name}.dcm", pixels, kind=MAMMOGRAPHY_IMAGE, **tags)
        rows.append(f"{name}.dcm,,{name},LEFT,CC,normal")
    (source / "manifest.csv").write_text("\n".join(rows))
    run = Run.created(tmp_path / "run")
    with pytest.raises(BadInput, match=r"more than one acquisition \(2 of digital, 1 of film\): .* or --mix"):
        catalog(run, str(source))
    catalog(run, str(source), mix=True)
    said = capfd.readouterr().err
    assert "1 for processing, 1 magnification, 1 tomosynthesis: these mammograms are left out; --raw or" in said
    assert "1 mammograms have a header that says another patient" in said
    assert "3 images of 16 bits do not say what is white" in said and "black is 4 and white 3999" in said
    cut(run, side=SIDE)
    columns = "scan, unit, acquisition, black, white, count(patch) > 0 as cut"
    cuts = run.ask(f"select {columns} from scan left join patch using (scan) group by all order by all").to_pylist()
    assert [tuple(row.values()) for row in cuts] == [
        ("digital", "display", "digital", 4.0, 3999.0, True),
        ("digitized", "display", "film", 4.0, 3999.0, True),
        ("dim", "display", "digital", 4.0, 3999.0, True),
    ]
    assert run.audit().keys() == {"header_against_table"}
    catalog(run, str(source), mix=True, raw=True, views=["all"], again=True)
    cut(run, side=SIDE)
    assert run.ask("select count(distinct scan) as n from patch").to_pylist() == [{"n": 6}]
    with pytest.raises(FinishedOtherwise, match="'raw': True"):
        catalog(run, str(source), mix=True)
