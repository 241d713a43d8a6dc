"""One LJPEG as an image file, for people who want nothing else."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ics, ljpeg
from deepminer_ray.sources.density import to_density

DECODED_SUFFIXES = (".png", ".tif", ".tiff", ".npy")


def decode_file(
    file: Path, out: Path, rows: int | None = None, columns: int | None = None, density: bool = False
) -> str:
    """Write the film as 16-bit grey levels, or as optical density x 10,000; what was written, in words.

    The shape is taken from the arguments, else from the .ics beside the file, else from the stream's own header, which
    may have exchanged the two.
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
            raise BadInput(f"There is no .ics beside {file}, so its digitizer is unknown: leave --density away.")
        pixels = to_density(pixels, case.digitizer)
    try:
        _write_image(out, pixels)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from error
    odd = ljpeg.reshaping(ljpeg.header(stream), *pixels.shape)
    return f"{pixels.shape[0]} rows, {pixels.shape[1]} columns" + (f"; the stream {odd}" if odd else "")


def _case_beside(file: Path) -> ics.Ics | None:
    files = sorted(file.parent.glob("*.ics"))
    return ics.parse_ics(files[0].read_text(errors="replace")) if files else None


def _write_image(out: Path, pixels: NDArray[np.uint16]) -> None:
    if out.suffix == ".npy":
        np.save(out, pixels)
    else:
        Image.fromarray(pixels).save(out)
