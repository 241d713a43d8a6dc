"""VinDr-Mammo as it is published: boxes and BI-RADS of finding_annotations.csv, on DICOM that pydicom writes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput
from deepminer_ray.sources.kinds import SOURCE_KINDS, kind_of_source, with_rule
from deepminer_ray.sources.published import official_lists
from deepminer_ray.sources.rows import Case
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, read_source, shared_case, why

HEADER = (
    "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,breast_density,finding_categories,"
    "finding_birads,xmin,ymin,xmax,ymax,split\n"
)
NOTHING = "['No Finding'],,,,,"
ROWS, COLUMNS = 160, 120


def row(image: str, of_breast: int, *last: str, study: str = "s1", view: str = "CC", split: str = "training") -> str:
    """A row whose finding is said by its last cells: categories, category and corners."""
    categories, _, rest = ",".join(last).rpartition("]")
    where = f'{study},x,{image},L,{view},{ROWS},{COLUMNS},BI-RADS {of_breast},DENSITY C,"{categories}]"{rest},{split}'
    return f"{where}\n"


def write(folder: Path, *rows: str, images: str = "s1/a s1/b", suffix: str = "dicom") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "finding_annotations.csv").write_text(HEADER + "".join(rows))
    for name in images.split():
        write_dicom(folder / "images" / f"{name}.{suffix}", breast(ROWS, COLUMNS, white=4000), stored=12)
    return folder


def one(folder: Path, *rows: str) -> Case:
    """The image a of rows that are of it and perhaps of others."""
    return read_source(write(folder, *rows), "vindr")["a.dicom"]


def told(case: Case) -> list[tuple[str, int | None, int | None]]:
    """Class, category and left column of each finding."""
    return [(lesion.pathology, lesion.assessment, lesion.x) for lesion in case.lesions]


def test_boxes_categories_and_densities_are_read(tmp_path: Path) -> None:
    remarks: list[str] = []
    write(
        tmp_path,
        row("a", 5, "['Mass', 'Skin Retraction'],BI-RADS 5,10.2,20.6,40.4,60.0"),
        row("a", 5, "['Suspicious Calcification'],BI-RADS 3,20.0,70.0,30.0,80.0"),
        row("b", 1, NOTHING, view="MLO"),
    )
    cases = read_source(tmp_path, "vindr", remarks)
    (scan,), (mass, calcification) = cases["a.dicom"].scans, cases["a.dicom"].lesions
    assert (scan.scan, scan.patient, scan.laterality, scan.view, scan.density) == ("a", "s1", "LEFT", "CC", 3)
    assert (scan.rows, scan.columns, scan.bits, scan.source_kind) == (ROWS, COLUMNS, 12, "vindr")
    assert (mass.pathology, mass.lesion_type, mass.assessment) == ("malignant", "MASS-SKIN_RETRACTION", 5)
    assert (mass.x, mass.y, mass.width, mass.height) == (10, 21, 30, 39)
    assert (calcification.pathology, calcification.lesion_type) == ("benign", "CALCIFICATION")
    assert (calcification.x, calcification.y, calcification.width, calcification.height) == (20, 70, 10, 10)
    assert mass.report == "LESION_TYPE MASS LESION_TYPE SKIN_RETRACTION"
    normal = cases["b.dicom"]
    assert normal.scans[0].view == "MLO" and not normal.lesions and not normal.repairs
    assert "there is no pathology: from 4 on a finding is malignant" in remarks[0]


@pytest.mark.parametrize(
    ("words", "lesion_type"),
    [
        ("['Focal Asymmetry']", "FOCAL_ASYMMETRY"),
        ("['Global Asymmetry']", "GLOBAL_ASYMMETRY"),
        ("['Asymmetry']", "ASYMMETRY"),
        ("['Architectural Distortion']", "ARCHITECTURAL_DISTORTION"),
        ("['Suspicious Lymph Node']", "AXILLARY_ADENOPATHY"),
        ("['Nipple Retraction']", "NIPPLE_RETRACTION"),
        ("['Skin Thickening']", "SKIN_THICKENING"),
        ("[ 'Mass' , 'Suspicious Calcification', ]", "MASS-CALCIFICATION"),
        ('[""Mass"", ""Focal Asymmetry""]', "MASS-FOCAL_ASYMMETRY"),
    ],
)
def test_words_become_lesion_types(tmp_path: Path, words: str, lesion_type: str) -> None:
    case = one(tmp_path, row("a", 4, f"{words},BI-RADS 4,10,20,40,60"))
    assert case.lesions[0].lesion_type == lesion_type


def test_boxes_beyond_the_edge_are_clipped_and_said(tmp_path: Path) -> None:
    case = one(tmp_path, row("a", 4, "['Mass'],BI-RADS 4,-1.5,100.0,30.0,170.2"))
    (lesion,), (repair,) = case.lesions, case.repairs
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (0, 100, 30, ROWS - 100)
    assert repair.what == "finding 1 leaves the image by up to 10 px: it was clipped"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("a", 2, NOTHING)], [("benign", 2, None)]),
        ([row("a", 3, "['Mass'],BI-RADS 3,1,2,3,4")], [("benign", 3, 1)]),
        # A breast that is suspicious for what another view shows is no normal tissue here.
        ([row("a", 5, NOTHING), row("b", 5, "['Mass'],BI-RADS 5,1,2,3,4", view="MLO")], [("malignant", 5, None)]),
        (
            [row("a", 4, "['Mass'],BI-RADS 3,1,2,3,4"), row("b", 4, "['Mass'],BI-RADS 4,1,2,3,4", view="MLO")],
            [("benign", 3, 1), ("malignant", None, None)],
        ),
        # Boxes without a category have their breast's, where no other finding is the cause of it.
        ([row("a", 4, "['Suspicious Lymph Node'],,1,2,3,4")], [("malignant", 4, 1)]),
        ([row("a", 2, "['Skin Thickening'],,1,2,3,4")], [("benign", 2, 1)]),
        ([row("a", 1, "['Nipple Retraction'],,1,2,3,4")], [(UNPROVEN, None, 1)]),
        (
            [row("a", 5, "['Skin Thickening'],,1,2,3,4"), row("b", 5, "['Mass'],BI-RADS 5,1,2,3,4", view="MLO")],
            [(UNPROVEN, None, 1), ("malignant", None, None)],
        ),
        ([row("a", 4, "['Mass'],BI-RADS 4,,,,")], [("malignant", 4, None)]),
        ([row("a", 4, "['Mass'],BI-RADS 4,1,2,3,4")] * 2, [("malignant", 4, 1)]),
    ],
)
def test_classes_follow_the_category(
    tmp_path: Path, rows: list[str], expected: list[tuple[str, int | None, int | None]]
) -> None:
    assert told(one(tmp_path, *rows)) == expected


@pytest.mark.parametrize(("suspicious_from", "expected"), [(3, "malignant"), (4, "benign"), (6, "benign")])
def test_the_rule_is_an_option(tmp_path: Path, suspicious_from: int, expected: str) -> None:
    write(tmp_path, row("a", 3, "['Mass'],BI-RADS 3,1,2,3,4"), images="s1/a")
    kind = with_rule(SOURCE_KINDS["vindr"], suspicious_from)
    remarks: list[str] = []
    (item,) = kind.items(tmp_path, MAMMOGRAPHY, remarks)
    assert [lesion.pathology for lesion in kind.case(tmp_path, item, MAMMOGRAPHY).lesions] == [expected]
    assert f"from {suspicious_from} on" in remarks[0]


def test_a_finding_that_is_worse_than_its_breast_counts_and_is_said(tmp_path: Path) -> None:
    case = one(tmp_path, row("a", 2, "['Mass'],BI-RADS 4,1,2,3,4"))
    assert told(case) == [("malignant", 4, 1)]
    assert "malignant in a breast that is benign by the table" in case.repairs[0].what


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("a", 4, "['Lump'],BI-RADS 4,1,2,3,4")], "line 2: 'Lump' is none of VinDr-Mammo's categories"),
        ([row("a", 4, "['No Finding', 'Mass'],BI-RADS 4,1,2,3,4")], "'No Finding' is none of VinDr-Mammo's"),
        ([row("a", 4, "[],BI-RADS 4,1,2,3,4")], "'[]' is not a list of categories"),
        ([row("a", 4, "[__import__('os')],BI-RADS 4,1,2,3,4")], "is not a list of categories"),
        ([row("a", 4, "['Mass'],BI-RADS 4,1,2,3,")], "is not four numbers"),
        ([row("a", 4, "['Mass'],BI-RADS 4,1,2,x,4")], "is not four numbers"),
        ([row("a", 4, "['Mass'],BI-RADS 4,1,2,nan,4")], "is not four numbers"),
        ([row("a", 4, "['Mass'],BI-RADS 4,9,2,3,4")], "The box from (9, 2) to (3, 4) has no size"),
        ([row("a", 4, "['Mass'],BI-RADS 4,200,2,300,4")], "It lies outside the image of 120 x 160 px"),
        ([row("a", 4, "['Mass'],BI-RADS 9,1,2,3,4")], "'BI-RADS 9' is not a BI-RADS category"),
        ([row("a", 4, "['No Finding'],,1,2,3,4")], "It is 'No Finding', and has a box"),
        ([row("a", 4, NOTHING), row("a", 5, NOTHING)], "line 3: It says something else of its image"),
        ([row("a", 4, NOTHING), row("a", 4, NOTHING, view="MLO")], "It says something else of its image"),
        ([row("a", 4, NOTHING, view="ZZ")], "'L', 'ZZ' are not a laterality"),
        ([row("a", 4, NOTHING).replace(",160,120,", ",161,120,")], "It is said to have 161 rows, and has 160"),
        ([row("a", 4, NOTHING, study="")], "The row names no patient"),
    ],
)
def test_a_row_that_cannot_be_right_rejects_its_image_alone(tmp_path: Path, rows: list[str], reason: str) -> None:
    cases = read_source(write(tmp_path, *rows, row("b", 1, NOTHING, view="MLO")), "vindr")
    assert reason in why(cases["a.dicom"])
    assert cases["b.dicom"].scans


def test_missing_and_doubled_images_and_rows_without_a_name_are_rejected(tmp_path: Path) -> None:
    rows = [row(name, 1, NOTHING) for name in ("a", "b", "c", "")]
    write(tmp_path, *rows)
    write_dicom(tmp_path / "images" / "s2" / "b.dcm", breast(ROWS, COLUMNS, white=4000), stored=12)
    cases = read_source(tmp_path, "vindr")
    assert cases["a.dicom"].scans
    assert "2 files have its name, such as images/s2/b.dcm" in why(cases["b.dicom"])
    assert "No such file" in why(cases["c.dicom"])
    assert "The row names no image" in why(cases[".dicom"])


def test_a_scaled_copy_has_scaled_boxes_and_another_one_is_refused(tmp_path: Path) -> None:
    mass = "['Mass'],BI-RADS 4,20,40,60,80"
    write(tmp_path, row("a", 4, mass), row("b", 4, mass), row("c", 4, mass), images="s1/b")
    for name, size in (("a", (80, 60)), ("c", (80, 80)), ("b", (80, 60))):
        Image.fromarray(breast(*size).astype(np.uint8)).save(tmp_path / "images" / "s1" / f"{name}.png")
    cases = read_source(tmp_path, "vindr")
    (lesion,), (repair,) = cases["a.png"].lesions, cases["a.png"].repairs
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (10, 20, 20, 20)
    assert repair.what == "is 60 x 80 px, and 120 x 160 by the table: boxes were scaled"
    assert cases["b.dicom"].lesions[0].x == 20 and not cases["b.dicom"].repairs
    assert "It is said to have 120 columns, and has 80" in why(cases["c.png"])


def test_official_lists_are_read_and_no_other(tmp_path: Path) -> None:
    rows = [row("a", 1, NOTHING), row("b", 1, NOTHING, study="s2", split="test"), row("a", 1, NOTHING)]
    assert official_lists(write(tmp_path, *rows)) == [
        {"patient": "s1", "list": "train"},
        {"patient": "s2", "list": "test"},
    ]
    write(tmp_path, row("a", 1, NOTHING, split="holdout"))
    with pytest.raises(BadInput, match="line 2: 'holdout' is not training or test"):
        official_lists(tmp_path)


def test_tables_that_are_none_and_another_domain_are_refused(tmp_path: Path) -> None:
    kind = kind_of_source(write(tmp_path))
    (tmp_path / "finding_annotations.csv").write_text(HEADER.replace(",split", ""))
    with pytest.raises(BadInput, match="lacks the column split"):
        kind.items(tmp_path, MAMMOGRAPHY, [])
    other = read_domain('name = "x"\nclasses = ["a", "b"]\nrest = "a"\n[image]\nchannels = 1\nregion = "all"\n', "x")
    with pytest.raises(BadInput, match="holds mammograms, and the domain is x"):
        kind.items(tmp_path, other, [])


def test_a_folder_of_links_is_walked_once(tmp_path: Path) -> None:
    """Downloads often lie elsewhere; a link to a folder above is no endless source."""
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, row("a", 1, NOTHING))
    source = tmp_path / "source"
    source.mkdir()
    (source / "finding_annotations.csv").write_bytes((elsewhere / "finding_annotations.csv").read_bytes())
    (source / "images").symlink_to(elsewhere / "images")
    (elsewhere / "images" / "again").symlink_to(source)
    assert read_source(source, "vindr")["a.dicom"].scans


def test_the_shared_case_is_read(tmp_path: Path) -> None:
    (case,) = read_source(shared_case("datasets_as_published", tmp_path) / "vindr", "vindr").values()
    (scan,), (lesion,), (repair,) = case.scans, case.lesions, case.repairs
    assert (scan.patient, scan.laterality, scan.view, scan.density) == ("s1", "LEFT", "CC", 3)
    assert (lesion.pathology, lesion.lesion_type, lesion.assessment) == ("malignant", "MASS", 4)
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (0, 178, 112, 45)
    assert "leaves the image by up to 2 px" in repair.what
