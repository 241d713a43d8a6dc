"""What chance gives: the reports, or outlines, of patients exchanged whole, from pairs of scans that are few enough."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHUFFLES = 1000
TIE = 1e-9
"""A shuffled mean this little below the observed one differs by rounding alone."""
PAIRS, AMONG = 1_500_000, 150
"""Pairs of scans that a null may need, and scans among which reports go round at least, however many pairs that are."""

Scans = NDArray[np.int64]
Matrix = NDArray[np.float64]
Pairs = Callable[[Scans], Matrix]
"""Scores [chosen, chosen] of every pair of the scans at some places: the explanation of the one (row) against the
report, or outlines, of the other; nan where there is none."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Scores of all scans with their own reports [scans], means of scores after exchanges [shuffles], and their mean.

    Where reports went round among some patients only, more of them stay with their owners by chance: `mean` is what it
    is when they go round among all.
    """

    observed: NDArray[np.float64]
    null: NDArray[np.float64]
    mean: float


@dataclass(frozen=True, slots=True)
class Round:
    """Scans among which reports go round: their places, owners [scans], and whose they get [shuffles, scans], as places
    among these; and by how much more likely a patient keeps the own reports than if they went round among all.
    """

    scans: Scans
    owner: Scans
    report: NDArray[np.int64]
    kept: float


def chances(
    scores: Sequence[Pairs],
    patients: Sequence[str],
    shuffles: int = SHUFFLES,
    seed: int = 0,
    groups: Sequence[str] | None = None,
    pairs: int = PAIRS,
) -> list[Chance]:
    """Of each of some scores what is observed and what chance gives; all see the same exchanges.

    Every patient receives one other's reports (or, by chance, the own), beginning with a random one and repeating them
    when there are fewer of them than scans: scans of one patient resemble each other and must move together. With
    `groups`, one of each scan and the same for all scans of a patient, reports go round within a group only. Where all
    would be more than about `pairs` pairs, patients are divided at random, once, and reports go round in each part:
    such exchanges are a group as all are, so that p is exact.
    """
    observed = np.full((len(scores), len(patients)), np.nan)
    total, number = np.zeros((len(scores), shuffles)), np.zeros((len(scores), shuffles))
    more = np.zeros(len(scores))
    for of in rounds(patients, shuffles, seed, groups, pairs):
        cell = of.report + np.arange(len(of.scans)) * len(of.scans)
        for index, score in enumerate(scores):
            matrix = score(of.scans)
            observed[index, of.scans] = matrix.diagonal()
            known = ~np.isnan(matrix)
            total[index] += np.where(known, matrix, 0).ravel().take(cell).sum(axis=1)
            number[index] += len(of.scans) if known.all() else known.ravel().take(cell).sum(axis=1)
            more[index] += _more_of_own(matrix, of, len(patients))
    null = np.full_like(total, np.nan)
    np.divide(total, number, out=null, where=number > 0)
    return [
        Chance(own, of_score, mean_score(of_score) - float(excess))
        for own, of_score, excess in zip(observed, null, more, strict=True)
    ]


def rounds(
    patients: Sequence[str], shuffles: int, seed: int, groups: Sequence[str] | None, pairs: int
) -> Iterator[Round]:
    """The scans of some patients each, with every exchange of their reports; each scan is in one."""
    names, first, owner, count = np.unique(
        np.asarray(patients, dtype=str), return_index=True, return_inverse=True, return_counts=True
    )
    by_patient = np.argsort(owner, kind="stable")
    begin = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    group = np.zeros(len(names), dtype=np.int64)
    if groups is not None:
        group = np.unique(np.asarray(groups, dtype=str)[first], return_inverse=True)[1]
    draw = np.random.default_rng(seed)
    among = max(AMONG, pairs // max(1, len(owner)))
    for number in range(int(group.max(initial=-1)) + 1):
        members = draw.permutation(np.flatnonzero(group == number))
        parts = min(len(members), -(-int(count[members].sum()) // among))
        for part in np.array_split(members, parts):
            scans = np.concatenate([by_patient[begin[one] : begin[one + 1]] for one in part])
            report = _exchanged_reports(draw, count[part], shuffles)
            yield Round(scans, np.repeat(part, count[part]), report, 1 / len(part) - 1 / len(members))


def _exchanged_reports(draw: np.random.Generator, count: Scans, shuffles: int) -> NDArray[np.int64]:
    """[shuffles, scans]: whose report each scan gets; patients have `count` scans each, one after the other."""
    patients = np.tile(np.arange(len(count)), (shuffles, 1))
    donor = draw.permuted(patients, axis=1)
    if (count == 1).all():
        return donor
    begin = np.cumsum(count) - count
    turn = np.take_along_axis(draw.integers(0, count, size=donor.shape), donor, axis=1)
    owner = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(owner)) - begin[owner]
    return np.asarray(begin[donor][:, owner] + (rank + turn[:, owner]) % count[donor][:, owner])


def _more_of_own(matrix: Matrix, of: Round, scans: int) -> float:
    """By how much own reports that stay with their owners more often move the mean over all scans."""
    if not of.kept:
        return 0.0
    own = np.equal.outer(of.owner, of.owner)
    share = len(of.scans) / scans * of.kept
    moved = share * (mean_score(matrix[own]) - mean_score(matrix[~own]))
    return 0.0 if np.isnan(moved) else moved


def mean_score(score: NDArray[np.float64]) -> float:
    """Mean over the scans that have a score; nan where none has."""
    scored = score[~np.isnan(score)]
    return float(scored.mean()) if scored.size else float("nan")


def p_value(observed: float, null: NDArray[np.float64]) -> float:
    """(1 + shuffles that reach the observed mean) / (1 + shuffles): small where reports match their own scans."""
    return float((1 + np.count_nonzero(null >= observed - TIE)) / (1 + len(null)))
