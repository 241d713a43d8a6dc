"""What a run knows as Parquet, for tools that open no DuckDB."""

import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from deepminer_ray.database.leftovers import alone, drop_partials
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import written_whole

ROWS_AT_ONCE = 1_000_000
"""Rows in memory together, and in a row group of the file."""


def export_tables(run: Run, directory: Path) -> dict[str, int]:
    """Write each table of one state of the run to DIR/TABLE.parquet, whole or not at all; the rows of each.

    Files of a former export are replaced. BadInput where DIR holds other Parquet files: `DIR/*.parquet` is one export.
    """
    tables = [row["table_name"] for row in run.rows("run_table")]
    others = sorted({file.stem for file in directory.glob("*.parquet")} - set(tables))
    if others:
        raise BadInput(f"{directory} holds {others[0]}.parquet, no table of a run: export to a folder of its own.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{directory} cannot be made: {error.strerror}.") from error
    counts = {}
    with alone(directory) as is_alone, run.reading() as connection:
        if is_alone:
            drop_partials(directory, tables)
        for table in tables:
            reader = connection.table(table).to_arrow_reader(ROWS_AT_ONCE)
            counts[table] = write_rows(directory / f"{table}.parquet", reader.schema, reader)
    return counts


def write_rows(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write a Parquet file under another name and rename it when it is whole; the number of rows."""
    rows = 0
    try:
        with written_whole(file) as partial, partial.open("wb") as stream:
            with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    rows += batch.num_rows
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror or error}.") from error
    except pa.ArrowException as error:
        raise BadInput(f"{file} cannot be written as Parquet: {str(error).splitlines()[0]}.") from error
    return rows
