"""What a unit looks at: its top patches, segmented by the binarized and upsampled response map (Sec. 2.2, Fig. 3)."""

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.density import brightness

DIMMED = 0.2
"""Brightness left outside the segmentation, as in the authors' pictures."""


def displayed(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Density units as a viewer shows them: 0 (black) at density 3.0 and above, 1 (white) at 0.05 and below."""
    return brightness(pixels.astype(np.float32))


def segmented(response: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Where the unit responds: above the threshold, and nowhere for a unit that never responds at all."""
    return (response > threshold) & (response > 0)
