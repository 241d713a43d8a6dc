"""What people write for the facts of a mammogram is read as what it means, or refused."""

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.bounds import age, finite, whole_number
from deepminer_ray.sources.meaning import Vocabulary
from deepminer_ray.sources.values import (
    codes_two,
    mammogram_side_and_view,
    pathology_said,
    read_assessment,
    read_density,
)
from tests.domains import MAMMOGRAPHY


@pytest.mark.parametrize(
    ("reader", "texts", "value"),
    [
        (read_assessment, ["4", "4a", "4B", "BI-RADS 4", "BIRADS 4c", "bi-rads: 4", "BI_RADS_4", "4.0"], 4),
        (read_assessment, ["0", "BI-RADS 0", "Category 0"], 0),
        (read_density, ["B", "b", "2", "DENSITY B", "Density 2", "ACR 2", "ACR b", "BI-RADS B", "2.0"], 2),
        (read_density, ["DENSITY D", "4"], 4),
        (age, ["61", "061Y", "61Y", "61y", "61 years", "61.0", "61,0", "735M", "61 years old"], 61),
        (age, ["010W", "90D"], 0),
        (finite, ["12.5", "12,5", "+12,5", "1,25e1"], 12.5),
        (whole_number, ["12", "12.0", "12,0"], 12),
    ],
)  # fmt: skip
def test_what_is_written_in_many_ways_is_one_value(reader, texts: list[str], value: float) -> None:  # type: ignore[no-untyped-def]
    assert {text: reader(text) for text in texts} == dict.fromkeys(texts, value)


@pytest.mark.parametrize(
    ("reader", "texts"),
    [
        (read_assessment, ["4d", "BI-RADS", "a", "4-5", "BI-RADS VI", ""]),
        (read_density, ["E", "DENSITY", "A/B", "dense", ""]),
        (age, ["90+", ">89", "old", "151", "999Y", "-1", "61 J"]),
        (finite, ["1,500", "1.500,5", "1,2,3", "nan", "1e999", ""]),
        (whole_number, ["2,5", "1,500"]),
    ],
)
def test_what_may_mean_two_things_or_none_is_no_value(reader, texts: list[str]) -> None:  # type: ignore[no-untyped-def]
    for text in texts:
        with pytest.raises(ValueError):
            reader(text)


@pytest.mark.parametrize(
    ("laterality", "view", "read"),
    [
        ("l", "cc", ("LEFT", "CC")),
        ("Right", "ML", ("RIGHT", "ML")),
        ("R", "xccl", ("RIGHT", "XCCL")),
        ("LEFT", "LMO", ("LEFT", "LMO")),
        ("left breast", "Cranio-Caudal", ("LEFT", "CC")),
        ("L", "mediolateral oblique", ("LEFT", "MLO")),
        ("L", "LM", ("LEFT", "LM")),
        ("L", "FB", ("LEFT", "FB")),
    ],
)
def test_sides_and_views_are_those_of_dicom(laterality: str, view: str, read: tuple[str, str]) -> None:
    assert mammogram_side_and_view(laterality, view) == read


@pytest.mark.parametrize(("laterality", "view"), [("B", "CC"), ("", "CC"), ("L", ""), ("L", "LCC"), ("L", "AP")])
def test_other_sides_and_views_are_refused(laterality: str, view: str) -> None:
    with pytest.raises(BadInput, match="are not a laterality"):
        mammogram_side_and_view(laterality, view)


@pytest.mark.parametrize(
    ("words", "pathology"),
    [
        (["malignant", "MALIGNANT", "Malign", "M", "cancer"], "malignant"),
        (["Benign", "B"], "benign"),
        (["benign without callback", "BENIGN_WITHOUT_CALLBACK", "benign-without-callback"], "benign_without_callback"),
        (["Normal", "N", "negative"], "normal"),
        (["unproven", "unknown"], "unproven"),
    ],
)
def test_words_of_pathologies(words: list[str], pathology: str) -> None:
    vocabulary = Vocabulary.of(MAMMOGRAPHY)
    for word in words:
        assert pathology_said(word, of_two=False, outlined=False) == pathology
        assert vocabulary.pathology(word) == pathology and vocabulary.has_class(word)


def test_numbers_are_pathologies_only_where_a_column_has_one_and_zero() -> None:
    assert codes_two(["1", "0", "normal"])
    assert not any(map(codes_two, (["1"], ["0"], ["0", "1", "2"], ["normal"])))
    assert pathology_said("1", of_two=True, outlined=False) == "malignant"
    assert pathology_said("0", of_two=True, outlined=True) == "benign"
    for word, of_two, said in (("0", True, "may mean normal as well as benign"), ("1", False, "what it counts")):
        with pytest.raises(BadInput, match=said):
            pathology_said(word, of_two=of_two, outlined=False)
    with pytest.raises(BadInput, match="'1' is not a class in mammography"):
        Vocabulary.of(MAMMOGRAPHY).pathology("1")
