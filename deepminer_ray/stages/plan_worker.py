"""What workers do of a plan's sample: headers, images, and a few steps of the network, timed where they will be done.

Nothing passes through a folder of all nodes: each worker has its own temporary one, which goes with it.
"""

import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deepminer_ray import paper
from deepminer_ray.domain import Domain
from deepminer_ray.patches.ahead import Pixels, ahead
from deepminer_ray.patches.grid import grid_windows, scan_window
from deepminer_ray.patches.shard import (
    StoredScan,
    read_patches,
    read_scan_and_region,
    shard,
    write_patches,
    write_scan,
)
from deepminer_ray.patches.whole import Framing, InputSize
from deepminer_ray.planning.counts import PlannedScan
from deepminer_ray.stages.cut_worker import cut_scan, lesion_overlaps

if TYPE_CHECKING:
    from deepminer_ray.network.backbone import Network

KILOBYTE = 1024
SLOW = 10.0
"""Seconds of a first time that is counted and the only one, so that nobody waits longer."""


def peak_memory() -> int:
    """Bytes this process held at most, what it shares included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE


@dataclass(frozen=True, slots=True)
class PlannedCut:
    """How images of a domain would be cut: into patches of `side` px, or each whole into an input of that size."""

    side: int
    domain: Domain
    whole: InputSize | None = None

    @property
    def framing(self) -> Framing:
        """How they would be stored."""
        return Framing(self.side, self.domain.looked.patches_across, self.whole)

    @property
    def how(self) -> dict[str, Any]:
        """What `cut_scan` is told of it."""
        domain = self.domain
        return {"side": self.side, "breast": domain.labels.region, "looked": domain.looked, "whole": self.whole}


def scan_of(scan: dict[str, Any], lesions: list[dict[str, Any]], planned: PlannedCut) -> PlannedScan:
    """What an image's header and lesions say; BadInput for one that cannot be stored for patches of that size."""
    rows, columns = scan["rows"], scan["columns"]
    classes, labels, side, framing = planned.domain.classes, planned.domain.labels, planned.side, planned.framing
    width, height = framing.size(rows, columns)
    grid = [] if planned.whole else grid_windows(width, height, side, planned.domain.looked.places_per_patch)
    of_place = [classes.rest] * len(grid)
    # What is of the rest class is a concept, and no finding.
    kinds = {row["lesion"]: classes.class_of(row["pathology"]) for row in lesions if row["pathology"] != classes.rest}
    drawn = [row for row in placed(lesions) if row["lesion"] in kinds]
    if planned.whole:
        of_place = [classes.worst(kinds.values())]
    elif len(drawn) < len(kinds):
        of_place = [classes.unproven] * len(grid)
    elif drawn:
        at = (side, width, height, columns, rows, framing.across)
        windows = np.array([scan_window(cell, *at) for cell in grid], np.int64)
        of_place = [
            classes.label(
                [(kinds[one["lesion"]], one["cover"], one["within"]) for one in met], labels.cover, labels.within
            )
            for met in lesion_overlaps(drawn, windows)
        ]
    findings = sum(kind in classes.findings for kind in of_place)
    size = rows * columns, width * height, len(of_place), findings, of_place.count(classes.unproven)
    return PlannedScan(scan["scan"], scan["patient"], classes.worst(kinds.values()), *size)


