"""What half precision changes: unit maxima, the order of patches, the units that matter.

    python benchmarks/half.py RUN [PATCHES]

A finished run's network answers some of its test patches in float32 and with the features in float16, on the CPU: slow
there, but the arithmetic is what a GPU does up to the order of sums.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from deepminer_ray import paper
from deepminer_ray.network.checkpoint import load
from deepminer_ray.network.probe import Probe
from deepminer_ray.run import Run

PATCHES, TOP = 200, 32


def maxima(run: Run, films: list[tuple[int, list[int]]], half: bool) -> NDArray[np.float32]:
    """Maxima [patches, units]."""
    loaded = load(run.folder)
    found = Probe(loaded, run.folder, half=half).patches(films)["activation"]["maximum"].to_numpy()
    return found.reshape(-1, loaded.network.units)


def kept(full: NDArray[np.float64], half: NDArray[np.float64], top: int) -> float:
    """The share of the `top` largest of each row that are also among those of the other."""
    first, second = (np.argsort(-values, axis=1, kind="stable")[:, :top] for values in (full, half))
    return float(np.mean([len(np.intersect1d(one, other)) / top for one, other in zip(first, second, strict=True)]))


def main(folder: str, patches: int) -> None:
    """Print the differences."""
    run = Run.existing(folder)
    rows = run.rows("probe_patch", partitions=["test"])
    asked = [(row["scan_number"], patch) for row in rows for patch in row["patches"]]
    asked = asked[:: max(1, len(asked) // patches)][:patches]
    films = [(number, [patch]) for number, patch in asked]
    full, half = (maxima(run, films, of_half) for of_half in (False, True))
    live = np.ptp(full, axis=0) > 0
    difference = np.abs(half - full)[full > 0] / full[full > 0]
    order = [spearmanr(full[:, unit], half[:, unit]).statistic for unit in np.flatnonzero(live)]
    weight = load(run.folder).network.head.weight.detach().numpy()
    influential = np.mean([kept(full * of_class, half * of_class, paper.TOP) for of_class in weight])
    print(f"{len(full)} patches, {live.sum()} of {full.shape[1]} units answer them differently")
    print(f"relative difference of the maxima: median {np.median(difference):.2e}, largest {difference.max():.2e}")
    print(f"rank correlation over the patches, by unit: median {np.median(order):.6f}, least {min(order):.6f}")
    print(f"of the {paper.TOP} most influential units of a patch and class {influential:.2%} stay")
    print(f"of the {TOP} top patches of a unit {kept(full.T[live], half.T[live], TOP):.2%} stay")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else PATCHES)
