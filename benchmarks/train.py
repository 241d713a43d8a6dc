"""Training through Ray beside a bare torch loop: the same network, patches, batch and threads.

    python benchmarks/train.py [REPETITIONS [NETWORK ...]]

The limit is torch itself, one thread, in a process of its own: forward, backward and step over patches in memory, once
as prepared tensors and once as the uint16 optical densities that a run has, made into the network's input on the way.
Both with the C library's memory as any process has it, and as a worker has it, which keeps memory from step to step.
Ours is what `train` says of its warm epochs: patches from Ray's object store (`held`), or read from Parquet in every
epoch (`read`). Two workers against one; the seconds from the call to the first step. On a GPU: the share of time that
it waits for patches, and the share of its measured rate of matrix products that the network reaches.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from deepminer_ray import paper
from deepminer_ray.database.run import Run
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.backbone import build
from deepminer_ray.network.training import Recipe
from deepminer_ray.patches.shard import read_patches, shard
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.progress.bars import TrainingBar
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.train import train
from deepminer_ray.workers import fit

NETWORKS, ON_GPU, REPETITIONS, WARM = ("squeezenet1_1", "resnet18"), "resnet152", 3, 2
PATIENTS, PATIENTS_ON_GPU = 3, 12
BARE_STEPS = 6


def made(folder: Path, patients: int) -> Run:
    """A run of phantom patients that is ready to train, all of them in the training partition."""
    write_phantom(folder / "phantoms", patients=patients, seed=0, columns=1000)
    run = Run.created(folder / "run")
    catalog(run, str(folder / "phantoms"))
    partition(run, train=0.9, test=0.05, validation=0)
    cut(run)
    return run


Pixels = NDArray[np.uint16]


def batches_of(run: Run) -> Pixels:
    """Batches of the run's patches [n, batch, side, side]."""
    scans = run.rows("probe_patch", partitions=["train"])
    folder = run.folder / "patch"
    pixels = np.concatenate([read_patches(shard(folder, scan["scan_number"]), scan["patches"]) for scan in scans])
    return pixels[: BARE_STEPS * paper.BATCH].reshape(-1, paper.BATCH, *pixels.shape[1:])


def bare(network: str, batches: Pixels, device: torch.device, mixed: bool = False) -> tuple[float, float]:
    """Patches a second of torch alone: of prepared tensors, and of densities in memory, step by step in turn."""
    torch.set_num_threads(1)
    model = build(network)[0].to(device, memory_format=torch.channels_last).train()
    optimizer = Recipe(1, paper.BATCH, 1e-4, None).optimizer_of(model)
    classes = torch.arange(paper.BATCH, device=device) % 3
    prepared = [network_input(batch, "imagenet").to(device) for batch in batches]

    def step(shown: torch.Tensor | Pixels) -> float:
        started = time.perf_counter()
        optimizer.zero_grad()
        if not isinstance(shown, torch.Tensor):
            shown = network_input(torch.from_numpy(shown).to(device), "imagenet")
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            logits = model(shown)
        nn.functional.cross_entropy(logits.float(), classes).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    step(prepared[0])
    seconds = np.array([[step(ready), step(batch)] for ready, batch in zip(prepared, batches, strict=True)])
    ready, made = paper.BATCH / seconds.mean(0)
    return float(ready), float(made)


def bare_alone(network: str, batches: Pixels, environment: Mapping[str, str]) -> tuple[float, float]:
    """The same in a new process with more in its environment: what reads it does so at the start."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            return process.submit(bare, network, batches, torch.device("cpu")).result()
    finally:
        os.environ.clear()
        os.environ.update(before)


def trained(
    run: Run, network: str, workers: int, gpu: bool = False, epochs: int = 1 + WARM
) -> tuple[float, float, float]:
    """Patches a second of the warm epochs, the seconds from the call to the first step, and the share of the last epoch
    in which the loop waited for patches."""
    first: list[float] = []
    waited = [0.0]
    show = TrainingBar.show

    def shown(bar: TrainingBar, at: dict[str, Any]) -> None:
        if not first:
            first.append(time.perf_counter() - started - at["step"] * paper.BATCH / at["patches_per_second"])
        waited.append(at["waited"])
        show(bar, at)

    TrainingBar.show = shown  # type: ignore[method-assign]
    started = time.perf_counter()
    try:
        train(
            run,
            network=network,
            weights="none",
            epochs=epochs,
            workers=workers,
            gpu=gpu,
            mixed=gpu,
            keep="last",
            again=True,
        )
    finally:
        TrainingBar.show = show  # type: ignore[method-assign]
    rates = [row["patches_per_second"] for row in run.ask("from epoch where epoch > 1").to_pylist()]
    return statistics.median(rates), first[0], waited[-1]


def median_ratio(ours: Sequence[float], limits: Sequence[float]) -> str:
    """The median of the repetitions' ratios, with their range."""
    ratios = [our / limit for our, limit in zip(ours, limits, strict=True)]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f} in {len(ratios)})"


