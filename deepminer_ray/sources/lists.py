"""Lists of patients: which partition a table gives each of them, whatever it calls the partitions."""

from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.cells import unmarked
from deepminer_ray.files.location import Place
from deepminer_ray.files.table import MISSING, TextTable
from deepminer_ray.paper import PARTITIONS
from deepminer_ray.sources.bounds import read_csv
from deepminer_ray.sources.patient import is_nobody

VALIDATION = "validation"
"""Not a partition of its own: a part of train, on which no network is trained."""
LIST_WORDS = {
    word: name
    for name, words in {
        "train": ("train", "training", "trainset", "trainingset"),
        VALIDATION: (VALIDATION, "val", "valid", "dev", "development", "validationset", "tuning"),
        "test": ("test", "testing", "testset"),
        "holdout": ("holdout", "heldout"),
    }.items()
    for word in words
}
"""What data sets call the partitions, in small letters without blanks and hyphens."""
LIST_COLUMNS = ("partition", "paper_split", "split", "set", "subset", "list")
PATIENT_COLUMNS = ("patient", "patient_id", "patientid")


def read_lists(file: Place, remarks: list[str]) -> list[dict[str, Any]]:
    """Patients and their lists, from a table with a column of each; who has no list there is left out.

    What is to be said is appended to remarks. BadInput names the line of a word that means none, or of a row
    without patient.
    """
    table = read_csv(file)
    table.columns = ["_".join(name.lower().split()) for name in table.columns]
    column, patient = _column(table, LIST_COLUMNS), _column(table, PATIENT_COLUMNS)
    if column is None or patient is None:
        raise BadInput(f"{file} has no columns `patient` and `partition`: {table.told()}.")
    pairs: dict[tuple[str, str], None] = {}
    words: dict[str, str] = {}
    for line, (cell, word) in zip(table.lines, table.select(patient, column).rows, strict=True):
        who = unmarked(cell)
        if word.upper() in MISSING:
            continue
        if is_nobody(who):
            raise BadInput(f"Line {line} of {file}, column {patient}: {who[:40]!r} names no patient.")
        words[word] = words.get(word) or _partition_of(word, f"Line {line} of {file}, column {column}")
        pairs[who, words[word]] = None
    if other := {word: means for word, means in words.items() if level_of_list(word) != means}:
        remarks.append(", ".join(f"{word} is read as {means}" for word, means in other.items()))
    return [{"patient": who, "list": name} for who, name in pairs]


def _column(table: TextTable, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in table.columns), None)


def level_of_list(word: str) -> str:
    """A list's name in small letters without blanks and hyphens."""
    return "".join(letter for letter in word.lower() if letter not in " -_")


def _partition_of(word: str, where: str) -> str:
    means = LIST_WORDS.get(level_of_list(word))
    if means is None:
        known = f"{', '.join(PARTITIONS)} or {VALIDATION}"
        raise BadInput(f"{where}: {word[:40]!r} means no partition: write {known}, or nothing for who is in none.")
    return means
