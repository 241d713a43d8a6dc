"""A manifest.csv becomes scans and lesions; what cannot be used says why."""

import contextlib
import os
import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources.image import read_image
from deepminer_ray.sources.manifest import find_rows, read_row, recognise
from deepminer_ray.sources.rows import NOT_OUTLINED, Case

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"

Source = Callable[..., list[Case]]


def draw(file: Path, pixels: NDArray[np.generic]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def blobs(*boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A mask 20 high and 30 wide with white boxes of x, y, width, height."""
    mask = np.zeros((20, 30), np.uint8)
    for x, y, width, height in boxes:
        mask[y : y + height, x : x + width] = 255
    return mask


TWO = blobs((12, 2, 4, 5), (3, 10, 6, 2))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Reads a manifest of one row with defaults in all columns; its mask holds two boxes."""
    draw(tmp_path / "images" / "a.png", np.full((20, 30), 128, np.uint8))
    draw(tmp_path / "masks" / "two.png", TWO)

    def read(**columns: str) -> list[Case]:
        row = {
            "image": "images/a.png",
            "mask": "masks/two.png",
            "patient": "P_1",
            "laterality": "LEFT",
            "view": "CC",
            "pathology": "malignant",
        } | columns
        (tmp_path / "manifest.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
        return [read_row(str(tmp_path), found) for found in find_rows(tmp_path)]

    return read


def test_a_row_is_a_scan_with_the_facts_of_its_image(source: Source, tmp_path: Path) -> None:
    (case,) = source(laterality="right", view="mlo", density="3", age="61.0", resolution="43.5")
    (scan,) = case.scans
    assert (scan.scan, scan.patient, scan.laterality, scan.view) == ("a", "P_1", "RIGHT", "MLO")
    assert scan.file == str(tmp_path / "images" / "a.png")
    assert (scan.rows, scan.columns, scan.bits, scan.digitizer) == (20, 30, 8, "DISPLAY")
    assert (scan.source_kind, scan.density, scan.age, scan.resolution) == ("manifest", 3, 61, 43.5)
    assert not case.rejected
    assert not case.repairs


def test_components_have_the_values_of_their_place(source: Source) -> None:
    (case,) = source(
        pathology="Benign|MALIGNANT", shape="OVAL|irregular", margins="nan|Ill Defined", assessment="3|5", subtlety="4"
    )
    first, second = case.lesions
    assert (first.lesion, first.scan, first.abnormality) == ("a#1", "a", 1)
    assert (first.x, first.y, first.width, first.height) == (3, 10, 6, 2)  # the leftmost comes first
    assert (second.x, second.y, second.width, second.height) == (12, 2, 4, 5)
    assert [lesion.pathology for lesion in case.lesions] == ["benign", "malignant"]
    assert [lesion.lesion_type for lesion in case.lesions] == ["MASS", "MASS"]
    assert [lesion.margins for lesion in case.lesions] == [None, "ILL_DEFINED"]
    assert [lesion.assessment for lesion in case.lesions] == [3, 5]
    assert [lesion.subtlety for lesion in case.lesions] == [4, 4]
    assert first.report == "LESION_TYPE MASS SHAPE OVAL"
    assert second.report == "LESION_TYPE MASS SHAPE IRREGULAR MARGINS ILL_DEFINED"
    assert case.repairs == []


@pytest.mark.parametrize(
    ("columns", "lesion_type", "report"),
    [
        ({}, None, ""),
        ({"shape": "N/A", "margins": ""}, None, ""),
        ({"margins": "SPICULATED"}, "MASS", "LESION_TYPE MASS MARGINS SPICULATED"),
        ({"lesion_type": "mass"}, "MASS", "LESION_TYPE MASS"),
        ({"lesion_type": "OTHER"}, "OTHER", "LESION_TYPE OTHER"),
        (
            {"calcification_type": "PLEOMORPHIC", "distribution": "CLUSTERED"},
            "CALCIFICATION",
            "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC DISTRIBUTION CLUSTERED",
        ),
        (
            {"shape": "OVAL", "calcification_type": "COARSE"},
            "MASS-CALCIFICATION",
            "LESION_TYPE MASS SHAPE OVAL LESION_TYPE CALCIFICATION TYPE COARSE",
        ),
    ],
)
def test_the_report_is_the_keyword_line_of_an_overlay(
    source: Source, columns: dict[str, str], lesion_type: str | None, report: str
) -> None:
    (lesion,) = source(**columns)[0].lesions
    assert (lesion.lesion_type, lesion.report) == (lesion_type, report)


def test_values_of_a_mask_are_its_lesions(source: Source, tmp_path: Path) -> None:
    """Value 1 lies right of value 2; with any other value, or another number of lesions, places count."""
    values = np.zeros((20, 30), np.uint8)
    values[2:7, 20:24], values[10:12, 3:9] = 1, 2
    draw(tmp_path / "masks" / "values.png", values)
    said = {"pathology": "malignant|benign", "mask": "masks/values.png"}
    (case,) = source(**said)
    assert [(one.pathology, one.x, one.width) for one in case.lesions] == [("malignant", 20, 4), ("benign", 3, 6)]
    draw(tmp_path / "masks" / "values.png", values * 100)
    (case,) = source(**said)
    assert [(one.pathology, one.x) for one in case.lesions] == [("malignant", 3), ("benign", 20)]


@pytest.mark.parametrize(("share", "taken"), [(0.5, True), (0.6, False), (1.0, False)])
def test_a_mask_of_most_of_the_film_is_refused(source: Source, tmp_path: Path, share: float, taken: bool) -> None:
    values = np.zeros((20, 30), np.uint8)
    values[: round(20 * share)] = 255
    draw(tmp_path / "masks" / "large.png", values)
    (case,) = source(pathology="malignant", mask="masks/large.png")
    assert len(case.lesions) == taken
    assert taken or "of the film: it is inverted" in case.rejected[0].reason


def test_one_lesion_may_have_several_parts(source: Source) -> None:
    (case,) = source(shape="OVAL")
    (lesion,) = case.lesions
    assert (lesion.x, lesion.y, lesion.width, lesion.height) == (3, 2, 13, 10)
    assert np.array_equal(filled_outline(lesion.outline, 30, 20, 0, 0), TWO > 0)
    assert case.repairs == []


def test_lesions_counted_without_values_of_their_own_share_one(source: Source) -> None:
    (case,) = source(lesions="2", shape="OVAL")
    assert [lesion.shape for lesion in case.lesions] == ["OVAL", "OVAL"]


def test_which_lesion_is_where_is_not_guessed(source: Source) -> None:
    (case,) = source(pathology="benign|malignant|benign", shape="OVAL|nan|ROUND", assessment="3|4|0")
    assert case.scans == [] and case.lesions == []
    said = (
        "It has 3 lesions, and its mask 2 separate areas: nobody knows which is which. Give the areas the values 1 to 3"
    )
    assert said in case.rejected[0].reason and "lesions.csv" in case.rejected[0].reason


def test_values_that_cannot_be_dealt_out_are_joined_and_said(source: Source) -> None:
    (case,) = source(pathology="benign|malignant|benign", shape="OVAL|ROUND", margins="OBSCURED", assessment="4|2|3")
    (lesion,) = case.lesions
    assert len(lesion.outline) == 2
    assert (lesion.pathology, lesion.shape, lesion.margins) == ("malignant", "OVAL-ROUND", "OBSCURED")
    assert lesion.assessment == 4
    assert lesion.report.startswith("LESION_TYPE MASS SHAPE OVAL MARGINS OBSCURED LESION_TYPE MASS ")
    assert lesion.report.count("LESION_TYPE") == 3
    assert any("announces 3 lesions" in repair.what for repair in case.repairs)


@pytest.mark.parametrize(
    ("pathology", "worst"),
    [
        ("unproven|benign|benign", "benign"),
        ("benign|unproven|malignant", "malignant"),
        ("unproven|benign_without_callback|unproven", "benign_without_callback"),
        ("unproven|unproven|unproven", "unproven"),
    ],
)
def test_an_unproven_lesion_is_not_worse_than_a_proven_one(source: Source, pathology: str, worst: str) -> None:
    """Of lesions taken as one, as of the lesions on a patch or a scan: nobody knows that it is worse than benign."""
    (case,) = source(pathology=pathology, shape="OVAL|ROUND")
    assert [lesion.pathology for lesion in case.lesions] == [worst]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"pathology": "normal", "mask": ""}, []),
        ({"pathology": "NORMAL"}, ["is normal, but has a mask that is not empty: it was ignored"]),
    ],
)
def test_a_normal_scan_is_kept(source: Source, columns: dict[str, str], said: list[str]) -> None:
    (case,) = source(**columns)
    assert [scan.scan for scan in case.scans] == ["a"]
    assert case.lesions == []
    assert [repair.what for repair in case.repairs] == said


