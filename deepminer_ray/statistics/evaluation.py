"""How well scores tell one class from the others: everything an ROC curve holds, for whole samples of resamples."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepminer_ray.paper import PAUC_FROM
from deepminer_ray.statistics.confidence import RESAMPLES, WEIGHTS_AT_ONCE, Floats, Interval, patient_draws, percentiles

FALSE_POSITIVE_RATES = np.linspace(0, 1, 101)
"""False-positive rates at which the band of an ROC curve is drawn."""
JUST_AFTER = 1e-9
"""Where the curve rises straight up at a rate of the grid, the band is at its top."""
ROUNDING = 1e-12
"""A sensitivity is reached despite what summing left of it."""
BINS = 10
"""Of calibration, with equally many items each."""


class Estimate(NamedTuple):
    """A value and its interval over patients; nan where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scored:
    """What is evaluated: scores in 0..1, which items are of the class, and whose they are."""

    score: Floats
    positive: NDArray[np.bool_]
    patient: Sequence[str]

    def defined(self) -> bool:
        """Whether there is anything to tell apart."""
        return bool(self.positive.any() and not self.positive.all())


class RocCurve:
    """ROC curves of several weightings [m, n] of one sample, ties taken together; every method gives [m]."""

    def __init__(self, scored: Scored, weights: NDArray[np.float64]):
        order = np.argsort(-scored.score, kind="stable")
        descending = scored.score[order]
        ends = np.append(np.flatnonzero(np.diff(descending)), len(order) - 1)
        self.threshold = descending[ends]
        weighted, positive = weights[:, order], scored.positive[order]
        hits = np.cumsum(weighted * positive, axis=1)[:, ends]
        alarms = np.cumsum(weighted * ~positive, axis=1)[:, ends]
        self.hits, self.alarms = (np.pad(counted, ((0, 0), (1, 0))) for counted in (hits, alarms))
        with np.errstate(invalid="ignore", divide="ignore"):
            self.sensitivity = self.hits / self.hits[:, -1:]
            self.fallout = self.alarms / self.alarms[:, -1:]

    def auc(self) -> Floats:
        """Area under the curve."""
        return _area(self.sensitivity, self.fallout)

    def pauc(self) -> Floats:
        """Area between the curve and a sensitivity of 0.8: chance 0.02, best 0.2."""
        low, high = self.sensitivity[:, :-1], self.sensitivity[:, 1:]
        width = np.diff(self.fallout, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            crossing = (high - PAUC_FROM) ** 2 / (high - low) / 2
        whole = (low + high) / 2 - PAUC_FROM
        above = np.where(low >= PAUC_FROM, whole, np.where(high > PAUC_FROM, crossing, 0.0 * high))
        return _summed(width * above)

    def pauc_paper(self) -> Floats:
        """The authors' formula: trapezoids between the points with a sensitivity of at least 0.8, times 0.2."""
        both = (self.sensitivity[:, :-1] + self.sensitivity[:, 1:]) / 2
        kept = np.where(self.sensitivity[:, :-1] >= PAUC_FROM, both, 0.0 * both)
        return _summed(np.diff(self.fallout, axis=1) * kept) * (1 - PAUC_FROM)

    def average_precision(self) -> Floats:
        """Precision at each threshold, weighted by the sensitivity gained there."""
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = self.hits[:, 1:] / (self.hits[:, 1:] + self.alarms[:, 1:])
        gained = np.diff(self.sensitivity, axis=1)
        return _summed(np.where(gained > 0, gained * precision, 0.0 * gained))

    def band(self) -> Floats:
        """Sensitivity [m, 101] at the false-positive rates of `FALSE_POSITIVE_RATES`."""
        rates = [
            np.interp(FALSE_POSITIVE_RATES + JUST_AFTER, x, y)
            for x, y in zip(self.fallout, self.sensitivity, strict=True)
        ]
        defined = (self.hits[:, -1:] > 0) & (self.alarms[:, -1:] > 0)
        return np.where(defined, rates, np.nan)

    def operating(self, sensitivity: float) -> NDArray[np.int64]:
        """The place [m] in `threshold` of the largest score that finds at least this share of the positives."""
        first: NDArray[np.int64] = np.argmax(self.sensitivity[:, 1:] >= sensitivity - ROUNDING, axis=1)
        return first

    def operated(self, sensitivity: float) -> tuple[Floats, Floats, Floats]:
        """Sensitivity, specificity and positive predictive value at the operating point of each weighting."""
        column = self.operating(sensitivity)[:, np.newaxis] + 1
        hits, alarms, recall, fallout = (
            np.take_along_axis(counted, column, axis=1)[:, 0]
            for counted in (self.hits, self.alarms, self.sensitivity, self.fallout)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            predictive = np.where(np.isnan(recall), np.nan, hits / (hits + alarms))
        return recall, 1 - fallout + 0.0 * recall, predictive


def _summed(of_steps: Floats) -> Floats:
    summed: Floats = of_steps.sum(axis=1)
    return summed


def _area(height: Floats, across: Floats) -> Floats:
    return _summed(np.diff(across, axis=1) * (height[:, 1:] + height[:, :-1]) / 2)


def operating_threshold(scored: Scored, sensitivity: float) -> float:
    """The largest score at which at least this share of the positives is called positive."""
    curve = RocCurve(scored, np.ones((1, len(scored.score))))
    return float(curve.threshold[curve.operating(sensitivity)[0]])


def called(scored: Scored, threshold: float) -> dict[str, int]:
    """How many items scores of at least `threshold` call rightly and wrongly."""
    above = scored.score >= threshold
    return {
        "true_positives": int((above & scored.positive).sum()),
        "false_positives": int((above & ~scored.positive).sum()),
        "false_negatives": int((~above & scored.positive).sum()),
        "true_negatives": int((~above & ~scored.positive).sum()),
    }


def measures(scored: Scored, sensitivity: float, resamples: int = RESAMPLES) -> tuple[dict[str, Estimate], Floats]:
    """Every measure with its interval by bootstrap over patients, and the curve [3, 101]: sensitivity, low, high.

    The operating point is chosen again in every resample, as it is in the sample: where `sensitivity` is reached.
    """

    def of(weights: Floats) -> dict[str, Floats]:
        curve = RocCurve(scored, weights)
        reached, specificity, predictive = curve.operated(sensitivity)
        return {
            "auc": curve.auc(),
            "pauc": curve.pauc(),
            "pauc_paper": curve.pauc_paper(),
            "average_precision": curve.average_precision(),
            "brier": _weighted_mean(weights, (scored.score - scored.positive) ** 2),
            "calibration_error": calibration_error(scored, weights),
            "sensitivity": reached,
            "specificity": specificity,
            "positive_predictive_value": predictive,
            "band": curve.band(),
        }

    (point, drawn) = _resampled(of, scored, resamples)
    estimates = {name: Estimate(float(point[name][0]), *percentiles(drawn[name])) for name in point if name != "band"}
    low, high = np.array([percentiles(column) for column in drawn["band"].T]).T
    return estimates, np.array([point["band"][0], low, high])


def _resampled(
    of: Callable[[Floats], dict[str, Floats]], scored: Scored, resamples: int
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    point = of(np.ones((1, len(scored.score))))
    parts = [of(weights) for weights in _weights(scored, resamples)]
    if not parts:
        return point, {name: np.empty((0, *value.shape[1:])) for name, value in point.items()}
    return point, {name: np.concatenate([part[name] for part in parts]) for name in point}


def _weights(scored: Scored, resamples: int) -> Iterator[Floats]:
    """How often each item counts [some, n], a share of the resamples at a time; none where one patient is all."""
    draws, row = patient_draws(scored.patient, resamples)
    if draws.shape[1] < 2:
        return
    for some in np.array_split(draws, max(1, -(-resamples * len(row) // WEIGHTS_AT_ONCE))):
        yield some[:, row].astype(np.float64)


def _weighted_mean(weights: Floats, value: Floats) -> Floats:
    result: Floats = weights @ value / weights.sum(axis=1)
    return result


def calibration_bins(score: ArrayLike) -> NDArray[np.int64]:
    """The bin of every score, with as equal numbers as ties allow; equal scores share a bin."""
    score = np.asarray(score, dtype=np.float64)
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
    return np.searchsorted(edges, score, side="left")


def calibration_error(scored: Scored, weights: Floats) -> Floats:
    """Expected calibration error: mean distance of observed share and mean score over the bins, by their items."""
    inside = np.eye(BINS)[calibration_bins(scored.score)]
    apart = (weights * (scored.score - scored.positive)) @ inside
    result: Floats = np.abs(apart).sum(axis=1) / weights.sum(axis=1)
    return result


def calibration(scored: Scored, resamples: int = RESAMPLES) -> list[dict[str, float | None]]:
    """One row a bin of scores: mean, observed share of the class with its interval over patients, and items."""
    bins = calibration_bins(scored.score)
    draws, row = patient_draws(scored.patient, resamples)
    rows: list[dict[str, float | None]] = []
    for number in np.unique(bins):
        chosen = bins == number
        counted = np.zeros((draws.shape[1], 2))
        np.add.at(counted, row[chosen], np.stack([scored.positive[chosen], np.ones(chosen.sum())], axis=1))
        with np.errstate(invalid="ignore"):
            drawn = (draws @ counted[:, 0]) / (draws @ counted[:, 1])
        interval = percentiles(drawn) if draws.shape[1] > 1 else Interval(float("nan"), float("nan"))
        rows.append(
            {
                "bin": int(number) + 1,
                "probability": float(scored.score[chosen].mean()),
                "share": float(scored.positive[chosen].mean()),
                "low": None if np.isnan(interval.low) else interval.low,
                "high": None if np.isnan(interval.high) else interval.high,
                "items": int(chosen.sum()),
            }
        )
    return rows
