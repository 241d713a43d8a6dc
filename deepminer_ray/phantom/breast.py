"""A made-up breast as a film shows it: outline, fat, glandular tissue, strands, vessels and, on MLO, muscle.

Everything is drawn with the chest wall on the left; attenuation is what the tissue takes from the density of air.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.phantom.texture import Field, Mask, noise, step, strands

GLAND_FROM = {1: 1.45, 2: 0.65, 3: 0.05, 4: -0.75}
"""Level of the tissue's field above which there is gland, by ACR density: the lower the denser."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What the four films of a patient share; lengths are shares of the film's width or height."""

    density: int
    depth: float
    height: float
    fat: float
    gland: float
    rim: float
    droop: float
    muscle: float

    @staticmethod
    def of(density: int, rng: np.random.Generator) -> "Anatomy":
        """A patient of ACR density 1 to 4."""
        return Anatomy(
            density=density,
            depth=rng.uniform(0.64, 0.84),
            height=rng.uniform(0.40, 0.46),
            fat=rng.uniform(1.05, 1.3),
            gland=rng.uniform(0.55, 0.75),
            rim=rng.uniform(0.02, 0.06),
            droop=rng.uniform(0.60, 0.68),
            muscle=rng.uniform(0.24, 0.38),
        )


@dataclass(frozen=True, slots=True)
class Breast:
    """One breast on one film: attenuation in optical density, where it is, px from the skin, muscle, nipple (x, y)."""

    attenuation: Field
    mask: Mask
    from_skin: Field
    muscle: Field
    nipple: tuple[float, float]


def draw_breast(anatomy: Anatomy, view: str, rows: int, columns: int, rng: np.random.Generator) -> Breast:
    """Draw a breast of the anatomy as CC or MLO on a film [rows, columns], the chest wall on the left."""
    skin, nipple = _skin(anatomy, view, rows, columns, rng)
    across = np.arange(columns, dtype=np.float32)[None, :]
    mask = across < skin[:, None]
    from_skin = _from_skin(mask)
    # Compressed tissue grows thicker from the skin inwards; the skin itself is a faint line.
    thickness = 1 - np.exp(-from_skin / (0.035 * columns))
    skin_line = np.exp(-(((from_skin - 0.006 * columns) / (0.004 * columns)) ** 2)) * mask
    tissue = _enlarged_tissue(anatomy, from_skin, nipple, rng)
    muscle = _muscle(anatomy, view, rows, columns, rng)
    attenuation = thickness * (anatomy.fat + tissue * (1 - 0.75 * muscle))
    attenuation += 0.12 * skin_line + muscle * thickness * rng.uniform(0.5, 0.75)
    return Breast((attenuation * mask).astype(np.float32), mask, from_skin, muscle, nipple)


def _skin(
    anatomy: Anatomy, view: str, rows: int, columns: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The skin's column at every row, and the nipple."""
    y = np.arange(rows, dtype=np.float64)
    depth = anatomy.depth * columns * rng.uniform(0.96, 1.04)
    if view == "CC":
        middle, half = rows * rng.uniform(0.47, 0.53), anatomy.height * rows * rng.uniform(0.97, 1.03)
        skin = depth * np.clip(1 - np.abs((y - middle) / half) ** 2.2, 0, 1) ** 0.62
        level = middle + half * rng.uniform(-0.08, 0.08)
    else:
        level, bottom = anatomy.droop * rows, rows * rng.uniform(0.90, 0.96)
        top = depth * rng.uniform(0.42, 0.58)
        above = top + (depth - top) * np.sin(np.clip(y / level, 0, 1) * np.pi / 2) ** 1.8
        below = depth * np.clip(1 - np.clip((y - level) / (bottom - level), 0, 1) ** 2.3, 0, 1) ** 0.6
        # Below the fold under the breast the belly begins.
        skin = np.maximum(np.where(y < level, above, below), columns * rng.uniform(0.02, 0.07) * step(y, level, bottom))
    waves = sum(rng.normal(0, 0.004) * np.sin(y / rows * 2 * np.pi * k + rng.uniform(0, 6.3)) for k in range(2, 8))
    skin = skin * (1 + waves)
    nipple = (float(skin[int(level)]), float(level))
    bump = columns * rng.uniform(0.012, 0.028)
    skin += bump * np.exp(-(((y - level) / (0.028 * columns)) ** 4)) * (skin > 0)
    return skin, nipple


