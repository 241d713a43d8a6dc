"""Where a finding is, as a table says it: a box, a circle, polygons or a mask, and the rings that outline its pixels.

Coordinates are in px from the image's upper left corner: the pixel of column x reaches from x to x + 1. A pixel belongs
to a shape if its middle lies in it; a shape that is smaller than a pixel has the one in which its middle lies.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.bounds import finite, whole_number
from deepminer_ray.sources.finding import rings_of
from deepminer_ray.sources.rows import Ring
from deepminer_ray.sources.run_lengths import mask_of_runs

BOX, CIRCLE = ("x", "y", "width", "height"), ("cx", "cy", "radius")
POLYGON, MASK, VALUE, RUNS = "polygon", "mask", "value", "runs"
WHERE = (*BOX, *CIRCLE, POLYGON, MASK, VALUE)
"""The columns of a table of findings that say where one is; only COCO's files have run lengths."""
SHAPES = {"a box": BOX, "a circle": CIRCLE, "a polygon": (POLYGON,), "a mask": (MASK,), "run lengths": (RUNS,)}
MOST_CORNERS = 10_000
"""Of a finding's polygons."""
WINDOW_PIXELS = 2**22
"""Of an image that are looked at together."""
FARTHEST = 1e6
"""px from the image's corner: no image is so large."""

Corners = NDArray[np.float64]
Size = tuple[int, int]
"""Columns and rows of an image."""


class PixelSpan(NamedTuple):
    """Pixels of one direction from `first` to before `end`, clipped to the image, and how many lie outside."""

    first: int
    end: int
    outside: int


def rings_said(
    said: Mapping[str, str], size: Size, read_mask: Callable[[str], NDArray[np.generic]], repairs: list[str]
) -> list[Ring]:
    """The rings of a finding of which columns say where it is; none where they say nothing.

    `read_mask` gives the values of a mask [rows, columns] by its name. What was clipped is appended to repairs.
    BadInput where two shapes are given, one is not whole, or nothing of it lies on the image.
    """
    kinds = [name for name, columns in SHAPES.items() if any(said.get(column) for column in columns)]
    if len(kinds) > 1:
        raise BadInput(f"It has {' and '.join(kinds)}: keep one.")
    if said.get(VALUE) and kinds != ["a mask"]:
        raise BadInput("It has a value, but no mask.")
    match kinds:
        case []:
            return []
        case ["a box"]:
            x, y, width, height = _numbers("A box", said, BOX)
            return _box(x, y, _positive(width, "width"), _positive(height, "height"), size, repairs)
        case ["a circle"]:
            cx, cy, radius = _numbers("A circle", said, CIRCLE)
            return _circle(cx, cy, _positive(radius, "radius"), size, repairs)
        case ["a polygon"]:
            return _polygons([_corners(text) for text in said[POLYGON].split("|")], size, repairs)
        case ["a mask"]:
            return _rings_of_drawn(_chosen(read_mask(said[MASK]), said.get(VALUE, "")), "mask")
        case _:
            return _rings_of_drawn(mask_of_runs(json.loads(said[RUNS]), size), "run lengths")


def _numbers(what: str, said: Mapping[str, str], columns: Sequence[str]) -> list[float]:
    if missing := [column for column in columns if not said.get(column)]:
        raise BadInput(f"{what} needs {', '.join(columns)}: there is no {missing[0]}.")
    return [_number(said[column], column) for column in columns]


def _number(text: str, name: str) -> float:
    try:
        number = finite(text)
    except ValueError as error:
        raise BadInput(f"Its {name} is {text[:40]!r}, which is not a number.") from error
    if abs(number) > FARTHEST:
        raise BadInput(f"Its {name} is {number:g}: no image is that large.")
    return number


def _positive(number: float, name: str) -> float:
    if number <= 0:
        raise BadInput(f"Its {name} is {number:g}: it must be more than 0.")
    return number


def _corners(text: str) -> Corners:
    """The corners [n, 2] of a polygon."""
    words = text.replace(",", " ").split()
    if len(words) % 2:
        raise BadInput(f"A polygon has {len(words)} numbers: it needs an x and a y for each corner.")
    if not 6 <= len(words) <= 2 * MOST_CORNERS:
        raise BadInput(f"A polygon has {len(words) // 2} corners: it needs 3 to {MOST_CORNERS}.")
    return np.array([_number(word, "corner") for word in words]).reshape(-1, 2)


def _span(low: float, high: float, length: int) -> PixelSpan:
    """The pixels whose middle lies between two places, at least the one between them."""
    first, end = math.ceil(low - 0.5), math.ceil(high - 0.5)
    if first >= end:
        first = math.floor((low + high) / 2)
        end = first + 1
    return PixelSpan(max(first, 0), min(end, length), max(-first, end - length, 0))


