"""Whole mammograms in one pass against their patches one by one; a case of the book; greedy matching against its null.

    python benchmarks/explain.py runs/demo runs/words.txt [NETWORK ...]

The whole mammogram is passed once; its peer are all places of its patch grid, each passed alone, and, beside it, only
the patches that were kept (those that show breast). Places overlap by half, so their pixels are 3 to 4 times as many:
that is what the ratio may reach where a convolution costs the same for every pixel. A case is what `explain` makes of
one scan: pass, maps, curves, silence, figure, then its share of the case book.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from deepminer_ray.database.run import Run
from deepminer_ray.domain_file import mammography
from deepminer_ray.explanations.chance import chances
from deepminer_ray.explanations.matching import matching
from deepminer_ray.explanations.words import load_words
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import Checkpoint, content
from deepminer_ray.network.probe import Probe
from deepminer_ray.patches.grid import grid_windows
from deepminer_ray.patches.shard import read_scan
from deepminer_ray.report.casebook import write_casebook
from deepminer_ray.stages.explain import called_units
from deepminer_ray.stages.probe import probed_checkpoint
from deepminer_ray.workers.figure_actor import Explainer

REPEATS = 5
SIDE = 227
PAIRS, SHUFFLES = 1000, 1000


def seconds(work: Callable[[], object]) -> float:
    """The median of several repetitions, after one that does not count."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def whole_and_patches(run: Run, network: str) -> None:
    """One pass of a film of the paper's size against all its places; torch has both cores for each."""
    density = np.kron(read_scan(run.folder / "scan", 0), np.ones((4, 4), np.uint16))
    height = round(density.shape[0] * 4 * SIDE / density.shape[1])
    density = density[:height, : 4 * SIDE]
    probe = Probe(Checkpoint(build(network)[0].eval(), SIDE, "imagenet", ""), threads=2)
    grid = grid_windows(density.shape[1], density.shape[0], SIDE)
    kept = run.ask("select count(*) as n from patch group by scan order by scan limit 1").column(0)[0].as_py()
    patches = [density[np.newaxis, place.y : place.y + SIDE, place.x : place.x + SIDE] for place in grid]

    def one_by_one() -> None:
        for patch in patches:
            probe.respond(probe.image(patch))

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = seconds(lambda: probe.respond(probe.image(density[np.newaxis])))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    alone = seconds(one_by_one)
    pixels = len(grid) * SIDE**2 / density.size
    print(
        f"{network}: film of {density.shape[1]} x {density.shape[0]} px in one pass {whole:.2f} s (memory rose by "
        f"{(peak - before) / 1024:.0f} MiB to {peak / 1024:.0f}); its {len(grid)} places one by one {alone:.2f} s: "
        f"ratio {alone / whole:.2f} (goal 2.5; {pixels:.2f} times as many pixels); the {kept} kept patches by the same "
        f"{alone * kept / len(grid):.2f} s: ratio {alone * kept / len(grid) / whole:.2f}"
    )


def case(run: Run) -> None:
    """What `explain` makes of one scan, and its share of the book."""
    scans = run.rows("figure")
    explained = {row["scan"] for row in run.rows("explained_scan")}
    explainer, network = Explainer(run.storage), partial(content, probed_checkpoint(run))
    row = next(row for row in scans if row["scan"] in explained)
    explainer.awake(network)
    made = seconds(lambda: explainer.drawn(row, [".png"], called_units(run), network))
    book = seconds(lambda: write_casebook(run)) / len(explained)
    print(f"a case: explained and drawn {made:.2f} s, {book:.3f} s of the book: {made + book:.2f} s (goal 2), one core")


def greedy(vectors: Path) -> None:
    """1,000 explanations against 1,000 reports, all different, and 1,000 shuffles between patients."""
    words = load_words(vectors, mammography().fields)
    chance = np.random.default_rng(0)
    known = np.array(words.vectors.index_to_key)
    explanations, reports = ([" ".join(chance.choice(known, size)) for _ in range(PAIRS)] for size in (12, 9))
    patients = [str(number // 2) for number in range(PAIRS)]
    took = seconds(lambda: chances([matching(explanations, reports, words, "fixed")], patients, shuffles=SHUFFLES))
    print(f"greedy matching of {PAIRS} pairs with {SHUFFLES} shuffles: {took:.2f} s (goal 10)")


def main(folder: Path, vectors: Path, networks: list[str]) -> None:
    """Print the three figures."""
    run = Run.existing(folder)
    torch.set_num_threads(2)
    for network in networks:
        whole_and_patches(run, network)
    case(run)
    greedy(vectors)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or ["resnet18", "resnet152"])
