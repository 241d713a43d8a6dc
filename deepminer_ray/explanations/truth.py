"""Is a name true? How well a unit's maximum predicts what its name says, on patients that the naming did not see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.explanations.naming import stems
from deepminer_ray.statistics.confidence import Floats
from deepminer_ray.units.contrast import LEAST_PATIENTS, Selection, Term, shown_by_enough
from deepminer_ray.units.detection import Ranking, areas, interval_of

NAME_SHUFFLES = 1000

Meaning = tuple[tuple[str, ...], ...]
"""Groups of concepts, one an attribute: a lesion is meant that has one of each group."""


def meant(phenomenon: str, concepts: Sequence[str]) -> Meaning:
    """The concepts ("colour: red") all of whose words, by their stems, are among those of a name.

    A concept whose words are part of a longer one's there is left out: "fine linear branching" is not "linear".
    """
    words = stems(phenomenon)
    inside = {one: stems(one.split(": ", 1)[1]) for one in concepts}
    inside = {one: of for one, of in inside.items() if of and of <= words}
    longest = [one for one, of in inside.items() if not any(of < other for other in inside.values())]
    groups: dict[str, list[str]] = {}
    for one in longest:
        groups.setdefault(one.split(": ")[0], []).append(one)
    return tuple(tuple(group) for group in groups.values())


def as_text(meaning: Meaning) -> str:
    """A meaning in a line: "colour: red AND cell: disc"."""
    return " AND ".join(" OR ".join(group) for group in meaning)


@dataclass(frozen=True, slots=True)
class Level:
    """N patches or scans: their patients, numbered from 0, which are findings, and the maxima [units, N] on them."""

    patient: NDArray[np.int64]
    finding: Selection
    maxima: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well units [units] predict one meaning.

    `auroc` among findings with its interval and what each patient adds [patients, units], and `auroc_all` among all;
    `precision` above the units' own thresholds, and how many findings are above (`reached`). `positives`, `patients`
    and `n` count findings. Without enough patients there are only counts.
    """

    positives: int
    patients: int
    n: int
    auroc: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None
    deviation: Floats | None = None
    auroc_all: Floats | None = None
    precision: Floats | None = None
    reached: NDArray[np.int64] | None = None


def fit_name(level: Level, term: Term, thresholds: Floats) -> Fit:
    """Set what a name means against other findings, and against everything else."""
    shows, others = term.shows & level.finding, term.lacks & level.finding
    counts = (int(shows.sum()), len(set(level.patient[shows])), int((shows | others).sum()))
    if not shown_by_enough(Term(term.concept, shows, others), level.patient, LEAST_PATIENTS):
        return Fit(*counts)
    ranking = Ranking(level.maxima)
    measured = areas(ranking, level.patient, shows, others)
    low, high = interval_of(measured.auroc, measured.deviation)
    above = level.maxima[:, shows | others] > thresholds[:, np.newaxis]
    reached = above.sum(1)
    right = (level.maxima[:, shows] > thresholds[:, np.newaxis]).sum(1)
    precision = np.divide(right, reached, out=np.full(len(reached), np.nan), where=reached > 0)
    of_all = areas(ranking, level.patient, shows, term.lacks).auroc
    return Fit(*counts, measured.auroc, low, high, measured.deviation, of_all, precision, reached)


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one annotator that can be tested: the place of each name's unit, and of its meaning, [names]."""

    unit: NDArray[np.int64]
    meaning: NDArray[np.int64]


def beside_other_names(naming: Naming, fits: Floats) -> tuple[Floats, Floats]:
    """Of each name the mean area of its unit for the annotator's other names, and p [names] each.

    `fits`: areas [units, meanings]. p is the share of all names, the own one included, that fit the unit as well;
    other units' equal names count as such. The mean is nan where there is no other name.
    """
    of_units = fits[naming.unit][:, naming.meaning]
    own = np.diagonal(of_units)
    names = len(own)
    other = np.full(names, np.nan)
    if names > 1:
        other = (of_units.sum(1) - own) / (names - 1)
    return other, (of_units >= own[:, np.newaxis] - 1e-12).mean(1)


def shuffled_mean(naming: Naming, fits: Floats, seed: int = 0) -> tuple[float, float, float]:
    """The mean area of an annotator's names, the mean after they were shuffled over the units, and p."""
    of_units = fits[naming.unit][:, naming.meaning]
    names = np.arange(len(of_units))
    random = np.random.default_rng(seed)
    null = np.array([of_units[names, random.permutation(names)].mean() for _ in range(NAME_SHUFFLES)])
    observed = float(np.diagonal(of_units).mean())
    return observed, float(null.mean()), float((1 + (null >= observed - 1e-12).sum()) / (1 + NAME_SHUFFLES))


def mean_area_interval(naming: Naming, fits: Sequence[Fit]) -> tuple[float, float]:
    """The interval of an annotator's mean area over patients, each of whom moves all areas together."""
    chosen = [(fits[meaning], unit) for unit, meaning in zip(naming.unit, naming.meaning, strict=True)]
    mean = np.mean([of.auroc[unit] for of, unit in chosen if of.auroc is not None])
    moved = [of.deviation[:, unit] for of, unit in chosen if of.deviation is not None]
    low, high = interval_of(np.array([mean]), np.mean(moved, axis=0)[:, np.newaxis])
    return float(low[0]), float(high[0])
