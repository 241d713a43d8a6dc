"""One LJPEG as an image file, for people who want nothing else."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ics, ljpeg
from deepminer_ray.sources.bounds import read_text
from deepminer_ray.sources.density import to_density

DECODED_SUFFIXES = (".png", ".tif", ".tiff", ".npy")


def decode_file(
    file: Path, out: Path, rows: int | None = None, columns: int | None = None, density: bool = False
) -> str:
    """Write the film as 16-bit grey levels, or as optical density x 10,000; what was written, in words.

    The shape is taken from the arguments, else from the .ics of its case beside the file, else from the stream's own
    header, which may have exchanged the two.
    """
    if out.suffix not in DECODED_SUFFIXES:
        raise BadInput(f"{out} is not an image this program writes: use {', '.join(DECODED_SUFFIXES)}.")
    case = _case_beside(file)
    view = case.views.get(file.stem.rpartition(".")[2]) if case else None
    if rows is None and columns is None and view is not None:
        rows, columns = view.lines, view.pixels_per_line
    try:
        stream = file.read_bytes()
        pixels = ljpeg.decode(stream, rows=rows, columns=columns)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if density:
        if case is None:
            of_case = f"{_case_of(file).replace('_', '-')}.ics"
            raise BadInput(f"There is no {of_case} beside {file}, so its digitizer is unknown: leave --density away.")
        pixels = to_density(pixels, case.digitizer)
    try:
        _write_image(out, pixels)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from error
    odd = ljpeg.reshaping(ljpeg.header(stream), *pixels.shape)
    return f"{pixels.shape[0]} rows, {pixels.shape[1]} columns" + (f"; the stream {odd}" if odd else "")


def _case_of(file: Path) -> str:
    """The case that a film is named after: C_0820_1.LEFT_CC.LJPEG is of C_0820_1."""
    return file.name.split(".")[0]


def _case_beside(file: Path) -> ics.Ics | None:
    """The .ics of a film's case, C-0820-1.ics; that of another case has another digitizer and other sizes."""
    of_case = _case_of(file).lower().replace("-", "_")
    files = sorted(file.parent.iterdir()) if file.parent.is_dir() else ()
    own = (one for one in files if one.suffix.lower() == ".ics" and one.stem.lower().replace("-", "_") == of_case)
    beside = next(own, None)
    return ics.parse_ics(read_text(beside, "latin-1"), of_case[:1].upper()) if beside else None


def _write_image(out: Path, pixels: NDArray[np.uint16]) -> None:
    if out.suffix == ".npy":
        np.save(out, pixels)
    else:
        Image.fromarray(pixels).save(out)
