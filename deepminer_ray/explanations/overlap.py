"""Do maps lie where somebody outlined something? Intersection over union, beside outlines of other patients."""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

from deepminer_ray.explanations.chance import Matrix, Pairs, Scans
from deepminer_ray.explanations.pointing import Points
from deepminer_ray.paper import SEGMENTATION_THRESHOLD
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import Sampling, sampled, sampling

POINTS_ACROSS = 256
"""Places across and down a film at which map and outline are compared: both are taken as shares of the film."""
PACKED_WORDS = POINTS_ACROSS * POINTS_ACROSS // 64

MAPS_TOGETHER = 4
"""Maps that are upsampled together: OpenCV does the same with pictures of four channels as with one, in less time."""

Bits = NDArray[np.uint64]
"""[PACKED_WORDS]: places of a film, row by row, eight a byte."""
Maps = NDArray[np.uint64]
"""[PACKED_WORDS, maps]: the same of several maps, so that what an outline leaves out is never looked at."""


class Raster:
    """Lays maps over the places of films, in memory that is used again for the next film."""

    def __init__(self) -> None:
        self._together = np.empty((POINTS_ACROSS, POINTS_ACROSS, MAPS_TOGETHER), np.float32)
        self._alone = [np.empty((POINTS_ACROSS, POINTS_ACROSS), np.float32) for _ in range(MAPS_TOGETHER)]
        self._above = np.empty((POINTS_ACROSS, POINTS_ACROSS), np.bool_)

    def high(self, maps: Sequence[NDArray[np.float32]], geometry: Geometry, width: int, height: int) -> Maps:
        """Where upsampled maps are above 0.2 of their own maxima (the authors' rule) on a stored film of so many px."""
        points = (np.arange(POINTS_ACROSS) + 0.5) / POINTS_ACROSS
        where = sampling(geometry, points * height - 0.5, points * width - 0.5)
        bits = np.empty((PACKED_WORDS, len(maps)), dtype=np.uint64)
        for begin in range(0, len(maps), MAPS_TOGETHER):
            some = maps[begin : begin + MAPS_TOGETHER]
            for number, (cells, upsampled) in enumerate(zip(some, self._upsampled(some, where), strict=True)):
                largest = float(np.max(cells))
                np.greater(upsampled, SEGMENTATION_THRESHOLD * largest, out=self._above)
                bits[:, begin + number] = _packed(self._above) if largest > 0 else 0
        return bits

    def _upsampled(self, maps: Sequence[NDArray[np.float32]], where: Sampling) -> Sequence[NDArray[np.float32]]:
        """Upsampled maps; of one shape they are channels of one picture, which takes a third of the time."""
        if len(maps) == 1 or len({cells.shape for cells in maps}) > 1:
            return [sampled(cells, where, alone) for cells, alone in zip(maps, self._alone, strict=False)]
        channels = [maps[min(channel, len(maps) - 1)] for channel in range(MAPS_TOGETHER)]
        cv2.split(sampled(np.stack(channels, axis=-1), where, self._together), self._alone)
        return self._alone[: len(maps)]


def outlined(rings: Sequence[Points]) -> Bits:
    """Which places lie inside a ring, both as shares of the film."""
    centre = (np.arange(POINTS_ACROSS) + 0.5) / POINTS_ACROSS
    within = np.zeros((POINTS_ACROSS, POINTS_ACROSS), dtype=np.bool_)
    for ring in rings:
        (left, right), (top, bottom) = (
            (np.searchsorted(centre, of.min()), np.searchsorted(centre, of.max(), side="right")) for of in ring.T
        )
        across, down = np.meshgrid(centre[left:right], centre[top:bottom])
        inside = Path(ring).contains_points(np.column_stack([across.ravel(), down.ravel()]))
        within[top:bottom, left:right] |= inside.reshape(across.shape)
    return _packed(within)


def overlap(maps: Sequence[Maps], outlines: Sequence[Bits]) -> Pairs:
    """The mean intersection over union of the maps of one scan with the outlines of the other.

    Of a map that is nowhere high it is 0; nan where a scan has no map, or an outline is smaller than any place.
    """

    inside = [np.flatnonzero(outline) for outline in outlines]
    sizes = [int(np.bitwise_count(outline).sum(dtype=np.int64)) for outline in outlines]

    def of(scans: Scans) -> Matrix:
        number = np.array([maps[scan].shape[1] for scan in scans], dtype=np.int64)
        by_place = np.concatenate(
            [np.empty((PACKED_WORDS, 0), dtype=np.uint64), *(maps[scan] for scan in scans)], axis=1
        )
        size = np.bitwise_count(by_place).sum(axis=0, dtype=np.int32)
        owner = np.repeat(np.arange(len(scans)), number)
        overlaps = np.full((len(scans), len(scans)), np.nan)
        for column, scan in enumerate(scans):
            words = inside[scan]
            if not len(words):
                continue
            counted = np.uint16 if len(words) < PACKED_WORDS else np.uint32
            lit = by_place[words] & outlines[scan][words, np.newaxis]
            both = np.bitwise_count(lit).sum(axis=0, dtype=counted)
            shares = np.bincount(owner, both / (size + sizes[scan] - both), minlength=len(scans))
            np.divide(shares, number, out=overlaps[:, column], where=number > 0)
        return overlaps

    return of


def _packed(mask: NDArray[np.bool_]) -> Bits:
    return np.packbits(mask).view(np.uint64)