def _window(
    low: tuple[float, float], high: tuple[float, float], size: Size, repairs: list[str]
) -> tuple[PixelSpan, PixelSpan]:
    """The columns and rows of a shape; BadInput where none of them is on the image."""
    across, down = _span(low[0], high[0], size[0]), _span(low[1], high[1], size[1])
    if across.first >= across.end or down.first >= down.end:
        raise BadInput(f"It lies outside the image of {size[0]} x {size[1]} px.")
    if outside := max(across.outside, down.outside):
        repairs.append(f"leaves the image by up to {outside} px: it was clipped")
    return across, down


def _box(x: float, y: float, width: float, height: float, size: Size, repairs: list[str]) -> list[Ring]:
    across, down = _window((x, y), (x + width, y + height), size, repairs)
    left, right, top, bottom = across.first, across.end - 1, down.first, down.end - 1
    ring = [(column, top) for column in range(left, right + 1)]
    ring += [(right, row) for row in range(top + 1, bottom + 1)]
    ring += [(column, bottom) for column in range(right - 1, left - 1, -1)]
    ring += [(left, row) for row in range(bottom - 1, top, -1)]
    return [ring[:-1] if top == bottom and left < right else ring]


def _circle(cx: float, cy: float, radius: float, size: Size, repairs: list[str]) -> list[Ring]:
    across, down = _window((cx - radius, cy - radius), (cx + radius, cy + radius), size, repairs)
    columns = np.arange(across.first, across.end) + 0.5 - cx

    def within(top: int, rows: int) -> NDArray[np.bool_]:
        beyond = np.arange(top, top + rows)[:, np.newaxis] + 0.5 - cy
        return np.asarray(beyond**2 + columns**2 < radius**2)

    return _of_window(_banded(within, across, down), across, down, cx, cy)


def _polygons(polygons: Sequence[Corners], size: Size, repairs: list[str]) -> list[Ring]:
    corners = np.concatenate(polygons)
    if len(corners) > MOST_CORNERS:
        raise BadInput(f"Its polygons have {len(corners)} corners: more than {MOST_CORNERS} are not read.")
    (x, y), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    across, down = _window((x, y), (right, bottom), size, repairs)
    width = across.end - across.first

    def within(top: int, rows: int) -> NDArray[np.bool_]:
        inside = np.zeros((rows, width), np.bool_)
        for polygon in polygons:
            inside |= _enclosed_by(polygon - (across.first, top), rows, width)
        return inside

    return _of_window(_banded(within, across, down), across, down, (x + right) / 2, (y + bottom) / 2)


def _banded(within: Callable[[int, int], NDArray[np.bool_]], across: PixelSpan, down: PixelSpan) -> NDArray[np.bool_]:
    """The pixels of a window that lie within a shape: some rows at a time, as numbers take more room than pixels."""
    inside = np.zeros((down.end - down.first, across.end - across.first), np.bool_)
    rows = max(1, WINDOW_PIXELS // inside.shape[1])
    for top in range(0, len(inside), rows):
        inside[top : top + rows] = within(down.first + top, min(rows, len(inside) - top))
    return inside


def _enclosed_by(corners: Corners, rows: int, columns: int) -> NDArray[np.bool_]:
    """Pixels [rows, columns] that a polygon goes round, however often: what its edges turn about, row by row."""
    turns = np.zeros((rows, columns + 1), np.int16)
    ends = np.roll(corners, -1, axis=0)
    near = (np.maximum(corners[:, 1], ends[:, 1]) > 0) & (np.minimum(corners[:, 1], ends[:, 1]) < rows)
    for (x, y), (next_x, next_y) in zip(corners[near], ends[near], strict=True):
        low, high = sorted((y, next_y))
        crossed = np.arange(max(0, math.ceil(low - 0.5)), min(rows, math.ceil(high - 0.5)))
        if len(crossed):
            at = x + (crossed + 0.5 - y) * (next_x - x) / (next_y - y)
            turns[crossed, np.ceil(at - 0.5).clip(0, columns).astype(np.int64)] += 1 if next_y > y else -1
    np.cumsum(turns, axis=1, out=turns)
    return np.asarray(turns[:, :columns] != 0)


def _of_window(inside: NDArray[np.bool_], across: PixelSpan, down: PixelSpan, x: float, y: float) -> list[Ring]:
    """The rings of what lies inside on a window of the image; of a sliver between pixels that of its middle (x, y)."""
    if inside.any():
        return rings_of(inside, across.first, down.first)
    if across.outside or down.outside:
        raise BadInput("It lies outside the image.")
    return [[(math.floor(x), math.floor(y))]]


def _chosen(values: NDArray[Any], value: str) -> NDArray[np.bool_]:
    """The pixels of a mask that have a value, or any but zero."""
    if not value:
        return np.asarray(values != np.zeros((), np.uint8))
    try:
        return np.asarray(values == whole_number(value))
    except ValueError as error:
        raise BadInput(f"Its value is {value[:40]!r}, which is not a whole number.") from error


def _rings_of_drawn(mask: NDArray[np.bool_], what: str) -> list[Ring]:
    if not mask.any():
        raise BadInput(f"Its {what} {'are' if what.endswith('s') else 'is'} empty.")
    return rings_of(mask)
