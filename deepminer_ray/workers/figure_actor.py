"""The Ray actor that runs the network to explain and draws what it says; it never loads DuckDB (`probe_actor`)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

from deepminer_ray.explanations.figure import Decision, DrawnScan, draw_explanation
from deepminer_ray.files.location import Place
from deepminer_ray.network.checkpoint import read
from deepminer_ray.network.explanation import Called, concepts, explained, explanation_tables, shown_maps
from deepminer_ray.network.probe import Probe, ProbeTables
from deepminer_ray.patches.shard import read_scan_and_region
from deepminer_ray.workers.nodes import NO_REQUIREMENTS, NodeRequirements, refuse_unlike

DrawnRows = tuple[str, dict[str, bytes], ProbeTables]
"""A scan's name, its pictures by suffix, and rows of `scan_map`, `faithfulness` and `silence`."""


class Explainer:
    """A network in one process that explains images and draws them; films never leave it."""

    def __init__(self, storage: Place, half: bool = False):
        self.storage, self.half = storage, half
        self.probe: Probe | None = None

    def awake(self, content: Callable[[], bytes]) -> Probe:
        """The network, loaded when it is first asked for; `content` gives its checkpoint."""
        if self.probe is None:
            self.probe = Probe(read(content()), half=self.half)
        return self.probe

    def drawn(
        self, scan: dict[str, Any], suffixes: Sequence[str], called: Mapping[int, Called], content: Callable[[], bytes]
    ) -> DrawnRows:
        """A row of `figure` explained and drawn."""
        probe = self.awake(content)
        pixels, region = read_scan_and_region(self.storage / "scan", scan["scan_number"])
        try:
            one = explained(probe, pixels, region)
        except Exception:
            logging.getLogger(__name__).exception("explain failed on %s", scan["scan"])
            raise
        scale = min(pixels.shape[:2]) / min(scan["rows"], scan["columns"])
        outlines = [[(round(p["x"] * scale), round(p["y"] * scale)) for p in ring] for ring in scan["rings"]]
        said = scan["report"], scan["assessment"], scan["subtlety"]
        drawing = DrawnScan(scan["scan"], pixels, outlines, *said, region, scan["words"])
        by_name = concepts(one, called)
        decision = Decision(scan["known"], scan["decided"], scan["probability"])
        drawn = {}
        for suffix in suffixes:
            file, cam = BytesIO(), one.class_activation_map()
            draw_explanation(file, drawing, decision, cam, shown_maps(one, by_name), probe.last_geometry, suffix)
            drawn[suffix] = file.getvalue()
        truth = None if scan["truth"] is None else probe.network.classes.index(scan["truth"])
        return (
            scan["scan"],
            drawn,
            explanation_tables(scan["scan"], one, scan["influential"], by_name, truth, scan["scan_number"]),
        )


class FigureActor:
    """The same on one worker of Ray; `network` is as in `ProbeActor`."""

    def __init__(self, storage: Place, half: bool = False, wanted: NodeRequirements = NO_REQUIREMENTS):
        self.explainer, self.wanted = Explainer(storage, half), wanted

    def explain(
        self, scan: dict[str, Any], suffixes: Sequence[str], called: Mapping[int, Called], network: Sequence[Any]
    ) -> DrawnRows:
        """What `Explainer.drawn` gives."""
        import ray

        refuse_unlike(self.wanted)
        return self.explainer.drawn(scan, suffixes, called, lambda: ray.get(network[0]))
