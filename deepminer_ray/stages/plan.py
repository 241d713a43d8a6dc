"""`plan`: what a run of a source would take on this cluster, from a sample of its images; nothing of it is kept."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from deepminer_ray import paper
from deepminer_ray.classes import Classes
from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput, sentence
from deepminer_ray.files.location import Place, resolved
from deepminer_ray.option import shared
from deepminer_ray.options import PlanOptions
from deepminer_ray.patches.whole import read_size
from deepminer_ray.planning.costs import Measured, Pace, gpu_seconds
from deepminer_ray.planning.counts import Counts, Cut, PlannedScan, Shares, counts, spread
from deepminer_ray.planning.outcome import Plan, outcome
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.sources.dicom_grey import USUAL, Reading
from deepminer_ray.sources.kinds import SourceKind, domain_of_source, kind_of_source
from deepminer_ray.stages.catalog import found_cases, reading_of
from deepminer_ray.stages.cut import refuse_side
from deepminer_ray.stages.partition import chosen_partitions, refuse_shares
from deepminer_ray.stages.plan_worker import (
    PlannedCut,
    ProbeSample,
    TrainSample,
    cut_again,
    cut_timed,
    operations_of,
    pixels_of,
    placed,
    read_timed,
    scan_of,
)
from deepminer_ray.workers.cluster import KEEP_MEMORY, blocks, connect
from deepminer_ray.workers.stream import actors_that_fit

READ = 512
"""Items whose headers are read, all of a source that has no more."""
TIMED = 8
"""Items that are read again by a warm worker, to know its pace."""
TERA = 1e12
TOGETHER = 8
"""Workers that are timed beside each other; more would only repeat what these say."""


def plan(options: PlanOptions) -> Plan:
    """What a run of a source takes: counts, bytes, memory of a worker, and seconds of each stage.

    Headers are read, some images cut and a few batches put through the network by this cluster's workers, as the stages
    do it. BadInput where the source holds nothing that can be cut, or too little to train on.
    """
    _refuse_wrong_options(options)
    reading = reading_of(options)
    directory, remarks = resolved(options.source), list[str]()
    kind = kind_of_source(directory, options.source_kind)
    domain = domain_of_source(directory, options.domain, remarks)
    whole = None if options.whole is None else read_size(options.whole)
    planned = PlannedCut(options.side if whole is None else min(whole), domain, whole)
    refuse_side(planned.side)
    items = kind.items(directory, domain, remarks)
    if not items:
        raise BadInput(f"{directory} holds no {domain.words.image}s: give the folder that does.")
    for remark in remarks:
        say(sentence(f"plan: {remark}"))
    started = time.perf_counter()
    ray = connect()
    connected = time.perf_counter() - started
    cpus, gpus = (int(ray.cluster_resources().get(name, 0)) for name in ("CPU", "GPU"))
    if not options.gpus and options.workers >= cpus:
        raise BadInput(f"{options.workers} workers leave none of the cluster's {cpus} CPUs to read patches: use fewer.")
    chosen = [items[index] for index in spread(len(items), READ)]
    headers = read_headers(ray, kind, directory, chosen, planned, reading)
    sample = cut_sample(ray, headers, options, planned)
    todo = counted(headers, sample, len(items), options, domain.classes)
    _refuse_too_few_trained(todo, options)
    network = _network(ray, headers, sample, options, planned, options.gpus > 0 and gpus > 0)
    measured = Measured(
        cpus=cpus,
        workers=options.gpus or max(1, options.workers),
        connect=connected,
        catalogued=headers.seconds,
        case=headers.case,
        items=len(items),
        read=headers.read,
        cut=sample.seconds,
        tried=sample.tried,
        actor=network["actor"],
        pace=network["pace"],
        units=network["units"],
        classes=len(domain.classes),
        checkpoint=network["checkpoint"],
        figure=network["figure"],
        peaks=network["peaks"] | {"catalog": headers.peak, "cut": sample.peak},
    )
    return outcome(
        todo, measured, headers.planned, sample.cuts, headers.rejected, options.epochs or paper.EPOCHS, options.batch
    )


def _refuse_wrong_options(options: PlanOptions) -> None:
    refuse_shares(options.train, options.test)
    chosen_partitions(options.partitions, ["test"])


@dataclass(frozen=True, slots=True)
class Headers:
    """What the sampled items hold, and how long it took to read them."""

    planned: list[PlannedScan]
    scans: dict[str, dict[str, Any]]
    rejected: int
    read: int
    seconds: float
    case: float
    peak: int


def read_headers(
    ray: Any,
    kind: SourceKind,
    directory: Place,
    items: list[dict[str, Any]],
    planned_cut: PlannedCut,
    reading: Reading = USUAL,
) -> Headers:
    """Read items of a source as `catalog` does; BadInput where they hold no image that could be stored."""
    domain, started = planned_cut.domain, time.perf_counter()
    cases = found_cases(ray, items, kind.name, directory, domain, "plan", reading=reading)
    seconds = time.perf_counter() - started
    timed = [items[index] for index in spread(len(items), TIMED)]
    case, peak = _case_seconds(ray, kind, directory, timed, domain)
    rejected = [row for rows in cases["rejected"].to_pylist() for row in rows]
    scans: dict[str, dict[str, Any]] = {}
    how = {"window": reading.window, "raw": reading.raw, "views": list(reading.views)}
    planned = []
    for held in cases.to_pylist():
        regions = {row["scan"]: {"file": row["file"], "value": row["value"]} for row in held["regions"]}
        for scan in held["scans"]:
            if scan["scan"] in scans:
                continue  # a case may lie in two volumes
            lesions = [lesion for lesion in held["lesions"] if lesion["scan"] == scan["scan"]]
            scans[scan["scan"]] = scan | {"scan_number": len(scans), "lesions": json.dumps(placed(lesions))}
            scans[scan["scan"]] |= {"region": regions.get(scan["scan"])} | how
            try:
                planned.append(scan_of(scan, lesions, planned_cut))
            except BadInput as error:
                rejected.append({"file": scan["file"], "reason": str(error)})
    if not planned:
        example = f", for example {rejected[0]['file']}: {rejected[0]['reason']}" if rejected else ""
        raise BadInput(f"{directory} holds no {domain.words.image} that can be read{example}")
    return Headers(planned, scans, len(rejected), len(items), seconds, case, peak)


def _case_seconds(
    ray: Any, kind: SourceKind, directory: Place, items: list[dict[str, Any]], domain: Domain
) -> tuple[float, int]:
    """Seconds of an item in a warm worker while all work, and the peak of memory of one."""
    columns = {name: np.array([item[name] for item in items], dtype=object) for name in items[0]}
    answers = _everywhere(ray, read_timed, columns, kind.name, str(directory), domain)
    return sum(seconds for seconds, _ in answers) / len(answers), max(peak for _, peak in answers)


def _everywhere(ray: Any, work: Any, *arguments: Any) -> list[Any]:
    """What every CPU of the cluster answers to the same work: a core that has two workers is as slow as in a stage."""
    task = ray.remote(work)
    return list(ray.get([task.remote(*arguments) for _ in range(int(ray.cluster_resources()["CPU"]))]))


@dataclass(frozen=True, slots=True)
class Sample:
    """What cutting the sampled images gave."""

    cuts: list[Cut]
    tried: int
    seconds: float
    peak: int


def cut_sample(ray: Any, headers: Headers, options: PlanOptions, planned: PlannedCut) -> Sample:
    """Cut the sampled images as the stage does it, workers that start included; then all of them by every worker."""
    # By view, so that each is met in its share: of some views more is region.
    order = sorted(headers.planned, key=lambda scan: (headers.scans[scan.scan]["view"] or "", scan.scan))
    chosen = {scan.scan: scan for scan in (order[index] for index in spread(len(order), options.films))}
    scans = [headers.scans[name] for name in chosen]
    work = partial(cut_timed, how=planned.how)
    started = time.perf_counter()
    data = ray.data.from_items(scans, override_num_blocks=blocks(ray, len(scans))).map(work)
    rows = list(progress(data.iter_rows(), "cut", len(scans)))
    seconds = time.perf_counter() - started
    for row in rows:
        if row["stopped"]:
            raise BadInput(row["stopped"])
    warm, peaks = zip(*_everywhere(ray, cut_again, scans, planned.how), strict=True)
    cuts = [
        Cut(chosen[row["scan"]], row["patches"], row["scan_bytes"], row["patch_bytes"], sum(taken) / len(taken))
        for row, *taken in zip(rows, *warm, strict=True)
        if not row["reason"]
    ]
    if not any(cut.patches for cut in cuts):
        reason = next((row["reason"] for row in rows if row["reason"]), "none of them shows enough of the region")
        raise BadInput(f"None of {len(scans)} sampled images could be cut, for example: {reason}")
    return Sample(cuts, len(scans), seconds, max(peaks))


def counted(headers: Headers, sample: Sample, items: int, options: PlanOptions, classes: Classes) -> Counts:
    """How much there is to do in a source of so many items."""
    scale = items / headers.read * len(sample.cuts) / sample.tried
    probed, scanned = (chosen_partitions(options.partitions, usual) for usual in (["test"], ["test", "holdout"]))
    shares = Shares(**shared(options, Shares))
    return counts(headers.planned, sample.cuts, scale, shares, options.normals, classes, probed, scanned)


def _refuse_too_few_trained(todo: Counts, options: PlanOptions) -> None:
    if todo.trained.value < options.batch:
        raise BadInput(
            f"About {todo.trained.value:.0f} patches would be trained on, too few for a batch of {options.batch}: "
            "use a larger source, a larger --train or a smaller --batch."
        )


def _network(
    ray: Any, headers: Headers, sample: Sample, options: PlanOptions, planned: PlannedCut, gpu: bool
) -> dict[str, Any]:
    """How fast the network trains and answers, measured or, without a GPU, estimated; and what it takes."""
    built = {"name": options.network, "until": options.until, "classes": planned.domain.classes.names}
    best = max(sample.cuts, key=lambda cut: cut.patches).scan
    stored, patches = ray.remote(pixels_of).options(num_returns=2).remote(headers.scans[best.scan], planned.how)
    measured = gpu or not options.gpus
    workers = options.gpus or max(1, options.workers)
    together = 1 if gpu else min(workers, TOGETHER, actors_that_fit(ray))
    needs = {"num_cpus": 1, "num_gpus": int(gpu), "runtime_env": {"env_vars": KEEP_MEMORY}}
    started = time.perf_counter()
    actors = _started(ray, ProbeSample, needs, together, built, planned, gpu)
    measures: dict[str, Any] = {"actor": time.perf_counter() - started, "peaks": {}}
    seconds = {}
    if measured:
        answers = ray.get([actor.answers.remote(patches, stored, best.scan, options.seconds) for actor in actors])
        seconds = _mean_of_workers(answers, ("patch", "scan"))
        measures["peaks"]["probe"] = max(row["peak"] for row in answers)
    explained = ray.get(
        [actor.explained.remote(patches, stored, headers.scans[best.scan], options.seconds) for actor in actors]
    )
    seconds |= _mean_of_workers(explained, ("alone", "first", "explained"))
    measures["peaks"]["explain"] = max(row["peak"] for row in explained)
    measures |= {name: explained[0][name] for name in ("units", "checkpoint", "figure")}
    _stopped(ray, actors)
    share = -(-options.batch // workers)
    if measured:
        actors = _started(ray, TrainSample, needs, together, built, gpu)
        steps = ray.get([actor.steps.remote(patches, share, options.seconds) for actor in actors])
        seconds |= _mean_of_workers(steps, ("step",))
        measures["peaks"]["train"] = max(row["peak"] for row in steps)
        _stopped(ray, actors)
    else:
        shapes = ray.get(patches).shape[1:3], ray.get(stored)[0].shape[:2]
        operations = ray.get(ray.remote(operations_of).remote(built, *shapes))
        seconds |= gpu_seconds(operations, options.gpu_rate * TERA, share)
    return measures | {"pace": Pace(**seconds, measured=measured)}


def _started(ray: Any, kind: Any, needs: dict[str, Any], count: int, *arguments: Any) -> list[Any]:
    """So many actors that are ready to work."""
    actors = [ray.remote(kind).options(**needs).remote(*arguments) for _ in range(count)]
    ray.get([actor.ready.remote() for actor in actors])
    return actors


def _stopped(ray: Any, actors: Sequence[Any]) -> None:
    ray.get([actor.close.remote() for actor in actors])
    for actor in actors:
        ray.kill(actor)


def _mean_of_workers(answers: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """The mean of what workers took beside each other."""
    return {name: sum(row[name] for row in answers) / len(answers) for name in names}
