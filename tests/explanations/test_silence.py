"""Silent units: the decision's rule, deletion and insertion, and units whose silence corrects an error."""

from itertools import combinations

import numpy as np
import pytest
import torch

from deepminer_ray.classes import decided
from deepminer_ray.explanations.silence import MOST_SILENT, ORDERS, Head, correcting, depths, faithfulness
from deepminer_ray.network.backbone import Network
from deepminer_ray.network.response import answer

CLASSES = ("normal", "benign", "malignant")


def head(seed: int, units: int = 6, cells: int = 20, classes: int = 3) -> Head:
    chance = np.random.default_rng(seed)
    return Head(
        np.maximum(chance.normal(size=(units, cells)), 0),
        chance.normal(size=(classes, units)),
        chance.normal(size=classes),
    )


def by_hand(one: Head, silent: set[int]) -> list[float]:
    """The decision's rule cell by cell, with some units at 0."""
    best = [0.0] * (len(one.bias) - 1)
    for cell in range(one.maps.shape[1]):
        logits = [
            one.bias[c] + sum(one.weight[c, u] * one.maps[u, cell] for u in range(len(one.maps)) if u not in silent)
            for c in range(len(one.bias))
        ]
        odds = np.exp(np.array(logits) - max(logits))
        for c in range(1, len(logits)):
            best[c - 1] = max(best[c - 1], float(odds[c] / odds.sum()))
    return [1 - max(best), *best]


@pytest.mark.parametrize("seed", range(4))
def test_a_scan_is_decided_by_the_networks_own_rule(seed: int) -> None:
    torch.manual_seed(seed)
    network = Network("maps", torch.nn.Identity(), 6)
    maps = torch.randn(1, 6, 4, 5).clamp_min(0) * 3
    breast = np.random.default_rng(seed).random((4, 5)) < 0.5
    weight, bias = (one.detach().double().numpy() for one in (network.head.weight, network.head.bias))
    of_cells = Head(maps[0].double().numpy()[:, breast], weight, bias)
    expected = answer(network, maps, breast).probability
    np.testing.assert_allclose(of_cells.probability(of_cells.logits()), expected, atol=1e-6)


@pytest.mark.parametrize(("units", "expected"), [(1, [0, 1]), (8, [0, 1, 2, 4, 8]), (11, [0, 1, 2, 4, 8, 11])])
def test_depths_double(units: int, expected: list[int]) -> None:
    assert depths(units) == expected


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_curves_equal_silence_by_hand(seed: int, classes: int) -> None:
    one = head(seed, classes=classes)
    order = np.random.default_rng(seed).permutation(6)
    deletion, insertion = faithfulness(one, order, decided=1, seed=[seed])
    for place, number in enumerate(deletion.depths):
        first, rest = set(order[:number].tolist()), set(order[number:].tolist())
        assert deletion.by_influence[place] == pytest.approx(by_hand(one, first)[1], abs=1e-12)
        assert insertion.by_influence[place] == pytest.approx(by_hand(one, rest)[1], abs=1e-12)
    assert deletion.random.shape == (ORDERS, len(deletion.depths))
    np.testing.assert_allclose(deletion.random[:, -1], insertion.by_influence[0], atol=1e-12)
    np.testing.assert_allclose(insertion.random[:, -1], deletion.by_influence[0], atol=1e-12)


def test_chance_is_the_same_whoever_draws() -> None:
    one, order = head(1), np.arange(6)
    first, again = (faithfulness(one, order, 1, seed=[0, 7])[0].random for _ in range(2))
    other = faithfulness(one, order, 1, seed=[0, 8])[0].random
    assert (first == again).all() and (first != other).any()


def test_units_that_decide_fall_further_than_chance() -> None:
    """One unit of sixteen alone speaks for the class."""
    weight = np.zeros((3, 16))
    weight[2, 5] = 4.0
    one = Head(np.ones((16, 9)), weight, np.zeros(3))
    deletion, insertion = faithfulness(one, np.argsort(-weight[2], kind="stable"), 2, seed=[0])
    fall = deletion.by_influence[0] - deletion.by_influence[1]
    assert fall > 0.5 and np.mean(deletion.random[:, 0] - deletion.random[:, 1] >= fall) < 0.15
    assert insertion.by_influence[1] == pytest.approx(deletion.by_influence[0])


@pytest.mark.parametrize("seed", range(30))
def test_silence_corrects_a_decision(seed: int) -> None:
    one = head(seed, units=5, cells=7)
    now = int(decided(one.probability(one.logits())))
    truth = (now + 1) % 3
    corrected = correcting(one, truth)
    sufficing = [
        set(units)
        for number in range(1, 6)
        for units in combinations(range(5), number)
        if int(np.argmax(by_hand(one, set(units)))) == truth
    ]
    assert [{unit} for unit in corrected.alone] == [units for units in sufficing if len(units) == 1]
    if corrected.together:
        assert set(corrected.together) in sufficing
        assert len(corrected.together) == 1 or not corrected.alone
    if not sufficing:
        assert corrected.together == []


def test_a_decision_that_no_few_units_made_is_not_corrected() -> None:
    weight = np.stack([np.zeros(MOST_SILENT + 4), np.zeros(MOST_SILENT + 4), np.ones(MOST_SILENT + 4)])
    many = Head(np.ones((MOST_SILENT + 4, 3)), weight, np.array([1.0, 0.0, 0.0]))
    corrected = correcting(many, truth=0)
    assert corrected.alone == [] and corrected.together == []


def test_a_tie_is_decided_for_the_worse_class() -> None:
    assert decided(np.array([[0.5, 0.5, 0.5], [0.6, 0.4, 0.6], [0.7, 0.2, 0.1]])).tolist() == [2, 2, 0]
