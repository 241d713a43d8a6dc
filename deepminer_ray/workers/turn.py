"""A network answers one batch while the rows of the one before are stored; and what it stood still for."""

import threading
import time
from collections.abc import Callable

import pyarrow as pa


class Turn:
    """Of the threads that have batches for one network, one at a time has it."""

    def __init__(self) -> None:
        self.network = threading.Lock()
        self.left: float | None = None
        self.stored = 0.0

    def take(
        self, answer: Callable[[], dict[str, pa.Table]], store: Callable[[dict[str, pa.Table]], object]
    ) -> tuple[dict[str, pa.Table], dict[str, float]]:
        """The rows of a batch, once they are stored, and seconds: `working`, and `store` and `driver`, before it.

        The network waited for the store until rows were in it, and for the driver from then on.
        """
        with self.network:
            began = time.perf_counter()
            left = began if self.left is None else self.left
            stored = min(max(self.stored, left), began)
            rows = answer()
            self.left = time.perf_counter()
            told = {"working": self.left - began, "store": stored - left, "driver": began - stored}
        store(rows)
        self.stored = time.perf_counter()
        return rows, told
