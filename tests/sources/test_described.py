"""What DICOM headers say of a mammogram: views that are left out, units, and where they contradict the table."""

import csv
import runpy
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.density import brightness
from deepminer_ray.sources.described import describe, reading_of_own
from deepminer_ray.sources.dicom_grey import Reading
from deepminer_ray.sources.dicom_views import KINDS_OF_VIEW, refuse_unknown_kinds
from deepminer_ray.sources.kinds import SOURCE_KINDS
from deepminer_ray.sources.rows import Case, Repair, Scan
from deepminer_ray.stages.grey_range import grey_ranges
from tests.dicom import MAMMOGRAPHY_IMAGE, write_dicom
from tests.domains import MAMMOGRAPHY

CASES = Path(__file__).parents[2] / ".." / "shared" / "cases"
TOMOSYNTHESIS_IMAGE = "1.2.840.10008.5.1.4.1.1.13.1.3"
PIXELS = np.arange(600, dtype=np.uint16).reshape(20, 30)
USUAL = Reading()


def scan_of(file: Path, **said: Any) -> Scan:
    about: dict[str, Any] = {"scan": "S", "patient": "P1", "laterality": "LEFT", "view": "CC", "bits": 12}
    about |= {"source_kind": "manifest", "file": str(file), "rows": 20, "columns": 30, "digitizer": "DISPLAY"}
    return Scan(**about | said)


def described(folder: Path, reading: Reading = USUAL, **tags: Any) -> Case:
    """A case of one film whose file has these tags; a repair of it is there already."""
    kind = tags.pop("kind", MAMMOGRAPHY_IMAGE)
    frames = tags.get("NumberOfFrames", 1)
    pixels = PIXELS if frames == 1 else np.stack([PIXELS] * frames)
    file = write_dicom(folder / "a.dcm", pixels, stored=12, kind=kind, **tags)
    return describe(Case(scans=[scan_of(file)], repairs=[Repair(str(file), "an earlier one")]), reading)


def code(value: str, **more: Any) -> list[Dataset]:
    item = Dataset()
    item.CodeValue = value
    for name, what in more.items():
        setattr(item, name, what)
    return [item]


@pytest.mark.parametrize(
    ("tags", "kinds"),
    [
        ({"NumberOfFrames": 3}, "tomosynthesis"),
        ({"kind": TOMOSYNTHESIS_IMAGE}, "tomosynthesis"),
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]}, "tomosynthesis"),
        ({"ViewCodeSequence": code("R-10242", ViewModifierCodeSequence=code("R-102D6"))}, "magnification"),
        ({"ViewModifierCodeSequence": code("399163009")}, "magnification"),
        ({"EstimatedRadiographicMagnificationFactor": "1.8"}, "magnification"),
        ({"ViewModifierCodeSequence": code("399055006")}, "spot"),
        ({"SeriesDescription": "R MLO Spot Mag"}, "magnification and spot"),
        ({"PaddleDescription": "10CM SPOT CONTACT"}, "spot"),
        ({"ViewCodeSequence": code("127457009")}, "specimen"),
        ({"SeriesDescription": "Specimen L"}, "specimen"),
    ],
)
def test_other_views_are_left_out_unless_they_are_wanted(tmp_path: Path, tags: dict[str, Any], kinds: str) -> None:
    case = described(tmp_path, **tags)
    assert not case.scans and not case.repairs
    wanted = " ".join(f"--views {kind}" for kind in kinds.split(" and "))
    assert case.rejected[0].reason == f"It is a view of the kind {kinds}: {wanted} takes it."
    case = described(tmp_path, Reading(views=KINDS_OF_VIEW), **tags)
    assert len(case.scans) == 1 and not case.rejected
    scan = {"file": case.scans[0].file, "digitizer": "DISPLAY", "views": list(KINDS_OF_VIEW)}
    assert SOURCE_KINDS["manifest"].pixels(scan).shape == PIXELS.shape


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"EstimatedRadiographicMagnificationFactor": "1.07"},
        {"SeriesDescription": "L CC C-View, magnetic spotless image"},
        {"kind": TOMOSYNTHESIS_IMAGE, "ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]},
        {"ViewModifierCodeSequence": code("R-102D5")},  # an implant displaced
    ],
)
def test_usual_views_are_taken(tmp_path: Path, tags: dict[str, Any]) -> None:
    case = described(tmp_path, Modality="MG", **tags)
    (scan,) = case.scans
    assert (scan.unit, scan.modality, scan.acquisition) == ("display", "MG", "digital")
    assert [repair.what for repair in case.repairs] == ["an earlier one"]


