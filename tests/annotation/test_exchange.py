"""Annotations from files: ours, and those that the paper's authors published."""

import json
from pathlib import Path

import pytest

from deepminer_ray.annotation.exchange import read_annotations, write_annotations
from deepminer_ray.errors import BadInput
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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"unit": ' + "[" * 100_000, "nested too deeply"),
        ("9" * 5000, "is not JSON"),
        ('[{"unit": "²"}]', "Row 1 names the unit '²'"),
        ('[{"unit": "unit_²"}]', "Row 1 names the unit 'unit_²'"),
        ('[{"unit": "٣"}]', "Row 1 names the unit '٣'"),
        (json.dumps([{"unit": "1" * 5000}]), "Row 1 names the unit '1{40}' [.]{3}: use a channel"),
        ('[{"unit": 3.5}]', "Row 1 names the unit '3.5'"),
        ('[{"unit": null}]', "Row 1 names the unit ''"),
        ('[{"unit": -1}]', "Row 1 names the unit '-1'"),
        ('[{"unit": 64}]', "Row 1 names 64, but the network has 64 units"),
        (r'[{"unit": 1, "phenomenon": "\ud800"}]', "Row 1: `phenomenon` has a character that cannot be stored"),
        (r'[{"unit": 1, "annotator": "A\u0000"}]', "Row 1: `annotator` has a character that cannot be stored"),
        ('[{"unit": 1, "terms": ["round"]}]', "Row 1 has a list or a record as `terms`"),
        ('[{"unit": 1, "phenomenon": {"a": 1}}]', "Row 1 has a list or a record as `phenomenon`"),
        (json.dumps([{"unit": 1, "phenomenon": "m" * 50_000}]), "Row 1 has 50000 characters of `phenomenon`"),
        ('{"unit": 1}', "holds no annotations"),
        ("[3]", "holds no annotations"),
    ],
)
def test_what_cannot_be_taken_from_json_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "names.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=sentence) as refused:
        read_annotations(file, 64)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as csv"),
        (b"\xff\xfe\x00", "cannot be read as csv"),
        (b"unit,phenomenon\n1,a,b\n", "cannot be read as csv"),
        (b"name\n1\n", "holds no annotations"),
        ("unit\n²\n".encode(), "Line 2 names the unit '²'"),
        (b"unit\n" + b"1" * 5000 + b"\n", "Line 2 names the unit '1{40}' "),
        (b"unit,phenomenon\n1,a\0b\n", "Line 2: `phenomenon` has a character"),
    ],
)
def test_what_cannot_be_taken_from_csv_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "names.csv"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=sentence) as refused:
        read_annotations(file, 64)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500
