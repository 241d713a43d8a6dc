"""CBIS-DDSM's csv files, films and masks, as the tests write them."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources import cbis
from deepminer_ray.sources.image import read_header, read_image, read_pixels
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.sources.rows import Case
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY

MASS = (
    "patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,mass shape,mass margins,"
    "assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path"
)
CALC = (
    MASS.replace("breast_density", "breast density")
    .replace("mass shape", "calc type")
    .replace("mass margins", "calc distribution")
)
PIXELS = np.random.default_rng(0).integers(0, 65536, (40, 30), dtype=np.uint16)


def mask(x: int, y: int, size: int) -> NDArray[np.uint8]:
    pixels = np.zeros(PIXELS.shape, np.uint8)
    pixels[y : y + size, x : x + size] = 255
    return pixels


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A film with a malignant mass, listed again with a benign calcification; one patient more in the test split."""
    mass, calc, test = "Mass-Training_P_00001_LEFT_CC", "Calc-Training_P_00001_LEFT_CC", "Mass-Test_P_00002_RIGHT_MLO"
    for name in (mass, calc, test):
        write_dicom(tmp_path / "CBIS-DDSM" / name / "1.3.6" / "1.3.7" / "1-1.dcm", PIXELS)
    masks = {f"{mass}_1": mask(3, 4, 9), f"{calc}_1": mask(20, 30, 5), f"{test}_1": mask(5, 5, 4)}
    for name, pixels in masks.items():
        write_dicom(tmp_path / "CBIS-DDSM" / name / "a" / "1-1.dcm", np.zeros((7, 7), np.uint16))
        write_dicom(tmp_path / "CBIS-DDSM" / name / "b" / "1-2.dcm", pixels)

    def row(name: str, patient: str, side: str, view: str, kind: str, words: str, pathology: str) -> str:
        paths = f"{name}/x/y/000000.dcm,{name}_1/x/y/000000.dcm,{name}_1/x/y/000001.dcm\n"
        return f"{patient},3,{side},{view},1,{kind},{words},4,{pathology},4,{paths}"

    (tmp_path / "mass_case_description_train_set.csv").write_text(
        f"{MASS}\n" + row(mass, "P_00001", "LEFT", "CC", "mass", "IRREGULAR,SPICULATED", "MALIGNANT")
    )
    (tmp_path / "calc_case_description_train_set.csv").write_text(
        f"{CALC}\n"
        + row(calc, "P_00001", "LEFT", "CC", "calcification", "LUCENT_CENTER,N/A", "BENIGN_WITHOUT_CALLBACK")
    )
    (tmp_path / "mass_case_description_test_set.csv").write_text(
        f"{MASS}\n" + row(test, "P_00002", "RIGHT", "MLO", "mass", "OVAL,CIRCUMSCRIBED", "BENIGN")
    )
    return tmp_path


def cases(directory: Path) -> dict[str, Case]:
    kind = kind_of_source(directory)
    assert kind.name == "cbis"
    items = kind.items(directory, MAMMOGRAPHY, [])
    return {item["scan"]: kind.case(directory, item, MAMMOGRAPHY) for item in items}


def test_a_scan_listed_with_both_kinds_has_the_findings_of_both(directory: Path) -> None:
    case = cases(directory)["P_00001_LEFT_CC"]
    (scan,) = case.scans
    assert (scan.patient, scan.laterality, scan.view, scan.density) == ("P_00001", "LEFT", "CC", 3)
    assert (scan.rows, scan.columns, scan.bits, scan.digitizer) == (40, 30, 16, "DISPLAY")
    calc, mass = case.lesions
    assert (calc.pathology, calc.calcification_type, calc.distribution) == (
        "benign_without_callback",
        "LUCENT_CENTER",
        None,
    )
    assert (mass.pathology, mass.shape, mass.margins, mass.assessment) == ("malignant", "IRREGULAR", "SPICULATED", 4)
    assert mass.report == "LESION_TYPE MASS SHAPE IRREGULAR MARGINS SPICULATED"
    assert (mass.x, mass.y, mass.width, mass.height) == (3, 4, 9, 9)
    assert filled_outline(calc.outline, calc.width, calc.height, calc.x, calc.y).sum() == 25
    assert any("both" in repair.what for repair in case.repairs)


