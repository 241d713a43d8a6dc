"""One epoch of the paper's fine-tuning (Sec. 2.1), knowing nothing of where batches come from."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn
from torch.optim.lr_scheduler import OneCycleLR

from deepminer_ray import paper
from deepminer_ray.errors import BadInput
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.augmentation import NO_AUGMENTATION, Augmentation
from deepminer_ray.network.backbone import Network

LEARNING_RATE_DECAY = 0.1
OPTIMIZERS, SCHEDULES = ("sgd", "adamw"), ("steps", "one-cycle")

LabelledBatch = tuple[NDArray[np.uint16], NDArray[np.int64]]
"""Patches [n, side, side] in density units and their classes [n]."""

StepListener = Callable[[int, int, torch.Tensor], None]
"""Called after each step with its number, this worker's patches so far and the sum of their losses."""


class Diverged(BadInput):
    """Found by all workers at the same step, as they share gradients and weights."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is fine-tuned; `batch` is the number of patches of one step over all workers.

    `at_once` is how many patches of it a worker puts through the network together (all by default): gradients add up
    to those of the whole batch, while batch normalisation sees only the patches that go through together. By `schedule`
    `one-cycle` the learning rate rises to `learning_rate` and falls to almost nothing, once over all epochs (Smith and
    Topin 2018, arXiv 1708.07120).
    """

    epochs: int
    batch: int
    learning_rate: float
    decay_from_epoch: int | None
    momentum: float = paper.MOMENTUM
    weight_decay: float = paper.WEIGHT_DECAY
    normalisation: str = "imagenet"
    seed: int = 0
    at_once: int | None = None
    mixed: bool = False
    optimizer: str = "sgd"
    schedule: str = "steps"
    class_weights: tuple[float, ...] | None = None
    augmentation: Augmentation = NO_AUGMENTATION

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 1, by `schedule` `steps`."""
        decayed = self.decay_from_epoch is not None and epoch >= self.decay_from_epoch
        return self.learning_rate * (LEARNING_RATE_DECAY if decayed else 1.0)

    def optimizer_of(self, network: nn.Module) -> torch.optim.Optimizer:
        if self.optimizer == "adamw":
            return torch.optim.AdamW(network.parameters(), self.learning_rate, weight_decay=self.weight_decay)
        return torch.optim.SGD(
            network.parameters(), self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay
        )

    def cycle(self, optimizer: torch.optim.Optimizer, steps: int, done: int = 0) -> OneCycleLR | None:
        """What sets the rate after each of the `steps` of an epoch; None where an epoch has one rate.

        After `done` epochs the optimizer must have the state that these left.
        """
        if self.schedule != "one-cycle":
            return None
        return OneCycleLR(optimizer, self.learning_rate, self.epochs * steps, last_epoch=done * steps - 1)


def train_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    epoch: int,
    batches: Iterable[LabelledBatch],
    device: torch.device,
    workers: int = 1,
    told: StepListener | None = None,
    cycle: OneCycleLR | None = None,
) -> tuple[float, int]:
    """One pass over a worker's share of the batches; the mean loss and the number of patches, over all workers.

    Diverged where gradient or weights are not numbers. Workers stop at the same step, as they share both.
    """
    network.train()
    for group in optimizer.param_groups if cycle is None else ():
        group["lr"] = recipe.rate(epoch)
    weight = None if recipe.class_weights is None else torch.tensor(recipe.class_weights, device=device)
    total, patches = torch.zeros((), dtype=torch.float64, device=device), 0
    finite: _Late | None = None
    bias = list(network.parameters())[-1]
    for step, (density, classes) in enumerate(batches, 1):
        optimizer.zero_grad()
        for part in np.array_split(np.arange(len(classes)), -(-len(classes) // (recipe.at_once or len(classes)))):
            last = part[-1] == len(classes) - 1
            pixels = recipe.augmentation(torch.from_numpy(density[part]).to(device, non_blocking=True))
            known = torch.from_numpy(classes[part]).to(device, non_blocking=True)
            with nullcontext() if last or workers == 1 else network.no_sync():  # type: ignore[operator]
                with torch.autocast(device.type, torch.bfloat16, enabled=recipe.mixed):
                    logits = network(network_input(pixels, recipe.normalisation))
                loss = nn.functional.cross_entropy(logits.float(), known, weight, reduction="sum")
                # Gradients of workers are averaged, so each counts its patches of the whole batch `workers` times.
                (loss * (workers / recipe.batch)).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        optimizer.step()
        if cycle is not None and cycle.last_epoch < cycle.total_steps - 1:
            cycle.step()
        _refuse_divergence(finite, step - 1, epoch)
        finite = None if bias.grad is None else _Late(bias.grad)
        patches += len(classes)
        if told is not None:
            told(step, patches, total)
    if not patches:
        raise BadInput(f"No batch of {recipe.batch} patches could be filled: use a smaller --batch or fewer --workers.")
    _refuse_divergence(finite, step, epoch)
    sums = torch.stack([parameter.detach().sum() for parameter in network.parameters()])
    _refuse_divergence(_Late(sums), step, epoch)
    return _over_workers(float(total), patches, workers)


class _Late:
    """Whether all values are numbers, asked at once and looked at a step late, so that a GPU never stands still."""

    def __init__(self, values: torch.Tensor):
        self.finite = torch.isfinite(values).all().to("cpu", non_blocking=True)
        self.known = torch.cuda.current_stream(values.device).record_event() if values.is_cuda else None

    def __bool__(self) -> bool:
        if self.known is not None:
            self.known.synchronize()
        return bool(self.finite)


def _refuse_divergence(finite: _Late | None, step: int, epoch: int) -> None:
    if finite is not None and not finite:
        raise Diverged(f"The loss is not a number at step {step} of epoch {epoch}: use a smaller --learning-rate.")


def _over_workers(total: float, patches: int, workers: int) -> tuple[float, int]:
    summed: list[Any] = [(total, patches)]
    if workers > 1:
        summed = [None] * workers
        distributed.all_gather_object(summed, (total, patches))
    patches = sum(count for _, count in summed)
    return sum(loss for loss, _ in summed) / patches, patches


@torch.inference_mode()
def validate(
    network: Network, normalisation: str, batches: Iterable[LabelledBatch], device: torch.device
) -> dict[str, Any]:
    """The mean `validation_loss` over the batches, and the `auc` of each class by its name.

    None where there is no batch, or a class has no positives or no negatives.
    """
    from sklearn.metrics import roc_auc_score  # takes seconds, and only one worker needs it

    network.eval()
    scored = [
        (network(network_input(torch.from_numpy(density).to(device), normalisation)).cpu(), torch.from_numpy(seen))
        for density, seen in batches
    ]
    auc: dict[str, float | None] = dict.fromkeys(network.classes)
    if not scored:
        return {"validation_loss": None, "auc": auc}
    logits, classes = (torch.cat(part) for part in zip(*scored, strict=True))
    for index, name in enumerate(network.classes):
        positive = (classes == index).numpy()
        score = logits.softmax(1)[:, index].numpy()
        if 0 < positive.sum() < len(positive):
            auc[name] = float(roc_auc_score(positive, score))
    return {"validation_loss": float(nn.functional.cross_entropy(logits, classes)), "auc": auc}


def validation_auc(row: dict[str, Any]) -> float | None:
    """What the epoch that is kept has most of: the mean AUC of the classes on the validation patients."""
    known = [value for value in row.get("auc", {}).values() if value is not None]
    return float(np.mean(known)) if known else None
