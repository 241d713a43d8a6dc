"""One film as an image: whose word on its shape is taken, and that what is written is exact."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ljpeg
from deepminer_ray.sources.decode import decode_file
from deepminer_ray.sources.density import to_density
from deepminer_ray.sources.ics import Ics, View, format_ics

ROWS, COLUMNS = 12, 10
GREY: NDArray[np.uint16] = np.random.default_rng(0).integers(500, 4096, (ROWS, COLUMNS), np.uint16)


def written(folder: Path, lines: int | None, exchanged: bool = True) -> Path:
    """A film whose header exchanges rows and columns, and an .ics beside it, if it is to say so many lines."""
    if lines is not None:
        view = View(lines, ROWS * COLUMNS // lines, 12, 50.0, False)
        (folder / "C-0820-1.ics").write_text(format_ics(Ics("C-0820-1", "LUMISYS", views={"LEFT_CC": view})))
    file = folder / "C_0820_1.LEFT_CC.LJPEG"
    file.write_bytes(ljpeg.encode(GREY, exchanged=exchanged))
    return file


@pytest.mark.parametrize(
    ("lines", "options", "shape"),
    [
        (None, {}, (COLUMNS, ROWS)),
        (ROWS, {}, (ROWS, COLUMNS)),
        (ROWS, {"rows": 20, "columns": 6}, (20, 6)),
        (None, {"rows": ROWS, "columns": COLUMNS}, (ROWS, COLUMNS)),
    ],
)
def test_options_are_trusted_before_the_ics_and_the_ics_before_the_header(
    tmp_path: Path, lines: int | None, options: dict[str, int], shape: tuple[int, int]
) -> None:
    out = tmp_path / "out.npy"
    said = decode_file(written(tmp_path, lines), out, **options)
    np.testing.assert_array_equal(np.load(out), GREY.reshape(shape))
    assert said.startswith(f"{shape[0]} rows, {shape[1]} columns")
    assert ("reshaped" in said) == (shape == (20, 6))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".npy"])
@pytest.mark.parametrize("density", [False, True])
def test_what_is_written_is_exact(tmp_path: Path, suffix: str, density: bool) -> None:
    out = tmp_path / f"out{suffix}"
    decode_file(written(tmp_path, ROWS), out, density=density)
    found = np.load(out) if suffix == ".npy" else np.asarray(Image.open(out))
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, to_density(GREY, "LUMISYS") if density else GREY)


def test_a_shape_of_other_pixels_is_refused_by_both_names(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="10 x 12 pixels where 12 x 12 are expected"):
        decode_file(written(tmp_path, ROWS), tmp_path / "out.png", rows=12, columns=12)


@pytest.mark.parametrize("other", ["A-0001-1.ics", "Z-9999-1.ics"])
def test_the_ics_of_another_case_says_nothing(tmp_path: Path, other: str) -> None:
    """Whether it comes before or after the film's own, of another digitizer and size."""
    file = written(tmp_path, ROWS)
    view = View(COLUMNS, ROWS, 12, 50.0, False)
    (tmp_path / other).write_text(format_ics(Ics(other[:-4], "DBA", views={"LEFT_CC": view})))
    decode_file(file, tmp_path / "out.npy", density=True)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), to_density(GREY, "LUMISYS"))
    (tmp_path / "C-0820-1.ics").unlink()
    with pytest.raises(BadInput, match=r"There is no C-0820-1\.ics beside"):
        decode_file(file, tmp_path / "out.npy", density=True)


def test_density_needs_a_digitizer(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="its digitizer is unknown"):
        decode_file(written(tmp_path, None), tmp_path / "out.png", density=True)
    assert not (tmp_path / "out.png").exists()
