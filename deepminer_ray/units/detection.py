"""How well a unit's maximum tells patches that show a concept from those that do not, and what chance would do.

Patches of one patient are never counted as independent. The null lays each patient's lesions on another's films,
place by place: which patient answers is permuted, where lesions lie and how they cluster is not. So a unit that answers
to a part of the breast where lesions are common reaches no more than its null does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepminer_ray.statistics.confidence import CONFIDENCE_LEVEL, Floats

VALUES_AT_ONCE = 4_000_000
"""Values of units x patches, or of units x pairs of patients, held in one array (32 MB)."""
NORMAL_QUANTILE = {0.95: 1.959963984540054}[CONFIDENCE_LEVEL]

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Patches:
    """What is known of the N patches besides their responses: patient and place [N], each numbered from 0."""

    patient: Indices
    place: Indices

    @property
    def patients(self) -> int:
        return int(self.patient.max()) + 1


@dataclass(frozen=True, slots=True)
class Detection:
    """Of each unit: the area under the ROC curve, its interval by patient, and p (one-sided: it answers more)."""

    auroc: Floats
    low: Floats
    high: Floats
    p: Floats


class Ranking:
    """Maxima [units, N] in order; every count below is of patches, a tie counting half."""

    def __init__(self, maxima: NDArray[np.float32]):
        units, patches = maxima.shape
        self.order = np.argsort(maxima, axis=1, kind="stable")
        ordered = np.take_along_axis(maxima, self.order, 1)
        new = np.ones((units, patches + 1), np.bool_)
        new[:, 1:-1] = ordered[:, 1:] != ordered[:, :-1]
        position = np.arange(patches + 1)
        first = np.maximum.accumulate(np.where(new, position, 0), axis=1)[:, :-1]
        past = np.minimum.accumulate(np.where(new, position, patches)[:, :0:-1], axis=1)[:, ::-1]
        self.first, self.past = np.empty_like(first), np.empty_like(past)
        np.put_along_axis(self.first, self.order, first, 1)
        np.put_along_axis(self.past, self.order, past, 1)

    def beaten(self, among: NDArray[np.bool_]) -> Floats:
        """[units, N]: how many of some patches [N] answer less than each patch, those that answer alike as halves."""
        units, patches = self.order.shape
        counted = np.zeros((units, patches + 1), np.int32)
        np.cumsum(among[self.order], axis=1, out=counted[:, 1:])
        less = np.take_along_axis(counted, self.first, 1)
        beaten: Floats = (less + np.take_along_axis(counted, self.past, 1)) / 2
        return beaten


def permutations(patients: int, count: int, seed: int) -> Indices:
    """[count, patients]: on whose films each patient's lesions are laid."""
    order = np.tile(np.arange(patients), (count, 1))
    return np.random.default_rng(seed).permuted(order, axis=1, out=order)


def detect(
    ranking: Ranking, patches: Patches, positive: NDArray[np.bool_], negative: NDArray[np.bool_], permuted: Indices
) -> Detection:
    """How each unit detects a concept; patches that are neither positive nor negative [N] are left out throughout."""
    measured = areas(ranking, patches.patient, positive, negative)
    low, high = interval_of(measured.auroc, measured.deviation)
    reached = _reached(measured.auroc, measured.beaten + 0.5, patches, positive, positive | negative, permuted)
    return Detection(measured.auroc, low, high, (1 + reached) / (1 + len(permuted)))


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas under the ROC curve [units], what each patient adds to them [patients, units], and how many of all patches
    compared each patch beats [units, N]."""

    auroc: Floats
    deviation: Floats
    beaten: Floats


def areas(ranking: Ranking, patient: Indices, positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> Areas:
    """How well each unit tells positives from negatives [N] of patients numbered from 0 [N]."""
    beaten, beaten_positives = ranking.beaten(positive | negative), ranking.beaten(positive)
    hits = (beaten - beaten_positives)[:, positive] / negative.sum()
    alarms = 1 - beaten_positives[:, negative] / positive.sum()
    auroc = hits.mean(1)
    deviation = np.zeros((int(patient.max()) + 1, len(auroc)))
    for share, chosen in ((hits, positive), (alarms, negative)):
        np.add.at(deviation, patient[chosen], (share - auroc[:, None]).T / chosen.sum())
    return Areas(auroc, deviation, beaten)


def interval_of(auroc: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """The interval of areas [units] from what each patient adds to them [patients, units].

    Clustered DeLong (Obuchowski 1997, doi 10.2307/2533958).
    """
    patients = len(deviation)
    reach = NORMAL_QUANTILE * np.sqrt((deviation**2).sum(0) * patients / max(patients - 1, 1))
    return np.clip(auroc - reach, 0, 1), np.clip(auroc + reach, 0, 1)


def _reached(
    auroc: Floats,
    rank: Floats,
    patches: Patches,
    positive: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    permuted: Indices,
) -> Indices:
    """Of each unit how many permutations give at least its area; those that leave no positive count as well.

    The ranks that patient i has where patient j shows the concept are summed once: a permutation adds some of these.
    """
    owners, owner = np.unique(patches.patient[positive], return_inverse=True)
    shape = (int(patches.place.max()) + 1, len(owners))
    showing = sparse.coo_array((np.ones(len(owner)), (patches.place[positive], owner)), shape).tocsr()
    chosen = np.flatnonzero(kept)
    row, column = showing[patches.place[chosen]].nonzero()
    pairs = patches.patients * len(owners)
    cell = (patches.patient[chosen[row]] * len(owners) + column, chosen[row])
    summing = sparse.csr_array((np.ones(len(row)), cell), (pairs, len(kept)))
    sums, counts = summing @ rank.T, summing.sum(1)
    total, count = np.zeros((len(permuted), len(auroc))), np.zeros((len(permuted), 1))
    for index, patient in enumerate(owners):
        pair = permuted[:, patient] * len(owners) + index
        total += sums[pair]
        count += counts[pair, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (total - count * (count + 1) / 2) / (count * (kept.sum() - count))
    return np.asarray((~(area < auroc)).sum(0))
