"""Filled lesions and their shares of windows, against slow definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.cover import filled_outline, overlaps
from deepminer_ray.sources.rows import Ring

STEPS = [(0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1)]
SQUARE = [(2, 3), (3, 3), (4, 3), (4, 4), (4, 5), (3, 5), (2, 5), (2, 4)]
DIAMOND = [(1, 0), (2, 1), (1, 2), (0, 1)]


def closed(start: tuple[int, int], codes: list[int]) -> Ring:
    """A walk by chain codes, brought home by the king's shortest way."""
    ring = [start]
    for code in codes:
        ring.append((ring[-1][0] + STEPS[code][0], ring[-1][1] + STEPS[code][1]))
    while ring[-1] != start:
        x, y = ring[-1]
        ring.append((x + np.sign(start[0] - x).item(), y + np.sign(start[1] - y).item()))
    return ring[:-1] if len(ring) > 1 else ring


def box(outline: list[Ring]) -> tuple[int, int, int, int]:
    xs, ys = [x for ring in outline for x, _ in ring], [y for ring in outline for _, y in ring]
    return max(xs) - min(xs) + 1, max(ys) - min(ys) + 1, min(xs), min(ys)


def slow_fill(outline: list[Ring]) -> set[tuple[int, int]]:
    """A pixel is lesion unless a path of horizontal and vertical steps leads from it out of the box past the ring."""
    lesion: set[tuple[int, int]] = set()
    for ring in outline:
        width, height, left, top = box([ring])
        around = {(x, y) for x in range(left - 1, left + width + 1) for y in range(top - 1, top + height + 1)}
        outside, border = set(), [(left - 1, top - 1)]
        while border:
            x, y = border.pop()
            if (x, y) in around and (x, y) not in ring and (x, y) not in outside:
                outside.add((x, y))
                border += [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
        lesion |= around - outside
    return lesion


def pixels(filled: NDArray[np.bool_], x: int, y: int) -> set[tuple[int, int]]:
    return {(x + column, y + row) for row, column in np.argwhere(filled).tolist()}


rings = st.builds(
    closed, st.tuples(st.integers(0, 30), st.integers(0, 30)), st.lists(st.integers(0, 7), min_size=0, max_size=40)
)
smooth_rings = st.builds(
    lambda start, runs: closed(start, [code for code, length in runs for _ in range(length)]),
    st.tuples(st.integers(0, 30), st.integers(0, 30)),
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 8)), min_size=1, max_size=8),
)


@pytest.mark.parametrize(
    ("outline", "area"),
    [
        ([SQUARE], 9),
        ([DIAMOND], 5),
        ([[(7, 7)]], 1),
        ([[(1, 1), (2, 2), (3, 3), (2, 2)]], 3),  # there and back
        ([SQUARE, [(4, 5), (5, 5), (6, 5), (5, 5)]], 11),  # two rings that share a pixel
        ([SQUARE + SQUARE], 9),  # gone round twice
    ],
)
def test_the_boundary_belongs_to_the_lesion(outline: list[Ring], area: int) -> None:
    assert filled_outline(outline, *box(outline)).sum() == area


def test_two_rings_enclose_nothing_together() -> None:
    left, right = [(1, 0), (0, 1), (1, 2), (0, 1)], [(2, 1)]
    assert not filled_outline([left, right], 3, 3, 0, 0)[1, 1]


@settings(deadline=None)
@given(st.lists(st.one_of(rings, smooth_rings), min_size=1, max_size=3))
def test_filling_is_what_a_slow_flood_leaves(outline: list[Ring]) -> None:
    width, height, x, y = box(outline)
    assert pixels(filled_outline(outline, width, height, x, y), x, y) == slow_fill(outline)


def test_an_outline_outside_its_box_is_refused() -> None:
    with pytest.raises(BadInput):
        filled_outline([SQUARE], 2, 3, 2, 3)


@settings(deadline=None)
@given(
    st.one_of(rings, smooth_rings),
    st.lists(st.tuples(st.integers(-20, 60), st.integers(-20, 60), st.integers(1, 40)), min_size=1, max_size=5),
)
def test_shares_are_counts_of_common_pixels(ring: Ring, windows: list[tuple[int, int, int]]) -> None:
    width, height, x, y = box([ring])
    cover, within = overlaps(filled_outline([ring], width, height, x, y), x, y, np.array(windows, dtype=np.int64))
    lesion = slow_fill([ring])
    for number, (left, top, size) in enumerate(windows):
        window = {(column, row) for column in range(left, left + size) for row in range(top, top + size)}
        assert cover[number] == len(window & lesion) / len(window)
        assert within[number] == len(window & lesion) / len(lesion)


def test_a_window_inside_a_large_lesion_is_covered_exactly() -> None:
    cover, within = overlaps(np.ones((3000, 1000), dtype=np.bool_), 10, 20, np.array([[500, 500, 700], [0, 0, 10]]))
    assert cover.tolist() == [510 * 700 / 700**2, 0]
    assert within.tolist() == [510 * 700 / 3_000_000, 0]


def test_a_lesion_without_pixels_overlaps_nothing() -> None:
    cover, within = overlaps(filled_outline([], 2, 2, 0, 0), 0, 0, np.array([[0, 0, 4]]))
    assert cover.tolist() == within.tolist() == [0]
