"""The .OVERLAY: keywords, chain codes, and the faults known from DDSM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.overlay import Abnormality, chain_codes, format_overlay, parse_overlay
from deepminer_ray.sources.rows import Ring

TEXT = """TOTAL_ABNORMALITIES 2 \n\
ABNORMALITY 1 \n\
LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC-PUNCTATE DISTRIBUTION CLUSTERED
LESION_TYPE MASS SHAPE IRREGULAR MARGINS N/A
ASSESSMENT 4 \n\
SUBTLETY 3 \n\
PATHOLOGY MALIGNANT
TOTAL_OUTLINES 2 \n\
BOUNDARY
10 20  2 2 4 4 6 6 0 0 #
\tCORE
11 21  2 6 #
ABNORMALITY 2 \n\
ASSESSMENT 2 \n\
SUBTLETY 5 \n\
PATHOLOGY BENIGN_WITHOUT_CALLBACK
TOTAL_OUTLINES 1 \n\
BOUNDARY
30 40  3 5 7 1 #
"""

SQUARE = [(10, 20), (11, 20), (12, 20), (12, 21), (12, 22), (11, 22), (10, 22), (10, 21)]
DIAMOND = [(30, 40), (31, 41), (30, 42), (29, 41)]


def outlines(text: str, width: int = 100, height: int = 100) -> tuple[list[Ring], list[str]]:
    abnormalities, repairs = parse_overlay(text, width, height)
    return [abnormality.outline for abnormality in abnormalities], repairs


def test_everything_is_read() -> None:
    (first, second), repairs = parse_overlay(TEXT, 100, 100)
    assert repairs == []
    assert first.report == (
        "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC-PUNCTATE DISTRIBUTION CLUSTERED "
        "LESION_TYPE MASS SHAPE IRREGULAR MARGINS N/A"
    )
    assert (first.lesion_type, first.shape, first.margins) == ("CALCIFICATION-MASS", "IRREGULAR", None)
    assert (first.calcification_type, first.distribution) == ("PLEOMORPHIC-PUNCTATE", "CLUSTERED")
    assert (first.assessment, first.subtlety, first.pathology) == (4, 3, "malignant")
    assert first.outline == SQUARE
    assert (second.report, second.lesion_type, second.pathology) == ("", None, "benign_without_callback")
    assert second.outline == DIAMOND


@pytest.mark.parametrize(
    ("report", "lesion_type", "shape", "margins"),
    [
        ("LESION_TYPE MASS SHAPE OVAL MARGINS CIRCUMSCRIBED-OBSCURED", "MASS", "OVAL", "CIRCUMSCRIBED-OBSCURED"),
        ("LESION_TYPE OTHER", "OTHER", None, None),
        ("LESION_TYPE MASS SHAPE MARGINS SPICULATED", "MASS", None, "SPICULATED"),
        ("LESION_TYPE MASS SHAPE OVAL LESION_TYPE MASS SHAPE ROUND", "MASS-MASS", "OVAL-ROUND", None),
    ],
)
def test_keywords(report: str, lesion_type: str, shape: str | None, margins: str | None) -> None:
    found = Abnormality(report, "benign", None, None, [(0, 0)])
    assert (found.lesion_type, found.shape, found.margins) == (lesion_type, shape, margins)
    assert found.calcification_type is None


@pytest.mark.parametrize(
    ("old", "new", "repair"),
    [
        ("TOTAL_ABNORMALITIES 2", "TOTAL_ABNORMALITIES 3", "announces 3 abnormalities, holds 2: all were read"),
        ("TOTAL_OUTLINES 2", "TOTAL_OUTLINES 3", "abnormality 1 announces 3 outlines, holds 2"),
        ("SUBTLETY 3", "SUBTLETY N/A", "abnormality 1 has no SUBTLETY: it stays unknown"),
        ("TOTAL_OUTLINES 1 \n", "", "abnormality 2 announces no number of outlines, holds 1"),
        (
            "30 40  3 5 7 1 #",
            "30 40  3 5 7 1 #\nBOUNDARY\n1 1  2 6 #",
            "abnormality 2 announces 1 outlines, holds 2; abnormality 2 has 2 boundaries: the first was read",
        ),
    ],
)
def test_wrong_numbers_are_reported_and_ignored(old: str, new: str, repair: str) -> None:
    assert outlines(TEXT.replace(old, new)) == ([SQUARE, DIAMOND], repair.split("; "))


def test_an_open_outline_is_joined() -> None:
    found, repairs = outlines(TEXT.replace("2 2 4 4 6 6 0 0 #", "2 2 4 4 6 6 #"))
    assert found == [SQUARE, DIAMOND]
    assert repairs == ["abnormality 1 has an outline open by 2 px: its ends were joined by a straight line"]


def test_an_outline_is_clipped_to_the_scan() -> None:
    found, repairs = outlines(TEXT, width=31)
    assert found == [SQUARE, [(30, 40), (30, 41), (30, 42), (29, 41)]]
    assert repairs == ["abnormality 2 has an outline that leaves the film by up to 1 px: it was clipped"]
    found, repairs = outlines(TEXT, height=41)
    assert found == [SQUARE, [(30, 40), (31, 40), (30, 40), (29, 40)]]
    assert repairs == ["abnormality 2 has an outline that leaves the film by up to 2 px: it was clipped"]


def test_outlines_of_one_point() -> None:
    found, repairs = outlines(TEXT.replace("30 40  3 5 7 1 #", "30 40 #"))
    assert (found, repairs) == ([SQUARE, [(30, 40)]], [])


@pytest.mark.parametrize("joined", [" ", "\r\n", "\n\t "])
def test_line_ends_mean_nothing(joined: str) -> None:
    assert parse_overlay(joined.join(TEXT.split()), 100, 100) == parse_overlay(TEXT, 100, 100)


def test_codes_may_touch_the_mark() -> None:
    assert outlines(TEXT.replace(" #", "#")) == ([SQUARE, DIAMOND], [])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "TOTAL_ABNORMALITIES"),
        ("<html>", "TOTAL_ABNORMALITIES"),
        ("TOTAL_ABNORMALITIES 1", "no abnormality"),
        ("TOTAL_ABNORMALITIES 1\nABNORMALITY 1\nLESI", "Abnormality 1 .* pathology ''"),
        ("TOTAL_ABNORMALITIES 1\nABNORMALITY 1", "Abnormality 1 .* pathology ''"),
        (TEXT[: TEXT.index("TOTAL_OUTLINES 1")], "Abnormality 2 .* no BOUNDARY"),
        (TEXT[: TEXT.index(" 7 1 #")], "no # at its end"),
        (TEXT.replace("PATHOLOGY MALIGNANT\n", ""), "Abnormality 1 .* pathology ''"),
        (TEXT.replace("MALIGNANT", "MALIGN"), "'MALIGN'"),
        (TEXT.replace("3 5 7 1", "3 5 8 1"), "codes 0 to 7"),
        (TEXT.replace("30 40  3 5 7 1 #", "30 x #"), "column, row and codes"),
        (TEXT.replace("30 40  3 5 7 1 #", "#"), "column, row and codes"),
        (TEXT.replace("30 40 ", "300 40 "), "wholly outside the film of 100 x 100"),
        (TEXT.replace("30 40 ", "30 -40 "), "wholly outside"),
    ],
)
def test_what_gives_no_lesion_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse_overlay(text, 100, 100)


def test_eight_codes_run_clockwise_from_up() -> None:
    around = [(5, 4), (6, 4), (6, 5), (6, 6), (5, 6), (4, 6), (4, 5), (4, 4)]
    assert [chain_codes([(5, 5), point])[0] for point in around] == list("01234567")


def test_only_neighbours_make_a_chain() -> None:
    with pytest.raises(BadInput, match=r"\(0, 0\) and \(2, 0\)"):
        chain_codes([(0, 0), (2, 0), (1, 0)])


CODES = st.lists(st.integers(0, 7), min_size=1, max_size=30)


@given(CODES, st.integers(0, 25), st.integers(0, 25))
def test_rings_stay_chains_on_the_scan(codes: list[int], x: int, y: int) -> None:
    chain = " ".join(map(str, codes))
    text = f"TOTAL_ABNORMALITIES 1\nABNORMALITY 1\nPATHOLOGY BENIGN\nTOTAL_OUTLINES 1\nBOUNDARY\n{x} {y}  {chain} #\n"
    (ring,), _ = outlines(text, 26, 26)
    assert all(0 <= column < 26 and 0 <= row < 26 for column, row in ring)
    assert len(ring) == 1 or all(point != ring[place - 1] for place, point in enumerate(ring))
    written = Abnormality("LESION_TYPE MASS SHAPE OVAL MARGINS N/A", "benign", 3, 2, ring)
    assert parse_overlay(format_overlay([written, written]), 26, 26) == ([written, written], [])


def test_what_is_read_is_written() -> None:
    found, _ = parse_overlay(TEXT, 100, 100)
    written = format_overlay(found)
    assert parse_overlay(written, 100, 100) == (found, [])
    assert written.splitlines()[:4] == [
        "TOTAL_ABNORMALITIES 2",
        "ABNORMALITY 1 ",
        "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC-PUNCTATE DISTRIBUTION CLUSTERED",
        "LESION_TYPE MASS SHAPE IRREGULAR MARGINS N/A",
    ]
    assert "10 20  2 2 4 4 6 6 0 0 #" in written.splitlines()
