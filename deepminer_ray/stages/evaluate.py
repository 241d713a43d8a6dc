"""`evaluate`: how well the network tells the classes apart, by patch, scan and patient (Sec. 3.1)."""

import time
from typing import Any

import numpy as np
import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.aliases import Rows
from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables
from deepminer_ray.errors import BadInput
from deepminer_ray.option import takes
from deepminer_ray.options import EvaluateOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.report.curves import class_colours, draw_calibration, draw_roc
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.statistics.confidence import auc_interval, estimate
from deepminer_ray.statistics.evaluation import (
    FALSE_POSITIVE_RATES,
    Scored,
    calibration,
    called,
    measures,
    operating_threshold,
)

LEVELS = ("patch", "scan", "patient")

AUC_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("partition", "level", "class")]
    + [(name, pa.float64()) for name in ("auc", "auc_low", "auc_high", "pauc", "pauc_paper")]
    + [(name, pa.int64()) for name in ("positives", "negatives")]
)


@takes(EvaluateOptions)
def evaluate(run: Run, options: EvaluateOptions) -> None:
    """Fill `auc`, `measure`, `operating_point`, `confusion`, `calibration`, `roc` from what was answered.

    Intervals are over patients. The operating point is where each class is found with at least `sensitivity`. Draws
    `RUN/curves/roc.png` and `calibration.png`.
    """
    sensitivity = options.sensitivity
    if not 0 < sensitivity <= 1:
        raise BadInput(f"No operating point has a sensitivity of {sensitivity}: use more than 0 and at most 1.")
    chosen = chosen_partitions(options.partitions, ["test"])
    parameters = options.stored() | {"partitions": chosen}
    if run.finished("evaluate", parameters, options.again):
        return
    started = time.time()
    domain = run.domain
    order = [name for classes in domain.answered for name in classes]
    with run.finishing("evaluate", parameters, started) as tables:
        rows = [row | _auc_bounds(tables, row) for row in _auc_rows(tables, chosen, order)]
        tables.insert("auc", pa.Table.from_pylist(rows, AUC_SCHEMA))
        groups = tables.select("scored_group", partitions=chosen).to_pylist()
        evaluated = [_evaluated(tables, group, sensitivity) for group in groups]
        for table in ("measure", "operating_point", "calibration", "roc"):
            of_table = [row for tables_of_group in evaluated for row in tables_of_group[table]]
            if of_table:
                tables.insert(table, pa.Table.from_pylist(of_table))
        tables.fill("confusion", partitions=chosen)
        for name in chosen:
            folder, colours = run.folder / "curves", class_colours(domain)
            for table, draw in (("roc", draw_roc), ("calibration", draw_calibration)):
                drawn = [row for of_group in evaluated for row in of_group[table] if row["partition"] == name]
                measured = [row for of_group in evaluated for row in of_group["measure"] if row["partition"] == name]
                draw(folder / (f"{table}.png" if len(chosen) == 1 else f"{table}_{name}.png"), drawn, measured, colours)
    for row in rows:
        if row["auc"] is None:
            say("{level} {class}: no AUC, {positives} positives and {negatives} negatives".format(**row))
        else:
            area = estimate(row["auc"], row["auc_low"], row["auc_high"])
            total = row["positives"] + row["negatives"]
            say(f"{row['level']} {row['class']}: AUC {area}, {row['positives']} of {total}")


def _auc_rows(tables: Tables, partitions: list[str], order: list[str]) -> Rows:
    areas: Rows = tables.select("auc", partitions=partitions, pauc_from=paper.PAUC_FROM).to_pylist()
    return sorted(areas, key=lambda row: (LEVELS.index(row["level"]), order.index(row["class"])))


def _auc_bounds(tables: Tables, row: dict[str, Any]) -> dict[str, float]:
    scored = _scored_items(tables, {name: row[name] for name in ("partition", "level", "class")} | {"against": "rest"})
    interval = auc_interval(scored.score, scored.positive, scored.patient)
    return {"auc_low": interval.low, "auc_high": interval.high}


def _scored_items(tables: Tables, group: dict[str, Any]) -> Scored:
    rows = tables.select("scored_of", **group)
    positive = rows["positive"].to_numpy(zero_copy_only=False).astype(bool)
    return Scored(rows["score"].to_numpy(), positive, rows["patient"].to_pylist())


def _evaluated(tables: Tables, group: dict[str, Any], sensitivity: float) -> dict[str, Rows]:
    """The rows of a group's tables; none where there is nothing to tell apart."""
    scored = _scored_items(tables, group)
    if not scored.defined():
        return {"measure": [], "operating_point": [], "calibration": [], "roc": []}
    threshold = operating_threshold(scored, sensitivity)
    estimates, band = measures(scored, sensitivity)
    positives = int(scored.positive.sum())
    counts = {"positives": positives, "negatives": len(scored.positive) - positives}
    within = {name: group[name] for name in ("partition", "level", "class")}
    names = ("false_positive_rate", "sensitivity", "low", "high")
    curve = np.column_stack([FALSE_POSITIVE_RATES, *band]).astype(object)
    curve[np.isnan(curve.astype(float))] = None
    return {
        "measure": [group | {"measure": name} | _bounded(value) | counts for name, value in estimates.items()],
        "operating_point": [group | {"threshold": threshold} | called(scored, threshold)],
        "calibration": [within | row for row in calibration(scored)] if group["against"] == "rest" else [],
        "roc": [group | dict(zip(names, at, strict=True)) for at in curve.tolist()],
    }


def _bounded(value: Any) -> dict[str, float | None]:
    """A value and its bounds, null where not defined."""
    return {name: None if np.isnan(number) else number for name, number in value._asdict().items()}
