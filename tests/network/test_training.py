"""The paper's recipe, without Ray: the loop learns, and says when it cannot."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from deepminer_ray import paper
from deepminer_ray.errors import BadInput
from deepminer_ray.network.appearance import NORMALISATION, network_input
from deepminer_ray.network.backbone import build
from deepminer_ray.network.training import LabelledBatch, Recipe, train_epoch, validate, validation_auc
from tests.domains import THREE_CLASSES

CPU = torch.device("cpu")


def recipe(learning_rate: float = 0.02) -> Recipe:
    return Recipe(4, 12, learning_rate, 4, paper.MOMENTUM, paper.WEIGHT_DECAY, "imagenet", 0)


def batches(count: int, seed: int) -> list[LabelledBatch]:
    """Normal patches are dark; benign ones have a bright half, malignant ones bright stripes."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        classes = draw.permutation(np.arange(12) % 3)
        pixels = draw.normal(22_000, 1_000, (12, 32, 32))
        pixels[classes == 1, :, :16] -= 8_000
        pixels[classes == 2, ::4] -= 15_000
        found.append((pixels.clip(0, 65_535).astype(np.uint16), classes.astype(np.int64)))
    return found


def test_the_loss_falls_and_the_classes_are_told_apart() -> None:
    torch.manual_seed(0)
    network = build("resnet18")[0]
    taught = recipe()
    optimizer = taught.optimizer_of(network)
    losses = [train_epoch(network, optimizer, taught, epoch, batches(6, epoch), CPU)[0] for epoch in (1, 2, 3)]
    assert losses[2] < losses[0]
    seen = validate(network, "imagenet", batches(4, 99), CPU)
    assert min(seen["auc"][name] or 0 for name in THREE_CLASSES.names) > 0.9
    assert validation_auc(seen) == pytest.approx(np.mean([seen["auc"][name] for name in THREE_CLASSES.names]))
    assert seen["validation_loss"] is not None and 0 < seen["validation_loss"] < losses[0]


@pytest.mark.parametrize(("decay", "rates"), [(paper.DECAY_FROM_EPOCH, [1e-4] * 3 + [1e-5] * 2), (None, [1e-4] * 5)])
def test_the_learning_rate_is_the_papers_and_with_the_authors_a_tenth_from_epoch_four(
    decay: int | None, rates: list[float]
) -> None:
    taught = Recipe(paper.EPOCHS, paper.BATCH, paper.LEARNING_RATE, decay, 0.9, 1e-4, "imagenet", 0)
    assert [taught.rate(epoch) for epoch in range(1, 6)] == pytest.approx(rates)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_one_cycle_rises_and_falls_and_goes_on_where_it_was(optimizer: str) -> None:
    """A training that begins again after each epoch, with the optimizer's state, ends with the same weights."""
    taught = replace(recipe(), epochs=3, optimizer=optimizer, schedule="one-cycle", learning_rate=0.01)
    weights, rates = [], []
    for interrupted in (False, True):
        torch.manual_seed(0)
        network = build("squeezenet1_1")[0]
        kept = taught.optimizer_of(network)
        cycle = taught.cycle(kept, 5)
        for epoch in (1, 2, 3):
            if interrupted:
                state = kept.state_dict()
                kept = taught.optimizer_of(network)
                kept.load_state_dict(state)
                cycle = taught.cycle(kept, 5, epoch - 1)
            part = [(pixels.repeat(3, 1).repeat(3, 2), known) for pixels, known in batches(5, epoch)]
            train_epoch(network, kept, taught, epoch, part, CPU, cycle=cycle)
            rates.append(kept.param_groups[0]["lr"])
        weights.append(torch.cat([one.flatten() for one in network.parameters()]))
    assert torch.equal(*weights)
    assert rates[:3] == rates[3:] and rates[0] > 0.009 and rates[2] < 1e-5 < rates[1] < rates[0]


def test_without_a_cycle_an_epoch_has_one_rate() -> None:
    taught = recipe()
    network = build("squeezenet1_1")[0]
    assert taught.cycle(taught.optimizer_of(network), 5) is None


def test_a_diverging_loss_stops_at_its_step() -> None:
    torch.manual_seed(0)
    network = build("resnet18")[0]
    wild = recipe(1e30)
    with pytest.raises(BadInput, match=r"step \d of epoch 1"):
        train_epoch(network, wild.optimizer_of(network), wild, 1, batches(6, 0), CPU)


