"""A DuckDB in memory with every table and view of a run, and the verbs the tests need: fill, ask and make."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from deepminer_ray.database.statement import statement
from deepminer_ray.database.tables import create

SQL = Path(__file__).parents[2] / "sql"
CLASSES = ("normal", "benign", "malignant")

Row = dict[str, Any]


class Tables:
    """The tables of a run without its folder."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 2})
        create(self.connection)

    def fill(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows of equal keys; columns they do not name are null."""
        self.connection.register("arriving", pa.Table.from_pylist(list(rows)))
        self.connection.execute(f"insert into {table} by name (from arriving)")
        self.connection.unregister("arriving")

    def rows(self, query: str, **parameters: Any) -> list[Row]:
        """The answer to any query as dictionaries."""
        answer = self.connection.execute(query, parameters)
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def ask(self, name: str, **parameters: Any) -> list[Row]:
        """The rows of a question of that name."""
        return self.rows(statement(name), **parameters)

    def make(self, name: str, **parameters: Any) -> list[Row]:
        """Insert the rows of the question of a table's name into it, as a run does, and return the table."""
        self.connection.execute(f"insert into {name} by name ({statement(name)})", parameters)
        return self.rows(f"from {name}")

    def audit(self, name: str) -> list[Row]:
        """The rows that sql/audit/NAME.sql finds."""
        return self.ask(f"audit/{name}")


def each_undone(tables: Tables) -> Iterator[Tables]:
    """The tables for one test, in a transaction that is undone after it."""
    tables.connection.execute("begin")
    yield tables
    tables.connection.execute("rollback")


@pytest.fixture(scope="session")
def empty_run() -> Tables:
    """All tables and views of a run."""
    return Tables()


@pytest.fixture
def run(empty_run: Tables) -> Iterator[Tables]:
    """All tables and views of a run, empty."""
    yield from each_undone(empty_run)


@pytest.fixture
def world(full_run: Tables) -> Iterator[Tables]:
    """A run of 40 scans, made once and the same for every test."""
    yield from each_undone(full_run)


@pytest.fixture(scope="session")
def full_run() -> Tables:
    """40 scans of 20 patients, 64 units and 160 patches with random values of few decimals, so that many are tied."""
    run = Tables()
    chance = random.Random(7)
    scans = [f"scan_{number:02}" for number in range(40)]
    units = range(64)
    patches = [number * 65536 + place for number in range(40) for place in range(4)]
    run.fill(
        "scan",
        [
            {"scan": scan, "scan_number": number, "patient": f"P_{number // 2:02}", "rows": 400, "columns": 400}
            for number, scan in enumerate(scans)
        ],
    )
    run.fill(
        "partition",
        [
            {"patient": f"P_{number:02}", "partition": ("train", "test", "test", "holdout")[number % 4]}
            for number in range(20)
        ],
    )
    run.fill(
        "patch",
        [
            {"patch": patch, "scan": scans[patch // 65536], "x": 100 * (patch % 65536), "y": 50, "size": 100}
            for patch in patches
        ],
    )
    run.fill(
        "lesion",
        [
            {
                "lesion": f"{scan}_{abnormality}",
                "scan": scan,
                "abnormality": abnormality,
                "pathology": chance.choice(["benign", "malignant", "benign_without_callback", "unproven"]),
                "report": chance.choice(["LESION_TYPE MASS SHAPE OVAL", "LESION_TYPE CALCIFICATION", ""]),
            }
            for scan in scans
            for abnormality in range(1, chance.choice([1, 2, 3]))
        ],
    )
    lesions = run.rows("select lesion, scan_number from lesion join scan using (scan)")
    run.fill(
        "overlap",
        [
            {
                "patch": lesion["scan_number"] * 65536 + place,
                "lesion": lesion["lesion"],
                "cover": chance.choice([0.05, 0.1, 0.2, 0.3, 0.5]),
                "within": chance.choice([0.01, 0.1, 0.2, 0.29, 0.3]),
            }
            for lesion, place in product(lesions, range(4))
            if chance.random() < 0.7
        ],
    )
    run.fill(
        "weight",
        [{"class": name, "unit": unit, "weight": chance.randint(-20, 20) / 10} for name in CLASSES for unit in units],
    )
    run.fill("bias", [{"class": name, "bias": chance.uniform(-1, 1)} for name in CLASSES])
    run.fill(
        "activation",
        [
            {"patch": patch, "unit": unit, "maximum": chance.randint(0, 40) / 8, "mean": chance.random()}
            for patch in patches
            for unit in units
        ],
    )
    run.fill(
        "response",
        [
            {"scan": scan, "unit": unit, "maximum": chance.randint(0, 40) / 8, "mean": chance.random()}
            for scan in scans
            for unit in units
        ],
    )
    run.fill(
        "scan_prediction",
        [
            {"scan": scan, "class": name, "probability": chance.randint(0, 10) / 10}
            for scan in scans
            for name in CLASSES
        ],
    )
    run.fill(
        "prediction",
        [
            {"patch": patch, "class": name, "probability": chance.randint(0, 20) / 20}
            for patch in patches
            for name in CLASSES
        ],
    )
    return run


@pytest.fixture
def sql() -> Path:
    """Where the queries are."""
    return SQL


@pytest.fixture(scope="session")
def new_run() -> type[Tables]:
    """Makes an empty run for a module that fills its own once."""
    return Tables


@pytest.fixture(scope="session")
def undoing() -> Callable[[Tables], Iterator[Tables]]:
    """What lends such a run to one test."""
    return each_undone
