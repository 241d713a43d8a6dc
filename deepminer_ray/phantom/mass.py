"""Masses: circumscribed ones with an edge, malignant ones whose edge is lost or runs out in spicules."""

import cv2
import numpy as np

from deepminer_ray.phantom.drawing import Drawing, Plane, plane, strokes, uneven
from deepminer_ray.phantom.texture import Field, noise, step


def round_mass(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """Round, with a sharp margin and a thin dark halo."""
    return _circumscribed(diameter, rng.uniform(1.0, 1.1), rng)


def oval_mass(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """Oval, with a sharp margin and a thin dark halo; the diameter is the longer one."""
    return _circumscribed(diameter, rng.uniform(1.3, 1.65), rng)


def lobulated_mass(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """Three to five lobes in one sharp margin."""
    grid = plane(_odd_size(diameter, 1.5))
    lobes, turn = rng.integers(3, 6), rng.uniform(0, 2 * np.pi)
    inside = 0.32 * diameter - grid.radius
    for lobe in range(lobes):
        angle = turn + 2 * np.pi * lobe / lobes + rng.normal(0, 0.3)
        reach, radius = diameter * rng.uniform(0.19, 0.29), diameter * rng.uniform(0.17, 0.26)
        away = np.hypot(grid.x - reach * np.cos(angle), grid.y - reach * np.sin(angle))
        inside = np.maximum(inside, radius - away)
    return _edged(inside, diameter, rng)


def spiculated_mass(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """A bright uneven core with spicules that radiate from it; the diameter is the core's and half the spicules'."""
    size = _odd_size(diameter, 2.3)
    grid, core = plane(size), 0.33 * diameter
    edge = core * uneven(grid.angle, 0.14, range(2, 9), rng)
    middle = (size - 1) / 2
    paths, widths = [], []
    count = int(rng.integers(13, 26))
    for number in range(count):
        angle = 2 * np.pi * (number + rng.uniform(-0.9, 0.9)) / count
        length, bend = core * rng.uniform(0.4, 2.0), rng.normal(0, 0.14)
        along = np.linspace(0, 1, 7)[:, None]
        turned = angle + bend * along
        reach = 0.6 * core + (0.4 * core + length) * along
        paths.append(middle + reach * np.hstack([np.cos(turned), np.sin(turned)]))
        widths.append(diameter * rng.uniform(0.045, 0.08))
    rays = cv2.GaussianBlur(strokes(size, paths, widths), (0, 0), 0.008 * diameter)
    rays = rays * step(grid.radius, 3.4 * core, 0.9 * core)
    body = step(edge - grid.radius, -0.25 * core, 0.3 * core) * _mottled(grid, 0.14, rng)
    added = rng.uniform(0.8, 1.05) * np.maximum(body, 0.8 * rays) + 0.12 * step(grid.radius, 2.2 * core, core)
    outline = grid.radius <= 1.45 * core * uneven(grid.angle, 0.05, range(3, 12), rng)
    return Drawing(added.astype(np.float32), outline)


def ill_defined_mass(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """An irregular, mottled mass that fades into its surroundings."""
    grid = plane(_odd_size(diameter, 1.8))
    edge = 0.41 * diameter * uneven(grid.angle, 0.18, range(2, 8), rng)
    inside = (edge - grid.radius) / diameter
    body = step(inside, -0.16, 0.26) * _mottled(grid, 0.22, rng)
    return Drawing((rng.uniform(0.8, 1.0) * body).astype(np.float32), inside >= -0.03)


def _circumscribed(diameter: float, aspect: float, rng: np.random.Generator) -> Drawing:
    grid, turn = plane(_odd_size(diameter, 1.5)), rng.uniform(0, np.pi)
    along = grid.x * np.cos(turn) + grid.y * np.sin(turn)
    beside = (grid.y * np.cos(turn) - grid.x * np.sin(turn)) * aspect
    edge = diameter / 2 * uneven(grid.angle, 0.012, range(2, 5), rng)
    return _edged((edge - np.hypot(along, beside)) / aspect**0.5, diameter, rng)


def _edged(inside: Field, diameter: float, rng: np.random.Generator) -> Drawing:
    """A smooth mass with a sharp margin and a dark halo, given px inside the margin."""
    soft, dome = 0.035 * diameter, np.clip(inside / (0.5 * diameter), 0, 1)
    body = step(inside, -soft, soft) * (0.78 + 0.22 * np.sqrt(dome))
    halo = np.exp(-(((inside + 0.07 * diameter) / (0.05 * diameter)) ** 2))
    added = rng.uniform(0.6, 0.85) * body - 0.16 * halo
    return Drawing(added.astype(np.float32), inside >= 0)


def _mottled(grid: Plane, depth: float, rng: np.random.Generator) -> Field:
    size = grid.x.shape[0]
    return 1 + np.float32(depth) * noise(size, size, rng, exponent=2.6, coarsest=size / 4)


def _odd_size(diameter: float, margin: float) -> int:
    return int(np.ceil(diameter * margin)) | 1
