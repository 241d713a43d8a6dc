"""How much of a patch is lesion, and how much of a lesion lies in a patch: exact pixel counts (Sec. 2.1)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.rows import Ring


def filled_outline(outline: list[Ring], width: int, height: int, x: int, y: int) -> NDArray[np.bool_]:
    """The lesion's pixels [height, width] within its box at (x, y): the rings and all that they enclose."""
    filled = np.zeros((height, width), dtype=np.bool_)
    for ring in outline:
        if not ring:
            continue
        points = np.asarray(ring, dtype=np.int32)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        if left < x or top < y or right >= x + width or bottom >= y + height:
            raise BadInput(f"An outline leaves its box of {width} x {height} px at ({x}, {y}).")
        filled[top - y : bottom - y + 1, left - x : right - x + 1] |= _enclosed(points - (left, top))
    return filled


def overlaps(
    filled: NDArray[np.bool_], x: int, y: int, windows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cover (share of each window that is lesion) and within (share of the lesion in each window), [n] each.

    `filled` is the lesion in its box at (x, y); `windows` [n, 3] are left column, top row and size, all in film px.
    A lesion without pixels has cover and within 0.
    """
    height, width = filled.shape
    area = np.zeros((height + 1, width + 1), dtype=np.int64)
    area[1:, 1:] = filled.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    left, top, size = windows[:, 0] - x, windows[:, 1] - y, windows[:, 2]
    right, bottom = np.clip(left + size, 0, width), np.clip(top + size, 0, height)
    left, top = np.clip(left, 0, width), np.clip(top, 0, height)
    common = area[bottom, right] - area[top, right] - area[bottom, left] + area[top, left]
    return common / (size * size), common / max(int(area[-1, -1]), 1)


def _enclosed(ring: NDArray[np.int32]) -> NDArray[np.bool_]:
    # Flooding from outside, not counting crossings: hand-drawn outlines cross and run along themselves, and what they
    # go round twice is as much lesion as the rest. The flood is 4-connected, so an 8-connected ring holds it.
    width, height = ring.max(axis=0) + 3
    canvas = np.zeros((int(height), int(width)), dtype=np.uint8)
    cv2.polylines(canvas, [(ring + 1).reshape(-1, 1, 2)], isClosed=True, color=1, lineType=cv2.LINE_8)
    cv2.floodFill(canvas, None, (0, 0), 2, flags=4)
    return np.asarray(canvas[1:-1, 1:-1] != 2)
