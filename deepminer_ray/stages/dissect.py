"""`dissect`: what units detect by the lesions' own keywords, and what of a film's making they go with."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray.database.digests import pixels
from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.database.store import attached
from deepminer_ray.errors import BadInput
from deepminer_ray.option import takes
from deepminer_ray.options import DissectOptions
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.stages.contrast import corrected, shown_terms
from deepminer_ray.stages.probe import how_probed
from deepminer_ray.stages.rank import MAPPED_AT_ONCE
from deepminer_ray.units.acquisition import between, large_groups, within
from deepminer_ray.units.contrast import Term
from deepminer_ray.units.detection import VALUES_AT_ONCE, Patches, Ranking, detect, permutations
from deepminer_ray.workers.cluster import connect, here
from deepminer_ray.workers.merge import clear
from deepminer_ray.workers.probe_actor import How
from deepminer_ray.workers.stream import Batch, stream

DETECTED = pa.schema(
    [("unit", pa.int32()), ("concept", pa.string())]
    + [(name, pa.float64()) for name in ("auroc", "auroc_low", "auroc_high", "p")]
    + [(name, pa.int32()) for name in ("positives", "negatives", "patients")]
    + [("q", pa.float64())]
)
ACQUISITION = pa.schema(
    [("unit", pa.int32()), ("patients", pa.int32())]
    + [(name, pa.string()) for name in ("attribute", "compared")]
    + [(name, pa.float64()) for name in ("effect", "p", "q")]
)


@takes(DissectOptions)
def dissect(run: Run, options: DissectOptions) -> None:
    """Fill `concept` (on the patches probed, concepts that enough `patients` show) and `acquisition` (on the scans).

    Units that answer all patches alike have no rows. p of a concept comes from `permuted` permutations of the patients,
    q from all rows of the table (Benjamini and Hochberg). Where digitizers met other cases, a unit that answers to
    findings goes with the digitizer too: `acquisition` says that they go together, not why.
    """
    parameters = options.stored()
    if run.finished("dissect", parameters, options.again):
        return
    framing = framing_of(run)
    if framing is not None and framing.whole:
        raise BadInput("`dissect` compares patches, and this run was cut into whole images: cut it without --whole.")
    how, _ = how_probed(run), pixels(run)
    started = time.time()
    units = run.select("live_unit")["unit"].to_pylist()
    patches = run.select("probed_patch")
    terms = shown_terms(patches["patch"].to_numpy(), run.select("patch_concept"))
    enough = _enough(terms, patches["patient"].to_numpy(), options.patients)
    blocks = partial(_in_blocks, run, options.workers, units)
    detected = _detected(blocks, patches, enough, options.permuted, options.seed)
    acquired = blocks(acquired_rows, max(len(patches), 1), "acquisition")
    stores = None
    if detected:
        scans = run.select("dissected_scan").to_pylist()
        thresholds = run.select("threshold", share=options.share)["threshold"].to_pylist()
        stores = _pixels(run, how, scans, thresholds, options.workers)
    with run.finishing("dissect", parameters, started) as tables:
        tables.insert("acquisition", pa.Table.from_pylist(corrected(acquired), ACQUISITION))
        if stores:
            tables.connection.register("detected", pa.Table.from_pylist(corrected(detected), DETECTED))
            attached(tables, stores)
            tables.fill("concept")
        said = tables.select("dissected_count").to_pylist()[0]
    clear(run)
    if not enough:
        say(
            f"no concept of the lesions' keywords is shown by {options.patients} patients on the patches probed: "
            "none dissected"
        )
    say(
        "{suggested} of {units} units detect one of {concepts} concepts; {confounded} go with acquisition".format(
            **said
        )
    )


def _enough(terms: list[Term], patient: NDArray[Any], least: int) -> list[Term]:
    """Those that enough patients show somewhere and others nowhere."""
    return [term for term in terms if len(set(patient[term.shows])) >= least and term.lacks.any()]


def _pixels(run: Run, how: How, scans: list[dict[str, Any]], thresholds: list[float], workers: int) -> list[Path]:
    """The files in which the pixels of units and outlines are counted."""
    batches = [
        Batch("dissection", (scans[start : start + MAPPED_AT_ONCE], thresholds))
        for start in range(0, len(scans), MAPPED_AT_ONCE)
    ]
    (probed,) = run.rows("probed_layer")
    return stream(run, "dissect", how, probed, batches, workers)


def _detected(
    blocks: Callable[..., list[dict[str, Any]]], patches: pa.Table, terms: list[Term], permuted: int, seed: int
) -> list[dict[str, Any]]:
    """The rows of `concept` without overlap and q, of units in `blocks`."""
    if not terms:
        return []
    numbered = Patches(*(np.unique(patches[name].to_numpy(), return_inverse=True)[1] for name in ("patient", "place")))
    owners = max(len(set(numbered.patient[term.shows])) for term in terms)
    largest = max(len(patches), numbered.patients * owners, permuted)
    order = permutations(numbered.patients, permuted, seed)
    return blocks(detected_rows, largest, "dissect", numbered, terms, order)


def _in_blocks(
    run: Run, workers: int, units: list[int], work: Any, cells: int, what: str, *shared: Any
) -> list[dict[str, Any]]:
    """The rows that `work` makes of blocks of units, by unit; `cells` is how many values a unit takes in memory.

    Every core of this machine, where the run's folder is, has a block of its own, unless there are no `workers`.
    """
    at_once = max(1, VALUES_AT_ONCE // cells)
    blocks = [units[start : start + at_once] for start in range(0, len(units), at_once)]

    def answered() -> Iterator[list[dict[str, Any]]]:
        ray, cores = connect(), os.cpu_count() or 1
        task, held = ray.remote(work).options(**here(ray)), [ray.put(argument) for argument in shared]
        working = [task.remote(run.folder, block, *held) for block in blocks[:cores]]
        for number in range(len(blocks)):
            yield ray.get(working[number])
            working += [task.remote(run.folder, block, *held) for block in blocks[number + cores : number + cores + 1]]

    answers = answered() if workers else (work(run.folder, block, *shared) for block in blocks)
    return [row for rows in progress(answers, what, len(blocks)) for row in rows]


def detected_rows(
    folder: Path, units: list[int], patches: Patches, terms: list[Term], permuted: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """How some units detect the concepts: rows of `concept` without overlap and q."""
    maxima = Run(folder).select("maximum_of_units", units=units)["maximum"].to_numpy().reshape(len(units), -1)
    ranking = Ranking(maxima)
    rows: list[dict[str, Any]] = []
    for term in terms:
        detection = detect(ranking, patches, term.shows, term.lacks, permuted)
        n = {"positives": int(term.shows.sum()), "negatives": int(term.lacks.sum())}
        n["patients"] = len(set(patches.patient[term.shows]))
        rows += [
            {"unit": unit, "concept": term.concept, "auroc": auroc, "auroc_low": low, "auroc_high": high, "p": p, **n}
            for unit, auroc, low, high, p in zip(
                units, detection.auroc, detection.low, detection.high, detection.p, strict=True
            )
        ]
    return rows


def acquired_rows(folder: Path, units: list[int]) -> list[dict[str, Any]]:
    """How some units go with the making of films: rows of `acquisition` without q."""
    rows: list[dict[str, Any]] = []
    answers = polars.DataFrame(Run(folder).select("response_of_patients", units=units))
    for (attribute, unit), of_both in answers.group_by("attribute", "unit", maintain_order=True):
        groups = {str(name): values["value"].to_numpy() for (name,), values in of_both.group_by("group")}
        if attribute in ("digitizer", "density"):
            groups = large_groups(groups)
            result = between(groups)
        else:
            result = within(of_both["value"].to_numpy())
        if result is not None:
            row = {"unit": unit, "attribute": attribute, "compared": ", ".join(groups)}
            rows.append(row | {"effect": result[0], "p": result[1], "patients": sum(map(len, groups.values()))})
    return rows
