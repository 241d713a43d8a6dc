"""What was taken for the region, such as the breast, to be checked by eye: stored scans with its outline (Sec. 2.1)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deepminer_ray.domain import DomainWords
from deepminer_ray.errors import BadInput
from deepminer_ray.patches.region import Region, region_of
from deepminer_ray.sources.density import FULL, brightness

ACROSS = 6
WIDTH, HEIGHT = 2.4, 4.0
"""Inches of a film."""
CONTOUR = "#ffb000"
PICTURE_SUFFIXES = (".png", ".pdf", ".svg")


def draw_regions(
    file: Path, scans: Sequence[tuple[str, NDArray[np.uint16], Region | None]], words: DomainWords
) -> None:
    """Draw films, each with the edge of its region and that one's share of it.

    A film is a name, pixels in density units [rows, columns] or in colour [rows, columns, 3], and the region that is
    kept with it, None where that is the breast. `words` are what the region and the film are called.
    """
    if file.suffix not in PICTURE_SUFFIXES:
        raise BadInput(f"{file} is not a picture this program draws: use {', '.join(PICTURE_SUFFIXES)}.")
    rows = -(-len(scans) // ACROSS)
    columns = min(len(scans), ACROSS)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in axes:
        panel.axis("off")
    for panel, (name, pixels, region) in zip(axes, scans, strict=False):
        mask = region_of(pixels, region)
        picture = pixels / FULL if pixels.ndim > 2 else brightness(pixels.astype(np.float64))
        panel.imshow(picture, cmap="gray", vmin=0, vmax=1)
        if mask.any() and not mask.all():
            panel.contour(mask, [0.5], colors=CONTOUR, linewidths=1)
        panel.set_title(f"{name}\n{words.region} {mask.mean():.0%} of the {words.image}", fontsize=7)
    try:
        figure.savefig(file, dpi=100)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error
