"""The picture of what was taken for breast shows the mask's edge on every film."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.picture import CONTOUR, draw_regions
from tests.domains import MAMMOGRAPHY

WORDS = MAMMOGRAPHY.words
BREAST = np.full((300, 200), 30_000, np.uint16)
BREAST[60:240, :120] = 15_000
AIR = np.full((300, 200), 30_000, np.uint16)
SLIDE = np.full((300, 200, 3), 60_000, np.uint16)
SLIDE[60:240, :120] = (50_000, 20_000, 50_000)


def contour_pixels(file: Path) -> int:
    colour = [int(CONTOUR[place : place + 2], 16) for place in (1, 3, 5)]
    pixels = np.asarray(Image.open(file).convert("RGB")).astype(int)
    return int((np.abs(pixels - colour).max(axis=2) < 40).sum())


def test_the_edge_of_each_mask_is_drawn(tmp_path: Path) -> None:
    for count in (1, 2, 7):
        scans = [(f"scan {number}", BREAST, None) for number in range(count)]
        draw_regions(tmp_path / f"{count}.png", scans, WORDS)
    one, two, seven = (contour_pixels(tmp_path / f"{count}.png") for count in (1, 2, 7))
    assert one > 100
    assert two > 1.5 * one and seven > 5 * one


def test_a_scan_without_breast_has_no_edge(tmp_path: Path) -> None:
    draw_regions(tmp_path / "air.png", [("air", AIR, None)], WORDS)
    assert contour_pixels(tmp_path / "air.png") == 0


def test_a_region_that_is_kept_is_drawn_on_colours(tmp_path: Path) -> None:
    region = np.zeros((300, 200), np.bool_)
    region[60:240, :120] = True
    draw_regions(tmp_path / "slide.png", [("slide", SLIDE, region)], WORDS)
    assert contour_pixels(tmp_path / "slide.png") > 100
    pixels = np.asarray(Image.open(tmp_path / "slide.png").convert("RGB")).astype(int)
    assert (np.abs(pixels - np.array([50_000, 20_000, 50_000]) // 257).max(axis=2) < 3).sum() > 1_000


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a picture"):
        draw_regions(tmp_path / "a.txt", [("scan", BREAST, None)], WORDS)
