"""What half precision and channels last change: unit maxima, the order of patches, the units that matter, the speed.

    python benchmarks/half.py RUN [PATCHES]

A finished run's network answers some of its test patches on the GPU where there is one, else on the CPU: half precision
is slow there, but the arithmetic is what a GPU does up to the order of sums. All is compared with single precision in
the order of memory that `probe` uses, channels last.
"""

import statistics
import sys
import time

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from deepminer_ray import paper
from deepminer_ray.database.run import Run
from deepminer_ray.network.checkpoint import Checkpoint, load
from deepminer_ray.network.probe import Probe
from deepminer_ray.patches.ahead import Pixels, ahead

PATCHES, TOP, REPETITIONS = 200, 32, 3
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

Maxima = NDArray[np.float32]
Scans = list[tuple[tuple[int, list[int]], Pixels]]


class ChannelsFirst(Probe):
    """The same in torch's own order of memory."""

    def __init__(self, checkpoint: Checkpoint, half: bool, device: str):
        super().__init__(checkpoint, half=half, device=device)
        self.network.to(memory_format=torch.contiguous_format)

    def image(self, density: Pixels) -> torch.Tensor:
        return super().image(density).contiguous()


def answered(probe: Probe, scans: Scans) -> tuple[Maxima, float]:
    """Maxima [patches, units] and patches a second, warm: pixels in memory, rows made of the answers."""
    seconds = []
    for _ in range(1 + REPETITIONS):
        started = time.perf_counter()
        found = probe.patches(scans)["activation"]["maximum"].to_numpy()
        seconds.append(time.perf_counter() - started)
    maxima = found.reshape(-1, probe.network.units)
    return maxima, len(maxima) / statistics.median(seconds[1:])


def kept(full: NDArray[np.float64], half: NDArray[np.float64], top: int) -> float:
    """The share of the `top` largest of each row that are also among those of the other."""
    first, second = (np.argsort(-values, axis=1, kind="stable")[:, :top] for values in (full, half))
    return float(np.mean([len(np.intersect1d(one, other)) / top for one, other in zip(first, second, strict=True)]))


def compared(name: str, full: Maxima, other: Maxima, weight: Maxima) -> None:
    """Print how other maxima differ from the full ones, and what of the ranking stays."""
    live = np.ptp(full, axis=0) > 0
    difference = np.abs(other - full)[full > 0] / full[full > 0]
    order = [spearmanr(full[:, unit], other[:, unit]).statistic for unit in np.flatnonzero(live)]
    influential = np.mean([kept(full * of_class, other * of_class, paper.TOP) for of_class in weight])
    print(
        f"{name}: relative difference of the maxima: median {np.median(difference):.2e}, largest "
        f"{difference.max():.2e}\n"
        f"  rank correlation over the patches, by unit: median {np.median(order):.6f}, least {min(order):.6f}\n"
        f"  of the {paper.TOP} most influential units of a patch and class {influential:.2%} stay\n"
        f"  of the {TOP} top patches of a unit {kept(full.T[live], other.T[live], TOP):.2%} stay",
        flush=True,
    )


def main(folder: str, patches: int) -> None:
    """Print the differences and the speeds."""
    run = Run.existing(folder)
    rows = run.rows("probe_patch", partitions=["test"])
    asked = [(row["scan_number"], patch) for row in rows for patch in row["patches"]]
    asked = asked[:: max(1, len(asked) // patches)][:patches]
    scans = list(ahead("patches", [(number, [patch]) for number, patch in asked], run.storage))
    network = load(run.folder).network
    weight = network.head.weight.detach().numpy()
    full, limit = answered(Probe(load(run.folder), device=DEVICE), scans)
    live = int((np.ptp(full, axis=0) > 0).sum())
    print(f"{network.name} on {DEVICE}: {len(full)} patches, {live} of {full.shape[1]} units answer them differently")
    print(f"single precision, channels last: {limit:.1f} patches/s")
    for name, kind, half in (
        ("half precision, channels last", Probe, True),
        ("single precision, channels first", ChannelsFirst, False),
        ("half precision, channels first", ChannelsFirst, True),
    ):
        other, speed = answered(kind(load(run.folder), half=half, device=DEVICE), scans)
        compared(f"{name}: {speed:.1f} patches/s, {speed / limit:.2f} times as many", full, other, weight)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else PATCHES)
