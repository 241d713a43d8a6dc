"""BI-RADS categories as published tables write them, and what they make of a finding without pathology."""

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.mammography import SUSPICIOUS_FROM
from deepminer_ray.sources.birads import category, class_by_category
from deepminer_ray.sources.kinds import SOURCE_KINDS, Assessed, with_rule


@pytest.mark.parametrize(
    ("text", "number"),
    [("4", 4), ("4a", 4), ("4C", 4), (" 6 ", 6), ("BI-RADS 5", 5), ("bi-rads: 4b", 4), ("BIRADS 0", 0), ("2.0", 2)],
)
def test_a_category_is_read_as_tables_write_it(text: str, number: int) -> None:
    assert category(text) == number


@pytest.mark.parametrize("text", ["", "7", "-1", "3a", "4d", "4.5", "44", "BI-RADS", "four", "4 or 5", "\u0664"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a BI-RADS category"):
        category(text)


def test_the_class_follows_the_category() -> None:
    usual = [class_by_category(number, SUSPICIOUS_FROM) for number in range(7)]
    assert usual == ["unproven", "normal", "benign", "benign", "malignant", "malignant", "malignant"]
    assert [class_by_category(number, 5) for number in (3, 4, 5)] == ["benign", "benign", "malignant"]


def test_a_source_that_says_the_class_needs_no_rule() -> None:
    manifest = SOURCE_KINDS["manifest"]
    assert with_rule(manifest, SUSPICIOUS_FROM) is manifest
    with pytest.raises(BadInput, match="leave out `--suspicious-from`"):
        with_rule(manifest, 5)
    assert with_rule(Assessed("x"), 5) == Assessed("x", 5)
