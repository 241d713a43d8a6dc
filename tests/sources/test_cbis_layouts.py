"""CBIS-DDSM as its Kaggle JPEG copy, and in folders named by UIDs alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources import cbis
from deepminer_ray.sources.image import read_image
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.sources.rows import Case
from tests.bucket import put
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, shared_case, why
from tests.sources.test_cbis import CALC, MASS

ROWS, COLUMNS = 160, 120
DISC = (40, 80, 15)
BASE = "1.3.6.1.4.1.9590.100.1.2"
SCANS = {"Mass-Training_P_00001_LEFT_CC": "MALIGNANT", "Calc-Test_P_00002_RIGHT_MLO": "BENIGN"}


def write(folder: Path, layout: str) -> Path:
    """Two films with a finding each; every image has a folder of its own, but the second finding's two share one."""
    listing = ["file_path,image_path,PatientID,SeriesDescription,Laterality,SeriesInstanceUID"]
    tables = folder / "csv" if layout == "jpeg" else folder
    tables.mkdir(parents=True, exist_ok=True)
    for number, (name, pathology) in enumerate(SCANS.items(), 1):
        kind, patient, side, view = name.split("_")[0], *name.split("_", 1)[1].rsplit("_", 2)
        series = {part: f"{BASE}.{number}{digit}" for part, digit in (("film", 1), ("crop", 2), ("mask", 3))}
        if number == 2:
            series["crop"] = series["mask"]
        grey = breast(ROWS, COLUMNS, [DISC], 65535)
        disc = (breast(ROWS, COLUMNS, [DISC], 10) == 7).astype(np.uint8) * 255
        for place_in, (part, pixels) in enumerate((("film", grey), ("crop", grey[60:90, 20:60]), ("mask", disc)), 1):
            uid, of = series[part], name if part == "film" else f"{name}_1"
            if layout == "jpeg":
                file = folder / "jpeg" / uid / f"{place_in}-100.jpg"
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray((pixels // 257 if part != "mask" else pixels).astype(np.uint8)).save(file)
                words = {"film": "full mammogram images", "crop": "cropped images", "mask": "ROI mask images"}
                told = words[part] if number == 1 else ""
                listing.append(f"x/{uid}/1.dcm,CBIS-DDSM/jpeg/{uid}/{file.name},{of},{told},L,{uid}")
            else:
                below = {"series": uid, "studies": f"{BASE}.9.{number}/MG_{uid}"}[layout]
                write_dicom(folder / "images" / below / f"1-{place_in}.dcm", pixels)
        split, word = ("train", "mass") if kind.startswith("Mass") else ("test", "calc")
        words_of = "mass,OVAL,SPICULATED" if word == "mass" else "calcification,PLEOMORPHIC,CLUSTERED"
        paths = [
            f"{of}/{BASE}.7/{series[part] if layout != 'jpeg' else '1.2'}/00000{digit}.dcm"
            for of, part, digit in ((name, "film", 0), (f"{name}_1", "crop", 0), (f"{name}_1", "mask", 1))
        ]
        (tables / f"{word}_case_description_{split}_set.csv").write_text(
            f'{MASS if word == "mass" else CALC}\n{patient},3,{side},{view},1,{words_of},4,{pathology},3,{paths[0]},"'
            f'{paths[1]}\n","{paths[2]}\n"\n'
        )
    if layout == "jpeg":
        (tables / "dicom_info.csv").write_text("\n".join(listing) + "\n")
    return folder


def cases(folder: Place) -> dict[str, Case]:
    kind = kind_of_source(folder)
    assert kind.name == "cbis"
    return {item["scan"]: kind.case(folder, item, MAMMOGRAPHY) for item in kind.items(folder, MAMMOGRAPHY, list[str]())}


@pytest.mark.parametrize("layout", ["jpeg", "series", "studies"])
def test_films_and_masks_are_found_by_their_uids(tmp_path: Path, layout: str) -> None:
    found = cases(write(tmp_path, layout))
    assert set(found) == {"P_00001_LEFT_CC", "P_00002_RIGHT_MLO"}
    for name, pathology, kind in (
        ("P_00001_LEFT_CC", "malignant", "MASS"),
        ("P_00002_RIGHT_MLO", "benign", "CALCIFICATION"),
    ):
        (scan,), (lesion,) = found[name].scans, found[name].lesions
        assert not found[name].rejected and not found[name].repairs
        assert (scan.rows, scan.columns, scan.bits) == (ROWS, COLUMNS, 8 if layout == "jpeg" else 16)
        assert "_".join((scan.patient, scan.laterality or "", scan.view or "")) == name
        assert (lesion.pathology, lesion.lesion_type, lesion.assessment) == (pathology, kind, 4)
        assert (lesion.x, lesion.y, lesion.width, lesion.height) == (25, 65, 30, 30)
        disc = breast(ROWS, COLUMNS, [DISC], 10)[65:95, 25:55] == 7
        assert (filled_outline(lesion.outline, 30, 30, 25, 65) == disc).all()
        # Grey levels are optical density as everywhere in this source; JPEG has lost a little of them.
        density = 30_000 - 29_500.0 * breast(ROWS, COLUMNS, [DISC], 65535) / 65535
        error = np.abs(read_image(scan.file) - density)
        assert np.median(error) < (120 if layout == "jpeg" else 1)
    assert cbis.read_official_lists(tmp_path) == [
        {"patient": "P_00002", "list": "test"},
        {"patient": "P_00001", "list": "train"},
    ]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / f"{BASE}.13" / "3-100.jpg").unlink(), "0 instead of one are 120 x 160 px"),
        (lambda folder: (folder / f"{BASE}.11" / "1-100.jpg").unlink(), "holds 0 DICOM or JPEG files"),
        (lambda folder: (folder / f"{BASE}.11" / "1-100.jpg").write_bytes(b"\xff\xd8"), "cannot be read"),
        (
            lambda folder: Image.new("L", (COLUMNS, ROWS)).save(folder / f"{BASE}.13" / "3-100.jpg"),
            "mask is empty",
        ),
    ],
)
def test_what_is_missing_or_damaged_rejects_its_film(tmp_path: Path, damage: Any, reason: str) -> None:
    damage(write(tmp_path, "jpeg") / "jpeg")
    found = cases(tmp_path)
    assert reason in why(found["P_00001_LEFT_CC"])
    assert found["P_00002_RIGHT_MLO"].scans


