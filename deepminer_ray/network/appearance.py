"""What the network sees of a film."""

import numpy as np
import torch
from numpy.typing import NDArray

from deepminer_ray.sources.density import FULL, brightness

NORMALISATION = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "caffe": ((103.939 / 255, 116.779 / 255, 123.68 / 255), (1 / 255, 1 / 255, 1 / 255)),
}
"""Mean and deviation of the three channels (of images in 0..1) that pretrained weights expect."""
BLUE_FIRST = ("caffe",)
"""Normalisations of weights that were trained on blue, green and red in this order."""


def network_input(pixels: NDArray[np.uint16] | torch.Tensor, normalisation: str) -> torch.Tensor:
    """Films [n, rows, columns] in density units as float32 [n, 3, rows, columns]: bright tissue high, air low.

    The density is clipped to what the scanners resolve and scaled to 0..1 as on a light box, so that one number means
    one density whatever the digitizer; the three channels are equal but for the normalisation of the weights.
    Images in colour [n, rows, columns, 3] become their values from 0 to 1, each channel normalised as its weights
    expect. Channels last, which is faster on every CPU.
    """
    levels = pixels.float() if isinstance(pixels, torch.Tensor) else torch.from_numpy(pixels.astype(np.float32))
    if levels.ndim > 3:
        channels = (levels / FULL).movedim(-1, 1)
        channels = channels.flip(1) if normalisation in BLUE_FIRST else channels
    else:
        channels = brightness(levels).unsqueeze(1)
    mean, deviation = (
        torch.tensor(channel, device=levels.device).view(1, 3, 1, 1) for channel in NORMALISATION[normalisation]
    )
    return ((channels - mean) / deviation).contiguous(memory_format=torch.channels_last)
