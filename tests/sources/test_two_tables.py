"""manifest.csv and lesions.csv of any domain become scans, findings and keywords; what cannot be used says why."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources.kinds import domain_of_source, kind_of_source
from deepminer_ray.sources.manifest import find_rows
from deepminer_ray.sources.rows import Case
from tests.domains import MAMMOGRAPHY

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
COLUMNS, ROWS = 40, 30

SKIN = """name = "skin"
classes = ["healthy", "nevus", "melanoma"]
rest = "healthy"

[synonyms]
mole = "nevus"
cancer = "melanoma"
clear = "healthy"

[counts_as]
"spitz nevus" = "nevus"

[columns]
patient = "Person"
side = "side"
view = "camera"

[words]
image = "photo"

[terms]
pattern = ["reticular", "globular", "blue-white veil"]
kind = ["nevus", "lentigo", "red spot"]

[names]
order = ["pattern", "kind"]
"""
SKIN_DOMAIN = read_domain(SKIN, "domain.toml")
CELLS = read_domain(
    'name = "blood"\nclasses = ["background", "platelets", "white_cell"]\nrest = "background"\n'
    '[synonyms]\nWBC = "white_cell"\n[image]\nchannels = 3\n'
    '[terms]\ncell = ["white blood cell", "platelet", "red blood cell"]\n',
    "domain.toml",
)

Read = Callable[..., dict[str, Case]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a source of images a.png and b.png by name; what is said once is in `read.remarks`."""
    for number, name in enumerate(("a", "b")):
        Image.fromarray(np.full((ROWS, COLUMNS), 99 + number, np.uint8)).save(tmp_path / f"{name}.png")

    def of(
        manifest: str | None = "image\na.png\nb.png\n",
        lesions: str | None = None,
        domain: Domain = SKIN_DOMAIN,
        remarks: list[str] | None = None,
    ) -> dict[str, Case]:
        (tmp_path / "lesions.csv").unlink(missing_ok=True)
        if manifest is not None:
            (tmp_path / "manifest.csv").write_text(manifest)
        if lesions is not None:
            (tmp_path / "lesions.csv").write_text(lesions)
        kind = kind_of_source(tmp_path)
        items = kind.items(tmp_path, domain, [] if remarks is None else remarks)
        json.dumps(items)
        return {item["image"]: kind.case(tmp_path, item, domain) for item in items}

    return of


def why(case: Case) -> str:
    """Why an image was rejected; all else of it is empty."""
    assert not (case.scans or case.lesions or case.keywords or case.repairs or case.regions)
    (rejected,) = case.rejected
    assert rejected.reason.endswith((".", "?")), rejected.reason
    return rejected.reason


def test_only_the_image_is_needed_and_what_is_taken_is_said_once(read: Read) -> None:
    remarks: list[str] = []
    cases = read(lesions="image,class\na.png,mole\n", remarks=remarks)
    (scan,) = cases["a.png"].scans
    assert (scan.scan, scan.patient, scan.laterality, scan.view) == ("a", "a.png", None, None)
    assert (scan.rows, scan.columns, scan.bits, scan.digitizer, scan.source_kind) == (30, 40, 8, "DISPLAY", "manifest")
    assert remarks == ["manifest.csv has no column `person`: each photo counts as a patient of its own"]


def test_the_columns_of_patient_side_and_view_are_those_of_the_domain(read: Read) -> None:
    manifest = "Image,PERSON,Side,Camera,patient,age\na.png,Ann,upper arm,macro,x,41\nb.png,Ben,,,y,\n"
    remarks: list[str] = []
    cases = read(manifest, "image,class\na.png,mole\n", remarks=remarks)
    (scan,), (other,) = cases["a.png"].scans, cases["b.png"].scans
    assert (scan.patient, scan.laterality, scan.view, scan.age) == ("Ann", "upper arm", "macro", 41)
    assert (other.patient, other.laterality, other.view, other.age) == ("Ben", None, None, None)
    assert remarks == ["manifest.csv: ignored are the columns 'patient'"]
    assert "no patient" in why(read("image,person\na.png,\nb.png,B\n", "image,class\na.png,mole\n")["a.png"])


def test_a_domain_that_names_no_column_takes_patient(read: Read) -> None:
    own = read_domain('name = "x"\nclasses = ["no", "yes"]\nrest = "no"\n', "domain.toml")
    cases = read("image,patient\na.png,P\nb.png,P\n", "image,class\na.png,yes\n", own)
    assert {case.scans[0].patient for case in cases.values()} == {"P"}


