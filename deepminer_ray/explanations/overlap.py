"""Do maps lie where the radiologist outlined something? Intersection over union, beside outlines of other patients."""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.sparse import csr_array

from deepminer_ray.explanations.pointing import Points
from deepminer_ray.paper import SEGMENTATION_THRESHOLD
from deepminer_ray.units.receptive_field import Geometry

GRID = 256
"""Places across and down a film at which map and outline are compared: both are taken as shares of the film."""

Mask = NDArray[np.bool_]
"""[GRID x GRID]: places of a film, row by row."""


def high(response_map: NDArray[np.float32], geometry: Geometry, width: int, height: int) -> Mask:
    """Where an upsampled map is above 0.2 of its own maximum (the authors' rule) on a stored film of so many px."""
    place = (np.arange(GRID) + 0.5) / GRID
    column, row = (
        ((place * px - 0.5 - geometry.offset) / geometry.stride).astype(np.float32) for px in (width, height)
    )
    upsampled = cv2.remap(
        np.ascontiguousarray(response_map, dtype=np.float32),
        np.tile(column, (GRID, 1)),
        np.tile(row[:, np.newaxis], (1, GRID)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    largest = float(np.max(response_map))
    found: Mask = (np.asarray(upsampled).ravel() > SEGMENTATION_THRESHOLD * largest) & (largest > 0)
    return found


def outlined(rings: Sequence[Points]) -> Mask:
    """Which places lie inside a ring, both as shares of the film."""
    place = (np.arange(GRID) + 0.5) / GRID
    across, down = np.meshgrid(place, place)
    where = np.column_stack([across.ravel(), down.ravel()])
    found = np.zeros(GRID * GRID, dtype=np.bool_)
    for ring in rings:
        low, top = ring.min(axis=0), ring.max(axis=0)
        near = np.flatnonzero(((where >= low) & (where <= top)).all(axis=1))
        found[near] |= Path(ring).contains_points(where[near])
    return found


def overlap(maps: Sequence[Sequence[Mask]], outlines: Sequence[Mask]) -> NDArray[np.float64]:
    """[scans, scans]: the mean intersection over union of the maps of one scan with the outlines of the other.

    Of a map that is nowhere high it is 0; nan where a scan has no map, or an outline is smaller than any place.
    """
    lesions = csr_array(np.array(outlines, dtype=np.float32).reshape(len(outlines), GRID * GRID))
    size = np.asarray(lesions.sum(axis=1), dtype=np.float64).ravel()
    found = np.full((len(maps), len(outlines)), np.nan)
    for scan, masks in enumerate(maps):
        if not masks:
            continue
        stacked = np.array(masks, dtype=np.float32)
        both = np.asarray(lesions @ stacked.T, dtype=np.float64)
        union = size[:, np.newaxis] + stacked.sum(axis=1, dtype=np.float64) - both
        share = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
        found[scan] = share.mean(axis=1)
    found[:, size == 0] = np.nan
    return found
