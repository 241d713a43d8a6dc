"""Measures of ROC curves equal scikit-learn's, resample by resample, and their intervals hold what they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve

from deepminer_ray.statistics.confidence import auc_interval
from deepminer_ray.statistics.evaluation import (
    BINS,
    FALSE_POSITIVE_RATES,
    JUST_AFTER,
    RocCurve,
    Scored,
    calibration,
    called,
    measures,
    operating_threshold,
)
from tests.naive import pauc, pauc_paper


def drawn(seed: int, items: int = 300, patients: int = 40, ties: int = 0) -> Scored:
    """Scores that tell something, of patients who differ; with `ties` of them only so many values."""
    random = np.random.default_rng(seed)
    patient = random.integers(patients, size=items)
    positive = (patient % 3 == 0) & (random.random(items) < 0.8)
    logit = random.normal(size=items) + 1.2 * positive + random.normal(size=patients)[patient] / 2
    score = 1 / (1 + np.exp(-logit))
    if ties:
        score = np.round(score * ties) / ties
    return Scored(score, positive, [f"P{number:03}" for number in patient])


@pytest.mark.parametrize("ties", [0, 7])
def test_every_weighting_gives_what_scikit_learn_does(ties: int) -> None:
    scored = drawn(1, ties=ties)
    weights = np.random.default_rng(2).integers(0, 4, (20, len(scored.score))).astype(float)
    curve = RocCurve(scored, weights)
    for row, weight in enumerate(weights):
        known = (scored.positive, scored.score)
        assert curve.auc()[row] == pytest.approx(roc_auc_score(*known, sample_weight=weight), abs=1e-12)
        precision = average_precision_score(*known, sample_weight=weight)
        assert curve.average_precision()[row] == pytest.approx(precision, abs=1e-12)
        fallout, sensitivity, _ = roc_curve(*known, sample_weight=weight, drop_intermediate=False)
        assert np.allclose(
            curve.band()[row], np.interp(FALSE_POSITIVE_RATES + JUST_AFTER, fallout, sensitivity), atol=1e-12
        )


@pytest.mark.parametrize("ties", [0, 3, 9])
def test_partial_areas_equal_the_slow_definitions(ties: int) -> None:
    scored = drawn(3, ties=ties)
    curve = RocCurve(scored, np.ones((1, len(scored.score))))
    pairs = list(zip(scored.score.tolist(), scored.positive.tolist(), strict=True))
    assert curve.pauc()[0] == pytest.approx(pauc(pairs), abs=1e-12)
    assert curve.pauc_paper()[0] == pytest.approx(pauc_paper(pairs), abs=1e-12)


def test_measures_and_their_intervals() -> None:
    scored = drawn(4)
    threshold = operating_threshold(scored, 0.8)
    found, band = measures(scored, 0.8, resamples=400)
    interval = auc_interval(scored.score, scored.positive, scored.patient, resamples=400)
    assert found["auc"][1:] == pytest.approx(interval, abs=1e-12)
    assert found["brier"].value == pytest.approx(brier_score_loss(scored.positive, scored.score), abs=1e-12)
    counts = called(scored, threshold)
    positives, negatives = scored.positive.sum(), (~scored.positive).sum()
    assert found["sensitivity"].value == pytest.approx(counts["true_positives"] / positives)
    assert found["specificity"].value == pytest.approx(counts["true_negatives"] / negatives)
    called_positive = counts["true_positives"] + counts["false_positives"]
    assert found["positive_predictive_value"].value == pytest.approx(counts["true_positives"] / called_positive)
    for name, value in found.items():
        assert 0 <= value.low <= value.value + 0.05 and value.value - 0.05 <= value.high <= 1, name
        assert value.low < value.high, name
    assert found["sensitivity"].low >= 0.8, "every resample has an operating point of its own"
    assert (band[1] <= band[2]).all() and band.shape == (3, len(FALSE_POSITIVE_RATES))


def test_resamples_without_positives_or_negatives_count_in_no_interval() -> None:
    scored = drawn(8, items=60)
    weights = np.ones((3, 60))
    weights[1, scored.positive] = 0
    weights[2, ~scored.positive] = 0
    curve = RocCurve(scored, weights)
    for of in (curve.auc(), curve.pauc(), curve.pauc_paper(), curve.band()[:, 50], curve.operated(0.8)[1]):
        assert np.isnan(of).tolist() == [False, True, True]
    for of in (curve.average_precision(), curve.operated(0.8)[0], curve.operated(0.8)[2]):
        assert np.isnan(of).tolist() == [False, True, False], "without negatives every call is right"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 1), st.sampled_from([0, 4, 11]))
def test_the_operating_point_is_the_largest_threshold_that_finds_enough(seed: int, asked: float, ties: int) -> None:
    scored = drawn(seed, items=60, ties=ties)
    if not scored.defined():
        return
    threshold = operating_threshold(scored, asked)
    found = {value: (scored.score >= value)[scored.positive].mean() for value in np.unique(scored.score)}
    assert threshold == max(value for value, share in found.items() if share >= asked - 1e-12)


def test_calibration_counts_every_item_once_and_sees_what_is_off() -> None:
    scored = drawn(5, items=500)
    rows = calibration(scored, resamples=200)
    assert len(rows) == BINS and sum(row["items"] or 0 for row in rows) == 500
    probabilities = [row["probability"] or 0 for row in rows]
    assert probabilities == sorted(probabilities)
    off = sum((row["items"] or 0) * abs((row["share"] or 0) - (row["probability"] or 0)) for row in rows) / 500
    found, _ = measures(scored, 0.5, resamples=50)
    assert found["calibration_error"].value == pytest.approx(off, abs=1e-12)
    random = np.random.default_rng(6)
    true = random.random(4000)
    honest = Scored(true, random.random(4000) < true, [str(number) for number in range(4000)])
    assert measures(honest, 0.5, resamples=20)[0]["calibration_error"].value < 0.03


def test_one_patient_has_values_and_no_interval() -> None:
    scored = drawn(7, items=40)
    alone = Scored(scored.score, scored.positive, ["P"] * 40)
    found, band = measures(alone, 0.5)
    assert all(np.isnan([value.low, value.high]).all() for value in found.values())
    assert not np.isnan(found["auc"].value) and np.isnan(band[1:]).all()
    assert all(row["low"] is None for row in calibration(alone))


def test_equal_scores_share_a_bin_and_tell_nothing() -> None:
    alike = Scored(np.full(30, 0.4), np.arange(30) % 2 == 0, [str(number) for number in range(30)])
    assert [row["items"] for row in calibration(alike)] == [30]
    assert measures(alike, 0.4, resamples=50)[0]["auc"].value == 0.5
