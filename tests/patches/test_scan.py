"""Images of one's own as films: what is refused in a sentence, and what is odd but goes on."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.breast import breast_mask
from deepminer_ray.patches.scan import own_scan, stored
from deepminer_ray.patches.whole import Framing

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
REAL = sorted((SHARED / "cbis-mass-256" / "images").glob("*.png"))[::60]


def breast(rows: int = 600, columns: int = 400, white: int = 4095) -> NDArray[np.uint16]:
    """Half a disc of tissue on air."""
    y, x = np.mgrid[:rows, :columns]
    inside = (y - rows / 2) ** 2 + x**2 < (0.7 * columns) ** 2
    noise = np.random.default_rng(0).normal(0, 0.02, (rows, columns))
    return (np.clip(np.where(inside, 0.6, 0.03) + noise, 0, 1) * white).astype(np.uint16)


def saved(folder: Path, pixels: NDArray[np.generic]) -> Path:
    Image.fromarray(pixels).save(folder / "own.png")
    return folder / "own.png"


def test_a_mammogram_of_16_bits_is_a_scan_without_oddities(tmp_path: Path) -> None:
    own = own_scan(saved(tmp_path, breast()), Framing(64))
    assert own.pixels.shape == (384, 256) and (own.rows, own.columns) == (600, 400)
    assert own.oddities == []
    assert breast_mask(own.pixels).mean() == pytest.approx(0.513, abs=0.03)


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.zeros((600, 400, 3), np.uint8), "is RGB, not grey"),
        (np.zeros((600, 400), np.uint16), "shows no breast"),
        (np.full((600, 400), 65535, np.uint16), "light where film is dark"),
        (4095 - breast(), "invert it first"),
        ((4095 - breast() >> 4).astype(np.uint8), "invert it first"),
    ],
)
def test_what_is_no_mammogram_is_one_sentence(tmp_path: Path, pixels: NDArray[np.generic], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        own_scan(saved(tmp_path, pixels), Framing(64))


def test_no_image_at_all_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "own.png").write_text("no image")
    with pytest.raises(BadInput, match=r"own\.png cannot be read"):
        own_scan(tmp_path / "own.png", Framing(64))
    with pytest.raises(BadInput, match="absent"):
        own_scan(tmp_path / "absent.png", Framing(64))


@pytest.mark.parametrize(
    ("pixels", "oddity"),
    [
        ((breast() >> 4).astype(np.uint8), "8 bits"),
        (breast(150, 100), "fewer than the network's input"),
        (np.random.default_rng(0).integers(0, 65535, (600, 400)).astype(np.uint16), "no air beside the breast"),
    ],
)
def test_what_is_odd_is_said_and_goes_on(tmp_path: Path, pixels: NDArray[np.generic], oddity: str) -> None:
    own = own_scan(saved(tmp_path, pixels), Framing(64))
    assert any(oddity in said for said in own.oddities)


@pytest.mark.parametrize("file", REAL, ids=lambda file: file.stem)
def test_real_scans_are_taken_and_their_negatives_refused(tmp_path: Path, file: Path) -> None:
    own_scan(file, Framing(64))
    with Image.open(file) as image, pytest.raises(BadInput, match="invert it first"):
        own_scan(saved(tmp_path, 255 - np.asarray(image.convert("L"))), Framing(64))


@pytest.mark.parametrize("shape", [(480, 640), (97, 33), (30, 30), (41, 300), (1, 8)])
def test_an_image_in_colour_is_resized_as_three_in_grey(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (*shape, 3), dtype=np.uint16)
    for side in (32, 227):
        resized = stored(pixels, side)
        alone = [stored(np.ascontiguousarray(pixels[..., channel]), side) for channel in range(3)]
        assert resized.dtype == np.uint16 and (resized == np.dstack(alone)).all()


def test_the_shorter_side_is_four_patches() -> None:
    assert stored(np.zeros((100, 300), np.uint16), 32).shape == (128, 384)
