"""Images in colour are read exactly, and what is not such an image is one sentence."""

from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.density import COLOUR
from deepminer_ray.sources.image import RGB, read_colour, read_image, refuse_channels, scan_header
from deepminer_ray.sources.kinds import SOURCE_KINDS

EIGHT = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
SIXTEEN = np.random.default_rng(1).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
OPAQUE = np.full((20, 30, 1), 65535, np.uint16)


def written(file: Path, pixels: NDArray[np.generic]) -> Path:
    """An image of 8 bits by Pillow, of 16 by OpenCV, which has blue first."""
    if pixels.dtype == np.uint8:
        Image.fromarray(pixels).save(file)
    else:
        order = [2, 1, 0, 3][: pixels.shape[2]] if pixels.ndim > 2 else ...
        assert cv2.imwrite(str(file), pixels[..., order] if pixels.ndim > 2 else pixels)
    return file


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_8_bits_become_16(tmp_path: Path, suffix: str) -> None:
    file = written(tmp_path / f"a{suffix}", EIGHT)
    assert scan_header(file, RGB).bits == 8
    assert (read_image(str(file), RGB) == EIGHT.astype(np.uint16) * 257).all()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("alpha", [False, True])
def test_16_bits_stay_as_they_are(tmp_path: Path, suffix: str, alpha: bool) -> None:
    file = written(tmp_path / f"a{suffix}", np.dstack([SIXTEEN, OPAQUE]) if alpha else SIXTEEN)
    assert scan_header(file, RGB).bits == 16
    pixels = read_colour(file)
    assert pixels.dtype == np.uint16 and (pixels == SIXTEEN).all()


@settings(deadline=None)
@given(st.data())
def test_16_bits_of_any_size_come_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 24)), data.draw(st.integers(1, 24))
    if max(rows, columns) > 8 * min(rows, columns):
        return
    pixels = data.draw(arrays.arrays(np.uint16, (rows, columns, 3)))
    file = written(tmp_path_factory.mktemp("any") / "a.png", pixels)
    assert (read_colour(file) == pixels).all()


def test_a_jpeg_is_what_pillow_reads_and_is_not_turned(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # a camera held upright
    Image.fromarray(EIGHT).save(tmp_path / "a.jpg", exif=turned, quality=90)
    with Image.open(tmp_path / "a.jpg") as image:
        expected = np.asarray(image).astype(np.uint16) * 257
    assert (read_colour(tmp_path / "a.jpg") == expected).all()


def test_a_palette_and_an_opaque_alpha_are_left_behind(tmp_path: Path) -> None:
    few = (EIGHT // 128 * 255).astype(np.uint8)
    Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE, colors=8).save(tmp_path / "palette.png")
    assert (read_colour(tmp_path / "palette.png") == few.astype(np.uint16) * 257).all()
    opaque = written(tmp_path / "opaque.png", np.dstack([EIGHT, np.full((20, 30), 255, np.uint8)]))
    assert (read_colour(opaque) == EIGHT.astype(np.uint16) * 257).all()


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("bits", [8, 16])
def test_dicom_in_colour_is_read_as_rgb(tmp_path: Path, photometric: str, bits: int) -> None:
    if bits == 16 and photometric != "RGB":
        return
    pixels = EIGHT if bits == 8 else SIXTEEN
    held = pixels
    if photometric == "YBR_FULL":
        from pydicom.pixels import convert_color_space

        held = convert_color_space(pixels, "RGB", "YBR_FULL")
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.PlanarConfiguration = 20, 30, 3, 0
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    dataset.PhotometricInterpretation = photometric
    dataset.PixelData = np.ascontiguousarray(held).tobytes()
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=False, implicit_vr=False, little_endian=True)
    (tmp_path / "a.dcm").write_bytes(b"\0" * 128 + b"DICM" + _meta() + (tmp_path / "a.dcm").read_bytes())
    assert scan_header(tmp_path / "a.dcm", RGB).bits == bits
    seen, expected = read_colour(tmp_path / "a.dcm").astype(int), pixels.astype(int) * (257 if bits == 8 else 1)
    assert np.abs(seen - expected).max() <= (2 * 257 if photometric == "YBR_FULL" else 0)
    with pytest.raises(BadInput, match="is RGB, not grey"):
        read_image(str(tmp_path / "a.dcm"))


def _meta() -> bytes:
    """The file's own group of elements: the transfer syntax alone."""
    syntax = pydicom.uid.ExplicitVRLittleEndian.encode() + b"\0"
    element = b"\x02\x00\x10\x00UI" + len(syntax).to_bytes(2, "little") + syntax
    return b"\x02\x00\x00\x00UL\x04\x00" + len(element).to_bytes(4, "little") + element


@pytest.mark.parametrize(
    ("pixels", "suffix", "sentence"),
    [
        (EIGHT[..., 0], ".png", "a.png is grey, not in colour"),
        (EIGHT[..., 0], ".jpg", "a.jpg is grey, not in colour"),
        (SIXTEEN[..., 0], ".png", "a.png is grey, not in colour"),
        (np.dstack([EIGHT, EIGHT[..., :1]]), ".png", "is transparent in places"),
        (np.dstack([SIXTEEN, SIXTEEN[..., :1]]), ".png", "is transparent in places"),
        (EIGHT, ".gif", "GIF"),
        (EIGHT, ".ppm", "PPM"),
        (np.zeros((20, 200, 3), np.uint8), ".png", "longer than 8 times"),
    ],
)
def test_what_is_not_in_colour_is_one_sentence(
    tmp_path: Path, pixels: NDArray[np.generic], suffix: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_image(str(written(tmp_path / f"a{suffix}", pixels)), RGB)


def test_other_inks_are_one_sentence(tmp_path: Path) -> None:
    Image.fromarray(EIGHT).convert("CMYK").save(tmp_path / "a.jpg")
    with pytest.raises(BadInput, match="CMYK, not in colour"):
        read_colour(tmp_path / "a.jpg")


def test_colour_is_refused_where_grey_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is RGB, not grey"):
        read_image(str(written(tmp_path / "a.png", EIGHT)))
    with pytest.raises(BadInput, match=r"a\.png is in colour, not grey"):
        refuse_channels("/films/a.png", EIGHT, 1)
    with pytest.raises(BadInput, match=r"a\.png is grey, not in colour"):
        refuse_channels("/films/a.png", EIGHT[..., 0], RGB)
    refuse_channels("a", EIGHT, RGB)
    refuse_channels("a", EIGHT[..., 0], 1)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_damaged_images_of_16_bits_are_one_sentence(tmp_path: Path, suffix: str) -> None:
    whole = written(tmp_path / f"a{suffix}", SIXTEEN).read_bytes()
    for kept in (30, 100, len(whole) // 2, len(whole) - 20):
        (tmp_path / f"a{suffix}").write_bytes(whole[:kept])
        try:
            pixels = read_colour(tmp_path / f"a{suffix}")
        except BadInput:
            continue
        assert (pixels == SIXTEEN).all(), "nothing of it is made up"


def test_the_digitizer_says_that_a_scan_is_in_colour(tmp_path: Path) -> None:
    file = str(written(tmp_path / "a.png", SIXTEEN))
    assert (SOURCE_KINDS["manifest"].pixels({"file": file, "digitizer": COLOUR}) == SIXTEEN).all()
