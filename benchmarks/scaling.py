"""Where more workers stop helping: real stages with 1 and 2, and 8, 64 and 256 workers whose network only sleeps.

    python benchmarks/scaling.py [real] [prepared] [driver] [stores] [fast] [scans] [merge]

Real: catalog, cut and probe of phantom films on Ray with one CPU and with two; the limit is twice the
speed. What a few films take beside it is mostly what every call does once.

Simulated: at most 8 processes hold all workers. Each worker sleeps as long as a network would take over a batch, and
has its rows stored by the real stores through the real driver; it is busy while it sleeps, and the limit is that it
always is. It is not where its rows are not stored yet, or where the driver has no batch for it. Beside it are the cores
that the driver, the stores, the simulation and Ray's own processes keep busy: all of them share this machine, so
what stops a worker may be a part that would run elsewhere on a cluster.

`driver`: batches without rows to speak of. `stores`: a quarter of the rows that `probe` sends in a batch, so that those
of 256 workers fit into memory. `fast`: whole batches in half a second each, as a fast GPU would send. `scans`: whole
mammograms, one a batch and as many as `probe` sends. `merge`: what stores hold becomes rows of a run. `prepared`: what
the driver does before the first batch, for a hundredth of 3.4 million mammograms.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa

SECONDS = 10.0
PROCESSES = 8
WORKERS = (8, 64, 256)
FEW_ROWS, DRIVEN = 100, ((8, 1.0), (64, 1.0), (256, 1.0), (256, 0.1))
"""Rows of a batch that is nothing to store; workers, and the seconds that their networks sleep over it."""
STORES = (1, 8)
"""What a small run has, and a large one."""
ROWS, SLOW_NETWORK = 250_000, 2.0
"""61 patches of 2,048 units a second and worker."""
FAST_WORKERS, FAST_ROWS, FAST_NETWORK = (1, 2, 4), 1_000_000, 0.5
"""1,000 patches a second and worker."""
SCAN_WORKERS, SCAN_ROWS, SCAN_NETWORK, SCANS_A_BATCH = 64, 8_195, 0.1, (1, 16)
"""Rows of `response`, `evidence` and `scan_prediction` of a whole mammogram, and the seconds of its network."""
REAL, PROBED = ("catalog", "cut", "probe"), ["all"]
WARMING, MANY_SCANS, FEW_SCANS, COLUMNS, SIDE, REPETITIONS = 16, 20_000, 120, 1400, 128, 3
MERGED = 40
"""Batches."""
SCANS, PATCHES_A_SCAN, UNITS = 34_000, 43, 2048
PATCHES_AT_LEAST = 16
"""Smaller batches are those of whole mammograms, which are stored row by row."""


class Sleeping:
    """Some workers of one process: their networks sleep, their rows are real."""

    def __init__(self, workers: int, rows: int, network: float):
        from deepminer_ray.workers.turn import Turn

        chance = np.random.default_rng(os.getpid())
        self.table = "activation" if rows >= UNITS * PATCHES_AT_LEAST else "response"
        rows = rows // UNITS * UNITS if self.table == "activation" else rows
        maximum = chance.exponential(size=rows).astype(np.float32)
        self.turns = [Turn() for _ in range(workers)]
        self.network = network
        self.rows = pa.table(
            {
                "unit": np.arange(rows, dtype=np.int32) % UNITS,
                "maximum": maximum,
                "mean": maximum * np.float32(0.25),
                "peak_x": chance.integers(0, 8, rows).astype(np.int16),
                "peak_y": chance.integers(0, 8, rows).astype(np.int16),
            }
        )

    def batch(self, number: int) -> dict[str, pa.Table]:
        """A batch of rows, other patches in each, as a store has them."""
        from deepminer_ray.database.packing import for_store

        patch = (np.arange(self.rows.num_rows) + number * self.rows.num_rows) // UNITS
        return for_store({self.table: self.rows.append_column("patch", pa.array(patch))})

    def work(self, worker: int, store: Any, number: int) -> dict[str, float]:
        """What `ProbeActor.work` does."""
        import ray

        def answer() -> dict[str, pa.Table]:
            rows = self.batch(number)
            time.sleep(self.network)
            return rows

        return self.turns[worker].take(answer, lambda rows: ray.get(store.append.remote(number, rows)))[1]


@dataclass(frozen=True)
class Worker:
    """One of the workers of a process, handed batches like an actor of its own."""

    process: Any
    number: int

    @property
    def work(self) -> "Worker":
        return self

    def remote(self, store: Any, number: int, *_: object) -> Any:
        return self.process.work.remote(self.number, store, number)


@dataclass(frozen=True)
class Load:
    """What a simulation showed: shares of a worker's time, batches a second, and how many cores who kept busy."""

    busy: float
    store: float
    driver: float
    rate: float
    cores: dict[str, float]

    def __str__(self) -> str:
        cores = ", ".join(f"{who} {self.cores.get(who, 0):.2f}" for who in ("driver", "stores", "workers", "Ray"))
        return (
            f"busy {self.busy:.2f} of the time, waiting for the store {self.store:.2f}, for the driver "
            f"{self.driver:.2f}; cores: {cores}"
        )