def test_a_kind_that_there_is_not_is_refused() -> None:
    refuse_unknown_kinds(("all", "spot"))
    with pytest.raises(BadInput, match="no kind of view 'spots': use tomosynthesis, magnification, spot, specimen or"):
        refuse_unknown_kinds(("spots",))


@pytest.mark.parametrize(
    ("tags", "unit", "acquisition"),
    [
        ({"DetectorType": "FILM"}, "display", "film"),
        ({"kind": "1.2.840.10008.5.1.4.1.1.7", "ConversionType": "DF"}, "display", "film"),
        ({"kind": "1.2.840.10008.5.1.4.1.1.7", "ConversionType": "WSD"}, "display", None),
        ({"kind": "1.2.840.10008.5.1.4.1.1.1"}, "display", "digital"),
        ({"RescaleType": "OD"}, "density", "digital"),
    ],
)
def test_units_and_acquisition_are_told_apart(
    tmp_path: Path, tags: dict[str, str], unit: str, acquisition: str | None
) -> None:
    (scan,) = described(tmp_path, **tags).scans
    assert (scan.unit, scan.acquisition) == (unit, acquisition)


def test_other_files_have_the_unit_of_their_digitizer(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    for kind, digitizer, unit, acquisition in (
        ("ddsm", "LUMISYS", "density", "film"),
        ("cbis", "DISPLAY", "density", "film"),
        ("mias", "DISPLAY", "display", "film"),
        ("manifest", "COLOUR", "colour", None),
        ("manifest", "DISPLAY", "display", None),
    ):
        case = describe(Case(scans=[scan_of(tmp_path / "a.png", source_kind=kind, digitizer=digitizer)]), USUAL)
        assert (case.scans[0].unit, case.scans[0].acquisition) == (unit, acquisition)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"ImageLaterality": "R"}, "the side RIGHT: LEFT of the table"),
        ({"Laterality": "R"}, "the side RIGHT"),
        ({"ImageLaterality": "L", "Laterality": "R"}, ""),
        ({"ImageLaterality": "B"}, ""),
        ({"ViewPosition": "MLO"}, "the view MLO: CC of the table"),
        ({"ViewCodeSequence": code("R-10226")}, "the view MLO"),
        ({"ViewPosition": "AP"}, ""),
        ({"PatientID": "another"}, "another patient: that of the table"),
        ({"PatientID": " p1 "}, ""),
        ({"PatientID": "ANONYMOUS"}, ""),
        ({"PatientID": "X7", "PatientIdentityRemoved": "YES"}, ""),
    ],
)
def test_what_contradicts_the_table_is_a_repair(tmp_path: Path, tags: dict[str, Any], said: str) -> None:
    case = described(tmp_path, **tags)
    assert case.scans and not case.rejected
    new = [repair.what for repair in case.repairs if repair.what != "an earlier one"]
    assert len(new) == bool(said) and said in "".join(new) and "another" not in "".join(new).replace("another p", "")
    assert all(what.startswith("has a header that says ") for what in new), "what `audit` looks for"


