"""The picture of what was taken for breast shows the mask's edge on every film."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.picture import CONTOUR, draw_breasts

BREAST = np.full((300, 200), 30_000, np.uint16)
BREAST[60:240, :120] = 15_000
AIR = np.full((300, 200), 30_000, np.uint16)


def contour_pixels(file: Path) -> int:
    colour = [int(CONTOUR[place : place + 2], 16) for place in (1, 3, 5)]
    pixels = np.asarray(Image.open(file).convert("RGB")).astype(int)
    return int((np.abs(pixels - colour).max(axis=2) < 40).sum())


def test_the_edge_of_each_mask_is_drawn(tmp_path: Path) -> None:
    for count in (1, 2, 7):
        draw_breasts(tmp_path / f"{count}.png", [(f"scan {number}", BREAST) for number in range(count)])
    one, two, seven = (contour_pixels(tmp_path / f"{count}.png") for count in (1, 2, 7))
    assert one > 100
    assert two > 1.5 * one and seven > 5 * one


def test_a_scan_without_breast_has_no_edge(tmp_path: Path) -> None:
    draw_breasts(tmp_path / "air.png", [("air", AIR)])
    assert contour_pixels(tmp_path / "air.png") == 0


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a picture"):
        draw_breasts(tmp_path / "a.txt", [("scan", BREAST)])
