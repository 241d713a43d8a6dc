"""The paper's recipe, without Ray: the loop learns, and says when it cannot."""

import numpy as np
import pytest
import torch

from deepminer_ray import paper
from deepminer_ray.errors import BadInput
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.backbone import build
from deepminer_ray.network.training import Batch, Recipe, class_auc, train_epoch

CPU = torch.device("cpu")


def recipe(learning_rate: float = 0.02) -> Recipe:
    return Recipe(4, 12, learning_rate, 4, paper.MOMENTUM, paper.WEIGHT_DECAY, "imagenet", 0)


def batches(count: int, seed: int) -> list[Batch]:
    """Normal patches are dark; benign ones have a bright half, malignant ones bright stripes."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        classes = draw.permutation(np.arange(12) % 3)
        film = draw.normal(22_000, 1_000, (12, 32, 32))
        film[classes == 1, :, :16] -= 8_000
        film[classes == 2, ::4] -= 15_000
        found.append((film.clip(0, 65_535).astype(np.uint16), classes.astype(np.int64)))
    return found


def test_the_loss_falls_and_the_classes_are_told_apart() -> None:
    torch.manual_seed(0)
    network = build("resnet18")[0]
    taught = recipe()
    optimizer = taught.optimizer(network)
    losses = [train_epoch(network, optimizer, taught, epoch, batches(6, epoch), CPU)[0] for epoch in (1, 2, 3)]
    assert losses[2] < losses[0]
    auc = class_auc(network, "imagenet", batches(4, 99), CPU)
    assert min(value for value in auc.values() if value is not None) > 0.9


def test_the_learning_rate_is_a_tenth_from_epoch_four() -> None:
    paper_recipe = Recipe(
        paper.EPOCHS, paper.BATCH, paper.LEARNING_RATE, paper.DECAY_FROM_EPOCH, 0.9, 1e-4, "imagenet", 0
    )
    assert [paper_recipe.rate(epoch) for epoch in range(1, 6)] == pytest.approx([1e-4] * 3 + [1e-5] * 2)


def test_a_diverging_loss_stops_at_its_step() -> None:
    torch.manual_seed(0)
    network = build("resnet18")[0]
    wild = recipe(1e30)
    with pytest.raises(BadInput, match="step"):
        train_epoch(network, wild.optimizer(network), wild, 1, batches(6, 0), CPU)


def test_too_few_patches_for_a_batch_are_refused() -> None:
    network = build("resnet18")[0]
    with pytest.raises(BadInput, match="--batch"):
        train_epoch(network, recipe().optimizer(network), recipe(), 1, [], CPU)


def test_a_class_without_patches_has_no_auc() -> None:
    network = build("resnet18")[0]
    film, _ = batches(1, 0)[0]
    assert class_auc(network, "imagenet", [(film, np.zeros(12, np.int64))], CPU) == dict.fromkeys(paper.CLASSES)


def test_bright_tissue_is_high_and_air_low_within_what_scanners_resolve() -> None:
    film = np.array([[[0, 500, 15_250, 30_000, 44_000]]], np.uint16)
    shown = network_input(film, "imagenet")[0, 0, 0] * 0.229 + 0.485
    torch.testing.assert_close(shown, torch.tensor([1.0, 1.0, 0.5, 0.0, 0.0]), atol=1e-5, rtol=0)
    assert network_input(film, "caffe").shape == (1, 3, 1, 5)
