"""Windows and look-up tables of DICOM (PS3.3 C.11.1, C.11.2): from one kind of grey value to the next."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.dicom import Layout, bytes_of, items_of, numbers_of

GreyValues = NDArray[np.float64]

MOST_ENTRIES = 1 << 16


@dataclass(frozen=True, slots=True)
class GreyWindow:
    """What is shown of values: those around a centre, by one of three functions (PS3.3 C.11.2.1.2, C.11.2.1.3)."""

    FUNCTIONS: ClassVar = ("LINEAR", "LINEAR_EXACT", "SIGMOID")

    center: float
    width: float
    function: str = "LINEAR"

    def brightness_of(self, values: GreyValues) -> GreyValues:
        """How bright values are, from 0 to 1."""
        if self.function == "SIGMOID":
            steps = np.clip(-4 * (values - self.center) / self.width, -500, 500)
            return np.asarray(1 / (1 + np.exp(steps)))
        if self.function == "LINEAR_EXACT":
            return np.clip((values - self.center) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return np.asarray(values > self.center - 0.5, np.float64)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1) + 0.5, 0, 1)


@dataclass(frozen=True, slots=True)
class Range:
    """The values that are black and white, and all between them evenly."""

    black: float
    white: float

    def brightness_of(self, values: GreyValues) -> GreyValues:
        """How bright values are, from 0 to 1; in a range of one value none is."""
        return np.clip((values - self.black) / (self.white - self.black or 1.0), 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class LookUp:
    """A table of values from `first` on, each below 2 ** bits; beyond its ends the last entry counts."""

    first: int
    entries: GreyValues
    bits: int

    def entries_of(self, values: NDArray[np.generic]) -> GreyValues:
        """The entries that values have."""
        places = np.rint(values.astype(np.float64)) - self.first
        return np.asarray(self.entries[np.clip(places, 0, len(self.entries) - 1).astype(np.intp)])

    def brightness_of(self, values: GreyValues) -> GreyValues:
        """How bright values are, from 0 to 1."""
        return np.clip(self.entries_of(values) / ((1 << self.bits) - 1), 0, 1)


def look_up_of(dataset: Any, sequence: str, layout: Layout) -> LookUp | None:
    """The first table of a sequence that can be used; None where there is none."""
    for item in items_of(dataset, sequence):
        said = numbers_of(item, "LUTDescriptor")
        if len(said) != 3 or not 1 <= said[2] <= 16:
            continue
        entries, first, bits = (int(one) for one in said)
        entries = (entries & MOST_ENTRIES - 1) or MOST_ENTRIES
        if layout.signed and first >= 1 << 15:  # said without the sign that values have
            first -= 1 << 16
        data = _entries(item, entries, dataset.original_encoding[1] is not False)
        if data is not None:
            return LookUp(first, data, bits)
    return None


def _entries(item: Any, entries: int, little: bool) -> GreyValues | None:
    """The entries of a table, of two bytes each or, where there are too few, of one; None where there are too few."""
    data = bytes_of(item, "LUTData")
    content = (
        data or np.array(numbers_of(item, "LUTData")).astype(np.int64).astype("<u2" if little else ">u2").tobytes()
    )
    for kind in ("<u2" if little else ">u2", "u1"):
        width = np.dtype(kind).itemsize
        if len(content) >= entries * width:
            return np.frombuffer(content, kind, entries).astype(np.float64)
    return None
