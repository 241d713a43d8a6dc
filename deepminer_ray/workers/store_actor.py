"""The Ray actor that stores what networks answer; it loads no torch, so that it is back soon when it was killed.

DuckDB is loaded late: Ray keeps the classes of actors until the process is gone, and with them their modules.
"""

from pathlib import Path

import pyarrow as pa


class StoreActor:
    """The one process that writes a store's file."""

    def __init__(self, file: Path, stores: int = 1):
        from deepminer_ray.database.store import Store

        self.store = Store(file, stores)

    def append(self, batch: int, tables: dict[str, pa.Table]) -> int:
        """Append a batch unless it is in already; its number."""
        return self.store.append(batch, tables)

    def done(self) -> list[int]:
        """The batches that are in."""
        return self.store.done()

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()
