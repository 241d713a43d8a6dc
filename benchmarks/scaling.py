"""Where more workers stop helping: real stages with 1 and 2, and 8, 64 and 256 workers whose network only sleeps.

    python benchmarks/scaling.py [SECONDS]

Real: catalog, cut and probe of phantom patients on Ray with one CPU and with two; the limit is twice the speed.

Simulated: at most 8 processes hold all workers. Each asks for a batch, sleeps as long as a network would take, and has
its rows stored by the real stores through the real driver; a worker is busy while it sleeps, and the limit is that it
always is. With hardly any rows what is measured is the driver, which hands out the batches; with a quarter of
the rows that `probe` sends in a batch, so that those of 256 workers fit into memory, the stores.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deepminer_ray.cluster import connect, here
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import save
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.run import Run
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import ROWS_A_BATCH, probe
from deepminer_ray.stages.store_actor import StoreActor
from deepminer_ray.stages.stream import Batch, answered

SECONDS = 20.0
PROCESSES = 8
WORKERS = (8, 64, 256)
FEW_ROWS, NETWORK = 100, 1.0
"""Rows of a batch that is nothing to store, and the seconds that a network sleeps over it."""
STORES = (1, 2, 4)
ROWS, SLOW_NETWORK = ROWS_A_BATCH // 4, 2.0
"""Rows of a batch and the seconds of its network: 61 patches of 2,048 units a second, a small GPU with ResNet-152."""
PATIENTS, COLUMNS, SIDE, REPETITIONS = 24, 700, 128, 3


class Sleeping:
    """Stands in for many `ProbeActor`s: their networks sleep, their rows are real."""

    def __init__(self, rows: int, network: float):
        chance = np.random.default_rng(os.getpid())
        maximum = chance.exponential(size=rows).astype(np.float32)
        self.network = network
        self.rows = pa.table(
            {
                "patch": np.arange(rows, dtype=np.int64) // 2048,
                "unit": np.arange(rows, dtype=np.int32) % 2048,
                "maximum": maximum,
                "mean": maximum * np.float32(0.25),
                "peak_x": chance.integers(0, 8, rows).astype(np.int16),
                "peak_y": chance.integers(0, 8, rows).astype(np.int16),
            }
        )

    async def work(self, store: Any, number: int, _method: str, _arguments: tuple[Any, ...]) -> dict[str, float]:
        started = time.perf_counter()
        await asyncio.sleep(self.network)
        slept = time.perf_counter()
        await store.append.remote(number, {"activation": self.rows})
        return {"working": slept - started, "store": time.perf_counter() - slept}


def simulated(ray: Any, workers: int, rows: int, network: float, stores: int, seconds: float) -> tuple[float, float]:
    """Share of the time that a worker is busy, and rows stored a second, over about so many seconds."""
    at_once = workers // PROCESSES
    sleeping = ray.remote(Sleeping).options(num_cpus=0, max_concurrency=at_once)
    actors = [sleeping.remote(rows, network) for _ in range(PROCESSES)]
    with tempfile.TemporaryDirectory() as folder:
        kept = [
            ray.remote(StoreActor).options(**here(ray)).remote(Path(folder) / f"{number}.duckdb", stores)
            for number in range(stores)
        ]
        ray.get([store.done.remote() for store in kept])
        list(answered(ray, actors, kept, [(number, Batch("", ())) for number in range(PROCESSES)]))  # all are there
        batches = max(2 * workers, int(workers * seconds / network))
        todo = [(number, Batch("", ())) for number in range(PROCESSES, PROCESSES + batches)]
        started = time.perf_counter()
        pool = [actor for _ in range(at_once) for actor in actors]
        list(answered(ray, pool, kept, todo))
        took = time.perf_counter() - started
        for actor in (*actors, *kept):
            ray.kill(actor)
    return batches * network / (workers * took), batches * rows / took


def real(cpus: int) -> None:
    """Print the seconds of catalog, cut and probe on a Ray of so many CPUs, workers being warm."""
    connect(cpus)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "patients"
        write_phantom(source, PATIENTS, 0, COLUMNS)
        found: dict[str, list[float]] = {"catalog": [], "cut": [], "probe": []}
        for repetition in range(1 + REPETITIONS):
            run = Run.created(Path(name) / str(repetition))
            catalog(run, str(source))
            partition(run)
            cut(run, side=SIDE)
            save(run.folder / "checkpoint" / "network.pt", build("squeezenet1_1")[0], SIDE, "imagenet")
            probe(run, partitions=["all"], workers=cpus)
            for row in run.ask("select stage, seconds from stage").to_pylist():
                if row["stage"] in found and repetition:
                    found[row["stage"]].append(row["seconds"])
    print(*(statistics.median(seconds) for seconds in found.values()))


def main(seconds: float) -> None:
    """Print everything, each figure beside its limit."""
    taken = {}
    for cpus in (1, 2):
        asked = subprocess.run(
            [sys.executable, __file__, "real", str(cpus)], capture_output=True, text=True, check=True
        )
        taken[cpus] = [float(value) for value in asked.stdout.split()[-3:]]
    films = 4 * PATIENTS
    print(f"{films} films, squeezenet1_1 at {SIDE} px, median of {REPETITIONS}; limit: 2.00 times as fast on two cores")
    for stage, one, two in zip(("catalog", "cut", "probe"), taken[1], taken[2], strict=True):
        print(f"{stage:8} {one:6.1f} s with 1 worker, {two:6.1f} s with 2: {one / two:.2f} times as fast")
    ray = connect(PROCESSES)
    print(
        f"\nthe driver: batches of {FEW_ROWS} rows, a network of {NETWORK:.0f} s; limit: workers busy 1.00 of the time"
    )
    for workers in WORKERS:
        busy, rate = simulated(ray, workers, FEW_ROWS, NETWORK, 1, seconds)
        print(f"{workers:4} workers: busy {busy:.2f} of the time, {rate / FEW_ROWS:6.1f} batches/s")
    print(f"\nthe stores: batches of {ROWS:,} rows, a network of {SLOW_NETWORK:.0f} s; the same limit")
    for stores in STORES:
        for workers in WORKERS:
            busy, rate = simulated(ray, workers, ROWS, SLOW_NETWORK, stores, seconds)
            print(f"{stores} stores, {workers:4} workers: busy {busy:.2f} of the time, {rate / 1e6:5.1f} M rows/s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["real"]:
        real(int(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
