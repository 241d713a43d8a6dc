"""Surfaces of made-up findings: fields -1..1 over coordinates in units of a finding's radius."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.phantom.texture import Field, noise
from deepminer_ray.phantom.trait import SURFACE_PARTS, SURFACES

PERIOD = 0.45
"""Of stripes and checks, in radii."""


def surface_of(kind: int, part: int, x: Field, y: Field, radius: float, rng: np.random.Generator) -> Field:
    """The surface [rows, columns] at offsets x, y in radii; `radius` is in px. Outside its part it is smooth."""
    field = _whole_surface(SURFACES[kind], x, y, radius, rng)
    where = {
        "all": np.ones(x.shape, np.bool_),
        "inside": np.hypot(x, y) < 0.5,
        "outside": np.hypot(x, y) >= 0.5,
        "left": x < 0,
        "right": x >= 0,
    }[SURFACE_PARTS[part]]
    return np.where(where, field, np.float32(0)).astype(np.float32)


def _whole_surface(name: str, x: Field, y: Field, radius: float, rng: np.random.Generator) -> Field:
    """The surface of a name everywhere."""
    if name == "smooth":
        return np.zeros(x.shape, np.float32)
    if name.endswith("grain"):
        coarsest = radius * (0.12 if name.startswith("fine") else 0.6)
        grain = noise(x.shape[0], x.shape[1], rng, exponent=3.0, coarsest=coarsest)
        return np.asarray(np.clip(grain / 1.5, -1, 1), np.float32)
    r, turn = np.hypot(x, y), np.arctan2(y, x)
    slant = (x + y) / np.sqrt(2), (x - y) / np.sqrt(2)
    fields: dict[str, Callable[[], NDArray[Any]]] = {
        "stripes across": lambda: _stripes(y),
        "stripes down": lambda: _stripes(x),
        "slanted stripes": lambda: _stripes(slant[0]),
        "back-slanted stripes": lambda: _stripes(slant[1]),
        "broad stripes across": lambda: _stripes(y, 2),
        "broad stripes down": lambda: _stripes(x, 2),
        "checks": lambda: _stripes(x) * _stripes(y),
        "broad checks": lambda: _stripes(x, 2) * _stripes(y, 2),
        "grid": lambda: np.where((_stripes(x, 1, 0.8) > 0) | (_stripes(y, 1, 0.8) > 0), 1.0, -0.6),
        "dots": lambda: _dots(x, y, 0.42),
        "sparse dots": lambda: _dots(x, y, 0.8),
        "rings": lambda: _stripes(r),
        "spokes": lambda: np.sign(np.cos(8 * turn)),
        "dark left": lambda: np.clip(x * 1.4, -1, 1),
        "dark top": lambda: np.clip(y * 1.4, -1, 1),
        "waves": lambda: _stripes(y + 0.16 * np.sin(x * 2 * np.pi / 0.8)),
        "spiral": lambda: np.sign(np.cos(2 * np.pi * r / 0.7 + turn)),
    }
    return np.asarray(fields[name](), np.float32)


def _stripes(along: Field, broader: float = 1.0, above: float = 0.0) -> Field:
    """1 and -1 by turns."""
    return np.where(np.sin(2 * np.pi * along / (PERIOD * broader)) >= above, 1, -1).astype(np.float32)


def _dots(x: Field, y: Field, apart: float) -> Field:
    """Dark discs on a square grid."""
    across, down = ((axis / apart) - np.round(axis / apart) for axis in (x, y))
    return np.where(np.hypot(across, down) < 0.3, -1.0, 0.5).astype(np.float32)