def test_each_row_is_a_finding_with_its_place_and_its_keywords(read: Read) -> None:
    lesions = (
        "image,Class,x,y,width,height,cx,cy,radius,polygon,Pattern,KIND,subtlety\n"
        "a.png,Melanoma,2,3,10,5,,,,,Blue-White_Veil; reticular,nevus,4\n"
        "a.png,spitz  Nevus,,,,,20,15,4,,,,\n"
        "a.png,healthy,,,,,,,,30 20 39 20 39 29,,Red spot,\n"
        "b.png,mole,,,,,,,,,,,\n"
    )
    cases = read(lesions=lesions)
    first, second, third = cases["a.png"].lesions
    assert [lesion.lesion for lesion in (first, second, third)] == ["a#1", "a#2", "a#3"]
    assert [lesion.pathology for lesion in (first, second, third)] == ["melanoma", "spitz nevus", "healthy"]
    assert (first.x, first.y, first.width, first.height, first.subtlety) == (2, 3, 10, 5, 4)
    assert (second.x, second.y, second.width, second.height) == (16, 11, 8, 8)
    assert filled_outline(third.outline, COLUMNS, ROWS, 0, 0).sum() == 45
    assert first.report == "KIND NEVUS PATTERN BLUE-WHITE_VEIL PATTERN RETICULAR"
    assert (second.report, third.report) == ("", "KIND RED_SPOT")
    assert [(one.lesion, one.attribute, one.term) for one in cases["a.png"].keywords] == [
        ("a#1", "kind", "nevus"),
        ("a#1", "pattern", "blue-white veil"),
        ("a#1", "pattern", "reticular"),
        ("a#3", "kind", "red spot"),
    ]
    assert (first.lesion_type, first.shape, first.margins) == (None, None, None)
    (placeless,) = cases["b.png"].lesions
    assert (placeless.pathology, placeless.outline, placeless.x, placeless.width) == ("nevus", [], None, None)
    assert not any(case.rejected or case.repairs for case in cases.values())


def test_a_row_of_the_rest_class_that_says_nothing_else_is_no_finding(read: Read) -> None:
    cases = read(lesions="image,class,kind\na.png,clear,\nb.png,mole,\n")
    assert cases["a.png"].scans and cases["a.png"].lesions == []


def test_a_finding_that_is_there_twice_counts_once(read: Read) -> None:
    """Its cover of a patch would count twice."""
    row = "a.png,mole,1,1,5,5\n"
    cases = read(lesions=f"image,class,x,y,width,height\n{row}{row}b.png,mole,1,1,5,5\n")
    assert [len(case.lesions) for case in cases.values()] == [1, 1]


def test_a_box_beyond_the_edge_is_clipped_and_said(read: Read) -> None:
    cases = read(lesions="image,class,x,y,width,height\na.png,mole,-3.2,25,10,9.5\n")
    (lesion,) = cases["a.png"].lesions
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (0, 25, 7, 5)
    assert [one.what for one in cases["a.png"].repairs] == ["finding 1 leaves the image by up to 4 px: it was clipped"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("nevis,,,,,,,", "Finding 1 of 1, line 2 of lesions.csv: 'nevis' is not a class in skin; do you mean 'nevus'?"),
        ("zzz,,,,,,,", "'zzz' is not a class in skin; known are: healthy, unproven, melanoma, nevus"),
        (",,,,,,,", "It has no class: give it one, healthy where it counts as none."),
        ("mole,1,1,5,5,4,,", "It has a box and a circle: keep one."),
        ("mole,1,1,5,,,,", "A box needs x, y, width, height: there is no height."),
        ("mole,nan,1,5,5,,,", "Its x is 'nan', which is not a number."),
        ("mole,1,1,-5,5,,,", "Its width is -5: it must be more than 0."),
        ("mole,90,1,5,5,,,", "It lies outside the image of 40 x 30 px."),
        ("mole,,,,,,1 2 3,", "A polygon has 3 numbers: it needs an x and a y for each corner."),
        ("mole,,,,,,,reticulr", "'reticulr' is not a term of 'pattern' in skin; do you mean 'reticular'?"),
        ("mole,,,,,,,reticular;wavy", "'wavy' is not a term of 'pattern' in skin; known are: reticular, globular"),
    ],
)
def test_a_row_that_cannot_be_used_costs_its_image(read: Read, row: str, sentence: str) -> None:
    """Without it, what it announces would count as showing nothing."""
    columns = "image,class,x,y,width,height,radius,polygon,pattern\n"
    cases = read(lesions=f"{columns}a.png,{row}\nb.png,mole,1,1,5,5,,,\n")
    assert sentence in why(cases["a.png"])
    assert len(cases["b.png"].lesions) == 1


