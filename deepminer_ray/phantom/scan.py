"""From a drawn breast to a digitized film: air, glare, grain, label, scratches, strips, and the side it lies on."""

from dataclasses import dataclass

import cv2
import numpy as np

from deepminer_ray.phantom.breast import Breast
from deepminer_ray.phantom.texture import Field, Mask

WHITEST, SHOULDER = 0.32, 0.12
"""Optical density that no tissue goes below, and how softly it is approached."""

BARE = 0.22
"""Optical density of film that saw no light: labels and strips."""

LABELLED, STRIPPED, SCRATCHED = 0.92, 0.12, 0.15
"""Shares of films with a label, with an unexposed strip and with scratches."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a film's exposure does: optical density of air, and how strongly tissue shows."""

    air: float
    contrast: float

    @staticmethod
    def of(rng: np.random.Generator) -> "Exposure":
        """One film's exposure."""
        return Exposure(air=rng.uniform(2.85, 3.4), contrast=rng.uniform(0.95, 1.12))


def density_of(breast: Breast, text: str, flipped: bool, rng: np.random.Generator) -> Field:
    """The film's optical density [rows, columns]; `flipped` puts the chest wall on the right. `text` is its label."""
    exposure = Exposure.of(rng)
    # A darker film is one exposed longer: air and tissue darken together, tissue less.
    density = exposure.air - breast.attenuation * exposure.contrast * (exposure.air / 3.1) ** 0.5
    density = WHITEST + SHOULDER * np.logaddexp(0, (density - WHITEST) / SHOULDER)
    if flipped:
        density = density[:, ::-1]
    density = np.ascontiguousarray(density, dtype=np.float32)
    if rng.random() < LABELLED:
        _label(density, text, breast.mask[:, ::-1] if flipped else breast.mask, flipped, rng)
    if rng.random() < SCRATCHED:
        _scratch(density, rng)
    if rng.random() < STRIPPED:
        _strip(density, rng)
    grain = cv2.GaussianBlur(rng.standard_normal(density.shape, dtype=np.float32), (0, 0), 0.7)
    density += grain * (0.015 + 0.012 * density)
    return np.asarray(np.clip(density, 0.05, 3.6))


def _label(density: Field, text: str, breast: Mask, flipped: bool, rng: np.random.Generator) -> None:
    """A bright plate with the view's letters, away from the chest wall; none where the breast leaves no room."""
    rows, columns = density.shape
    width, height = round(columns * rng.uniform(0.13, 0.17)), round(columns * rng.uniform(0.055, 0.075))
    letters = np.zeros((height, width), dtype=np.uint8)
    (across, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)
    size = min(0.8 * width / across, 0.6 * height / tall)
    across, tall = round(size * across), round(size * tall)
    corner = ((width - across) // 2, (height + tall) // 2)
    cv2.putText(letters, text, corner, cv2.FONT_HERSHEY_SIMPLEX, size, 255, max(1, round(2 * size)), cv2.LINE_AA)
    plate = BARE + rng.uniform(0, 0.15) + letters * np.float32(2 / 255)
    outer = round(columns * rng.uniform(0.02, 0.08))
    x = outer if flipped else columns - width - outer
    y = round(rows * (rng.uniform(0.02, 0.08) if rng.random() < 0.7 else rng.uniform(0.86, 0.92)))
    if not breast[max(y - height, 0) : y + 2 * height, x : x + width].any():
        density[y : y + height, x : x + width] = plate


def _scratch(density: Field, rng: np.random.Generator) -> None:
    """One to three fine straight lines, a little brighter."""
    rows, columns = density.shape
    for _ in range(rng.integers(1, 4)):
        line = np.zeros(density.shape, dtype=np.uint8)
        start = rng.uniform(0, 1, 2) * (columns, rows)
        end = start + rng.normal(0, 0.15, 2) * columns
        points = [(int(point[0]), int(point[1])) for point in (start, end)]
        cv2.line(line, points[0], points[1], 255, 1, cv2.LINE_AA)
        density -= line * np.float32(rng.uniform(0.1, 0.3) / 255) * (density > 1)


def _strip(density: Field, rng: np.random.Generator) -> None:
    """A bright border where the film lay outside the beam."""
    columns = density.shape[1]
    width = max(2, round(columns * rng.uniform(0.005, 0.02)))
    edge = (density[:, :width], density[:, -width:], density[:width], density[-width:])[rng.integers(0, 4)]
    edge[:] = BARE + 0.08
