"""The pointing game: do the units that decided peak inside what somebody outlined?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

from deepminer_ray.explanations.chance import Matrix, Pairs, Scans

Points = NDArray[np.float64]
"""[points, 2]: across and down, each as a share of the film."""


def pointing(peaks: Sequence[Points], outlines: Sequence[Sequence[Points]]) -> Pairs:
    """The share of the peaks of one scan that lie within an outline of the other; nan without peaks.

    A scan with itself is the pointing game; outlines of other films laid over it say what chance points at.
    """
    paths = [[Path(ring) for ring in rings] for rings in outlines]
    boxes = [np.array([[ring.min(axis=0), ring.max(axis=0)] for ring in rings]).reshape(-1, 2, 2) for rings in outlines]

    def of(scans: Scans) -> Matrix:
        chosen = [peaks[scan] for scan in scans]
        number = np.array([len(points) for points in chosen], dtype=np.int64)
        where = np.concatenate([np.empty((0, 2)), *chosen])
        column = np.repeat(np.arange(len(scans)), [len(paths[scan]) for scan in scans])
        near = _within(where, np.concatenate([np.empty((0, 2, 2)), *(boxes[scan] for scan in scans)]))
        hit = np.zeros((len(scans), len(where)), dtype=bool)
        for row, path, points in zip(column, (path for scan in scans for path in paths[scan]), near, strict=True):
            some = np.flatnonzero(points)
            if len(some):
                hit[row, some] |= path.contains_points(where[some])
        outline, point = np.nonzero(hit)
        owner = np.repeat(np.arange(len(scans)), number)
        hits = np.bincount(owner[point] * len(scans) + outline, minlength=len(scans) ** 2)
        inside = np.full((len(scans), len(scans)), np.nan)
        np.divide(hits.reshape(inside.shape), number[:, np.newaxis], out=inside, where=number[:, np.newaxis] > 0)
        return inside

    return of


def _within(where: Points, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[boxes, points]: which points lie in which box; only those can lie in what it holds."""
    (left, top), (right, bottom) = boxes.transpose(1, 2, 0)[..., np.newaxis]
    across, down = where.T
    return np.asarray((across >= left) & (across <= right) & (down >= top) & (down <= bottom))
