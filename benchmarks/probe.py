"""Probing beside a bare torch loop: the same network, patches, films, batches and threads.

    python benchmarks/probe.py [REPETITIONS]

The limit is the network itself: torch runs it over prepared tensors and drops what it answers, once in a process as
anyone has it and once in one that keeps memory, as workers do. Preloaded: the rows of `activation`, `prediction` and
`histogram` are made of pixels in memory, in the same process. End to end: `probe` reads patches and films, answers in
one actor, stores, merges and finishes; the seconds of a run of three times as many patients less those of the smaller
run, so that starting Ray and loading torch do not count. On a GPU where there is one, with more patients.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deepminer_ray import paper
from deepminer_ray.database.run import Run
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import Checkpoint, load, save
from deepminer_ray.network.probe import PATCHES_AT_ONCE, Probe
from deepminer_ray.patches.breast import breast_mask, without_labels
from deepminer_ray.patches.shard import read_patches, read_scan, shard
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.workers.cluster import KEEP_MEMORY

NETWORK, PRELOADED_NETWORKS, REPETITIONS = "resnet18", ("resnet18", "resnet152"), 3
GPU = torch.cuda.is_available()
DEVICE, PATIENTS = ("cuda", 20) if GPU else ("cpu", 1)
COLUMNS = 1000
PRELOADED = 2
"""Batches in memory."""
ALL = ["train", "test", "holdout"]


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def made(folder: Path, patients: int, columns: int, side: int, network: str) -> Run:
    """A run of phantom patients, cut, with a network of chance; not yet probed."""
    write_phantom(folder / "phantoms", patients=patients, seed=0, columns=columns)
    run = Run.created(folder / "run")
    catalog(run, str(folder / "phantoms"))
    partition(run)
    cut(run, side=side)
    torch.manual_seed(0)
    built, _ = build(network)
    save(run.folder / "checkpoint" / "network.pt", built, side, "imagenet")
    return run


def bare(probe: Probe, images: list[torch.Tensor]) -> float:
    """Seconds of the network alone."""

    @torch.inference_mode()
    def loop() -> None:
        for image in images:
            probe.network(image)
        if GPU:
            torch.cuda.synchronize()

    return seconds(loop)


def preloaded(probe: Probe, pixels: list[NDArray[np.uint16]], repetitions: int) -> None:
    """Print patches a second of both."""
    images = [probe.image(batch) for batch in pixels]
    scans = [((0, list(range(len(batch)))), batch) for batch in pixels]
    patches = sum(map(len, pixels))
    bare(probe, images)
    limits, ours = [], []
    for _ in range(repetitions):
        limits.append(patches / bare(probe, images))
        ours.append(patches / seconds(lambda: probe.patches(scans)))
    ratio = statistics.median(our / limit for our, limit in zip(ours, limits, strict=True))
    print(
        f"{probe.network.name}, {DEVICE}, 1 thread, {patches} patches of {pixels[0].shape[1]} px preloaded in batches "
        f"of {PATCHES_AT_ONCE}: {statistics.median(ours):.2f} patches/s, bare loop {statistics.median(limits):.2f}, "
        f"ratio {ratio:.3f}",
        flush=True,
    )


def probed(run: Run) -> float:
    """Seconds of the whole stage with one worker."""
    return seconds(lambda: probe(run, partitions=["all"], gpu=GPU, again=True))


def chosen(run: Run) -> list[tuple[int, list[int]]]:
    """Every film with its patches."""
    return [(row["scan_number"], row["patches"]) for row in run.rows("probe_patch", partitions=ALL)]


def end_to_end(folder: Path, repetitions: int) -> None:
    """Print the stage's speed beside the bare loop over the same patches and films."""
    small = made(folder / "small", PATIENTS, COLUMNS, paper.SIDE, NETWORK)
    large = made(folder / "large", 3 * PATIENTS, COLUMNS, paper.SIDE, NETWORK)
    answering = Probe(load(large.folder), device=DEVICE)
    few, many = chosen(small), chosen(large)
    more = many[len(few) :]
    of_all = [read_patches(shard(large.folder / "patch", number), patches) for number, patches in many]
    pixels = np.concatenate(of_all)[sum(len(patches) for _, patches in few) :]  # not `more`'s: others than `few`'s lead
    batches = [pixels[start : start + PATCHES_AT_ONCE] for start in range(0, len(pixels), PATCHES_AT_ONCE)]
    for network in PRELOADED_NETWORKS:
        built = Checkpoint(build(network)[0].eval(), paper.SIDE, "imagenet", "")
        preloaded(Probe(built, device=DEVICE), batches[:PRELOADED], repetitions)
    images = [answering.image(batch) for batch in batches]
    for number, _ in more:
        whole = read_scan(large.folder / "scan", number)
        images.append(answering.image(without_labels(whole, breast_mask(whole))[np.newaxis]))
    taken, ratios = [], []
    for _ in range(repetitions):
        first = bare(answering, images)
        taken.append(probed(large) - probed(small))
        ratios.append((first + bare(answering, images)) / 2 / taken[-1])
    print(
        f"{NETWORK}, {DEVICE}, end to end, 1 actor of 1 thread, {len(pixels)} patches and {len(more)} films more: "
        f"{statistics.median(taken):.1f} s, ratio to the bare loop {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f} in {repetitions})"
    )


def measured(repetitions: int) -> None:
    """Print every figure, of this process as it is."""
    with tempfile.TemporaryDirectory() as name:
        end_to_end(Path(name), repetitions)


def main(repetitions: int) -> None:
    """Print every figure twice."""
    for loop, more in (("as anyone has it", {}), ("with memory kept, as workers have it", KEEP_MEMORY)):
        print(f"\nbare loop {loop}:", flush=True)
        subprocess.run([sys.executable, __file__, str(repetitions), "measured"], env=os.environ | more, check=True)


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    measured(asked) if sys.argv[2:] == ["measured"] else main(asked)
