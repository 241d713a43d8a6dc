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
        film = density.float()
        if self.flips:
            film = _flipped(_flipped(film, 1), 2)
        if self.rotation:
            film = _turned(film, self.rotation)
        if self.jitter:
            film = _exposed(film, self.jitter)
        return film


NO_AUGMENTATION = Augmentation()


def _flipped(film: torch.Tensor, axis: int) -> torch.Tensor:
    chosen = torch.rand(len(film), 1, 1) < 0.5
    return torch.where(chosen.to(film.device), film.flip(axis), film)


def _turned(film: torch.Tensor, rotation: float) -> torch.Tensor:
    """Turned about the middle, mirrored at the edges: black corners would be a finding of their own."""
    angle = (2 * torch.rand(len(film)) - 1) * math.radians(rotation)
    cosine, sine, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    matrix = torch.stack([torch.stack([cosine, -sine, none], 1), torch.stack([sine, cosine, none], 1)], 1)
    grid = functional.affine_grid(matrix.to(film.device), [len(film), 1, *film.shape[1:]], align_corners=False)
    turned = functional.grid_sample(film.unsqueeze(1), grid, padding_mode="reflection", align_corners=False)
    result: torch.Tensor = turned.squeeze(1)
    return result


def _exposed(film: torch.Tensor, jitter: float) -> torch.Tensor:
    shift, stretch = ((2 * torch.rand(2, len(film), 1, 1) - 1) * jitter).to(film.device)
    middle = film.mean((1, 2), keepdim=True)
    exposed: torch.Tensor = (film - middle) * (1 + stretch) + middle + shift * UNITS_PER_DENSITY
    return exposed
