"""COCO's run lengths: a mask as the numbers of pixels that are outside, inside, outside ..., column by column."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput

MOST_RUNS = 2**22
"""Of one mask."""


def mask_of_runs(said: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask [rows, columns] of an object with `size` and `counts`, a list or COCO's text, on an image of that size.

    BadInput where the runs do not fill the image, or the sizes differ. `size` is columns and rows.
    """
    columns, rows = size
    if not isinstance(said, dict) or said.get("size") != [rows, columns]:
        raise BadInput(f"Its run lengths are not of an image of {columns} x {rows} px.")
    counts = said.get("counts")
    runs = _runs_of_text(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or len(runs) > MOST_RUNS:
        raise BadInput("Its run lengths are not a list of whole numbers.")
    if any(type(run) is not int or not 0 <= run <= rows * columns for run in runs):
        raise BadInput(f"Its run lengths are not whole numbers from 0 to {rows * columns}.")
    if sum(runs) != rows * columns:
        raise BadInput(f"Its run lengths add up to {sum(runs)}, not to the {rows * columns} px of the image.")
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.asarray(inside.reshape(columns, rows).T)


def _runs_of_text(text: str) -> list[int]:
    """The runs of COCO's text: five bits a letter, the least first; from the fourth on less the run two before."""
    runs: list[int] = []
    number = shift = 0
    if len(text) > MOST_RUNS:
        raise BadInput(f"Its run lengths have {len(text)} letters: more than {MOST_RUNS} are not read.")
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 30:
            raise BadInput("Its run lengths are not COCO's text.")
        number |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        number -= (1 << shift) if bits & 16 else 0
        runs.append(number + runs[-2] if len(runs) > 2 else number)
        number = shift = 0
    if shift:
        raise BadInput("Its run lengths are cut off.")
    return runs
