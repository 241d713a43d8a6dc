"""A unit's contact sheet: film as displayed, segmented where the unit responds."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.units.picture import GAP, SIDE, displayed, draw_unit, segmented
from deepminer_ray.units.receptive_field import Geometry

GEOMETRY = Geometry(16, 99, 7.5)
LEFT = 20
"""Pixels of margin left of the sheet."""


def patch(peak: tuple[int, int], response: float = 10) -> tuple[NDArray[np.uint16], NDArray[np.float16]]:
    """A bright patch of 64 px whose unit responds in one corner."""
    cells = np.zeros((4, 4), dtype=np.float16)
    cells[peak] = response
    return np.full((64, 64), 500, np.uint16), cells


def drawn(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return np.asarray(picture, dtype=np.uint8)


def middle(picture: NDArray[np.uint8], row: int, column: int, cell: tuple[int, int], rows: int) -> int:
    """Brightness at the centre of a cell of the response map, on the patch in that row and column of the sheet."""
    top = picture.shape[0] - LEFT - rows * (SIDE + GAP) + GAP
    y = top + row * (SIDE + GAP) + (cell[0] + 0.5) * SIDE / 4
    x = LEFT + column * (SIDE + GAP) + (cell[1] + 0.5) * SIDE / 4
    return int(picture[int(y), int(x)].mean())


@pytest.mark.parametrize(("density", "grey"), [(0, 1.0), (500, 1.0), (15_250, 0.5), (30_000, 0.0), (65_535, 0.0)])
def test_low_density_is_bright(density: int, grey: float) -> None:
    assert displayed(np.array([[density]], np.uint16))[0, 0] == pytest.approx(grey, abs=1e-6)


def test_the_patch_is_bright_where_the_unit_responds_and_dimmed_elsewhere(tmp_path: Path) -> None:
    patches = [patch((0, 0)), patch((3, 3)), patch((1, 2), response=9), patch((2, 1), response=1)]
    draw_unit(tmp_path / "unit.png", 1813, "Edge of a mass", patches, GEOMETRY, columns=2)
    picture = drawn(tmp_path / "unit.png")
    for place, bright in enumerate([(0, 0), (3, 3), (1, 2)]):
        for cell in np.ndindex(4, 4):
            expected = 255 if cell == bright else 51
            assert middle(picture, place // 2, place % 2, cell, 2) == pytest.approx(expected, abs=2), (place, cell)
    below_threshold = [middle(picture, 1, 1, cell, 2) for cell in np.ndindex(4, 4)]
    assert max(below_threshold) < 60


def test_the_threshold_is_the_authors() -> None:
    response = np.array([0, 1.9, 2.1, 10], dtype=np.float32)
    assert segmented(response, 2).tolist() == [False, False, True, True]
    assert segmented(np.array([-1, 0], dtype=np.float32), -0.2).tolist() == [False, False]


@pytest.mark.parametrize("count", [1, 3, 8, 9, 20])
def test_the_sheet_is_as_large_as_its_patches_need(tmp_path: Path, count: int) -> None:
    draw_unit(tmp_path / "unit.png", 0, None, [patch((1, 1))] * count, GEOMETRY)
    height, width, _ = drawn(tmp_path / "unit.png").shape
    columns, rows = min(count, 8), -(-count // 8)
    assert width == max(columns * (SIDE + GAP) - GAP, 600) + 2 * LEFT
    assert height > rows * (SIDE + GAP) - GAP + 2 * LEFT


def test_names_are_wrapped_and_no_mathematics(tmp_path: Path) -> None:
    name = r"Calcified vessels $\undefined$ of 10$ " * 8
    draw_unit(tmp_path / "unit.png", 0, name, [patch((1, 1))], GEOMETRY)
    long = drawn(tmp_path / "unit.png")
    draw_unit(tmp_path / "unit.png", 0, "Mass", [patch((1, 1))], GEOMETRY)
    short = drawn(tmp_path / "unit.png")
    assert long.shape[0] > short.shape[0] + 60
    assert (long[:, -5:] == 255).all(), "nothing runs off the page"


def test_a_silent_unit_is_dimmed_throughout(tmp_path: Path) -> None:
    draw_unit(tmp_path / "unit.png", 0, None, [patch((1, 1), response=0)], GEOMETRY)
    picture = drawn(tmp_path / "unit.png")
    assert {middle(picture, 0, 0, cell, 1) for cell in np.ndindex(4, 4)} == {51}


def test_no_patches_no_picture(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unit_0008"):
        draw_unit(tmp_path / "unit.png", 7, None, [], GEOMETRY)
