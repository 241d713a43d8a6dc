"""What would have been decided had units been silent: are the named units those that decided, and which misled?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from deepminer_ray.classes import decided, scan_probability
from deepminer_ray.statistics.confidence import Floats

ORDERS = 200
"""Random orders of the units beside the one by influence."""
MOST_SILENT = 16
"""A decision that more units must leave to be corrected is not one that few units made."""
UNITS_AT_ONCE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The final layer over one image: maps [units, cells in the breast], weight [classes, units], bias [classes].

    A silent unit is 0 everywhere; what is decided then is decided by the rule of the whole image.
    """

    maps: Floats
    weight: Floats
    bias: Floats

    def logits(self, units: Sequence[int] | NDArray[np.int64] | slice = slice(None)) -> Floats:
        """[classes, cells]: what these units say, without the bias."""
        said: Floats = self.weight[:, units] @ self.maps[units]
        return said

    def probability(self, logits: Floats) -> Floats:
        """[..., classes] of logits without bias [..., classes, cells], by the rule of the whole image."""
        return scan_probability(softmax(logits + self.bias[:, np.newaxis], axis=-2))


@dataclass(frozen=True, slots=True, eq=False)
class SilencingCurve:
    """The probability of a class after so many units [depths], and for units in random orders [orders, depths]."""

    depths: list[int]
    by_influence: Floats
    random: Floats


def depths(units: int) -> list[int]:
    """Numbers of units of a curve: 0, then 1 and each double of it, up to all."""
    powers = [1 << power for power in range(units.bit_length()) if 1 << power < units]
    return [0, *powers, units]


def faithfulness(
    head: Head, order: NDArray[np.int64], decided: int, seed: Sequence[int]
) -> tuple[SilencingCurve, SilencingCurve]:
    """Deletion and insertion: the decided class when the first units of an order are silent, or speak alone.

    `order` [units] is that of influence; a random order is drawn from the seed. (Petsiuk et al. 2018 silence pixels.)
    """
    units = len(order)
    chance = np.random.default_rng(list(seed))
    orders = [order, *(chance.permutation(units) for _ in range(ORDERS))]
    at = depths(units)
    whole = head.logits()
    probabilities = np.empty((2, len(orders), len(at)))
    for row, one in enumerate(orders):
        for column, spoken in enumerate(_spoken(head, one, at)):
            probabilities[0, row, column] = head.probability(whole - spoken)[decided]
            probabilities[1, row, column] = head.probability(spoken)[decided]
    deletion, insertion = (SilencingCurve(at, rows[0], rows[1:]) for rows in probabilities)
    return deletion, insertion


def _spoken(head: Head, order: NDArray[np.int64], at: Sequence[int]) -> Iterator[Floats]:
    """The logits of the first units of an order, for each number of them."""
    spoken = np.zeros((len(head.bias), head.maps.shape[1]))
    for start, end in zip([0, *at], at, strict=False):
        if end > start:
            spoken = spoken + head.logits(order[start:end])
        yield spoken


@dataclass(frozen=True, slots=True)
class Correcting:
    """Units whose silence alone makes the decision right, and the units that do so together, in the order found."""

    alone: list[int]
    together: list[int]


def correcting(head: Head, truth: int) -> Correcting:
    """Silence units until the true class is decided: each time the one that brings it furthest ahead.

    `together` is empty where MOST_SILENT units do not suffice; it is a set that suffices, not proven the smallest.
    """
    alone: list[int] = []
    silent: list[int] = []
    spoken = head.logits()
    while len(silent) < min(MOST_SILENT, len(head.maps)):
        without = _each_silent(head, spoken)
        lead = without[:, truth] - np.delete(without, truth, axis=1).max(axis=1)
        right = decided(without) == truth
        if not silent:
            alone = np.flatnonzero(right).tolist()
        lead[silent] = -np.inf
        unit = int(lead.argmax())
        silent.append(unit)
        if right[unit]:
            return Correcting(alone, silent)
        spoken = spoken - head.logits([unit])
    return Correcting(alone, [])


def _each_silent(head: Head, spoken: Floats) -> Floats:
    """[units, classes]: the probabilities if one more unit were silent, for each unit."""
    logits = []
    for start in range(0, len(head.maps), UNITS_AT_ONCE):
        part = slice(start, start + UNITS_AT_ONCE)
        terms = np.einsum("cu,ux->ucx", head.weight[:, part], head.maps[part])
        logits.append(head.probability(spoken - terms))
    return np.concatenate(logits)
