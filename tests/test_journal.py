"""Answers on disk: whole or not at all, whatever happens in between."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.journal import Journal, journaled


def answer(unit: int, phenomena: int = 1) -> list[dict[str, Any]]:
    about = {"unit": unit, "annotator": "Anna", "version": 1, "recognizable": True, "saved_at": datetime(2020, 1, 1)}
    return [about | {"position": place, "phenomenon": f"mass {place}"} for place in range(1, phenomena + 1)]


def test_answers_come_back_in_order(tmp_path: Path) -> None:
    file = tmp_path / "annotation.jsonl"
    assert journaled(file) is None
    journal = Journal(file)
    assert journaled(file) is None
    journal.append(answer(1, phenomena=3))
    journal.append(answer(2))
    found = journaled(file)
    assert found is not None
    assert found["unit"].to_pylist() == [1, 1, 1, 2]
    assert found["saved_at"].to_pylist()[0] == datetime(2020, 1, 1)
    assert file.stat().st_mode & 0o077 == 0, "nobody else may read it"


@pytest.mark.parametrize("left", [1, 20, 200])
def test_a_line_that_was_cut_off_is_left_out_and_overwritten(tmp_path: Path, left: int) -> None:
    file = tmp_path / "annotation.jsonl"
    journal = Journal(file)
    journal.append(answer(1))
    whole = file.read_bytes()
    journal.append(answer(2, phenomena=9))
    journal.close()
    file.write_bytes(file.read_bytes()[: len(whole) + left])
    found = journaled(file)
    assert found is not None and found["unit"].to_pylist() == [1]
    journal = Journal(file)
    assert file.read_bytes() == whole
    journal.append(answer(3))
    found = journaled(file)
    assert found is not None and found["unit"].to_pylist() == [1, 3]


@pytest.mark.parametrize("written", [0, 10])
def test_a_full_disk_leaves_nothing_of_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    file = tmp_path / "annotation.jsonl"
    journal = Journal(file)
    journal.append(answer(1))
    before = file.read_bytes()
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, line: real(descriptor, line[:written]))
        with pytest.raises(BadInput, match=r"annotation\.jsonl cannot be written"):
            journal.append(answer(2))
    assert file.read_bytes() == before
    journal.append(answer(3))
    assert [row["unit"] for line in file.read_text().splitlines() for row in json.loads(line)] == [1, 3]
