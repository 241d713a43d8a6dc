"""The pointing game: do the units that decided peak inside what the radiologist outlined?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""[points, 2]: across and down, each as a share of the film."""


def pointing(peaks: Sequence[Points], outlines: Sequence[Sequence[Points]]) -> NDArray[np.float64]:
    """[scans, scans]: the share of the peaks of one scan that lie within an outline of the other; nan without peaks.

    The diagonal is the pointing game; the rest, outlines of other films laid over these, says what chance points at.
    """
    inside = np.full((len(peaks), len(outlines)), np.nan)
    where = np.concatenate([np.empty((0, 2)), *peaks])
    owner = np.repeat(np.arange(len(peaks)), [len(points) for points in peaks])
    number = np.bincount(owner, minlength=len(peaks))
    for column, rings in enumerate(outlines):
        hit = np.zeros(len(where), dtype=bool)
        for ring in rings:
            hit |= Path(ring).contains_points(where)
        hits = np.bincount(owner, hit, minlength=len(peaks))
        np.divide(hits, number, out=inside[:, column], where=number > 0)
    return inside
