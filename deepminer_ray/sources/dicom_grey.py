"""What the stored values of DICOM images mean: through padding, calibration and window to a display value.

The order is that of PS3.3 C.11 and PS3.4 N.2. A display value is 0 for black to 65,535 for white, and bright is dense.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.density import DISPLAY, DISPLAY_BLACK, FULL, UNITS_PER_DENSITY, to_density
from deepminer_ray.sources.dicom import MONOCHROME, MOST_BITS, Layout, items_of, numbers_of, of_frames, words_of
from deepminer_ray.sources.dicom_raw import is_raw, raw_display
from deepminer_ray.sources.dicom_tables import GreyValues, GreyWindow, LookUp, Range, look_up_of
from deepminer_ray.sources.dicom_views import ALL_KINDS, KINDS_OF_VIEW

OPTICAL_DENSITY, THOUSANDTHS = "OD", 1000
"""What a calibrated film is said to have: thousandths of optical density (PS3.3 C.11.1.1.2)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How DICOM is to be read.

    `window` is which of several windows is taken, from 1. `black` and `white` are the values, after calibration, that
    are so where a file does not say it, as decided for the source. `views` are the kinds of view beside usual ones that
    are taken, and with `raw` so are images for processing.
    """

    window: int | None = None
    raw: bool = False
    views: tuple[str, ...] = ()
    black: float | None = None
    white: float | None = None

    @classmethod
    def of(cls, scan: Mapping[str, Any]) -> "Reading":
        """As options or a row of `scan_to_cut` say it; what they do not say is as usual, and all kinds are each."""
        said = {of.name: scan[of.name] for of in fields(cls) if scan.get(of.name) is not None}
        views = tuple(said.get("views", ()))
        return cls(**said | {"views": KINDS_OF_VIEW if ALL_KINDS in views else views})


USUAL = Reading()


@dataclass(frozen=True, slots=True)
class Scale:
    """From values after calibration to display values, before black and white are exchanged; and what is odd of it."""

    shown_by: GreyWindow | LookUp | None
    inverse: bool
    density: bool
    oddities: list[str] = field(default_factory=list)

    @property
    def says_white(self) -> bool:
        """Whether the file says what is black and white."""
        return self.density or self.shown_by is not None


def values_of_codes(codes: NDArray[np.generic], layout: Layout) -> NDArray[np.int32]:
    """The stored value of each code [256 or 65536] that pixels may hold: overlays above or below its bits left out.

    Values are shifted where they end above bit 0; what was compressed only where it has more bits than are stored, as
    most coders take values without the shift. Where signed values go on beyond the bits that are stored, as those of
    writers do that think of twelve bits and a sign, all bits count.
    """
    table = np.arange(1 << 8 * codes.dtype.itemsize, dtype=np.int32)
    shift = layout.high + 1 - layout.stored
    if shift and layout.compressed and not int(codes.max()) >> layout.stored:
        shift = 0
    if layout.signed and not shift and _signed_by_all_bits(codes, layout):
        return table - (table >> 8 * codes.dtype.itemsize - 1 << 8 * codes.dtype.itemsize)
    values = table >> shift & (1 << layout.stored) - 1
    return values - (values >> layout.stored - 1 << layout.stored) if layout.signed else values


def _signed_by_all_bits(codes: NDArray[np.generic], layout: Layout) -> bool:
    """Whether the bits above those that are stored repeat the sign, in each pixel; without them, where nothing is
    below zero in what was not compressed."""
    least, most = (int(end) for end in _ends(codes.view(f"i{codes.dtype.itemsize}")))
    return -(1 << layout.stored) <= least and most < 1 << layout.stored and (least < 0 or not layout.compressed)


def _ends(values: NDArray[np.generic]) -> tuple[Any, Any]:
    return values.min(), values.max()


def announced_range(layout: Layout, stored: NDArray[np.int32], values: GreyValues, lowest: int, highest: int) -> Range:
    """What is black and white of calibrated values where nothing says so: the range that BitsStored announces.

    `lowest` and `highest` are the stored values that occur, and matter where they are signed: the range of an image
    that has none below zero begins there, and one that goes beyond its bits has a bit more.
    """
    half = 1 << layout.stored - 1
    ends = (0, 2 * half - 1)
    if layout.signed and lowest >= 0:
        ends = (0, half - 1 if highest < half else 2 * half - 1)
    elif layout.signed:
        half = half if -half <= lowest and highest < half else 2 * half
        ends = (-half, half - 1)
    return Range(*map(float, _ends(values[(stored >= ends[0]) & (stored <= ends[1])])))


@dataclass(frozen=True, slots=True)
class Extent:
    """The calibrated values that an image has, padding left out, and those that its bits announce."""

    own: Range
    announced: Range


def extent_of(dataset: Any, layout: Layout, codes: NDArray[np.generic]) -> Extent | None:
    """How far the values of an image reach where its header does not say what is black and white; None where it does,
    or all of it is padding."""
    if is_raw(dataset) or scale_of(dataset, layout, USUAL).says_white:
        return None
    stored = values_of_codes(codes, layout)
    values, present = calibrated(dataset, layout, stored), np.zeros(stored.size, np.bool_)
    present[codes] = True
    present &= ~padding_of(dataset, layout, stored)
    if not present.any():
        return None
    own = Range(*map(float, _ends(values[present])))
    return Extent(own, announced_range(layout, stored, values, *_ends(stored[present])))


def grey_of(codes: NDArray[np.generic], layout: Layout) -> NDArray[np.generic]:
    """Stored values [rows, columns] without overlays, MONOCHROME1 inverted: no window, no calibration."""
    levels = values_of_codes(codes, layout)
    levels = (1 << layout.stored) - 1 - levels if layout.photometric == MONOCHROME[0] else levels
    return look_up(levels.astype(np.int16 if layout.signed else np.uint16), codes)


def look_up(table: NDArray[np.generic], codes: NDArray[np.generic], spare: bool = False) -> NDArray[np.generic]:
    """The values of codes [rows, columns] in a table, in a third of the time that table[codes] takes.

    They take the place of the codes where these can be spared: new memory costs as much as looking up.
    """
    source: Any = np.ascontiguousarray(codes)
    into = source if spare and source.flags.writeable and source.dtype == table.dtype else None
    return np.asarray(cv2.LUT(source, table, into)).reshape(codes.shape)  # type: ignore[arg-type]


def padding_of(dataset: Any, layout: Layout, stored: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which codes are padding, and so air: PixelPaddingValue, or all up to PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2).

    A value that no stored value can have is that of all bits: it was said with another sign, or padding fills the bits
    above.
    """
    value, limit = (numbers_of(dataset, f"PixelPadding{name}")[:1] for name in ("Value", "RangeLimit"))
    ends = [int(end) for end in value + limit]
    if not value:
        return np.zeros(stored.shape, np.bool_)
    if all(int(stored.min()) <= end <= int(stored.max()) for end in ends):
        return np.asarray((stored >= min(ends)) & (stored <= max(ends)))
    return np.asarray(np.arange(stored.size) == (ends[0] & stored.size - 1))


