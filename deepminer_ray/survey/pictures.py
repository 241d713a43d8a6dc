"""Pictures of a survey: patches segmented by their response maps, and films with every bit they have.

What is in colour is shown in its colours, in 8 bits.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.units.picture import DIMMED, displayed, segmented
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import upsample

LEAST_PICTURE = 192
"""px; smaller patches are enlarged by a whole number."""
WHOLE_PICTURE = 384
"""px of the square that a whole image is shown in."""
CONTOUR_BGR = (0x00, 0xB0, 0xFF)
"""Blue, green, red of the segmentation's edge."""
FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def patch_picture(
    pixels: NDArray[np.uint16],
    geometry: Geometry | None = None,
    response_map: NDArray[np.float32] | None = None,
    threshold: float = 0.0,
) -> NDArray[np.uint8]:
    """A patch [side, side] in density units as [rows, columns, blue green red], dimmed outside the segmentation.

    So is one in colour [side, side, 3]. Without a response map nothing is dimmed. What is not square becomes so.
    """
    rows, columns = pixels.shape[:2]
    if rows == columns:
        return _patch_picture(pixels, geometry, response_map, threshold)
    of_patch = _patch_picture(pixels, geometry, response_map, threshold)
    scale = WHOLE_PICTURE / max(of_patch.shape[:2])
    width, height = (max(1, round(px * scale)) for px in (of_patch.shape[1], of_patch.shape[0]))
    square = np.zeros((WHOLE_PICTURE, WHOLE_PICTURE, 3), np.uint8)
    top, left = (WHOLE_PICTURE - height) // 2, (WHOLE_PICTURE - width) // 2
    square[top : top + height, left : left + width] = cv2.resize(
        of_patch, (width, height), interpolation=cv2.INTER_AREA
    )
    return square


def _patch_picture(
    pixels: NDArray[np.uint16], geometry: Geometry | None, response_map: NDArray[np.float32] | None, threshold: float
) -> NDArray[np.uint8]:
    factor = -(-LEAST_PICTURE // pixels.shape[0])
    size = (pixels.shape[1] * factor, pixels.shape[0] * factor)
    picture = np.asarray(cv2.resize(displayed(pixels), size, interpolation=cv2.INTER_LINEAR), np.float32)
    if response_map is None or geometry is None:
        return _coloured(picture)
    response = upsample(response_map, geometry, *pixels.shape[:2])
    enlarged = np.asarray(cv2.resize(response, size, interpolation=cv2.INTER_LINEAR), np.float32)
    inside = segmented(enlarged, threshold)
    left = np.where(inside, 1, DIMMED)
    coloured = _coloured(picture * (left if picture.ndim == 2 else left[..., np.newaxis]))
    edges, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(coloured, edges, -1, CONTOUR_BGR, 1), np.uint8)


def scan_picture(pixels: NDArray[np.uint16]) -> bytes:
    """A film [height, width] in density units as PNG: red holds the high byte, green the low one, for any window.

    One in colour [height, width, 3] is an ordinary picture.
    """
    if pixels.ndim > 2:
        return png(_coloured(displayed(pixels)))
    high, low = (pixels >> 8).astype(np.uint8), (pixels & 0xFF).astype(np.uint8)
    return png(np.dstack([np.zeros_like(low), low, high]))


def _coloured(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture, grey or red green blue, as OpenCV wants it: blue first."""
    order = cv2.COLOR_GRAY2BGR if picture.ndim == 2 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(np.round(255 * picture).astype(np.uint8), order), np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels [rows, columns, blue green red] as PNG."""
    written, encoded = cv2.imencode(".png", pixels, FAST)
    if not written:
        raise ValueError("OpenCV did not write a PNG.")
    return bytes(encoded.tobytes())
