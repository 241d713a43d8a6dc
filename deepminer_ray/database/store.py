"""A DuckDB file that grows by batches, each in one transaction with its ledger row, so that nothing doubles."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from deepminer_ray.database.packing import ACTIVATION_SCHEMA, PACKED_ACTIVATION, PACKED_BATCH, units_at_once, unpacked
from deepminer_ray.database.statement import statement
from deepminer_ray.database.tables import UNWRITTEN, Tables
from deepminer_ray.errors import BadInput

LOCK_ERROR = "lock"
SECONDS_TO_WAIT = 60.0
"""A killed run's store may hold its file for a few seconds more."""
STORE_MEMORY, STORE_THREADS = "64MB", 2
"""What DuckDB may hold of a store it writes: a batch is 10 MB, and more only keeps what is on disk already."""
READING: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "64MB", "threads": 1}
"""How it reads stores: each of their blocks is asked for once and then almost never, and a thread holds a
batch's rows at once, 20 MB."""


class Store:
    """Owns one file of `RUN/store/`; its tables are made from the first batch that names them."""

    def __init__(self, file: Path, stores: int = 1):
        """`stores` share the machine's cores."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.connection = duckdb.connect(
            config={
                "memory_limit": STORE_MEMORY,
                "temp_directory": f"{file}.tmp",
                "threads": max(1, min(STORE_THREADS, (os.cpu_count() or 1) // stores)),
            }
        )
        self._attach_patiently()
        self.connection.execute("use store")
        for table in ("ledger", PACKED_ACTIVATION):
            self.connection.execute(statement(f"store/{table}"))

    def append(self, batch: int, tables: dict[str, pa.Table]) -> int:
        """Append a batch unless the ledger has it already; the number of the batch. BadInput on a full disk."""
        try:
            with self._transaction():
                if not self.connection.execute(statement("store/known"), {"batch": batch}).fetchall():
                    for table, rows in tables.items():
                        self._append_rows(table, rows)
                    self.connection.execute(statement("store/enter"), {"batch": batch})
        except UNWRITTEN as error:
            raise BadInput(
                f"Answers cannot be stored in {self.file}: {str(error).splitlines()[0]} "
                "What is in it already is kept: correct that and run the command again."
            ) from error
        return batch

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("begin")
        try:
            yield
            self.connection.execute("commit")
        except BaseException:
            # A commit that failed has ended the transaction itself, a dead connection has none.
            with suppress(duckdb.TransactionException, duckdb.FatalException):
                self.connection.execute("rollback")
            raise

    def _append_rows(self, table: str, rows: pa.Table) -> None:
        tables = Tables(self.connection)
        with tables.showing("arriving", rows):
            self.connection.execute(f"create table if not exists {table} as from arriving limit 0")
        tables.insert(table, rows)

    def done(self) -> list[int]:
        """The batches that are in."""
        return [row[0] for row in self.connection.execute(statement("store/done")).fetchall()]

    def close(self) -> None:
        """Checkpoint and let go of the file."""
        self.connection.execute("checkpoint")
        self.connection.close()

    def _attach_patiently(self) -> None:
        until = time.monotonic() + SECONDS_TO_WAIT
        while True:
            try:
                self.connection.execute(statement("store/attach"), {"file": str(self.file)})
                return
            except duckdb.IOException as error:
                if LOCK_ERROR not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.5)


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


@contextmanager
def gathered(tables: Tables, table: str) -> Iterator[None]:
    """Have what `attached` shows of a table in one table `gathered`."""
    tables.apply("store/gather", table=f"stored_{table}")
    yield
    tables.apply("store/drop_gathered")


def activation(files: Sequence[Path]) -> Iterator[pa.RecordBatchReader]:
    """Rows of `activation` in the stores' files by unit and patch, in parts that are read as they are asked for.

    A part has a few units, for DuckDB does not sort by unit what its memory cannot hold.
    """
    with duckdb.connect(config=READING) as connection:
        tables = Tables(connection)
        if PACKED_BATCH not in attached(tables, files):
            return
        batches = tables.select("store/batch")
        for first, last in units_at_once(batches):
            rows = unpacked(batches, tables.select("store/activation", first=first, last=last))
            yield pa.RecordBatchReader.from_batches(ACTIVATION_SCHEMA, rows)