def test_the_mask_is_the_file_as_large_as_the_scan(directory: Path) -> None:
    case = cases(directory)["P_00002_RIGHT_MLO"]
    assert [(lesion.x, lesion.y, lesion.width) for lesion in case.lesions] == [(5, 5, 4)]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "b" / "1-2.dcm").unlink(), "0 instead of one are 30 x 40 px"),
        (lambda folder: write_dicom(folder / "b" / "1-2.dcm", np.zeros(PIXELS.shape, np.uint8)), "mask is empty"),
        (lambda folder: (folder / "b" / "1-2.dcm").write_bytes(b"\0" * 128 + b"DICM rest"), "cannot be read"),
    ],
)
def test_a_scan_whose_labels_would_be_wrong_is_rejected(directory: Path, damage: Any, reason: str) -> None:
    damage(directory / "CBIS-DDSM" / "Mass-Test_P_00002_RIGHT_MLO_1")
    case = cases(directory)["P_00002_RIGHT_MLO"]
    assert not case.scans and not case.lesions
    assert reason in case.rejected[0].reason


def test_a_missing_scan_is_rejected(directory: Path) -> None:
    next((directory / "CBIS-DDSM" / "Mass-Test_P_00002_RIGHT_MLO").rglob("*.dcm")).unlink()
    assert "0 DICOM or JPEG files" in cases(directory)["P_00002_RIGHT_MLO"].rejected[0].reason


def test_the_official_lists_are_those_of_the_file_names(directory: Path) -> None:
    assert cbis.read_official_lists(directory) == [
        {"patient": "P_00001", "list": "train"},
        {"patient": "P_00002", "list": "test"},
    ]


def test_density_is_what_the_grey_levels_were_made_from(directory: Path) -> None:
    (scan,) = cases(directory)["P_00002_RIGHT_MLO"].scans
    expected = 3.0 - 2.95 * PIXELS / 65535
    assert np.abs(read_image(scan.file) / 10_000 - expected).max() <= 0.5 / 10_000 + 1e-9


def test_twelve_bits_stored_and_black_for_white_are_understood(tmp_path: Path) -> None:
    file, levels = tmp_path / "a.dcm", np.array([[0, 100], [4000, 4095]], np.uint16)
    write_dicom(file, levels, "MONOCHROME1", stored=12)
    pixels, white = read_pixels(file)
    assert white == 4095 and pixels.tolist() == (4095 - levels).tolist()
    assert read_header(file).bits == 12


@pytest.mark.parametrize("changed", [{"SamplesPerPixel": 3}, {"NumberOfFrames": 2}, {"BitsAllocated": 32}])
def test_what_is_not_one_grey_image_is_refused(tmp_path: Path, changed: dict[str, int]) -> None:
    file = tmp_path / "a.dcm"
    write_dicom(file, PIXELS)
    found = pydicom.dcmread(file)
    for name, value in changed.items():
        setattr(found, name, value)
    found.save_as(file)
    with pytest.raises(BadInput, match="not one grey image"):
        read_image(str(file))


def test_pixels_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.dcm"
    write_dicom(file, PIXELS)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(BadInput, match="cannot be decoded"):
        read_image(str(file))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_a_row_of_another_scans_finding_rejects_both(directory: Path) -> None:
    """Else the finding would be outlined on the other film, and be normal tissue on its own."""
    table = directory / "mass_case_description_test_set.csv"
    change(table, "P_00002,3,RIGHT,MLO", "P_00001,3,LEFT,CC")
    found = cases(directory)
    assert set(found) == {"P_00001_LEFT_CC", "P_00002_RIGHT_MLO"}
    for case in found.values():
        assert not case.scans and "names another film than its folders" in case.rejected[0].reason


