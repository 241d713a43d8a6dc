"""The regions that radiologists drew on EMBED's images, and whether they are in px of an image or of its mirror."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.air import MOST_IN_AIR
from deepminer_ray.sources.bounds import finite
from deepminer_ray.sources.data_set import box_of_corners
from deepminer_ray.sources.shape import BOX
from deepminer_ray.sources.two_tables import Cells

REGIONS_SAID, REGIONS_OF_DICOM, REGIONS_OF_PNG = "roi_coords", "dcm_roi_coords", "png_roi_coords"
"""Columns: of an image, as it is described; of its file and of its picture, where a table tells them apart."""
TEXT_OF_REGIONS = re.compile(r"[\s\d\[\](),.\-']*", re.ASCII)
NUMBERS_IN_REGIONS = re.compile(r"-?\d+(?:\.\d*)?", re.ASCII)
MOST_LETTERS = 10_000
CLEARER = 0.1
"""By how much less of its regions must lie in the air one way round than the other."""
MIRRORED = "has regions in px of its picture, which is mirrored: they were turned round"
UNCLEAR = (
    "has regions that lie in the breast as they are and mirrored: which is meant is not known, so none has a place"
)


def boxes_of_regions(row: Mapping[str, str], column: str) -> list[Cells]:
    """The regions that were drawn on an image; BadInput where they are not lists of ymin, xmin, ymax and xmax."""
    text, told = row.get(column, ""), row.get("num_roi", "").removesuffix(".0")
    if len(text) > MOST_LETTERS or TEXT_OF_REGIONS.fullmatch(text) is None:
        raise BadInput(f"Its regions are {text[:60]!r}, not lists of numbers.")
    numbers = NUMBERS_IN_REGIONS.findall(text)
    if len(numbers) % len(BOX):
        raise BadInput(f"Its regions have {len(numbers)} numbers, not ymin, xmin, ymax and xmax for each.")
    corners = [numbers[first : first + len(BOX)] for first in range(0, len(numbers), len(BOX))]
    if told and told != str(len(corners)):
        raise BadInput(f"It is said to have {told[:20]} regions, and has {len(corners)}.")
    return [
        box_of_corners((left, top, right, bottom)) for top, left, bottom, right in dict.fromkeys(map(tuple, corners))
    ]


def way_round(as_is: float, turned: float, at_the_right: bool) -> str:
    """What is to be done with regions of which some shares lie in the air as they are, and mirrored; empty for nothing.

    Pictures have the breast at the left. BadInput where the regions lie beside the breast.
    """
    if as_is > MOST_IN_AIR and (turned > MOST_IN_AIR or not at_the_right):
        raise BadInput("Its regions lie beside the breast: where its findings are, is not known.")
    if not at_the_right or as_is < turned - CLEARER:
        return ""
    return MIRRORED if turned < as_is - CLEARER else UNCLEAR


def is_at_the_right(grey: NDArray[np.generic]) -> bool:
    """Whether the right half of grey levels [rows, columns] is the brighter one."""
    thinned = grey[::8, ::8].astype(np.float64).mean(axis=0)
    half = len(thinned) // 2
    return bool(thinned[-half:].sum() > thinned[:half].sum())


def mirrored(finding: Cells, columns: int) -> Cells:
    """A finding with its box mirrored in an image of so many columns."""
    x, width = BOX[0], BOX[2]
    return finding | ({x: repr(columns - finite(finding[x]) - finite(finding[width]))} if x in finding else {})


def without_place(finding: Cells) -> Cells:
    """A finding without its box."""
    return {name: cell for name, cell in finding.items() if name not in BOX}
