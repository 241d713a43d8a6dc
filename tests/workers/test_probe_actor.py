"""What a process with a network does of a batch beside the network's own work."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from deepminer_ray.patches.ahead import READ_FOR, Pixels
from deepminer_ray.workers.probe_actor import How, Prober

SECONDS = 10.0


class Counting:
    """In place of a network: how many patches it was shown."""

    def patches(self, scans: Iterable[tuple[Any, Pixels]]) -> dict[str, pa.Table]:
        return {"prediction": pa.table({"shown": [sum(len(pixels) for _, pixels in scans)]})}


def test_a_batch_s_first_scan_is_read_while_the_network_answers_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, stored = threading.Event(), []

    def reading(_: Path, scan: tuple[int, list[int]]) -> Pixels:
        read.set()
        return np.zeros((len(scan[1]), 2, 2), np.uint16)

    monkeypatch.setitem(READ_FOR, "patches", reading)
    prober = Prober(How(""), tmp_path)
    prober.probe = Counting()  # type: ignore[assignment]
    with ThreadPoolExecutor(1) as threads:
        with prober.turn.network:
            told = threads.submit(prober.answered, "patches", ([(0, [7, 8]), (1, [9])],), bytes, stored.append)
            assert read.wait(SECONDS), "the network was busy, the film could be read"
            assert not told.done()
        assert told.result(SECONDS) | {"rows": 1, "patches": 3} == told.result()
    assert [rows["prediction"]["shown"].to_pylist() for rows in stored] == [[3]]