@pytest.mark.parametrize(
    ("manifest", "lesions", "sentence"),
    [
        ("image\na.png\n", "image,class\na.jpg,mole\n", "1 findings of images that are not in manifest.csv, the first"),
        ("image\na.png\n", "image,class\na.pg,mole\n", "of 'a.pg'; do you mean 'a.png'?"),
        ("image\na.png\n", "image,class\n,mole\n", "the first of '': their images would count as showing nothing."),
        ("image\na.png\n", "image,kind\na.png,nevus\n", "lesions.csv lacks the column class or pathology: its "),
        ("image\na.png\n", "class\nmole\n", "lesions.csv lacks the column image: its "),
        ("image\na.png\n", "image,class,pathology\na.png,mole,mole\n", "the columns class and pathology: keep one."),
        ("image\na.png\n", "image,class,Kind,kind\na.png,mole,,\n", "has the column 'kind' twice."),
        ("image\na.png\n", "", "cannot be read as csv"),
        ("image\na.png\n", None, "manifest.csv lacks the column class or pathology: its "),
        ("file\na.png\n", "image,class\na.png,mole\n", "manifest.csv lacks the column image: its "),
    ],
)
def test_tables_that_do_not_fit_are_refused(read: Read, manifest: str, lesions: str | None, sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        read(manifest, lesions)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("what", ["pipe", "folder", "link"])
def test_findings_that_cannot_be_read_are_not_taken_for_none(read: Read, tmp_path: Path, what: str) -> None:
    file = tmp_path / "lesions.csv"
    read(lesions="image,class\na.png,mole\n")
    file.unlink()
    {"pipe": lambda: os.mkfifo(file), "folder": file.mkdir, "link": lambda: file.symlink_to("nowhere")}[what]()
    kind = kind_of_source(tmp_path)
    (tmp_path / "manifest.csv").write_text("image,class\na.png,clear\n")
    with pytest.raises(BadInput, match=r"lesions.csv"):
        kind.items(tmp_path, SKIN_DOMAIN, [])


def test_columns_that_say_nothing_here_are_named(read: Read) -> None:
    remarks: list[str] = []
    read("image,person,mask\na.png,A,m.png\n", "image,class,Patern,id\na.png,mole,,7\n", remarks=remarks)
    assert remarks == [
        "manifest.csv: ignored are the columns 'mask'",
        "lesions.csv: ignored are the columns 'patern', 'id'; do you mean 'pattern'?",
    ]


def test_one_table_has_several_rows_an_image(read: Read) -> None:
    manifest = (
        "image,person,class,x,y,width,height,kind\n"
        "a.png,A,melanoma,1,1,5,5,\na.png,A,mole,10,10,5,5,nevus\nb.png,B,clear,,,,,\n"
    )
    cases = read(manifest)
    assert [lesion.pathology for lesion in cases["a.png"].lesions] == ["melanoma", "nevus"]
    assert [one.term for one in cases["a.png"].keywords] == ["nevus"]
    assert cases["b.png"].lesions == [] and len(cases["b.png"].scans) == 1
    other = manifest.replace("a.png,A,mole", "a.png,C,mole")
    assert why(read(other)["a.png"]).endswith(
        "Several rows say different things of this image, such as line 2 of manifest.csv and line 3 of manifest.csv."
    )
    assert "It has no class" in why(read(manifest.replace("B,clear", "B,"))["b.png"])


@pytest.mark.parametrize(
    ("of_image", "rows", "pathologies", "sentence"),
    [
        ("mole", ["mole,1,1,5,5"], ["nevus"], ""),
        ("mole", ["spitz nevus,1,1,5,5"], ["spitz nevus"], ""),
        ("melanoma", ["mole,1,1,5,5"], ["nevus", "melanoma"], ""),
        ("melanoma", [], ["melanoma"], ""),
        ("healthy", [], [], ""),
        ("", ["mole,1,1,5,5"], ["nevus"], ""),
        ("healthy", ["clear,1,1,5,5"], ["healthy"], ""),
        ("unproven", [], ["unproven"], ""),
        ("healthy", ["mole,1,1,5,5"], [], "said to be healthy, and a finding of it is nevus: one of them is wrong."),
        ("nevus", ["cancer,1,1,5,5"], [], "said to be nevus, and a finding of it is melanoma"),
        ("nevis", [], [], "'nevis' is not a class in skin"),
    ],
)
def test_the_class_of_an_image_beside_its_findings(
    read: Read, of_image: str, rows: Sequence[str], pathologies: list[str], sentence: str
) -> None:
    """A class that no finding has is a finding of unknown place; one more severe than the image's contradicts it."""
    lesions = "image,class,x,y,width,height\nb.png,mole,1,1,2,2\n" + "".join(f"a.png,{row}\n" for row in rows)
    case = read(f"image,pathology\na.png,{of_image}\nb.png,\n", lesions)["a.png"]
    if sentence:
        assert sentence in why(case)
    else:
        assert [lesion.pathology for lesion in case.lesions] == pathologies
        assert [bool(lesion.outline) for lesion in case.lesions] == [True] * len(rows) + [False] * (
            len(pathologies) - len(rows)
        )


def test_masks_with_and_without_values(read: Read, tmp_path: Path) -> None:
    values = np.zeros((ROWS, COLUMNS), np.uint8)
    values[2:6, 3:9], values[10:12, 10:15], values[20:22, 30:33] = 1, 2, 1
    Image.fromarray(values).save(tmp_path / "m.png")
    lesions = "image,class,mask,value\na.png,mole,m.png,1\na.png,cancer,m.png,2\nb.png,mole,m.png,\n"
    cases = read(lesions=lesions)
    areas = {
        lesion.lesion: int(filled_outline(lesion.outline, COLUMNS, ROWS, 0, 0).sum())
        for case in cases.values()
        for lesion in case.lesions
    }
    assert areas == {"a#1": 24 + 6, "a#2": 10, "b#1": 40}
    assert "Its mask is empty" in why(read(lesions="image,class,mask,value\na.png,mole,m.png,9\n")["a.png"])
    assert "outside the directory" in why(read(lesions="image,class,mask\na.png,mole,../m.png\n")["a.png"])
    Image.fromarray(values[:, :9]).save(tmp_path / "m.png")
    assert "The mask is 9 x 30 px, the image 40 x 30 px." in why(read(lesions=lesions)["b.png"])


def test_a_region_is_a_mask_of_each_image(read: Read, tmp_path: Path) -> None:
    domain = read_domain(SKIN + '[image]\nregion = "mask"\n', "domain.toml")
    for name, size in (("r.png", (ROWS, COLUMNS)), ("small.png", (3, 4))):
        Image.fromarray(np.ones(size, np.uint8)).save(tmp_path / name)
    lesions = "image,class\na.png,mole\n"
    cases = read("image,region,region_value\na.png,r.png,1\nb.png,r.png,\n", lesions, domain)
    regions = [region for case in cases.values() for region in case.regions]
    file = str(tmp_path / "r.png")
    assert [(one.scan, one.file, one.value) for one in regions] == [("a", file, 1), ("b", file, None)]
    cases = read("image,region,region_value\na.png,,\nb.png,r.png,x\n", lesions, domain)
    assert "names no region" in why(cases["a.png"]) and "The region's value is 'x'" in why(cases["b.png"])
    assert "The region is 4 x 3 px" in why(read("image,region\na.png,small.png\n", lesions, domain)["a.png"])
    remarks: list[str] = []
    assert read("image,person,region\na.png,A,r.png\n", lesions, remarks=remarks)["a.png"].regions == []
    assert remarks == ["manifest.csv: ignored are the columns 'region'"]


def test_colour_and_grey_images_are_not_taken_for_each_other(read: Read, tmp_path: Path) -> None:
    Image.new("RGB", (COLUMNS, ROWS)).save(tmp_path / "b.png")
    lesions = "image,class\na.png,{0}\nb.png,{0}\n"
    grey = read(lesions=lesions.format("mole"))
    assert "b.png is RGB, not grey" in why(grey["b.png"]) and grey["a.png"].scans
    colour = read(lesions=lesions.format("WBC"), domain=CELLS)
    assert "not in colour (RGB" in why(colour["a.png"])
    (scan,) = colour["b.png"].scans
    assert (scan.bits, scan.digitizer) == (8, "COLOUR")


def test_mammograms_have_two_tables_too(read: Read) -> None:
    manifest = "image,patient,laterality,view,density\na.png,P,l,cc,3\nb.png,Q,,,\n"
    lesions = (
        "image,pathology,x,y,width,height,shape,Lesion Type,margins,assessment,asymmetry\n"
        "a.png,benign_without_callback,1,1,5,5,oval;lobulated,mass,ILL_DEFINED,4,focal\n"
    )
    remarks: list[str] = []
    case = read(manifest, lesions, MAMMOGRAPHY, remarks)["a.png"]
    assert remarks == ["lesions.csv: ignored are the columns 'asymmetry'"]
    (scan,), (lesion,) = case.scans, case.lesions
    assert (scan.patient, scan.laterality, scan.view, scan.density) == ("P", "LEFT", "CC", 3)
    assert (lesion.pathology, lesion.shape, lesion.margins) == (
        "benign_without_callback",
        "OVAL-LOBULATED",
        "ILL_DEFINED",
    )
    assert (lesion.lesion_type, lesion.assessment) == ("MASS", 4)
    assert lesion.report == "LESION_TYPE MASS SHAPE OVAL-LOBULATED MARGINS ILL_DEFINED"
    assert case.keywords == []
    assert "not a laterality" in why(read(manifest.replace(",l,", ",middle,"), lesions, MAMMOGRAPHY)["a.png"])


def test_the_one_table_of_mammograms_is_read_as_before(read: Read, tmp_path: Path) -> None:
    manifest = "image,mask,patient,laterality,view,pathology\na.png,,P,L,CC,normal\n"
    (tmp_path / "manifest.csv").write_text(manifest)
    kind = kind_of_source(tmp_path)
    assert kind.items(tmp_path, MAMMOGRAPHY, []) == find_rows(tmp_path)


def test_names_are_taken_once(read: Read, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "other" / "b.png")
    cases = read("image\nb.png\n./other/b.png\n", "image,class\nother/b.png,mole\nb.png,mole\n")
    assert cases["b.png"].scans and "taken by b.png" in why(cases["other/b.png"])


def test_a_domain_is_named_or_lies_in_the_source(tmp_path: Path) -> None:
    remarks: list[str] = []
    assert domain_of_source(tmp_path, None, remarks) == MAMMOGRAPHY
    (tmp_path / "domain.toml").write_text(SKIN)
    assert domain_of_source(tmp_path, None, remarks) == read_domain(SKIN, "") and remarks == []
    assert domain_of_source(tmp_path, str(tmp_path / "domain.toml"), remarks).name == "skin" and remarks == []
    other = tmp_path / "other.toml"
    other.write_text(SKIN.replace('"skin"', '"other"', 1))
    assert domain_of_source(tmp_path, str(other), remarks).name == "other"
    assert remarks == [f"the domain is that of {other}: {tmp_path / 'domain.toml'} is not used"]
    with pytest.raises(BadInput, match="cannot be read"):
        domain_of_source(tmp_path, str(tmp_path / "absent.toml"), remarks)
    (tmp_path / "domain.toml").unlink()
    (tmp_path / "domain.toml").symlink_to("nowhere")
    with pytest.raises(BadInput, match="cannot be read"):
        domain_of_source(tmp_path, None, remarks)


@pytest.mark.skipif(not (SHARED / "bccd").is_dir(), reason="../shared/data/bccd is not there")
def test_all_of_the_blood_smears_is_read() -> None:
    remarks: list[str] = []
    kind = kind_of_source(SHARED / "bccd")
    items = kind.items(SHARED / "bccd", CELLS, remarks)
    cases = [kind.case(SHARED / "bccd", item, CELLS) for item in items]
    assert remarks == [] and not any(case.rejected or case.repairs for case in cases)
    assert len(cases) == 281 and {case.scans[0].digitizer for case in cases} == {"COLOUR"}
    lesions = [lesion for case in cases for lesion in case.lesions]
    counts = {name: sum(one.pathology == name for one in lesions) for name in CELLS.classes}
    assert counts == {"background": 3227, "platelets": 254, "white_cell": 284}
    assert {one.report for one in lesions if one.pathology == "background"} == {"CELL RED_BLOOD_CELL"}
