"""mini-MIAS as it is published: circles of Info.txt, y from below, on PGM that Pillow writes."""

from pathlib import Path

import pytest
from PIL import Image

from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Remote
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources.image import read_image
from deepminer_ray.sources.kinds import kind_of_source
from tests.bucket import put
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, read_source, shared_case, why

HEADER = "REFNUM BG CLASS SEVERITY X Y RADIUS\n"
ROWS = """mdb001 G CIRC B 300 625 60
mdb002 D NORM
mdb003 F SPIC M 200 400 40
mdb003 F CALC B 400 512 20
mdb004 G CALC M *NOTE 3*
mdb005 F ASYM B
"""


def write(folder: Path, info: str = HEADER + ROWS, scans: str = "mdb001 mdb002 mdb003 mdb004 mdb005") -> Path:
    """The films in all-mias, the first with a disc where its row says one: 625 px above the lower edge."""
    (folder / "all-mias").mkdir(parents=True)
    (folder / "Info.txt").write_text(info)
    for name in scans.split():
        discs = [(300, 1024 - 625, 60)] if name == "mdb001" else []
        Image.fromarray(breast(1024, 1024, discs).astype("uint8")).save(folder / "all-mias" / f"{name}.pgm")
    return folder


@pytest.fixture(scope="module")
def mias(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("mias"))


def test_circles_lie_where_the_film_is_brighter(mias: Path) -> None:
    case = read_source(mias, "mias")["mdb001.pgm"]
    (scan,), (lesion,) = case.scans, case.lesions
    assert (scan.scan, scan.patient, scan.laterality, scan.view) == ("mdb001", "mdb001-mdb002", "RIGHT", "MLO")
    assert (scan.rows, scan.columns, scan.bits, scan.resolution) == (1024, 1024, 8, 200.0)
    assert (scan.density, scan.age, scan.digitizer) == (None, None, "DISPLAY")
    assert (lesion.pathology, lesion.lesion_type, lesion.margins) == ("benign", "MASS", "CIRCUMSCRIBED")
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (240, 339, 120, 120)
    inside = filled_outline(lesion.outline, lesion.width, lesion.height, lesion.x, lesion.y)
    bright = read_image(scan.file) < 10_000  # dense tissue lets less light pass on a film: its display is bright
    box = bright[339:459, 240:360]
    assert (inside == box).all() and bright.sum() == box.sum()
    assert not case.repairs


def test_several_rows_are_several_findings_of_one_film(mias: Path) -> None:
    cases = read_source(mias, "mias")
    spiculated, calcification = cases["mdb003.pgm"].lesions
    assert (spiculated.pathology, spiculated.margins) == ("malignant", "SPICULATED")
    assert (calcification.pathology, calcification.lesion_type) == ("benign", "CALCIFICATION")
    assert (calcification.y, calcification.height) == (1024 - 512 - 20, 40)
    assert {case.scans[0].patient for case in cases.values()} == {"mdb001-mdb002", "mdb003-mdb004", "mdb005-mdb006"}
    assert cases["mdb004.pgm"].scans[0].laterality == "LEFT"


def test_findings_without_coordinates_have_no_place_and_normal_films_no_findings(mias: Path) -> None:
    cases = read_source(mias, "mias")
    for name, pathology in (("mdb004.pgm", "malignant"), ("mdb005.pgm", "benign")):
        (lesion,) = cases[name].lesions
        assert (lesion.pathology, lesion.outline, lesion.x) == (pathology, [], None)
    assert cases["mdb005.pgm"].lesions[0].report == "LESION_TYPE ASYMMETRY"
    normal = cases["mdb002.pgm"]
    assert normal.scans and not normal.lesions and normal.scans[0].resolution == 200.0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("mdb001 X CIRC B 300 625 60", "The background tissue 'X' is none of F, G, D"),
        ("mdb001 G CIRCLE B 300 625 60", "The class 'CIRCLE' is none of CALC, CIRC"),
        ("mdb001 G CIRC Q 300 625 60", "The severity 'Q' is none of B, M"),
        ("mdb001 G CIRC", "The severity '' is none of B, M"),
        ("mdb001", "background tissue ''"),
        ("mdb001 G CIRC B 300 625", "'300 625' is not x, y and a radius"),
        ("mdb001 G CIRC B 300 6x5 60", "has '6x5', which is not a number"),
        ("mdb001 G CIRC B 300 nan 60", "has 'nan', which is not a number"),
        ("mdb001 G CIRC B 300 625 0", "radius is 0: it must be more"),
        ("mdb001 G NORM B 300 625 60", "It is NORM, and has"),
        ("mdb001 G CIRC B 300 1625 60", "Finding 1 of 1: It lies outside the image of 1024 x 1024 px"),
        ("mdb001 G CIRC B 900 625 60", "The circle of finding 1 lies beside the breast"),
        ("mdb001 G CIRC B 300 625 60\nmdb001 D CIRC B 300 525 60", "Several rows of Info.txt say different"),
        ("mdb001 G CIRC B 300 625 60\nmdb001 G NORM", "Several rows of Info.txt say different"),
        ("mdb001 G NORM\nmdb001 G CIRC B 300 625 60", "Several rows of Info.txt say different"),
        ("mdb002 G NORM", "No row of Info.txt names it"),
    ],
)
def test_a_row_that_cannot_be_right_rejects_its_film(tmp_path: Path, row: str, reason: str) -> None:
    cases = read_source(write(tmp_path, f"{HEADER}{row}\nmdb003 G NORM\n", "mdb001 mdb003"), "mias")
    assert reason in why(cases["mdb001.pgm"])
    assert cases["mdb003.pgm"].scans


