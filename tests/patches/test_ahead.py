"""Films are read ahead of the network, one and no more."""

import gc
import queue
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.ahead import READ_FOR, THREAD, Ahead, Pixels, ahead
from deepminer_ray.patches.shard import write_patches, write_scan

SCANS = [3, 1, 4, 1, 5]


def nothing_more(read: "queue.SimpleQueue[int]") -> bool:
    time.sleep(0.05)
    return read.empty()


def test_the_first_scan_is_read_at_once_and_the_next_while_one_is_answered() -> None:
    read: queue.SimpleQueue[int] = queue.SimpleQueue()

    def reading(scan: int) -> Pixels:
        read.put(scan)
        return np.full((1, 2, 2), scan, np.uint16)

    scans = Ahead(SCANS, reading)
    assert read.get(timeout=10) == SCANS[0], "before anybody asks"
    assert nothing_more(read)
    for number, (scan, pixels) in enumerate(scans):
        assert scan == SCANS[number] and (pixels == scan).all()
        if number + 1 < len(SCANS):
            assert read.get(timeout=10) == SCANS[number + 1]
        assert nothing_more(read), "more than one film ahead only fills memory"
    assert number + 1 == len(SCANS)
    assert list(Ahead([], reading)) == [] and read.empty()


def test_what_the_network_waits_for_is_counted_and_what_it_does_itself_is_not() -> None:
    def slowly(scan: float) -> Pixels:
        time.sleep(scan)
        return np.zeros((1, 1, 1), np.uint16)

    waited = Ahead([0.2, 0.0], slowly)
    list(waited)
    assert waited.seconds_waiting >= 0.15
    ready = Ahead([0.0, 0.1], slowly)
    for _ in ready:
        time.sleep(0.3)
    assert ready.seconds_waiting < 0.1


@pytest.mark.parametrize("answered", [1, len(SCANS)])
def test_the_thread_that_reads_ends_with_what_wanted_it(answered: int) -> None:
    """At once, though Python looks for what only cycles hold but now and then: a worker has thousands of batches."""
    gc.disable()
    try:
        scans = Ahead(SCANS, lambda scan: np.full((1, 1, 1), scan, np.uint16))
        assert [next(scans)[0] for _ in range(answered)] == SCANS[:answered]
        (thread,) = (thread for thread in threading.enumerate() if thread.name.startswith(THREAD))
        del scans
        thread.join(10)
        assert not thread.is_alive()
    finally:
        gc.enable()


def test_a_scan_that_cannot_be_read_fails_where_it_is_wanted(tmp_path: Path) -> None:
    scans = ahead("scans", [("scan_0", 0)], tmp_path)
    with pytest.raises(BadInput, match=r"There is no .*000000\.parquet"):
        next(scans)


def test_each_method_sees_the_pixels_it_names(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    pixels, whole = chance.integers(0, 30_000, (6, 8, 8), np.uint16), chance.integers(0, 30_000, (20, 10), np.uint16)
    rows = [
        {"patch": 65536 + place, "scan": "scan_1", "x": 0, "y": 0, "size": 8, "breast": 1.0, "overlap": []}
        for place in range(len(pixels))
    ]
    write_patches(tmp_path / "patch", 1, rows, pixels)
    write_scan(tmp_path / "scan", 1, "scan_1", whole)
    chosen = [65536 + 4, 65536 + 1]
    asked = {
        "patches": (1, chosen),
        "maps": (1, chosen, [[0], [2]]),
        "maxima": (1, chosen),
        "dissection": {"scan_number": 1, "patches": [{"patch": patch} for patch in chosen]},
        "scans": ("scan_1", 1),
    }
    assert asked.keys() == READ_FOR.keys()
    for method, one in asked.items():
        [(again, found)] = ahead(method, [one], tmp_path)
        assert again is one
        if method == "scans":
            found, region = found
            assert region is None, "it is the breast"
        np.testing.assert_array_equal(found, whole if method == "scans" else pixels[[4, 1]])
