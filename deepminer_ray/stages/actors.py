"""The Ray actors that run the network: to answer and to draw.

This module never loads DuckDB: Ray keeps the classes of actors until the process is gone, and with them their modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.explanations.figure import Decision, Film, UnitMap, draw_explanation
from deepminer_ray.network.checkpoint import load
from deepminer_ray.network.explanation import explained, explanation_tables
from deepminer_ray.network.geometry import LAYER
from deepminer_ray.network.probe import Probe, Tables
from deepminer_ray.paper import PATCHES_ACROSS
from deepminer_ray.patches.shard import read_scan


@dataclass(frozen=True, slots=True)
class How:
    """Which network answers, at which layer, in which precision, where."""

    checkpoint: str
    layer: str = LAYER
    half: bool = False
    gpu: bool = False


class ProbeActor:
    """A network on one worker; a batch is done only when its rows are safe, so a slow store slows the network."""

    def __init__(self, how: How, folder: Path):
        self.probe = Probe(
            load(how.checkpoint), folder, layer=how.layer, half=how.half, device="cuda" if how.gpu else "cpu"
        )

    def work(self, store: Any, number: int, method: str, arguments: tuple[Any, ...]) -> int:
        """Answer a batch by a method of `Probe` and have it stored; its number."""
        import ray

        tables: dict[str, pa.Table] = getattr(self.probe, method)(*arguments)
        stored: int = ray.get(store.append.remote(number, tables))
        return stored


class FigureActor:
    """A network on one worker that explains mammograms and draws them; films never leave it."""

    def __init__(self, checkpoint: str, folder: Path):
        self.checkpoint = load(checkpoint)
        self.probe = Probe(self.checkpoint, folder)
        self.folder = folder

    def explain(self, scan: dict[str, Any], suffixes: Sequence[str]) -> Tables:
        """Draw one scan's explanation, a row of `figure`; rows of `scan_map`, `faithfulness` and `silence`."""
        film = read_scan(self.folder / "scan", scan["scan_number"])
        one = explained(self.probe, film)
        scale = PATCHES_ACROSS * self.checkpoint.side / min(scan["rows"], scan["columns"])
        outlines = [[(round(p["x"] * scale), round(p["y"] * scale)) for p in ring] for ring in scan["rings"]]
        shown = Film(scan["scan"], film, outlines, scan["report"], scan["assessment"], scan["subtlety"])
        units = [
            UnitMap(unit["unit"], unit["phenomenon"], unit["influence"], unit["share"], one.maps[unit["unit"]])
            for unit in scan["units"]
        ]
        decision = Decision(scan["known"], scan["decided"], scan["probability"])
        (self.folder / "figures").mkdir(parents=True, exist_ok=True)
        for suffix in suffixes:
            file = self.folder / "figures" / f"{scan['scan']}{suffix}"
            draw_explanation(file, shown, decision, one.class_activation_map(), units, self.probe.last_geometry)
        truth = None if scan["truth"] is None else self.probe.network.classes.index(scan["truth"])
        return explanation_tables(scan["scan"], one, scan["influential"], truth, scan["scan_number"])
