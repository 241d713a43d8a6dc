"""Black and white of images whose files do not say them, decided once for all of a source.

Decided film by film, one tissue would be grey on a film that shows something bright, and white on the next. White of
other files than DICOM belongs here too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.dicom_grey import Reading
from deepminer_ray.sources.image import dicom_extent

LEAST_FILLED = 0.1
"""Share of the range that bits announce: images that fill less are shown over the range of their own."""


def extent_row(row: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """A row of `Unsaid` with how far its grey levels reach, `low` and `high`, and could by its bits, `black`, `white`.

    All are None where it cannot be decoded, which `cut` will say, or is all padding.
    """
    try:
        extent = dicom_extent(row["file"], reading)
    except (BadInput, OSError):
        extent = None
    if extent is None:
        return dict(row) | dict.fromkeys(("low", "high", "black", "white"))
    own, announced = extent.own, extent.announced
    return dict(row) | {"low": own.black, "high": own.white, "black": announced.black, "white": announced.white}


def range_of(group: Sequence[Mapping[str, Any]]) -> tuple[float, float, bool] | None:
    """Black and white of scans that are decided together, and whether these are of their own; None for no scan.

    Scans that fill LEAST_FILLED of the range that their bits announce have that one; else they have their own.
    """
    known = [row for row in group if row["low"] is not None]
    if not known:
        return None
    low, high = min(row["low"] for row in known), max(row["high"] for row in known)
    black, white = min(row["black"] for row in known), max(row["white"] for row in known)
    few = high - low < LEAST_FILLED * (white - black)
    return (low, high, True) if few else (black, white, False)
