"""Units that go with how films were made are found, others are not; effects against their formulas."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import false_discovery_control

from deepminer_ray.units.acquisition import between, within
from tests import naive


def test_a_confounded_unit_is_found_and_another_is_not() -> None:
    rng = np.random.default_rng(0)
    same, other = rng.normal(size=30), rng.normal(size=30)
    confounded, free = between({"A": same, "B": other + 3}), between({"A": same, "B": other})
    assert confounded and free and confounded[1] < 1e-6 < 0.05 < free[1]
    assert confounded[0] > 0.5 > free[0] >= 0
    shifted, centred = within(same + 2), within(same)
    assert shifted and centred and shifted[1] < 1e-4 < 0.05 < centred[1] and shifted[0] > 0.9


def test_effects_are_those_of_the_formulas() -> None:
    """Ranks 1 to 5 against 6 to 10: H is 12 / (10 x 11) x (15 ** 2 + 40 ** 2) / 5 - 3 x 11."""
    found = between({"A": np.arange(5.0), "B": np.arange(5.0, 10.0), "small": np.zeros(4)})
    statistic = 12 / 110 * (15**2 + 40**2) / 5 - 33
    assert found == pytest.approx((statistic / 9, stats.chi2.sf(statistic, 1)))
    assert within(np.array([1.0, 2, 3, 4, 5, -6, 0])) == pytest.approx(((15 - 6) / 21, 0.4375))


def test_too_few_patients_say_nothing() -> None:
    assert between({"A": np.arange(30.0)}) is None and between({"A": np.arange(30.0), "B": np.arange(4.0)}) is None
    assert within(np.ones(5)) is None
    assert between({"A": np.zeros(5), "B": np.zeros(5)}) == within(np.zeros(6)) == (0.0, 1.0)


def test_q_equals_the_slow_definition() -> None:
    p = np.random.default_rng(0).random(40).round(1).clip(0.01) ** 3
    assert naive.benjamini_hochberg(p.tolist()) == pytest.approx(false_discovery_control(p).tolist())
