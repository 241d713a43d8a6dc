"""What a store holds becomes rows of the run, in a process that has neither network nor driver in it and then ends."""

import ctypes
import shutil
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.database.packing import PACKED_ACTIVATION, PACKED_BATCH
from deepminer_ray.database.run import Run
from deepminer_ray.database.store import activation, attached, gathered
from deepminer_ray.workers.cluster import connect, here

SUMMED = ("histogram",)
"""What is summed before it is sorted, and then is little."""
MERGE_MEMORY, MERGE_THREADS = "128MB", 4
"""What DuckDB may hold of rows that come in their order, or nearly: more would only keep what is on disk already. With
many threads it would not be enough, and no more than two have something to do."""
M_MMAP_THRESHOLD, LARGE_BLOCK = -3, 2**20
"""The C library's name for it, and bytes."""


Finishing = tuple[str, dict[str, Any], float]
"""A stage, its parameters and when it began, as `Run.finishing` takes them."""


def merge(run: Run, finishing: Finishing, files: list[Path], rows: dict[str, pa.Table], workers: int) -> None:
    """Finish a stage with the rows of the stores' files, and a few more, by one of Ray's processes; then drop them.

    Without any worker this process does it.
    """
    if workers:
        ray = connect()
        merging = ray.remote(max_calls=1)(_merge_alone).options(**here(ray))
        ray.get(merging.remote(run.folder, finishing, files, rows))
    else:
        _merge(run.folder, finishing, files, rows)
    clear(run)


def clear(run: Run) -> None:
    """Drop the stores, once what they hold is in the run."""
    shutil.rmtree(run.folder / "store", ignore_errors=True)


def give_large_blocks_back() -> None:
    """Have this process return every large block to the system at once, where the C library is GNU's.

    By itself it soon keeps them, to be taken in parts: what is read of the stores is then free in one place and wanted
    in another, 490 MB instead of 391 for 136 million rows. Told by the environment it would need a process of its own,
    which takes a second to start.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def _merge_alone(*given: Any) -> None:
    give_large_blocks_back()
    _merge(*given)


def _merge(folder: Path, finishing: Finishing, files: list[Path], rows: dict[str, pa.Table]) -> None:
    with Run(folder).finishing(*finishing) as tables:
        tables.hold(MERGE_MEMORY, MERGE_THREADS)
        for table, more in rows.items():
            tables.insert(table, more)
        for table in attached(tables, files):
            if table not in (PACKED_ACTIVATION, PACKED_BATCH):
                with nullcontext() if table in SUMMED else gathered(tables, table):
                    tables.fill(table, f"store/{table}")
        for part in activation(files):
            tables.renew()
            tables.hold(MERGE_MEMORY, MERGE_THREADS)
            tables.insert("activation", part)
