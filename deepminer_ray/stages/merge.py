"""What a store holds becomes rows of the run, in a process that has neither network nor driver in it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.cluster import connect, here
from deepminer_ray.run import Run
from deepminer_ray.tables import Tables


def merge(
    run: Run, stage: str, parameters: dict[str, Any], started: float, files: list[Path], rows: dict[str, pa.Table]
) -> None:
    """Finish a stage with the rows of the stores' files, and a few more, in a process of its own; then drop them."""
    ray = connect()
    ray.get(ray.remote(_merge).options(**here(ray)).remote(run.folder, stage, parameters, started, files, rows))
    clear(run)


def clear(run: Run) -> None:
    """Drop the stores, once what they hold is in the run."""
    shutil.rmtree(run.folder / "store", ignore_errors=True)


def _merge(
    folder: Path, stage: str, parameters: dict[str, Any], started: float, files: list[Path], rows: dict[str, pa.Table]
) -> None:
    with Run(folder).finishing(stage, parameters, started) as tables:
        for table, more in rows.items():
            tables.insert(table, more)
        for table in attached(tables, files):
            tables.fill(table, f"store/{table}")


def attached(tables: Tables, files: Sequence[Path]) -> list[str]:
    """Show what the stores' files hold to a transaction, table T of all of them as `stored_T`; the tables there are."""
    for number, file in enumerate(files):
        tables.connection.execute(f"attach $file as store_{number} (read_only)", {"file": str(file)})
    parts: dict[str, list[str]] = {}
    for row in tables.select("store/present").to_pylist():
        parts.setdefault(row["name"], []).append(f"from {row['stored']}")
    for table, stored in parts.items():
        tables.connection.execute(f"create temp view stored_{table} as {' union all '.join(stored)}")
    return list(parts)
