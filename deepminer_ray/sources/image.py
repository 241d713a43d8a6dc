"""Images of 8 to 16 bits, grey or in colour: PNG, TIFF and what else Pillow reads, and DICOM through pydicom.

Pixels lie as the file has them: what EXIF says of how a camera was held is not followed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place, read_start
from deepminer_ray.sources.bounds import refuse_size
from deepminer_ray.sources.density import DISPLAY, FULL, to_density
from deepminer_ray.sources.dicom import Layout, colour_values, is_dicom, layout_of, read_dataset, read_pixel_data
from deepminer_ray.sources.dicom_decode import refuse_undecodable, stored_values
from deepminer_ray.sources.dicom_grey import USUAL, Extent, Reading, density_of_codes, extent_of, grey_of
from deepminer_ray.sources.dicom_raw import is_raw
from deepminer_ray.sources.dicom_views import TOMOSYNTHESIS

MODES = {"1": 1, "L": 8, "I;16": 16, "I;16B": 16, "I;16L": 16}
"""Pillow's names of the grey images that are read, and their bits."""
FEWEST_BITS = 8
"""An image of fewer grey levels is a mask."""
WHITES = (4095, 16383, 65535)
"""Images of 12 and 14 bits are commonly stored in 16, and PNG and TIFF do not say so."""

RGB = 3
"""Channels of an image in colour."""
COLOUR_MODES = ("RGB", "RGBA", "P")
"""Pillow's names of the images in colour that are read: a palette becomes RGB, an opaque alpha is left out."""
COLOUR_FORMATS = ("BMP", "JPEG", "MPO", "PNG", "TIFF", "WEBP")
"""Of these 8 bits are 8; others may have more, of which Pillow says nothing."""
BITS_PER_SAMPLE = 258
"""TIFF's tag."""

