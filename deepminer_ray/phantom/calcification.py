"""Calcifications: malignant specks of many shapes and branching casts, benign tram lines, lumps, rings."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.phantom.drawing import Drawing, plane, round_about, shapes, strokes, uneven
from deepminer_ray.phantom.texture import noise, step

Path = NDArray[np.float64]


def pleomorphic_cluster(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """A tight group of bright specks that differ in size, shape and brightness."""
    size = int(diameter * 1.5) | 1
    places = _apart(int(rng.integers(16, 26)), 0.44 * diameter, 0.105 * diameter, rng)
    polygons, levels = [], []
    for point in places:
        corners = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 8)))
        long, short = diameter * rng.uniform(0.045, 0.085), diameter * rng.uniform(0.03, 0.05)
        turn = rng.uniform(0, np.pi)
        out = rng.uniform(0.6, 1.1, corners.size)
        u, v = long * out * np.cos(corners), short * out * np.sin(corners)
        corner = np.stack([u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)], axis=1)
        polygons.append((size - 1) / 2 + point + corner)
        levels.append(float(rng.uniform(0.5, 1.0)))
    specks = shapes(size, polygons, levels)
    grid = plane(size)
    cloud = 0.10 * step(grid.radius, 0.65 * diameter, 0.2 * diameter)
    return Drawing((1.4 * specks + cloud).astype(np.float32), round_about(specks > 0.1, 0.05 * diameter))


def branching_casts(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """Fine broken lines that fork away from the nipple, as calcium fills the ducts of one segment."""
    size = int(diameter * 1.7) | 1
    middle = (size - 1) / 2
    root = middle + 0.55 * diameter * np.array([np.cos(toward_nipple), np.sin(toward_nipple)])
    paths: list[Path] = []
    stems = int(rng.integers(2, 4))
    for stem in range(stems):
        spread = (stem - (stems - 1) / 2) * 0.55 + rng.normal(0, 0.08)
        _grow(paths, root + rng.normal(0, 0.03, 2) * diameter, toward_nipple + np.pi + spread, 0.42 * diameter, 3, rng)
    broken = [part for path in paths for part in _broken(path, 0.10 * diameter, rng)]
    casts = strokes(size, broken, [diameter * rng.uniform(0.032, 0.062) for _ in broken])
    casts *= np.clip(0.85 + 0.35 * noise(size, size, rng, exponent=2.0, coarsest=0.12 * diameter), 0.2, 1.3)
    return Drawing((1.15 * casts).astype(np.float32), round_about(casts > 0.15, 0.04 * diameter))


def vascular(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """Two parallel lines along a winding vessel: calcium in both walls."""
    size = int(diameter * 1.6) | 1
    t = np.linspace(-0.5, 0.5, 60)
    swing = 0.16 * diameter * np.sin(2 * np.pi * (t * rng.uniform(0.8, 1.2) + rng.random()))
    turn = toward_nipple + rng.normal(0, 0.5)
    along = np.stack(
        [np.cos(turn) * t * diameter - np.sin(turn) * swing, np.sin(turn) * t * diameter + np.cos(turn) * swing], 1
    )
    forward = np.gradient(along, axis=0)
    sideways = np.stack([-forward[:, 1], forward[:, 0]], axis=1) / np.hypot(*forward.T)[:, None]
    apart = diameter * rng.uniform(0.050, 0.062)
    paths = [(size - 1) / 2 + along + side * apart * sideways for side in (-1, 1)]
    pieces = [path[start : start + 2] for path in paths for start in range(len(path) - 1)]
    walls = strokes(size, pieces, [0.032 * diameter] * len(pieces))
    beads = 0.9 + 0.4 * noise(size, size, rng, exponent=2.0, coarsest=0.12 * diameter)
    blood = strokes(size, [(size - 1) / 2 + along[[k, k + 1]] for k in range(59)], [2 * apart] * 59)
    added = rng.uniform(0.9, 1.15) * walls * np.clip(beads, 0.15, 1.4) + 0.12 * blood
    return Drawing(added.astype(np.float32), _hugging(walls > 0.1, 0.05 * diameter, 2.4 * apart))


def coarse(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """One large, very bright lump like popcorn."""
    grid = plane(int(diameter * 1.6) | 1)
    inside = 0.28 * diameter - grid.radius
    lumps, turn = int(rng.integers(5, 9)), rng.uniform(0, 2 * np.pi)
    for lump in range(lumps):
        angle = turn + 2 * np.pi * lump / lumps + rng.normal(0, 0.35)
        reach = diameter * rng.uniform(0.20, 0.34)
        away = np.hypot(grid.x - reach * np.cos(angle), grid.y - reach * np.sin(angle))
        inside = np.maximum(inside, diameter * rng.uniform(0.10, 0.19) - away)
    size = grid.radius.shape[0]
    flecks = np.clip(noise(size, size, rng, exponent=2.4, coarsest=0.3 * diameter), -1, 1)
    added = 1.5 * step(inside, -0.04 * diameter, 0.05 * diameter) * (1 + 0.12 * flecks)
    return Drawing(added.astype(np.float32), inside >= -0.06 * diameter)


def lucent_centred(diameter: float, rng: np.random.Generator, toward_nipple: float) -> Drawing:
    """A few loose round rings, dark in the middle."""
    size = int(diameter * 1.5) | 1
    grid = plane(size)
    added = np.zeros((size, size), dtype=np.float32)
    for point in _apart(int(rng.integers(4, 8)), 0.40 * diameter, 0.27 * diameter, rng):
        radius = diameter * rng.uniform(0.07, 0.13)
        edge = radius * uneven(grid.angle, 0.015, range(2, 4), rng)
        away = np.hypot(grid.x - point[0], grid.y - point[1])
        rim = np.exp(-(((away - 0.78 * edge) / (0.30 * radius)) ** 2))
        added = np.maximum(added, rng.uniform(0.9, 1.2) * rim + 0.2 * step(edge - away, -1, 1))
    return Drawing(added.astype(np.float32), round_about(added > 0.15, 0.03 * diameter))


def _apart(count: int, reach: float, distance: float, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Up to `count` places within `reach` of (0, 0), no two nearer than `distance`."""
    squeeze, turn = rng.uniform(0.65, 1.0), rng.uniform(0, np.pi)
    places: list[NDArray[np.float64]] = []
    for _ in range(20 * count):
        angle, out = rng.uniform(0, 2 * np.pi), reach * rng.random() ** 0.6
        u, v = out * np.cos(angle), out * np.sin(angle) * squeeze
        point = np.array([u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)])
        if len(places) < count and all(np.hypot(*(point - other)) >= distance for other in places):
            places.append(point)
    return places