def calibrated(dataset: Any, layout: Layout, stored: NDArray[np.int32]) -> GreyValues:
    """Stored values through the modality LUT, else through slope and intercept (PS3.3 C.11.1)."""
    if table := look_up_of(dataset, "ModalityLUTSequence", layout):
        return table.entries_of(stored)
    said = of_frames(dataset, "PixelValueTransformationSequence")
    slope, intercept = (numbers_of(said, f"Rescale{name}")[:1] for name in ("Slope", "Intercept"))
    values = stored.astype(np.float64)
    values *= slope[0] if slope and slope[0] else 1.0
    return values + (intercept[0] if intercept else 0.0)


def scale_of(dataset: Any, layout: Layout, reading: Reading) -> Scale:
    """What a header says of black and white: VOI LUT, else a window, else nothing; a window that was asked for first.

    MONOCHROME1 and the presentation LUT shape INVERSE say the same: as DICOM has it, one goes with the other.
    """
    shape = words_of(dataset, "PresentationLUTShape")[:1]
    inverse = layout.photometric == MONOCHROME[0] or [word.upper() for word in shape] == ["INVERSE"]
    oddities: list[str] = []
    if _is_density(dataset):
        return Scale(None, inverse, True)
    table = look_up_of(dataset, "VOILUTSequence", layout)
    window = _window_of(dataset, reading.window or 1, oddities)
    if reading.window and window is None and not oddities:
        oddities.append("has no window: --window was not used")
    if window and not reading.window and _says_nothing(window, dataset, layout):
        window = None
    return Scale(window if table is None or (reading.window and window) else table, inverse, False, oddities)


