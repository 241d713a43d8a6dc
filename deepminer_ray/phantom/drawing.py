"""What a drawn finding is, and the polar shapes and smooth strokes that findings are made of."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.phantom.texture import Field, Mask

FINER = 2
"""Strokes are drawn this much larger and averaged down, so that thin ones keep their weight."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finding on a square canvas around its middle: the attenuation it adds, and the filled mask of its outline."""

    attenuation: Field
    mask: Mask


@dataclass(frozen=True, slots=True)
class Plane:
    """Offsets x, y, radius and angle of a square canvas's pixels from its middle, in px."""

    x: Field
    y: Field
    radius: Field
    angle: Field


def plane(size: int) -> Plane:
    """The coordinates of a canvas of `size` x `size` px."""
    axis = np.arange(size, dtype=np.float32) - (size - 1) / 2
    x, y = np.meshgrid(axis, axis)
    return Plane(x, y, np.hypot(x, y), np.arctan2(y, x))


def uneven(
    angle: NDArray[np.floating], roughness: float, waves: range, rng: np.random.Generator
) -> NDArray[np.floating]:
    """A factor round 1 that varies with the angle in the given numbers of waves a turn."""
    swing = sum(rng.normal() / wave**0.5 * np.sin(wave * angle + rng.uniform(0, 2 * np.pi)) for wave in waves)
    return 1 + roughness * np.asarray(swing)


def strokes(size: int, paths: Sequence[NDArray[np.floating]], widths: Sequence[float]) -> Field:
    """Lines 0..1 along paths of points (x, y) in canvas px, each of its width in px, or tapering to 40 % of it."""
    canvas = np.zeros((size * FINER, size * FINER), dtype=np.uint8)
    for path, width in zip(paths, widths, strict=True):
        for number, (start, end) in enumerate(itertools.pairwise(path)):
            taper = 1 - 0.6 * number / max(len(path) - 1, 1)
            points = [tuple(int(v) for v in np.rint((p + 0.5) * FINER * 16)) for p in (start, end)]
            thickness = max(1, round(width * FINER * taper))
            cv2.line(canvas, points[0], points[1], 255, thickness, cv2.LINE_AA, 4)
    return shrunk(canvas)


def shapes(size: int, polygons: Sequence[NDArray[np.floating]], levels: Sequence[float]) -> Field:
    """Filled polygons of points (x, y) in canvas px, each of its level 0..1; the brightest wins."""
    canvas = np.zeros((size * FINER, size * FINER), dtype=np.uint8)
    for polygon, level in sorted(zip(polygons, levels, strict=True), key=lambda pair: pair[1]):
        points = np.rint((polygon + 0.5) * FINER * 16).astype(np.int32)
        cv2.fillPoly(canvas, [points], round(255 * level), cv2.LINE_AA, 4)
    return shrunk(canvas)


def shrunk(canvas: NDArray[np.uint8]) -> Field:
    """A canvas drawn larger, averaged down to 0..1."""
    size = canvas.shape[0] // FINER
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA), dtype=np.float32) / np.float32(
        255
    )


def round_about(drawn: Mask, margin: float) -> Mask:
    """One region without holes that holds all that is drawn, with a margin in px: how a radiologist circles a group."""
    reach = max(1, round(margin))
    points = np.argwhere(drawn)[:, ::-1].astype(np.int32)
    region = np.zeros(drawn.shape, dtype=np.uint8)
    cv2.fillConvexPoly(region, cv2.convexHull(points), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(region, disc) > 0)
