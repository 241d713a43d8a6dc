"""One epoch of the paper's fine-tuning (Sec. 2.1), knowing nothing of where batches come from."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from deepminer_ray.errors import BadInput
from deepminer_ray.network.appearance import network_input
from deepminer_ray.paper import CLASSES

LEARNING_RATE_DECAY = 0.1

Batch = tuple[NDArray[np.uint16], NDArray[np.int64]]
"""Patches [n, side, side] in density units and their classes [n]."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is fine-tuned; `batch` is the number of patches of one step over all workers."""

    epochs: int
    batch: int
    learning_rate: float
    decay_from_epoch: int
    momentum: float
    weight_decay: float
    normalisation: str
    seed: int

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 1."""
        return self.learning_rate * (LEARNING_RATE_DECAY if epoch >= self.decay_from_epoch else 1.0)

    def optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            network.parameters(), self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay
        )


def train_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    epoch: int,
    batches: Iterable[Batch],
    device: torch.device,
) -> tuple[float, int]:
    """One pass over the batches; the mean loss and the number of patches. BadInput where the loss is no number."""
    network.train()
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate(epoch)
    total, patches = 0.0, 0
    for step, (density, classes) in enumerate(batches, 1):
        optimizer.zero_grad()
        logits = network(network_input(density, recipe.normalisation).to(device))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(classes).to(device))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if not np.isfinite(loss.item()):
            raise BadInput(f"The loss is no number at step {step} of epoch {epoch}: use a smaller --learning-rate.")
        total += loss.item() * len(classes)
        patches += len(classes)
    if not patches:
        raise BadInput(f"No batch of {recipe.batch} patches could be filled: use a smaller --batch or fewer --workers.")
    return total / patches, patches


@torch.inference_mode()
def class_auc(
    network: nn.Module, normalisation: str, batches: Iterable[Batch], device: torch.device
) -> dict[str, float | None]:
    """AUC of each class over the batches; None where a class has no positives or no negatives."""
    from sklearn.metrics import roc_auc_score  # takes seconds, and only one worker needs it

    network.eval()
    scored = [
        (network(network_input(density, normalisation).to(device)).cpu().numpy(), seen) for density, seen in batches
    ]
    if not scored:
        return dict.fromkeys(CLASSES)
    logits, classes = (np.concatenate(part) for part in zip(*scored, strict=True))
    auc: dict[str, float | None] = {}
    for index, name in enumerate(CLASSES):
        positive = classes == index
        score = torch.from_numpy(logits).softmax(1)[:, index].numpy()
        auc[name] = float(roc_auc_score(positive, score)) if 0 < positive.sum() < len(positive) else None
    return auc
