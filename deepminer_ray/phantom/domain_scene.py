"""Draws a made-up image of a domain: a body or plain paper, and on it findings with the looks of their terms."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.domain import Domain
from deepminer_ray.phantom.domain_plan import SCENE, PlannedImage, PlantedFinding
from deepminer_ray.phantom.outline import Polygon, outlines_of
from deepminer_ray.phantom.plan import random_numbers
from deepminer_ray.phantom.surface import surface_of
from deepminer_ray.phantom.texture import Field, Mask, noise
from deepminer_ray.phantom.trait import CLASS_TRAIT, EDGES, HUES, INNER, Look, Trait

RADII = (0.3, 0.38)
"""Of findings of size 1, as shares of a patch's side."""
PLACES_TRIED = 200
GROUND, GROUND_CONTRAST, OUTSIDE = 0.42, 0.05, 0.02
"""Brightness of what is between findings, how much it varies, and that of plain background around it."""
BODY_REGIONS = ("breast", "foreground", "mask")
"""Regions that are less than the whole image: a body on a plain background."""
SURFACE_CONTRAST = 0.22
FINER_OUTLINE = 4
"""Outlines are drawn this much larger and averaged down."""
SLANT = 10
"""Degrees by which a finding may be turned at random, less than traits are apart."""
PALE = (214, 196, 170)
"""A finding in colour of which no term says a hue."""
PAPER = np.array([1.12, 1.0, 0.92], np.float32)
"""Tint of what is between findings, in colour."""
INSET = 0.55
"""Bands and cores begin at this share of the greatest depth in a finding."""
GLYPH = 0.55
"""Radius of a glyph, as a share of the greatest depth."""


@dataclass(frozen=True, slots=True)
class DrawnFinding:
    """A finding on an image: its outline as polygons of points (x, y) in px, where the first pixel is from 0 to 1."""

    planted: PlantedFinding
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True, slots=True)
class DomainScene:
    """A made-up image 0..1, [rows, columns] or [rows, columns, 3], its region, and the findings that had room on it."""

    pixels: Field
    region: Mask
    findings: tuple[DrawnFinding, ...]


def look_of(planted: PlantedFinding, traits: dict[str, dict[str, Trait]]) -> Look:
    """What the terms of a finding and, where it has a trait, its class make of it."""
    said = planted.terms | {CLASS_TRAIT: planted.class_name}
    chosen = [traits[name][term] for name, term in said.items() if name in traits and term in traits[name]]
    return Look(**{key: value for trait in chosen for key, value in trait.changes.items()})


def draw_scene(domain: Domain, image: PlannedImage, traits: dict[str, dict[str, Trait]], seed: int) -> DomainScene:
    """An image as planned; findings for which there is no room are left out."""
    channels = domain.looked.channels
    rng = random_numbers(seed, SCENE, image.number, 1)
    region = _body(image, rng) if domain.looked.region in BODY_REGIONS else np.ones((image.rows, image.columns), bool)
    pixels = ground(region, channels, rng)
    patch = image.columns / domain.looked.patches_across
    taken: list[tuple[float, float, float]] = []
    drawn: list[DrawnFinding] = []
    for number, planted in enumerate(image.findings):
        own = random_numbers(seed, SCENE, image.number, 2 + number)
        look = look_of(planted, traits)
        radius = min(own.uniform(*RADII) * patch, 0.3 * min(region.shape)) * look.size
        spot = _spot(region, radius, taken, own)
        if spot is None:
            continue
        taken.append((*spot, radius))
        polygons = _placed(look, radius, spot, own)
        paint(pixels, polygons, look, radius, spot, own)
        drawn.append(DrawnFinding(planted, polygons))
    return DomainScene(pixels, region, tuple(drawn))


def ground(region: Mask, channels: int, rng: np.random.Generator) -> Field:
    """What is between findings: power-law grain in the region, plain around it."""
    grain = noise(region.shape[0], region.shape[1], rng, exponent=2.6, coarsest=region.shape[1] / 6)
    field = np.where(region, np.clip(GROUND + GROUND_CONTRAST * grain, 0.2, 0.65), OUTSIDE).astype(np.float32)
    return field if channels == 1 else np.asarray(field[..., np.newaxis] * PAPER, np.float32)


def _body(image: PlannedImage, rng: np.random.Generator) -> Mask:
    """A body that fills most of the image, with an uneven edge."""
    y, x = np.mgrid[: image.rows, : image.columns].astype(np.float32) + np.float32(0.5)
    across, down = 2 * x / image.columns - 1, 2 * y / image.rows - 1
    edge = 0.93 + 0.03 * np.sin(3 * np.arctan2(down, across) + rng.uniform(0, 2 * np.pi))
    return np.asarray((np.abs(across) ** 4 + np.abs(down) ** 4) ** 0.25 < edge)


def _spot(
    region: Mask, radius: float, taken: list[tuple[float, float, float]], rng: np.random.Generator
) -> tuple[float, float] | None:
    """A middle (x, y) for a finding that lies whole in the region, away from others; None where none was hit upon."""
    rows, columns = region.shape
    angle = np.linspace(0, 2 * np.pi, 24)
    for _ in range(PLACES_TRIED):
        x, y = rng.uniform(radius, columns - radius), rng.uniform(radius, rows - radius)
        across = np.clip(x + radius * np.cos(angle), 0, columns - 1).astype(int)
        down = np.clip(y + radius * np.sin(angle), 0, rows - 1).astype(int)
        clear = all(np.hypot(x - left, y - top) > radius + other + 3 for left, top, other in taken)
        if clear and region[down, across].all():
            return float(x), float(y)
    return None


