"""INbreast as it is published: DICOM that pydicom writes, contours that plistlib writes, BI-RADS in a table."""

import plistlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Remote
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources.kinds import SOURCE_KINDS, kind_of_source, with_rule
from tests.bucket import put
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, read_source, shared_case, why

ROWS, COLUMNS = 300, 200
HEADER = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads\r\n"
SQUARE = [(30.5, 140.0), (50.0, 140.0), (50.0, 160.0), (30.5, 160.0)]
LOW = [(50.0, 250.0), (62.0, 250.0), (62.0, 262.0), (50.0, 262.0)]
FIRST = "20000001_aa0a_MG_L_CC_ANON.dcm"
Contours = list[tuple[str, list[tuple[float, float]]]]


def plist(contours: Contours, **changed: Any) -> bytes:
    regions = [
        {"Name": name, "NumberOfPoints": len(points), "Point_px": [f"({x:f}, {y:f})" for x, y in points], "Area": 1.5}
        for name, points in contours
    ]
    return plistlib.dumps({"Images": [{"ImageIndex": 0, "NumberOfROIs": len(regions), "ROIs": regions} | changed]})


def write(folder: Path, films: dict[str, tuple[str, str, Contours | bytes | None]]) -> Path:
    """Films by the names of their files, each with its row (side to BI-RADS, the number left open) and contours."""
    (folder / "AllXML").mkdir(parents=True)
    table = HEADER
    for name, (told, last, contours) in films.items():
        number = name.removesuffix(".dcm").split("_")[0]
        table += f"removed;removed;{told};201001;{number};{last}\r\n"
        write_dicom(folder / "AllDICOMs" / name, breast(ROWS, COLUMNS, white=4095), stored=12)
        if contours is not None:
            content = contours if isinstance(contours, bytes) else plist(contours)
            (folder / "AllXML" / f"{number}.xml").write_bytes(content)
    (folder / "INbreast.csv").write_bytes((table + ";;;;;;;\r\n").encode())
    return folder


def one(folder: Path, contours: Contours | bytes | None, last: str = "2;5", told: str = "L;CC") -> Any:
    """What one film with its row and its contours is."""
    return read_source(write(folder, {FIRST: (told, last, contours)}), "inbreast")[FIRST]


def test_contours_categories_and_patients_are_read(tmp_path: Path) -> None:
    films = {
        FIRST: ("L;CC", "2;5", [("Mass", SQUARE), ("Spiculated Region", LOW), ("Pectoral Muscle", LOW)]),
        "20000002_aa0a_MG_L_ML_ANON.dcm": ("L;MLO", "     ;1", None),
        "20000003_bb1b_MG_R_ML_ANON.dcm": ("R;MLO", "4;4a", [("Cluster", SQUARE), ("Calcification", [(20.7, 150.2)])]),
        "20000004_bb1b_MG_R_CC_ANON.dcm": ("R;CC", "4;2", [("Point 1", [(20.0, 150.0), (22.9, 149.0)])]),
        "20000005_cc2c_MG_R_CC_ANON.dcm": ("R;FB", "4;2", None),
    }
    remarks: list[str] = []
    first, normal, suspicious, benign, below = read_source(write(tmp_path, films), "inbreast", remarks).values()
    (scan,) = first.scans
    assert (scan.patient, scan.laterality, scan.view, scan.density, scan.age) == ("aa0a", "LEFT", "CC", 2, None)
    assert (scan.rows, scan.columns, scan.bits, scan.source_kind) == (ROWS, COLUMNS, 12, "inbreast")
    mass, region = first.lesions
    assert (mass.pathology, mass.lesion_type, mass.margins, mass.assessment) == ("malignant", "MASS", None, 5)
    assert (region.pathology, region.lesion_type, region.margins) == ("malignant", "MASS", "SPICULATED")
    assert (mass.x, mass.y, mass.width, mass.height) == (30, 140, 20, 20)  # the middle of column 30 lies on the edge
    assert filled_outline(mass.outline, 20, 20, 30, 140).all() and not first.repairs

    assert normal.scans[0].density is None and not normal.lesions and not normal.repairs

    cluster, single = suspicious.lesions
    assert (cluster.pathology, cluster.distribution, cluster.assessment) == ("malignant", "CLUSTERED", 4)
    assert (single.pathology, single.lesion_type, single.assessment) == ("unproven", "CALCIFICATION", None)
    assert (single.x, single.y, single.width, single.height, single.outline) == (20, 150, 1, 1, [[(20, 150)]])

    (point,) = benign.lesions
    assert (point.pathology, point.lesion_type, point.assessment) == ("benign", None, 2)
    assert (point.x, point.y, point.width, point.height) == (20, 149, 3, 2)
    assert (below.scans[0].laterality, below.scans[0].view) == ("RIGHT", "FB")
    assert [repair.what for repair in below.repairs] == [
        "is R CC by its name and R FB by INbreast.csv: the table was taken"
    ]
    assert remarks == ["classes follow BI-RADS, as there is no pathology: from 4 on a film's findings are malignant"]


