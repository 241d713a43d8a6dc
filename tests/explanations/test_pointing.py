"""The pointing game: peaks within outlines, by a slow ray casting; planted peaks are found, others are not."""

import numpy as np
import pytest

from deepminer_ray.explanations.chance import chances, p_value
from deepminer_ray.explanations.pointing import pointing


def inside(point: np.ndarray, ring: np.ndarray) -> bool:
    """How often a ray to the right crosses the ring is odd."""
    crossings = 0
    for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if (y1 > point[1]) != (y2 > point[1]):
            crossings += point[0] < x1 + (point[1] - y1) / (y2 - y1) * (x2 - x1)
    return crossings % 2 == 1


def ring(random: np.random.Generator, centre: np.ndarray) -> np.ndarray:
    angle = np.sort(random.random(9)) * 2 * np.pi
    away = random.uniform(0.05, 0.15, 9)
    return centre + np.column_stack([away * np.cos(angle), away * np.sin(angle)])


@pytest.mark.parametrize("seed", range(3))
def test_shares_of_peaks_within_any_outline(seed: int) -> None:
    random = np.random.default_rng(seed)
    outlines = [[ring(random, random.random(2)) for _ in range(number)] for number in (1, 3, 2)]
    peaks = [random.random((number, 2)) for number in (40, 0, 60)]
    found = pointing(peaks, outlines)(np.arange(3))
    for row, points in enumerate(peaks):
        for column, rings in enumerate(outlines):
            if not len(points):
                assert np.isnan(found[row, column])
                continue
            slow = np.mean([any(inside(point, one) for one in rings) for point in points])
            assert found[row, column] == pytest.approx(slow)


def test_peaks_on_their_lesions_are_far_above_chance_and_peaks_anywhere_are_not() -> None:
    random = np.random.default_rng(1)
    centres = random.uniform(0.2, 0.8, (50, 2))
    outlines = [[ring(random, centre)] for centre in centres]
    patients = [f"P{number // 2}" for number in range(50)]
    for away, expected in ((0.03, True), (None, False)):
        peaks = [
            random.random((8, 2)) if away is None else centre + random.normal(0, away, (8, 2)) for centre in centres
        ]
        (found,) = chances([pointing(peaks, outlines)], patients)
        assert (p_value(found.observed.mean(), found.null) < 0.01) is expected


def test_no_scan_has_no_score() -> None:
    assert pointing([], [])(np.arange(0)).shape == (0, 0)
