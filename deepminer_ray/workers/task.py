"""What a training is given, and what each of its workers is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deepminer_ray.files.location import Place
from deepminer_ray.network.training import Recipe
from deepminer_ray.patches.whole import InputSize
from deepminer_ray.workers.nodes import NodeRequirements

TrainingScan = dict[str, Any]
"""A row of `training`: scan_number, patches, classes, validation."""


@dataclass(frozen=True, slots=True)
class Task:
    """A training: the network to start from, how it learns, and the patches of `side` px that it learns from.

    `network` is what `build` takes, `start` its weights, or Ray's reference to them. `classes` are its answers in
    order, `patches` the folder of the shards, `shards` their list. `keep` says which epoch is kept, `channels` what a
    pixel has. `whole` is the size of the patches where they are whole images.
    """

    network: dict[str, Any]
    start: Any
    classes: Sequence[str]
    recipe: Recipe
    side: int
    patches: Place
    shards: Place
    scans: Sequence[TrainingScan]
    keep: str
    channels: int = 1
    whole: InputSize | None = None

    @property
    def patch_bytes(self) -> int:
        """Of a patch in memory."""
        width, height = self.whole or (self.side, self.side)
        return 2 * width * height * self.channels


@dataclass(frozen=True, slots=True)
class Orders:
    """What all workers of a training are told: the task, whose films are those to learn from, and where they stand.

    They refuse to work on a node that is not `wanted`. `held`: the patches are in Ray's object store. `validated`:
    there are validation patients. `shortage` is the mark of one that ran out of memory, `told` where to say how far
    the training is.
    """

    task: Task
    wanted: NodeRequirements
    held: bool
    validated: bool
    shortage: Place
    told: Any = None
