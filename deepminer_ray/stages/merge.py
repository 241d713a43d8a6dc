"""What a store holds becomes rows of the run, in a process that has neither network nor driver in it."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.cluster import connect, here
from deepminer_ray.run import Run
from deepminer_ray.tables import Tables


def merge(
    run: Run, stage: str, parameters: dict[str, Any], started: float, file: Path, rows: dict[str, pa.Table]
) -> None:
    """Finish a stage with the rows of a store's file, and a few more, in a process of its own; then drop the file."""
    ray = connect()
    ray.get(ray.remote(_merge).options(**here(ray)).remote(run.folder, stage, parameters, started, file, rows))
    clear(run)


def clear(run: Run) -> None:
    """Drop the stores, once what they hold is in the run."""
    shutil.rmtree(run.folder / "store", ignore_errors=True)


def _merge(
    folder: Path, stage: str, parameters: dict[str, Any], started: float, file: Path, rows: dict[str, pa.Table]
) -> None:
    with Run(folder).finishing(stage, parameters, started) as tables:
        for table, more in rows.items():
            tables.insert(table, more)
        for table in attached(tables, file):
            tables.fill(table, f"store/{table}")


def attached(tables: Tables, file: Path) -> list[str]:
    """Attach a store's file to a transaction, as `store`; the tables it has."""
    tables.connection.execute("attach $file as store (read_only)", {"file": str(file)})
    return [row["name"] for row in tables.select("store/present").to_pylist()]