@pytest.mark.parametrize("columns", [{"mask": ""}, {"pathology": "benign", "mask": "masks/empty.png"}])
def test_a_finding_that_nothing_outlines_costs_the_scan(
    source: Source, tmp_path: Path, columns: dict[str, str]
) -> None:
    draw(tmp_path / "masks" / "empty.png", blobs())
    (case,) = source(**columns)
    assert case.scans == [] and case.lesions == []
    (lost,) = case.rejected
    assert NOT_OUTLINED in lost.reason


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"lesions": "1000000000"}, "1000000000 lesions announced"),
        ({"image": "pipe.png"}, "not a regular file"),
        ({"mask": "pipe.png"}, "not a regular file"),
        ({"image": "narrow.png", "mask": "", "pathology": "normal"}, "longer than 8 times"),
        ({"mask": "masks/rain.png"}, "pieces in the mask"),
    ],
)
def test_what_would_hang_or_fill_the_memory_is_rejected(
    source: Source, tmp_path: Path, columns: dict[str, str], reason: str
) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    Image.new("L", (1, 3000)).save(tmp_path / "narrow.png")
    rain = np.zeros((1200, 1000), np.uint8)
    rain[::4, ::4] = 255
    Image.fromarray(rain).save(tmp_path / "masks" / "rain.png")
    Image.fromarray(rain).save(tmp_path / "rain.png")
    if "rain" in columns.get("mask", ""):
        columns = columns | {"image": "rain.png"}
    (case,) = source(**columns)
    assert case.scans == [] and reason in case.rejected[0].reason


