"""Explained scans with outlined lesions: do the units peak in the outlines, do their maps cover them?"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray import paper
from deepminer_ray.explanations.agreement import against_chance
from deepminer_ray.explanations.overlap import high, outlined, overlap
from deepminer_ray.explanations.pointing import pointing
from deepminer_ray.patches.grid import scan_size
from deepminer_ray.units.receptive_field import Geometry

POINTING = "pointing game"
UNIT_IOU, CAM_IOU = "unit map IoU", "class activation map IoU"
FIXED = "fixed"
"""The mode of what the authors did not do."""
ACTIVATED = "class_activation_map"

Row = dict[str, Any]


class Located:
    """An explained scan with outlined lesions: where its units peak and where its maps are high, as shares of it."""

    def __init__(self, row: Row, activated: NDArray[np.float32], maps: Sequence[NDArray[np.float32]]):
        self.owner: tuple[str, str] = row["patient"], row["pathology"]
        width, height = scan_size(row["rows"], row["columns"], row["side"])
        self.peaks = np.array([[peak["x"], peak["y"]] for peak in row["peaks"]]) / (width, height)
        film = np.array([row["columns"], row["rows"]])
        self.rings = [np.array([[at["x"] + 0.5, at["y"] + 0.5] for at in ring]) / film for ring in row["rings"]]
        self.outline = outlined(self.rings)
        where = Geometry(row["stride"], 0, row["offset"])
        self.activated, self.maps = (high(some, where, width, height) for some in ([activated], maps))


def located_scans(rows: pa.Table) -> list[Located]:
    """The scans of `located`; of maps one scan's at a time is more than its bits."""
    known = rows.drop_columns([ACTIVATED, "maps"]).to_pylist()
    maps, activated = rows["maps"], rows[ACTIVATED]
    return [
        Located(row, next(_cells(activated.slice(place, 1).combine_chunks())), list(_cells(maps[place].values)))
        for place, row in enumerate(known)
    ]


def _cells(maps: pa.StructArray) -> Iterator[NDArray[np.float32]]:
    """Every map [rows, columns] of some."""
    cells = maps.field("cells")
    for place, (rows, columns) in enumerate(zip(maps.field("rows"), maps.field("columns"), strict=True)):
        yield cells[place].values.to_numpy().astype(np.float32).reshape(rows.as_py(), columns.as_py())


def locating(located: Sequence[Located], seed: int) -> list[Row]:
    """Whether the first units peak in the outlines, and how far their maps, and the class activation map, cover them;
    of which depth is null.
    """
    rows: list[Row] = []
    scores = []
    outlines = [one.outline for one in located]
    for depth in paper.GREEDY:
        rows += [{"depth": depth, "metric": metric, "mode": FIXED} for metric in (POINTING, UNIT_IOU)]
        scores.append(pointing([one.peaks[:depth] for one in located], [one.rings for one in located]))
        scores.append(overlap([one.maps[:, :depth] for one in located], outlines))
    rows.append({"depth": None, "metric": CAM_IOU, "mode": FIXED})
    scores.append(overlap([one.activated for one in located], outlines))
    found = against_chance(scores, [one.owner for one in located], seed)
    return [row | of for row, of in zip(rows, found, strict=True)]
