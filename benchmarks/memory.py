"""The most memory that each process of `probe` held, with so many patches and with ten times as many.

    python benchmarks/memory.py [FILMS]

Films are one picture under many names, patches of 32 px, ShuffleNet's 1,024 units: small films and a fast network, so
that many activations come quickly. Memory is what a process holds by itself, without what it shares (Ray's object
store, libraries). The limit: ten times the patches take no more of it, for what grows with them is on disk; DuckDB
keeps of that what it may.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image

from deepminer_ray.database.run import Run
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import save
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe

SCANS, TIMES, ROWS, COLUMNS, SIDE, NETWORK = 150, 10, 640, 512, 32, "shufflenet_v2_x0_5"
TITLES = {"network": "ray::ProbeActor", "store": "ray::StoreActor", "merge": "ray::_merge"}
SECONDS_BETWEEN_LOOKING, MEGABYTE = 0.05, 2**20


def source(folder: Path, scans: int) -> Path:
    """A manifest of so many films, a patient each, every one the same picture."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    pixels = np.linspace(8_000, 40_000, ROWS * COLUMNS).reshape(ROWS, COLUMNS) + chance.normal(0, 500, (ROWS, COLUMNS))
    pixels[:, : COLUMNS // 4] = 0
    Image.fromarray(pixels.clip(0).astype(np.uint16)).save(folder / "film0.png")
    lines = ["image,mask,patient,laterality,view,pathology"]
    for number in range(scans):
        if number:
            (folder / f"film{number}.png").hardlink_to(folder / "film0.png")
        lines.append(f"film{number}.png,,P_{number:05d},LEFT,CC,normal")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


def private(process: psutil.Process) -> float:
    """MB that a process holds by itself."""
    held = process.memory_info()
    return (held.rss - held.shared) / MEGABYTE


def working() -> Iterator[tuple[str, psutil.Process]]:
    """What each process that works on a probe is, this one being its driver."""
    yield "driver", psutil.Process()
    for process in psutil.Process().children(recursive=True):
        try:
            title = " ".join(process.cmdline())
        except psutil.Error:
            continue
        yield from ((name, process) for name, sign in TITLES.items() if title.startswith(sign))


def most_held(work: Callable[[], None]) -> dict[str, float]:
    """The most that one process of each kind held while something was done."""
    found: dict[str, float] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SECONDS_BETWEEN_LOOKING):
            for name, process in working():
                try:
                    found[name] = max(found.get(name, 0), private(process))
                except psutil.Error:
                    continue

    watching = threading.Thread(target=watch)
    watching.start()
    work()
    done.set()
    watching.join()
    return found


def probed(folder: Path, scans: int) -> tuple[int, dict[str, float]]:
    """How many patches so many films have, and what was held while they were probed."""
    run = Run.created(folder / f"run{scans}")
    catalog(run, str(source(folder / f"films{scans}", scans)))
    partition(run, train=0.01, test=0.98)
    cut(run, side=SIDE)
    torch.manual_seed(0)
    save(run.folder / "checkpoint" / "network.pt", build(NETWORK)[0].eval(), SIDE, "imagenet")
    started = time.perf_counter()
    held = most_held(lambda: probe(run, partitions=["all"]))
    (counted,) = run.ask("select count(distinct patch) as patches, count(*) as rows from activation").to_pylist()
    print(f"{counted['patches']:,} patches, {counted['rows']:,} rows in {time.perf_counter() - started:.0f} s")
    return counted["patches"], held


def main(scans: int) -> None:
    """Print what every process held, and by how much it rose."""
    with tempfile.TemporaryDirectory() as name:
        (few, small), (many, large) = (probed(Path(name), number) for number in (scans, TIMES * scans))
        print(f"the most held in MB with {few:,} and {many:,} patches; limit: 1.00 times as much")
        for process in small:
            ratio = large[process] / small[process]
            print(f"{process:8} {small[process]:6.0f} {large[process]:6.0f}   {ratio:.2f} times as much")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SCANS)