def _placed(look: Look, radius: float, spot: tuple[float, float], rng: np.random.Generator) -> tuple[Polygon, ...]:
    """The polygons of a look on the image, in px."""
    turn = np.radians(look.tilt + rng.uniform(-SLANT, SLANT))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    longer = np.array([1, look.stretch])
    return tuple(
        np.round(points * longer @ turned * radius + np.array(spot), 2)
        for points in outlines_of(look.outline, look.copies)
    )


def covered(shape: tuple[int, ...], polygons: tuple[Polygon, ...]) -> Field:
    """The share 0..1 of each pixel that polygons cover."""
    canvas = np.zeros((shape[0] * FINER_OUTLINE, shape[1] * FINER_OUTLINE), np.uint8)
    for polygon in polygons:
        points = np.rint((polygon * FINER_OUTLINE - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(canvas, [points], 255, cv2.LINE_8, 4)
    small = cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def paint(
    pixels: Field,
    polygons: tuple[Polygon, ...],
    look: Look,
    radius: float,
    spot: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Paint a finding of a look over pixels."""
    rows, columns = pixels.shape[:2]
    reach = int(np.ceil(radius)) + 3
    top, left = max(0, int(spot[1]) - reach), max(0, int(spot[0]) - reach)
    bottom, right = min(rows, int(spot[1]) + reach + 1), min(columns, int(spot[0]) + reach + 1)
    shape, corner = (bottom - top, right - left), np.array([left, top])
    share = covered(shape, tuple(polygon - corner for polygon in polygons))
    depth = np.asarray(cv2.distanceTransform((share > 0.5).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    deepest = max(float(depth.max()), 1.0)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32) + np.float32(0.5)
    x, y = (x - np.float32(spot[0])) / np.float32(radius), (y - np.float32(spot[1])) / np.float32(radius)
    surface = surface_of(look.surface, look.part, x, y, radius, rng)
    value = np.clip(look.level + SURFACE_CONTRAST * (surface - 0.2) * (surface != 0), 0.03, 1).astype(np.float32)
    beads = np.cos(12 * np.arctan2(y, x)) > 0
    value = _with_core(
        _rimmed(value, EDGES[look.edge], depth, radius, beads), INNER[look.inner], depth / deepest, beads
    )
    if look.glyph is not None:
        value = _with_glyph(value, look, depth, deepest)
    if EDGES[look.edge] == "soft":
        share = share * np.clip(0.12 + depth / (0.75 * deepest), 0, 1)
    painted = value if pixels.ndim == 2 else _in_colour(value, look, depth / deepest)
    weight = share if pixels.ndim == 2 else share[..., np.newaxis]
    pixels[top:bottom, left:right] = pixels[top:bottom, left:right] * (1 - weight) + painted * weight


def _rimmed(value: Field, edge: str, depth: Field, radius: float, beads: NDArray[np.bool_]) -> Field:
    """A rim along the outline."""
    outer, inner = depth < 0.1 * radius, (depth >= 0.1 * radius) & (depth < 0.2 * radius)
    rims = {
        "bright rim": [(outer, 1.0)],
        "dark rim": [(outer, 0.03)],
        "double rim": [(outer, 1.0), (inner, 0.03)],
        "beaded rim": [((outer | inner) & beads, 0.03)],
    }
    for where, level in rims.get(edge, ()):
        value = np.where(where, np.float32(level), value)
    return value


def _with_core(value: Field, inner: str, depth: Field, beads: NDArray[np.bool_]) -> Field:
    """A band, core or beads further in; `depth` as a share of the greatest."""
    if inner == "nothing":
        return value
    kind, where = inner.split()
    place = depth > INSET if where == "core" else (depth > INSET - 0.15) & (depth < INSET + 0.15)
    place = place & beads if kind == "beaded" else place
    return np.where(place, np.float32(1.0 if kind == "bright" else 0.03), value)


def _with_glyph(value: Field, look: Look, depth: Field, deepest: float) -> Field:
    """A small shape where the finding is deepest."""
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    middle = np.array([column + 0.5, row + 0.5])
    glyph = tuple(points * GLYPH * deepest + middle for points in outlines_of(look.glyph or 0))
    share = covered(value.shape, glyph)
    return np.asarray(value * (1 - share) + (0.0 if look.dark_glyph else 1.0) * share, np.float32)


def _in_colour(value: Field, look: Look, depth: Field) -> Field:
    """Brightness as a colour [rows, columns, 3]: the hue at a brightness of 0.8, black at 0, white at 1."""
    hues = list(HUES.values())
    outer = np.array(PALE if look.hue is None else hues[look.hue], np.float32) / 255
    colour = np.broadcast_to(outer, (*value.shape, 3))
    if look.core is not None:
        colour = np.where((depth > INSET)[..., np.newaxis], np.array(hues[look.core], np.float32) / 255, colour)
    lighter = np.clip((value - 0.8) / 0.2, 0, 1)[..., np.newaxis]
    darker = np.clip(value / 0.8, 0, 1)[..., np.newaxis]
    return np.asarray(colour * darker * (1 - lighter) + lighter, np.float32)