def test_the_rule_for_the_class_is_an_option(tmp_path: Path) -> None:
    write(tmp_path, {FIRST: ("L;CC", "2;4c", [("Mass", SQUARE), ("Calcification", [(20.0, 150.0)])])})
    for suspicious_from, expected in ((4, ["malignant", "unproven"]), (5, ["benign", "benign"])):
        kind = with_rule(SOURCE_KINDS["inbreast"], suspicious_from)
        (item,) = kind.items(tmp_path, MAMMOGRAPHY, [])
        assert [lesion.pathology for lesion in kind.case(tmp_path, item, MAMMOGRAPHY).lesions] == expected


def test_single_calcifications_alone_have_the_films_class(tmp_path: Path) -> None:
    case = one(tmp_path, [("Calcification", [(20.0, 150.0)]), ("Calcification", [(25.0, 150.0)])])
    assert [lesion.pathology for lesion in case.lesions] == ["malignant", "malignant"]


@pytest.mark.parametrize("contours", [None, [], [("Mass", [])]])
def test_a_suspicious_film_without_a_contour_is_never_normal(tmp_path: Path, contours: Contours | None) -> None:
    (lesion,) = one(tmp_path, contours).lesions
    assert (lesion.pathology, lesion.outline, lesion.assessment) == ("malignant", [], 5)


@pytest.mark.parametrize("square", [LOW, [(34.0, 144.0), (46.0, 144.0), (46.0, 156.0), (34.0, 156.0)]])
def test_exchanged_x_and_y_are_noticed_and_said(tmp_path: Path, square: list[tuple[float, float]]) -> None:
    """The first leaves the film when read as written, the second lies in the air beside the breast."""
    case = one(tmp_path, [("Mass", [(y, x) for x, y in square]), ("Mass", [(y, x) for x, y in LOW])])
    left, top = square[0]
    assert (case.lesions[0].x, case.lesions[0].y) == (left, top)
    assert ["x and y exchanged" in repair.what for repair in case.repairs] == [True]


@pytest.mark.parametrize(
    ("contours", "reason"),
    [
        ([("Mass", [(180.0, 280.0), (190.0, 280.0), (190.0, 290.0)])], "Contour 1 lies beside the breast"),
        ([("Mass", [(-150.0, 150.0), (60.0, 140.0), (60.0, 160.0)])], "leaves the film by 150 px"),
        ([("Mass", [(900.0, 150.0), (950.0, 150.0), (950.0, 450.0)])], "It lies outside the image"),
        ([("Lump", SQUARE)], "A contour is named 'Lump', which is none of mass, calcification"),
        (b"<plist><dict>", "not a property list in XML"),
        (b"bplist00\x00", "not a property list in XML"),
        (b"\xff\xfe", "not a property list in XML"),
        (plistlib.dumps([1]), "does not hold the contours of one image"),
        (plist([("Mass", SQUARE)], NumberOfROIs=2), "says that it has 2 contours, and has 1"),
        (plist([("Mass", SQUARE)], ROIs=7), "and has 0"),
        (plist([("Mass", SQUARE)]).replace(b"<integer>4<", b"<integer>5<"), "contour 1 says that it has 5 points"),
        (plist([("Mass", SQUARE)]).replace(b"(30.500000, ", b"(nan, "), "which is not (x, y)"),
        (plist([("Mass", SQUARE)]).replace(b"(30.500000, ", b"(1e999, "), "which is not (x, y)"),
        (plist([("Mass", SQUARE)]).replace(b"(30.500000, ", b"("), "which is not (x, y)"),
        (plist([("Mass", SQUARE)]).replace(b"<key>Name</key>", b"<key>Nom</key>"), "has no Name or no Point_px"),
    ],
)
def test_contours_that_cannot_be_right_reject_their_film(
    tmp_path: Path, contours: Contours | bytes, reason: str
) -> None:
    assert reason in why(one(tmp_path, contours))


def test_declarations_are_not_expanded(tmp_path: Path) -> None:
    """plistlib refuses entities, and fetches no document type; Apple's own is declared in every file."""
    lists = plist([("Mass", SQUARE)])
    assert b"<!DOCTYPE plist PUBLIC" in lists
    laughs = lists.replace(b'PropertyList-1.0.dtd">', b'PropertyList-1.0.dtd" [<!ENTITY a "Mass">]>')
    assert laughs != lists
    assert "entity declarations" in why(one(tmp_path, laughs.replace(b"<string>Mass<", b"<string>&a;<")))


