"""What was taken for breast, to be checked by eye: stored scans with the outline of their mask (Sec. 2.1)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.breast import breast_mask
from deepminer_ray.sources.density import brightness

ACROSS = 6
WIDTH, HEIGHT = 2.4, 4.0
"""Inches of a film."""
CONTOUR = "#ffb000"
PICTURE_SUFFIXES = (".png", ".pdf", ".svg")


def draw_breasts(file: Path, scans: Sequence[tuple[str, NDArray[np.uint16]]]) -> None:
    """Draw films (name and density units [rows, columns]), the mask's edge on each and its share of the film."""
    if file.suffix not in PICTURE_SUFFIXES:
        raise BadInput(f"{file} is not a picture this program draws: use {', '.join(PICTURE_SUFFIXES)}.")
    rows = -(-len(scans) // ACROSS)
    columns = min(len(scans), ACROSS)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in axes:
        panel.axis("off")
    for panel, (name, density) in zip(axes, scans, strict=False):
        mask = breast_mask(density)
        grey = brightness(density.astype(np.float64))
        panel.imshow(grey, cmap="gray", vmin=0, vmax=1)
        if mask.any() and not mask.all():
            panel.contour(mask, [0.5], colors=CONTOUR, linewidths=1)
        panel.set_title(f"{name}\nbreast {mask.mean():.0%} of the film", fontsize=7)
    try:
        figure.savefig(file, dpi=100)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error
