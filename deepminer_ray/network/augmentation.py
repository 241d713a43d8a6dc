"""Patches as another film or photograph could have shown them: turned, or exposed and developed otherwise."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from deepminer_ray.sources.density import FULL, UNITS_PER_DENSITY


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is drawn for every patch at every step; by default nothing.

    `rotation` is the largest angle in degrees, `jitter` the largest change of optical density and of contrast (0.1:
    from 0.1 lighter to 0.1 darker, contrast from 90 to 110 %), `flips` mirrors half of all patches either way. In
    colour `jitter` changes brightness, of which 1 is all, instead of density; all channels change alike.
    """

    flips: bool = False
    rotation: float = 0.0
    jitter: float = 0.0

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Patches [n, side, side] in density units, or [n, side, side, 3] in colour, as float32.

        They are drawn with torch's random numbers.
        """
        pixels = patches.float()
        if self.flips:
            pixels = _flipped(_flipped(pixels, 1), 2)
        if self.rotation:
            pixels = _turned(pixels, self.rotation)
        if self.jitter:
            pixels = _exposed(pixels, self.jitter)
        return pixels


NO_AUGMENTATION = Augmentation()


def _flipped(pixels: torch.Tensor, axis: int) -> torch.Tensor:
    chosen = _of_each(torch.rand(len(pixels)) < 0.5, pixels)
    return torch.where(chosen, pixels.flip(axis), pixels)


def _of_each(drawn: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """What is drawn for each patch [n], to be taken with all of its values."""
    return drawn.view(-1, *[1] * (pixels.ndim - 1)).to(pixels.device)


def _turned(pixels: torch.Tensor, rotation: float) -> torch.Tensor:
    """Turned about the middle, mirrored at the edges: black corners would be a finding of their own."""
    angle = (2 * torch.rand(len(pixels)) - 1) * math.radians(rotation)
    cosine, sine, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    tall = pixels.shape[1] / pixels.shape[2]  # places are from -1 to 1 along either side
    matrix = torch.stack([torch.stack([cosine, -sine * tall, none], 1), torch.stack([sine / tall, cosine, none], 1)], 1)
    channels = pixels.movedim(-1, 1) if pixels.ndim > 3 else pixels.unsqueeze(1)
    grid = functional.affine_grid(matrix.to(pixels.device), list(channels.shape), align_corners=False)
    turned = functional.grid_sample(channels, grid, padding_mode="reflection", align_corners=False)
    result: torch.Tensor = turned.movedim(1, -1) if pixels.ndim > 3 else turned.squeeze(1)
    return result


def _exposed(pixels: torch.Tensor, jitter: float) -> torch.Tensor:
    shift, stretch = (_of_each(drawn, pixels) for drawn in (2 * torch.rand(2, len(pixels)) - 1) * jitter)
    colour = pixels.ndim > 3
    middle = pixels.mean((1, 2, 3)[: pixels.ndim - 1], keepdim=True)
    exposed: torch.Tensor = (pixels - middle) * (1 + stretch) + middle + shift * (FULL if colour else UNITS_PER_DENSITY)
    return exposed.clip(0, FULL) if colour else exposed  # what is shown of a density has bounds of its own
