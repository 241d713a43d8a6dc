"""`rank`: the units that influence most, their coverage of the decisions, the patches that show them (Sec. 2.2)."""

import time

import numpy as np
import pyarrow as pa

from deepminer_ray.database.digests import pixels
from deepminer_ray.database.run import Run
from deepminer_ray.database.store import attached
from deepminer_ray.database.tables import Tables
from deepminer_ray.errors import BadInput
from deepminer_ray.network.geometry import LAYER
from deepminer_ray.option import takes
from deepminer_ray.options import RankOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.stages.contrast import contrast_rows
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.stages.probe import how_probed, probe_batches
from deepminer_ray.statistics.confidence import Interval, share_intervals
from deepminer_ray.workers.merge import clear
from deepminer_ray.workers.stream import Batch, stream

MAPPED_AT_ONCE = 8
UNSEEN = ("test", "holdout")
"""Names are tested on the patients of these that did not rank the units."""


@takes(RankOptions)
def rank(run: Run, options: RankOptions) -> None:
    """Fill `influence`, `unit_rank`, `coverage`, `contrast`, `top_patch` with the response maps of ranked units, and
    `unseen`."""
    chosen = chosen_partitions(options.partitions, ["test"])
    parameters = options.stored() | {"partitions": chosen}
    if run.finished("rank", parameters, options.again):
        return
    how = how_probed(run)
    layer = how.layer
    if layer != LAYER:
        raise BadInput(
            f"Only units of the last layer have influence, and {layer} was probed: run "
            f"`deepminer probe {run.folder} --again`."
        )
    pixels(run)
    started = time.time()
    with run.finishing("rank", parameters, started) as tables:
        tables.fill("influence", top=options.top)
        tables.fill("unit_rank", ranked=options.ranked, partitions=chosen)
        tables.insert("coverage", coverage_rows(tables, chosen))
        tables.insert("contrast", contrast_rows(tables, chosen, run.domain.classes.rest, run.domain.noun))
        tables.fill("top_patch", top_patches=options.top_patches, partitions=chosen)
        units = tables.select("ranked_unit")["unit"].to_pylist()
        batches = _map_batches(tables) + _unseen(tables, [name for name in UNSEEN if name not in chosen], units)
        if batches:
            (network,) = tables.select("probed_layer").to_pylist()
            stored = attached(tables, stream(run, "rank", how, network["checkpoint"], batches, options.workers))
            if "unit_map" in stored:
                tables.apply("top_patch_map")
            if "unseen" in stored:
                tables.fill("unseen")
        covered = tables.select("coverage_of_ranked").to_pylist()
    clear(run)
    for row in covered:
        say("{class}: the {units} most frequent units take {coverage:.1%} of all top places".format(**row))


def _map_batches(tables: Tables) -> list[Batch]:
    """What is asked of the network: the response maps of ranked units on their top patches."""
    scans = tables.select("top_patch_of_ranked").to_pylist()
    wanted = [(scan["scan_number"], scan["patches"], scan["units"]) for scan in scans]
    return [Batch("maps", (wanted[start : start + MAPPED_AT_ONCE],)) for start in range(0, len(wanted), MAPPED_AT_ONCE)]


def _unseen(tables: Tables, partitions: list[str], units: list[int]) -> list[Batch]:
    """And their maxima on labelled patches of patients that ranking and naming do not see."""
    scans = tables.select("unseen_patch", partitions=partitions).to_pylist() if units else []
    chosen = [(scan["scan_number"], scan["patches"]) for scan in scans]
    return [Batch("maxima", (part, units)) for part in probe_batches(chosen, len(units))] if chosen else []


def coverage_rows(tables: Tables, partitions: list[str]) -> pa.Table:
    """The rows of `coverage`, each with its interval over patients, the ranking of the units held fixed."""
    curve = tables.select("coverage", partitions=partitions)
    places = tables.select("places_by_patient", partitions=partitions).to_pylist()
    intervals: dict[tuple[str, int], Interval] = {}
    for name in {row["class"] for row in places}:
        of_class = [row for row in places if row["class"] == name]
        patients, patient = np.unique([row["patient"] for row in of_class], return_inverse=True)
        units, unit = np.unique([row["unit"] for row in of_class], return_inverse=True)
        taken = np.zeros((len(patients), len(units)))
        taken[patient, unit] = [row["places"] for row in of_class]
        most_frequent = np.argsort(-taken.sum(0), kind="stable")
        reached = share_intervals(taken[:, most_frequent].cumsum(1), taken.sum(1), patients.tolist())
        intervals |= {(name, number): interval for number, interval in enumerate(reached, 1)}
    rows = [
        row | dict(zip(("low", "high"), intervals[row["class"], row["units"]], strict=True))
        for row in curve.to_pylist()
    ]
    return pa.Table.from_pylist(rows, COVERAGE_SCHEMA)


COVERAGE_SCHEMA = pa.schema(
    [("class", pa.string()), ("units", pa.int32())] + [(name, pa.float64()) for name in ("coverage", "low", "high")]
)