KINDS_OF_IMAGE = {1: "grey of 8 to 16 bits", RGB: "in colour (RGB of 8 or 16 bits)"}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Size in px and bits of a grey level."""

    rows: int
    columns: int
    bits: int


def read_header(file: Place, what: str = "image", channels: int = 1) -> ImageHeader:
    """Size and bits of an image, grey or with 3 channels in colour.

    BadInput, naming it as `what`, where it is of the other kind, or has pages or damage.
    """
    if is_dicom(file, what):
        # Whether views of several frames are taken is decided in `described`, which knows what was asked for.
        layout = _layout(read_dataset(file, what), file, what, channels, (TOMOSYNTHESIS,) if what == "image" else ())
        refuse_size(layout.rows, layout.columns, what)
        return ImageHeader(layout.rows, layout.columns, layout.stored)
    try:
        with file.open("rb") as stream, Image.open(stream) as image:
            mode, columns, rows, kind = image.mode, image.width, image.height, image.format
            bits = _colour_bits(file, image) if channels == RGB else MODES.get(mode, 0)
            several = getattr(image, "is_animated", False) or getattr(image, "n_frames", 1) > 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(f"The {what} {file.name} cannot be read: {error}") from error
    if several:
        raise BadInput(f"The {what} {file.name} has more than one page: give each its own file.")
    if channels == RGB:
        _refuse_not_colour(file, what, mode, kind)
    elif mode not in MODES:
        raise BadInput(f"The {what} {file.name} is {mode}, not grey of 8 or 16 bits.")
    refuse_size(rows, columns, what)
    return ImageHeader(rows, columns, bits)


def _colour_bits(file: Place, image: Image.Image) -> int:
    """Bits of a channel: Pillow opens 16 of a PNG or a TIFF as if they were 8."""
    if image.format == "PNG":
        bits = read_start(file, 25)[24]  # the header is the first chunk
    else:
        said = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, ())
        bits = max((number for number in said if isinstance(number, int)), default=8)
    return 16 if bits > 8 else 8


def _refuse_not_colour(file: Place, what: str, mode: str, kind: str | None) -> None:
    if mode in MODES or mode in ("LA", "I"):
        raise BadInput(f"The {what} {file.name} is grey, not {KINDS_OF_IMAGE[RGB]}.")
    if mode not in COLOUR_MODES:
        raise BadInput(f"The {what} {file.name} is {mode}, not {KINDS_OF_IMAGE[RGB]}.")
    if kind not in COLOUR_FORMATS:
        raise BadInput(f"The {what} {file.name} is {kind}: in colour only {', '.join(COLOUR_FORMATS)} are read.")


def scan_header(file: Place, channels: int = 1) -> ImageHeader:
    """The header of an image that is to be a scan of so many channels.

    BadInput where it has others, or is black and white, as masks are.
    """
    header = read_header(file, channels=channels)
    if header.bits < FEWEST_BITS:
        raise BadInput(f"The image {file.name} is black and white, not {KINDS_OF_IMAGE[channels]}.")
    return header


def refuse_channels(file: str, pixels: NDArray[np.generic], channels: int) -> None:
    """BadInput where pixels [rows, columns], or [rows, columns, 3] in colour, are not of so many channels."""
    if (pixels.ndim == 3) != (channels == RGB):
        kind = "in colour" if pixels.ndim == 3 else "grey"
        raise BadInput(f"The image {file.rpartition('/')[2]} is {kind}, not {KINDS_OF_IMAGE[channels]}.")


def read_image(file: str, channels: int = 1, reading: Reading = USUAL) -> NDArray[np.uint16]:
    """A film in density units [rows, columns], or with 3 channels an image as `read_colour` gives it.

    A display value is the density that looks as bright on a light box. BadInput where the image is of the other kind,
    or cannot be decoded.
    """
    location = place(file)
    if channels == RGB:
        scan_header(location, channels)
        return read_colour(location)
    return read_dicom(location, reading) if is_dicom(location) else read_graded(file)


def read_graded(file: str) -> NDArray[np.uint16]:
    """An image in density units [rows, columns] whose grey levels are taken as they are, evenly from black to white."""
    scan_header(place(file))
    grey, white = read_pixels(place(file))
    return to_density(grey.astype(np.uint16), DISPLAY, white)


def read_dicom(file: Place, reading: Reading = USUAL) -> NDArray[np.uint16]:
    """A grey image of DICOM in density units [rows, columns], as its header says it is shown, or calibrated.

    Of several frames, where views of tomosynthesis are taken, it is the one in the middle.
    """
    dataset, layout, codes = _dicom_codes(file, reading)
    if is_raw(dataset) and not reading.raw:
        raise BadInput(f"The image {file.name} is for processing, not for presentation: --raw converts it.")
    try:
        return density_of_codes(dataset, layout, codes, reading)
    except BadInput as error:
        raise BadInput(f"The image {file.name} cannot be shown: {error}") from error


def dicom_extent(file: str, reading: Reading) -> Extent | None:
    """How far the values of an image of DICOM reach; None where its header says what is white."""
    return extent_of(*_dicom_codes(place(file), reading))


def _dicom_codes(file: Place, reading: Reading) -> tuple[Any, Layout, NDArray[np.generic]]:
    dataset, content = read_pixel_data(file, "image")
    layout = _layout(dataset, file, "image", views=reading.views)
    refuse_size(layout.rows, layout.columns, "image")
    try:
        return dataset, layout, stored_values(content, layout, layout.frames // 2)
    except Exception as error:  # a damaged image raises whatever its first wrong value leads to
        raise BadInput(f"The image {file.name} cannot be decoded: {error}") from error


def read_pixels(file: Place, what: str = "image") -> tuple[NDArray[np.generic], int]:
    """Grey levels [rows, columns], bright tissue high, and the level that is white; BadInput as `read_header`.

    White is 255 of 8 bits, what DICOM says, else the least of 4095, 16383 and 65535 that holds the image.
    """
    if is_dicom(file, what):
        dataset, content = read_pixel_data(file, what)
        layout = _layout(dataset, file, what)
        refuse_size(layout.rows, layout.columns, what)
        try:
            return grey_of(stored_values(content, layout), layout), (1 << layout.stored) - 1
        except Exception as error:  # a damaged image raises whatever its first wrong value leads to
            raise BadInput(f"The {what} {file.name} cannot be decoded: {error}") from error
    bits = read_header(file, what).bits
    try:
        with file.open("rb") as stream, Image.open(stream) as image:
            grey: NDArray[np.generic] = np.asarray(image)
    except Exception as error:  # likewise
        raise BadInput(f"The {what} {file.name} cannot be decoded: {error}") from error
    if bits <= 8:
        return grey, (1 << bits) - 1
    return grey, next(white for white in WHITES if int(grey.max()) <= white)


def read_colour(file: Place, what: str = "image") -> NDArray[np.uint16]:
    """Red, green and blue [rows, columns, 3], 65535 at most: values of 16 bits as they are, of 8 bits times 257.

    Their balance is left as it is. BadInput as `read_header`, and where an image is transparent anywhere.
    """
    header = read_header(file, what, RGB)
    try:
        if is_dicom(file, what):
            pixels = colour_values(file)
        elif header.bits > 8:
            pixels = _sixteen_bits(file)
        else:
            with file.open("rb") as stream, Image.open(stream) as image:
                pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    except Exception as error:  # a damaged image raises whatever its first wrong value leads to
        raise BadInput(f"The {what} {file.name} cannot be decoded: {error}") from error
    if pixels.ndim != 3 or pixels.shape[:2] != (header.rows, header.columns) or pixels.shape[2] not in (RGB, RGB + 1):
        raise BadInput(f"The {what} {file.name} has pixels of shape {pixels.shape}: its header says otherwise.")
    white = (1 << header.bits) - 1
    if pixels.shape[2] > RGB and int(pixels[..., RGB].min()) < white:
        raise BadInput(f"The {what} {file.name} is transparent in places: save it with its background.")
    if int(pixels.max()) > white:
        raise BadInput(f"The {what} {file.name} has values above {white}: its header says otherwise.")
    colours = np.ascontiguousarray(pixels[..., :RGB])
    if white == FULL:
        return np.asarray(colours, np.uint16)
    levels: NDArray[np.uint16] = np.rint(np.arange(white + 1) * (FULL / white)).astype(np.uint16)
    return np.asarray(levels[colours])


def _sixteen_bits(file: Place) -> NDArray[np.generic]:
    """[rows, columns, red green blue alpha] of a PNG or TIFF, which OpenCV gives in another order."""
    pixels = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise ValueError("it is not RGB of 16 bits.")
    return np.asarray(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])


def _layout(dataset: Any, file: Place, what: str, channels: int = 1, views: Sequence[str] = ()) -> Layout:
    """How an image of DICOM is stored; BadInput where it has other channels, or cannot be decoded."""
    layout = layout_of(dataset, file.name, what, channels)
    if layout.samples != channels:
        kind = "grey" if layout.samples == 1 else "RGB"
        raise BadInput(f"The {what} {file.name} is {kind}, not {KINDS_OF_IMAGE[channels]}.")
    if layout.frames > 1 and TOMOSYNTHESIS not in views:
        raise BadInput(f"The {what} {file.name} has {layout.frames} frames: it is not one grey image.")
    if channels == 1:
        refuse_undecodable(layout, file.name, what)
    return layout
