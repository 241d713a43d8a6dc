"""Cases of DDSM drawn on disk with the faults of the real ones, and one real patient."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ddsm, ljpeg
from deepminer_ray.sources.density import to_density
from deepminer_ray.sources.ics import ICS_VIEWS, Ics, View, format_ics
from deepminer_ray.sources.overlay import Abnormality, format_overlay
from deepminer_ray.sources.rows import NOT_OUTLINED, Case, Lesion, Rejected, Repair, Scan

REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "ddsm-real"

RING = [(4, 5), (5, 6), (4, 7), (3, 6)]
MASS = Abnormality("LESION_TYPE MASS SHAPE IRREGULAR MARGINS SPICULATED", "malignant", 5, 4, RING)
SPOTS = Abnormality(
    "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC DISTRIBUTION CLUSTERED", "unproven", 4, 2, [(8, 9), (9, 9)]
)
ROWS, COLUMNS = 12, 10


def grey_levels(seed: int) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(500, 4096, (ROWS, COLUMNS), np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One case: four films, the CC films with exchanged rows and columns, two lesions on the left MLO film."""
    folder = tmp_path / "cancers" / "cancer_01" / "case0820"
    folder.mkdir(parents=True)
    views = {name: View(ROWS, COLUMNS, 12, 50.0, name == "LEFT_MLO") for name in ICS_VIEWS}
    (folder / "C-0820-1.ics").write_text(format_ics(Ics("C-0820-1", "LUMISYS", 3, 52, views=views)))
    for number, name in enumerate(ICS_VIEWS):
        coded = ljpeg.encode(grey_levels(number), exchanged=name.endswith("CC"))
        (folder / f"C_0820_1.{name}.LJPEG").write_bytes(coded)
    (folder / "C_0820_1.LEFT_MLO.OVERLAY").write_text(format_overlay([MASS, SPOTS]))
    (folder / "TAPE_C_0820_1.COMB.16_PGM").touch()
    return folder


def read(folder: Path) -> Case:
    return ddsm.read_case(str(folder / "C-0820-1.ics"))


def names(case: Case) -> list[str]:
    return [f"{scan.laterality}_{scan.view}" for scan in case.scans]


def test_cases_are_found_below_a_directory(folder: Path) -> None:
    root = folder.parents[2]
    other = folder.parent / "case0001"
    other.mkdir()
    assert not ddsm.recognise(other)
    (other / "C-0001-1.ics").touch()
    (other / "C-0001-1.ics~").touch()
    assert ddsm.recognise(root)
    assert ddsm.find_cases(root) == [str(other / "C-0001-1.ics"), str(folder / "C-0820-1.ics")]


def test_scans_whose_ics_is_lost_are_rejected_one_by_one(folder: Path) -> None:
    (folder / "C-0820-1.ics").unlink()
    files = sorted(folder.glob("*.LJPEG"))
    assert files and ddsm.find_cases(folder.parents[2]) == [str(folder)]
    case = ddsm.read_case(str(folder))
    assert not case.scans and not case.lesions
    assert [rejected.file for rejected in case.rejected] == list(map(str, files))
    assert all("has no .ics" in rejected.reason for rejected in case.rejected)


def test_links_to_folders_are_followed_once(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "cancer_01").symlink_to(folder.parent)
    (folder / "round").symlink_to(source)
    assert ddsm.find_cases(source) == [str(source / "cancer_01" / "case0820" / "C-0820-1.ics")]


def test_a_whole_case(folder: Path) -> None:
    case = read(folder)
    assert (case.rejected, case.repairs) == ([], [])
    assert names(case) == list(ICS_VIEWS)
    assert case.scans[1] == Scan(
        scan="cancer_01-C_0820_1.LEFT_MLO",
        patient="C_0820",
        laterality="LEFT",
        view="MLO",
        source_kind="ddsm",
        file=str(folder / "C_0820_1.LEFT_MLO.LJPEG"),
        rows=ROWS,
        columns=COLUMNS,
        bits=12,
        digitizer="LUMISYS",
        resolution=50.0,
        density=3,
        age=52,
    )
    mass, spots = case.lesions
    assert mass == Lesion(
        lesion="cancer_01-C_0820_1.LEFT_MLO#1",
        scan="cancer_01-C_0820_1.LEFT_MLO",
        abnormality=1,
        pathology="malignant",
        lesion_type="MASS",
        shape="IRREGULAR",
        margins="SPICULATED",
        calcification_type=None,
        distribution=None,
        assessment=5,
        subtlety=4,
        report="LESION_TYPE MASS SHAPE IRREGULAR MARGINS SPICULATED",
        x=3,
        y=5,
        width=3,
        height=3,
        outline=[RING],
    )
    assert (spots.lesion, spots.calcification_type) == ("cancer_01-C_0820_1.LEFT_MLO#2", "PLEOMORPHIC")
    assert (spots.x, spots.y, spots.width, spots.height, spots.subtlety) == (8, 9, 2, 1, 2)


def test_scans_are_read_as_density_the_right_way_round(folder: Path) -> None:
    for number, scan in enumerate(read(folder).scans):
        found = ddsm.decode_scan(scan.file, scan.rows, scan.columns, scan.digitizer, scan.bits)
        np.testing.assert_array_equal(found, to_density(grey_levels(number), "LUMISYS"))


def test_the_same_case_in_two_volumes_is_one_patient(folder: Path) -> None:
    again = folder.parents[1] / "benign_05"
    folder.parent.rename(again)
    scan = read(again / folder.name).scans[0]
    assert (scan.scan, scan.patient) == ("benign_05-C_0820_1.LEFT_CC", "C_0820")


def test_a_relative_path_knows_its_volume(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert ddsm.read_case("C-0820-1.ics").scans[0].scan == "cancer_01-C_0820_1.LEFT_CC"


LEFT_CC = "C_0820_1.LEFT_CC.LJPEG"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "The film is missing."),
        (b"", "Not a JPEG: the file does not begin with a start-of-image marker."),
        (ljpeg.encode(grey_levels(0))[:20], "The LJPEG is damaged: it ends inside its headers."),
        (ljpeg.encode(grey_levels(0)[1:]), "The LJPEG holds 11 x 10 pixels, the .ics says 12 x 10."),
    ],
)
def test_a_scan_without_header_is_rejected(folder: Path, content: bytes | None, reason: str) -> None:
    if content is None:
        (folder / LEFT_CC).unlink()
    else:
        (folder / LEFT_CC).write_bytes(content)
    case = read(folder)
    assert case.rejected == [Rejected(str(folder / LEFT_CC), reason)]
    assert names(case) == ["LEFT_MLO", "RIGHT_CC", "RIGHT_MLO"]


def test_a_packed_scan_is_to_be_unpacked(folder: Path) -> None:
    packed = folder / f"{LEFT_CC}.gz"
    packed.write_bytes(gzip.compress((folder / LEFT_CC).read_bytes()))
    (folder / LEFT_CC).unlink()
    assert read(folder).rejected == [Rejected(str(folder / LEFT_CC), f"The film is packed: unpack {packed.name}.")]


def test_a_scan_of_another_shape_with_as_many_pixels_is_reshaped(folder: Path) -> None:
    (folder / LEFT_CC).write_bytes(ljpeg.encode(grey_levels(0).reshape(6, 20)))
    case = read(folder)
    assert case.repairs == [Repair(str(folder / LEFT_CC), "holds 6 x 20 pixels: reshaped to 12 x 10 of the .ics")]
    found = ddsm.decode_scan(case.scans[0].file, ROWS, COLUMNS, "LUMISYS", 12)
    np.testing.assert_array_equal(found, to_density(grey_levels(0), "LUMISYS"))


def test_a_scan_the_ics_does_not_know_is_rejected(folder: Path) -> None:
    ics = folder / "C-0820-1.ics"
    ics.write_text("".join(line for line in ics.read_text().splitlines(True) if not line.startswith("LEFT_CC")))
    case = read(folder)
    assert case.rejected == [Rejected(str(folder / LEFT_CC), "The .ics has no size for this film.")]
    assert names(case) == ["LEFT_MLO", "RIGHT_CC", "RIGHT_MLO"]


@pytest.mark.parametrize("text", ["", "<html>", format_overlay([MASS])[:-20]])
def test_an_unreadable_overlay_costs_the_scan(folder: Path, text: str) -> None:
    overlay = folder / "C_0820_1.LEFT_MLO.OVERLAY"
    overlay.write_text(text)
    (folder / "C_0820_1.RIGHT_CC.OVERLAY").write_text(format_overlay([MASS]))
    case = read(folder)
    assert [Path(row.file).name for row in case.rejected] == [overlay.name, "C_0820_1.LEFT_MLO.LJPEG"]
    assert case.rejected[1].reason == "Its OVERLAY cannot be read: its labels would be wrong."
    assert names(case) == ["LEFT_CC", "RIGHT_CC", "RIGHT_MLO"]
    assert {lesion.scan for lesion in case.lesions} == {"cancer_01-C_0820_1.RIGHT_CC"}


