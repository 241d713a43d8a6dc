"""Intervals against loops that repeat rows as often as their patient was drawn."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepminer_ray.statistics import confidence
from deepminer_ray.statistics.confidence import auc_interval, mean_interval, patient_draws, share_interval


def naive_auc(score: list[float], positive: list[bool]) -> float:
    """Share of (positive, negative) pairs in which the positive is higher, a tie being half a win."""
    pairs = [
        (a > b) + (a == b) / 2
        for a, is_a in zip(score, positive, strict=True)
        if is_a
        for b, is_b in zip(score, positive, strict=True)
        if not is_b
    ]
    return sum(pairs) / len(pairs) if pairs else math.nan


Row = tuple[float, ...]


def patient_weights(patients: Sequence[str], resamples: int, seed: int = 0) -> np.ndarray:
    """[resamples, rows]: how often each row counts when whole patients are drawn with replacement."""
    draws, row = patient_draws(patients, resamples, seed)
    return draws[:, row]


def naive_interval(
    estimate: Callable[[list[Row]], float], rows: Sequence[Row], patient: list[str], resamples: int
) -> list[float]:
    """Repeat each row, estimate, and take the percentiles of what came out finite."""
    drawn = []
    for weight in patient_weights(patient, resamples):
        repeated = [row for row, times in zip(rows, weight, strict=True) for _ in range(times)]
        drawn.append(estimate(repeated))
    return [float(np.quantile([one for one in drawn if math.isfinite(one)], level)) for level in (0.025, 0.975)]


def some_rows(seed: int, patients: int = 9, rows: int = 40) -> tuple[list[float], list[bool], list[str]]:
    """Scores with ties, answers and patients, several rows a patient."""
    draw = np.random.default_rng(seed)
    score = draw.integers(0, 12, rows) / 4
    return (
        score.tolist(),
        (score + draw.normal(0, 1, rows) > 1.5).tolist(),
        [f"C_{n}" for n in draw.integers(0, patients, rows)],
    )


def test_whole_patients_are_drawn_and_as_many_as_there_are() -> None:
    patients = ["b", "a", "b", "c", "a"]
    weights = patient_weights(patients, resamples=200)
    assert weights.shape == (200, 5)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights.max() == 3
    assert weights.min() == 0


def test_the_draw_knows_the_seed_and_not_the_order_of_rows() -> None:
    patients = ["b", "a", "b", "c", "a"]
    order = [4, 2, 0, 3, 1]
    straight = patient_weights(patients, 50, seed=3)
    assert (patient_weights([patients[n] for n in order], 50, seed=3) == straight[:, order]).all()
    assert (patient_weights(patients, 50, seed=4) != straight).any()


@pytest.mark.parametrize("seed", range(3))
def test_auc_interval_equals_the_loop(seed: int) -> None:
    score, positive, patient = some_rows(seed)
    rows: list[Row] = list(zip(score, positive, strict=True))
    expected = naive_interval(
        lambda drawn: naive_auc([one for one, _ in drawn], [is_one > 0 for _, is_one in drawn]), rows, patient, 80
    )
    assert auc_interval(score, positive, patient, resamples=80) == pytest.approx(expected, abs=1e-12)


def test_auc_interval_does_not_depend_on_how_many_resamples_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    score, positive, patient = some_rows(5)
    whole = auc_interval(score, positive, patient, resamples=101)
    monkeypatch.setattr(confidence, "WEIGHTS_AT_ONCE", 70)
    assert auc_interval(score, positive, patient, resamples=101) == whole


def test_resamples_without_a_positive_patient_are_left_out() -> None:
    low, high = auc_interval([3, 1, 2, 0], [True, False, False, False], ["a", "b", "c", "d"], resamples=200)
    assert (low, high) == (1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_mean_and_share_intervals_equal_the_loop(seed: int) -> None:
    value, _, patient = some_rows(seed)
    rows = [(one,) for one in value]
    expected = naive_interval(lambda drawn: sum(one for (one,) in drawn) / len(drawn), rows, patient, 80)
    assert mean_interval(value, patient, resamples=80) == pytest.approx(expected, abs=1e-12)

    total = [one + 1 for one in value]
    expected = naive_interval(
        lambda drawn: sum(taken for taken, _ in drawn) / sum(places for _, places in drawn),
        list(zip(value, total, strict=True)),
        patient,
        80,
    )
    assert share_interval(value, total, patient, resamples=80) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("patient", [[], ["a"], ["a", "a", "a"]])
def test_fewer_than_two_patients_have_no_interval(patient: list[str]) -> None:
    value = list(range(len(patient)))
    for bounds in (
        mean_interval(value, patient),
        share_interval(value, value, patient),
        auc_interval(value, [one > 0 for one in value], patient),
    ):
        assert all(math.isnan(bound) for bound in bounds)


def test_one_class_only_has_no_interval() -> None:
    assert all(math.isnan(bound) for bound in auc_interval([1, 2], [True, True], ["a", "b"]))
    assert all(math.isnan(bound) for bound in auc_interval([1, 2], [False, False], ["a", "b"]))


def test_nothing_to_share_has_no_interval() -> None:
    assert all(math.isnan(bound) for bound in share_interval([0, 0], [0, 0], ["a", "b"]))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(0.5, 4), st.floats(-3, 3))
def test_the_interval_follows_the_value(seed: int, factor: float, shift: float) -> None:
    """A mean moves with its values; an AUC knows the order of scores alone, and is mirrored when they are."""
    score, positive, patient = some_rows(seed, rows=20)
    moved = [factor * one + shift for one in score]
    low, high = mean_interval(score, patient, resamples=60)
    assert low <= high
    assert mean_interval(moved, patient, resamples=60) == pytest.approx((factor * low + shift, factor * high + shift))
    low, high = auc_interval(score, positive, patient, resamples=60)
    rescaled = auc_interval(np.exp(score), positive, patient, resamples=60)
    assert rescaled == pytest.approx((low, high), nan_ok=True)
    mirrored = auc_interval([-one for one in score], positive, patient, resamples=60)
    assert mirrored == pytest.approx((1 - high, 1 - low), nan_ok=True)


def test_more_patients_narrow_the_interval() -> None:
    draw = np.random.default_rng(0)
    value = draw.normal(size=400)
    few = mean_interval(value, [f"p{n // 40}" for n in range(400)])
    many = mean_interval(value, [f"p{n}" for n in range(400)])
    repeated = mean_interval(np.repeat(value, 10), [f"p{n // 10}" for n in range(4000)])
    assert many.low < value.mean() < many.high
    assert 0.15 < many.high - many.low < 0.25
    assert few != many
    assert repeated == pytest.approx(many), "rows repeated within a patient add no certainty"


def test_an_estimate_is_shown_with_its_interval_or_without_one() -> None:
    assert confidence.estimate(0.8126, 0.5, 0.96) == "0.813 (0.500 to 0.960)"
    for low, high in ((math.nan, math.nan), (None, None)):
        assert confidence.estimate(1.0, low, high) == "1.000 (no interval from so few patients)"
