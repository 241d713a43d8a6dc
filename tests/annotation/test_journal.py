"""Answers on disk: whole or not at all, whatever happens in between."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.annotation.journal import ANNOTATION, Journal, Journaled, journaled, set_aside
from deepminer_ray.errors import BadInput


def answer(unit: int, phenomena: int = 1) -> list[dict[str, Any]]:
    about = {"unit": unit, "annotator": "Anna", "version": 1, "recognizable": True, "saved_at": datetime(2020, 1, 1)}
    return [about | {"position": place, "phenomenon": f"mass {place}"} for place in range(1, phenomena + 1)]


def test_answers_come_back_in_order(tmp_path: Path) -> None:
    file = tmp_path / "annotation.jsonl"
    assert journaled(file) == Journaled()
    journal = Journal(file)
    assert journaled(file) == Journaled()
    journal.append(answer(1, phenomena=3))
    journal.append(answer(2))
    found = journaled(file).rows
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
    found = journaled(file).rows
    assert found is not None and found["unit"].to_pylist() == [1]
    journal = Journal(file)
    assert file.read_bytes() == whole
    journal.append(answer(3))
    found = journaled(file).rows
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
    assert units(file) == [1, 3]


def units(file: Path) -> list[int]:
    rows = journaled(file).rows
    return [] if rows is None else rows["unit"].to_pylist()


def framed(unit: int, tmp_path: Path) -> bytes:
    """A line as it is written."""
    journal = Journal(tmp_path / "one.jsonl")
    journal.append(answer(unit))
    journal.close()
    line = (tmp_path / "one.jsonl").read_bytes()
    (tmp_path / "one.jsonl").unlink()
    return line


def plain(number: int, **changed: Any) -> bytes:
    """A line as earlier versions wrote it."""
    return json.dumps([row | changed for row in answer(number)], default=datetime.isoformat).encode() + b"\n"


DAMAGE: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("torn, and the next one after it", lambda line: line[: len(line) // 2]),
    ("torn, with its end", lambda line: line[: len(line) // 2] + b"\n"),
    ("a letter is another", lambda line: line.replace(b"Anna", b"Anne")),
    ("a number is another", lambda line: line.replace(b'"version": 1', b'"version": 2')),
    ("zeros", lambda line: b"\0" * len(line) + b"\n"),
    ("zeros without an end", lambda line: b"\0" * len(line)),
    ("a blank line", lambda _: b"\n"),
    ("blanks and a carriage return", lambda _: b"  \r\n"),
    ("no JSON", lambda _: b"hello\n"),
    ("no UTF-8", lambda line: line.replace(b"Anna", b"\xff\xfe\xfd\xfc")),
    ("deep", lambda _: b"[" * 100_000 + b"\n"),
    ("another thing", lambda _: b'{"unit": 1}\n[3]\n[{}]\n[null]\n7\n'),
    ("no number", lambda _: plain(9, unit="x")),
    ("a large number", lambda _: plain(9, unit=2**40)),
    ("no time", lambda _: plain(9, saved_at=5)),
    ("half a letter", lambda _: plain(9, phenomenon="\ud800")),
    ("a length of 30 digits", lambda line: b"9" * 30 + line),
]


@pytest.mark.parametrize("earlier", [False, True], ids=["framed", "as earlier versions wrote"])
@pytest.mark.parametrize(("what", "damage"), DAMAGE, ids=[what for what, _ in DAMAGE])
def test_a_damaged_line_harms_no_other(
    tmp_path: Path, what: str, damage: Callable[[bytes], bytes], earlier: bool
) -> None:
    file = tmp_path / "annotation.jsonl"
    first, damaged, last = (plain(unit) if earlier else framed(unit, tmp_path) for unit in (1, 2, 3))
    found = damage(damaged)
    file.write_bytes(first + found + last)
    # Without a checksum nobody can tell that a letter is another.
    unseen = earlier and what in ("a letter is another", "a number is another")
    survives = earlier and what == "a length of 30 digits"
    assert units(file) == ([1, 2, 3] if unseen or survives else [1, 3])
    lost = journaled(file).damaged
    # What was written before a whole answer, in its line, is not a line of its own.
    joined = unseen or survives or not found.strip() or not found.endswith(b"\n")
    assert bool(lost) is not joined
    for _ in range(2):
        kept = set_aside(file, lost)
    assert not lost or kept.read_bytes() == b"".join(line + b"\n" for line in lost), "each once"


@pytest.mark.parametrize(("value", "read"), [(1, True), (0, False), (1.0, True), (None, None)])
def test_answers_that_an_earlier_version_took_are_not_lost(tmp_path: Path, value: Any, read: bool | None) -> None:
    file = tmp_path / "annotation.jsonl"
    file.write_bytes(plain(1, recognizable=value) + plain(2))
    rows = journaled(file).rows
    assert rows is not None and rows.schema == ANNOTATION
    assert rows["recognizable"].to_pylist() == [read, True]


def test_a_text_that_looks_like_a_line_is_none(tmp_path: Path) -> None:
    file = tmp_path / "annotation.jsonl"
    journal = Journal(file)
    typed = (framed(7, tmp_path) + plain(8)).decode()
    journal.append([row | {"phenomenon": typed} for row in answer(1)])
    assert units(file) == [1]
    file.write_bytes(file.read_bytes().replace(b"Anna", b"Anne", 1))
    assert units(file) == []


@pytest.mark.parametrize("lost", ["unit", "annotator", "saved_at", "recognizable"])
def test_an_answer_that_lacks_something_is_damaged_and_no_error(tmp_path: Path, lost: str) -> None:
    file = tmp_path / "annotation.jsonl"
    journal = Journal(file)
    journal.append(answer(1))
    journal.append([{name: value for name, value in answer(2)[0].items() if name != lost}])
    journal.append(answer(3))
    found = journaled(file)
    assert found.rows is not None and found.rows["unit"].to_pylist() == [1, 3] and len(found.damaged) == 1
