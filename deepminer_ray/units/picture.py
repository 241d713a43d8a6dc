"""What a unit looks at: its top patches, segmented by the binarized and upsampled response map (Sec. 2.2, Fig. 3)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.density import FULL, brightness

DIMMED = 0.2
"""Brightness left outside the segmentation, as in the authors' pictures."""


def displayed(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Density units as a viewer shows them: 0 (black) at density 3.0 and above, 1 (white) at 0.05 and below.

    A scan in colour [rows, columns, 3] is shown as it is, each channel from 0 to 1.
    """
    levels = pixels.astype(np.float32)
    return levels / np.float32(FULL) if pixels.ndim > 2 else brightness(levels)


def in_colour(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """A picture [rows, columns] as red, green and blue [rows, columns, 3]; one in colour as it is."""
    return picture if picture.ndim > 2 else np.repeat(picture[..., np.newaxis], 3, axis=2)


def in_grey(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The luminance [rows, columns] of a picture in colour (ITU-R BT.601); one in grey as it is."""
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def segmented(response: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Where the unit responds: above the threshold, and nowhere for a unit that never responds at all."""
    return (response > threshold) & (response > 0)
