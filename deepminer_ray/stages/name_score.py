"""Whether the names of units are true on patients that the naming did not see: `name_score`, `annotator_score`."""

from typing import Any

import numpy as np
import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.aliases import Row
from deepminer_ray.database.tables import Tables
from deepminer_ray.explanations.truth import (
    Fit,
    Level,
    Meaning,
    Naming,
    as_text,
    beside_other_names,
    fit_name,
    mean_area_interval,
    meant,
    shuffled_mean,
)
from deepminer_ray.statistics.confidence import estimate
from deepminer_ray.units.contrast import Term

NAME_SCORE = pa.schema(
    [("unit", pa.int32())]
    + [(name, pa.string()) for name in ("annotator", "phenomenon", "level", "meant")]
    + [(name, pa.float64()) for name in ("auroc", "low", "high", "auroc_all", "precision", "null_value", "p")]
    + [(name, pa.int32()) for name in ("reached", "positives", "patients", "n")]
)
ANNOTATOR_SCORE = pa.schema(
    [("annotator", pa.string()), ("level", pa.string())]
    + [(name, pa.int32()) for name in ("names", "tested", "true")]
    + [(name, pa.float64()) for name in ("auroc", "low", "high", "auroc_all", "null_value", "p")]
    + [("n", pa.int32())]
)
LEVEL_STATEMENTS = {"patch": ("meant_patch", "unseen_maximum"), "scan": ("meant_scan", "unseen_response")}
"""The SQL that says what is shown, and what units answer."""


def name_scores(tables: Tables, seed: int = 0) -> dict[str, pa.Table]:
    """The rows of both tables: every name of every annotator, on patches and on scans of unseen patients."""
    given = tables.select("given_name").to_pylist()
    concepts = tables.select("concept_of_lesions")["concept"].to_pylist()
    units = sorted({row["unit"] for row in given})
    for row in given:
        row["meaning"] = meant(row["phenomenon"], concepts)
    meanings = sorted({row["meaning"] for row in given if row["meaning"]})
    thresholds = {
        row["unit"]: row["threshold"] for row in tables.select("threshold", share=paper.EXCEEDED_SHARE).to_pylist()
    }
    rows: list[Row] = []
    totals: list[Row] = []
    for level in LEVEL_STATEMENTS if meanings else ():
        fits = _fits(tables, level, units, meanings, np.array([thresholds.get(unit, np.inf) for unit in units]))
        if not fits:
            continue
        for annotator in sorted({row["annotator"] for row in given}):
            of_annotator = [row for row in given if row["annotator"] == annotator and row["meaning"]]
            if of_annotator:
                scored, total = _score_annotator(of_annotator, fits, units, meanings, seed)
                rows += [row | {"level": level} for row in scored]
                totals.append(total | {"annotator": annotator, "level": level})
    return {
        "name_score": pa.Table.from_pylist(rows, NAME_SCORE),
        "annotator_score": pa.Table.from_pylist(totals, ANNOTATOR_SCORE),
    }


def _fits(
    tables: Tables, level: str, units: list[int], meanings: list[Meaning], thresholds: np.ndarray[Any, Any]
) -> list[Fit]:
    """How well every unit fits every meaning; none where no patient is unseen."""
    showing, answered = LEVEL_STATEMENTS[level]
    items = tables.select(showing, meant=[list(group) for group in meanings[0]])
    if not items.num_rows:
        return []
    maxima = tables.select(answered, units=units)["maximum"].to_numpy().reshape(len(units), items.num_rows)
    patient = np.unique(items["patient"].to_numpy(), return_inverse=True)[1]
    of_level = Level(patient, items["finding"].to_numpy(), maxima)
    fits = []
    for meaning in meanings:
        of = tables.select(showing, meant=[list(group) for group in meaning])
        term = Term(as_text(meaning), of["shows"].to_numpy(), of["lacks"].to_numpy())
        fits.append(fit_name(of_level, term, thresholds))
    return fits


def _score_annotator(
    given: list[Row], fits: list[Fit], units: list[int], meanings: list[Meaning], seed: int
) -> tuple[list[Row], Row]:
    """The rows of one annotator's names, and of all of them together."""
    rows = []
    for row in given:
        of, unit = fits[meanings.index(row["meaning"])], units.index(row["unit"])
        counts = {"positives": of.positives, "patients": of.patients, "n": of.n}
        said = {"unit": row["unit"], "annotator": row["annotator"], "phenomenon": row["phenomenon"]}
        rows.append(said | {"meant": as_text(row["meaning"])} | counts | _of_unit(of, unit))
    total: Row = {"names": len(rows), "tested": 0, "true": 0}
    tested = [index for index, row in enumerate(rows) if row.get("auroc") is not None]
    if not tested:
        return rows, total
    naming = Naming(
        np.array([units.index(given[index]["unit"]) for index in tested]),
        np.array([meanings.index(given[index]["meaning"]) for index in tested]),
    )
    known = np.array([np.full(len(units), np.nan) if of.auroc is None else of.auroc for of in fits]).T
    others, p = beside_other_names(naming, known)
    for index, other, reached in zip(tested, others, p, strict=True):
        rows[index] |= {"null_value": None if np.isnan(other) else float(other), "p": float(reached)}
    of_tested = [rows[index] for index in tested]
    mean, null, p_of_all = shuffled_mean(naming, known, seed)
    low, high = mean_area_interval(naming, fits)
    total |= {"tested": len(tested), "true": sum(row["low"] > 0.5 for row in of_tested), "auroc": mean}
    total |= {"low": low, "high": high, "null_value": null, "p": p_of_all, "n": max(row["n"] for row in of_tested)}
    return rows, total | {"auroc_all": float(np.mean([row["auroc_all"] for row in of_tested]))}


def _of_unit(of: Fit, unit: int) -> Row:
    """The estimates of one unit; none where too few patients show what its name says."""
    if of.auroc is None or of.low is None or of.high is None or of.auroc_all is None:
        return {}
    row: Row = {"auroc": float(of.auroc[unit]), "low": float(of.low[unit]), "high": float(of.high[unit])}
    row["auroc_all"] = float(of.auroc_all[unit])
    if of.precision is not None and of.reached is not None:
        precision = float(of.precision[unit])
        row |= {"precision": None if np.isnan(precision) else precision, "reached": int(of.reached[unit])}
    return row


def annotator_sentence(row: Row) -> str:
    """A row of `annotator_score` in words."""
    named = f"names of {row['annotator']}, {row['level']}: {row['tested']} of {row['names']} can be tested"
    if not row["tested"]:
        return f"{named}: too few unseen patients show what they say"
    value = estimate(row["auroc"], row["low"], row["high"])
    return (
        f"{named}, {row['true']} of them are true (AUC above 0.5 with its interval); mean AUC {value} against other "
        f"findings, shuffled {row['null_value']:.3f}, p {row['p']:.3f}, n {row['n']}"
    )
