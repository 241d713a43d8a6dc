"""What a unit looks at: its top patches, segmented by the binarized and upsampled response map (Sec. 2.2, Fig. 3)."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.density import DISPLAY_BLACK, DISPLAY_RANGE, UNITS_PER_DENSITY
from deepminer_ray.units.receptive_field import Geometry

DIMMED = 0.2
"""Brightness left outside the segmentation, as in the authors' pictures."""


def displayed(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Density units as a viewer shows them: 0 (black) at density 3.0 and above, 1 (white) at 0.05 and below."""
    density = pixels.astype(np.float32) / np.float32(UNITS_PER_DENSITY)
    shown: NDArray[np.float32] = np.clip((DISPLAY_BLACK - density) / DISPLAY_RANGE, 0, 1, dtype=np.float32)
    return shown


def upsample(response_map: NDArray[Any], geometry: Geometry, height: int, width: int) -> NDArray[np.float32]:
    """[height, width]: bilinear between the centres of the cells, cell j on pixel offset + j * stride.

    Pixels beyond the outermost centres have the value of the nearest cell on the edge.
    """
    column = ((np.arange(width) - geometry.offset) / geometry.stride).astype(np.float32)
    row = ((np.arange(height) - geometry.offset) / geometry.stride).astype(np.float32)
    upsampled = cv2.remap(
        np.ascontiguousarray(response_map, dtype=np.float32),
        np.tile(column, (height, 1)),
        np.tile(row[:, np.newaxis], (1, width)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(upsampled, dtype=np.float32)


def segmented(response: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Where the unit responds: above the threshold, and nowhere for a unit that never responds at all."""
    return (response > threshold) & (response > 0)
