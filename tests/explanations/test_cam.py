"""Class activation maps and where their cells lie on the film."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from deepminer_ray.explanations.cam import class_activation_map
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import upsample


def test_the_class_activation_map_is_the_weighted_sum_of_the_response_maps() -> None:
    draw = np.random.default_rng(0)
    maps, weight = draw.normal(size=(5, 3, 4)).astype(np.float16), draw.normal(size=5).astype(np.float32)
    cam = class_activation_map(maps, weight)
    assert cam.dtype == np.float32
    for row in range(3):
        for column in range(4):
            slow = sum(float(weight[unit]) * float(maps[unit, row, column]) for unit in range(5))
            assert cam[row, column] == pytest.approx(slow, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 40), st.floats(-20, 40), st.integers(1, 90), st.integers(1, 90)
)
def test_upsampling_equals_scipy(rows: int, columns: int, stride: int, offset: float, height: int, width: int) -> None:
    response = np.random.default_rng(rows * 10 + columns).normal(size=(rows, columns)).astype(np.float32)
    where = np.mgrid[:height, :width].astype(np.float64)
    slow = map_coordinates(response.astype(np.float64), (where - offset) / stride, order=1, mode="nearest")
    upsampled = upsample(response, Geometry(stride, 1, offset), height, width)
    assert upsampled.shape == (height, width)
    assert upsampled.dtype == np.float32
    assert upsampled == pytest.approx(slow, abs=1e-4)
    assert upsampled.min() >= response.min() - 1e-5
    assert upsampled.max() <= response.max() + 1e-5


@pytest.mark.parametrize(("stride", "offset"), [(32, 0.0), (32, 15.5), (16, -3.0), (8, 40.0)])
def test_a_cells_value_lies_on_its_centre(stride: int, offset: float) -> None:
    response = np.zeros((9, 12), dtype=np.float16)
    response[5, 7] = 3
    row, column = offset + 5 * stride, offset + 7 * stride
    upsampled = upsample(response, Geometry(stride, 99, offset), 320, 420)
    peak_row, peak_column = np.unravel_index(int(upsampled.argmax()), upsampled.shape)
    assert abs(int(peak_row) - row) <= 0.5
    assert abs(int(peak_column) - column) <= 0.5
    if offset % 1 == 0:
        assert upsampled.max() == 3
    assert not upsampled[: int(row - stride)].any()
    assert not upsampled[:, int(column + stride) + 1 :].any()


def test_beyond_the_outermost_centres_the_edge_goes_on() -> None:
    response = np.array([[1, 2], [3, 4]], dtype=np.float32)
    upsampled = upsample(response, Geometry(10, 1, 20.0), 60, 60)
    assert (upsampled[:21, :21] == 1).all()
    assert (upsampled[30:, 30:] == 4).all()
    assert upsampled[25, 0] == 2
