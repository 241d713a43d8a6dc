"""Pixels above a unit's threshold and inside outlines, counted one by one."""

import numpy as np

from deepminer_ray.units.dissection import LesionPixels, concept_masks, pixels_above
from deepminer_ray.units.receptive_field import Geometry
from tests import naive

SIDE = 24
GEOMETRY = Geometry(7, 99, 3.5)


def test_pixels_equal_the_slow_definition() -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((5, 3, 4)).astype(np.float32)
    thresholds = np.array([0.3, 0.6, 0.8, 0.9, 2.0], np.float32)
    masks = rng.random((2, SIDE, SIDE)) < 0.4
    above, common = pixels_above(maps, thresholds, GEOMETRY, masks)
    for unit, (cells, threshold) in enumerate(zip(maps.tolist(), thresholds.tolist(), strict=True)):
        over = np.array([[naive.upsampled(cells, 7, 3.5, x, y) > threshold for x in range(SIDE)] for y in range(SIDE)])
        assert above[unit] == over.sum()
        assert common[unit].tolist() == [(over & mask).sum() for mask in masks]
    assert above[-1] == 0 < above[-2]


def test_a_patch_without_lesions_has_only_pixels_above() -> None:
    above, common = pixels_above(
        np.ones((1, 2, 2), np.float32), np.zeros(1, np.float32), GEOMETRY, np.zeros((0, SIDE, SIDE), np.bool_)
    )
    assert above.tolist() == [SIDE * SIDE] and common.shape == (1, 0)


def test_a_lesion_lies_where_it_was_outlined() -> None:
    """A square of 20 film px at (30, 40), seen by a patch of 48 film px in 24 px that begins 10 px before it."""
    ring = [[30, 40], [49, 40], [49, 59], [30, 59]]
    row = {"x": 30, "y": 40, "width": 20, "height": 20, "outline": [ring], "concepts": ["a", "b"]}
    masks = concept_masks([LesionPixels(row)], {"x": 20, "y": 30, "size": 48}, SIDE)
    expected = np.zeros((SIDE, SIDE), np.bool_)
    expected[5:15, 5:15] = True
    assert masks.keys() == {"a", "b"} and (masks["a"] == expected).all()
    assert concept_masks([LesionPixels(row)], {"x": 60, "y": 30, "size": 48}, SIDE) == {}


def test_units_below_their_threshold_have_no_pixels() -> None:
    above, common = pixels_above(
        np.zeros((2, 3, 3), np.float32), np.zeros(2, np.float32), GEOMETRY, np.ones((1, SIDE, SIDE), np.bool_)
    )
    assert above.tolist() == [0, 0] and common.tolist() == [[0], [0]]
