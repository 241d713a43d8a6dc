"""Which unit an expert is asked about when, and what the answers so far explain."""

import hashlib
import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.statistics.confidence import Interval, share_interval

APART = 10
"""A hidden repeat comes no sooner than so many questions after the first, where there are so many."""


class Question(NamedTuple):
    """A unit, and whether it is asked about for the second time."""

    unit: int
    repeat: bool


class Covered(NamedTuple):
    """The share of a class's top-8 places that named units take, with its interval over patients."""

    name: str
    share: float
    interval: Interval
    places: int
    patients: int


PlaceRows = Sequence[Mapping[str, Any]]
"""Rows of `survey_place`: class, patient, unit, rank, places."""


def units_by_gain(places: PlaceRows) -> list[int]:
    """The ranked units, those first that take most top places: each place has one unit, so that gains add up."""
    gain: Counter[int] = Counter()
    for row in places:
        gain[row["unit"]] += row["places"]
    ranked = {row["unit"] for row in places if row["rank"] is not None}
    return sorted(ranked, key=lambda unit: (-gain[unit], unit))


def questions(units: Sequence[int], seed: str, repeats: int = 0, shuffle: bool = False) -> list[Question]:
    """What one expert is asked, in order, the same for a seed; `repeats` units come again without a sign of it."""
    chance = random.Random(seed)
    order = [Question(unit, False) for unit in (chance.sample(list(units), len(units)) if shuffle else units)]
    for unit in chance.sample(sorted(units), min(repeats, len(units))):
        first = order.index(Question(unit, False))
        order.insert(chance.randint(min(first + 1 + APART, len(order)), len(order)), Question(unit, True))
    return order


def order_digest(order: Sequence[Question], checkpoint: str) -> str:
    """What a page of this order is known by: an answer given on a page of another is not taken for one of this."""
    return hashlib.sha256(repr((checkpoint, list(order))).encode()).hexdigest()[:16]


class Coverage:
    """What named units explain; asked after every answer, so what does not depend on the names is counted once."""

    def __init__(self, places: PlaceRows):
        self.taken: dict[str, dict[int, NDArray[np.float64]]] = {}
        self.total: dict[str, NDArray[np.float64]] = {}
        self.patients: dict[str, list[str]] = {}
        for name in sorted({row["class"] for row in places}):
            of_class = [row for row in places if row["class"] == name]
            self.patients[name] = sorted({row["patient"] for row in of_class})
            number = {patient: index for index, patient in enumerate(self.patients[name])}
            taken: dict[int, NDArray[np.float64]] = {}
            for row in of_class:
                of_unit = taken.setdefault(row["unit"], np.zeros(len(number)))
                of_unit[number[row["patient"]]] += row["places"]
            self.taken[name] = taken
            self.total[name] = np.sum(list(taken.values()), axis=0)

    def of(self, named: Collection[int]) -> list[Covered]:
        """How much of each class's decisions the named units explain."""
        covered = []
        for name, total in self.total.items():
            parts = [part for unit, part in self.taken[name].items() if unit in named]
            taken = np.sum(parts, axis=0) if parts else np.zeros_like(total)
            interval = share_interval(taken, total, self.patients[name])
            share, every = float(taken.sum() / total.sum()), int(total.sum())
            covered.append(Covered(name, share, interval, every, len(total)))
        return covered
