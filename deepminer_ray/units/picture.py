"""What a unit looks at: its top patches, segmented by the binarized and upsampled response map (Sec. 2.2, Fig. 3)."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.paper import SEGMENTATION_THRESHOLD
from deepminer_ray.sources.density import DISPLAY_BLACK, DISPLAY_RANGE, UNITS_PER_DENSITY
from deepminer_ray.units.name import unit_name
from deepminer_ray.units.receptive_field import Geometry

SIDE = 190
GAP = 8
"""Pixels of a patch on the sheet, and between two of them."""
DIMMED = 0.2
"""Brightness left outside the segmentation, as in the authors' pictures."""
CONTOUR = "#ffb000"
DPI = 100
MARGIN, NARROWEST = 0.2, 6.0
"""Inches around the sheet, and of the narrowest page, so that a heading fits beside one patch."""
HEADING = 15
LINE, LETTER = 1.25 * HEADING / 72, 0.62 * HEADING / 72
"""Inches from line to line and of a wide letter."""


def displayed(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Density units as a viewer shows them: 0 (black) at density 3.0 and above, 1 (white) at 0.05 and below."""
    density = pixels.astype(np.float32) / np.float32(UNITS_PER_DENSITY)
    shown: NDArray[np.float32] = np.clip((DISPLAY_BLACK - density) / DISPLAY_RANGE, 0, 1, dtype=np.float32)
    return shown


def upsample(response_map: NDArray[Any], geometry: Geometry, height: int, width: int) -> NDArray[np.float32]:
    """[height, width]: bilinear between the centres of the cells, cell j on pixel offset + j * stride.

    Pixels beyond the outermost centres have the value of the nearest cell on the edge.
    """
    column = ((np.arange(width) - geometry.offset) / geometry.stride).astype(np.float32)
    row = ((np.arange(height) - geometry.offset) / geometry.stride).astype(np.float32)
    upsampled = cv2.remap(
        np.ascontiguousarray(response_map, dtype=np.float32),
        np.tile(column, (height, 1)),
        np.tile(row[:, np.newaxis], (1, width)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(upsampled, dtype=np.float32)


def draw_unit(
    path: Path,
    unit: int,
    name: str | None,
    patches: Sequence[tuple[NDArray[np.uint16], NDArray[Any]]],
    geometry: Geometry,
    columns: int = 8,
) -> None:
    """Draw patches (density units, response map) row by row, dimmed where the unit does not respond to them."""
    if not patches:
        raise BadInput(f"{unit_name(unit)} has no patches to draw.")
    threshold = SEGMENTATION_THRESHOLD * max(float(np.max(response_map)) for _, response_map in patches)
    columns = min(columns, len(patches))
    rows = -(-len(patches) // columns)
    height, width = rows * (SIDE + GAP) - GAP, columns * (SIDE + GAP) - GAP
    sheet = np.ones((height, width), dtype=np.float32)
    response = np.full((height, width), np.nan, dtype=np.float32)
    for place, (pixels, response_map) in enumerate(patches):
        top, left = (SIDE + GAP) * (place // columns), (SIDE + GAP) * (place % columns)
        cell = np.s_[top : top + SIDE, left : left + SIDE]
        response[cell] = _fitted(upsample(response_map, geometry, *pixels.shape))
        sheet[cell] = _fitted(displayed(pixels)) * np.where(segmented(response[cell], threshold), 1, DIMMED)
    _save(path, f"{unit_name(unit)}   {name or 'not named'}", sheet, response, threshold)


def segmented(response: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Where the unit responds: above the threshold, and nowhere for a unit that never responds at all."""
    return (response > threshold) & (response > 0)


def _fitted(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Resize to the side of a cell, averaging where that is smaller."""
    interpolation = cv2.INTER_AREA if max(pixels.shape) > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=interpolation), dtype=np.float32)


def _save(
    path: Path,
    heading: str,
    sheet: NDArray[np.float32],
    response: NDArray[np.float32],
    threshold: float,
) -> None:
    from matplotlib.figure import Figure  # takes half a second, and a survey draws no sheet

    height, width = sheet.shape[0] / DPI, sheet.shape[1] / DPI
    page_width = max(width, NARROWEST) + 2 * MARGIN
    lines = textwrap.wrap(heading, width=int(page_width / LETTER))
    page_height = height + len(lines) * LINE + 3 * MARGIN
    figure = Figure(figsize=(page_width, page_height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((MARGIN / page_width, MARGIN / page_height, width / page_width, height / page_height))
    axes.set_axis_off()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="none")
    if threshold > 0:
        axes.contour(response, levels=[threshold], colors=[CONTOUR], linewidths=1.2)
    # What experts typed is no mathematics, whatever dollar signs it holds.
    place = (MARGIN / page_width, 1 - MARGIN / page_height)
    figure.text(*place, "\n".join(lines), fontsize=HEADING, va="top", parse_math=False)
    figure.savefig(path)
