"""What many stores hold becomes rows of a run within the memory that DuckDB may hold."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from deepminer_ray.database import packing
from deepminer_ray.database import run as module
from deepminer_ray.database.packing import for_store
from deepminer_ray.database.run import Run
from deepminer_ray.database.store import Store
from deepminer_ray.database.store import activation as stored_activation
from deepminer_ray.database.tables import Tables
from deepminer_ray.stages.probe import PATCHES_A_BATCH, ROWS_A_BATCH
from deepminer_ray.workers import merge
from tests.database.test_packing import activation

STORES, BATCHES, UNITS, PATCHES, SCANS = 8, 32, 512, 100, 24
LARGE_BATCHES = 12


def evidence(batch: int) -> pa.Table:
    """Rows of a batch of scans, of which the first are in no order."""
    chance = np.random.default_rng(batch)
    scan = [f"cancer_01-C_{chance.integers(10_000):04d}_{batch}_{number}.LEFT_MLO" for number in range(SCANS)]
    classes = ["benign", "malignant", "normal"]
    rows = SCANS * len(classes) * UNITS
    return pa.table(
        {
            "scan": np.repeat(scan, rows // SCANS),
            "class": np.tile(np.repeat(classes, UNITS), SCANS),
            "unit": np.tile(np.arange(UNITS, dtype=np.int32), SCANS * len(classes)),
            "activation": chance.random(rows, np.float32),
        }
    )


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a merge does for the sake of memory, in order; this process itself is not told to give blocks back."""
    told: list[str] = []
    renew = Tables.renew

    def renewed(tables: Tables) -> None:
        told.append("renewed")
        renew(tables)

    monkeypatch.setattr(Tables, "renew", renewed)
    monkeypatch.setattr(merge, "give_large_blocks_back", lambda: told.append("given back"))
    return told


def test_many_stores_are_merged_within_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    monkeypatch.setattr(module, "RUN_MEMORY", "64MB")
    monkeypatch.setattr(merge, "MERGE_MEMORY", "64MB")
    monkeypatch.setattr(packing, "BYTES_AT_ONCE", 2**20)
    files = [tmp_path / "store" / f"{number}.duckdb" for number in range(STORES)]
    stores = [Store(file, STORES) for file in files]
    answers = [
        activation(range(number * PATCHES, (number + 1) * PATCHES), UNITS, 8, number) for number in range(BATCHES)
    ]
    for number in np.random.default_rng(0).permutation(BATCHES):
        tables = {"activation": answers[number], "evidence": evidence(int(number))}
        stores[number % STORES].append(int(number), for_store(tables))
    for store in stores:
        store.close()
    run = Run.created(tmp_path / "run")
    merge._merge_alone(run.folder, ("probe", {}, time.time()), files, {})
    parts = list(packing.units_at_once(pa.table({"patches": [list(range(PATCHES * BATCHES))], "units": [UNITS]})))
    assert len(parts) > 10 and told == ["given back", *["renewed"] * len(parts)]
    expected = pa.concat_tables(answers).sort_by([("unit", "ascending"), ("patch", "ascending")])
    assert run.ask("from activation").cast(expected.schema).equals(expected)
    expected = pa.concat_tables([evidence(number) for number in range(BATCHES)])
    expected = expected.sort_by([(name, "ascending") for name in ("scan", "class", "unit")])
    assert run.ask("from evidence").cast(expected.schema).equals(expected)


def test_a_merge_that_fails_among_its_parts_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BYTES_AT_ONCE", 2**15)
    store = Store(tmp_path / "store.duckdb")
    store.append(0, for_store({"activation": activation(range(PATCHES), UNITS, 8, 0)}))
    store.close()
    run = Run.created(tmp_path / "run")
    with run.appending() as tables:
        tables.connection.execute("insert into rejected (file, reason) values ('film', 'for the test')")
    taken: list[int] = []

    def failing(files: Sequence[Path]) -> Iterator[pa.RecordBatchReader]:
        for part in stored_activation(files):
            if len(taken) == 3:
                raise RuntimeError("lost")
            taken.append(1)
            yield part

    monkeypatch.setattr(merge, "activation", failing)
    before = run.database.read_bytes()
    with pytest.raises(RuntimeError, match="lost"):
        merge._merge(run.folder, ("probe", {}, time.time()), [store.file], {})
    assert len(taken) == 3
    assert run.database.read_bytes() == before
    assert list(run.folder.glob("run.duckdb.*")) == []


@pytest.mark.parametrize("units", [16, 64, 1024, 2048])
def test_batches_as_large_as_they_come_are_stored_and_read_in_what_memory_there_is(tmp_path: Path, units: int) -> None:
    patches, file = min(PATCHES_A_BATCH, ROWS_A_BATCH // units), tmp_path / "store.duckdb"
    store = Store(file)
    answered = activation(range(patches), units, 8, 0)
    for number in range(LARGE_BATCHES):
        shifted = pa.array(answered["patch"].to_numpy() + number * patches)
        store.append(number, for_store({"activation": answered.set_column(0, "patch", shifted)}))
    store.close()
    assert sum(rows.num_rows for part in stored_activation([file]) for rows in part) == LARGE_BATCHES * patches * units


GIVEN_BACK = """
import ctypes, sys
from deepminer_ray.workers.merge import LARGE_BLOCK, give_large_blocks_back
names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
class Said(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in names]
c = ctypes.CDLL(None)
c.mallinfo2.restype, c.malloc.restype, c.free.argtypes = Said, ctypes.c_void_p, [ctypes.c_void_p]
if sys.argv[1] == "told":
    give_large_blocks_back()
for _ in range(3):
    before = c.mallinfo2().hblkhd
    block = c.malloc(4 * LARGE_BLOCK)
    print(c.mallinfo2().hblkhd - before >= 4 * LARGE_BLOCK)
    c.free(block)
"""
"""Whether a block is the system's own, the first time, the second and the third, when one of its size was free."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library is another, or too old to tell")
@pytest.mark.parametrize(("how", "given"), [("told", "True"), ("untold", "False")])
def test_large_blocks_are_given_back_at_once(how: str, given: str) -> None:
    told_otherwise = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(told_otherwise)}
    asked = [sys.executable, "-c", GIVEN_BACK, how]
    said = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split()[-1] == given