def test_a_film_that_its_listing_lacks_is_found_by_the_uid_of_its_path(tmp_path: Path) -> None:
    write(tmp_path, "series")
    (tmp_path / "csv").mkdir()
    for file in tmp_path.glob("*.csv"):
        file.rename(tmp_path / "csv" / file.name)
    (tmp_path / "csv" / "dicom_info.csv").write_text("image_path,PatientID\nCBIS-DDSM/jpeg/1.2/1-1.jpg,\n")
    assert all(case.scans for case in cases(tmp_path).values())


def test_a_finding_that_only_the_listing_names_rejects_its_film(tmp_path: Path) -> None:
    listing = write(tmp_path, "jpeg") / "csv" / "dicom_info.csv"
    listing.write_text(
        listing.read_text() + f"x,CBIS-DDSM/jpeg/{BASE}.13/3-100.jpg,Mass-Training_P_00001_LEFT_CC_2,,L,1\n"
    )
    found = cases(tmp_path)
    assert "No row lists the finding in Mass-Training_P_00001_LEFT_CC_2" in why(found["P_00001_LEFT_CC"])
    assert found["P_00002_RIGHT_MLO"].scans


def test_a_series_that_is_there_twice_rejects_its_film(tmp_path: Path) -> None:
    write(tmp_path, "series")
    again = tmp_path / "more" / f"{BASE}.11" / "1-1.dcm"
    again.parent.mkdir(parents=True)
    again.write_bytes((tmp_path / "images" / f"{BASE}.11" / "1-1.dcm").read_bytes())
    assert "holds 2 DICOM or JPEG files" in why(cases(tmp_path)["P_00001_LEFT_CC"])


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["jpeg", "studies"])
def test_each_layout_may_lie_in_a_bucket(layout: str, bucket: Remote, tmp_path: Path) -> None:
    put(write(tmp_path, layout), bucket / layout)
    here, there = cases(tmp_path), cases(bucket / layout)
    assert {name: case.lesions for name, case in here.items()} == {name: case.lesions for name, case in there.items()}
    assert all(case.scans[0].file.startswith("s3://") for case in there.values())


def test_a_listing_without_its_columns_is_refused(tmp_path: Path) -> None:
    (write(tmp_path, "jpeg") / "csv" / "dicom_info.csv").write_text("path,name\n")
    with pytest.raises(BadInput, match="lacks the columns image_path, PatientID"):
        cases(tmp_path)


def test_the_shared_case_is_read(tmp_path: Path) -> None:
    (case,) = cases(shared_case("cbis_kaggle_jpeg", tmp_path) / "src").values()
    (lesion,) = case.lesions
    assert (lesion.pathology, lesion.x, lesion.y, lesion.width, lesion.height) == ("malignant", 69, 179, 43, 43)
    assert case.scans[0].file.endswith("1.3.6.1.4.1.9590.100.1.2.1/1-249.jpg")