LIMITS = (
    "prepared tensors",
    "uint16 densities",
    "prepared tensors, memory kept",
    "uint16 densities, memory kept",
)


def limits(network: str, batches: Pixels) -> list[float]:
    """The bare loop's speeds, in the order of LIMITS."""
    found = [bare_alone(network, batches, environment) for environment in ({}, fit.KEEP_MEMORY)]
    return [speed for pair in found for speed in pair]


def on_cpu(run: Run, repetitions: int, networks: Sequence[str]) -> None:
    """Print each network's speed through Ray beside the bare loops, and that of two workers beside one."""
    batches = batches_of(run)
    held_share = fit.HELD_SHARE
    for network in networks:
        bares, held, read, both, first = [], [], [], [], []
        before = limits(network, batches)
        for _ in range(repetitions):
            speed, seconds, _ = trained(run, network, 1)
            held.append(speed)
            first.append(seconds)
            fit.HELD_SHARE = 0.0
            read.append(trained(run, network, 1)[0])
            fit.HELD_SHARE = held_share
            both.append(trained(run, network, 2)[0])
            after = limits(network, batches)
            bares.append([(one + other) / 2 for one, other in zip(before, after, strict=True)])
            before = after
        print(
            f"{network}, batch {paper.BATCH}, patches of {paper.SIDE} px, 1 thread a worker: held "
            f"{statistics.median(held):.1f} patches/s, read {statistics.median(read):.1f}; 2 workers "
            f"{statistics.median(both):.1f}, to 1 {median_ratio(both, held)}; first step after "
            f"{statistics.median(first):.0f} s",
            flush=True,
        )
        for name, speeds in zip(LIMITS, zip(*bares, strict=True), strict=True):
            print(
                f"  bare loop over {name} {statistics.median(speeds):.1f}: ratio held {median_ratio(held, speeds)}, "
                f"read {median_ratio(read, speeds)}",
                flush=True,
            )


def matrix_rate(device: torch.device) -> float:
    """Operations a second of large bfloat16 matrix products."""
    one = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    for _ in range(3):
        one @ one
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(20):
        one @ one
    torch.cuda.synchronize()
    return 20 * 2 * 8192**3 / (time.perf_counter() - started)


def on_gpu(run: Run) -> None:
    """Print the speed on a GPU beside its bare loop and its rate of matrix products."""
    device = torch.device("cuda")
    prepared, densities = bare(ON_GPU, batches_of(run), device, mixed=True)
    ours, _, waited = trained(run, ON_GPU, 1, gpu=True, epochs=1 + WARM)
    model = build(ON_GPU)[0]
    with FlopCounterMode(display=False) as counted:
        model(torch.zeros(1, 3, paper.SIDE, paper.SIDE)).sum().backward()
    reached = ours * counted.get_total_flops() / matrix_rate(device)
    print(
        f"{ON_GPU} on {torch.cuda.get_device_name()}: {ours:.0f} patches/s, bare loop over prepared tensors "
        f"{prepared:.0f}, over uint16 densities {densities:.0f}: ratio {ours / prepared:.3f} and "
        f"{ours / densities:.3f}; the loop waits for patches {waited:.1%} of the time; {reached:.1%} of the GPU's rate "
        "of matrix products"
    )


def main(repetitions: int, networks: Sequence[str]) -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        on_cpu(made(Path(name) / "cpu", PATIENTS), repetitions, networks)
        if torch.cuda.is_available():
            on_gpu(made(Path(name) / "gpu", PATIENTS_ON_GPU))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS, sys.argv[2:] or NETWORKS)
