"""Every transfer syntax of mammograms gives back the values that were stored; what does not is said from the header."""

from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import pytest
from numpy.typing import NDArray
from openjpeg.utils import encode_array

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ljpeg
from deepminer_ray.sources.image import read_image, read_pixels, scan_header
from deepminer_ray.sources.rle import decode_runs
from tests.dicom import lossless_jpeg, write_dicom

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "dicom"
PIXELS = np.random.default_rng(3).integers(0, 4096, (40, 50)).astype(np.uint16)
PIXELS[3:9, 4:20] = 77  # runs
WIDE = np.random.default_rng(4).integers(0, 65536, (9, 7)).astype(np.uint16)
ROOT = "1.2.840.10008.1.2"


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data/dicom is not there")
def test_files_of_other_encoders_are_what_was_stored() -> None:
    truth = np.load(SHARED / "truth.npy")
    lossy = {"jpegls81.dcm": 2, "j2k91.dcm": 20}
    files = sorted(SHARED.glob("*.dcm"))
    assert len(files) >= 14
    for file in files:
        pixels, white = read_pixels(file)
        assert scan_header(file).bits == 12 and white == 4095
        assert np.abs(pixels.astype(int) - truth).max() <= lossy.get(file.name, 0), file.name


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize(("restart", "precision", "transform"), [(0, 16, 0), (3, 16, 0), (0, 13, 1)])
def test_lossless_jpeg_is_decoded_as_its_standard_says(
    predictor: int, restart: int, precision: int, transform: int
) -> None:
    """Differences that go round, a first line that is predicted from the left, and again after each restart."""
    samples = WIDE >> (16 - precision) << transform >> transform
    samples = samples >> transform << transform
    stream = lossless_jpeg(samples, predictor, precision, restart, transform)
    np.testing.assert_array_equal(ljpeg.decode_standard(stream), samples)


def test_the_dialect_of_ddsm_is_another() -> None:
    stream = ljpeg.encode(WIDE, predictor=7)
    assert (ljpeg.decode(stream) == WIDE).all() and (ljpeg.decode_standard(stream) != WIDE).any()


def coded(name: str, pixels: NDArray[Any], bits: int) -> tuple[str, bytes | None]:
    """A transfer syntax, and what it makes of the pixels, where pydicom does not."""
    if name == "runs":
        return f"{ROOT}.5", None
    if name == "lossless":
        return f"{ROOT}.4.57", lossless_jpeg(pixels, 6, bits)
    if name == "first order":
        return f"{ROOT}.4.70", lossless_jpeg(pixels, 1, 16)
    if name == "near":
        return f"{ROOT}.4.80", bytes(jpeg_ls.encode_array(pixels))
    return f"{ROOT}.4.90", encode_array(pixels, bits_stored=bits, photometric_interpretation=2)


@pytest.mark.parametrize("name", ["runs", "lossless", "first order", "near", "wavelets"])
@pytest.mark.parametrize("bits", [8, 12])
def test_what_was_compressed_comes_back(tmp_path: Path, name: str, bits: int) -> None:
    pixels = PIXELS if bits > 8 else (PIXELS >> 4).astype(np.uint8)
    syntax, frame = coded(name, pixels, bits)
    file = write_dicom(tmp_path / "a.dcm", pixels, stored=bits, syntax=syntax, frame=frame)
    back, white = read_pixels(file)
    assert back.dtype.kind == "u" and (back == pixels).all() and white == (1 << bits) - 1


@pytest.mark.parametrize("preamble", [True, False])
def test_bits_beside_the_values_are_left_out(tmp_path: Path, preamble: bool) -> None:
    overlaid = PIXELS | np.uint16(0x8000)
    file = write_dicom(tmp_path / "a.dcm", overlaid, stored=12, preamble=preamble)
    assert (read_pixels(file)[0] == PIXELS).all()
    left = PIXELS << np.uint16(4) | np.uint16(3)
    file = write_dicom(tmp_path / "b.dcm", left, stored=12, HighBit=15, preamble=preamble)
    assert (read_pixels(file)[0] == PIXELS).all()


def test_tags_that_may_be_missing_may_be_missing(tmp_path: Path) -> None:
    file = write_dicom(
        tmp_path / "a.dcm", WIDE, HighBit=None, BitsStored=None, PixelRepresentation=None, SamplesPerPixel=None
    )
    assert (read_pixels(file)[0] == WIDE).all()
    for name in ("Rows", "BitsAllocated"):
        with pytest.raises(BadInput, match=f"its header has no {name}"):
            scan_header(write_dicom(tmp_path / "b.dcm", WIDE, **{name: None}))


@pytest.mark.parametrize(
    ("syntax", "tags", "sentence"),
    [
        (f"{ROOT}.4.102", {}, r"MPEG-4 AVC/H.264 High Profile / Level 4.1 \(.*\), which is not decoded here"),
        (f"{ROOT}.4.51", {"BitsStored": 12}, "with 12 bits"),
        ("1.2.3.4", {}, r"\(1\.2\.3\.4\)"),
    ],
)
def test_what_cannot_be_decoded_is_said_from_the_header(
    tmp_path: Path, syntax: str, tags: dict[str, int], sentence: str
) -> None:
    file = write_dicom(tmp_path / "a.dcm", PIXELS, stored=12, syntax=syntax, frame=b"none of it", **tags)
    with pytest.raises(BadInput, match=sentence):
        scan_header(file)


@pytest.mark.parametrize("name", ["runs", "lossless", "near", "wavelets"])
def test_damage_is_one_sentence(tmp_path: Path, name: str) -> None:
    syntax, frame = coded(name, PIXELS, 12)
    whole = write_dicom(tmp_path / "a.dcm", PIXELS, stored=12, syntax=syntax, frame=frame).read_bytes()
    for kept in (len(whole) - 300, len(whole) - 700):
        (tmp_path / "a.dcm").write_bytes(whole[:kept])
        with pytest.raises(BadInput, match=r"a\.dcm cannot be (read|decoded)"):
            read_image(str(tmp_path / "a.dcm"))


def test_a_size_that_the_coded_pixels_do_not_have_is_refused(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm", PIXELS[:-1], syntax=f"{ROOT}.4.70", frame=lossless_jpeg(PIXELS))
    with pytest.raises(BadInput, match="header says otherwise"):
        read_image(str(file))


@pytest.mark.parametrize(
    "stream",
    [b"", b"\2" + b"\0" * 63, b"\1\0\0\0\x40" + b"\0" * 59, b"\1\0\0\0\x40" + b"\0" * 59 + b"\xff", b"\3" * 70],
)
def test_run_lengths_that_do_not_suffice_are_refused(stream: bytes) -> None:
    with pytest.raises(BadInput, match="damaged"):
        decode_runs(stream, 4, 1)


def test_run_lengths_are_read_by_hand() -> None:
    header = b"\2\0\0\0\x40\0\0\0\x44\0\0\0".ljust(64, b"\0")
    high, low = b"\xfd\1\x80\0", b"\1\7\x08\xff\x09"  # one four times and nothing; seven, eight, nine twice
    assert decode_runs(header + high + low, 4, 2).tolist() == [7, 1, 8, 1, 9, 1, 9, 1]
