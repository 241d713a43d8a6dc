"""An explanation as a picture: the film, its class activation map and the units that decided (Sec. 3.2, Figs. 4, 5)."""

import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from deepminer_ray.paper import NAMED_IN_FIGURE
from deepminer_ray.patches.region import Region, region_of
from deepminer_ray.sources.rows import Ring
from deepminer_ray.units.picture import displayed, in_colour, in_grey
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import upsample

DPI = 100
PAGE, MARGIN, GAP = 16.0, 0.2, 0.14
"""Inches: the widest page (1,600 px), around its contents, and between two panels."""
WIDEST, HIGHEST = 3.6, 6.5
"""Inches: no panel is larger, however few there are or however tall the film is."""
TEXT, TITLE = 10.5, 14
"""Points."""
LINE, LETTER, CAPITAL = 1.3 * TEXT / 72, 0.6 * TEXT / 72, 0.7 * TEXT / 72
"""Inches from line to line, of a letter and of a capital: text is wrapped by counting."""
NAME_LINES, REPORT_LINES = 5, 7
BOLD = 0.9
"""Letters of a bold line for each of a plain one."""
COLOURS = colormaps["plasma"]
OPAQUE = 0.8
"""Share of colour, not film, where a map is at its maximum; it falls to nothing with the map."""
MAROON, GREY = "#800000", "#555555"
SCALE = "each map coloured from 0 (clear) to its own maximum in the {} (yellow)"


@dataclass(frozen=True, slots=True, eq=False)
class DrawnScan:
    """A stored scan in density units [rows, columns] or in colour [rows, columns, 3], its lesions' outlines in px, and
    what is said of it. Its region is the breast where none is given. `words` are what image, region and findings are
    called."""

    scan: str
    pixels: NDArray[np.uint16]
    outlines: Sequence[Ring]
    report: str
    assessment: int | None
    subtlety: int | None
    region: Region | None = None
    words: tuple[str, str, str] = ("image", "region", "finding")


@dataclass(frozen=True, slots=True)
class Decision:
    """The class the scan has, the class the network decided for, and that class's probability."""

    truth: str
    decided: str
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class ConceptMap:
    """Units of one name: what they are called, whether that is a name (or a remark, or a unit's own), how many speak at
    the cell that decided, their share of all that speaks for the class there (None: unknown), and their map."""

    phenomenon: str
    named: bool
    units: int
    share: float | None
    response: NDArray[Any]


def draw_explanation(
    out: Path | IO[bytes],
    scan: DrawnScan,
    decision: Decision,
    cam: NDArray[Any],
    concepts: Sequence[ConceptMap],
    geometry: Geometry,
    suffix: str = ".png",
) -> None:
    """Draw film, class activation map of the decided class and up to five concepts' maps side by side, as .png or .pdf.

    Maps are drawn on the region alone, as decisions are taken there: a film's edge may answer more than any tissue.
    They lie on a scan without its colours, so that all colour there is a map's.
    """
    concepts = concepts[:NAMED_IN_FIGURE]
    rows, columns = scan.pixels.shape[:2]
    column = min((PAGE - 2 * MARGIN + GAP) / (2 + len(concepts)) - GAP, WIDEST)
    height = min(column * rows / columns, HIGHEST)
    width = height * columns / rows
    letters = int(column / LETTER)
    nowhere = ["nowhere above 0"] if cam.max() <= 0 else []
    headings = [([scan.words[0]], []), (["class activation map"], [f"of {decision.decided}", *nowhere])]
    headings += [_heading(one, decision.decided, letters) for one in concepts]
    report = _report_lines(scan, int((2 * column + GAP) / CAPITAL))
    top = MARGIN + 2.6 * TITLE / 72 + (0.6 + max(len(name) + len(said) for name, said in headings)) * LINE
    beneath = top + height + 0.12

    page_width = 2 * MARGIN + len(headings) * (column + GAP) - GAP
    figure, page = _page(page_width, beneath + max(len(report), 2) * LINE + MARGIN)
    answer = (
        f"true class: {decision.truth}   decided class: {decision.decided}   probability {decision.probability:.3f}"
    )
    _write_lines(page, MARGIN, MARGIN, [answer], size=TITLE, weight="bold")
    _write_lines(page, MARGIN, MARGIN + 1.5 * TITLE / 72, [scan.scan], color=GREY)
    picture = _drawn(displayed(scan.pixels), width)
    maps = [
        _drawn(upsample(response, geometry, rows, columns), width)
        for response in (cam, *(one.response for one in concepts))
    ]
    region = _drawn(region_of(scan.pixels, scan.region).astype(np.float32), width) > 0.5
    maps = [np.where(region | ~region.any(), response, np.float32(0)) for response in maps]
    panels = [in_colour(picture), *(blended(in_grey(picture), response) for response in maps)]
    for index, (panel, (name, said)) in enumerate(zip(panels, headings, strict=True)):
        middle = MARGIN + index * (column + GAP) + column / 2
        page.imshow(panel, extent=(middle - width / 2, middle + width / 2, top + height, top), aspect="auto")
        _write_lines(page, middle, top - (0.4 + len(name) + len(said)) * LINE, name, ha="center", weight="bold")
        _write_lines(page, middle, top - (0.4 + len(said)) * LINE, said, ha="center")
    for index in range(len(panels)):
        left = MARGIN + index * (column + GAP) + (column - width) / 2
        _draw_outlines(page, scan.outlines, left, top, width / columns)
    _write_lines(page, MARGIN, beneath, report)
    if concepts:
        _bracket(
            page, MARGIN + 2 * (column + GAP), MARGIN + len(headings) * (column + GAP) - GAP, beneath, scan.words[1]
        )
    figure.savefig(out, format=suffix[1:])


