"""Confidence intervals by bootstrap over patients: films of one patient are never counted as independent."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1000
CONFIDENCE_LEVEL = 0.95
WEIGHTS_AT_ONCE = 4_000_000
"""Weights of resamples x rows held in memory together (32 MB)."""


class Interval(NamedTuple):
    """A 95 % percentile interval; both bounds are nan where fewer than two patients leave nothing to resample."""

    low: float
    high: float


NO_INTERVAL = Interval(float("nan"), float("nan"))


def patient_draws(
    patients: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How often each patient is drawn with replacement [resamples, patients], and the patient of every row.

    The draw depends on the set of patients and the seed, not on the order of the rows.
    """
    names, row = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    return _draws(len(names), resamples, seed), row


def mean_interval(value: ArrayLike, patient: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Interval of the mean over rows."""
    value = np.asarray(value, dtype=np.float64)
    return share_interval(value, np.ones_like(value), patient, resamples, seed)


def share_interval(
    taken: ArrayLike, total: ArrayLike, patient: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Interval of sum(taken) / sum(total), such as coverage; a patient may have several rows."""
    return share_intervals(np.asarray(taken, dtype=np.float64)[:, np.newaxis], total, patient, resamples, seed)[0]


def share_intervals(
    taken: NDArray[np.float64], total: ArrayLike, patient: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> list[Interval]:
    """Intervals of several shares of one total, taken [rows, shares], from the same draws of patients."""
    names, row = np.unique(np.asarray(patient, dtype=str), return_inverse=True)
    if len(names) < 2:
        return [NO_INTERVAL] * taken.shape[1]
    draws = _draws(len(names), resamples, seed).astype(np.float64)
    of_patient = np.zeros((len(names), taken.shape[1]))
    np.add.at(of_patient, row, taken)
    below = draws @ np.bincount(row, np.asarray(total, dtype=np.float64))
    return [percentiles(_ratio(above, below)) for above in (draws @ of_patient).T]


def auc_interval(
    score: ArrayLike, positive: ArrayLike, patient: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Interval of the area under the ROC curve, ties counting half; resamples with one class only are left out."""
    score, positive = np.asarray(score, dtype=np.float64), np.asarray(positive, dtype=bool)
    names, row = np.unique(np.asarray(patient, dtype=str), return_inverse=True)
    if len(names) < 2 or positive.all() or not positive.any():
        return NO_INTERVAL
    negatives = np.flatnonzero(~positive)[np.argsort(score[~positive], kind="stable")]
    below = np.searchsorted(score[negatives], score[positive], side="left")
    not_above = np.searchsorted(score[negatives], score[positive], side="right")
    draws = _draws(len(names), resamples, seed)
    area = []
    for some in np.array_split(draws, -(-draws.shape[0] * len(score) // WEIGHTS_AT_ONCE)):
        of_positive, of_negative = some[:, row[positive]], some[:, row[negatives]]
        passed = np.pad(np.cumsum(of_negative, axis=1), ((0, 0), (1, 0)))
        beaten = (of_positive * (passed[:, below] + passed[:, not_above])).sum(axis=1) / 2
        area.append(_ratio(beaten, of_positive.sum(axis=1) * of_negative.sum(axis=1)))
    return percentiles(np.concatenate(area))


def estimate(value: float, low: float | None, high: float | None) -> str:
    """A value and its interval as they are shown, or that there is no interval."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return f"{value:.3f} (no interval from so few patients)"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


@lru_cache(maxsize=4)
def _draws(patients: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """[resamples, patients]: how often each patient is drawn; kept, for drawing takes longer than using it."""
    if not patients:
        return np.zeros((resamples, 0), dtype=np.int64)
    drawn = np.random.default_rng(seed).multinomial(patients, np.full(patients, 1 / patients), size=resamples)
    drawn.flags.writeable = False
    return drawn


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    share = np.full(len(above), np.nan)
    np.divide(above, below, out=share, where=below > 0)
    return share


def percentiles(drawn: NDArray[np.float64]) -> Interval:
    """The interval that holds 95 % of what was drawn, whatever was not defined left out."""
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return NO_INTERVAL
    low, high = np.quantile(drawn, [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2])
    return Interval(float(low), float(high))