def _from_skin(mask: Mask) -> Field:
    """Distance of every pixel of the breast from the skin in px; the film's edges are not skin."""
    margin = 8
    padded = np.pad(mask.astype(np.uint8), ((margin, margin), (margin, 0)), mode="edge")
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[margin:-margin, margin:]
    return np.asarray(distance, dtype=np.float32)


def _enlarged_tissue(
    anatomy: Anatomy, from_skin: Field, nipple: tuple[float, float], rng: np.random.Generator
) -> Field:
    """Tissue drawn at half size, which is fast and finer than a network sees, with full-size grain."""
    rows, columns = from_skin.shape
    half = cv2.resize(from_skin, ((columns + 1) // 2, (rows + 1) // 2), interpolation=cv2.INTER_AREA)
    tissue = _tissue(anatomy, half / np.float32(2), (nipple[0] / 2, nipple[1] / 2), rng)
    grain = cv2.GaussianBlur(rng.standard_normal((rows, columns), dtype=np.float32), (0, 0), 0.0022 * columns)
    return np.asarray(cv2.resize(tissue, (columns, rows), interpolation=cv2.INTER_CUBIC) + 0.06 * grain)


def _tissue(anatomy: Anatomy, from_skin: Field, nipple: tuple[float, float], rng: np.random.Generator) -> Field:
    """What lies in the fat: glandular tissue behind the nipple, ducts and strands, vessels, and blurred densities."""
    rows, columns = from_skin.shape
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    reach = np.hypot(x - nipple[0], (y - nipple[1]) * 0.85) / (anatomy.depth * columns)
    region = step(from_skin, anatomy.rim * columns, (anatomy.rim + 0.10) * columns) * step(reach, 1.15, 0.55)
    even = noise(rows, columns, rng, exponent=3.4, coarsest=0.35 * columns)
    middling = noise(rows, columns, rng, exponent=3.6, coarsest=0.11 * columns)
    toward = _toward_nipple(x, y, nipple, rng)
    level = 0.6 * even + 0.45 * toward + 0.3 * middling + 4 * (region - 1) - GLAND_FROM[anatomy.density] + 0.55
    gland = 1 / (1 + np.exp(-2.6 * level))
    # Strands are where fields change sign: arches between lobules of fat, and rays to the nipple.
    lines = strands(middling + 0.4 * even, 0.2) + strands(toward + 0.5 * middling, 0.14) * (0.3 + 0.7 * region)
    tissue = anatomy.gland * gland * (1 + 0.14 * middling + 0.16 * toward) + 0.04 * even
    tissue += rng.uniform(0.10, 0.2) * lines * (0.7 + 0.3 * toward)
    tissue += _vessels(rows, columns, nipple, rng) + _densities(x, y, nipple, rng) * (0.7 + 0.3 * middling)
    return np.asarray(tissue, dtype=np.float32)


def _toward_nipple(x: Field, y: Field, nipple: tuple[float, float], rng: np.random.Generator) -> Field:
    """Noise whose grain runs to the nipple, as ducts do."""
    angles, distances = 320, 192
    grain = noise(angles, distances, rng, exponent=2.9, coarsest=60, stretch=(1.0, 3.0))
    columns = x.shape[1]
    # The rays meet outside the skin, so that they do not crowd at the nipple.
    backwards, downwards = nipple[0] + 0.12 * columns - x, y - nipple[1]
    angle = (np.arctan2(downwards, backwards) / np.pi + 0.6) * ((angles - 1) / 1.2)
    distance = np.hypot(backwards, downwards) * ((distances - 1) / (1.9 * columns))
    seen = cv2.remap(
        grain, distance.astype(np.float32), angle.astype(np.float32), cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT
    )
    return np.asarray(seen, dtype=np.float32)


def _vessels(rows: int, columns: int, nipple: tuple[float, float], rng: np.random.Generator) -> Field:
    """Blood vessels without calcium: single soft curves from the chest wall forwards."""
    drawn = np.zeros((rows, columns), dtype=np.float32)
    for _ in range(rng.integers(2, 6)):
        start = np.array([0.0, rng.uniform(0.15, 0.85) * rows])
        end = np.array([rng.uniform(0.5, 0.9) * nipple[0], nipple[1] + rng.normal(0, 0.12) * rows])
        bend = (start + end) / 2 + rng.normal(0, 0.10, 2) * columns
        t = np.linspace(0, 1, 60)[:, None]
        path = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        path[:, 1] += 0.015 * columns * np.sin(t[:, 0] * rng.uniform(8, 16) + rng.uniform(0, 6))
        line = np.zeros_like(drawn, dtype=np.uint8)
        thickness = max(1, round(columns * rng.uniform(0.004, 0.008)))
        cv2.polylines(line, [np.rint(path * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)
        drawn = np.maximum(drawn, line * np.float32(rng.uniform(0.08, 0.2) / 255))
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.0025 * columns), dtype=np.float32)


def _densities(x: Field, y: Field, nipple: tuple[float, float], rng: np.random.Generator) -> Field:
    """Overlapping normal tissue: bright places without an edge."""
    drawn, columns = np.zeros_like(x), x.shape[1]
    for _ in range(rng.integers(2, 6)):
        middle = nipple[0] * rng.uniform(0.2, 0.85), nipple[1] + rng.normal(0, 0.35) * columns
        long, short, turn = rng.uniform(0.03, 0.09) * columns, rng.uniform(0.02, 0.05) * columns, rng.uniform(0, np.pi)
        along = (x - middle[0]) * np.cos(turn) + (y - middle[1]) * np.sin(turn)
        beside = (y - middle[1]) * np.cos(turn) - (x - middle[0]) * np.sin(turn)
        drawn += rng.uniform(0.1, 0.4) * np.exp(-((along / long) ** 2) - (beside / short) ** 2)
    return np.asarray(drawn, dtype=np.float32)


def _muscle(anatomy: Anatomy, view: str, rows: int, columns: int, rng: np.random.Generator) -> Field:
    """Share of pectoral muscle: a wedge at the upper chest wall on MLO, on some CC films a sliver."""
    y = np.arange(rows, dtype=np.float32)[:, None]
    x = np.arange(columns, dtype=np.float32)[None, :]
    if view == "CC":
        width = columns * rng.uniform(0.01, 0.05) * (rng.random() < 0.3)
        edge = width * np.clip(1 - ((y - rows / 2) / (0.2 * rows)) ** 2, 0, 1)
    else:
        top, end = anatomy.muscle * columns * rng.uniform(0.9, 1.1), rows * rng.uniform(0.42, 0.60)
        edge = top * np.clip(1 - y / end, 0, 1) ** rng.uniform(0.75, 1.0)
    soft = 0.012 * columns
    wedge = step(edge - x, -soft, soft) * (edge > 0)
    if view == "MLO":
        # Fibres run down and to the wall; drawn small, since they are soft.
        fibres = noise(rows // 4 + 1, columns // 4 + 1, rng, exponent=2.5, coarsest=0.03 * columns, stretch=(3.0, 1.0))
        wedge *= 1 + 0.08 * cv2.resize(fibres, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wedge, dtype=np.float32)
