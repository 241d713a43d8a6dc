"""The reader benchmark of the authors' later paper: can a reader tell cancer from the explanation's words alone?"""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.cells import marked, unmarked, write_file
from deepminer_ray.mammography import BENIGN, MALIGNANT
from deepminer_ray.sources.bounds import read_csv
from deepminer_ray.units.name import unit_name

SHORT = {"c": MALIGNANT, "b": BENIGN}
"""How the authors' sheets say it."""
QUESTION, CLASS, ANSWER = ("question", "case"), ("class", "label_from_name"), ("answer", "expert_response")
"""Columns of our sheets and of the authors'."""
KEY, SHEET = "key.csv", "questions.csv"


@dataclass(frozen=True, slots=True)
class Marks:
    """How many answers are right, the exact (Clopper-Pearson) 95 % interval, and exact p values against guessing."""

    right: int
    answered: int
    low: float
    high: float
    one_sided: float
    two_sided: float

    def __str__(self) -> str:
        share = f"{self.right / self.answered:.3f} ({self.low:.3f} to {self.high:.3f})"
        chance = f"p {self.one_sided:.3f} one-sided, {self.two_sided:.3f} two-sided"
        return f"{self.right} of {self.answered} right: {share}; against guessing {chance} (exact)"


def reader_questions(
    scans: Sequence[Mapping[str, Any]], number: int | None, seed: int, classes: tuple[str, str]
) -> list[dict[str, Any]]:
    """As many scans of one class as of another in random order: question, scan, class and the explanation's words.

    `scans` have scan, patient, class, units and phenomena, the most influential first; a unit without a name is shown
    as such, none is dropped. BadInput where there are not `number` (an even one) of both together.
    """
    chance = random.Random(seed)
    by_name = sorted(scans, key=lambda row: str(row["scan"]))
    of = {name: [row for row in by_name if row["class"] == name] for name in classes}
    each = min(map(len, of.values())) if number is None else number // 2
    if number is not None and number % 2:
        raise BadInput(f"Half of {number} questions cannot be {classes[0]}: use an even --number.")
    if not each or any(len(rows) < each for rows in of.values()):
        counts = " and ".join(f"{len(rows)} {name}" for name, rows in of.items())
        raise BadInput(f"There are {counts} explained scans: too few for {number or 'any'} questions, half of each.")
    chosen = [row for rows in of.values() for row in chance.sample(rows, each)]
    chance.shuffle(chosen)
    return [
        {"question": position, "scan": row["scan"], "class": row["class"], "explanation": _words(row)}
        for position, row in enumerate(chosen, 1)
    ]


def _words(row: Mapping[str, Any]) -> str:
    named = zip(row["units"], row["phenomena"], strict=True)
    return "; ".join(name or f"{unit_name(unit)}, not named" for unit, name in named)


def write_questions(directory: Path, questions: Sequence[Mapping[str, Any]]) -> None:
    """`questions.csv` for readers, with an empty column for their answers, and `key.csv` apart, for who marks them."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{directory} cannot be made: {error.strerror}.") from error
    rows = [{name: marked(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in questions]
    for name, columns in ((SHEET, ("question", "explanation", "answer")), (KEY, ("question", "scan", "class"))):
        sheet = StringIO(newline="")
        writer = csv.DictWriter(sheet, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
        write_file(directory / name, sheet.getvalue())


def mark(key: Path, answers: Path) -> Marks:
    """Mark a reader's sheet; questions without an answer do not count, an answer that is none is refused by its row."""
    from scipy.stats import binomtest

    known = {question: SHORT.get(name.lower(), name) for _, question, name in _read_pairs(key, CLASS)}
    words = {name.lower(): name for name in known.values()}
    words |= {letter: name for letter, name in SHORT.items() if name in words}
    right = answered = 0
    for line, question, said in _read_pairs(answers, ANSWER):
        if not said:
            continue
        if said.lower() not in words:
            raise BadInput(
                f"Line {line} of {answers} answers {said!r}: use {' or '.join(sorted(set(words.values())))}."
            )
        if question not in known:
            raise BadInput(f"Line {line} of {answers} answers question {question}, which {key} does not have.")
        answered += 1
        right += words[said.lower()] == known[question]
    if not answered:
        raise BadInput(f"{answers} answers no question.")
    tested = binomtest(right, answered, alternative="greater")
    both = binomtest(right, answered)
    interval = both.proportion_ci(method="exact")
    return Marks(right, answered, interval.low, interval.high, tested.pvalue, both.pvalue)


def _read_pairs(file: Path, value: tuple[str, str]) -> list[tuple[int, str, str]]:
    """(line, question, value) of every row."""
    table = read_csv(file)
    question, wanted = (next((own for own in columns if own in table.columns), None) for columns in (QUESTION, value))
    if question is None or wanted is None:
        raise BadInput(f"{file} has no columns {QUESTION[0]} and {value[0]}: {table.told()}.")
    rows = zip(table.lines, table.select(question, wanted).rows, strict=True)
    pairs = [(line, unmarked(number), unmarked(said)) for line, (number, said) in rows]
    if len({number for _, number, _ in pairs}) < len(pairs):
        raise BadInput(f"{file} has a question twice.")
    return pairs
