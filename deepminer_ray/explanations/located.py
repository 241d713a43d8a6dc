"""Explained scans with outlined lesions: do the units peak in the outlines, do their maps cover them?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray import paper
from deepminer_ray.aliases import Row
from deepminer_ray.explanations.agreement import against_chance
from deepminer_ray.explanations.overlap import PACKED_WORDS, Bits, Maps, Raster, outlined, overlap
from deepminer_ray.explanations.pointing import Points, pointing
from deepminer_ray.patches.whole import Framing
from deepminer_ray.units.receptive_field import Geometry

POINTING = "pointing game"
UNIT_IOU, CAM_IOU = "unit map IoU", "class activation map IoU"
FIXED = "fixed"
"""The mode of what the authors did not do."""


@dataclass(frozen=True, eq=False, slots=True)
class Located:
    """An explained scan with outlined lesions: patient and worst pathology; as shares of the scan where its units peak
    and its outlines; the places within these, and those where its class activation map and its units' maps are high.
    """

    owner: tuple[str, str]
    peaks: Points
    rings: Sequence[Points]
    outline: Bits
    activated: Maps
    maps: Maps


@dataclass(frozen=True, eq=False, slots=True)
class ScanMaps:
    """How maps lie on a scan's stored film of so many px, the column of each unit's map (None: the class activation
    map's), and where these are high, which is nowhere until they come.
    """

    size: tuple[int, int]
    geometry: Geometry
    column: Mapping[int | None, int]
    high: Maps


def located_scans(rows: pa.Table, maps: Iterable[pa.RecordBatch]) -> list[Located]:
    """The scans of `located` with their maps of `located_map`: a batch of these at a time is more than their bits."""
    known = rows.drop_columns(["peaks", "rings"]).to_pylist()
    scans = {row["scan"]: _empty_maps(row) for row in known}
    raster = Raster()
    for batch in maps:
        _lay(batch, scans, raster)
    peaks, rings = (rows[name].combine_chunks() for name in ("peaks", "rings"))
    corners = iter(_split(_points(rings.flatten().flatten()) + 0.5, rings.flatten()))
    located = []
    for row, points, number in zip(known, _split(_points(peaks.flatten()), peaks), rings.value_lengths(), strict=True):
        of_scan = scans[row["scan"]]
        outlines = [ring / (row["columns"], row["rows"]) for ring in islice(corners, number.as_py())]
        owner = row["patient"], row["pathology"]
        high = of_scan.high[:, :1], of_scan.high[:, 1:]
        located.append(Located(owner, points / of_scan.size, outlines, outlined(outlines), *high))
    return located


def _empty_maps(row: Row) -> ScanMaps:
    whole = json.loads(row["whole"] or "null")
    framing = Framing(row["side"], row["patches_across"], whole and (whole[0], whole[1]))
    size = framing.size(row["rows"], row["columns"])
    column = {unit: index for index, unit in enumerate([None, *row["units"]])}
    high = np.zeros((PACKED_WORDS, len(column)), dtype=np.uint64)
    return ScanMaps(size, Geometry(row["stride"], 0, row["offset"]), column, high)


def _lay(batch: pa.RecordBatch, scans: Mapping[str, ScanMaps], raster: Raster) -> None:
    """Find where the maps of a batch are high; those of films of one size together."""
    alike: dict[Any, list[tuple[ScanMaps, int, NDArray[np.float32]]]] = {}
    said = (batch[name].to_pylist() for name in ("scan", "unit", "rows", "columns"))
    for scan, unit, rows, columns, cells in zip(
        *said, _split(batch["map"].flatten().to_numpy(), batch["map"]), strict=True
    ):
        of_scan = scans.get(scan)
        if of_scan is not None and unit in of_scan.column:
            of_size = alike.setdefault((of_scan.size, of_scan.geometry, rows, columns), [])
            of_size.append((of_scan, of_scan.column[unit], cells.reshape(rows, columns)))
    for (size, geometry, *_), some in alike.items():
        high = raster.high([cells for _, _, cells in some], geometry, *size)
        for (of_scan, column, _), of_map in zip(some, high.T, strict=True):
            of_scan.high[:, column] = of_map


def _points(structs: pa.StructArray) -> Points:
    return np.column_stack([structs.field(of).to_numpy().astype(np.float64) for of in ("x", "y")])


def _split(values: NDArray[Any], lists: pa.ListArray) -> list[NDArray[Any]]:
    """The values of each list."""
    return np.split(values, np.cumsum(lists.value_lengths())[:-1]) if len(lists) else []


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
    chances = against_chance(scores, [one.owner for one in located], seed)
    return [row | of for row, of in zip(rows, chances, strict=True)]
