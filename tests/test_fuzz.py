"""A seeded part of what `make fuzz` does, and what it would find."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzzing.measure import KEPT, Counts, Readable, everything, measured, try_all, try_one
from deepminer_ray.annotation.answer import read_answer, rows_of
from deepminer_ray.annotation.journal import Journal, journaled
from deepminer_ray.annotation.sent import SentAnswer, read_message
from deepminer_ray.annotation.vocabulary import CONFIDENCES
from deepminer_ray.errors import BadInput
from tests.domains import ASSOCIATIONS, MAMMOGRAPHY, TERMS

SLOW = {
    "checkpoint": 20,
    "weights": 20,
    "cluster": 20,
    "source-ddsm": 60,
    "source-manifest": 60,
    "source-cbis": 40,
    "source-tables": 60,
    "source-coco": 60,
    "source-voc": 60,
    "source-inbreast": 60,
    "source-mias": 60,
    "lesions": 80,
    "manifest-of-two": 80,
    "coco": 80,
    "voc": 60,
    "cbis": 40,
    "journal": 100,
}
"""Inputs of readers that take milliseconds for one."""
INPUTS = 200


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(everything()))
def test_every_reader_refuses_or_reads(name: str, tmp_path: Path) -> None:
    reader = everything()[name]
    reader.prepare(tmp_path)
    counts = try_all(reader, 0, range(SLOW.get(name, INPUTS)), None)
    assert counts.inputs == counts.read + counts.refused == SLOW.get(name, INPUTS)


def test_a_third_of_the_damaged_requests_is_let_in(tmp_path: Path) -> None:
    """Else what is let in would hardly be tried."""
    reader = everything()["request"]
    reader.prepare(tmp_path)
    counts = try_all(reader, 0, range(INPUTS), None)
    assert counts.read > INPUTS * 0.3 and counts.refused > INPUTS / 10


@dataclass
class Wrong:
    """A reader that does what none should."""

    does: Callable[[], Any]
    name: str = "wrong"

    def prepare(self, folder: Path) -> None:
        """Nothing is needed."""

    def damaged(self, luck: random.Random) -> bytes:
        return b"x"

    def read(self, content: bytes) -> None:
        self.does()


def raises(error: Exception) -> Callable[[], None]:
    def does() -> None:
        raise error

    return does


def works(seconds: float) -> None:
    """Keep a processor busy."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Unplain(BadInput):
    """A refusal of two lines."""

    def __str__(self) -> str:
        return "one\ntwo"


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (raises(KeyError("unforeseen")), "unforeseen"),
        (raises(AssertionError("not true")), "not true"),
        (raises(Unplain("")), "says no sentence"),
        (raises(BadInput("")), "says no sentence"),
        (lambda: bytes(b"x" * (600 * 2**20)), "grew by 6"),
        (lambda: works(2.2), "took 2"),
    ],
)
def test_what_goes_wrong_is_found(does: Callable[[], Any], said: str) -> None:
    counts = Counts()
    wrong = try_one(Wrong(does), b"x", counts)
    assert wrong is not None and said in wrong
    assert (counts.inputs, counts.failures) == (1, 1)


def test_what_goes_well_is_no_failure() -> None:
    counts = Counts()
    assert try_one(Wrong(lambda: None), b"x", counts) is None
    assert try_one(Wrong(raises(BadInput("It is bad."))), b"x", counts) is None
    assert (counts.inputs, counts.read, counts.refused, counts.failures) == (2, 1, 1, 0)


def dying() -> dict[str, Readable]:
    """A reader that ends its process."""
    return {"wrong": Wrong(lambda: os._exit(3))}


def test_a_reader_that_ends_its_process_is_begun_again(tmp_path: Path) -> None:
    counts = measured("wrong", 0, 2, 600, tmp_path, every=dying)
    assert (counts.inputs, counts.failures) == (2, 2) and KEPT > 2
    kept = sorted(tmp_path.iterdir())
    assert [file.name for file in kept] == ["wrong-0-0.txt", "wrong-0-1.txt"]
    assert "exit status 3" in kept[0].read_text()


def test_an_input_is_the_same_again(tmp_path: Path) -> None:
    reader = everything()["ljpeg"]
    reader.prepare(tmp_path)
    first, second = ([reader.damaged(random.Random(number)) for number in range(50)] for _ in range(2))
    assert first == second and len(set(first)) > 40


WORDS = st.text(max_size=30)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))
PHENOMENA = st.fixed_dictionaries(
    {},
    optional={
        "text": WORDS | ANYTHING,
        "category": st.sampled_from(sorted(TERMS)) | ANYTHING,
        "terms": st.lists(st.sampled_from(sorted({term for terms in TERMS.values() for term in terms}))) | ANYTHING,
        "association": st.sampled_from(ASSOCIATIONS) | ANYTHING,
    },
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "recognizable": st.booleans() | ANYTHING,
        "phenomena": st.lists(PHENOMENA, max_size=3) | ANYTHING,
        "confidence": st.sampled_from(CONFIDENCES) | ANYTHING,
    },
)
OFTEN = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@OFTEN
@given(sent=ANSWERS | ANYTHING)
def test_what_the_door_lets_in_the_journal_gives_back(sent: Any, tmp_path: Path) -> None:
    try:
        answer = read_answer(read_message(SentAnswer, sent), MAMMOGRAPHY)
    except BadInput:
        return
    rows = rows_of(answer, 1, "Anna", 1, False, "ab", datetime(2020, 1, 1))
    file = tmp_path / "annotation.jsonl"
    file.unlink(missing_ok=True)
    journal = Journal(file)
    journal.append(rows)
    journal.close()
    found = journaled(file)
    assert found.rows is not None and not found.damaged
    assert [row["phenomenon"] for row in found.rows.to_pylist()] == [row["phenomenon"] for row in rows]


@OFTEN
@given(between=st.lists(st.binary(max_size=60), min_size=4, max_size=4))
def test_nothing_between_whole_lines_loses_one(between: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "annotation.jsonl"
    file.unlink(missing_ok=True)
    journal = Journal(file)
    for unit in range(3):
        journal.append([{"unit": unit, "annotator": "Anna", "recognizable": True, "saved_at": datetime(2020, 1, 1)}])
    journal.close()
    lines = [*file.read_bytes().splitlines(), b""]
    file.write_bytes(b"\n".join(part for pair in zip(between, lines, strict=True) for part in pair))
    found = journaled(file).rows
    assert found is not None and found["unit"].to_pylist() == [0, 1, 2]
