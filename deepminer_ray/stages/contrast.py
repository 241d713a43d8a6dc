"""Which terms of the lesions' keywords ranked units tell from other findings: the rows that names come from."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from deepminer_ray.aliases import Row
from deepminer_ray.database.tables import Tables
from deepminer_ray.units.contrast import (
    FALSE_DISCOVERY_RATE,
    Term,
    beside_other_units,
    contrast,
    name_of,
    shown_by_enough,
)
from deepminer_ray.units.detection import Ranking

FINDING = "finding"
CONTRAST_SCHEMA = pa.schema(
    [("unit", pa.int32()), ("concept", pa.string()), ("against", pa.string())]
    + [(name, pa.float64()) for name in ("auroc", "auroc_low", "auroc_high", "p", "q")]
    + [(name, pa.int32()) for name in ("positives", "negatives", "patients")]
    + [("named", pa.bool_())]
)


def contrast_rows(tables: Tables, partitions: list[str], rest: str, noun: str | None) -> pa.Table:
    """The rows of `contrast`: every ranked unit and every term that enough patients of some partitions show.

    `rest` is the class of patches without a finding, `noun` the attribute that says what a finding is.
    """
    patches = tables.select("contrast_patch", partitions=partitions)
    units = sorted({row["unit"] for row in tables.select("ranked_unit").to_pylist()})
    if not units or not patches.num_rows:
        return CONTRAST_SCHEMA.empty_table()
    answered = tables.select("contrast_maximum", partitions=partitions)["maximum"].to_numpy()
    maxima = answered.reshape(len(units), len(patches))
    finding = patches["finding"].to_numpy()
    patient = np.unique(patches["patient"].to_numpy(), return_inverse=True)[1]
    rows = corrected(_contrast_rows(units, maxima, [Term(FINDING, finding, ~finding)], patient, rest))
    if not finding.any():
        return pa.Table.from_pylist(rows, CONTRAST_SCHEMA)
    terms = shown_terms(patches["patch"].to_numpy()[finding], tables.select("patch_concept"))
    of_findings, owner = maxima[:, finding], patient[finding]
    told = corrected(_contrast_rows(units, of_findings, terms, owner, "findings"))
    together = {(row["one"], row["other"]) for row in tables.select("concept_pair").to_pylist()}
    names = {term.concept: term for term in terms}
    _mark_named(told, names, together, dict(zip(units, of_findings, strict=True)), owner, noun)
    return pa.Table.from_pylist(rows + told, CONTRAST_SCHEMA)


def shown_terms(patch: NDArray[np.int64], met: pa.Table) -> list[Term]:
    """What N patches, in order, show of each concept, of rows of `patch_concept`."""
    met = met.filter(pa.array(np.isin(met["patch"].to_numpy(), patch)))
    names = met["concept"].to_numpy()
    terms = []
    for concept in sorted(set(names)):
        of_concept = met.filter(pa.array(names == concept))
        index = np.searchsorted(patch, of_concept["patch"].to_numpy())
        shows, lacks = np.zeros(len(patch), np.bool_), np.ones(len(patch), np.bool_)
        shows[index] = of_concept["present"].to_numpy()
        lacks[index] = False
        terms.append(Term(concept, shows, lacks))
    return terms


def _contrast_rows(
    units: list[int], maxima: NDArray[np.float32], terms: list[Term], patient: NDArray[np.int64], against: str
) -> list[Row]:
    """The rows of the terms that enough patients show, without q."""
    ranking = Ranking(maxima)
    rows: list[Row] = []
    for term in terms:
        if not shown_by_enough(term, patient):
            continue
        contrasted = contrast(ranking, term, patient)
        shared = {"concept": term.concept, "against": against, "named": False}
        shared |= {"positives": int(term.shows.sum()), "negatives": int(term.lacks.sum())}
        shared |= {"patients": len(set(patient[term.shows]))}
        rows += [
            {"unit": unit, "auroc": auroc, "auroc_low": low, "auroc_high": high, "p": p} | shared
            for unit, auroc, low, high, p in zip(
                units, contrasted.auroc, contrasted.low, contrasted.high, contrasted.p, strict=True
            )
        ]
    return rows


def _mark_named(
    rows: list[Row],
    terms: dict[str, Term],
    together: set[tuple[str, str]],
    maxima: dict[int, NDArray[np.float32]],
    patient: NDArray[np.int64],
    noun: str | None,
) -> None:
    """Mark the terms of each unit's name."""
    told: dict[int, dict[str, tuple[float, float]]] = {}
    for concept in dict.fromkeys(row["concept"] for row in rows):
        of_concept = [row for row in rows if row["concept"] == concept]
        more = beside_other_units(np.array([row["auroc"] for row in of_concept]))
        for row, distinct in zip(of_concept, more, strict=True):
            if row["q"] < FALSE_DISCOVERY_RATE and row["auroc"] > 0.5:
                told.setdefault(row["unit"], {})[concept] = float(distinct), row["auroc"]
    names = {unit: name_of(of_unit, terms, together, maxima[unit], patient, noun) for unit, of_unit in told.items()}
    for row in rows:
        row["named"] = row["concept"] in names.get(row["unit"], ())


def corrected(rows: list[Row]) -> list[Row]:
    """The same rows with q: p corrected for the number of rows (Benjamini and Hochberg 1995)."""
    if not rows:
        return []
    return [row | {"q": q} for row, q in zip(rows, false_discovery_control([row["p"] for row in rows]), strict=True)]