def _grow(
    paths: list[Path], start: Path, direction: float, length: float, forks: int, rng: np.random.Generator
) -> None:
    """Add a duct from `start` and, where forks are left, two thinner ones from its end."""
    t = np.linspace(0, 1, 8)[:, None]
    turned = direction + rng.normal(0, 0.18) * t
    path = start + length * t * np.hstack([np.cos(turned), np.sin(turned)])
    paths.append(path)
    if forks > 1:
        for side in (-1, 1):
            _grow(
                paths,
                path[-1],
                direction + side * rng.uniform(0.3, 0.6),
                length * rng.uniform(0.55, 0.8),
                forks - 1,
                rng,
            )


def _broken(path: Path, dash: float, rng: np.random.Generator) -> list[Path]:
    """Cut a path into dashes of uneven length with gaps between."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    reached = np.concatenate([[0], steps.cumsum()])
    parts, position = [], 0.0
    while position < reached[-1]:
        end = min(position + dash * rng.uniform(0.6, 1.8), reached[-1])
        at = np.linspace(position, end, 5)
        parts.append(np.stack([np.interp(at, reached, path[:, 0]), np.interp(at, reached, path[:, 1])], axis=1))
        position = end + dash * rng.uniform(0.4, 0.9)
    return parts


def _hugging(drawn: NDArray[np.bool_], margin: float, gap: float) -> NDArray[np.bool_]:
    """One region along what is drawn, the gaps in it closed."""
    closed = int(np.ceil(gap)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (closed, closed))
    region = cv2.morphologyEx(drawn.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    reach = 2 * max(1, round(margin)) + 1
    return np.asarray(cv2.dilate(region, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))) > 0)
