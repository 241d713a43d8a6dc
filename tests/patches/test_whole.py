"""A whole image fits into its input as large as it can, and keeps its shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.breast import breast_mask, without_labels
from deepminer_ray.patches.grid import scan_size
from deepminer_ray.patches.whole import Framing, letterboxed, read_size


@settings(deadline=None)
@given(*[st.integers(8, 3000)] * 2, *[st.integers(32, 1600)] * 2)
def test_it_fits_and_fills_one_side(rows: int, columns: int, width: int, height: int) -> None:
    framing = Framing(min(width, height), whole=(width, height))
    across, down = framing.size(rows, columns)
    assert 1 <= across <= width and 1 <= down <= height
    assert across == width or down == height
    scale = min(width / columns, height / rows)
    assert abs(across - columns * scale) <= 0.5 + 1e-9 or across == 1
    assert abs(down - rows * scale) <= 0.5 + 1e-9 or down == 1
    assert abs(framing.whole_side(rows, columns) - framing.side / scale) <= 0.5 + 1e-9


def test_without_a_whole_size_the_grid_decides() -> None:
    assert Framing(64, 3).size(100, 150) == scan_size(100, 150, 64, 3) == (288, 192)


@pytest.mark.parametrize("text", ["912", "912x", "x1520", "912x1520x3", "912 by 1520", "9.5x10", "-1x5", "9000x10"])
def test_a_size_is_two_numbers(text: str) -> None:
    with pytest.raises(BadInput, match="WIDTHxHEIGHT"):
        read_size(text)


def test_a_size_is_width_and_height() -> None:
    assert read_size("912x1520") == (912, 1520) and read_size(" 64X32") == (64, 32)


def test_what_an_image_leaves_is_as_its_surroundings() -> None:
    chance = np.random.default_rng(0)
    pixels = chance.integers(0, 60_000, (20, 30, 3), dtype=np.uint16)
    everything = np.ones((20, 30), np.bool_)
    boxed = letterboxed(pixels, everything, (40, 20))
    assert boxed.shape == (20, 40, 3) and (boxed[:, :30] == pixels).all() and not boxed[:, 30:].any(), "black"
    region = everything.copy()
    region[:, :10] = False
    boxed = letterboxed(pixels, region, (30, 50))
    assert (boxed[:20] == pixels).all()
    assert (boxed[20:] == np.median(pixels[:, :10].reshape(-1, 3), axis=0).astype(np.uint16)).all()


def test_a_mammogram_is_boxed_by_air_and_loses_its_labels() -> None:
    y, x = np.mgrid[:300, :200]
    pixels = np.where((y - 150) ** 2 + x**2 < 110**2, 15_000, 30_000).astype(np.uint16)
    pixels[10:30, 150:190] = 5_000
    boxed = letterboxed(pixels, None, (250, 300))
    assert (boxed[:, :200] == without_labels(pixels, breast_mask(pixels))).all()
    assert (boxed[:, 200:] == 30_000).all() and boxed.min() == 15_000
    grey = letterboxed(pixels, np.ones((300, 200), np.bool_), (250, 300))
    assert (grey[:, 200:] == 30_000).all(), "black is density 3.0"
