"""A unit's area under the ROC curve, its p and its interval, against the definitions written slowly."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deepminer_ray.statistics.confidence import auc_interval
from deepminer_ray.units.detection import Patches, Ranking, detect, permutations
from tests import naive

PATIENTS, PLACES = 12, 9


def world(seed: int) -> tuple[Patches, np.ndarray, np.ndarray, np.ndarray]:
    """Patches of 12 patients, some places missing; maxima of few values, so that many tie; 5 show something."""
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(rng.random(PATIENTS * PLACES) < 0.9)
    patches = Patches(kept // PLACES, kept % PLACES)
    maxima = rng.integers(0, 6, (4, len(kept))).astype(np.float32)
    positive = (patches.patient < 5) & (rng.random(len(kept)) < 0.3)
    negative = ~positive & (rng.random(len(kept)) < 0.9)
    maxima[0, positive] += 4
    return patches, maxima, positive, negative


@pytest.mark.parametrize("seed", range(4))
def test_area_and_p_equal_the_slow_definition(seed: int) -> None:
    patches, maxima, positive, negative = world(seed)
    order = permutations(PATIENTS, 50, seed)
    found = detect(Ranking(maxima), patches, positive, negative, order)
    kept = positive | negative
    for unit in range(len(maxima)):
        assert found.auroc[unit] == pytest.approx(roc_auc_score(positive[kept], maxima[unit, kept]), abs=1e-12)
        shown = np.where(positive, "positive", np.where(negative, "negative", "left out"))
        rows = list(zip(patches.patient, patches.place, maxima[unit].tolist(), shown, strict=True))
        own = naive.permuted_area(rows, {patient: patient for patient in range(PATIENTS)})
        assert found.auroc[unit] == pytest.approx(own, abs=1e-12)
        areas = [naive.permuted_area(rows, dict(enumerate(receivers))) for receivers in order]
        reached = sum(area is None or area >= own - 1e-12 for area in areas)
        assert found.p[unit] == pytest.approx((1 + reached) / 51)


def test_a_detector_is_found_and_chance_is_not() -> None:
    patches, maxima, positive, negative = world(0)
    found = detect(Ranking(maxima), patches, positive, negative, permutations(PATIENTS, 999, 0))
    assert found.p[0] == pytest.approx(1 / 1000, abs=4e-3)
    assert (found.p[1:] > 0.02).all()
    assert found.low[0] > 0.7 and (found.low <= found.auroc).all() and (found.auroc <= found.high).all()


def test_patches_of_a_patient_are_not_independent() -> None:
    """Units that answer to patients, not to what patches show, are significant no oftener than p says."""
    rng = np.random.default_rng(0)
    patients, places, units = 30, 20, 300
    patches = Patches(np.repeat(np.arange(patients), places), np.tile(np.arange(places), patients))
    maxima = (rng.normal(size=(units, patients)).repeat(places, 1) + 0.1 * rng.normal(size=(units, 600))).astype("f4")
    positive = (patches.patient < 8) & (patches.place < 6)
    found = detect(Ranking(maxima), patches, positive, ~positive, permutations(patients, 499, 0))
    assert (found.p < 0.05).mean() < 0.09


def test_the_interval_is_about_that_of_the_bootstrap() -> None:
    patches, maxima, positive, negative = world(1)
    found = detect(Ranking(maxima), patches, positive, negative, permutations(PATIENTS, 9, 0))
    kept = positive | negative
    for unit in range(len(maxima)):
        drawn = auc_interval(maxima[unit, kept], positive[kept], patches.patient[kept].astype(str).tolist())
        assert (found.high - found.low)[unit] == pytest.approx(drawn.high - drawn.low, rel=0.5)
