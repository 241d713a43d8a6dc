"""The reader benchmark: balanced, complete, sealed, and marked exactly."""

import csv
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binom

from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.readers import KEY, SHEET, mark, reader_questions, write_questions
from tests.conftest import SHARED

CLASSES = ("malignant", "benign")
AUTHORS = SHARED / "authors" / "explanation_benchmark.csv"


def scans(malignant: int, benign: int) -> list[dict[str, Any]]:
    return [
        {"scan": f"{name}_{number}", "class": name, "units": [number, 7], "phenomena": [None, f"word {number}"]}
        for name, count in (("malignant", malignant), ("benign", benign))
        for number in range(count)
    ]


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.skipif(not AUTHORS.is_file(), reason="../shared/data/authors is not there")
def test_the_authors_own_answers_are_marked_as_they_reported() -> None:
    marks = mark(AUTHORS, AUTHORS)
    assert (marks.right, marks.answered) == (182, 330)
    assert marks.one_sided == pytest.approx(binom.sf(181, 330, 0.5), rel=1e-12)
    assert f"{marks.one_sided:.3f}" == "0.035"
    assert marks.low < 182 / 330 < marks.high


@pytest.mark.parametrize("number", [None, 6])
def test_questions_are_balanced_shuffled_and_drop_no_unit(tmp_path: Path, number: int | None) -> None:
    asked = reader_questions(scans(5, 9), number, 3, CLASSES)
    assert asked == reader_questions(list(reversed(scans(5, 9))), number, 3, CLASSES)
    assert len(asked) == (number or 10)
    assert sum(row["class"] == "malignant" for row in asked) == len(asked) // 2
    assert [row["question"] for row in asked] == list(range(1, len(asked) + 1))
    assert [row["class"] for row in asked] != sorted(row["class"] for row in asked)
    assert asked != reader_questions(scans(5, 9), number, 4, CLASSES)
    for row in asked:
        unit = int(row["scan"].split("_")[1])
        assert row["explanation"] == f"unit_{unit + 1:04d}, not named; word {unit}"
    write_questions(tmp_path / "study", asked)
    sheet, key = rows(tmp_path / "study" / SHEET), rows(tmp_path / "study" / KEY)
    assert list(sheet[0]) == ["question", "explanation", "answer"], "nothing in it tells the class"
    assert not any(word in (tmp_path / "study" / SHEET).read_text() for word in ("malignant", "benign"))
    assert [row["class"] for row in key] == [row["class"] for row in asked]


@pytest.mark.parametrize(
    ("malignant", "benign", "number", "sentence"),
    [(0, 5, None, "0 malignant and 5 benign"), (3, 3, 8, "too few for 8"), (3, 3, 3, "use an even --number")],
)
def test_what_cannot_be_asked_is_one_sentence(malignant: int, benign: int, number: int | None, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        reader_questions(scans(malignant, benign), number, 0, CLASSES)


def test_a_filled_sheet_is_marked_and_gaps_do_not_count(tmp_path: Path) -> None:
    asked = reader_questions(scans(4, 4), None, 0, CLASSES)
    write_questions(tmp_path, asked)
    said = ["C" if row["class"] == "malignant" else "benign" for row in asked]
    said[0], said[1] = "", {"malignant": "B", "benign": "Malignant"}[asked[1]["class"]]
    sheet = tmp_path / "filled.csv"
    lines = [f"{row['question']},{one}\n" for row, one in zip(asked, said, strict=True)]
    sheet.write_text("question,answer\n" + "".join(lines))
    marks = mark(tmp_path / KEY, sheet)
    assert (marks.right, marks.answered) == (6, 7)
    assert str(marks).startswith("6 of 7 right: 0.857 (0.421 to 0.996); against guessing p 0.062 one-sided")


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        ("question,answer\n1,maybe\n", "Line 2 of .* answers 'maybe'"),
        ("question,answer\n99,benign\n", "answers question 99"),
        ("question,answer\n1,benign\n1,benign\n", "has a question twice"),
        ("question,answer\n1,\n", "answers no question"),
        ("question,said\n1,benign\n", "has no columns question and answer"),
        ("", "cannot be read as csv"),
        (b"\xff\xfe\x00", "cannot be read as csv"),
    ],
)
def test_sheets_that_cannot_be_marked_are_one_sentence(tmp_path: Path, sheet: str | bytes, sentence: str) -> None:
    write_questions(tmp_path, reader_questions(scans(2, 2), None, 0, CLASSES))
    file = tmp_path / "filled.csv"
    file.write_bytes(sheet if isinstance(sheet, bytes) else sheet.encode())
    with pytest.raises(BadInput, match=sentence):
        mark(tmp_path / KEY, file)
