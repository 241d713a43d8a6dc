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


def share_in_air(outline: Sequence[Ring], grey: NDArray[np.generic]) -> float:
    """The share of an outline's pixels (x, y) that show air, of grey levels [rows, columns], bright tissue high."""
    thinned = grey[:: max(1, grey.shape[0] // 512), :: max(1, grey.shape[1] // 512)]
    dark, bright = float(thinned.min()), float(np.percentile(thinned.astype(np.float64), BRIGHT))
    columns, rows = np.array([point for ring in outline for point in ring]).T
    return float(np.mean(grey[rows, columns] <= dark + AIR * (bright - dark)))


def beside_the_breast(lesions: Sequence[Lesion], grey: NDArray[np.generic]) -> list[int]:
    """The numbers of the lesions of which most of the outline lies in the air of grey levels [rows, columns]."""
    drawn = (lesion for lesion in lesions if lesion.outline)
    return [lesion.abnormality for lesion in drawn if share_in_air(lesion.outline, grey) > MOST_IN_AIR]
