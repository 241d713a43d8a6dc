"""Patches as another film could have shown them: turned, or exposed and developed otherwise."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from deepminer_ray.sources.density import UNITS_PER_DENSITY


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is drawn for every patch at every step; by default nothing.

    `rotation` is the largest angle in degrees, `jitter` the largest change of optical density and of contrast (0.1:
    from 0.1 lighter to 0.1 darker, contrast from 90 to 110 %), `flips` mirrors half of all patches either way.
    """

    flips: bool = False
    rotation: float = 0.0
    jitter: float = 0.0

    def __call__(self, density: torch.Tensor) -> torch.Tensor:
        """Patches [n, side, side] in density units as float32, drawn with torch's random numbers."""
        pixels = density.float()
        if self.flips:
            pixels = _flipped(_flipped(pixels, 1), 2)
        if self.rotation:
            pixels = _turned(pixels, self.rotation)
        if self.jitter:
            pixels = _exposed(pixels, self.jitter)
        return pixels


NO_AUGMENTATION = Augmentation()


def _flipped(pixels: torch.Tensor, axis: int) -> torch.Tensor:
    chosen = torch.rand(len(pixels), 1, 1) < 0.5
    return torch.where(chosen.to(pixels.device), pixels.flip(axis), pixels)


def _turned(pixels: torch.Tensor, rotation: float) -> torch.Tensor:
    """Turned about the middle, mirrored at the edges: black corners would be a finding of their own."""
    angle = (2 * torch.rand(len(pixels)) - 1) * math.radians(rotation)
    cosine, sine, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    matrix = torch.stack([torch.stack([cosine, -sine, none], 1), torch.stack([sine, cosine, none], 1)], 1)
    grid = functional.affine_grid(matrix.to(pixels.device), [len(pixels), 1, *pixels.shape[1:]], align_corners=False)
    turned = functional.grid_sample(pixels.unsqueeze(1), grid, padding_mode="reflection", align_corners=False)
    result: torch.Tensor = turned.squeeze(1)
    return result


def _exposed(pixels: torch.Tensor, jitter: float) -> torch.Tensor:
    shift, stretch = ((2 * torch.rand(2, len(pixels), 1, 1) - 1) * jitter).to(pixels.device)
    middle = pixels.mean((1, 2), keepdim=True)
    exposed: torch.Tensor = (pixels - middle) * (1 + stretch) + middle + shift * UNITS_PER_DENSITY
    return exposed