def placed(lesions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lesions that are drawn; of others only is known that the scan shows them, and no patch of it has a label."""
    return [lesion for lesion in lesions if lesion["outline"]]


def cut_timed(scan: dict[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    """What `cut_scan` says of an image, and what it made: patches, bytes, seconds."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        outcome = cut_scan(scan, Path(folder), **how)
        seconds = time.perf_counter() - started
        made = {"patches": 0, "scan_bytes": 0, "patch_bytes": 0}
        if not outcome["reason"] and not outcome["stopped"]:
            files = {name: Path(str(shard(Path(folder) / name, scan["scan_number"]))) for name in ("scan", "patch")}
            made = {f"{name}_bytes": file.stat().st_size for name, file in files.items()}
            made["patches"] = pq.read_metadata(files["patch"]).num_rows
    return outcome | made | {"scan": scan["scan"], "seconds": seconds}


def cut_again(scans: list[dict[str, Any]], how: dict[str, Any]) -> tuple[list[float], int]:
    """Seconds of each image in this worker, warm, and its peak of memory in bytes."""
    cut_timed(scans[0], how)
    return [cut_timed(scan, how)["seconds"] for scan in scans], peak_memory()


def read_timed(items: dict[str, Any], source_kind: str, source: str, domain: Domain) -> tuple[float, int]:
    """Seconds of an item's headers in this worker, warm, and its peak of memory in bytes."""
    from deepminer_ray.stages.catalog import read_cases  # with DuckDB, of which Ray would keep hold to the end

    read_cases({name: values[:1] for name, values in items.items()}, source_kind, source, domain)
    started = time.perf_counter()
    table = read_cases(items, source_kind, source, domain)
    return (time.perf_counter() - started) / table.num_rows, peak_memory()


def pixels_of(scan: dict[str, Any], how: dict[str, Any]) -> tuple[StoredScan, Pixels]:
    """An image as it is stored [height, width] with its region, and its patches [n, side, side]; both with colours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cut_scan(scan, folder, **how)
        number = scan["scan_number"]
        kept = pq.read_table(shard(folder / "patch", number), columns=["patch"])["patch"].to_pylist()
        return read_scan_and_region(folder / "scan", number), read_patches(shard(folder / "patch", number), kept)


class TrainSample:
    """A network that learns a few batches, as a worker of `train` does."""

    def __init__(self, network: dict[str, Any], gpu: bool):
        import torch

        from deepminer_ray.network.backbone import build

        torch.set_num_threads(1)
        self.device = torch.device("cuda" if gpu else "cpu")
        self.network = build(**network)[0].to(self.device).to(memory_format=torch.channels_last)

    def ready(self) -> None:
        """Answer that the network is there."""

    def steps(self, pixels: Pixels, batch: int, seconds: float) -> dict[str, float]:
        """Seconds of a step of `batch` of the patches, and the peak of memory in bytes."""
        from deepminer_ray.network.training import Recipe, train_epoch

        recipe = Recipe(1, batch, 1e-6, None)
        clock = Clock(seconds)
        density = pixels[np.arange(batch) % len(pixels)]
        classes = np.arange(batch, dtype=np.int64) % len(self.network.classes)

        def batches() -> Iterator[tuple[Pixels, NDArray[np.int64]]]:
            while clock.goes_on():
                yield density, classes

        train_epoch(self.network, recipe.optimizer_of(self.network), recipe, 1, batches(), self.device)
        return {"step": clock.mean(), "peak": peak_memory()}

    def close(self) -> None:
        """Nothing is left behind."""


class ProbeSample:
    """A network that answers patches and images and explains one, as actors of `probe`, `rank` and `explain` do."""

    def __init__(self, network: dict[str, Any], planned: PlannedCut, gpu: bool):
        from deepminer_ray.network.backbone import build
        from deepminer_ray.network.checkpoint import load, save
        from deepminer_ray.network.probe import Probe

        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.file = self.folder / "network.pt"
        channels = planned.domain.looked.channels
        save(self.file, build(**network)[0], planned.side, "imagenet", planned.whole, channels)
        self.probe: Probe | None = Probe(load(self.file), device="cuda" if gpu else "cpu")

    def ready(self) -> None:
        """Answer that the network is there."""

    def answers(self, patches: Pixels, stored: StoredScan, scan: str, seconds: float) -> dict[str, Any]:
        """Seconds of a patch among others and of an image, and the peak of memory in bytes."""
        from deepminer_ray.network.probe import PATCHES_AT_ONCE

        assert self.probe is not None
        probe, numbers = self.probe, list(range(PATCHES_AT_ONCE))
        batch = patches[np.arange(PATCHES_AT_ONCE) % len(patches)]
        write_scan(self.folder / "scan", 0, scan, *stored)
        together = mean_seconds(lambda: probe.patches([((0, numbers), batch)]), seconds) / PATCHES_AT_ONCE
        of_scan = mean_seconds(lambda: probe.scans(ahead("scans", [(scan, 0)], self.folder)), seconds)
        return {"patch": together, "scan": of_scan, "peak": peak_memory()}

    def explained(self, patches: Pixels, stored: StoredScan, scan: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Seconds of a patch alone, of the first explanation and of a later one, on a CPU; what is stored of them.

        `units`, and bytes of `checkpoint`, `figure` and `peak`.
        """
        from deepminer_ray.workers.figure_actor import Explainer

        self.probe = None  # no worker holds two networks
        write_scan(self.folder / "scan", 0, scan["scan"], *stored)
        write_patches(self.folder / "patch", 0, [PATCH_ROW | {"patch": 0}], patches[:1])
        explainer = Explainer(self.folder)
        probe = explainer.awake(self.file.read_bytes)
        row = _row_of_figure(scan, probe.network)
        started = time.perf_counter()
        _, drawn, _ = explainer.drawn(row, [".png"], {}, self.file.read_bytes)
        first = time.perf_counter() - started
        return {
            "first": first,
            "explained": mean_seconds(lambda: explainer.drawn(row, [".png"], {}, self.file.read_bytes), seconds),
            "alone": mean_seconds(lambda: probe.maps(ahead("maps", [(0, [0], [[0]])], self.folder)), seconds),
            "units": probe.network.units,
            "checkpoint": self.file.stat().st_size,
            "figure": sum(map(len, drawn.values())),
            "peak": peak_memory(),
        }

    def close(self) -> None:
        """Drop the temporary folder."""
        self.place.cleanup()


PATCH_ROW = {"scan": "", "x": 0, "y": 0, "size": 0, "breast": 1.0, "overlap": []}


def _row_of_figure(scan: dict[str, Any], network: "Network") -> dict[str, Any]:
    """A row of `figure` for an image of which nothing is known yet."""
    chosen = list(range(min(paper.TOP, network.units)))
    row = {name: scan[name] for name in ("scan", "rows", "columns")} | {"scan_number": 0, "rings": [], "report": ""}
    row |= {"assessment": None, "subtlety": None, "known": network.classes[0]}
    row |= {"truth": None, "decided": network.classes[0], "words": ("image", "region", "finding")}
    return row | {"probability": 0.5, "influential": chosen}


def operations_of(network: dict[str, Any], patch: InputSize, scan: InputSize) -> dict[str, float]:
    """Floating-point operations (two a multiply-add) of one pass of a patch, and of a stored image: (height, width)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from deepminer_ray.network.backbone import build

    model = build(**network)[0].eval()
    operations = {}
    for name, shape in (("patch", patch), ("scan", scan)):
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            model(torch.zeros(1, 3, *shape))
        operations[name] = float(counter.get_total_flops())
    return operations


class Clock:
    """Times what is done again and again for so many seconds; the first time is not counted, as it loads and plans."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.ticks: list[float] = []

    def goes_on(self) -> bool:
        """Whether to do it once more."""
        self.ticks.append(time.perf_counter())
        done = len(self.ticks) - 1
        if done < 2:
            return done == 0 or self.ticks[-1] - self.ticks[0] < SLOW
        return self.ticks[-1] - self.ticks[1] < self.seconds

    def mean(self) -> float:
        """Mean seconds of one time; of the first, where it was too slow to be done again."""
        counted = self.ticks[1:] if len(self.ticks) > 2 else self.ticks
        return (counted[-1] - counted[0]) / (len(counted) - 1)


def mean_seconds(act: Callable[[], object], seconds: float) -> float:
    """Mean seconds of an act, warm."""
    clock = Clock(seconds)
    while clock.goes_on():
        act()
    return clock.mean()
