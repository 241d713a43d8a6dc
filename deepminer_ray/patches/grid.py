"""Where patches lie on the stored scan and on the full film (Sec. 2.1): integer geometry, no pixels."""

from dataclasses import dataclass

from deepminer_ray.errors import BadInput
from deepminer_ray.paper import PATCHES_ACROSS, PLACES_PER_PATCH

WINDOWS_PER_SCAN = 65_536
"""A patch number holds the window's index below its scan's number."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window of the grid: its row-major number, and its left column and top row in px of the stored scan."""

    index: int
    column: int
    row: int
    x: int
    y: int


def scan_size(rows: int, columns: int, side: int, across: int = PATCHES_ACROSS) -> tuple[int, int]:
    """Width and height of the stored scan: the film's shorter side becomes `across` patches, the longer is rounded."""
    if min(rows, columns, side) < 1:
        raise BadInput(f"An image of {columns} x {rows} px cannot be stored for patches of {side} px.")
    shorter = min(rows, columns)
    return divide_halves_up(columns * across * side, shorter), divide_halves_up(rows * across * side, shorter)


def grid_windows(width: int, height: int, side: int, places: int = PLACES_PER_PATCH) -> list[Window]:
    """All windows of `side` px on a stored scan, row by row, `places` of them begun in a patch: 2 in Sec. 2.1.

    Where that grid stops short of the edge, a last column or row flush with the edge is added, so that no
    tissue stays unseen.
    """
    if side < places or min(width, height) < side:
        raise BadInput(f"Patches of {side} px cannot be cut from a scan of {width} x {height} px.")
    columns = _starts(width, side, places)
    return [
        Window(row * len(columns) + column, column, row, x, y)
        for row, y in enumerate(_starts(height, side, places))
        for column, x in enumerate(columns)
    ]


def scan_window(
    window: Window, side: int, width: int, height: int, columns: int, rows: int, across: int = PATCHES_ACROSS
) -> tuple[int, int, int]:
    """Left column, top row and size of a window in px of the full film of `columns` x `rows` px.

    The size, the film's shorter side divided by `across`, is the same for all windows; they are shifted by at most the
    rounding so that they end inside the film. `side`, `width` and `height` are those of the stored scan.
    """
    if window.x + side > width or window.y + side > height:
        raise BadInput(f"Window {window.index} does not lie on a scan of {width} x {height} px.")
    size = max(1, divide_halves_up(min(columns, rows), across))
    x = min(divide_halves_up(window.x * columns, width), columns - size)
    y = min(divide_halves_up(window.y * rows, height), rows - size)
    return x, y, size


def patch_number(scan_number: int, index: int) -> int:
    """The number of a patch: unique over a run, ordered by scan, then row-major by window."""
    if scan_number < 0 or not 0 <= index < WINDOWS_PER_SCAN:
        raise BadInput(
            f"Window {index} of scan {scan_number} has no patch number: a scan has {WINDOWS_PER_SCAN} windows."
        )
    return scan_number * WINDOWS_PER_SCAN + index


def _starts(length: int, side: int, places: int) -> list[int]:
    starts: list[int] = []
    while (start := len(starts) * side // places) + side <= length:
        starts.append(start)
    if starts[-1] + side < length:
        starts.append(length - side)
    return starts


def divide_halves_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient."""
    # Halves go up: round() would send them to the even neighbour, and windows would not be evenly apart.
    return (2 * numerator + denominator) // (2 * denominator)