def test_an_image_that_stands_for_its_patient_contradicts_nobody(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm", PIXELS, stored=12, PatientID="another")
    case = describe(Case(scans=[scan_of(file, patient="a.dcm")]), USUAL)
    assert case.scans and not case.repairs


def ranges(folder: Path, tops: list[int], bits: int, **tags: Any) -> list[dict[str, Any]]:
    """What is decided of films whose brightest pixels are so bright."""
    unsaid = []
    for number, top in enumerate(tops):
        pixels = np.linspace(0, top, 600).round().astype(np.uint16).reshape(20, 30)
        file = write_dicom(folder / f"{number}.dcm", pixels, stored=bits, kind=MAMMOGRAPHY_IMAGE, **tags)
        case = describe(Case(scans=[scan_of(file, scan=f"S{number}")]), USUAL)
        unsaid.append([{"scan": one.scan, "file": one.file, "bits": 12, "signed": False} for one in case.unsaid])
    import pyarrow as pa

    return grey_ranges(None, pa.chunked_array([unsaid]), "grey levels", USUAL).to_pylist()


def test_few_values_in_many_bits_are_shown_over_what_all_films_use(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    decided = ranges(tmp_path, [4090, 3000], 16)
    assert decided == [{"scan": scan, "black": 0.0, "white": 4090.0} for scan in ("S0", "S1")]
    assert "2 images of 12 bits do not say what is white" in capfd.readouterr().err
    by_rote = {"WindowCenter": 32768, "WindowWidth": 65536}
    assert ranges(tmp_path, [4090, 3000], 16, **by_rote) == decided
    assert ranges(tmp_path, [4090, 3000], 16, WindowCenter=2000, WindowWidth=4000) == []
    assert ranges(tmp_path, [4090, 9000], 16) == [] and ranges(tmp_path, [500], 12) == []
    assert ranges(tmp_path, [1, 400], 12, RescaleSlope=2)[0]["white"] == 800
    assert ranges(tmp_path, [4090, 3000], 16, PixelPaddingValue=4090)[0]["white"] < 4090


def test_an_own_image_is_read_as_the_run_was(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm", PIXELS, SeriesDescription="spot")
    reading, oddities = reading_of_own(file, USUAL, "density")
    assert (reading.black, reading.white) == (0, 599)
    for oddity, said in zip(
        oddities, ("the kind spot", "unit display, the run's images of density", "599 is white"), strict=True
    ):
        assert said in oddity
    known = Reading(black=0.0, white=900.0, views=("spot",))
    assert reading_of_own(file, known, "display") == (known, [])
    assert reading_of_own(write_dicom(tmp_path / "b.dcm", PIXELS, stored=12), USUAL, None) == (USUAL, [])


TISSUE, LESION, AIR = (
    (slice(150, 250), slice(20, 60)),
    (slice(190, 210), slice(80, 100)),
    (slice(0, 40), slice(250, 300)),
)
LEFT_OUT = {"tomo.dcm": "tomosynthesis", "processing.dcm": "for processing"}
MIRRORED = "right_mlo.dcm"


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not there")
@pytest.mark.parametrize("name", ["dicom_padding", "dicom_frames", "dicom_window", "dicom_compressed"])
def test_public_layouts_that_went_wrong_show_one_breast(tmp_path: Path, name: str) -> None:
    """The same made-up breast however it is stored: tissue at 0.41 of white, a lesion at 0.70, air at 0.02 or black."""
    shutil.copyfile(CASES / "common.py", tmp_path / "common.py")
    shutil.copytree(CASES / name, tmp_path / name)
    runpy.run_path(str(tmp_path / name / "make.py"))
    source, kind = tmp_path / name / "src", SOURCE_KINDS["manifest"]
    with (source / "manifest.csv").open() as file:
        images = [row["image"] for row in csv.DictReader(file)]
    for item in kind.items(source, MAMMOGRAPHY, []):
        case = describe(kind.case(source, item, MAMMOGRAPHY), USUAL)
        if said := LEFT_OUT.get(item["image"]):
            assert not case.scans and said in case.rejected[0].reason
            continue
        (scan,), repairs = case.scans, [repair.what for repair in case.repairs]
        assert len(repairs) == (3 if item["image"] == MIRRORED else 0)
        pixels = brightness(kind.pixels({"file": scan.file, "digitizer": scan.digitizer}).astype(np.float64))
        pixels = pixels[:, ::-1] if item["image"] == MIRRORED else pixels
        medians = [float(np.median(pixels[part])) for part in (TISSUE, LESION, AIR)]
        assert np.allclose(medians, (0.412, 0.702, 0.02), atol=(0.01, 0.01, 0.021)), item["image"]
    assert len(images) >= 5