def test_a_finding_that_no_row_lists_rejects_its_scan(directory: Path) -> None:
    (directory / "calc_case_description_train_set.csv").unlink()
    case = cases(directory)["P_00001_LEFT_CC"]
    assert not case.scans and "No row lists the finding in Calc-Training_P_00001_LEFT_CC_1" in case.rejected[0].reason


def test_a_row_that_is_there_twice_is_one_finding(directory: Path) -> None:
    before = cases(directory)["P_00002_RIGHT_MLO"].lesions
    train, test = (directory / f"mass_case_description_{split}_set.csv" for split in ("train", "test"))
    row = test.read_text().splitlines(keepends=True)[1]
    test.write_text(test.read_text() + row * 500)
    train.write_text(train.read_text() + row)
    assert cases(directory)["P_00002_RIGHT_MLO"].lesions == before


def test_paths_that_end_with_a_line_end_within_their_quotes_are_read(directory: Path) -> None:
    """The published tables have them; a quote that is not closed looks alike, and more follows in its value."""
    before = cases(directory)
    for file in directory.glob("*.csv"):
        header, *rows = file.read_text().splitlines()
        cells = [row.rsplit(",", 2) for row in rows]
        file.write_text(header + "\n" + "".join(f'{first},"{crop}\n","{roi}\n"\n' for first, crop, roi in cells))
    assert cases(directory) == before
    file = directory / "mass_case_description_train_set.csv"
    file.write_text(file.read_text().replace('\n"\n', "\n\n", 1))
    with pytest.raises(BadInput, match=r"several lines|cannot be read"):
        cases(directory)


def test_a_pipe_is_not_waited_for(directory: Path) -> None:
    table = directory / "mass_case_description_test_set.csv"
    table.unlink()
    os.mkfifo(table)
    with pytest.raises(BadInput, match="not a regular file"):
        cases(directory)


def test_a_size_that_is_said_again_after_the_pixels_is_not_looked_at(tmp_path: Path) -> None:
    """A header is read without what comes after the pixels; where the two differed, outlines would lie elsewhere."""
    file = tmp_path / "a.dcm"
    write_dicom(file, PIXELS)
    again = (0x0028).to_bytes(2, "little") + (0x0010).to_bytes(2, "little") + b"US\2\0" + (20).to_bytes(2, "little")
    file.write_bytes(file.read_bytes() + again)
    assert (read_pixels(file)[0] == PIXELS).all()


def test_a_finding_that_two_rows_describe_rejects_its_scan(directory: Path) -> None:
    table = directory / "mass_case_description_test_set.csv"
    row = table.read_text().splitlines(keepends=True)[1]
    table.write_text(table.read_text() + row.replace("BENIGN", "MALIGNANT"))
    case = cases(directory)["P_00002_RIGHT_MLO"]
    assert not case.scans and "different things of one finding" in case.rejected[0].reason


def test_what_dicom_says_of_its_greys_may_be_of_any_kind(tmp_path: Path) -> None:
    """pydicom raises where a value is first looked at."""
    file = tmp_path / "a.dcm"
    write_dicom(file, PIXELS)
    content = file.read_bytes()
    assert content.count(b"CS\x0c\0MONOCHROME2") == 1
    file.write_bytes(content.replace(b"CS\x0c\0MONOCHROME2", b"FD\x0c\0MONOCHROME2"))
    assert (read_pixels(file)[0] == PIXELS).all()
    file.write_bytes(content.replace(b"CS\x0c\0MONOCHROME2", b"CS\x0c\0MONOCHROME3"))
    with pytest.raises(BadInput, match="not one grey image"):
        read_image(str(file))
