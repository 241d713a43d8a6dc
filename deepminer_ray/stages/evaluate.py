"""`evaluate`: how well the network tells the classes apart, by patch, scan and patient (Sec. 3.1)."""

import time
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.confidence import auc_interval, estimate
from deepminer_ray.progress import say
from deepminer_ray.run import Run, Tables
from deepminer_ray.stages.partition import chosen_partitions

AUC = pa.schema(
    [(name, pa.string()) for name in ("partition", "level", "class")]
    + [(name, pa.float64()) for name in ("auc", "auc_low", "auc_high", "pauc", "pauc_paper")]
    + [(name, pa.int64()) for name in ("positives", "negatives")]
)


def evaluate(run: Run, partitions: Sequence[str] | None = None, again: bool = False) -> None:
    """Fill `auc` from `prediction` and `scan_prediction`, each area with its interval over patients."""
    chosen = chosen_partitions(partitions, ["test"])
    parameters = {"partitions": chosen}
    if run.finished("evaluate", parameters, again):
        return
    started = time.time()
    with run.finishing("evaluate", parameters, started) as tables:
        rows = [row | _interval(tables, row) for row in _areas(tables, chosen)]
        tables.insert("auc", pa.Table.from_pylist(rows, AUC))
    for row in rows:
        if row["auc"] is None:
            say("{level} {class}: no AUC, {positives} positives and {negatives} negatives".format(**row))
        else:
            area = estimate(row["auc"], row["auc_low"], row["auc_high"])
            total = row["positives"] + row["negatives"]
            say(f"{row['level']} {row['class']}: AUC {area}, {row['positives']} of {total}")


def _areas(tables: Tables, partitions: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables.select("auc", partitions=partitions, pauc_from=paper.PAUC_FROM).to_pylist()
    order = ("patch", "scan", "patient")
    return sorted(found, key=lambda row: (order.index(str(row["level"])), paper.CLASSES.index(str(row["class"]))))


def _interval(tables: Tables, row: dict[str, Any]) -> dict[str, float]:
    key = {name: row[name] for name in ("partition", "level", "class")}
    scored = tables.select("scored_of", **key)
    interval = auc_interval(
        scored["score"].to_numpy(), scored["positive"].to_numpy(zero_copy_only=False), scored["patient"].to_pylist()
    )
    return {"auc_low": interval.low, "auc_high": interval.high}
