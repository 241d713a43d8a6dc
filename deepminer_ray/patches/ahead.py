"""Films read ahead of the network that answers them."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.files.location import Place
from deepminer_ray.patches.shard import StoredScan, read_patches, read_scan_and_region, shard

Pixels = NDArray[np.uint16]
THREAD = "reading ahead"


class Ahead(Iterator[tuple[Any, Any]]):
    """Films with what is read of each: the first is read at once, the next while the network answers this one.

    The thread that reads ends with the last reference to this.
    """

    def __init__(self, scans: Iterable[Any], read: Callable[[Any], Any]):
        reader = ThreadPoolExecutor(1, THREAD)
        self.begun = ((scan, reader.submit(read, scan)) for scan in scans)
        self.coming = next(self.begun, None)
        self.seconds_waiting = 0.0

    def __next__(self) -> tuple[Any, Any]:
        if self.coming is None:
            raise StopIteration
        scan, reading = self.coming
        started = time.perf_counter()
        content = reading.result()
        self.seconds_waiting += time.perf_counter() - started
        self.coming = next(self.begun, None)
        return scan, content


def ahead(method: str, scans: Iterable[Any], folder: Place) -> Ahead:
    """What a method of `Probe` asks to see of films, read from a run's pixels."""
    read = READ_FOR[method]
    return Ahead(scans, lambda scan: read(folder, scan))


def _patches(folder: Place, scan: Any) -> Pixels:
    scan_number, chosen, *_ = scan
    return read_patches(shard(folder / "patch", scan_number), chosen)


def _lesion_patches(folder: Place, scan: Any) -> Pixels:
    chosen = [row["patch"] for row in scan["patches"]]
    return read_patches(shard(folder / "patch", scan["scan_number"]), chosen)


def _whole_scan(folder: Place, scan: Any) -> StoredScan:
    _, scan_number = scan
    return read_scan_and_region(folder / "scan", scan_number)


READ_FOR: dict[str, Callable[[Place, Any], Any]] = {
    "patches": _patches,
    "maps": _patches,
    "maxima": _patches,
    "dissection": _lesion_patches,
    "scans": _whole_scan,
}
"""By the method that answers: [n, side, side] of a film's chosen patches, or the film itself [height, width] and its
region."""
