"""What a store holds becomes rows of the run, in a process that has neither network nor driver in it."""

import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.cluster import KEEP_MEMORY, connect, here
from deepminer_ray.run import Run
from deepminer_ray.store import activation, attached, gathered
from deepminer_ray.units.packing import BATCH, PACKED

SUMMED = ("histogram",)
"""What is summed before it is sorted, and then is little."""
MEMORY, THREADS = "128MB", 4
"""What DuckDB may hold of rows that come in their order, or nearly: more would only keep what is on disk already. With
many threads it would not be enough, and no more than two have something to do."""


def merge(
    run: Run, stage: str, parameters: dict[str, Any], started: float, files: list[Path], rows: dict[str, pa.Table]
) -> None:
    """Finish a stage with the rows of the stores' files, and a few more, in a process of its own; then drop them."""
    ray = connect()
    merging = ray.remote(_merge).options(runtime_env={"env_vars": KEEP_MEMORY}, **here(ray))
    ray.get(merging.remote(run.folder, stage, parameters, started, files, rows))
    clear(run)


def clear(run: Run) -> None:
    """Drop the stores, once what they hold is in the run."""
    shutil.rmtree(run.folder / "store", ignore_errors=True)


def _merge(
    folder: Path, stage: str, parameters: dict[str, Any], started: float, files: list[Path], rows: dict[str, pa.Table]
) -> None:
    with Run(folder).finishing(stage, parameters, started) as tables:
        tables.hold(MEMORY, THREADS)
        for table, more in rows.items():
            tables.insert(table, more)
        for table in attached(tables, files):
            if table not in (PACKED, BATCH):
                with nullcontext() if table in SUMMED else gathered(tables, table):
                    tables.fill(table, f"store/{table}")
        tables.insert("activation", activation(files))
