"""The Ray actors that run the network: to answer and to draw.

This module never loads DuckDB: Ray keeps the classes of actors until the process is gone, and with them their modules.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.explanations.cam import class_activation_map
from deepminer_ray.explanations.figure import Decision, Film, UnitMap, draw_explanation
from deepminer_ray.network.checkpoint import load
from deepminer_ray.network.geometry import LAYER
from deepminer_ray.network.probe import Probe
from deepminer_ray.paper import PATCHES_ACROSS


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
    """A network on one worker that draws explanations; films and maps never leave it."""

    def __init__(self, checkpoint: str, folder: Path):
        self.checkpoint = load(checkpoint)
        self.probe = Probe(self.checkpoint, folder)
        self.folder = folder

    def draw(self, scan: dict[str, Any]) -> str:
        """Draw one scan's explanation; the file's name."""
        film, responses, _ = self.probe.scan_responses(scan["scan_number"])
        maps = responses.maps[0].numpy()
        scale = PATCHES_ACROSS * self.checkpoint.side / min(scan["rows"], scan["columns"])
        outlines = [[(round(x * scale), round(y * scale)) for x, y in ring] for ring in json.loads(scan["rings"])]
        weight = self.probe.network.head.weight.detach().numpy()[self.probe.network.classes.index(scan["decided"])]
        shown = json.loads(scan["units"])
        file = self.folder / "figures" / f"{scan['scan']}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        draw_explanation(
            file,
            Film(scan["scan"], film, outlines, scan["report"], scan["assessment"], scan["subtlety"]),
            Decision(scan["truth"], scan["decided"], scan["probability"]),
            class_activation_map(maps, weight),
            [UnitMap(unit["unit"], unit["phenomenon"], unit["influence"], maps[unit["unit"]]) for unit in shown],
            self.probe.geometry,
        )
        return file.name