@pytest.mark.parametrize("value", ["99999999999", "1e30", "nan", "inf", "-1", "151", "9" * 5000])
def test_an_age_that_nobody_has_is_left_out(source: Source, value: str) -> None:
    (case,) = source(age=value)
    assert case.scans[0].age is None and len(case.lesions) > 0


def test_a_number_that_is_none_is_left_out_and_said(source: Source) -> None:
    (case,) = source(assessment="4d", age="old", density="2.5")
    assert (case.lesions[0].assessment, case.scans[0].age, case.scans[0].density) == (None, None, None)
    assert sorted(repair.what.split()[2] for repair in case.repairs) == ["age", "assessment", "density"]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"image": ""}, "names no image"),
        ({"image": "../a.png"}, "outside the directory"),
        ({"image": "images/../../a.png"}, "outside the directory"),
        ({"image": "/images/a.png"}, "outside the directory"),
        ({"mask": "../two.png"}, "outside the directory"),
        ({"image": "images/absent.png"}, "cannot be read"),
        ({"image": "images/text.png"}, "cannot be read"),
        ({"image": "images/colour.png"}, "not grey"),
        ({"mask": "images/text.png"}, "cannot be read"),
        ({"mask": "masks/cut.png"}, "cannot be decoded"),
        ({"mask": "images/colour.png"}, "not grey"),
        ({"mask": "masks/small.png"}, "The mask is 10 x 20 px, the image 30 x 20 px"),
        ({"pathology": "odd"}, "Line 2 of manifest.csv: The pathology 'odd'"),
        ({"pathology": "1"}, "'1' does not say what it counts"),
        ({"pathology": ""}, "The pathology ''"),
        ({"pathology": "normal|malignant"}, "'normal|malignant'"),
        ({"laterality": "BOTH"}, "'BOTH'"),
        ({"view": "XYZ"}, "'XYZ'"),
        ({"patient": ""}, "names no patient: its scan"),
        ({"patient": "removed"}, "names no patient ('removed' stands for any)"),
        ({"patient": "ANONYMOUS"}, "names no patient"),
        ({"patient": "de-identified"}, "names no patient"),
        ({"patient": "-"}, "names no patient"),
    ],
)
def test_what_cannot_be_used_is_rejected(source: Source, tmp_path: Path, columns: dict[str, str], reason: str) -> None:
    draw(tmp_path / "images" / "colour.png", np.zeros((20, 30, 3), np.uint8))
    draw(tmp_path / "masks" / "small.png", np.zeros((20, 10), np.uint8))
    (tmp_path / "images" / "text.png").write_text("no image")
    draw(tmp_path / "masks" / "cut.png", np.random.default_rng(0).integers(0, 255, (20, 30), np.uint8))
    (tmp_path / "masks" / "cut.png").write_bytes((tmp_path / "masks" / "cut.png").read_bytes()[:300])
    (case,) = source(**columns)
    assert not (case.scans or case.lesions or case.repairs)
    assert [reason in rejected.reason for rejected in case.rejected] == [True]