def spent() -> Counter[str]:
    """Seconds of CPU so far, of this process and of Ray's, by part."""
    found: Counter[str] = Counter()
    for process in (own := psutil.Process(), *own.children(recursive=True)):
        try:
            title, times = " ".join(process.cmdline()[:1]), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        parts = {"ray::StoreActor": "stores", "ray::Sleeping": "workers"}
        part = next((parts[start] for start in parts if title.startswith(start)), "Ray")
        found["driver" if process == own else part] += times.user + times.system
    return found


def simulated(ray: Any, workers: int, rows: int, network: float, stores: int, seconds: float, folder: Path) -> Load:
    """Have batches answered and stored for about so many seconds; what that showed."""
    from deepminer_ray.workers.cluster import here
    from deepminer_ray.workers.probe_actor import BATCHES_AT_ONCE
    from deepminer_ray.workers.store_actor import StoreActor
    from deepminer_ray.workers.stream import Batch, answered

    of_process = -(-workers // PROCESSES)
    sleeping = ray.remote(Sleeping).options(num_cpus=0, max_concurrency=of_process * BATCHES_AT_ONCE)
    processes = [sleeping.remote(of_process, rows, network) for _ in range(min(workers, PROCESSES))]
    pool = [Worker(process, number) for number in range(of_process) for process in processes]
    kept = [
        ray.remote(StoreActor).options(**here(ray)).remote(folder / f"{number}.duckdb", stores)
        for number in range(stores)
    ]
    ray.get([store.done.remote() for store in kept])
    warm = 2 * len(processes)
    list(answered(pool, kept, [(number, Batch("", ())) for number in range(warm)], []))
    batches = max(3 * workers, int(workers * seconds / network))
    todo = [(warm + number, Batch("", ())) for number in range(batches)]
    before, started = spent(), time.perf_counter()
    told = Counter[str]()
    for one in answered(pool, kept, todo, []):
        told.update(one)
    took, after = time.perf_counter() - started, spent()
    ray.get([store.close.remote() for store in kept])
    for actor in (*processes, *kept):
        ray.kill(actor)
    of_all = workers * took
    cores = {who: (after[who] - before[who]) / took for who in after}
    return Load(batches * network / of_all, told["store"] / of_all, told["driver"] / of_all, batches / took, cores)


def merged(stores: int, folder: Path) -> tuple[float, float]:
    """Seconds in which so many stores take `MERGED` batches one after another, and in which these are merged."""
    from deepminer_ray.database.run import Run
    from deepminer_ray.database.store import Store
    from deepminer_ray.workers.cluster import connect
    from deepminer_ray.workers.merge import merge

    files = [folder / f"{number}.duckdb" for number in range(stores)]
    kept = [Store(file, stores) for file in files]
    sleeping, started = Sleeping(0, FAST_ROWS, 0), time.perf_counter()
    for number in range(MERGED):
        kept[number % stores].append(number, sleeping.batch(number))
    for store in kept:
        store.close()
    appended = time.perf_counter() - started
    run = Run.created(folder / "run")
    connect(PROCESSES)
    started = time.perf_counter()
    merge(run, ("probe", {}, time.time()), files, {}, 1)
    return appended, time.perf_counter() - started


def prepared(_: float) -> None:
    """Print what it takes to name batches and their stores' files."""
    from deepminer_ray.stages.probe import probe_batches
    from deepminer_ray.workers.stream import Batch, work_digest

    own = psutil.Process()
    held = own.memory_info().rss
    scans = [(number, tuple(number * 65536 + patch for patch in range(PATCHES_A_SCAN))) for number in range(SCANS)]
    started = time.perf_counter()
    batches = [Batch("patches", (part,)) for part in probe_batches(scans, UNITS)]
    divided_at, more = time.perf_counter(), own.memory_info().rss - held
    work_digest({}, batches, b"")
    took = time.perf_counter()
    print(
        f"{SCANS * PATCHES_A_SCAN:,} patches: listed and divided {more / 1e6:.0f} MB, divided in "
        f"{divided_at - started:.2f} s, digested in {took - divided_at:.2f} s"
    )


def real_of(cpus: int) -> None:
    """Print the seconds of catalog, cut and probe on a Ray of so many CPUs, workers being warm."""
    from cut import linked  # the benchmark beside this one

    from deepminer_ray.database.run import Run
    from deepminer_ray.network.backbone import build
    from deepminer_ray.network.checkpoint import save
    from deepminer_ray.phantom.patient import write_patient
    from deepminer_ray.stages.catalog import catalog
    from deepminer_ray.stages.cut import cut
    from deepminer_ray.stages.partition import partition
    from deepminer_ray.stages.probe import probe
    from deepminer_ray.workers.cluster import connect

    connect(cpus)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patient(folder / "patient", 0, seed=0, columns=COLUMNS)
        patient = next((folder / "patient").rglob("*.ics")).parent
        taken: dict[str, list[float]] = {stage: [] for stage in REAL}
        for repetition in range(1 + REPETITIONS):
            many, few = (MANY_SCANS, FEW_SCANS) if repetition else (WARMING, WARMING)
            headers, run = (Run.created(folder / f"{what} {repetition}") for what in ("headers", "run"))
            catalog(headers, str(linked(patient, folder / f"many {repetition}", many)))
            catalog(run, str(linked(patient, folder / f"few {repetition}", few)))
            partition(run)
            cut(run, side=SIDE)
            save(run.folder / "checkpoint" / "network.pt", build("squeezenet1_1")[0], SIDE, "imagenet")
            probe(run, partitions=PROBED, workers=cpus)
            for stage, of_run in zip(REAL, (headers, run, run), strict=True):
                (seconds,) = of_run.ask(f"select seconds from stage where stage = '{stage}'")["seconds"].to_pylist()
                taken[stage].append(seconds)
    print(*(statistics.median(taken[stage][1:]) for stage in REAL), *(taken[stage][0] for stage in REAL))


def real(_: float) -> None:
    """Print the seconds of real stages with one worker and with two."""
    taken = {}
    for cpus in (1, 2):
        asked = subprocess.run(
            [sys.executable, __file__, "real_of", str(cpus)], stdout=subprocess.PIPE, text=True, check=True
        )
        taken[cpus] = [float(value) for value in asked.stdout.split()[-2 * len(REAL) :]]
    print(
        f"{MANY_SCANS:,} films catalogued, {FEW_SCANS} cut and probed, squeezenet1_1 at {SIDE} px, "
        f"median of {REPETITIONS}; limit: 2.00 times as fast on two cores"
    )
    for number, stage in enumerate(REAL):
        one, two = (taken[cpus][number] for cpus in (1, 2))
        less, least = (taken[cpus][len(REAL) + number] for cpus in (1, 2))
        print(
            f"{stage:8} {one:6.1f} s with 1 worker, {two:6.1f} s with 2: {one / two:.2f} times as fast; "
            f"{WARMING} films, cold: {less:.1f} and {least:.1f} s",
            flush=True,
        )


def driver(seconds: float) -> None:
    """Print how many batches the driver hands out."""
    from deepminer_ray.workers.cluster import connect

    ray = connect(PROCESSES)
    print(f"batches of {FEW_ROWS} rows; limit: workers always busy")
    for workers, network in DRIVEN:
        with tempfile.TemporaryDirectory() as folder:
            load = simulated(ray, workers, FEW_ROWS, network, 1, seconds * network, Path(folder))
        print(f"{workers:4} workers of {network:.1f} s: {load.rate:6.1f} batches/s, {load}", flush=True)


def stores(seconds: float, workers: Sequence[int], rows: int, network: float) -> None:
    """Print what workers wait for that send so many rows after so many seconds of network."""
    from deepminer_ray.workers.cluster import connect

    ray = connect(PROCESSES)
    print(f"batches of {rows:,} rows, a network of {network:.1f} s; limit: workers always busy")
    for count in workers:
        for several in STORES:
            with tempfile.TemporaryDirectory() as folder:
                load = simulated(ray, count, rows, network, several, seconds, Path(folder))
            print(f"{count:4} workers, {several} stores: {load.rate * rows / 1e6:5.1f} M rows/s, {load}", flush=True)


def scans(seconds: float) -> None:
    """Print how many whole mammograms are stored, one a batch and many."""
    from deepminer_ray.workers.cluster import connect

    ray = connect(PROCESSES)
    print(f"{SCAN_ROWS:,} rows and {SCAN_NETWORK:.1f} s a mammogram; limit: workers always busy")
    for many in SCANS_A_BATCH:
        with tempfile.TemporaryDirectory() as folder:
            rows, network = many * SCAN_ROWS, many * SCAN_NETWORK
            load = simulated(ray, SCAN_WORKERS, rows, network, 1, seconds * min(network, 1), Path(folder))
        print(f"{SCAN_WORKERS} workers, {many:2} a batch: {load.rate * many:5.0f} mammograms/s, {load}", flush=True)


def merging(_: float) -> None:
    """Print how fast stores are merged, beside how fast they were filled."""
    for several in STORES:
        with tempfile.TemporaryDirectory() as folder:
            appended, took = merged(several, Path(folder))
        millions = MERGED * FAST_ROWS / 1e6
        print(
            f"{millions:.0f} M rows of {several} stores merged at {millions / took:.1f} M rows/s; "
            f"limit: appended at {millions / appended:.1f} M rows/s, ratio {appended / took:.2f}",
            flush=True,
        )


PARTS: dict[str, Callable[[float], None]] = {
    "real": real,
    "prepared": prepared,
    "driver": driver,
    "stores": lambda seconds: stores(seconds, WORKERS, ROWS, SLOW_NETWORK),
    "fast": lambda seconds: stores(seconds, FAST_WORKERS, FAST_ROWS, FAST_NETWORK),
    "scans": scans,
    "merge": merging,
}


def main(parts: Sequence[str], seconds: float) -> None:
    """Print some parts, each figure beside its limit."""
    for part in parts or PARTS:
        print(f"\n{part}: ", end="")
        PARTS[part](seconds)


if __name__ == "__main__":
    if sys.argv[1:2] == ["real_of"]:
        real_of(int(sys.argv[2]))
    else:
        main([part for part in sys.argv[1:] if part in PARTS], SECONDS)
