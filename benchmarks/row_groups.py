"""How many patches to keep together in a row group: time and bytes to read single patches at random, and whole films.

    python benchmarks/row_groups.py [REPETITIONS]

The limit for a single patch is its own 128 KiB; for a film, all of its bytes once. Files are dropped from the page
cache before each reading. Patches are those of phantom films.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq

from deepminer_ray import paper
from deepminer_ray.patches import shard
from deepminer_ray.patches.breast import breast_mask, breast_shares
from deepminer_ray.patches.grid import grid_windows, scan_size
from deepminer_ray.phantom.patient import write_patient
from deepminer_ray.sources import ddsm
from deepminer_ray.sources.rows import Scan

SIDE = paper.SIDE
SCANS, PATCHES = 32, 200
COLUMNS = 1400
GROUPS = (1, 4, 8, 16, 1000)
"""Patches of a row group; the last holds every film whole."""
REPETITIONS = 5


def patches_of(scan: Scan) -> np.ndarray:
    """The patches that `cut` keeps of a film."""
    density = ddsm.decode_scan(scan.file, scan.rows, scan.columns, scan.digitizer, scan.bits)
    width, height = scan_size(scan.rows, scan.columns, SIDE)
    pixels = cv2.resize(density, (width, height), interpolation=cv2.INTER_AREA)
    grid = grid_windows(width, height, SIDE)
    shares = breast_shares(breast_mask(pixels), grid, SIDE)
    kept = [place for place, share in zip(grid, shares, strict=True) if share >= paper.BREAST_SHARE]
    return np.stack([pixels[place.y : place.y + SIDE, place.x : place.x + SIDE] for place in kept])


def forget(folder: Path) -> None:
    """Have the page cache drop what it holds of a dataset."""
    for file in folder.glob("*.parquet"):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def milliseconds(folder: Path, asked: list[tuple[int, list[int]]]) -> float:
    """Time per patch of reading them cold."""
    forget(folder)
    started = time.perf_counter()
    for number, patches in asked:
        shard.read_patches(shard.shard(folder, number), patches)
    return 1000 * (time.perf_counter() - started) / sum(len(patches) for _, patches in asked)


def group_bytes(folder: Path) -> float:
    """Mean size of a row group of one film on disk."""
    metadata = pq.ParquetFile(shard.shard(folder, 0)).metadata
    sizes = [
        sum(metadata.row_group(group).column(column).total_compressed_size for column in range(metadata.num_columns))
        for group in range(metadata.num_row_groups)
    ]
    return statistics.mean(sizes)


def main(repetitions: int) -> None:
    """Print a line a size of row group."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patient(folder / "films", 0, seed=0, columns=COLUMNS)
        case = next((folder / "films").rglob("*.ics"))
        scans = [patches_of(scan) for scan in ddsm.read_case(str(case)).scans]
        rng = np.random.default_rng(0)
        drawn = rng.integers(SCANS, size=PATCHES)
        single = [(int(number), [int(rng.integers(len(scans[number % 4])))]) for number in drawn]
        whole = [(number, list(range(len(scans[number % 4])))) for number in range(SCANS)]
        taken: dict[int, list[tuple[float, float]]] = {size: [] for size in GROUPS}
        for size in GROUPS:
            shard.ROW_GROUP = size
            for number in range(SCANS):
                row = {"scan": "", "x": 0, "y": 0, "size": 0, "breast": 1.0, "overlap": []}
                pixels = scans[number % 4]
                rows = [row | {"patch": patch} for patch in range(len(pixels))]
                shard.write_patches(folder / str(size), number, rows, pixels)
        for _ in range(repetitions):
            for size in GROUPS:
                place = folder / str(size)
                taken[size].append((milliseconds(place, single), milliseconds(place, whole)))
        patches = statistics.mean(map(len, scans))
        print(f"{SCANS} films of {patches:.0f} patches of {SIDE} px, cold reads")
        for size, times in taken.items():
            alone, together = (statistics.median(column) for column in zip(*times, strict=True))
            stored = sum(file.stat().st_size for file in (folder / str(size)).glob("*.parquet"))
            print(
                f"  row groups of {size:4}: {group_bytes(folder / str(size)) / 1024:6.0f} KiB read for a single patch, "
                f"{alone:6.2f} ms a single patch, {together:5.2f} ms a patch of whole films, "
                f"{stored / 1e6:.0f} MB on disk (median of {repetitions})"
            )


if __name__ == "__main__":
    main(*[int(word) for word in sys.argv[1:]] or [REPETITIONS])