def test_the_second_scan_of_a_name_is_rejected(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        draw(tmp_path / folder / "a.png", blobs())
    rows = "".join(f"{image},,P,LEFT,CC,normal\n" for image in ("one/a.png", "two/a.png"))
    (tmp_path / "manifest.csv").write_text(f"image,mask,patient,laterality,view,pathology\n{rows}")
    first, second = (read_row(str(tmp_path), row) for row in find_rows(tmp_path))
    assert [scan.file for scan in first.scans] == [str(tmp_path / "one" / "a.png")]
    assert second.scans == []
    assert second.rejected[0].file == str(tmp_path / "two" / "a.png")
    assert "taken by one/a.png" in second.rejected[0].reason


def test_rows_that_say_different_things_of_one_image_are_all_rejected(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", blobs())
    draw(tmp_path / "b.png", blobs())
    rows = "a.png,,P,LEFT,CC,normal\na.png,b.png,Q,LEFT,CC,malignant\nb.png,,P,LEFT,CC,normal\n"
    (tmp_path / "manifest.csv").write_text(f"image,mask,patient,laterality,view,pathology\n{rows}")
    cases = [read_row(str(tmp_path), row) for row in find_rows(tmp_path)]
    assert [len(case.scans) for case in cases] == [0, 0, 1]
    assert all("Several rows are of this image" in case.rejected[0].reason for case in cases[:2])


def test_a_row_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", blobs())
    rows = "a.png,,P,LEFT,CC,normal\n" * 2
    (tmp_path / "manifest.csv").write_text(f"image,mask,patient,laterality,view,pathology\n{rows}")
    cases = [read_row(str(tmp_path), row) for row in find_rows(tmp_path)]
    assert [(len(case.scans), len(case.rejected)) for case in cases] == [(1, 0), (0, 1)]


def test_a_quote_that_is_not_closed_hides_no_row(tmp_path: Path) -> None:
    """Up to the next quote, all rows would be one value."""
    rows = 'a.png,,P,LEFT,CC,"normal\nb.png,,P,LEFT,CC,normal\nc.png,,P,LEFT,CC,normal"\n'
    (tmp_path / "manifest.csv").write_text(f"image,mask,patient,laterality,view,pathology\n{rows}")
    with pytest.raises(BadInput, match="a quote is not closed"):
        find_rows(tmp_path)


@pytest.mark.parametrize("header", ["," * 10**6, '"a\n",' + '"b\n",' * 5000])
def test_a_table_of_a_million_columns_takes_no_memory(tmp_path: Path, header: str) -> None:
    """Columns cost memory before a value is read: 28 MB of names alone took more than 20 GB."""
    (tmp_path / "manifest.csv").write_text(header)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput, match="more than 1000 are not read"):
        find_rows(tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**19  # KiB


@pytest.mark.parametrize("name", ["a" * 5000 + ".png", "a\0.png"])
def test_a_name_that_no_file_can_have_is_rejected(source: Source, name: str) -> None:
    (case,) = source(image=name)
    assert not case.scans and len(case.rejected) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,patient,view,pathology\na.png,P,CC,normal\n", "lacks the columns mask, laterality"),
        ("image,mask,patient,laterality,view\na.png,,P,LEFT,CC\n", "lacks the column pathology"),
        ("", "cannot be read as csv"),
        ("image,mask\n1,2,3,4\n", "cannot be read as csv"),
        ('image,mask,patient,laterality,view,pathology,no"\na.png,,P,LEFT,CC,normal,1\n', "a quote within the name"),
        ("image,Image,mask,patient,laterality,view,pathology\na,b,,P,L,CC,normal\n", "has a column twice"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(BadInput, match=said):
        find_rows(tmp_path)


def test_columns_have_any_case_and_others_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(
        "Image, MASK,patient,laterality,view,pathology,note\n a.png ,,P,L,CC,normal,x\n"
    )
    (row,) = find_rows(tmp_path)
    assert (row["image"], row["mask"], row["shape"]) == ("a.png", "", "")
    assert "note" not in row


def test_a_directory_is_recognised_by_its_manifest(tmp_path: Path) -> None:
    assert not recognise(tmp_path)
    (tmp_path / "manifest.csv").write_text("")
    assert recognise(tmp_path)


@pytest.mark.parametrize(
    ("name", "white", "stored"),
    [
        ("a.png", 255, np.uint8),
        ("a.tif", 255, np.uint8),
        ("a.png", 65535, np.uint16),
        ("a.tif", 65535, np.uint16),
        ("a.tif", 65535, np.dtype(">u2")),
        ("a.png", 4095, np.uint16),
        ("a.png", 16383, np.uint16),
    ],
)
def test_black_is_density_3_and_white_is_clear(
    tmp_path: Path, name: str, white: int, stored: np.dtype[np.generic]
) -> None:
    draw(tmp_path / name, np.array([[0, white], [white // 2, white]]).astype(stored))
    pixels = read_image(str(tmp_path / name))
    assert pixels.dtype == np.dtype(np.uint16)
    assert pixels[0].tolist() == [30_000, 500]
    assert int(pixels[1, 0]) == pytest.approx(15_250, abs=80)


@pytest.mark.parametrize("suffix", ["tiff", "png", "gif", "webp"])
def test_a_file_of_several_pages_is_refused(source: Source, tmp_path: Path, suffix: str) -> None:
    """Its first page might be another breast, or a thumbnail."""
    pages = [Image.fromarray(np.full((20, 30), grey, np.uint8)) for grey in (128, 90)]
    for name in ("images/pages", "masks/pages"):
        pages[0].save(tmp_path / f"{name}.{suffix}", save_all=True, append_images=pages[1:])
    for columns in ({"image": f"images/pages.{suffix}"}, {"mask": f"masks/pages.{suffix}"}):
        (case,) = source(**columns)
        (rejected,) = case.rejected
        assert case.scans == []
        assert f"pages.{suffix} has more than one page: give each its own file." in rejected.reason
    pages[0].save(tmp_path / "images" / "one.tiff")
    (case,) = source(image="images/one.tiff")
    assert case.rejected == [] and len(case.scans) == 1


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((4, 4), np.bool_)]
)
def test_an_image_that_is_not_grey_is_refused(tmp_path: Path, pixels: NDArray[np.generic]) -> None:
    draw(tmp_path / "a.tif", pixels)
    with pytest.raises(BadInput, match="not grey"):
        read_image(str(tmp_path / "a.tif"))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_damaged_image_is_refused_and_no_other_error_escapes(tmp_path: Path, name: str) -> None:
    file, random = tmp_path / name, np.random.default_rng(1)
    draw(file, random.integers(0, 255, (16, 16), np.uint8))
    whole = file.read_bytes()
    for length in range(0, 200, 7):
        file.write_bytes(whole[:length])
        with pytest.raises(BadInput):
            read_image(str(file))
    for place in random.integers(0, len(whole), 300):
        file.write_bytes(whole[:place] + random.bytes(1) + whole[place + 1 :])
        with contextlib.suppress(BadInput):  # some bytes only alter a grey level
            assert read_image(str(file)).dtype == np.uint16


@pytest.mark.skipif(not (SHARED / "cbis-mass-256").is_dir(), reason="../shared/data/cbis-mass-256 is not there")
def test_all_of_cbis_is_read() -> None:
    rows = find_rows(SHARED / "cbis-mass-256")
    cases = [read_row(str(SHARED / "cbis-mass-256"), row) for row in rows]
    lesions = [lesion for case in cases for lesion in case.lesions]
    read = [case for case in cases if case.scans]
    assert (len(rows), len(read)) == (1231, 1226)
    # In 5 of the 58 images said to hold several lesions the mask has another number of parts.
    assert all("nobody knows which is which" in case.rejected[0].reason for case in cases if not case.scans)
    assert Counter(case.lesions[0].pathology for case in read) == {"benign": 626, "malignant": 600}
    assert Counter(len(case.lesions) for case in read) == {1: 1173, 2: 35, 3: 14, 5: 2, 4: 1, 6: 1}
    assert not any(case.repairs for case in read)
    assert all(lesion.lesion_type == "MASS" for lesion in lesions if lesion.shape or lesion.margins)
    assert lesions[0].report == "LESION_TYPE MASS SHAPE IRREGULAR-ARCHITECTURAL_DISTORTION MARGINS SPICULATED"
    assert {scan.digitizer for case in cases for scan in case.scans} == {"DISPLAY"}
    assert len({scan.patient for case in cases for scan in case.scans}) == 690


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", blobs())
    (tmp_path / "manifest.csv").write_text(
        "image,mask,patient,laterality,view,pathology\n\n,,,,,\na.png,,P,LEFT,CC,normal\n \n"
    )
    assert [row["image"] for row in find_rows(tmp_path)] == ["a.png"]
