"""EMBED as it is published: findings joined to files by exam and side, regions drawn on DICOM or on mirrored PNG."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.errors import BadInput
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.sources.rows import Case
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, read_source, why

CLINICAL = [
    "empi_anon",
    "acc_anon",
    "side",
    "asses",
    "path_severity",
    "bside",
    "numfind",
    "tissueden",
    "age_at_study",
    "massshape",
    "massmargin",
]
CLINICAL += ["calcfind", "calcdistri", "desc"]
METADATA = [
    "empi_anon",
    "acc_anon",
    "anon_dicom_path",
    "ImageLateralityFinal",
    "ViewPosition",
    "FinalImageType",
    "spot_mag",
    "num_roi",
]
METADATA += ["ROI_coords", "match_level"]
ROWS, COLUMNS = 160, 120
INSIDE = "[[40, 20, 60, 50]]"
"""ymin, xmin, ymax and xmax of a region in a breast at the left."""


def finding(side: str = "L", asses: str = "S", severity: str = "", exam: str = "900", **more: Any) -> dict[str, Any]:
    said = {"empi_anon": "11", "acc_anon": exam, "side": side, "asses": asses, "path_severity": severity}
    return {"numfind": 1, "tissueden": "2.0", "age_at_study": "54.4", "desc": "MG Screen"} | said | more


def file(name: str, side: str = "L", regions: str = "", exam: str = "900", **more: Any) -> dict[str, Any]:
    path = f"/mnt/NAS2/mammo/anon_dicom/cohort_1/11/{exam}/{name}.dcm"
    said = {"empi_anon": "11", "acc_anon": exam, "anon_dicom_path": path, "ImageLateralityFinal": side}
    counted = {"num_roi": regions.count(",") // 3 if regions else 0, "ROI_coords": regions}
    return {"ViewPosition": "CC", "FinalImageType": "2D", "spot_mag": ""} | said | counted | more


def table(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [*columns, *dict.fromkeys(name for row in rows for name in row if name not in columns)]
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


def write(folder: Path, findings: Sequence[dict[str, Any]], files: Sequence[dict[str, Any]]) -> Path:
    """The tables, and for each file a breast on the side that it is of."""
    table(folder / "tables" / "EMBED_OpenData_clinical.csv", CLINICAL, findings)
    table(folder / "tables" / "EMBED_OpenData_metadata.csv", METADATA, files)
    for row in files:
        path = folder / "images" / Path(str(row["anon_dicom_path"])).relative_to("/mnt/NAS2/mammo/anon_dicom")
        grey = breast(ROWS, COLUMNS, white=4000)
        write_dicom(path, grey[:, ::-1].copy() if row["ImageLateralityFinal"] == "R" else grey, stored=12)
    return folder


def one(folder: Path, findings: Sequence[dict[str, Any]], *files: dict[str, Any], remarks: Any = None) -> Case:
    """What is said of the first file."""
    cases = read_source(write(folder, findings, files), "embed", remarks)
    return cases[Path(str(files[0]["anon_dicom_path"])).name]


def told(case: Case) -> list[tuple[str, int | None]]:
    """Class and left column of each finding."""
    return [(lesion.pathology, lesion.x) for lesion in case.lesions]


def test_a_finding_with_its_region_keywords_and_exam_is_read(tmp_path: Path) -> None:
    remarks: list[str] = []
    codes = {"massshape": "X", "massmargin": "S", "calcfind": "A", "calcdistri": "G"}
    files = [file("a", regions=INSIDE), file("b", "R", ViewPosition="MLO")]
    findings = [finding(severity="0.0", bside="L", **codes), finding("R", "N", numfind=2)]
    cases = read_source(write(tmp_path, findings, files), "embed", remarks)
    (scan,), (lesion,) = cases["a.dcm"].scans, cases["a.dcm"].lesions
    assert (scan.scan, scan.patient, scan.laterality, scan.view) == ("a", "11", "LEFT", "CC")
    assert (scan.density, scan.age, scan.bits, scan.source_kind) == (2, 54, 12, "embed")
    assert (lesion.pathology, lesion.assessment, lesion.lesion_type) == ("malignant", 4, "MASS-CALCIFICATION")
    assert (lesion.shape, lesion.margins) == ("IRREGULAR", "SPICULATED")
    assert (lesion.calcification_type, lesion.distribution) == ("AMORPHOUS", "GROUPED")
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (20, 40, 30, 20)
    normal = cases["b.dcm"]
    assert (normal.scans[0].laterality, normal.scans[0].view) == ("RIGHT", "MLO") and not normal.lesions
    assert not remarks and not any(case.repairs for case in cases.values())


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        *(([finding(severity=str(number))], [("malignant", None)]) for number in (0, 1, 6)),
        *(([finding(severity=str(number))], [("benign", None)]) for number in (2, 3, 4, 5)),
        # Without pathology: what is suspicious or asks for more images is not known to be either.
        *(([finding(asses=letter)], [(UNPROVEN, None)]) for letter in ("A", "S", "M", "X", "")),
        *(([finding(asses=letter)], [("benign", None)]) for letter in ("B", "P")),
        ([finding(asses="N")], []),
        ([finding(asses="K")], [("malignant", None)]),
        ([finding("B", "K")], [(UNPROVEN, None)]),
        ([finding("", "N")], []),
        ([finding("B", "B")], [("benign", None)]),
        # A pathology of an unknown side, and of the other one.
        ([finding("B", severity="0")], [(UNPROVEN, None)]),
        ([finding("B", severity="0", bside="L")], [("malignant", None)]),
        ([finding("B", "B", severity="0", bside="R")], [("benign", None)]),
        ([finding("R", severity="0", bside="L")], [("malignant", None)]),
        ([finding("R", severity="0"), finding("L", "N")], []),
        # Several specimens of one finding, and several findings.
        ([finding(severity="4"), finding(severity="1")], [("malignant", None)]),
        ([finding(severity="4"), finding(severity="1", numfind=2)], [("benign", None), ("malignant", None)]),
        # Another exam's findings are not this one's.
        ([finding(severity="0", exam="901"), finding(asses="N")], []),
    ],
)
def test_classes_follow_the_pathology_else_the_assessment(
    tmp_path: Path, findings: list[dict[str, Any]], expected: list[tuple[str, int | None]]
) -> None:
    assert told(one(tmp_path, findings, file("a"))) == expected


TWO = "[[[40, 20, 60, 50]], [[70, 25, 80, 40]]]"


@pytest.mark.parametrize(
    ("findings", "regions", "expected"),
    [
        ([finding(severity="0")], TWO, [("malignant", 20), ("malignant", 25)]),
        ([finding(severity="0"), finding(severity="1", numfind=2)], TWO, [("malignant", 20), ("malignant", 25)]),
        ([finding(severity="0"), finding(severity="0", numfind=2)], INSIDE, [("malignant", 20), ("malignant", None)]),
        ([finding(severity="0"), finding(asses="B", numfind=2)], INSIDE, [("malignant", None), ("benign", None)]),
        ([finding(asses="N")], INSIDE, [(UNPROVEN, 20)]),
        ([finding(severity="4")], "((40, 20, 60, 50),)", [("benign", 20)]),
        ([finding(severity="4")], "[]", [("benign", None)]),
    ],
)
def test_a_region_has_a_class_where_all_findings_have_it(
    tmp_path: Path, findings: list[dict[str, Any]], regions: str, expected: list[tuple[str, int | None]]
) -> None:
    case = one(tmp_path, findings, file("a", regions=regions))
    assert told(case) == expected
    assert bool(case.repairs) == (regions == INSIDE and len({told for told, _ in expected}) > 1)


@pytest.mark.parametrize(
    ("regions", "expected", "repair"),
    [
        ("[[40, 70, 60, 100]]", [("malignant", 70)], ""),
        # As the picture has it, whose breast is at the left: in the air of this image.
        ("[[40, 0, 60, 20]]", [("malignant", COLUMNS - 20)], "in px of its picture, which is mirrored"),
        ("[[70, 55, 90, 65]]", [("malignant", None)], "which is meant is not known"),
    ],
)
def test_regions_of_a_breast_at_the_right_may_be_of_its_mirrored_picture(
    tmp_path: Path, regions: str, expected: list[tuple[str, int | None]], repair: str
) -> None:
    case = one(tmp_path, [finding("R", severity="0")], file("a", "R", regions))
    assert told(case) == expected
    assert [repair in said.what for said in case.repairs] == ([True] if repair else [])


def test_a_table_that_says_which_px_are_meant_is_believed(tmp_path: Path) -> None:
    """Newer tables have a column for DICOM and one for PNG."""
    columns = {"DCM_ROI_coords": "[[40, 70, 60, 100]]", "PNG_ROI_coords": "[[40, 20, 60, 50]]", "png_filename": "p.png"}
    files = [file("a", "R", "[[1, 2, 3, 4]]", **columns)]
    assert told(one(tmp_path, [finding("R", severity="0")], *files)) == [("malignant", 70)]
    (tmp_path / "images/cohort_1/11/900/a.dcm").unlink()
    Image.fromarray(breast(ROWS, COLUMNS).astype(np.uint8)).save(tmp_path / "images" / "p.png")
    assert told(read_source(tmp_path, "embed")["p.png"]) == [("malignant", 20)]


@pytest.mark.parametrize(
    ("findings", "row", "reason"),
    [
        (
            [finding(asses="Q")],
            file("a"),
            "EMBED_OpenData_clinical.csv, line 2: Its asses is 'Q', which is none of A, N",
        ),
        ([finding("X")], file("a"), "Its side is 'X', which is none of L, R, B"),
        ([finding(severity="7")], file("a"), "Its path_severity is '7', which is not 0 to 6"),
        ([finding(severity="0.5")], file("a"), "Its path_severity is '0.5'"),
        ([finding("R")], file("a"), "No row of the clinical table is of its breast (L) in its exam"),
        ([finding()], file("a", exam="901"), "No row of the clinical table is of its breast (L) in its exam"),
        ([finding()], file("a", ViewPosition="ZZ"), "'L', 'ZZ' are not a laterality"),
        ([finding(), finding("R")], file("a", ""), "(no side) in its exam"),
        ([finding()], file("a", spot_mag="maybe"), "Its spot_mag is 'maybe', not 0 or 1"),
        ([finding()], file("a", regions="[[1, 2, 3]]", num_roi=1), "Its regions have 3 numbers"),
        ([finding()], file("a", regions="[[a, 2, 3, 4]]"), "not lists of numbers"),
        ([finding()], file("a", regions="[[60, 20, 40, 50]]"), "The box from (20, 60) to (50, 40) has no size"),
        ([finding()], file("a", regions=INSIDE, num_roi=2), "It is said to have 2 regions, and has 1"),
        ([finding()], file("a", regions="[[40, 500, 60, 520]]"), "It lies outside the image"),
        ([finding()], file("a", regions="[[0, 100, 20, 120]]"), "Its regions lie beside the breast"),
        ([finding()], file("a", Rows=200, Columns=120), "It is said to have 200 rows, and has 160"),
    ],
)
def test_what_cannot_be_right_rejects_its_image(
    tmp_path: Path, findings: list[dict[str, Any]], row: dict[str, Any], reason: str
) -> None:
    cases = read_source(write(tmp_path, [*findings, finding(asses="N", exam="1")], [row, file("b", exam="1")]), "embed")
    assert reason in why(cases["a.dcm"])
    assert cases["b.dcm"].scans


def test_other_types_special_views_and_what_was_not_downloaded_are_left_out_and_said(tmp_path: Path) -> None:
    remarks: list[str] = []
    files = [
        file("a"),
        file("b", FinalImageType="cview"),
        file("c", FinalImageType="cview"),
        file("d", FinalImageType="3D"),
        file("e", spot_mag="1.0"),
        file("f", spot_mag="0"),
        file("g"),
        file("h", empi_anon="12"),
        file("i", empi_anon="12"),
    ]
    write(tmp_path, [finding(asses="N")], files)
    for name in ("g", "h", "i"):
        (tmp_path / f"images/cohort_1/11/900/{name}.dcm").unlink()
    cases = read_source(tmp_path, "embed", remarks)
    assert set(cases) == {"a.dcm", "f.dcm", "g.dcm"}
    assert "No such file" in why(cases["g.dcm"])
    assert remarks == [
        "1 images are of the type 3D, not 2D: they are left out",
        "2 images are of the type cview, not 2D: they are left out",
        "1 images are special views (spot_mag): they are left out",
        "2 images of 1 patients of whom no image is there are left out",
    ]


def test_numbers_of_exams_are_compared_as_numbers_and_rounded_ones_refused(tmp_path: Path) -> None:
    long = "4378856307268605"
    findings = [finding(severity="0", exam="4.378856307268605e+15", empi_anon="11.0")]
    assert told(one(tmp_path, findings, file("a", exam=long))) == [("malignant", None)]
    write(tmp_path, [finding(exam="4.37886E+15")], [])
    with pytest.raises(BadInput, match=r"has the number 4.37886E\+15, which was rounded"):
        kind_of_source(tmp_path).items(tmp_path, MAMMOGRAPHY, [])


def test_tables_that_are_missing_reduced_or_none(tmp_path: Path) -> None:
    write(tmp_path, [finding(asses="N")], [file("a")])
    tables = tmp_path / "tables"
    for name in ("clinical", "metadata"):
        (tables / f"EMBED_OpenData_{name}.csv").rename(tmp_path / f"EMBED_OpenData_{name}_reduced.csv")
    assert read_source(tmp_path, "embed")["a.dcm"].scans
    reduced = tmp_path / "EMBED_OpenData_metadata_reduced.csv"
    for content, reason in (
        (b"empi_anon,acc_anon\n1,2\n", "lacks the column anon_dicom_path"),
        (b"", "lacks the column empi_anon"),
        (reduced.read_bytes() + b"1,2,3,4,5,6,7,8,9,10,11,12,13\n", "cannot be read as csv"),
        (reduced.read_bytes().replace(b"11,900,", b'11,"9\n00",'), "a value of several lines"),
    ):
        reduced.write_bytes(content)
        with pytest.raises(BadInput, match=reason):
            kind_of_source(tmp_path).items(tmp_path, MAMMOGRAPHY, [])
        write(tmp_path, [finding(asses="N")], [file("a")])
        (tables / "EMBED_OpenData_metadata.csv").rename(reduced)
    reduced.unlink()
    with pytest.raises(BadInput, match=r"holds no EMBED_OpenData_metadata.csv, nor does its folder tables"):
        kind_of_source(tmp_path).items(tmp_path, MAMMOGRAPHY, [])
