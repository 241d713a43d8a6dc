"""What a run will take in bytes and seconds, from its counts and from what a sample of it took on this cluster."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from deepminer_ray import paper
from deepminer_ray.planning.counts import CountEstimate, Counts, Cut, PlannedScan, total
from deepminer_ray.workers.cluster import blocks_of

TASK = 0.2
"""Seconds between two tasks that Ray Data hands to one CPU (`docs/full_ddsm.md`)."""
TRAIN_START = 5.5
"""Ray Train starts a controller, its helpers and then the workers, some after each other, most with torch as an actor
does: it takes as long as so many actors (3.7 to 7.1 on two cores, more or less busy)."""
CUT_TABLES, CUT_PATCH = 0.8, 0.08e-3
"""Seconds in which `cut` puts its tables together, and for each patch."""
STAGE = 0.5
"""Seconds of what every stage does once: copy the run's file, query it, put it back."""
EPOCH_SECONDS = 0.5
"""Seconds at the end of an epoch: a checkpoint on disk that Ray knows."""
PATCH_READ = 0.001
"""Seconds in which a patch is read for training (`docs/full_ddsm.md`)."""
ROW = 0.2e-6
"""Seconds in which a row of `activation` is stored and merged into the run (`docs/activations.md`)."""

EMPTY_RUN = 8.8e6
"""Bytes of a run's file in which all stages but `explain` are finished on hardly any film: DuckDB gives a column of a
table 256 KiB, and what is replaced leaves room behind."""
ACTIVATION_BYTES, PATCH_BYTES = 8.6, 60.0
"""Bytes of a row of `activation`, where no unit is silent (`docs/activations.md`; the more are, the fewer), and of what
is kept of a patch besides: `patch`, `label`, `overlap`."""
EVIDENCE = 8.0
"""Bytes of a row of `evidence`, of which a scan has one for each class and unit."""
SHARED = 25
"""So many of the ranked units' top patches are one and the same patch: ranked units answer to the same few."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of one worker, all that work together being busy; `measured` says whether they were timed or estimated.

    `step` is of a batch's share of one worker, `patch` of one among sixteen, `alone` of one by itself, `scan` of a
    pass over a whole image, `explained` of its figure and `first` of the first figure.
    """

    step: float
    patch: float
    alone: float
    scan: float
    first: float
    explained: float
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """A cluster and what the sample took on it: seconds, bytes, and peaks of a worker's memory by stage."""

    cpus: int
    workers: int
    connect: float
    catalogued: float
    """Wall seconds of the sampled items, workers that start included."""
    case: float
    """Seconds of an item in a warm worker."""
    items: int
    read: int
    cut: float
    """Wall seconds of the sampled films."""
    tried: int
    """Films of the sample, those included that could not be cut."""
    actor: float
    """Seconds until an actor with a network is there."""
    pace: Pace
    units: int
    classes: int
    checkpoint: int
    figure: int
    peaks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """Seconds of a stage, how many workers share its work, and the most memory one of them takes, in bytes."""

    stage: str
    seconds: CountEstimate
    workers: int
    memory: int | None


def exactly(value: float) -> CountEstimate:
    """A number without an interval."""
    return CountEstimate(value, value, value)


def seconds_of_stages(
    counts: Counts, measured: Measured, cuts: Sequence[Cut], scans: Sequence[PlannedScan], epochs: int, batch: int
) -> list[PlannedStage]:
    """What each stage takes in the order of `deepminer run`; steps and passes of the network are shared by workers."""
    pace, many, peaks = measured.pace, measured.workers, measured.peaks
    steps = counts.trained.times(1 / batch)
    epoch = steps.times(pace.step).plus(counts.validated.times(pace.patch)).plus(EPOCH_SECONDS)
    reading = counts.trained.plus(counts.validated).times(PATCH_READ / measured.cpus)
    start = TRAIN_START * measured.actor + STAGE
    rows = counts.probed.times(measured.units * ROW)
    passes = counts.probed.times(pace.patch / many).plus(counts.probed_scans * pace.scan / many)
    probed = CountEstimate(*(distinct(value, measured.units, measured.classes) for value in counts.probed))
    ranked = probed.times(pace.alone / many).plus(counts.unseen.times(pace.patch / many))
    figures = counts.explained * pace.explained / many
    tables = counts.patches.times(CUT_PATCH).plus(CUT_TABLES)
    return [
        PlannedStage("catalog", exactly(catalog_seconds(measured)), measured.cpus, peaks.get("catalog")),
        PlannedStage("cut", cut_seconds(measured, cuts, scans).plus(tables), measured.cpus, peaks.get("cut")),
        PlannedStage("train", epoch.times(epochs).plus(reading).plus(start), many, peaks.get("train")),
        PlannedStage("probe", passes.plus(rows).plus(measured.actor + STAGE), many, peaks.get("probe")),
        PlannedStage("rank", ranked.plus(measured.actor + STAGE), many, peaks.get("probe")),
        PlannedStage("explain", exactly(measured.actor + pace.first + figures + STAGE), many, peaks.get("explain")),
    ]


def catalog_seconds(measured: Measured) -> float:
    """Ray's start, the sampled items as they were read, the others by warm workers."""
    others = (measured.items - measured.read) * measured.case / measured.cpus
    return measured.connect + measured.catalogued + others + STAGE


def cut_seconds(measured: Measured, cuts: Sequence[Cut], scans: Sequence[PlannedScan]) -> CountEstimate:
    """The sampled films as they were cut, the others by warm workers, in proportion to their pixels."""
    scale = measured.items / measured.read
    work = total(cuts, lambda cut: cut.seconds, lambda scan: scan.pixels, scans, scale)
    others = work.plus(-sum(cut.seconds for cut in cuts)).times(1 / measured.cpus)
    tasks = [blocks_of(count, measured.cpus) / measured.cpus for count in (len(scans) * scale, measured.tried)]
    return others.plus(measured.cut + STAGE + TASK * max(0.0, tasks[0] - tasks[1]))


def bytes_of_run(counts: Counts, measured: Measured) -> CountEstimate:
    """Bytes of RUN/run.duckdb after `rank`."""
    rows = counts.probed.times(measured.units * ACTIVATION_BYTES).plus(counts.patches.times(PATCH_BYTES))
    of_scan = measured.units * (ACTIVATION_BYTES + measured.classes * EVIDENCE)
    return rows.plus(EMPTY_RUN + counts.probed_scans * of_scan)


def gpu_seconds(operations: dict[str, float], rate: float, share: int) -> dict[str, float]:
    """Seconds of a GPU that computes at `rate` (operations a second): a step is three passes of its `share` patches.

    Backwards a network takes twice the operations of forwards: gradients of its inputs and of its weights.
    """
    passes = {name: count / rate for name, count in operations.items()}
    return passes | {"step": 3 * share * passes["patch"]}


def distinct(patches: float, units: int, classes: int) -> float:
    """How many patches the ranked units' top patches are: of so many drawn, those not drawn before."""
    drawn = min(units, classes * paper.RANKED) * paper.TOP_PATCHES / SHARED
    return patches * (1 - math.exp(-drawn / patches)) if patches > 0 else 0.0
