"""From grey levels to optical density: DDSM's four digitizers, and displayed images without a calibration."""

import functools
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput

FloatPixels = TypeVar("FloatPixels")

UNITS_PER_DENSITY = 10_000
"""A film in memory is optical density x 10,000 in uint16: steps finer than any digitizer's, up to 6.5535."""

DIGITIZERS = {"DBA": (16, 42.0), "HOWTEK_MGH": (12, 43.5), "HOWTEK_ISMD": (12, 43.5), "LUMISYS": (12, 50.0)}
"""Bits of a pixel and its size in um."""

DISPLAY = "DISPLAY"
"""Images without calibration, such as CBIS-DDSM's: black is density 3.0, white 0.05."""
COLOUR = "COLOUR"
"""Images in colour: red, green and blue as they are, no density."""
FULL = 65_535
"""The most that a channel in colour has."""
DISPLAY_BLACK, DISPLAY_WHITE = 3.0, 0.05
"""What the scanners resolve (DDSM's own noise correction clips there): above lies noise, below glare."""
DISPLAY_RANGE = DISPLAY_BLACK - DISPLAY_WHITE

# OD = (log10(grey) - a) / b; USF, calibrate/DBA_Scanner_info.html.
DBA_OFFSET, DBA_SLOPE = 4.80662, -1.07553

LINEAR = {
    # OD = a + b grey; USF, ddsmraw2pnm.c.
    "HOWTEK_MGH": (3.789, -0.00094568),
    "HOWTEK_ISMD": (3.96604095240593, -0.00099055807612),
    # OD = (grey - 4096.99) / -1009.01; USF, calibrate/Lumisys_Scanner_info.html, as measured.
    "LUMISYS": (4096.99 / 1009.01, -1 / 1009.01),
}


def brightness(pixels: FloatPixels) -> FloatPixels:
    """Density units, as floats of numpy's or torch's, as on a light box: 0 at density 3.0 and above, 1 at 0.05."""
    units: Any = pixels
    seen: FloatPixels = (DISPLAY_BLACK - (units / UNITS_PER_DENSITY).clip(DISPLAY_WHITE, DISPLAY_BLACK)) / DISPLAY_RANGE
    return seen


def to_density(grey: NDArray[np.uint16], digitizer: str, maximum: int = 65535) -> NDArray[np.uint16]:
    """Turn grey levels into density units; `maximum` is the white of a DISPLAY image and means nothing elsewhere."""
    table = _table(digitizer, maximum if digitizer == DISPLAY else 65535)
    # A third of the time that table[grey] takes.
    return np.asarray(cv2.LUT(grey, table), dtype=np.uint16).reshape(grey.shape)


@functools.cache
def _table(digitizer: str, maximum: int) -> NDArray[np.uint16]:
    grey = np.arange(1 << 16, dtype=np.float64)
    if digitizer == "DBA":
        # Grey level 0 has no density: it is as black as 1.
        density = (np.log10(np.maximum(grey, 1)) - DBA_OFFSET) / DBA_SLOPE
    else:
        offset, slope = _calibration_line(digitizer, maximum)
        density = offset + slope * grey
    table = np.rint(np.clip(density * UNITS_PER_DENSITY, 0, 65535)).astype(np.uint16)
    table.flags.writeable = False
    return table


def to_grey(density: NDArray[np.floating], digitizer: str) -> NDArray[np.uint16]:
    """Turn optical density (not its units) into the nearest grey level the digitizer has; DISPLAY has 65,536."""
    bits, _ = DIGITIZERS.get(digitizer, (16, 0.0))
    if digitizer == "DBA":
        grey = 10 ** (DBA_OFFSET + DBA_SLOPE * density)
    else:
        offset, slope = _calibration_line(digitizer, (1 << bits) - 1)
        grey = (density - offset) / slope
    lowest = 1 if digitizer == "DBA" else 0
    levels: NDArray[np.uint16] = np.rint(np.clip(grey, lowest, (1 << bits) - 1)).astype(np.uint16)
    return levels


def _calibration_line(digitizer: str, maximum: int) -> tuple[float, float]:
    if digitizer == DISPLAY:
        return DISPLAY_BLACK, -DISPLAY_RANGE / maximum
    if digitizer not in LINEAR:
        known = ", ".join([*DIGITIZERS, DISPLAY])
        raise BadInput(f"The digitizer {digitizer!r} has no calibration: use one of {known}.")
    return LINEAR[digitizer]
