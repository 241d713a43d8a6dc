"""What a unit responds to, out of the run: patches of high, middle and low activation, their pictures, their films."""

import hashlib
import json
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.database.digests import pixels
from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.files.location import write_whole
from deepminer_ray.paper import EXCEEDED_SHARE, SEGMENTATION_THRESHOLD
from deepminer_ray.patches.shard import read_patches, read_scan, shard
from deepminer_ray.patches.whole import Framing
from deepminer_ray.survey.pictures import patch_picture, png, scan_picture
from deepminer_ray.units.receptive_field import Geometry

SHOWN, BESIDE = 32, 8
"""Top patches of a unit; patches of middle and of low activation beside them."""
RULES = {
    "authors": "above 0.2 of the unit's largest response (the authors' code)",
    "dissection": "above what 0.5 % of all cells exceed (Network Dissection)",
    "none": "no segmentation",
}


class Gallery:
    """Patches and films of one state of a run; pictures are drawn when first asked for and kept under `RUN/survey/`.

    BadInput where the run's pixels are missing, or others than were cut.
    """

    def __init__(self, run: Run, partitions: list[str]):
        self.run, self.partitions = run, partitions
        (layer,) = run.rows("survey_layer")
        self.checkpoint: str = layer["checkpoint"]
        self.geometry = Geometry(layer["stride"], layer["field"], layer["offset"])
        self.framing = framing_of(run) or Framing(layer["side"])
        self.storage = run.storage
        made = pixels(run).read_bytes()
        ranked = [row for row in run.rows("status") if row["stage"] in ("probe", "rank")]
        described = json.dumps([self.checkpoint, ranked], default=str).encode()
        self.digest = hashlib.sha256(described + made).hexdigest()[:16]
        self.folder = run.folder / "survey" / self.digest
        self._patches: dict[int, list[dict[str, Any]]] = {}
        self._scans: dict[int, dict[str, Any]] = {}
        self._thresholds: dict[int, float] = {}
        self._suggestions: dict[int, list[dict[str, Any]]] | None = None
        self._drawing: dict[int, threading.Lock] = defaultdict(threading.Lock)

    def patches(self, unit: int) -> list[dict[str, Any]]:
        """Rows of `survey_patch`, with the patch's box on the stored film: left, top, width, height in px."""
        if unit not in self._patches:
            beside = {"shown": SHOWN, "beside": BESIDE, "partitions": self.partitions}
            rows = self.run.rows("survey_patch", unit=unit, **beside)
            scans = self.scans({row["scan_number"] for row in rows})
            for row in rows:
                scan = scans[row["scan_number"]]
                scale = scan["width"] / scan["columns"], scan["height"] / scan["rows"]
                row["box"] = [
                    row["x"] * scale[0],
                    row["y"] * scale[1],
                    row["width"] * scale[0],
                    row["height"] * scale[1],
                ]
            self._patches[unit] = rows
        return self._patches[unit]

    def scans(self, numbers: set[int]) -> dict[int, dict[str, Any]]:
        """By scan number: name, view, the other view's number, size and lesions' outlines in px of the stored film."""
        missing = sorted(numbers - self._scans.keys())
        for scan in self.run.rows("survey_scan", scans=missing) if missing else ():
            width, height = self.framing.size(scan["rows"], scan["columns"])
            scale = width / scan["columns"], height / scan["rows"]
            rings = [[[(p["x"] + 0.5) * scale[0], (p["y"] + 0.5) * scale[1]] for p in ring] for ring in scan["rings"]]
            self._scans[scan["scan_number"]] = scan | {"width": width, "height": height, "rings": rings}
        return {number: self._scans[number] for number in numbers if number in self._scans}

    def scan_file(self, number: int) -> Path:
        """The file of a film as PNG, with all bits."""
        kept = self.folder / "film" / f"{number}.png"
        if not kept.exists():
            write_whole(kept, scan_picture(read_scan(self.storage / "scan", number)))
        return kept

    def sheet(self, unit: int, rule: str) -> Path:
        """The file of a unit's pictures by a rule, one under the other in the order of `patches`.

        Patches without a response map are not segmented.
        """
        kept = self.folder / str(unit)
        with self._drawing[unit]:
            if not all((kept / f"{one}.png").exists() for one in RULES):
                self._draw(unit, kept)
        return kept / f"{rule}.png"

    def picture(self, unit: int, place: int) -> bytes:
        """One patch out of the authors' sheet, as PNG."""
        sheet = cv2.imread(str(self.sheet(unit, "authors")))
        assert sheet is not None
        side = sheet.shape[1]
        return png(np.asarray(sheet[place * side : (place + 1) * side], np.uint8))

    def suggestions(self, unit: int) -> list[dict[str, Any]]:
        """What the run itself finds a unit to tell from other findings: first the terms of its name."""
        if self._suggestions is None:
            by_unit: dict[int, list[dict[str, Any]]] = defaultdict(list)
            for row in self.run.rows("survey_suggestion"):
                by_unit[row["unit"]].append(row)
            self._suggestions = by_unit
        return self._suggestions.get(unit, [])

    def truths(self) -> list[dict[str, Any]]:
        """How true each annotator's names were found on unseen patients when the run was last scored."""
        return [row for row in self.run.rows("annotator_score") if row["level"] == "patch"]

    def _draw(self, unit: int, kept: Path) -> None:
        rows = self.patches(unit)
        seen = self._pixels(rows)
        maps = {
            row["patch"]: np.array(row["map"], np.float32).reshape(row["map_height"], row["map_width"])
            for row in self.run.rows("survey_map", unit=unit)
            if row["map"] is not None
        }
        largest = max((float(one.max()) for one in maps.values()), default=0.0)
        thresholds = {"authors": SEGMENTATION_THRESHOLD * largest, "dissection": self._threshold(unit), "none": None}
        for rule, threshold in thresholds.items():
            tiles = []
            for row in rows:
                dims = threshold is not None and row["activation"] == "top"
                of_patch = (self.geometry, maps.get(row["patch"]), threshold) if dims else ()
                tiles.append(patch_picture(seen[row["patch"]], *of_patch))
            write_whole(kept / f"{rule}.png", png(np.vstack(tiles)))

    def _pixels(self, rows: list[dict[str, Any]]) -> dict[int, NDArray[np.uint16]]:
        wanted: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            wanted[row["scan_number"]].append(row["patch"])
        of_scan: dict[int, NDArray[np.uint16]] = {}
        for number, patches in wanted.items():
            read = read_patches(shard(self.storage / "patch", number), patches)
            of_scan |= dict(zip(patches, read, strict=True))
        return of_scan

    def _threshold(self, unit: int) -> float:
        if not self._thresholds:
            self._thresholds = {
                row["unit"]: row["threshold"] for row in self.run.rows("threshold", share=EXCEEDED_SHARE)
            }
        return self._thresholds.get(unit, 0.0)
