"""CMMD as it is published: a spreadsheet that openpyxl writes, and DICOM of pydicom whose headers say side and view."""

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pydicom
import pytest
from pydicom.dataset import Dataset

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import spreadsheet
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.sources.rows import Case
from deepminer_ray.sources.spreadsheet import sheet_rows
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, why

HEADER = ("ID1", "LeftRight", "Age", "number", "abnormality", "classification", "subtype")
CC, MLO, ML = "399162004", "399368009", "399260004"
BELOW = "manifest-1/CMMD"
SERIES = "07-18-2010-NA-NA-79377/1.000000-NA-70244"


def row(patient: str, side: str, classification: str = "Malignant", abnormality: str = "mass") -> tuple[Any, ...]:
    return patient, side, 44, 2, abnormality, classification, "-"


def write(folder: Path, rows: Sequence[Sequence[Any]], name: str = "CMMD_clinicaldata_revision.xlsx") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if name.endswith(".csv"):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
        return folder
    book = openpyxl.Workbook()
    for cells in [HEADER, *rows]:
        book.active.append(cells)
    book.save(folder / name)
    return folder


def image(folder: Path, file: str, side: str = "L", view: str = CC, series: str = SERIES) -> None:
    """A file such as D1-0001/1-1, whose header says side and view as CMMD's do."""
    patient, _, name = file.partition("/")
    path = folder / BELOW / patient / series / f"{name}.dcm"
    write_dicom(path, breast(160, 120), stored=8)
    header = pydicom.dcmread(path)
    if side:
        header.ImageLaterality = side
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = view, "SCT", "view"
    header.ViewCodeSequence = [code]
    header.save_as(path)


def cases(folder: Path, remarks: list[str] | None = None) -> dict[str, Case]:
    """By patient and name what is said of each file."""
    kind = kind_of_source(folder)
    assert kind.name == "cmmd"
    items = kind.items(folder, MAMMOGRAPHY, [] if remarks is None else remarks)
    names = [item["image"].removeprefix(f"{BELOW}/").replace(f"/{SERIES}", "") for item in items]
    return {name: kind.case(folder, item, MAMMOGRAPHY) for name, item in zip(names, items, strict=True)}


@pytest.mark.parametrize("name", ["CMMD_clinicaldata_revision.xlsx", "CMMD_clinicaldata_revision.csv"])
def test_both_views_of_a_breast_carry_its_finding(tmp_path: Path, name: str) -> None:
    write(tmp_path, [row("D1-0001", "L", "Benign", "calcification"), row("D2-0002", "R", abnormality="both")], name)
    for file, side, view in (("D1-0001/1-1", "L", CC), ("D1-0001/1-2", "L", MLO), ("D2-0002/1-1", "R", MLO)):
        image(tmp_path, file, side, view)
    remarks: list[str] = []
    read = cases(tmp_path, remarks)
    assert set(read) == {"D1-0001/1-1.dcm", "D1-0001/1-2.dcm", "D2-0002/1-1.dcm"}
    scans = [case.scans[0] for case in read.values()]
    assert [scan.scan for scan in scans] == ["D1-0001_1-1", "D1-0001_1-2", "D2-0002_1-1"]
    assert [(scan.patient, scan.laterality, scan.view) for scan in scans] == [
        ("D1-0001", "LEFT", "CC"),
        ("D1-0001", "LEFT", "MLO"),
        ("D2-0002", "RIGHT", "MLO"),
    ]
    assert {scan.age for scan in scans} == {44}
    (calcification,), (second,), (both,) = (case.lesions for case in read.values())
    assert (calcification.pathology, calcification.lesion_type, calcification.outline) == (
        "benign",
        "CALCIFICATION",
        [],
    )
    assert (second.lesion, second.pathology) == ("D1-0001_1-2#1", "benign")
    assert (both.pathology, both.lesion_type) == ("malignant", "MASS-CALCIFICATION")
    assert len(remarks) == 1 and "--whole" in remarks[0]


