"""Whether a unit's response goes with how a film was made: groups of patients, or differences within patients."""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from deepminer_ray.statistics.confidence import Floats

LEAST_PAIRS = 6
"""Fewer patients cannot reach p 0.05 in the signed-rank test."""
LEAST_IN_GROUP = 5
"""Smaller groups are left out: for them the distribution of H is not the one p is taken from."""


def between(groups: Mapping[str, Floats]) -> tuple[float, float] | None:
    """Epsilon-squared (H / (n - 1): share of the variance of ranks between groups, 0 to 1) and p by Kruskal-Wallis.

    None with fewer than two groups of at least `LEAST_IN_GROUP` patients, the only ones that count.
    """
    large = large_groups(groups)
    if len(large) < 2:
        return None
    values = np.concatenate(list(large.values()))
    if values.min() == values.max():
        return 0.0, 1.0
    result = stats.kruskal(*large.values())
    return float(result.statistic) / (len(values) - 1), float(result.pvalue)


def large_groups(groups: Mapping[str, Floats]) -> dict[str, Floats]:
    """The groups that `between` compares."""
    return {name: values for name, values in sorted(groups.items()) if len(values) >= LEAST_IN_GROUP}


def within(difference: Floats) -> tuple[float, float] | None:
    """Matched-pairs rank-biserial correlation (-1 to 1, > 0: differences are mostly positive) and p by Wilcoxon.

    None with fewer than `LEAST_PAIRS` patients; differences of 0 say nothing to either side.
    """
    if len(difference) < LEAST_PAIRS:
        return None
    difference = difference[difference != 0]
    if not len(difference):
        return 0.0, 1.0
    rank = stats.rankdata(np.abs(difference))
    effect = float((rank * np.sign(difference)).sum() / rank.sum())
    return effect, float(stats.wilcoxon(difference).pvalue)