def test_a_name_that_is_none_and_a_missing_or_damaged_film_are_rejected(tmp_path: Path) -> None:
    write(tmp_path, ROWS + "mdb9O1 G NORM\n", "mdb001 mdb002")
    (tmp_path / "all-mias" / "mdb003.pgm").write_bytes(b"P5\n1024 1024\n25")
    cases = read_source(tmp_path, "mias")
    assert "not mdb and three digits" in why(cases["mdb9O1.pgm"])
    assert "cannot be decoded" in why(cases["mdb003.pgm"])
    assert "no such file" in why(cases["mdb004.pgm"])
    assert cases["mdb001.pgm"].scans and cases["mdb002.pgm"].scans


def test_a_film_that_is_there_twice_and_a_row_that_is(tmp_path: Path) -> None:
    write(tmp_path, ROWS + ROWS)
    (tmp_path / "mdb002.pgm").write_bytes((tmp_path / "all-mias" / "mdb002.pgm").read_bytes())
    cases = read_source(tmp_path, "mias")
    assert "2 files have its name" in why(cases["mdb002.pgm"])
    assert [len(cases[f"mdb00{number}.pgm"].lesions) for number in (1, 3, 4, 5)] == [1, 2, 1, 1]


def test_circles_of_a_scaled_copy_are_refused_and_of_a_cut_one_said(tmp_path: Path) -> None:
    write(tmp_path, "mdb001 G CIRC B 100 300 20\nmdb002 G CIRC B 100 300 20\nmdb003 G NORM\n", "")
    for name, size in (("mdb001", (512, 512)), ("mdb002", (500, 400)), ("mdb003", (512, 512))):
        Image.fromarray(breast(*size).astype("uint8")).save(tmp_path / f"{name}.pgm")
    cases = read_source(tmp_path, "mias")
    assert "is 512 x 512 px, not 1024 x 1024" in why(cases["mdb001.pgm"])
    (lesion,), (repair,) = cases["mdb002.pgm"].lesions, cases["mdb002.pgm"].repairs
    assert (lesion.y, lesion.height) == (500 - 300 - 20, 40) and "is 400 x 500 px" in repair.what
    assert cases["mdb003.pgm"].scans[0].resolution is None


def test_a_file_that_names_no_film_and_another_domain_are_refused(tmp_path: Path) -> None:
    kind = kind_of_source(write(tmp_path, "REFNUM\n"))
    with pytest.raises(BadInput, match=r"names no film of mini-MIAS"):
        kind.items(tmp_path, MAMMOGRAPHY, [])
    (tmp_path / "Info.txt").write_text(ROWS.replace("mdb003 F CALC", "ndb003 F CALC"))
    with pytest.raises(BadInput, match=r"line 4 is a row of 'ndb003'"):
        kind.items(tmp_path, MAMMOGRAPHY, [])
    with pytest.raises(BadInput, match="holds mammograms, and the domain is x"):
        kind.items(tmp_path, read_domain('name = "x"\nclasses = ["no", "yes"]\nrest = "no"\n', "domain.toml"), [])


@pytest.mark.slow
def test_it_may_lie_in_a_bucket(mias: Path, bucket: Remote) -> None:
    put(mias, bucket / "mias")
    here, there = read_source(mias, "mias"), read_source(bucket / "mias", "mias")
    assert {name: case.lesions for name, case in here.items()} == {name: case.lesions for name, case in there.items()}


def test_the_shared_case_is_read(tmp_path: Path) -> None:
    cases = read_source(shared_case("datasets_as_published", tmp_path) / "mias", "mias")
    first, second = cases["mdb901.pgm"].lesions
    assert (first.pathology, first.x, first.y, first.width, first.height) == ("malignant", 68, 178, 44, 44)
    assert (second.pathology, second.x, second.y) == ("benign", 110, 400 - 150 - 10)
    assert "no such file" in why(cases["mdb902.pgm"]) and "no such file" in why(cases["mdb903.pgm"])