def test_a_loss_that_is_no_number_is_named_by_its_step() -> None:
    """The second batch is poisoned through the network's own weights."""
    torch.manual_seed(0)
    network = build("squeezenet1_1")[0]
    poisoned = batches(3, 0)

    def told(step: int, _patches: int, _total: torch.Tensor) -> None:
        if step == 1:
            network.head.bias.data.fill_(float("nan"))

    with pytest.raises(BadInput, match="step 2 of epoch 1"):
        train_epoch(network, recipe().optimizer_of(network), recipe(), 1, poisoned, CPU, told=told)


def test_weights_that_the_last_step_made_no_numbers_are_found() -> None:
    """One step, whose gradient is finite and whose learning rate is not."""
    torch.manual_seed(0)
    network = build("squeezenet1_1")[0]
    wild = recipe(float("inf"))
    with pytest.raises(BadInput, match="step 1 of epoch 1"):
        train_epoch(network, wild.optimizer_of(network), wild, 1, batches(1, 0), CPU)


def one_epoch(seed: int = 0, **changed: Any) -> list[torch.Tensor]:
    """The parameters of a network without batch normalisation after three batches."""
    torch.manual_seed(seed)
    network = build("squeezenet1_1")[0]
    taught = replace(recipe(), **changed)
    train_epoch(network, taught.optimizer_of(network), taught, 1, batches(3, 0), CPU)
    return [parameter.detach() for parameter in network.parameters()]


@pytest.mark.parametrize("at_once", [1, 5, 12, 100])
def test_gradients_of_parts_add_up_to_those_of_the_batch(at_once: int) -> None:
    for whole, parts in zip(one_epoch(), one_epoch(at_once=at_once), strict=True):
        torch.testing.assert_close(whole, parts, atol=1e-5, rtol=1e-4)


def test_equal_class_weights_change_nothing_and_others_do() -> None:
    plain, equal = one_epoch(), one_epoch(class_weights=(1.0, 1.0, 1.0))
    assert all(torch.equal(a, b) for a, b in zip(plain, equal, strict=True))
    heavier = one_epoch(class_weights=(0.5, 0.5, 2.0))
    assert heavier[-1][2] > plain[-1][2], "the heavier class is answered more often"


def test_mixed_precision_is_close_and_not_the_same() -> None:
    plain, mixed = one_epoch(), one_epoch(mixed=True)
    assert any(not torch.equal(a, b) for a, b in zip(plain, mixed, strict=True))
    for a, b in zip(plain, mixed, strict=True):
        torch.testing.assert_close(a, b, atol=2e-2, rtol=2e-1)


def test_too_few_patches_for_a_batch_are_refused() -> None:
    network = build("resnet18")[0]
    with pytest.raises(BadInput, match="--batch"):
        train_epoch(network, recipe().optimizer_of(network), recipe(), 1, [], CPU)


def test_a_class_without_patches_has_no_auc() -> None:
    network = build("resnet18")[0]
    pixels, _ = batches(1, 0)[0]
    seen = validate(network, "imagenet", [(pixels, np.zeros(12, np.int64))], CPU)
    assert [seen["auc"][name] for name in THREE_CLASSES.names] == [None] * 3
    assert validation_auc(seen) is None
    nothing = validate(network, "imagenet", [], CPU)
    assert nothing == {"validation_loss": None, "auc": dict.fromkeys(THREE_CLASSES)} and validation_auc(nothing) is None


def test_bright_tissue_is_high_and_air_low_within_what_scanners_resolve() -> None:
    pixels = np.array([[[0, 500, 15_250, 30_000, 44_000]]], np.uint16)
    shown = network_input(pixels, "imagenet")[0, 0, 0] * 0.229 + 0.485
    torch.testing.assert_close(shown, torch.tensor([1.0, 1.0, 0.5, 0.0, 0.0]), atol=1e-5, rtol=0)
    assert network_input(pixels, "caffe").shape == (1, 3, 1, 5)


@pytest.mark.parametrize("normalisation", sorted(NORMALISATION))
def test_a_network_sees_colours_as_its_weights_expect(normalisation: str) -> None:
    """As the authors of each normalisation write it: caffe's has blue first, and its mean in levels of 8 bits."""
    pixels = np.random.default_rng(0).integers(0, 65536, (2, 5, 7, 3), dtype=np.uint16)
    seen = network_input(pixels, normalisation)
    assert seen.shape == (2, 3, 5, 7) and seen.is_contiguous(memory_format=torch.channels_last)
    rgb = pixels.astype(np.float64) / 65_535
    expected = {
        "imagenet": (rgb - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225),
        "inception": 2 * rgb - 1,
        "caffe": 255 * rgb[..., ::-1] - (103.939, 116.779, 123.68),
    }[normalisation]
    assert np.abs(seen.permute(0, 2, 3, 1).numpy() - expected).max() < 1e-3
    assert torch.equal(network_input(torch.from_numpy(pixels), normalisation), seen)
