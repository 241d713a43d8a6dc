"""A film as it is stored: optical density, its shorter side four patches long."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.domain import Looked
from deepminer_ray.errors import BadInput
from deepminer_ray.paper import PATCHES_ACROSS
from deepminer_ray.patches.breast import breast_mask
from deepminer_ray.patches.region import Region, kept_region
from deepminer_ray.patches.whole import Framing
from deepminer_ray.sources.density import UNITS_PER_DENSITY
from deepminer_ray.sources.described import reading_of_own
from deepminer_ray.sources.dicom_grey import USUAL, Reading
from deepminer_ray.sources.image import read_image, scan_header

LEAST_BREAST, MOST_BREAST = 0.02, 0.85
"""Shares of a film: with less of it there is no breast, with more no air beside it."""
LIGHT, MOST_LIGHT = 0.2, 0.4
"""Optical density of clear film, and the share of a film that is never as light: of mammograms at 256 px at most 0.03
is, of their negatives at least 0.5 (308 films of CBIS-DDSM)."""
USUAL_BITS = 12


@dataclass(frozen=True, slots=True, eq=False)
class OwnScan:
    """A user's own image as stored film, its size at full resolution in px, and what is odd about it, in words.

    Its region is as `read_scan_and_region` gives it.
    """

    pixels: NDArray[np.uint16]
    rows: int
    columns: int
    oddities: list[str]
    region: Region | None = None


def stored(pixels: NDArray[np.uint16], side: int, across: int = PATCHES_ACROSS) -> NDArray[np.uint16]:
    """A film as `framed`, resized so that its shorter side has `across` patches of `side` px."""
    return framed(pixels, Framing(side, across))


def framed(pixels: NDArray[np.uint16], framing: Framing) -> NDArray[np.uint16]:
    """A film [rows, columns] in density units, resized as the films of a run are stored.

    So is an image in colour [rows, columns, 3], each channel as if it were alone.
    """
    rows, columns = pixels.shape[:2]
    resized = cv2.resize(pixels, framing.size(rows, columns), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint16)


def own_image(
    file: Path, framing: Framing, looked: Looked, reading: Reading = USUAL, unit: str | None = None
) -> OwnScan:
    """An image as the domain looks at it: a film as `own_scan` takes it, others as they are.

    Where masks say what is looked at, it is all of an image that has none.
    """
    if looked.region == "breast":
        return own_scan(file, framing, reading, unit)
    header = scan_header(file, looked.channels)
    pixels = framed(read_image(str(file), looked.channels, reading), framing)
    region = kept_region(pixels, "all" if looked.region == "mask" else looked.region)
    return OwnScan(pixels, header.rows, header.columns, [], region)


def own_scan(file: Path, framing: Framing, reading: Reading = USUAL, unit: str | None = None) -> OwnScan:
    """An image (PNG, TIFF, DICOM ...) as film; BadInput where it is coloured, inverted or shows no breast.

    DICOM is read as the run's was, whose scans have values of this unit; where they have not, that is odd.
    """
    header = scan_header(file)
    reading, oddities = reading_of_own(file, reading, unit)
    pixels = framed(read_image(str(file), reading=reading), framing)
    breast = float(breast_mask(pixels).mean())
    if float((pixels < LIGHT * UNITS_PER_DENSITY).mean()) > MOST_LIGHT:
        raise BadInput(f"{file.name} is light where film is dark: no mammogram, or an inverted one; invert it first.")
    if breast < LEAST_BREAST:
        raise BadInput(f"{file.name} shows no breast: it is dark all over.")
    if header.bits < USUAL_BITS:
        oddities.append(
            f"{file.name} has {header.bits} bits: its {1 << header.bits} grey levels hide faint differences."
        )
    if breast > MOST_BREAST:
        oddities.append(f"{file.name} shows no air beside the breast: all of it is taken for breast.")
    if min(header.rows, header.columns) < min(pixels.shape):
        oddities.append(f"{file.name} is {header.columns} x {header.rows} px, fewer than the network's input.")
    return OwnScan(pixels, header.rows, header.columns, oddities)
