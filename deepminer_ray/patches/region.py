"""What patches must hold enough of: a scan's breast, all of it, what is not plain background, or a mask's pixels."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.patches.breast import WORKING_SIDE, breast_mask, otsu
from deepminer_ray.sources.image import read_pixels

Region = NDArray[np.bool_]
SHADES = 256
"""Of brightness, as Otsu's method counts them."""


def region_of(pixels: NDArray[np.uint16], region: Region | None) -> Region:
    """The region [rows, columns] of a stored scan: the one that is kept with it, else its breast."""
    return breast_mask(pixels) if region is None else region


def everywhere(pixels: NDArray[np.uint16]) -> Region:
    """All pixels [rows, columns]."""
    return np.ones(pixels.shape[:2], dtype=np.bool_)


def foreground(pixels: NDArray[np.uint16]) -> Region:
    """The pixels [rows, columns] of a scan, grey or in colour, that are not plain background.

    Otsu's threshold (Otsu 1979, doi 10.1109/TSMC.1979.4310076) divides the scan by its luminance. The plainer part, in
    which luminance varies less, is background: it may be white, as on slides, or black, as around photographs, and need
    not reach the border, which crowded cells cover. Not by saturation, which also divides slides: that of black is
    noise, and grey scans have none. A scan of one luminance is all background.
    """
    rows, columns = pixels.shape[:2]
    scale = WORKING_SIDE / min(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    resampling = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint16)
    small = np.asarray(cv2.medianBlur(cv2.resize(grey, size, interpolation=resampling), 5), np.uint16)
    level = small // (np.iinfo(np.uint16).max // SHADES + 1)
    if level.min() == level.max():
        return ~everywhere(pixels)
    above = level > otsu(np.bincount(level.ravel(), minlength=SHADES))
    inside = above if small[above].std() > small[~above].std() else ~above
    enlarged = cv2.resize(inside.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged >= 0.5)


def masked(mask: Region, rows: int, columns: int) -> Region:
    """A mask of an image as one of its stored scan [rows, columns]: what most of a pixel's area is."""
    resampling = cv2.INTER_AREA if mask.shape[0] > rows else cv2.INTER_LINEAR
    resized = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=resampling)
    return np.asarray(resized >= 0.5)


def read_mask(file: Place, value: int | None, rows: int, columns: int) -> Region:
    """Where a file of grey levels shows the region of an image [rows, columns]: pixels of a value, by default not 0.

    BadInput where it cannot be read, or is of another size.
    """
    levels, _ = read_pixels(file, "mask")
    if levels.shape != (rows, columns):
        raise BadInput(
            f"The mask {file.name} is {levels.shape[1]} x {levels.shape[0]} px, its image {columns} x {rows} px."
        )
    return np.asarray(levels != np.zeros((), np.uint8) if value is None else levels == value)


FROM_PIXELS: dict[str, Callable[[NDArray[np.uint16]], Region]] = {"all": everywhere, "foreground": foreground}
"""Regions that a stored scan itself shows, beside the breast, which is not kept."""


def kept_region(pixels: NDArray[np.uint16], region: str, mask: Region | None = None) -> Region | None:
    """The region to be kept with a stored scan; None for the breast, which is found again whenever it is needed.

    `mask` is that of the image, for the region `mask`; BadInput where it has none, or its pixels are in colour and have
    no breast.
    """
    if region == "breast":
        if pixels.ndim > 2:
            raise BadInput("A breast is told from air by density, which an image in colour does not have.")
        return None
    if region != "mask":
        return FROM_PIXELS[region](pixels)
    if mask is None:
        raise BadInput("The image has no mask that says where its region is.")
    return masked(mask, *pixels.shape[:2])
