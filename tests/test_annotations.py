"""Annotations from files: ours, and those that the paper's authors published."""

from pathlib import Path

import pytest

from deepminer_ray.annotations import read_annotations, write_annotations
from tests.conftest import SHARED

AUTHORS = SHARED / "authors" / "unit_labels_by_expert.csv"


@pytest.mark.skipif(not AUTHORS.is_file(), reason="../shared/data/authors is not there")
def test_the_authors_own_annotations_are_read() -> None:
    """74 answers of two experts about 58 units, 51 of which at least one of them named."""
    rows = read_annotations(AUTHORS, 2048)
    assert len(rows) == 74
    assert {row["annotator"] for row in rows} == {"scott", "vandana"}
    assert len({row["unit"] for row in rows}) == 58
    assert len({row["unit"] for row in rows if row["recognizable"]}) == 51
    assert sum(not row["recognizable"] and row["phenomenon"] is None for row in rows) == 8
    (calcifications,) = (row for row in rows if row["unit"] == 186 and row["annotator"] == "scott")
    assert calcifications["phenomenon"] == "Isolated large calcifications"


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    row = {"unit": "unit_0008", "annotator": "Anna", "recognizable": "true", "phenomenon": 'a "mass", $x$\nedge'}
    row |= {"category": "Mass", "terms": "round; spiculated", "association": "malignant", "confidence": "high"}
    nothing = dict.fromkeys(row) | {"unit": "unit_0009", "annotator": "Anna", "recognizable": "false"}
    write_annotations(tmp_path / f"names{suffix}", [row, nothing])
    read = read_annotations(tmp_path / f"names{suffix}", 64)
    assert read == [row | {"unit": 7, "recognizable": True}, nothing | {"unit": 8, "recognizable": False}]
