"""The .ics as the hospitals wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.ics import DIGITIZER_WORDS, ICS_VIEWS, Ics, View, format_ics, parse_ics

TEXT = """ \n\
ics_version 1.0
filename A-0123-1
DATE_OF_STUDY 17 8 1995
PATIENT_AGE 43
FILM \n\
FILM_TYPE REGULAR
DENSITY 4
DATE_DIGITIZED 2 9 1998 \n\
DIGITIZER HOWTEK 43.5
SEQUENCE
LEFT_CC LINES 5236 PIXELS_PER_LINE 2521 BITS_PER_PIXEL 12 RESOLUTION 43.5 OVERLAY
LEFT_MLO LINES 5386 PIXELS_PER_LINE 2522 BITS_PER_PIXEL 12 RESOLUTION 43.5 NON_OVERLAY
RIGHT_CC LINES 4636 PIXELS_PER_LINE 2326 BITS_PER_PIXEL 12 RESOLUTION 43.5 NON_OVERLAY
RIGHT_MLO LINES 5491 PIXELS_PER_LINE 2626 BITS_PER_PIXEL 12 RESOLUTION 43.5 OVERLAY
"""


def test_everything_is_read() -> None:
    found = parse_ics(TEXT)
    assert (found.filename, found.digitizer, found.density, found.age) == ("A-0123-1", "HOWTEK_MGH", 4, 43)
    assert (found.date_of_study, found.date_digitized) == ("17 8 1995", "2 9 1998")
    assert list(found.views) == list(ICS_VIEWS)
    assert found.views["LEFT_CC"] == View(5236, 2521, 12, 43.5, True)
    assert found.views["LEFT_MLO"] == View(5386, 2522, 12, 43.5, False)


@pytest.mark.parametrize(
    ("old", "new", "name", "value"),
    [
        ("PATIENT_AGE 43", "PATIENT_AGE", "age", None),
        ("PATIENT_AGE 43", "PATIENT_AGE unknown", "age", None),
        ("PATIENT_AGE 43\n", "", "age", None),
        ("DENSITY 4", "DENSITY 0", "density", None),
        ("A-0123-1", "D-4606-1", "digitizer", "HOWTEK_ISMD"),
        ("HOWTEK 43.5", "DBA 21", "digitizer", "DBA"),
        ("HOWTEK 43.5", "LUMISYS LASER", "digitizer", "LUMISYS"),
        ("HOWTEK 43.5", "LUMISYS", "digitizer", "LUMISYS"),
        ("\n", "\r\n", "age", 43),
        ("DATE_OF_STUDY 17 8 1995\n", "", "date_of_study", None),
    ],
)
def test_what_varies_between_cases(old: str, new: str, name: str, value: object) -> None:
    assert getattr(parse_ics(TEXT.replace(old, new)), name) == value


@pytest.mark.parametrize(
    "line",
    [
        "",
        "LEFT_CC",
        "LEFT_CC LINES 0 PIXELS_PER_LINE 2521 BITS_PER_PIXEL 12 RESOLUTION 43.5 OVERLAY",
        "LEFT_CC LINES PIXELS_PER_LINE 2521 BITS_PER_PIXEL 12 RESOLUTION 43.5 OVERLAY",
    ],
)
def test_a_view_without_size_is_absent(line: str) -> None:
    lines = [line if old.startswith("LEFT_CC") else old for old in TEXT.split("\n")]
    assert list(parse_ics("\n".join(lines)).views) == ["LEFT_MLO", "RIGHT_CC", "RIGHT_MLO"]


@pytest.mark.parametrize("said", ["RESOLUTION", "RESOLUTION 0", ""])
def test_a_scan_without_resolution_is_still_a_scan(said: str) -> None:
    found = parse_ics(TEXT.replace("RESOLUTION 43.5 OVERLAY", f"{said} OVERLAY"))
    assert found.views["LEFT_CC"] == View(5236, 2521, 12, None, True)


def test_the_letter_of_the_case_goes_before_that_of_the_name_inside() -> None:
    assert parse_ics(TEXT, "D").digitizer == "HOWTEK_ISMD"


def test_the_keywords_of_a_view_are_looked_up() -> None:
    line = "LEFT_CC OVERLAY RESOLUTION 50 BITS_PER_PIXEL 16 PIXELS_PER_LINE 7 LINES 9"
    assert parse_ics(f"{TEXT}{line}\n").views["LEFT_CC"] == View(9, 7, 16, 50, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no ics_version"),
        ("<html><body>404</body></html>", "no ics_version"),
        (TEXT.replace("HOWTEK", "VIDAR"), "'VIDAR 43.5'"),
        (TEXT.replace("DIGITIZER", "SCANNER"), "digitizer ''"),
        (TEXT.replace("A-0123-1", "B-3012-1"), "letter 'B'"),
    ],
)
def test_what_is_no_ics_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse_ics(text)


SIZES = st.builds(
    View,
    st.integers(1, 9999),
    st.integers(1, 9999),
    st.sampled_from([12, 16]),
    st.sampled_from([42, 43.5, 50]),
    st.booleans(),
)
CASES = st.builds(
    Ics,
    st.sampled_from(["A-0001-1", "D-4000-1"]),
    st.just("DBA"),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(20, 99),
    st.none() | st.just("1 2 1993"),
    st.none() | st.just("3 4 1998"),
    st.dictionaries(st.sampled_from(ICS_VIEWS), SIZES),
)


@given(CASES)
def test_what_is_written_is_read(case: Ics) -> None:
    assert parse_ics(format_ics(case)) == case


@pytest.mark.parametrize("digitizer", DIGITIZER_WORDS)
def test_every_digitizer_is_written(digitizer: str) -> None:
    filename = "D-4000-1" if digitizer == "HOWTEK_ISMD" else "A-0001-1"
    assert parse_ics(format_ics(Ics(filename, digitizer))).digitizer == digitizer
