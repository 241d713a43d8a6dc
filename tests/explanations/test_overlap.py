"""Intersection over union of maps and outlines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path

from deepminer_ray.explanations.overlap import PACKED_WORDS, POINTS_ACROSS, Bits, Maps, Raster, outlined, overlap
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import upsample


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def masks(seed: int, number: int) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    return [chance.random(POINTS_ACROSS * POINTS_ACROSS) < chance.random() for _ in range(number)]


def packed(some: list[np.ndarray]) -> Maps:
    """By place, then by mask."""
    bits = [np.packbits(mask).view(np.uint64) for mask in some]
    return np.array(bits, np.uint64).reshape(len(some), PACKED_WORDS).T


def shown(bits: Bits) -> np.ndarray:
    return np.unpackbits(np.ascontiguousarray(bits).view(np.uint8)).reshape(POINTS_ACROSS, POINTS_ACROSS).astype(bool)


@settings(deadline=None, max_examples=30)
@given(*(st.floats(0.05, 0.4) for _ in range(2)), *(st.floats(0.1, 0.5) for _ in range(2)))
def test_a_box_has_its_area_and_place(left: float, top: float, width: float, height: float) -> None:
    inside = shown(outlined([box(left, top, left + width, top + height)]))
    assert inside.mean() == pytest.approx(width * height, abs=(width + height + 1 / POINTS_ACROSS) / POINTS_ACROSS)
    rows, columns = np.nonzero(inside)
    assert (columns.mean() + 0.5) / POINTS_ACROSS == pytest.approx(left + width / 2, abs=1 / POINTS_ACROSS)
    assert (rows.mean() + 0.5) / POINTS_ACROSS == pytest.approx(top + height / 2, abs=1 / POINTS_ACROSS)


def test_of_two_rings_both_count() -> None:
    both = outlined([box(0.1, 0.1, 0.2, 0.2), box(0.5, 0.5, 0.7, 0.6)])
    assert (both == (outlined([box(0.1, 0.1, 0.2, 0.2)]) | outlined([box(0.5, 0.5, 0.7, 0.6)]))).all()
    assert not outlined([]).any()


def test_an_outline_has_the_places_that_alone_lie_in_it() -> None:
    chance = np.random.default_rng(0)
    place = (np.arange(POINTS_ACROSS) + 0.5) / POINTS_ACROSS
    where = np.column_stack([one.ravel() for one in np.meshgrid(place, place)])
    for ring in [*chance.uniform(-0.1, 1.1, (9, 7, 2)), box(place[3], place[5], place[9], place[7])]:
        assert (shown(outlined([ring])).ravel() == Path(ring).contains_points(where)).all()


@pytest.mark.parametrize(("stride", "offset"), [(32, 15.5), (16, 0.0)])
def test_a_map_is_high_where_its_upsampled_picture_is(stride: int, offset: float) -> None:
    where, cells = Geometry(stride, 99, offset), np.random.default_rng(1).random((12, 8), np.float32) ** 3
    picture = upsample(cells, where, POINTS_ACROSS, POINTS_ACROSS)
    found = shown(Raster().high([cells], where, POINTS_ACROSS, POINTS_ACROSS)[:, 0])
    assert (found == (picture > 0.2 * cells.max())).mean() > 0.999
    # The same film in twice as many px is high at the same shares of it.
    twice = shown(
        Raster().high([cells], Geometry(2 * stride, 99, 2 * offset + 0.5), 2 * POINTS_ACROSS, 2 * POINTS_ACROSS)[:, 0]
    )
    assert (found == twice).mean() > 0.999


def test_a_silent_map_is_nowhere_high() -> None:
    for value in (0, -1):
        assert not Raster().high([np.full((4, 4), value, np.float32)], Geometry(32, 99, 15.5), 128, 128).any()


@pytest.mark.parametrize("number", range(1, 11))
def test_maps_that_are_laid_together_are_high_where_each_is_alone(number: int) -> None:
    """Also of several shapes, and after others were laid by the same raster."""
    chance, where, raster = np.random.default_rng(number), Geometry(32, 99, 15.5), Raster()
    maps = [chance.random((51, 28), np.float32) ** 8 for _ in range(number)]
    maps[number // 2] -= 2
    for some in (maps, [*maps, chance.random((12, 28), np.float32)], maps[::-1]):
        alone = [Raster().high([cells], where, 908, 1641)[:, 0] for cells in some]
        assert (raster.high(some, where, 908, 1641) == np.array(alone).T).all()


def test_every_pair_of_scans_equals_counting() -> None:
    outlines = masks(1, 4)
    maps = [masks(2, 3), masks(3, 1), [], masks(4, 2)]
    found = overlap([packed(of_scan) for of_scan in maps], list(packed(outlines).T))(np.arange(4))
    for scan, of_scan in enumerate(maps):
        for other, outline in enumerate(outlines):
            if not of_scan:
                assert np.isnan(found[scan, other])
                continue
            shares = [(mask & outline).sum() / (mask | outline).sum() for mask in of_scan]
            assert found[scan, other] == pytest.approx(sum(shares) / len(shares))


def test_an_outline_without_a_place_has_no_score() -> None:
    nothing = np.zeros(POINTS_ACROSS * POINTS_ACROSS, np.bool_)
    found = overlap([packed([masks(1, 1)[0]]), packed([nothing])], list(packed([nothing, masks(2, 1)[0]]).T))(
        np.arange(2)
    )
    assert np.isnan(found[:, 0]).all() and found[0, 1] > 0 and found[1, 1] == 0
