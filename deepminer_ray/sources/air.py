"""Findings that a source places beside the breast: where their outlines lie in the dark, their place is wrong."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.rows import Lesion, Ring

AIR = 0.05
"""Of the way from the darkest grey level to a bright one: pixels up to there count as air."""
BRIGHT = 99.5
"""Percent of the pixels that a bright level is above: the few above it may be of markers and labels."""
MOST_IN_AIR = 0.5
"""Of an outline; of a finding at the edge of the breast a part may lie in the air."""


def beside_the_breast(lesions: Sequence[Lesion], grey: NDArray[np.generic]) -> list[int]:
    """The numbers of the lesions of which most of the outline lies in the air of grey levels [rows, columns].

    Tissue is brighter than air.
    """
    outlined = [lesion for lesion in lesions if lesion.outline]
    shares = shares_in_air([lesion.outline for lesion in outlined], grey)
    return [lesion.abnormality for lesion, share in zip(outlined, shares, strict=True) if share > MOST_IN_AIR]


def shares_in_air(outlines: Sequence[Sequence[Ring]], grey: NDArray[np.generic]) -> list[float]:
    """The share of each outline's pixels that lie in the air of grey levels [rows, columns]."""
    step = max(1, min(grey.shape) // 512)
    thinned = grey[::step, ::step].astype(np.float64)
    air = thinned.min() + AIR * (np.percentile(thinned, BRIGHT) - thinned.min())
    return [_share_below(outline, grey, air) for outline in outlines]


def _share_below(outline: Sequence[Ring], grey: NDArray[np.generic], level: float) -> float:
    """The share of an outline's pixels (x, y) that are as dark as a level, or darker."""
    columns, rows = np.array([point for ring in outline for point in ring]).T
    return float(np.mean(grey[rows, columns].astype(np.float64) <= level))
