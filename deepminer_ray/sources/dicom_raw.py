"""DICOM images for processing: what the detector counted, which no one reads as it is, made a display value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.density import FULL
from deepminer_ray.sources.dicom import numbers_of, words_of

FOR_PROCESSING = "FOR PROCESSING"
RAW_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.1.{kind}.1" for kind in (1, 2, 3))
"""Digital X-ray, mammography and intra-oral images for processing (PS3.6)."""

AIR_SHARE = 0.01
"""Air is what at most this share of the pixels is brighter than: more of a film than dust and dead pixels are."""
WHITE = 5.0
"""White is where one ray in e ** 5 = 148 comes through: less than through dense tissue of 6 cm."""
LOG_SHARE = 0.001
"""Where values are logarithms of an unknown unit, this share of the pixels is white."""


def is_raw(dataset: Any) -> bool:
    """Whether an image is for processing, by what it is or says it is meant for."""
    intent = [word.upper() for word in words_of(dataset, "PresentationIntentType")[:1]]
    return intent == [FOR_PROCESSING] or words_of(dataset, "SOPClassUID")[:1] in [[kind] for kind in RAW_CLASSES]


def raw_display(
    dataset: Any, values: NDArray[np.float64], padding: NDArray[np.bool_], counts: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """The display value of each code from its calibrated value and how many pixels have it.

    What counts is how much of the rays the breast takes: ln(air / value) from 0 to WHITE for black to white, so that
    one value means one attenuation whatever the exposure was. Where values are logarithms already, black is air, and
    white what LOG_SHARE of the pixels exceed. PixelIntensityRelationship and its sign say which they are (PS3.3
    C.8.11.3.1.2); without them they are linear, and more where more rays arrive.
    """
    signs = numbers_of(dataset, "PixelIntensityRelationshipSign")
    linear = [word.upper() for word in words_of(dataset, "PixelIntensityRelationship")[:1]] in ([], ["LIN"])
    rays = values.max() - values if signs[:1] == [-1.0] else values - min(0.0, values.min())
    logarithm = np.log(np.maximum(rays, 1)) if linear else rays
    counted = counts * ~padding
    air = _quantile(logarithm, counted, 1 - AIR_SHARE)
    span = WHITE if linear else air - _quantile(logarithm, counted, LOG_SHARE)
    taken = np.clip((air - logarithm) / (span or 1.0), 0, 1)
    return np.where(padding, 0, np.rint(taken * FULL)).astype(np.uint16)


def _quantile(values: NDArray[np.float64], counts: NDArray[np.int64], share: float) -> float:
    """The least of the values that so large a share of what was counted does not exceed."""
    order = np.argsort(values)
    below = np.cumsum(counts[order])
    place = np.searchsorted(below, share * below[-1])
    return float(values[order[min(place, len(order) - 1)]])
