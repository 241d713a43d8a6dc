"""Regions of images of any kind: all of it, what is not plain background, and what a mask shows."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.breast import breast_mask
from deepminer_ray.patches.region import everywhere, foreground, kept_region, masked, region_of
from deepminer_ray.patches.shard import read_scan, read_scan_and_region, write_scan

BLOOD = Path(__file__).parents[2] / ".." / "shared" / "data" / "bccd" / "images"
WHITE, PINK = (62_000, 61_000, 62_500), (58_000, 35_000, 52_000)
BLACK, SKIN = (900, 700, 1_200), (50_000, 36_000, 30_000)


def disc(rows: int, columns: int, radius: float = 0.3) -> NDArray[np.bool_]:
    y, x = np.mgrid[:rows, :columns]
    near: NDArray[np.bool_] = (y - rows / 2) ** 2 + (x - columns / 2) ** 2 < (radius * min(rows, columns)) ** 2
    return near


def painted(inside: NDArray[np.bool_], colour: tuple[int, ...], background: tuple[int, ...]) -> NDArray[np.uint16]:
    """A background that is plain but for noise, and on it what is not: darker and lighter by a tenth."""
    chance = np.random.default_rng(0)
    texture = cv2.GaussianBlur(chance.normal(0, 1, inside.shape), (0, 0), 6)
    shade = 1 + 0.1 * texture / texture.std()
    pixels = np.where(inside[..., np.newaxis], shade[..., np.newaxis] * colour, background)
    return np.clip(pixels + chance.normal(0, 600, pixels.shape), 0, 65_535).astype(np.uint16)


@pytest.mark.parametrize("shape", [(480, 640), (200, 200), (64, 300)])
@pytest.mark.parametrize(("colour", "background"), [(PINK, WHITE), (SKIN, BLACK)])
def test_what_is_not_background_is_kept_on_slides_and_on_photographs(
    shape: tuple[int, int], colour: tuple[int, ...], background: tuple[int, ...]
) -> None:
    inside = disc(*shape)
    for pixels in (painted(inside, colour, background), painted(inside, colour, background)[..., 1]):
        region = foreground(pixels)
        assert region.shape == inside.shape
        common, either = (region & inside).sum(), (region | inside).sum()
        assert common / either > 0.9


def test_an_object_at_the_border_is_kept_too() -> None:
    inside = np.zeros((300, 400), np.bool_)
    inside[100:, 150:] = True
    region = foreground(painted(inside, PINK, WHITE))
    assert (region == inside).mean() > 0.98


def test_an_image_of_one_colour_is_all_background() -> None:
    assert not foreground(np.full((50, 60, 3), 30_000, np.uint16)).any()
    assert not foreground(np.zeros((50, 60), np.uint16)).any()


@pytest.mark.skipif(not BLOOD.is_dir(), reason="no blood smears here")
def test_cells_are_kept_and_plasma_is_not() -> None:
    shares = []
    for file in sorted(BLOOD.glob("*.jpg"))[::40]:
        with Image.open(file) as image:
            pixels = np.asarray(image).astype(np.uint16) * 257
        region = foreground(pixels)
        shares.append(region.mean())
        green = pixels[..., 1].astype(float)
        assert green[region].mean() < green[~region].mean(), "haemoglobin is green's shadow"
    assert 0.1 < np.median(shares) < 0.8


def test_a_mask_is_resized_with_its_image() -> None:
    mask = disc(480, 640)
    for rows, columns in ((240, 320), (960, 1280), (480, 640)):
        region = masked(mask, rows, columns)
        expected = disc(rows, columns)
        assert region.shape == (rows, columns) and (region == expected).mean() > 0.99


def test_a_region_is_what_a_domain_says() -> None:
    colour, grey = painted(disc(64, 64), PINK, WHITE), np.full((64, 64), 20_000, np.uint16)
    region = kept_region(colour, "all")
    assert region is not None and region.all() and region.shape == (64, 64)
    assert kept_region(grey, "breast") is None
    assert (region_of(grey, None) == breast_mask(grey)).all() and region_of(colour, region) is region
    with pytest.raises(BadInput, match="does not have"):
        kept_region(colour, "breast")
    with pytest.raises(BadInput, match="no mask"):
        kept_region(colour, "mask")
    of_mask = kept_region(colour, "mask", disc(64, 64))
    assert of_mask is not None and (of_mask == disc(64, 64)).all()


@settings(deadline=None)
@given(st.data())
def test_a_region_comes_back_with_its_scan(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("region")
    shape = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    channels = data.draw(st.sampled_from([(), (3,)]))
    pixels, region = np.zeros((*shape, *channels), np.uint16), data.draw(arrays(np.bool_, shape))
    write_scan(folder, 1, "a", pixels, region)
    back, kept = read_scan_and_region(folder, 1)
    assert kept is not None and kept.dtype == np.bool_
    assert (back == pixels).all() and (kept == region).all() and (read_scan(folder, 1) == pixels).all()
    write_scan(folder, 2, "b", pixels)
    assert read_scan_and_region(folder, 2)[1] is None


def test_the_background_may_be_grey_or_uneven() -> None:
    """A slide that is lit from one side."""
    inside = disc(300, 400)
    light = np.linspace(0.9, 1, 400)[np.newaxis, :, np.newaxis]
    pixels = (painted(inside, PINK, WHITE) * light).astype(np.uint16)
    assert (foreground(pixels) == inside).mean() > 0.97
    assert (foreground(np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2))) == inside).mean() > 0.95


def test_all_is_all() -> None:
    assert everywhere(np.zeros((3, 5, 3), np.uint16)).shape == (3, 5)