@pytest.mark.parametrize(
    ("last", "told", "reason"),
    [
        ("2;7", "L;CC", "'7' is not a BI-RADS category"),
        ("2;", "L;CC", "'' is not a BI-RADS category"),
        ("2;1", "L;CC", "It is said to be normal, and a finding of it is benign"),
        ("2;5", "X;CC", "'X', 'CC' are not a laterality"),
        ("2;5\r\nremoved;removed;L;CC;201001;20000001;2;2", "L;CC", "Several rows of INbreast.csv say different"),
    ],
)
def test_a_row_that_cannot_be_right_rejects_its_film(tmp_path: Path, last: str, told: str, reason: str) -> None:
    assert reason in why(one(tmp_path, [("Mass", SQUARE)], last, told))


def test_films_and_rows_without_each_other_are_rejected(tmp_path: Path) -> None:
    films: dict[str, Any] = {FIRST: ("L;CC", "2;1", None), "20000002_bb1b_MG_R_CC_ANON.dcm": ("R;CC", "2;1", None)}
    write(tmp_path, films)
    table = tmp_path / "INbreast.csv"
    table.write_text(table.read_text() + "removed;removed;L;CC;201001;30000000;2;1\nremoved;removed;L;CC;1;;2;1\n")
    for name in ("20000002_cc2c_MG_R_CC_ANON.dcm", "40000000_cc2c_MG_R_CC_ANON.dcm", "x.dcm", "._20000001_a.dcm"):
        (tmp_path / "AllDICOMs" / name).write_bytes(b"")
    (tmp_path / "AllXML" / "9.xml").write_bytes(plist([]))
    remarks: list[str] = []
    cases = read_source(tmp_path, "inbreast", remarks)
    assert "1 files in AllXML are of no film, such as 9.xml" in remarks[0]
    reasons = {name: why(case) for name, case in cases.items() if name != FIRST}
    assert cases[FIRST].scans and len(reasons) == 5
    assert "2 files in AllDICOMs have its number" in reasons["20000002"]
    assert "0 files in AllDICOMs" in reasons["30000000"]
    assert "names no film" in reasons["INbreast.csv, line 6"]
    assert "No row of INbreast.csv names it" in reasons["40000000_cc2c_MG_R_CC_ANON.dcm"]
    assert "No row" in reasons["x.dcm"]


def test_a_name_that_says_another_side_is_a_repair_and_one_without_patient_a_rejection(tmp_path: Path) -> None:
    films: dict[str, Any] = {FIRST: ("R;MLO", "2;1", None), "20000002.dcm": ("R;CC", "2;1", None)}
    cases = read_source(write(tmp_path, films), "inbreast")
    (repair,) = cases[FIRST].repairs
    assert repair.what == "is L CC by its name and R MLO by INbreast.csv: the table was taken"
    assert (cases[FIRST].scans[0].laterality, cases[FIRST].scans[0].view) == ("RIGHT", "MLO")
    assert "has no patient" in why(cases["20000002.dcm"])


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (
            "Laterality,View,File Name,Bi-Rads\n",
            "lacks the column acr: its columns, separated by commas",
        ),
        (HEADER.replace("ACR", "Density"), "lacks the column acr: its columns, separated by semicolons"),
        (HEADER.replace("View", "ACR"), "lacks the column view"),
        ("", "cannot be read as csv"),
        (HEADER + 'removed;"removed;L;CC;1;2;2;1\n', "cannot be read as csv"),
        (HEADER + 'removed;"removed;L;CC\nx";L;CC;1;2;2;1\n', "a value of several lines"),
        (HEADER + "\x81", "cannot be read as csv"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, table: str, reason: str) -> None:
    (tmp_path / "INbreast.csv").write_bytes(table.encode("latin-1"))
    with pytest.raises(BadInput, match=reason):
        kind_of_source(tmp_path).items(tmp_path, MAMMOGRAPHY, [])


@pytest.mark.slow
def test_it_may_lie_in_a_bucket(tmp_path: Path, bucket: Remote) -> None:
    here = {FIRST: one(tmp_path, [("Mass", SQUARE)])}
    put(tmp_path, bucket / "inbreast")
    there = read_source(bucket / "inbreast", "inbreast")
    assert there[FIRST].lesions == here[FIRST].lesions and there[FIRST].scans[0].patient == "aa0a"


def test_the_shared_case_is_read(tmp_path: Path) -> None:
    (case,) = read_source(shared_case("datasets_as_published", tmp_path) / "inbreast", "inbreast").values()
    (scan,), (lesion,) = case.scans, case.lesions
    assert (scan.patient, scan.laterality, scan.view, scan.density) == ("0a1b2c3d4e5f", "LEFT", "CC", 2)
    assert (lesion.pathology, lesion.lesion_type, lesion.assessment) == ("malignant", "MASS", 4)
    assert np.allclose((lesion.x, lesion.y, lesion.width, lesion.height), (69, 179, 42, 42), atol=1)
