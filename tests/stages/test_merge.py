"""What many stores hold becomes rows of a run within the memory that DuckDB may hold."""

import fcntl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest

from deepminer_ray import run as module
from deepminer_ray.cluster import KEEP_MEMORY
from deepminer_ray.run import Run
from deepminer_ray.stages import merge
from deepminer_ray.stages.probe import PATCHES_A_BATCH, ROWS_A_BATCH
from deepminer_ray.store import Store
from deepminer_ray.store import activation as stored_activation
from deepminer_ray.units import packing
from deepminer_ray.units.packing import for_store
from tests.units.test_packing import activation

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


def test_many_stores_are_merged_within_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (module, merge):
        monkeypatch.setattr(place, "MEMORY", "64MB")
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
    merge._merge(run.folder, "probe", {}, time.time(), files, {})
    expected = pa.concat_tables(answers).sort_by([("unit", "ascending"), ("patch", "ascending")])
    assert run.ask("from activation").cast(expected.schema).equals(expected)
    expected = pa.concat_tables([evidence(number) for number in range(BATCHES)])
    expected = expected.sort_by([(name, "ascending") for name in ("scan", "class", "unit")])
    assert run.ask("from evidence").cast(expected.schema).equals(expected)


@pytest.mark.parametrize("units", [16, 64, 1024, 2048])
def test_batches_as_large_as_they_come_are_stored_and_read_in_what_memory_there_is(tmp_path: Path, units: int) -> None:
    patches, file = min(PATCHES_A_BATCH, ROWS_A_BATCH // units), tmp_path / "store.duckdb"
    store = Store(file)
    answered = activation(range(patches), units, 8, 0)
    for number in range(LARGE_BATCHES):
        shifted = pa.array(answered["patch"].to_numpy() + number * patches)
        store.append(number, for_store({"activation": answered.set_column(0, "patch", shifted)}))
    store.close()
    assert sum(part.num_rows for part in stored_activation([file])) == LARGE_BATCHES * patches * units


def merging_process(seconds: float = 60) -> psutil.Process:
    """Of the merge that this process has asked for; Ray starts it in a moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if process.cmdline()[:1] == ["ray::_merge"]:
                    return process
        time.sleep(0.1)
    raise TimeoutError("nothing is merged")


def test_a_merge_has_one_place_for_what_it_frees(ray: Any, tmp_path: Path) -> None:
    """Its environment is looked at while it waits for the run's lock."""
    run = Run.created(tmp_path / "run")
    with ThreadPoolExecutor() as pool, (run.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        merging = pool.submit(merge.merge, run, "probe", {}, time.time(), [], {})
        try:
            environment = merging_process().environ()
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
        merging.result()
    assert environment.items() >= KEEP_MEMORY.items()
