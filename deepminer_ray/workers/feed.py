"""Training patches for one worker: from Ray's object store where all of them fit, else read again in every epoch."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.files.location import Place
from deepminer_ray.network.training import LabelledBatch
from deepminer_ray.patches.order import PatchOrder, epoch_rows, share_of, shuffled
from deepminer_ray.patches.shard import read_labelled
from deepminer_ray.workers.cluster import refuse_deadly
from deepminer_ray.workers.nodes import NO_REQUIREMENTS, NodeRequirements, refuse_unlike
from deepminer_ray.workers.task import Task, TrainingScan

SHUFFLED_BYTES = 256 * 2**20
"""Patches are drawn from a window of this size in every worker, over films whose order changes with each epoch."""
SCANS_A_BLOCK = 8


def dataset(
    ray: Any,
    scans: Sequence[TrainingScan],
    folder: Place,
    answers: Sequence[str],
    wanted: NodeRequirements = NO_REQUIREMENTS,
) -> Any:
    """The Ray dataset of the films' patches, in the order of `scans`: columns pixels [side, side] and class."""
    rows = [
        {"scan_number": scan["scan_number"], "labelled": json.dumps([scan["patches"], scan["classes"]])}
        for scan in scans
    ]
    listed = ray.data.from_items(rows, override_num_blocks=max(1, -(-len(rows) // SCANS_A_BLOCK)))
    read = partial(read_alike, wanted=wanted, folder=folder, answers=answers)
    return listed.map_batches(read, batch_size=SCANS_A_BLOCK)


def read_alike(scans: TrainingScan, wanted: NodeRequirements, folder: Place, answers: Sequence[str]) -> dict[str, Any]:
    """`read_labelled`, on a node that is like the others."""
    refuse_unlike(wanted)
    refuse_deadly(f"patches of image {scans['scan_number'][0]}")
    return read_labelled(scans, folder, answers)


class Feed:
    """The batches of one worker, epoch by epoch; the same for a seed, whatever is held and whatever was interrupted."""

    def __init__(self, task: Task, wanted: NodeRequirements, rank: int, workers: int, held: Any):
        self.task, self.wanted = task, wanted
        self.scans = task.scans
        self.rank, self.workers = rank, workers
        self.batch = task.recipe.batch
        self.held = None if held is None else _Held(held)
        size = max(1, share_of(self.batch, rank, workers))
        self.window = max(1, SHUFFLED_BYTES // (task.patch_bytes * size)) * size
        self.size = size

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return sum(len(scan["patches"]) for scan in self.scans) // self.batch

    def batches(self, epoch: int) -> Iterator[LabelledBatch]:
        """This worker's batches of an epoch."""
        batch, seed = self.batch, self.task.recipe.seed
        sizes = [len(scan["patches"]) for scan in self.scans]
        rows = epoch_rows(sizes, seed, epoch, batch, self.rank, self.workers)
        windows = shuffled(len(rows), self.window, (seed, epoch, self.rank))
        if self.held is None:
            yield from self._streamed(rows, windows)
            return
        for places in windows:
            for start in range(0, len(places), self.size):
                yield self.held.rows(rows[places[start : start + self.size]])

    def _streamed(self, rows: PatchOrder, windows: Iterator[PatchOrder]) -> Iterator[LabelledBatch]:
        import ray

        ray.data.DataContext.get_current().execution_options.preserve_order = True
        scans = list(_scans_of_rows(self.scans, rows))
        read = dataset(ray, scans, self.task.patches, self.task.classes, self.wanted)
        filled = read.iter_batches(batch_size=self.window, batch_format="numpy")
        first = 0
        for places, window in zip(windows, filled, strict=True):
            mixed = places - first
            first += len(places)
            for start in range(0, len(mixed), self.size):
                part = mixed[start : start + self.size]
                yield window["pixels"][part], window["class"][part]


def _scans_of_rows(scans: Sequence[TrainingScan], rows: PatchOrder) -> Iterator[TrainingScan]:
    """The films that `rows` go through, each with the patches chosen of it."""
    starts = np.cumsum([0] + [len(scan["patches"]) for scan in scans])
    owner = np.searchsorted(starts, rows, side="right") - 1
    for number, of_scan in groupby(range(len(rows)), key=lambda index: int(owner[index])):
        scan, inside = scans[number], [int(rows[index] - starts[number]) for index in of_scan]
        yield scan | {name: [scan[name][index] for index in inside] for name in ("patches", "classes")}


class _Held:
    """Blocks of a dataset in Ray's object store, seen by every worker of a node without a copy."""

    def __init__(self, rows: Any):
        self.blocks = list(rows.iter_batches(batch_size=None, batch_format="numpy"))
        self.starts = np.cumsum([0] + [len(block["class"]) for block in self.blocks])

    def rows(self, rows: PatchOrder) -> LabelledBatch:
        block = np.searchsorted(self.starts, rows, side="right") - 1
        offset = rows - self.starts[block]
        both = list(zip(block, offset, strict=True))
        pixels: NDArray[np.uint16] = np.stack([self.blocks[number]["pixels"][row] for number, row in both])
        return pixels, np.array([self.blocks[number]["class"][row] for number, row in both])
