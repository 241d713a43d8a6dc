"""How scans are stored and cut: as patches across them, or whole as one input of a network (`cut --whole`)."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.paper import PATCHES_ACROSS
from deepminer_ray.patches.breast import without_labels
from deepminer_ray.patches.grid import divide_halves_up, scan_size
from deepminer_ray.patches.region import Region, region_of
from deepminer_ray.sources.density import DISPLAY_BLACK, UNITS_PER_DENSITY

LARGEST_INPUT = 8192
"""px of a side of an input."""

InputSize = tuple[int, int]
"""Width and height in px."""


def read_size(text: str) -> InputSize:
    """Width and height of "912x1520"; BadInput for anything else."""
    said = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower(), re.ASCII)
    size = (int(said[1]), int(said[2])) if said else (0, 0)
    if not said or max(size) > LARGEST_INPUT:
        raise BadInput(f"{text!r} is not a size of inputs: write WIDTHxHEIGHT in px, such as 912x1520.")
    return size


@dataclass(frozen=True, slots=True)
class Framing:
    """How a run's scans are stored: `across` patches of `side` px on the shorter side, or whole in one input.

    `whole` is that input's size; then `side` is its shorter one.
    """

    side: int
    across: int = PATCHES_ACROSS
    whole: InputSize | None = None

    def size(self, rows: int, columns: int) -> InputSize:
        """Width and height of the stored scan of an image: the largest that fits where it is stored whole."""
        if self.whole is None:
            return scan_size(rows, columns, self.side, self.across)
        width, height = self.whole
        if columns * height >= rows * width:
            return width, max(1, divide_halves_up(rows * width, columns))
        return max(1, divide_halves_up(columns * height, rows)), height

    def whole_side(self, rows: int, columns: int) -> int:
        """How many px of an image `side` px of the input are, where it is stored whole."""
        assert self.whole is not None
        width, height = self.whole
        if columns * height >= rows * width:
            return max(1, divide_halves_up(columns * self.side, width))
        return max(1, divide_halves_up(rows * self.side, height))


def letterboxed(pixels: NDArray[np.uint16], region: Region | None, size: InputSize) -> NDArray[np.uint16]:
    """A stored scan [rows, columns] or [rows, columns, 3] in the top left corner of an input of that size.

    What the scan leaves of it has the median of what lies outside of its region, or is black where nothing does. As
    where an image is answered whole, labels are air.
    """
    inside = region_of(pixels, region)
    unlabelled = without_labels(pixels, inside) if region is None else pixels
    rows, columns, *channels = pixels.shape
    black = 0 if channels else round(DISPLAY_BLACK * UNITS_PER_DENSITY)
    rest = np.full(channels, black) if inside.all() else np.median(unlabelled[~inside], axis=0)
    boxed = np.empty((size[1], size[0], *channels), np.uint16)
    boxed[:] = np.asarray(rest).astype(np.uint16)
    boxed[:rows, :columns] = unlabelled
    return boxed