def _says_nothing(window: GreyWindow, dataset: Any, layout: Layout) -> bool:
    """Whether a window is as wide as all that 16 bits hold: it was written by rote, where fewer may be used."""
    if layout.stored < MOST_BITS or window.function == "SIGMOID":
        return False
    half = 1 << MOST_BITS - 1
    ends = calibrated(dataset, layout, np.array([-half, half - 1] if layout.signed else [0, 2 * half - 1], np.int32))
    below, above = window.center - window.width / 2, window.center + window.width / 2
    return bool(below <= ends.min() + 1 and above >= ends.max() - 1)


def _is_density(dataset: Any) -> bool:
    """Whether values are calibrated to optical density."""
    said = words_of(of_frames(dataset, "PixelValueTransformationSequence"), "RescaleType")
    for item in items_of(dataset, "ModalityLUTSequence"):
        said = words_of(item, "ModalityLUTType")
    return [word.upper() for word in said[:1]] == [OPTICAL_DENSITY]


def _window_of(dataset: Any, number: int, oddities: list[str]) -> GreyWindow | None:
    """The window of that number, or the first where there are fewer; None where there is none that could be used."""
    said = of_frames(dataset, "FrameVOILUTSequence")
    centers, widths = numbers_of(said, "WindowCenter"), numbers_of(said, "WindowWidth")
    functions = words_of(said, "VOILUTFunction")
    windows = list(zip(centers, widths, strict=False))
    if number > len(windows) > 0:
        oddities.append(f"has {len(windows)} of at least {number} windows: the first was taken")
        number = 1
    name = functions[0].upper() if functions else "LINEAR"
    if name not in GreyWindow.FUNCTIONS:
        oddities.append(f"has a window of the unknown function {name[:20]!r}: taken as LINEAR")
        name = "LINEAR"
    for center, width in windows[number - 1 :]:
        if width >= 1 if name == "LINEAR" else width > 0:
            return GreyWindow(center, width, name)
        oddities.append(f"has a window {width:g} wide: it was not taken")
    return None


def density_of_codes(
    dataset: Any, layout: Layout, codes: NDArray[np.generic], reading: Reading = USUAL
) -> NDArray[np.uint16]:
    """A frame's stored values [rows, columns] in density units: its display value as bright, or as it is calibrated.

    The codes are overwritten where they can be.
    """
    stored = values_of_codes(codes, layout)
    values, padding = calibrated(dataset, layout, stored), padding_of(dataset, layout, stored)
    scale = scale_of(dataset, layout, reading)
    if is_raw(dataset):
        counts = np.bincount(codes.ravel(), minlength=stored.size)
        table = to_density(raw_display(dataset, values, padding, counts), DISPLAY)
    elif scale.density:
        units = np.clip(values * (UNITS_PER_DENSITY / THOUSANDTHS), 0, FULL)
        table = np.where(padding, DISPLAY_BLACK * UNITS_PER_DENSITY, np.rint(units)).astype(np.uint16)
    else:
        if reading.black is not None and reading.white is not None:
            unsaid = Range(reading.black, reading.white)
        else:
            unsaid = announced_range(layout, stored, values, *(_ends(stored[codes]) if layout.signed else (0, 0)))
        table = to_density(display_of(values, padding, scale, unsaid), DISPLAY)
    return np.asarray(look_up(table, codes, spare=True), np.uint16)


def display_of(values: GreyValues, padding: NDArray[np.bool_], scale: Scale, unsaid: Range) -> NDArray[np.uint16]:
    """The display value of each calibrated value: black where it is padding, by `unsaid` where there is no window."""
    bright = (scale.shown_by or unsaid).brightness_of(values)
    bright = 1 - bright if scale.inverse else bright
    return np.where(padding, 0, np.rint(bright * FULL)).astype(np.uint16)
