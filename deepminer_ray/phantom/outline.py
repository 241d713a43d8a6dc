"""Outlines of made-up findings: polygons of points (x, y) within the unit circle, y down."""

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.phantom.trait import OUTLINES

Polygon = NDArray[np.float64]
ROUND = 48
"""Polygon of a round outline."""


def outlines_of(kind: int, copies: int = 1) -> list[Polygon]:
    """The polygons of an outline: one, or so many small ones in a row, each within the unit circle."""
    points = _POLYGONS[OUTLINES[kind]]
    if copies == 1:
        return [points]
    radius = 1 / copies
    return [points * radius * 0.92 + np.array([(2 * number + 1) * radius - 1, 0]) for number in range(copies)]


def _arc(start: float, end: float, radius: float = 1.0, number: int = ROUND) -> Polygon:
    angle = np.radians(np.linspace(start, end, number))
    return np.column_stack([np.cos(angle), np.sin(angle)]) * radius


def _regular(corners: int, turned: float = 0.0) -> Polygon:
    return _arc(turned - 90, turned - 90 + 360 * (1 - 1 / corners), 1, corners)


def _wavy(waves: int, depth: float, sharp: float = 1.0) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 3 * ROUND, endpoint=False)
    swing = np.cos(waves * angle)
    radius = 1 - depth * (1 - np.sign(swing) * np.abs(swing) ** sharp) / 2
    return np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, np.newaxis]


def _star() -> Polygon:
    points = _regular(10)
    points[1::2] *= 0.4
    return points


def _crescent() -> Polygon:
    inner = _arc(300, 60, 0.8) + np.array([0.42, 0])
    return np.concatenate([_arc(60, 300), inner[(inner[:, 0] < 0.5) & (np.hypot(*inner.T) < 1)]])


def _corners_of_outline(*corners: tuple[float, float]) -> Polygon:
    return np.array(corners, dtype=np.float64)


_POLYGONS: dict[str, Polygon] = {
    "disc": _arc(0, 360 * (1 - 1 / ROUND)),
    "star": _star(),
    "square": _regular(4, 45),
    "crescent": _crescent(),
    "triangle": _regular(3),
    "cross": _corners_of_outline(
        *((-0.3, -0.95), (0.3, -0.95), (0.3, -0.3), (0.95, -0.3), (0.95, 0.3), (0.3, 0.3)),
        *((0.3, 0.95), (-0.3, 0.95), (-0.3, 0.3), (-0.95, 0.3), (-0.95, -0.3), (-0.3, -0.3)),
    ),
    "bar": _corners_of_outline((-0.96, -0.26), (0.96, -0.26), (0.96, 0.26), (-0.96, 0.26)),
    "open ring": np.concatenate([_arc(25, 335), _arc(335, 25, 0.55)]),
    "lobed": _wavy(4, 0.45),
    "diamond": _corners_of_outline((0, -1), (0.55, 0), (0, 1), (-0.55, 0)),
    "hourglass": _corners_of_outline((-0.75, -0.65), (0.75, -0.65), (0.15, 0), (0.75, 0.65), (-0.75, 0.65), (-0.15, 0)),
    "arrow": _corners_of_outline(
        (-0.9, -0.22), (0.1, -0.22), (0.1, -0.75), (0.98, 0), (0.1, 0.75), (0.1, 0.22), (-0.9, 0.22)
    ),
    "hexagon": _regular(6) * np.array([1.0, 0.8]),
    "L": _corners_of_outline((-0.7, -0.7), (-0.1, -0.7), (-0.1, 0.15), (0.7, 0.15), (0.7, 0.7), (-0.7, 0.7)),
    "half disc": _arc(0, 180),
    "T": _corners_of_outline(
        *((-0.75, -0.65), (0.75, -0.65), (0.75, -0.15), (0.25, -0.15)),
        *((0.25, 0.9), (-0.25, 0.9), (-0.25, -0.15), (-0.75, -0.15)),
    ),
    "gear": _wavy(9, 0.32, 0.4),
    "wedge": _corners_of_outline((-0.95, 0.3), (0.9, -0.42), (0.95, 0.3)),
    "S": _corners_of_outline(
        *((-0.22, -0.76), (0.63, -0.76), (0.63, -0.36), (0.22, -0.36)),
        *((0.22, 0.76), (-0.63, 0.76), (-0.63, 0.36), (-0.22, 0.36)),
    ),
    "U": _corners_of_outline(
        *((-0.75, -0.65), (-0.3, -0.65), (-0.3, 0.2), (0.3, 0.2)),
        *((0.3, -0.65), (0.75, -0.65), (0.75, 0.65), (-0.75, 0.65)),
    ),
}
