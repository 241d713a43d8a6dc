"""Films catalogued and cut per core, beside the sum of what cannot be avoided; and what memory a worker takes.

    python benchmarks/cut.py [FILMS [REPETITIONS]]

What cannot be avoided is done in a plain loop in each worker before and after the chain, so that both meet the same
cores: read and decode a film, look up its densities, resize it, write it and its patches. The chain adds the finding
of the breast, overlaps, Ray and DuckDB. Workers are warm: they have cut small films, so that imports and compiled
code are loaded. Films are those of one phantom patient at
DDSM's size, linked under as many names as are asked for.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import psutil

from deepminer_ray import paper
from deepminer_ray.patches.breast import breast_mask, breast_shares
from deepminer_ray.patches.grid import grid_windows, scan_size
from deepminer_ray.patches.shard import write_patches, write_scan
from deepminer_ray.phantom.patient import write_patient
from deepminer_ray.sources import ddsm, ljpeg
from deepminer_ray.sources.density import to_density

SCANS, REPETITIONS = 200, 3
COLUMNS, SMALL = 2900, 320
"""Columns of the phantom films: 14 MPixel, and those that only warm the workers."""
MEASURED = 32
"""Films in a worker's plain loop, half of them before the chain and half after it: the machine's speed drifts."""
PARTS = ("decode", "density", "resize", "write")
FULL = {"films": 10_416, "patches": 447_000}
"""DDSM as the paper has it."""
SCANS_OF_MEMORY = 6
"""What a worker may take above an idle one, in films of 2 bytes a pixel."""
GIGABYTE, MEGABYTE = 1e9, 1e6


def linked(patient: Path, folder: Path, count: int) -> Path:
    """A DDSM directory of as many films, all links to those of one patient."""
    letter = next(patient.glob("*.ics")).name[0]
    for case in range(1, count // 4 + 1):
        name = f"{letter}_{case:04d}_1"
        target = folder / "cancer_01" / f"case{case:04d}"
        target.mkdir(parents=True)
        for file in patient.iterdir():
            suffix = file.name.partition(".")[2]
            if suffix == "ics":
                (target / f"{name.replace('_', '-')}.ics").write_text(file.read_text())
            elif not file.name.startswith("TAPE"):
                os.link(file, target / f"{name}.{suffix}")
    return folder


def parts(source: Path, folder: Path, side: int, count: int) -> dict[str, float]:
    """Mean seconds of each unavoidable part for one film, on one core; one film more, the first, loads compiled code.

    The mean, as the chain's seconds are a sum: a machine's pauses must count on both sides.
    """
    cv2.setNumThreads(1)
    case = next(iter(sorted(source.rglob("*.ics"))))
    scans = ddsm.read_case(str(case)).scans
    seconds: dict[str, list[float]] = {}

    def timed(part: str, act: Callable[[], object]) -> object:
        started = time.perf_counter()
        result = act()
        seconds.setdefault(part, []).append(time.perf_counter() - started)
        return result

    for number in range(count + 1):
        scan = scans[number % len(scans)]
        grey = timed(
            "decode", lambda scan=scan: ljpeg.decode(Path(scan.file).read_bytes(), rows=scan.rows, columns=scan.columns)
        )
        density = timed("density", lambda grey=grey, scan=scan: to_density(grey, scan.digitizer))
        width, height = scan_size(scan.rows, scan.columns, side)
        small = timed(
            "resize",
            lambda density=density, width=width, height=height: cv2.resize(
                density, (width, height), interpolation=cv2.INTER_AREA
            ),
        )
        grid = grid_windows(width, height, side)
        shares = breast_shares(breast_mask(small), grid, side)
        kept = [place for place, share in zip(grid, shares, strict=True) if share >= paper.BREAST_SHARE]
        pixels = np.stack([small[place.y : place.y + side, place.x : place.x + side] for place in kept])
        rows = [
            {"patch": row, "scan": "", "x": 0, "y": 0, "size": 0, "breast": 1.0, "overlap": []}
            for row in range(len(kept))
        ]

        def write(small: object = small, rows: object = rows, pixels: object = pixels, number: int = number) -> None:
            write_scan(folder / "scan", number, "", small)
            write_patches(folder / "patch", number, rows, pixels)

        timed("write", write)
    return {part: statistics.mean(taken[1:]) for part, taken in seconds.items()}


def means(taken: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each part over several loops."""
    return {part: statistics.mean(one[part] for one in taken) for part in PARTS}


class Watch:
    """The memory of Ray's workers, beside what they share, while something runs."""

    def __init__(self) -> None:
        self.peaks: list[tuple[float, float]] = []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    @staticmethod
    def workers() -> list[psutil.Process]:
        """Ray's workers; to look for them takes a core tens of milliseconds, so not while something is timed."""
        below = psutil.Process().children(recursive=True)
        return [process for process in below if process.name().startswith("ray::")]

    @staticmethod
    def largest(workers: list[psutil.Process]) -> float:
        """Bytes of the largest worker's own memory."""
        found = [0.0]
        for process in workers:
            with suppress(psutil.Error):
                memory = process.memory_info()
                found.append(float(memory.rss - memory.shared))
        return max(found)

    def _watch(self) -> None:
        workers = self.workers()
        while not self.done.wait(0.2):
            self.peaks.append((time.perf_counter(), self.largest(workers)))

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


