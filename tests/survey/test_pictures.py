"""Pictures of a survey: a film keeps every bit, a patch is dimmed where the unit does not respond."""

import io

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.sources.density import UNITS_PER_DENSITY
from deepminer_ray.survey.pictures import CONTOUR_BGR, LEAST_PICTURE, patch_picture, png, scan_picture
from deepminer_ray.units.picture import DIMMED
from deepminer_ray.units.receptive_field import Geometry


def opened(picture: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(picture)))


def test_a_scan_keeps_every_bit() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (50, 30), dtype=np.uint16)
    shown = opened(scan_picture(pixels)).astype(int)
    assert np.array_equal(shown[..., 0] * 256 + shown[..., 1], pixels)


def test_a_scan_in_colour_is_an_ordinary_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 30, 3), dtype=np.uint16)
    assert np.array_equal(opened(scan_picture(pixels * 257)), pixels)
    patch = opened(png(patch_picture(pixels[:30] * 257)))
    assert patch.shape[2] == 3 and abs(patch.astype(int).mean((0, 1)) - pixels[:30].mean((0, 1))).max() < 1


def test_a_patch_in_colour_is_dimmed_outside_its_segmentation() -> None:
    patch = np.full((64, 64, 3), (200 * 257, 100 * 257, 50 * 257), np.uint16)
    response = np.zeros((4, 4), np.float32)
    response[:, 2:] = 1.0
    middle = LEAST_PICTURE // 2
    picture = opened(png(patch_picture(patch, Geometry(16, 16, 7.5), response, 0.2)))
    assert picture[middle, -20].tolist() == [200, 100, 50] and picture[middle, 5].tolist() == [40, 20, 10]


@pytest.mark.parametrize("side", [64, 192, 227])
def test_a_patch_is_as_a_viewer_shows_it(side: int) -> None:
    patch = np.full((side, side), round(1.5 * UNITS_PER_DENSITY), np.uint16)
    patch[: side // 2] = round(3.0 * UNITS_PER_DENSITY)
    shown = opened(png(patch_picture(patch)))[..., 0]
    assert shown.shape[0] % side == 0 and shown.shape[0] >= LEAST_PICTURE
    assert shown[0, 0] == 0, "black film"
    assert 100 < shown[-1, -1] < 160


def test_a_patch_is_dimmed_outside_its_segmentation_and_edged() -> None:
    patch = np.full((64, 64), round(1.0 * UNITS_PER_DENSITY), np.uint16)
    response = np.zeros((4, 4), np.float32)
    response[:, 2:] = 1.0
    shown = opened(png(patch_picture(patch, Geometry(16, 16, 7.5), response, 0.2)))
    plain = opened(png(patch_picture(patch)))[..., 0]
    middle = shown.shape[0] // 2
    assert shown[middle, 5].tolist() == [round(float(plain[middle, 5]) * DIMMED)] * 3
    assert shown[middle, -20].tolist() == [plain[middle, -20]] * 3
    edge = np.argwhere((shown == CONTOUR_BGR[::-1]).all(-1))
    # The response crosses 0.2 at a fifth of the way between the centres of the second and third cell.
    crossing = (23.5 + 0.2 * 16 + 0.5) / 64 * shown.shape[1]
    assert abs(edge[:, 1].min() - crossing) < 4
