"""Scores of explained scans as rows: the mean over scans, its interval over patients, and what chance gives."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.aliases import Row
from deepminer_ray.explanations.chance import Pairs, chances, mean_score, p_value
from deepminer_ray.statistics.confidence import mean_interval


def against_chance(scores: Sequence[Pairs], owners: Sequence[tuple[str, str]], seed: int) -> list[Row]:
    """A row a score: what is observed, its interval over patients, and its nulls: one scan against others' reports.

    `owners` are a scan's patient and the worst pathology on any of the patient's scans. The second null exchanges
    reports only between patients of the same worst pathology: what beats it says more than the class does.
    """
    patients, pathologies = [patient for patient, _ in owners], [pathology for _, pathology in owners]
    among_all = chances(scores, patients, seed=seed)
    within = chances(scores, patients, seed=seed, groups=pathologies)
    rows: list[Row] = []
    for first, second in zip(among_all, within, strict=True):
        scored = ~np.isnan(first.observed)
        if not scored.any():
            rows.append({"n": 0})
            continue
        of = [patient for patient, kept in zip(patients, scored, strict=True) if kept]
        row = score_row(first.observed[scored], first.null, of, seed) | {"null_value": first.mean}
        rows.append(row | {"null_pathology": second.mean, "p_pathology": p_value(row["value"], second.null)})
    return rows


def score_row(observed: NDArray[np.float64], null: NDArray[np.float64], patients: Sequence[str], seed: int) -> Row:
    """The row of scores [scans] of some patients' scans, and of the means [chances] that chance gives."""
    interval = mean_interval(observed, patients, seed=seed)
    value = mean_score(observed)
    return {
        "value": value,
        "low": interval.low,
        "high": interval.high,
        "null_value": mean_score(null),
        "p": p_value(value, null),
        "n": len(observed),
    }
