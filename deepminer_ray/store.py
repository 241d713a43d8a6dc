"""A DuckDB file that grows by batches, each in one transaction with its ledger row, so that nothing doubles."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from deepminer_ray.errors import BadInput
from deepminer_ray.statement import statement
from deepminer_ray.tables import MEMORY, UNWRITTEN

LOCKED = "lock"
SECONDS_TO_WAIT = 60.0
"""A killed run's store may hold its file for a few seconds more."""


class Store:
    """Owns one file of `RUN/store/`; its tables are made from the first batch that names them."""

    def __init__(self, file: Path, stores: int = 1):
        """`stores` share the machine's cores and the memory that DuckDB may hold."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.connection = _patient_connect(file, max(1, (os.cpu_count() or 1) // stores))
        self.connection.execute(statement("store/ledger"))

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
                "What is in it already is kept; mend that and call it again."
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
        self.connection.register("arriving", rows)
        self.connection.execute(f"create table if not exists {table} as from arriving limit 0")
        self.connection.execute(f"insert into {table} by name (from arriving)")
        self.connection.unregister("arriving")

    def done(self) -> list[int]:
        """The batches that are in."""
        return [row[0] for row in self.connection.execute(statement("store/done")).fetchall()]

    def close(self) -> None:
        """Checkpoint and let go of the file."""
        self.connection.close()


def _patient_connect(file: Path, threads: int) -> duckdb.DuckDBPyConnection:
    until = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            return duckdb.connect(str(file), config={"memory_limit": MEMORY, "threads": threads})
        except duckdb.IOException as error:
            if LOCKED not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.5)
