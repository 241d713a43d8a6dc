"""Findings as drawn: inside the breast, brighter than what is around them, of the size they claim."""

import numpy as np
import pytest

from deepminer_ray.phantom.breast import Anatomy, Breast, draw_breast
from deepminer_ray.phantom.finding import BENIGN_KINDS, MALIGNANT_KINDS, FindingKind, place_finding

KINDS = (*MALIGNANT_KINDS, *BENIGN_KINDS)
COLUMNS = 256


@pytest.fixture(params=["CC", "MLO"])
def breast(request: pytest.FixtureRequest) -> Breast:
    rng = np.random.default_rng(4)
    return draw_breast(Anatomy.of(2, rng), request.param, 420, COLUMNS, rng)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_finding_lies_in_the_breast_and_stands_out(kind: FindingKind, breast: Breast) -> None:
    before = breast.attenuation.copy()
    placed = place_finding(kind, breast, [], 0.3, np.random.default_rng(7))
    assert placed.mask.any()
    assert breast.mask[placed.mask].all()
    assert not (breast.muscle[placed.mask] > 0.5).any()
    added = breast.attenuation - before
    brightest = np.quantile(added[placed.mask], 0.9)
    assert brightest > 0.3
    assert brightest > 4 * np.abs(added[~placed.mask]).mean()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_finding_fits_a_patch(kind: FindingKind, breast: Breast) -> None:
    rows, columns = np.nonzero(place_finding(kind, breast, [], 0.3, np.random.default_rng(8)).mask)
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    assert 0.04 * COLUMNS < longer < 0.25 * COLUMNS


def test_a_second_finding_keeps_apart(breast: Breast) -> None:
    rng = np.random.default_rng(9)
    first = place_finding(BENIGN_KINDS[0], breast, [], 0.3, rng)
    second = place_finding(MALIGNANT_KINDS[0], breast, [first], 0.3, rng)
    assert not (first.mask & second.mask).any()


def test_denser_breasts_attenuate_more() -> None:
    means = []
    for density in (1, 2, 3, 4):
        breasts = []
        for seed in range(3):
            rng = np.random.default_rng(seed)
            drawn = draw_breast(Anatomy.of(density, rng), "CC", 200, 128, rng)
            breasts.append(drawn.attenuation[drawn.mask].mean())
        means.append(np.mean(breasts))
    assert means == sorted(means)
    assert means[3] > means[0] + 0.1


def test_only_mlo_shows_a_wedge_of_muscle_at_the_upper_chest_wall() -> None:
    shares = {}
    for view in ("CC", "MLO"):
        rng = np.random.default_rng(2)
        muscle = draw_breast(Anatomy.of(2, rng), view, 200, 128, rng).muscle
        shares[view] = (muscle > 0.5).mean()
        assert not (muscle[150:] > 0.5).any()
    assert shares["MLO"] > 0.05 > shares["CC"]