def blended(grey: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """[rows, columns, 3]: colour over the film where the map is above 0, strongest at the map's own maximum."""
    largest = float(response.max())
    share = np.clip(response / largest, 0, 1) if largest > 0 else np.zeros_like(response)
    colour = COLOURS(share)[..., :3].astype(np.float32)
    opacity = (OPAQUE * share)[..., np.newaxis]
    mixed: NDArray[np.float32] = grey[..., np.newaxis] * (1 - opacity) + colour * opacity
    return mixed


def _heading(concept: ConceptMap, decided: str, letters: int) -> tuple[list[str], list[str]]:
    """The lines of a name, which are bold and wider, and what is said of it."""
    name = textwrap.wrap(concept.phenomenon, int(letters * BOLD), max_lines=NAME_LINES, placeholder=" …")
    units = f"{concept.units} unit" + ("" if concept.units == 1 else "s")
    share = [] if concept.share is None else textwrap.wrap(f"{concept.share:.0%} of what speaks for {decided}", letters)
    return name, [units if concept.named else f"({units}, no name)", *share]


def _report_lines(scan: DrawnScan, letters: int) -> list[str]:
    """The keyword report and the two ratings, as far as the film has them; a line a lesion.
    Of many lesions, those of which the same is said share one.

    A report begins with the field that says what a lesion is, and so does each lesion in it.
    """
    report = scan.report.strip() or f"no {scan.words[2]} described"
    lesions = re.split(rf"\s(?={re.escape(report.split()[0])}\s)", report)
    if len(lesions) > REPORT_LINES:
        lesions = [f"{lesion} ({count})" if count > 1 else lesion for lesion, count in Counter(lesions).items()]
    said = [line for lesion in lesions for line in textwrap.wrap(lesion, letters)]
    if len(said) > REPORT_LINES:
        said = [*said[: REPORT_LINES - 1], "…"]
    ratings = [
        f"{name} {rating}"
        for name, rating in (("assessment", scan.assessment), ("subtlety", scan.subtlety))
        if rating is not None
    ]
    return [*said, ", ".join(ratings)] if ratings else said


def _page(width: float, height: float) -> tuple[Figure, Axes]:
    """A white page and axes over all of it, in inches from its top left corner."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    page.set_axis_off()
    page.set_autoscale_on(False)
    return figure, page


def _drawn(pixels: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """No more pixels than a panel of that many inches can show at twice the page's resolution."""
    factor = 2 * DPI * width / pixels.shape[1]
    if factor >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _draw_outlines(page: Axes, outlines: Sequence[Ring], left: float, top: float, inches: float) -> None:
    """Rings in px of the film, of so many inches each, through the middles of the boundary pixels."""
    # A pale edge on both sides keeps maroon visible on black film.
    edge = [Stroke(linewidth=3, foreground="#ffe0c0"), Normal()]
    for ring in outlines:
        across, down = (np.array([*ring, *ring[:1]], dtype=np.float64).reshape(-1, 2).T + 0.5) * inches
        page.plot(left + across, top + down, color=MAROON, linewidth=1.6, path_effects=edge)


def _write_lines(page: Axes, x: float, y: float, lines: Sequence[str], size: float = TEXT, **style: Any) -> None:
    """Lines downwards from y; what people typed is not mathematics, whatever dollar signs it holds."""
    for number, line in enumerate(lines):
        page.text(x, y + number * LINE, line, fontsize=size, va="top", parse_math=False, **style)


def _bracket(page: Axes, start: float, end: float, y: float, region: str) -> None:
    """What the paper prints beneath the units, and what their colours mean."""
    scale = SCALE.format(region)
    page.plot([start, start, end, end], [y - 0.05, y, y, y - 0.05], color=GREY, linewidth=1)
    _write_lines(page, (start + end) / 2, y + 0.07, ["DeepMiner Explanation"], ha="center", weight="bold")
    # Wider than one panel, it ends where that does, so that it stays on the page.
    wide = end - start > len(scale) * LETTER
    _write_lines(
        page, (start + end) / 2 if wide else end, y + 0.07 + LINE, [scale], ha="center" if wide else "right", color=GREY
    )