def test_an_overlay_that_is_announced_and_missing_costs_the_scan(folder: Path) -> None:
    """Its patches would count as normal; one that is there unannounced is read."""
    (folder / "C_0820_1.LEFT_MLO.OVERLAY").rename(folder / "C_0820_1.RIGHT_CC.OVERLAY")
    case = read(folder)
    (lost,) = case.rejected
    assert (Path(lost.file).name, NOT_OUTLINED in lost.reason) == ("C_0820_1.LEFT_MLO.LJPEG", True)
    assert names(case) == ["LEFT_CC", "RIGHT_CC", "RIGHT_MLO"]
    assert {lesion.scan for lesion in case.lesions} == {"cancer_01-C_0820_1.RIGHT_CC"}
    assert [repair.what for repair in case.repairs] == ["the .ics announces no OVERLAY, there is one: it was read"]


@pytest.mark.parametrize("volume", ["cancer_01", "cancers", "benign_07", "benign_without_callback_02", "BENIGNS"])
@pytest.mark.parametrize("overlay", [None, "", "TOTAL_ABNORMALITIES 1\nABNORMALITY 1\n"])
def test_a_patient_with_a_finding_never_counts_as_normal(folder: Path, volume: str, overlay: str | None) -> None:
    """Whatever became of its only overlay: all four films are left out, each with its reason."""
    case_folder = folder.parent.parent / volume / folder.name
    if case_folder != folder:
        case_folder.parent.mkdir(exist_ok=True)
        folder.rename(case_folder)
    drawing = case_folder / "C_0820_1.LEFT_MLO.OVERLAY"
    drawing.unlink() if overlay is None else drawing.write_text(overlay)
    case = read(case_folder)
    assert case.scans == [] and case.lesions == []
    assert {Path(row.file).name for row in case.rejected} >= {f"C_0820_1.{view}.LJPEG" for view in ICS_VIEWS}
    normal = case_folder.parent.parent / "normal_01" / folder.name
    normal.parent.mkdir()
    case_folder.rename(normal)
    assert {"LEFT_CC", "RIGHT_CC", "RIGHT_MLO"} <= set(names(read(normal)))


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("PATIENT_AGE 52", "PATIENT_AGE 99999999999"),
        ("PATIENT_AGE 52", "PATIENT_AGE " + "9" * 5000),
        ("PATIENT_AGE 52", "PATIENT_AGE 151"),
        ("PATIENT_AGE 52", "PATIENT_AGE \u0665\u0662"),
    ],
)
def test_an_age_that_nobody_has_stays_unknown(folder: Path, said: str, instead: str) -> None:
    ics = folder / "C-0820-1.ics"
    ics.write_text(ics.read_text().replace(said, instead))
    case = read(folder)
    assert {scan.age for scan in case.scans} == {None} and names(case) == list(ICS_VIEWS)


def test_a_corrected_overlay_is_a_repair(folder: Path) -> None:
    overlay = folder / "C_0820_1.LEFT_MLO.OVERLAY"
    overlay.write_text(overlay.read_text().replace("TOTAL_OUTLINES 1", "TOTAL_OUTLINES 3", 1))
    case = read(folder)
    assert case.repairs == [Repair(str(overlay), "abnormality 1 announces 3 outlines, holds 1")]
    assert len(case.lesions) == 2


@pytest.mark.parametrize(
    ("said", "instead", "name", "what"),
    [
        ("PATIENT_AGE 52", "PATIENT_AGE ", "C-0820-1.ics", "has no PATIENT_AGE: it stays unknown"),
        ("RESOLUTION 50 OVERLAY", "OVERLAY", "{}.OVERLAY", "the .ics has no RESOLUTION of this film: it stays unknown"),
    ],
)
def test_what_the_ics_leaves_out_is_a_repair(folder: Path, said: str, instead: str, name: str, what: str) -> None:
    ics = folder / "C-0820-1.ics"
    assert said in ics.read_text()
    ics.write_text(ics.read_text().replace(said, instead))
    case = read(folder)
    assert case.repairs == [Repair(str(folder / name.format("C_0820_1.LEFT_MLO")), what)]
    assert names(case) == list(ICS_VIEWS)


