"""Training through Ray beside a bare torch loop: the same network, patches, batch and threads.

    python benchmarks/train.py [REPETITIONS]

The limit is torch itself: forward, backward and step over tensors that are prepared and in memory, one thread. Ours
is what `train` says of its warm epochs: patches from Ray's object store (`held`), or read from Parquet in every epoch
(`read`), with optical densities made into the network's input on the way. Two workers against one; the seconds from
the call to the first step. On a GPU: the share of time that it waits for patches, and the share of its measured rate
of matrix products that the network reaches.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from deepminer_ray import paper
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.backbone import build
from deepminer_ray.network.training import Recipe
from deepminer_ray.patches.shard import read_patches, shard
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.progress import TrainingBar
from deepminer_ray.run import Run
from deepminer_ray.stages import fit
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.train import train

NETWORKS, ON_GPU, PATIENTS, REPETITIONS, WARM = ("squeezenet1_1", "resnet18"), "resnet152", 3, 3, 2
BARE_STEPS = 6


def made(folder: Path) -> Run:
    """A run of phantom patients that is ready to train, all of them in the training partition."""
    write_phantom(folder / "phantoms", patients=PATIENTS, seed=0, columns=1000)
    run = Run.created(folder / "run")
    catalog(run, str(folder / "phantoms"))
    partition(run, train=0.9, test=0.05, validation=0)
    cut(run)
    return run


def inputs(run: Run, device: torch.device) -> list[torch.Tensor]:
    """Prepared batches of the run's patches."""
    films = run.rows("probe_patch", partitions=["train"])
    folder = run.folder / "patch"
    pixels = np.concatenate([read_patches(shard(folder, film["scan_number"]), film["patches"]) for film in films])
    wanted = pixels[: BARE_STEPS * paper.BATCH].reshape(-1, paper.BATCH, *pixels.shape[1:])
    return [network_input(batch, "imagenet").to(device) for batch in wanted]


def bare(network: str, batches: list[torch.Tensor], device: torch.device, mixed: bool = False) -> float:
    """Patches a second of torch alone."""
    torch.set_num_threads(1)
    model = build(network)[0].to(device, memory_format=torch.channels_last).train()
    optimizer = Recipe(1, paper.BATCH, 1e-4, None).optimizer(model)
    classes = torch.arange(paper.BATCH, device=device) % 3

    def steps(shown: list[torch.Tensor]) -> None:
        for batch in shown:
            optimizer.zero_grad()
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
                logits = model(batch)
            nn.functional.cross_entropy(logits.float(), classes).backward()
            optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    steps(batches[:1])
    started = time.perf_counter()
    steps(batches)
    return len(batches) * paper.BATCH / (time.perf_counter() - started)


def trained(run: Run, network: str, workers: int, gpu: bool = False, epochs: int = 1 + WARM) -> tuple[float, float]:
    """Patches a second of the warm epochs, and the seconds from the call to the first step."""
    first: list[float] = []
    show = TrainingBar.show

    def shown(bar: TrainingBar, at: dict[str, Any]) -> None:
        if not first:
            first.append(time.perf_counter() - started - at["step"] * paper.BATCH / at["patches_per_second"])
        show(bar, at)

    TrainingBar.show = shown  # type: ignore[method-assign]
    started = time.perf_counter()
    try:
        train(run, network, "none", epochs=epochs, workers=workers, gpu=gpu, mixed=gpu, keep="last", again=True)
    finally:
        TrainingBar.show = show  # type: ignore[method-assign]
    rates = [row["patches_per_second"] for row in run.ask("from epoch where epoch > 1").to_pylist()]
    return statistics.median(rates), first[0]


def median_ratio(ours: list[float], limits: list[float]) -> str:
    """The median of the repetitions' ratios, with their range."""
    ratios = [our / limit for our, limit in zip(ours, limits, strict=True)]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f} in {len(ratios)})"


def on_cpu(run: Run, repetitions: int) -> None:
    """Print each network's speed through Ray beside the bare loop, and that of two workers beside one."""
    device = torch.device("cpu")
    batches = inputs(run, device)
    held_share = fit.HELD_SHARE
    for network in NETWORKS:
        limits, held, read, both, first = [], [], [], [], []
        for _ in range(repetitions):
            before = bare(network, batches, device)
            speed, seconds = trained(run, network, 1)
            held.append(speed)
            first.append(seconds)
            fit.HELD_SHARE = 0.0
            read.append(trained(run, network, 1)[0])
            fit.HELD_SHARE = held_share
            both.append(trained(run, network, 2)[0])
            limits.append((before + bare(network, batches, device)) / 2)
        print(
            f"{network}, batch {paper.BATCH}, patches of {paper.SIDE} px, 1 thread a worker: bare loop "
            f"{statistics.median(limits):.1f} patches/s; held {statistics.median(held):.1f}, ratio "
            f"{median_ratio(held, limits)}; read {statistics.median(read):.1f}, ratio {median_ratio(read, limits)}; "
            f"2 workers {statistics.median(both):.1f}, to 1 {median_ratio(both, held)}; first step after "
            f"{statistics.median(first):.0f} s",
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
    limit = bare(ON_GPU, inputs(run, device), device, mixed=True)
    ours, _ = trained(run, ON_GPU, 1, gpu=True, epochs=6)
    model = build(ON_GPU)[0]
    with FlopCounterMode(display=False) as counted:
        model(torch.zeros(1, 3, paper.SIDE, paper.SIDE)).sum().backward()
    reached = ours * counted.get_total_flops() / matrix_rate(device)
    print(
        f"{ON_GPU} on {torch.cuda.get_device_name()}: {ours:.0f} patches/s, bare loop {limit:.0f}: the GPU waits "
        f"{max(0.0, 1 - ours / limit):.1%} of the time; {reached:.1%} of its rate of matrix products"
    )


def main(repetitions: int) -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        run = made(Path(name))
        on_cpu(run, repetitions)
        if torch.cuda.is_available():
            on_gpu(run)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)