def test_a_breast_without_a_row_is_not_known_and_several_rows_are_several_findings(tmp_path: Path) -> None:
    write(tmp_path, [row("D1-0001", "L"), row("D1-0001", "L", "Benign", "calcification"), row("D1-0001", "L")])
    image(tmp_path, "D1-0001/1-1", "L")
    image(tmp_path, "D1-0001/1-2", "R")
    read = cases(tmp_path)
    assert [lesion.pathology for lesion in read["D1-0001/1-1.dcm"].lesions] == ["malignant", "benign"]
    assert "No row of the table is of this patient's right breast" in why(read["D1-0001/1-2.dcm"])


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (row("D1-0001", "L", "Unknown"), "Line 2 of the table: 'Unknown' is none of benign, malignant"),
        (row("D1-0001", "L", ""), "'' is none of benign, malignant"),
        (row("D1-0001", "L", abnormality="lump"), "'lump' is none of mass, calcification, both"),
        (row("D1-0001", "B"), "'B' is not a side (L or R)"),
    ],
)
def test_a_row_that_cannot_be_right_rejects_its_breast_alone(tmp_path: Path, cells: Sequence[Any], reason: str) -> None:
    write(tmp_path, [cells, row("D1-0002", "L")])
    image(tmp_path, "D1-0001/1-1")
    image(tmp_path, "D1-0002/1-1")
    read = cases(tmp_path)
    assert reason in why(read["D1-0001/1-1.dcm"])
    assert read["D1-0002/1-1.dcm"].scans


@pytest.mark.parametrize(
    ("side", "view", "reason"),
    [("", CC, "does not say which breast it shows"), ("L", ML, f"'LEFT', '{ML}' are not a laterality")],
)
def test_a_header_without_side_or_with_another_view_rejects_its_image(
    tmp_path: Path, side: str, view: str, reason: str
) -> None:
    write(tmp_path, [row("D1-0001", "L")])
    image(tmp_path, "D1-0001/1-1", side, view)
    assert reason in why(cases(tmp_path)["D1-0001/1-1.dcm"])


def test_patients_without_images_images_without_patients_and_damaged_ones_are_said(tmp_path: Path) -> None:
    write(tmp_path, [row("D1-0001", "L"), row("D1-0009", "L"), row("", "R"), (None,) * 7])
    image(tmp_path, "D1-0001/1-1")
    image(tmp_path, "D1-0002/1-1")
    image(tmp_path, "others/1-1")
    (tmp_path / BELOW / "D1-0001" / SERIES / "1-2.dcm").write_bytes(b"no DICOM")
    remarks: list[str] = []
    read = cases(tmp_path, remarks)
    assert read["D1-0001/1-1.dcm"].scans
    assert "No row of the table is of this patient's left breast" in why(read["D1-0002/1-1.dcm"])
    assert "The image 1-2.dcm cannot be read" in why(read["D1-0001/1-2.dcm"])
    assert "No DICOM file is in a folder of its name" in why(read["D1-0009"])
    assert "No DICOM file" in why(read["line 4"])
    assert "1 DICOM files are in no patient's folder" in remarks[0]


def test_series_of_a_patient_may_have_equal_names(tmp_path: Path) -> None:
    write(tmp_path, [row("D1-0001", "L")])
    for series in ("a", "b"):
        image(tmp_path, "D1-0001/1-1", series=series)
    assert [case.scans[0].scan for case in cases(tmp_path).values()] == ["D1-0001_a_1-1", "D1-0001_b_1-1"]


def test_a_table_that_is_none_or_two_are_refused(tmp_path: Path) -> None:
    name = "CMMD_clinicaldata_revision.xlsx"
    (tmp_path / name).write_bytes(b"PK\3\4 no zip")
    with pytest.raises(BadInput, match="cannot be read as a spreadsheet"):
        cases(tmp_path)
    write(tmp_path, [row("D1-0001", "L")]).joinpath(name).rename(tmp_path / "CMMD_clinicaldata (1).xlsx")
    write(tmp_path, [])
    with pytest.raises(BadInput, match="has 2 tables of CMMD"):
        cases(tmp_path)
    book = openpyxl.Workbook()
    book.save(tmp_path / name)
    (tmp_path / "CMMD_clinicaldata (1).xlsx").unlink()
    with pytest.raises(BadInput, match="lacks the column id1"):
        cases(tmp_path)
    write(tmp_path, [row("D1-0001", "L")], "CMMD_clinicaldata_revision.csv")
    assert [*cases(tmp_path)] == ["D1-0001"], "the csv file that was saved from the spreadsheet counts"


def test_a_spreadsheet_that_would_fill_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros pack well, and a sheet may say that it has a million rows of 16,384 cells."""
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * (2**26 + 1))
    with pytest.raises(BadInput, match="has more than 67108864 bytes"):
        sheet_rows(file)
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD300"] = "a", 1.0
    book.save(file)
    assert sheet_rows(file)[0][:2] == ["a", ""] and len(sheet_rows(file)) == 300
    assert {len(cells) for cells in sheet_rows(file)} <= {0, 100}
    monkeypatch.setattr(spreadsheet, "MOST_CELLS_DOWN", 200)
    with pytest.raises(BadInput, match="has more than 200 rows"):
        sheet_rows(file)
