"""The case book: every explained image of a run in one static page, to be searched (Sec. 3.2)."""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.aliases import Row
from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.explanations.case import record, write_record
from deepminer_ray.explanations.figure import COLOURS, OPAQUE
from deepminer_ray.files.cells import write_file
from deepminer_ray.paper import TOP
from deepminer_ray.patches.region import Region, region_of
from deepminer_ray.patches.shard import read_scan_and_region
from deepminer_ray.patches.whole import Framing
from deepminer_ray.report.template import template
from deepminer_ray.units.picture import displayed

SCAN_HEIGHT, QUALITY = 760, 85
"""px of a film in the book at most, and of its JPEG."""
MAPS_ENCODED_AT_ONCE = 1000
"""A few MB."""
ACTIVATED, PROBABILITY = "class activation map", "probability"
"""What `scan_map` calls them."""


def write_casebook(run: Run) -> Path:
    """Write RUN/casebook.html, complete in itself, and RUN/figures/SCAN.json; no network is needed, the run has all."""
    (layer,) = run.rows("survey_layer")
    cases = run.rows("case")
    framing = framing_of(run) or Framing(layer["side"])
    sizes = {case["scan"]: framing.size(case["rows"], case["columns"]) for case in cases}
    units, concepts, argued, argued_concepts, silence = (_by_scan(run.rows(name, **of)) for name, of in QUERIES.items())
    pictured, seen = {}, {}
    for case in cases:
        pixels, region = read_scan_and_region(run.storage / "scan", case["scan_number"])
        pictured[case["scan"]] = _pictured(pixels, case, sizes[case["scan"]], layer)
        seen[case["scan"]] = _in_region(region_of(pixels, region), layer, case)
    maps = _maps_of_cases(run, seen)
    records = []
    for case in cases:
        scan = case["scan"]
        arguments = argued[scan], argued_concepts[scan], silence[scan]
        said = record(case, units[scan], sizes[scan], concepts[scan], *arguments)
        write_record(run.folder / "figures" / f"{scan}.json", said)
        drawn = [(ACTIVATED, None), *(("unit", unit["unit"]) for unit in units[scan])]
        drawn += [*(("concept", concept["phenomenon"]) for concept in concepts[scan]), (PROBABILITY, None)]
        records.append(said | {"maps": [maps[scan, *of] for of in drawn]} | pictured[scan])
    file = run.folder / "casebook.html"
    colours = (np.array(COLOURS(np.arange(256))[:, :3]) * 255).round().astype(int).tolist()
    misleading = run.rows("case_misleading", partitions=sorted({case["partition"] for case in cases}))
    page = template("casebook.html").render(
        run=run.name,
        words=run.domain.words,
        cases=records,
        network=layer,
        misleading=misleading,
        about={"colours": colours, "opaque": OPAQUE},
    )
    write_file(file, page)
    return file


def _maps_of_cases(run: Run, seen: Mapping[str, NDArray[np.bool_]]) -> dict[tuple[str, str, Any], Row]:
    """The maps of every case as the page has them, by scan, what is shown, and unit or concept.

    A batch is held at a time: as numbers they are many times larger.
    """
    maps = {}
    for batch in run.batches("case_map", MAPS_ENCODED_AT_ONCE):
        ends = np.cumsum(batch["map"].value_lengths())
        cells = np.split(batch["map"].flatten().to_numpy(), ends[:-1])
        for row, of_map in zip(batch.drop_columns(["map"]).to_pylist(), cells, strict=True):
            if row["scan"] in seen:
                of = row["unit"] if row["shows"] == "unit" else row["phenomenon"]
                largest = 1.0 if row["shows"] == PROBABILITY else None
                maps[row["scan"], row["shows"], of] = _cells(row, of_map, seen[row["scan"]], largest)
    return maps


QUERIES: dict[str, dict[str, Any]] = {
    "case_unit": {},
    "case_concept": {},
    "case_argument": {"units": TOP},
    "case_concept_argument": {},
    "case_silence": {},
}


def _by_scan(rows: Sequence[Row]) -> dict[str, list[Row]]:
    by_scan: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_scan[row["scan"]].append(row)
    return by_scan


def _in_region(region: Region, layer: Row, of: Row) -> NDArray[np.bool_]:
    """Which cells of a map, row by row, are centred on the region, where decisions are taken; all where none is."""
    rows, columns = (
        np.clip(np.rint(layer["offset"] + np.arange(cells) * layer["stride"]), 0, px - 1).astype(int)
        for cells, px in zip((of["map_height"], of["map_width"]), region.shape, strict=True)
    )
    seen: NDArray[np.bool_] = region[np.ix_(rows, columns)].ravel()
    return seen if seen.any() else ~seen


def _pictured(pixels: NDArray[np.uint16], case: Row, size: tuple[int, int], layer: Row) -> Row:
    """The film as JPEG, and in its px: size, lesions' outlines, and where the cells of the maps lie."""
    scale = min(1.0, SCAN_HEIGHT / size[1])
    width, height = round(size[0] * scale), round(size[1] * scale)
    across, down = width / case["columns"], height / case["rows"]
    return {
        "laterality": case["laterality"],
        "view": case["view"],
        "film": _jpeg(displayed(pixels), width, height),
        "colour": pixels.ndim > 2,
        "width": width,
        "height": height,
        "rings": [
            [[round((p["x"] + 0.5) * across, 1), round((p["y"] + 0.5) * down, 1)] for p in ring]
            for ring in case["rings"]
        ],
        "stride": layer["stride"] * width / size[0],
        "offset": (layer["offset"] + 0.5) * width / size[0] - 0.5,
    }


def _jpeg(picture: NDArray[np.float32], width: int, height: int) -> str:
    small = np.round(255 * cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)).astype(np.uint8)
    of_opencv = small if picture.ndim == 2 else small[..., ::-1]  # blue first
    written, encoded = cv2.imencode(".jpg", of_opencv, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    if not written:
        raise ValueError("OpenCV did not write a JPEG.")
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


def _cells(row: Row, cells: NDArray[np.float32], seen: NDArray[np.bool_], largest: float | None = None) -> Row:
    """A map from 0 to its own maximum in 256 steps, as base64; below 0, and where nothing is `seen`, it is 0."""
    cells = np.where(seen, cells, np.float32(0))
    largest = float(cells.max()) if largest is None else largest
    steps = np.clip(cells / largest, 0, 1) * 255 if largest > 0 else np.zeros_like(cells)
    text = base64.b64encode(np.round(steps).astype(np.uint8).tobytes()).decode()
    return {"columns": row["map_width"], "rows": row["map_height"], "cells": text, "largest": largest}
