"""What a unit looks at: film as displayed, segmented where the unit responds."""

import numpy as np
import pytest

from deepminer_ray.units.picture import displayed, in_colour, in_grey, segmented


@pytest.mark.parametrize(("density", "grey"), [(0, 1.0), (500, 1.0), (15_250, 0.5), (30_000, 0.0), (65_535, 0.0)])
def test_low_density_is_bright(density: int, grey: float) -> None:
    assert displayed(np.array([[density]], np.uint16))[0, 0] == pytest.approx(grey, abs=1e-6)


def test_the_threshold_is_the_authors() -> None:
    response = np.array([0, 1.9, 2.1, 10], dtype=np.float32)
    assert segmented(response, 2).tolist() == [False, False, True, True]
    assert segmented(np.array([-1, 0], dtype=np.float32), -0.2).tolist() == [False, False]


def test_colours_are_shown_as_they_are_and_their_luminance_in_grey() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (5, 4, 3), dtype=np.uint16)
    picture = displayed(pixels)
    assert picture.shape == (5, 4, 3) and np.abs(picture - pixels / 65_535).max() < 1e-6
    assert np.abs(in_grey(picture) - picture @ np.array([0.299, 0.587, 0.114])).max() < 1e-5
    grey = displayed(pixels[..., 0])
    assert (in_colour(grey)[..., 2] == grey).all() and in_grey(grey) is grey and in_colour(picture) is picture
