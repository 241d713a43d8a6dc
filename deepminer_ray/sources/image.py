"""Grey images of 8 to 16 bits: PNG, TIFF and what else Pillow reads, and DICOM through pydicom."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place, read_start, refuse_special
from deepminer_ray.sources.bounds import refuse_size
from deepminer_ray.sources.density import DISPLAY, to_density

MODES = {"1": 1, "L": 8, "I;16": 16, "I;16B": 16, "I;16L": 16}
"""Pillow's names of the grey images that are read, and their bits."""
COLOUR_MODES = {"RGB": 8}
"""The same of images of three channels."""
FEWEST_BITS = 8
"""An image of fewer grey levels is a mask."""
WHITES = (4095, 16383, 65535)
"""Images of 12 and 14 bits are commonly stored in 16, and PNG and TIFF do not say so."""

DICOM_PREAMBLE, DICOM_MAGIC = 128, b"DICM"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Size in px and bits of a grey level."""

    rows: int
    columns: int
    bits: int


def read_header(file: Place, what: str = "image", channels: int = 1) -> ImageHeader:
    """Size and bits of an image of so many channels; BadInput, naming it as `what`, for others, pages or damage."""
    if _is_dicom(file, what):
        if channels > 1:
            raise BadInput(f"The {what} {file.name} is DICOM, which is read as grey, and not in colour.")
        dataset = _dicom(file, what, pixels=False)
        refuse_size(int(dataset.Rows), int(dataset.Columns), what)
        return ImageHeader(int(dataset.Rows), int(dataset.Columns), int(dataset.BitsStored))
    try:
        with file.open("rb") as stream, Image.open(stream) as image:
            mode, columns, rows = image.mode, image.width, image.height
            several = getattr(image, "is_animated", False) or getattr(image, "n_frames", 1) > 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(f"The {what} {file.name} cannot be read: {error}") from error
    if several:
        raise BadInput(f"The {what} {file.name} has more than one page: give each its own file.")
    modes = MODES if channels == 1 else COLOUR_MODES
    if mode not in modes:
        kind = "grey of 8 or 16 bits" if channels == 1 else "in colour (RGB)"
        raise BadInput(f"The {what} {file.name} is {mode}, not {kind}.")
    refuse_size(rows, columns, what)
    return ImageHeader(rows, columns, modes[mode])


def scan_header(file: Place, channels: int = 1) -> ImageHeader:
    """The header of an image that is to be a film; BadInput where it is black and white, as masks are.

    `channels` are those that the domain looks at: BadInput where the image has others.
    """
    header = read_header(file, channels=channels)
    if header.bits < FEWEST_BITS:
        raise BadInput(f"The image {file.name} is black and white, not grey of 8 to 16 bits.")
    return header


def read_image(file: str) -> NDArray[np.uint16]:
    """A displayed film in density units [rows, columns]; BadInput where it is not grey or cannot be decoded."""
    scan_header(place(file))
    grey, white = read_pixels(place(file))
    return to_density(grey.astype(np.uint16), DISPLAY, white)


def read_pixels(file: Place, what: str = "image") -> tuple[NDArray[np.generic], int]:
    """Grey levels [rows, columns], bright tissue high, and the level that is white; BadInput as `read_header`.

    White is 255 of 8 bits, what DICOM says, else the least of 4095, 16383 and 65535 that holds the image.
    """
    header, dicom = read_header(file, what), _is_dicom(file, what)
    bits = header.bits
    try:
        if dicom:
            grey: NDArray[np.generic] = _dicom_pixels(_dicom(file, what, pixels=True))
        else:
            with file.open("rb") as stream, Image.open(stream) as image:
                grey = np.asarray(image)
    except BadInput:
        raise
    except Exception as error:  # a damaged image raises whatever its first wrong value leads to
        raise BadInput(f"The {what} {file.name} cannot be decoded: {error}") from error
    if grey.shape != (header.rows, header.columns):  # what comes after the pixels may say otherwise
        raise BadInput(f"The {what} {file.name} has pixels of shape {grey.shape}: its header says otherwise.")
    if dicom or bits <= 8:
        return grey, (1 << bits) - 1
    return grey, next(white for white in WHITES if int(grey.max()) <= white)


def _is_dicom(file: Place, what: str) -> bool:
    refuse_special(file)
    try:
        return read_start(file, DICOM_PREAMBLE + len(DICOM_MAGIC))[DICOM_PREAMBLE:] == DICOM_MAGIC
    except OSError as error:
        raise BadInput(f"The {what} {file.name} cannot be read: {error.strerror}") from error


def _dicom(file: Place, what: str, pixels: bool) -> Any:
    import pydicom  # half a second that DDSM's films need not pay

    try:
        with file.open("rb") as stream:
            dataset = pydicom.dcmread(stream, stop_before_pixels=not pixels)
        plain = (dataset.SamplesPerPixel, dataset.get("NumberOfFrames", 1), dataset.PixelRepresentation) == (1, 1, 0)
        plain = plain and dataset.Rows > 0 < dataset.Columns and 1 <= dataset.BitsStored <= 16
        plain = plain and dataset.get("PhotometricInterpretation") in ("MONOCHROME1", "MONOCHROME2")
    except Exception as error:  # a damaged header raises whatever its first wrong value leads to
        raise BadInput(f"The {what} {file.name} cannot be read: {error}") from error
    if not plain:
        raise BadInput(f"The {what} {file.name} is not one grey image of at most 16 bits without sign.")
    return dataset


def _dicom_pixels(dataset: Any) -> NDArray[np.generic]:
    grey: NDArray[np.uint16] = dataset.pixel_array
    white = (1 << int(dataset.BitsStored)) - 1
    return np.uint16(white) - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey
