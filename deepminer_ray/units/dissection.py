"""Where a unit's thresholded map and outlined lesions agree, pixel by pixel: Network Dissection.

Bau et al. 2017, doi 10.1109/CVPR.2017.354: the map is "scaled up to the mask resolution using bilinear interpolation,
anchoring interpolants at the center of each unit's receptive field", and what exceeds the unit's threshold is compared
with the concept's pixels, summed over the data set. Here a mask has the resolution of the network's input. Interpolated
values never exceed a map's maximum, so only the few maps that pass the threshold at all are scaled up.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import interpolation

PIXELS_AT_ONCE = 4_000_000
"""Pixels of maps scaled up together (16 MB)."""


def pixels_above(
    maps: NDArray[np.float32], thresholds: NDArray[np.float32], geometry: Geometry, masks: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixels of a patch where each unit's map is above its threshold [units], and how many are in each mask as well.

    Maps [units, h, w], masks [concepts, side, side]; the second result is [units, concepts].
    """
    height, width = maps.shape[1:]
    concepts, side = len(masks), masks.shape[1]
    above, common = np.zeros(len(maps), np.int64), np.zeros((len(maps), concepts), np.int64)
    rows, columns = interpolation(height, side, geometry), interpolation(width, side, geometry)
    flat = masks.reshape(concepts, side * side).T.astype(np.float32)
    responding = np.flatnonzero(maps.max((1, 2)) > thresholds)
    for some in np.array_split(responding, -(-len(responding) * side * side // PIXELS_AT_ONCE) or 1):
        over = rows @ maps[some] @ columns.T > thresholds[some, None, None]
        above[some] = np.count_nonzero(over, (1, 2))
        if concepts:
            common[some] = over.reshape(len(some), side * side).astype(np.float32) @ flat
    return above, common


class LesionPixels:
    """A lesion's concepts, and its pixels on the film."""

    def __init__(self, row: dict[str, Any]):
        self.x, self.y = row["x"], row["y"]
        self.concepts: list[str] = row["concepts"]
        outline = [[(x, y) for x, y in ring] for ring in row["outline"]]
        self.filled = filled_outline(outline, row["width"], row["height"], self.x, self.y)

    def mask(self, x: int, y: int, size: int, side: int) -> NDArray[np.bool_]:
        """[side, side]: pixels of a patch of `size` film px at (x, y) whose centre lies in the lesion."""
        centre = ((np.arange(side) + 0.5) * size / side).astype(np.int64)
        columns, rows = centre + x - self.x, centre + y - self.y
        height, width = self.filled.shape
        within_rows, within_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        mask = np.zeros((side, side), np.bool_)
        mask[np.ix_(within_rows, within_columns)] = self.filled[np.ix_(rows[within_rows], columns[within_columns])]
        return mask


def concept_masks(lesions: Sequence[LesionPixels], patch: dict[str, int], side: int) -> dict[str, NDArray[np.bool_]]:
    """For each concept on a patch the pixels [side, side] inside the outlines of lesions that have it."""
    masks: dict[str, NDArray[np.bool_]] = {}
    for lesion in lesions:
        mask = lesion.mask(patch["x"], patch["y"], patch["size"], side)
        if mask.any():
            masks |= {concept: masks.get(concept, False) | mask for concept in lesion.concepts}
    return masks
