"""From the stored values of DICOM images to grey levels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.dicom import MONOCHROME, Layout


def values_of_codes(layout: Layout, width: int, shift: int) -> NDArray[np.int32]:
    """The value of each code [2 ** (8 * width)] that a file may hold: overlays above or below its bits left out."""
    codes = np.arange(1 << 8 * width, dtype=np.int32)
    values = codes >> shift & (1 << layout.stored) - 1
    if layout.signed:
        values -= values >> layout.stored - 1 << layout.stored
    return values


def shift_of(values: NDArray[np.generic], layout: Layout, compressed: bool) -> int:
    """By how many bits values are left of where they would end at bit 0.

    What was compressed is so only where it has more bits than are stored: most coders take values without the shift.
    """
    shift = layout.high + 1 - layout.stored
    return 0 if compressed and not int(values.max()) >> layout.stored else shift


def grey_of(values: NDArray[np.generic], layout: Layout, compressed: bool) -> NDArray[np.generic]:
    """Stored values [rows, columns] without overlays, MONOCHROME1 inverted: no window, no calibration."""
    levels = values_of_codes(layout, values.dtype.itemsize, shift_of(values, layout, compressed))
    levels = (1 << layout.stored) - 1 - levels if layout.photometric == MONOCHROME[0] else levels
    return look_up(levels.astype(np.int16 if layout.signed else np.uint16), values)


def look_up(table: NDArray[np.generic], values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Values [rows, columns] of a table, in a third of the time that table[values] takes."""
    return np.asarray(cv2.LUT(np.ascontiguousarray(values), table)).reshape(values.shape)  # type: ignore[arg-type]
