"""In which order a worker sees the training patches: a function of seed, epoch and rank, whatever was interrupted."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

PatchOrder = NDArray[np.int64]
"""Patches, counted over all films in their order in the catalog."""


def epoch_rows(patches: Sequence[int], seed: int, epoch: int, batch: int, rank: int, workers: int) -> PatchOrder:
    """One worker's patches of an epoch, those of a film together and films in random order.

    `patches` holds the number of patches of every film. All workers make the same number of steps, each step sees
    `batch` patches over all workers, and what does not fill a last batch is left out, others in every epoch.
    """
    ends = np.cumsum(patches)
    scans = np.random.default_rng((seed, epoch)).permutation(len(ends))
    rows = np.concatenate([np.arange(ends[scan] - patches[scan], ends[scan]) for scan in scans])
    steps = len(rows) // batch
    starts = np.cumsum([0] + [steps * share_of(batch, other, workers) for other in range(workers)])
    return rows[starts[rank] : starts[rank + 1]]


def share_of(batch: int, rank: int, workers: int) -> int:
    """How many patches of a batch one of the workers takes."""
    return batch // workers + (rank < batch % workers)


def shuffled(size: int, window: int, seed: Sequence[int]) -> Iterator[PatchOrder]:
    """Places 0..size-1 window by window, each window in random order: what must be in memory together."""
    draw = np.random.default_rng(tuple(seed))
    for start in range(0, size, window):
        yield start + draw.permutation(min(window, size - start))
