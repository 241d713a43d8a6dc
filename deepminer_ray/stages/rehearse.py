"""`rehearse`: which terms of a domain a small run on made-up images recovers, before anyone is asked for a name."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepminer_ray.aliases import Row
from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables
from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.truth import Fit, Level, fit_name
from deepminer_ray.progress.bars import say
from deepminer_ray.run_options import RunOptions
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.stages.train import train
from deepminer_ray.statistics.confidence import estimate
from deepminer_ray.units.contrast import LEAST_PATIENTS, Term

LEAST_OF_CLASS = 10
"""Patients of each class: three parts of them must show each."""
TRAIN, TEST = 0.4, 0.3
"""Shares of the patients; names come from the second, and are tested on the rest."""
SMALL = {
    **{"side": 64, "network": "shufflenet_v2_x2_0", "until": "stage2", "pool": "max", "weights": "none"},
    **{"epochs": 28, "optimizer": "adamw", "schedule": "one-cycle", "learning_rate": 0.005, "normals": 2},
    **{"keep": "last", "workers": 0, "from_lesions": True, "train": TRAIN, "test": TEST},
}
"""The demo's training, without mirroring: slanted stripes must stay what they are."""
CAUTION = (
    "These images are made up: a term that is not recovered here has too few images or too little of a picture, and "
    "one that is recovered may still fail on real images."
)


@dataclass(frozen=True, slots=True)
class RehearsedTerm:
    """A term's counts, whether a unit is named by it, and how the best unit tells it on patches that were not seen.

    `auroc` is None where fewer patients than can be tested show it; `n` counts unseen patches with a finding.
    """

    attribute: str
    term: str
    images: int
    patients: int
    named: bool
    n: int
    auroc: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def recovered(self) -> bool:
        """Whether the unit tells the term: its interval is above chance."""
        return self.low is not None and self.low > 0.5


def refuse_few_images(domain: Domain, images: int) -> None:
    """BadInput where a rehearsal has too few images for each class to be trained, ranked and tested."""
    least = LEAST_OF_CLASS * len(domain.classes) * (2 if domain.columns.patient else 1)
    if images < least:
        raise BadInput(
            f"{images} images are too few to rehearse {len(domain.classes)} classes: use at least {least}, "
            f"{LEAST_OF_CLASS} patients of each class."
        )


def rehearse(run: Run, source: Path, seed: int = 0, **other: object) -> list[RehearsedTerm]:
    """Run the stages on made-up images up to the names of units, and test each term on unseen patients.

    The unit of a term is chosen where units are named, so that its area on the unseen ones is not the best of many.
    `other` are options of the stages instead of those of a small run.
    """
    options = RunOptions.of({**SMALL, "source": str(source), "seed": seed, **other})
    catalog(run, options.catalog)
    partition(run, options.partition)
    cut(run, options.cut)
    train(run, options.train)
    probe(run, options.probe)
    evaluate(run, options.evaluate)
    rank(run, options.rank)
    if run.rows("ranked_count")[0]["units"]:
        annotate(run, options.annotate)
    else:
        say("no unit decides: none has a name")
    with run.appending() as tables:
        return [_rehearsed(tables, row) for row in tables.select("rehearsed_term").to_pylist()]


def _rehearsed(tables: Tables, row: Row) -> RehearsedTerm:
    counts = {name: row[name] for name in ("attribute", "term", "images", "patients", "named")}
    if row["unit"] is None:
        return RehearsedTerm(**counts, n=0)
    fit = _unseen_fit(tables, row["unit"], row["concept"])
    if fit.auroc is None or fit.low is None or fit.high is None:
        return RehearsedTerm(**counts, n=fit.n)
    return RehearsedTerm(**counts, n=fit.n, auroc=float(fit.auroc[0]), low=float(fit.low[0]), high=float(fit.high[0]))


def _unseen_fit(tables: Tables, unit: int, concept: str) -> Fit:
    """How a unit tells a concept from other findings on unseen patches."""
    patches = tables.select("meant_patch", meant=[[concept]])
    maxima = tables.select("unseen_maximum", units=[unit])["maximum"].to_numpy().reshape(1, -1)
    patient = np.unique(patches["patient"].to_numpy(), return_inverse=True)[1]
    level = Level(patient, patches["finding"].to_numpy(), maxima)
    term = Term(concept, patches["shows"].to_numpy(), patches["lacks"].to_numpy())
    return fit_name(level, term, np.array([np.inf]))


def rehearsed_table(run: Run, terms: list[RehearsedTerm]) -> str:
    """The terms of a rehearsal and the classes' AUC, as lines for a reader."""
    head = ("attribute", "term", "images", "patients", "unit named", "AUROC of a unit, chance 0.5", "n")
    rows = [
        (
            of.attribute,
            of.term,
            str(of.images),
            str(of.patients),
            "yes" if of.named else "no",
            _area_of_term(of),
            str(of.n),
        )
        for of in terms
    ]
    classes = [
        (row["class"], estimate(row["auc"], row["auc_low"], row["auc_high"]), str(row["positives"]), str(row["n"]))
        for row in run.rows("rehearsed_class")
    ]
    recovered = sum(of.recovered for of in terms)
    said = [*_lines((head, *rows)), "", f"{recovered} of {len(terms)} terms are recovered (interval above 0.5)"]
    if not terms:
        said = ["no attribute of the domain is a keyword of findings: there is no term to recover"]
    return "\n".join([*said, "", *_lines((("class", "AUC by patch", "positives", "n"), *classes)), "", CAUTION])


def _area_of_term(of: RehearsedTerm) -> str:
    if of.auroc is None:
        return f"- (fewer than {LEAST_PATIENTS} patients to test)"
    return estimate(of.auroc, of.low, of.high)


def _lines(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """Rows of equal length as lines of columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