def test_every_file_that_is_not_read_is_named(folder: Path) -> None:
    ignored = {
        "#mv.sh#": "not a file of DDSM's layout",
        "A-1816-1.html~": "not a file of DDSM's layout",
        "A_1585_1.RIGHT_MLO.OVERLAY": "no film of this case",
        "A_1585_1.RIGHT_MLO.LJPEG": "no film of this case",
        "C-0820-1.ics~": "not a file of DDSM's layout",
        "C_0820_1.LEFT_CC.LJPEG.1": "a copy or a leftover of a film",
        "C_0820_1.RIGHT_MLO.OVERLAYu": "not a file of DDSM's layout",
        "TAPE_A_1378_1.COMB.16_PGM": "the preview of another case",
        "jpeg": "not a file of DDSM's layout",
    }
    for name in ignored:
        (folder / name).touch()
    (folder / "a folder").mkdir()
    case = read(folder)
    found = {Path(repair.file).name: repair.what for repair in case.repairs}
    assert found.keys() == ignored.keys()
    assert all(found[name].startswith("ignored: it ") and found[name].endswith(ignored[name]) for name in ignored)
    assert case.rejected == []
    assert names(case) == list(ICS_VIEWS)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("C-0820-1.ics", "<html>", "Not an .ics: it has no ics_version."),
        ("C-0820-1.ics", None, "No such file"),
        ("notes.ics", "ics_version 1.0", "not named as a case of DDSM"),
    ],
)
def test_an_unreadable_ics_is_rejected(folder: Path, name: str, text: str | None, reason: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
    case = ddsm.read_case(str(path))
    assert [row.file for row in case.rejected] == [str(path)]
    assert reason in case.rejected[0].reason
    assert (case.scans, case.lesions, case.repairs) == ([], [], [])


def test_the_name_of_the_file_is_trusted_more_than_the_name_inside(folder: Path) -> None:
    ics = folder / "C-0820-1.ics"
    ics.write_text(ics.read_text().replace("C-0820-1", "C-0821-1"))
    case = read(folder)
    assert case.repairs == [Repair(str(ics), "names the case 'C-0821-1': the name of the file was taken")]
    assert case.scans[0].patient == "C_0820"


def test_a_scan_with_more_levels_than_its_digitizer_has_is_refused(folder: Path) -> None:
    grey = grey_levels(0)
    grey[3, 4] = 4096
    (folder / LEFT_CC).write_bytes(ljpeg.encode(grey))
    with pytest.raises(BadInput, match="grey level 4096, more than the 12 bits"):
        ddsm.decode_scan(str(folder / LEFT_CC), ROWS, COLUMNS, "LUMISYS", 12)
    assert ddsm.decode_scan(str(folder / LEFT_CC), ROWS, COLUMNS, "DBA", 16).shape == (ROWS, COLUMNS)


def test_a_damaged_scan_is_refused(folder: Path) -> None:
    path = folder / LEFT_CC
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(BadInput, match="cut off"):
        ddsm.decode_scan(str(path), ROWS, COLUMNS, "LUMISYS", 12)


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/ddsm-real is not there")
def test_a_real_patient() -> None:
    assert ddsm.recognise(REAL)
    (path,) = ddsm.find_cases(REAL)
    case = ddsm.read_case(path)
    assert (case.rejected, case.repairs) == ([], [])
    assert [(scan.scan, scan.rows, scan.columns) for scan in case.scans] == [
        ("cancer_01-C_0820_1.LEFT_CC", 4736, 2624),
        ("cancer_01-C_0820_1.LEFT_MLO", 4680, 2576),
        ("cancer_01-C_0820_1.RIGHT_CC", 4688, 2592),
        ("cancer_01-C_0820_1.RIGHT_MLO", 4672, 2632),
    ]
    assert [(lesion.scan[-8:], lesion.pathology, len(lesion.outline)) for lesion in case.lesions] == [
        ("LEFT_MLO", "malignant", 1),
        ("RIGHT_CC", "benign", 1),
        ("IGHT_MLO", "benign", 1),
    ]
    scan = case.scans[0]
    pixels = ddsm.decode_scan(scan.file, scan.rows, scan.columns, scan.digitizer, scan.bits)
    assert pixels.shape == (4736, 2624)
    # Neighbouring rows of a film are alike; a wrong first line or a wrong shape would make them strangers.
    assert np.median(np.abs(np.diff(pixels.astype(np.int32), axis=0))) < 300
    coded = Path(scan.file).read_bytes()
    assert ljpeg.encode(ljpeg.decode(coded, rows=scan.rows, columns=scan.columns), exchanged=True) == coded
