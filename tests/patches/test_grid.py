"""Windows cover the scan, lie inside it and inside the film, and have numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.grid import Window, grid_windows, patch_number, scan_size, scan_window

shapes = st.tuples(st.integers(16, 6000), st.integers(16, 6000)).filter(lambda shape: max(shape) <= 4 * min(shape))
sides = st.integers(8, 256)


@pytest.mark.parametrize(
    ("rows", "columns", "side", "expected"),
    [
        (4000, 2000, 227, (908, 1816)),
        (2000, 4000, 227, (1816, 908)),
        (4621, 2602, 227, (908, 1613)),
        (256, 256, 64, (256, 256)),
        (3, 2, 1, (4, 6)),
        (13, 8, 1, (4, 7)),  # 6.5 goes up
    ],
)
def test_the_shorter_side_is_four_patches(rows: int, columns: int, side: int, expected: tuple[int, int]) -> None:
    assert scan_size(rows, columns, side) == expected


def test_places_of_the_paper_are_113_or_114_px_apart() -> None:
    grid = grid_windows(908, 908, 227)
    assert [place.x for place in grid[:7]] == [0, 113, 227, 340, 454, 567, 681]
    assert len(grid) == 49
    assert grid[8] == Window(index=8, column=1, row=1, x=113, y=113)


def test_a_rest_is_seen_by_a_last_row_at_the_edge() -> None:
    assert [place.y for place in grid_windows(16, 23, 4) if place.column == 0] == [
        0,
        2,
        4,
        6,
        8,
        10,
        12,
        14,
        16,
        18,
        19,
    ]


@settings(deadline=None)
@given(shapes, sides)
def test_every_pixel_is_covered_by_windows_half_a_patch_apart(shape: tuple[int, int], side: int) -> None:
    width, height = scan_size(*shape, side)
    grid = grid_windows(width, height, side)
    assert min(width, height) == 4 * side
    assert [place.index for place in grid] == list(range(len(grid)))
    assert grid == sorted(grid, key=lambda place: (place.y, place.x))
    for starts, length in (({place.x for place in grid}, width), ({place.y for place in grid}, height)):
        gaps = np.diff(sorted(starts))
        seen = np.zeros(length, dtype=bool)
        for start in starts:
            assert 0 <= start <= length - side
            seen[start : start + side] = True
        assert seen.all()
        assert set(gaps[:-1]) <= {side // 2, (side + 1) // 2}
        assert 0 < gaps[-1] <= (side + 1) // 2


@settings(deadline=None)
@given(shapes, sides)
def test_scan_windows_lie_inside_the_scan_and_lead_back_to_the_place(shape: tuple[int, int], side: int) -> None:
    rows, columns = shape
    width, height = scan_size(rows, columns, side)
    pixel = columns / width  # film px in a px of the stored scan
    sizes = set()
    for place in grid_windows(width, height, side):
        x, y, size = scan_window(place, side, width, height, columns, rows)
        sizes.add(size)
        assert 0 <= x <= columns - size
        assert 0 <= y <= rows - size
        # half a film px of rounding, another half where the size was rounded, half a scan px of the longer side
        slack = 1 + pixel / 2
        assert abs(x - place.x * columns / width) <= slack
        assert abs(y - place.y * rows / height) <= slack
    assert len(sizes) == 1
    assert abs(sizes.pop() - min(rows, columns) / 4) <= 0.5


@settings(deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 65_535))
def test_a_patch_number_gives_back_scan_and_place(scan_number: int, index: int) -> None:
    assert divmod(patch_number(scan_number, index), 65_536) == (scan_number, index)


@pytest.mark.parametrize(("scan_number", "index"), [(1, 65_536), (1, -1), (-1, 0)])
def test_a_number_that_would_clash_is_refused(scan_number: int, index: int) -> None:
    with pytest.raises(BadInput):
        patch_number(scan_number, index)


def test_sizes_that_hold_no_patch_are_refused() -> None:
    with pytest.raises(BadInput):
        grid_windows(100, 30, 40)
    with pytest.raises(BadInput):
        grid_windows(100, 100, 1)
    with pytest.raises(BadInput):
        scan_size(0, 100, 64)
    with pytest.raises(BadInput):
        scan_window(Window(0, 0, 0, 90, 0), 20, 100, 100, 400, 400)


@settings(deadline=None)
@given(shapes, st.integers(8, 64), st.integers(1, 9), st.integers(1, 8))
def test_domains_choose_their_grid(shape: tuple[int, int], side: int, across: int, places: int) -> None:
    """Windows begin a share of a patch apart, but for the last, cover all, and lie inside the image."""
    rows, columns = shape
    width, height = scan_size(rows, columns, side, across)
    assert min(width, height) == across * side
    grid = grid_windows(width, height, side, places)
    starts = sorted({window.x for window in grid})
    assert starts[0] == 0 and starts[-1] == width - side
    apart = np.diff(starts)
    assert (apart <= -(-side // places)).all() and (apart[:-1] >= side // places).all()
    for window in (grid[0], grid[-1], grid[len(grid) // 2]):
        x, y, size = scan_window(window, side, width, height, columns, rows, across)
        assert abs(size - min(shape) / across) <= 0.5 or size == 1
        assert 0 <= x <= columns - size and 0 <= y <= rows - size
        moved = abs(x / columns - window.x / width) * columns
        assert moved <= 1 + abs(size - min(shape) / across) + 0.5 * max(columns / width, 1)


def test_a_patch_that_is_narrower_than_its_places_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be cut"):
        grid_windows(100, 100, 4, 5)
