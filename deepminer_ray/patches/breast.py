"""Which part of a film is breast: the tissue that patches must hold half of (Sec. 2.1)."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from deepminer_ray.patches.grid import Window
from deepminer_ray.sources.density import UNITS_PER_DENSITY

WORKING_SIDE = 256
"""The mask is found on a film of this shorter side, px: nothing finer matters to half a patch."""

BIN = 200
"""Width of a bin of the histogram of densities, in density units."""
LIGHTEST_AIR = 2 * UNITS_PER_DENSITY
"""Film that only air lay on is darker than this."""
AIR_NOISE = UNITS_PER_DENSITY // 8
"""Air is at least this much darker than the skin that can be told from it."""
CLEAR_DENSITY = 6 * UNITS_PER_DENSITY // 10
"""Film that no light reached is brighter than this; tissue hardly ever is over a whole line."""
CLEAR_SHARE = 0.6
"""A line along an edge is a strip of clear film when this share of it is clear."""
STEP = 3 * UNITS_PER_DENSITY // 10
"""The edge of a strip is at least this sharp."""
BLUR = 2
"""The edge of a strip is at most this many px wide on the working film."""
STRIP = 0.06
"""Strips of clear film are not broader than this share of the shorter side."""
SKIN_SHARE = 0.03
"""The skin fades into air over no more than this share of the shorter side beyond the mask."""
OPENING = 0.025
"""Radius of the opening that cuts off strips, scratches and letters, as a share of the shorter side."""


def breast_mask(density: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """The pixels [rows, columns] of a film in density units that show breast, the pectoral muscle included.

    Air, labels and strips of unexposed film along the edges are left out, on whichever side the chest wall lies.
    """
    rows, columns = density.shape
    scale = WORKING_SIDE / min(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    resampling = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(density, size, interpolation=resampling), dtype=np.uint16)
    exposed = ~_strips(small)
    smooth = np.asarray(cv2.GaussianBlur(cv2.medianBlur(small, 5), (0, 0), 1.5), dtype=np.uint16)
    breast = _largest((smooth < _threshold(smooth[exposed])) & exposed)
    filled = ndimage.binary_fill_holes(breast).astype(np.float32)
    return np.asarray(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR) >= 0.5)


def breast_shares(mask: NDArray[np.bool_], windows: Sequence[Window], side: int) -> NDArray[np.float64]:
    """The share [windows] of each window's `side` x `side` px that is breast."""
    counted = cv2.integral(mask.view(np.uint8))
    x, y = (np.array([getattr(window, name) for window in windows], dtype=np.intp) for name in ("x", "y"))
    inside = counted[y + side, x + side] - counted[y, x + side] - counted[y + side, x] + counted[y, x]
    return np.asarray(inside / side**2)


def _threshold(density: NDArray[np.uint16]) -> float:
    """The density above which film is air: halfway from Otsu's threshold to the darkest peak.

    Otsu alone divides tissue of all densities from air, and loses the fat under the skin to the latter; nearer to
    the peak, air that is unevenly dark would be tissue.
    """
    counts = np.bincount(density // BIN, minlength=1)
    lightest = max((otsu(counts) + 1) * BIN, LIGHTEST_AIR)
    air = counts[lightest // BIN :]
    if not air.any():
        return float(np.iinfo(np.uint16).max)
    darkest = lightest + int(air.argmax()) * BIN
    return min((lightest + darkest) / 2, darkest - AIR_NOISE)


def otsu(counts: NDArray[np.int64]) -> int:
    """The last bin of the lighter of the two classes whose means lie furthest apart (Otsu 1979)."""
    share = counts / counts.sum()
    lighter = share.cumsum()
    moment = (share * np.arange(len(share))).cumsum()
    # A class without pixels has no mean: the tiny number only keeps its quotient, whose numerator is 0, defined.
    between = (moment[-1] * lighter - moment) ** 2 / np.maximum(lighter * (1 - lighter), 1e-12)
    return int(between.argmax())


def _strips(density: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Lines along the edges up to the innermost that is mostly clear film, where a step parts it from what follows."""
    strips = np.zeros(density.shape, dtype=np.bool_)
    depth = max(1, round(STRIP * min(density.shape)))
    for turned, marked in ((density, strips), (density[::-1], strips[::-1])):
        for lines, strip in ((turned, marked), (turned.T, marked.T)):
            band = lines[: depth + BLUR].astype(np.float64)
            clear = np.flatnonzero((band < CLEAR_DENSITY).mean(axis=1) >= CLEAR_SHARE)
            if not len(clear) or clear[-1] + BLUR >= len(band):
                continue
            # Dense tissue at the chest wall is as bright, but reaches further in or darkens slowly.
            if (band[clear[-1] + BLUR] - band[clear[-1]]).mean() > STEP:
                strip[: clear[-1] + BLUR] = True
    return strips


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest component of what an opening leaves."""
    radius = max(1, round(OPENING * min(mask.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    # Beyond the edges there is nothing: what only lines an edge is thin and goes, a breast that lies on it stays.
    opened = cv2.morphologyEx(
        mask.astype(np.uint8), cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    if count < 2:
        return np.zeros(mask.shape, dtype=np.bool_)
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def without_labels(density: NDArray[np.uint16], breast: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """A stored scan on which all that is brighter than air, away from the breast, is air.

    Patches hold breast, so no network has learned what film labels mean; on whole mammograms they would excite it most.
    """
    if breast.all() or not breast.any():
        return density
    reach = 2 * max(1, round(min(density.shape) * SKIN_SHARE)) + 1
    near = cv2.dilate(breast.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool)
    air = np.uint16(np.median(density[~breast]))
    return np.where(near, density, np.maximum(density, air))