def chain(source: Path, small: Path, folder: Path, workers: int, side: int) -> None:
    """In a process of its own: warm as many workers, then catalog and cut; print seconds and memory as JSON."""
    import ray

    from deepminer_ray.database.run import Run
    from deepminer_ray.stages.catalog import catalog
    from deepminer_ray.stages.cut import cut
    from deepminer_ray.workers.cluster import connect

    connect(cpus=workers)
    warm = Run.created(folder / "warm")
    catalog(warm, str(small))
    cut(warm, side=side)
    idle = Watch.largest(Watch.workers())

    def unavoidable(when: str) -> list[dict[str, float]]:
        places = [str(folder / f"parts{when}{worker}") for worker in range(workers)]
        return list(ray.get([ray.remote(parts).remote(source, Path(place), side, MEASURED // 2) for place in places]))

    least = unavoidable("before")
    run = Run.created(folder / "run")
    started = time.perf_counter()
    with Watch() as watch:
        catalog(run, str(source))
        cut(run, side=side)
    seconds = time.perf_counter() - started
    least += unavoidable("after")
    quarter = len(watch.peaks) // 4
    early, late = (max(peak for _, peak in half) for half in (watch.peaks[: 2 * quarter], watch.peaks[2 * quarter :]))
    (found,) = run.ask(
        "select count(distinct scan) as films, count(*) as patches, any_value(rows * columns) as pixels "
        "from patch join scan using (scan)"
    ).to_pylist()
    stored = {
        name: sum(file.stat().st_size for file in (run.folder / name).glob("*.parquet")) for name in ("scan", "patch")
    }
    ray.shutdown()
    print(json.dumps({"seconds": seconds, "idle": idle, "early": early, "late": late} | found | stored | means(least)))


def measured(arguments: list[str]) -> dict[str, float]:
    """What `chain` prints in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--chain", *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(count: int, repetitions: int, side: int = paper.SIDE) -> None:
    """Print speed, memory and what they mean for all of DDSM."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patient(folder / "large", 0, seed=0, columns=COLUMNS)
        write_patient(folder / "small", 1, seed=0, columns=SMALL)
        patient = next((folder / "large").rglob("*.ics")).parent
        small = linked(next((folder / "small").rglob("*.ics")).parent, folder / "warming", 16)
        source = linked(patient, folder / "source", count)
        told: list[tuple[dict[str, float], dict[str, float]]] = []
        for repetition in range(repetitions):
            one, two = (
                measured([str(source), str(small), str(folder / f"{repetition}-{workers}"), str(workers), str(side)])
                for workers in (1, 2)
            )
            told.append((one, two))
            print(f"repetition {repetition + 1}, {count} films:")
            for workers, run in enumerate((one, two), 1):
                print(
                    f"  {workers} workers: "
                    + ", ".join(f"{part} {1000 * run[part]:.0f} ms" for part in PARTS)
                    + f" a film, limit {limit(run, count, workers):.1f} s, ours {run['seconds']:.1f} s",
                    flush=True,
                )
        report(told, count)


def limit(run: dict[str, float], count: int, workers: int) -> float:
    """Seconds that the unavoidable parts of all films take on so many cores."""
    return sum(run[part] for part in PARTS) * count / workers


def report(told: list[tuple[dict[str, float], dict[str, float]]], count: int) -> None:
    """Print the medians and the plan for all of DDSM."""
    share = statistics.median(limit(one, count, 1) / one["seconds"] for one, _ in told)
    both = statistics.median(limit(two, count, 2) / two["seconds"] for _, two in told)
    gain = statistics.median(one["seconds"] / two["seconds"] for one, two in told)
    print(
        f"median of {len(told)}: 1 worker {share:.2f} of the limit, 2 workers {both:.2f} per core, {gain:.2f} times 1"
    )
    _, last = told[-1]
    scan = 2 * last["pixels"]
    for half in ("early", "late"):
        above = max(run[half] - run["idle"] for runs in told for run in runs)
        print(
            f"  a worker's peak above idle, {half} half: {above / MEGABYTE:.0f} MB, {above / scan:.1f} films of "
            f"{scan / MEGABYTE:.0f} MB (at most {SCANS_OF_MEMORY})"
        )
    seconds = statistics.median(one["seconds"] for one, _ in told) / count * FULL["films"]
    scans, patches = last["scan"] / last["films"] * FULL["films"], last["patch"] / last["patches"] * FULL["patches"]
    print(
        f"all of DDSM, {FULL['films']:,} films and {FULL['patches']:,} patches: {seconds / 3600:.1f} core hours, "
        f"{scans / GIGABYTE:.0f} GB of scans and {patches / GIGABYTE:.0f} GB of patches on disk"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--chain"]:
        source, small, folder, workers, side = sys.argv[2:]
        chain(Path(source), Path(small), Path(folder), int(workers), int(side))
    else:
        numbers = [int(word) for word in sys.argv[1:]]
        main(*numbers, *(SCANS, REPETITIONS)[len(numbers) :])
