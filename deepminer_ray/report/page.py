"""One HTML page: what came out of a run beside what the paper reports, each table with the SQL that made it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepminer_ray import paper
from deepminer_ray.aliases import Row
from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.database.statement import statement
from deepminer_ray.errors import BadInput, Unreachable
from deepminer_ray.files.cells import write_file
from deepminer_ray.progress.bars import say
from deepminer_ray.report.template import template
from deepminer_ray.survey.gallery import Gallery
from deepminer_ray.units.name import unit_name

PICTURES = 4
"""Top patches of a unit, as in Fig. 3."""
CURVES = {
    "training": ("Training", "report/epoch"),
    "roc": ("ROC curves", "report/roc"),
    "calibration": ("Calibration", "report/calibration"),
    "score": ("Scores beside chance", "report/score"),
    "annotator": ("Who names best", "annotator_score"),
    "faithfulness": ("What units do to the class decided", "report/faithfulness"),
}
"""Title of a figure, and the SQL of what is drawn."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table: its title, what it says, the columns, and what the paper reports of a row (empty where nothing)."""

    title: str
    note: str
    query: str
    columns: dict[str, str]
    known: Callable[[Row], str]
    of_paper: str = ""
    """What is said of the paper's values."""


def _nothing(_: Row) -> str:
    return ""


def _measured(row: Row) -> str:
    if row["against"] != "rest" or row["level"] != "patch":
        return ""
    reported = {"auc": paper.AUC, "pauc_paper": paper.PAUC_PAPER}.get(row["measure"], {}).get(row["class"])
    return "" if reported is None else f"{reported:.3f}"


def _covered(row: Row) -> str:
    return f"{paper.COVERAGE[row['class']]:.3f}" if row["class"] in paper.COVERAGE else ""


def _paper_greedy(row: Row) -> str:
    return f"{paper.GREEDY[row['depth']]:.3f}" if row["mode"] == "paper" and row["depth"] in paper.GREEDY else ""


SECTIONS = (
    Section(
        "How well the classes are told apart",
        "Items are patches, scans or patients of the partition; against rest is against all other items, against a "
        "class among items of both only. Intervals are 95 % by bootstrap over patients; pauc_paper is the formula of "
        f"the paper's authors (best {paper.PAUC_PAPER_BEST}, chance {paper.PAUC_PAPER_CHANCE}).",
        "report/measure",
        {"partition": "", "level": "", "class": "", "against": "", "measure": "", "value": ".3f"}
        | {"low": ".3f", "high": ".3f", "positives": "d", "items": "d"},
        _measured,
        f"The paper's values are of patches of {paper.SIDE} px of {paper.TEST_SCANS:,} DDSM scans (val.txt of the "
        "authors), without intervals.",
    ),
    Section(
        "Coverage",
        "The share of all top-8 places of a class's decisions that the units to annotate take (Sec. 2.2), with 95 % "
        "intervals over patients; n is the number of places.",
        "report/coverage",
        {"class": "", "units": "d", "coverage": ".3f", "low": ".3f", "high": ".3f", "n": "d"},
        _covered,
    ),
    Section(
        "Agreement of explanations with what is known",
        "Means over the scans that have a score (n), with 95 % intervals over patients; what chance gives (reports or "
        "outlines of other patients, or random units) and the share of chances that reach the value (p); and the same "
        "where reports go round only among patients of one worst pathology (null_pathology, p_pathology). A score that "
        "its null reaches means nothing: greedy matching in mode paper, which compares as the authors did, never means "
        "anything. Depth is the number of units considered, nothing where all are; unknown is the share of the words "
        "that have no vector.",
        "report/score",
        {"partition": "", "metric": "", "depth": "d", "mode": "", "value": ".3f", "low": ".3f", "high": ".3f"}
        | {"null_value": ".3f", "p": ".3f", "null_pathology": ".3f", "p_pathology": ".3f", "n": "d", "unknown": ".3f"},
        _paper_greedy,
    ),
    Section(
        "Who names best",
        "Whether names are true on patients that the naming did not see: the AUC with which a unit's maximum predicts "
        "what its name says against other findings, mean over the annotator's names that can be tested (n findings), "
        "with its 95 % interval over patients; auroc_all is against everything else, which any detector of findings "
        "passes. By chance (null_value, p): the same names shuffled over the units. True: names whose own interval "
        "lies above 0.5.",
        "annotator_score",
        {"annotator": "", "level": "", "names": "d", "tested": "d", "true": "d", "auroc": ".3f", "low": ".3f"}
        | {"high": ".3f", "auroc_all": ".3f", "null_value": ".3f", "p": ".3f", "n": "d"},
        _nothing,
    ),
    Section(
        "Errors",
        "The units that argued most often for wrong decisions of the explained partitions: in how many they are among "
        "the eight that added most to the lead of the wrong class over the true one, of all errors of that kind, and "
        "how many the unit's silence alone corrects (Figs. 4b and 5b as a table; the case book shows each case).",
        "report/misleading",
        {"error": "", "name": "", "phenomenon": "", "decisions": "d", "errors": "d", "corrected": "d"},
        _nothing,
    ),
)


def write_report(run: Run, out: Path | None = None) -> Path:
    """Write `RUN/report.html` (or `out`), complete in itself; BadInput where nothing was ranked yet.

    Where pixels are missing or damaged it says so, and has all but their pictures.
    """
    status = {row["stage"]: row for row in run.rows("status")}
    if "rank" not in status:
        raise BadInput(f"A report needs `rank` first: run `deepminer rank {run.folder}`.")
    file, domain = out or run.folder / "report.html", run.domain
    ((named, ranked),) = [(row["named"], row["ranked"]) for row in run.rows("report/named")]
    units, without = _ranked_units(run)
    html = template("report.html").render(
        run=run.name,
        stages=list(status.values()),
        network=run.rows("survey_layer")[0],
        whole=framing.whole if (framing := framing_of(run)) else None,
        sections=[_section(run, section, domain.of_paper) for section in SECTIONS],
        words=domain.words,
        named=named,
        ranked=ranked,
        named_query=statement("report/named"),
        known=f"{paper.NAMED} of {paper.RANKED * len(domain.classes)}" if domain.of_paper else "",
        units=units,
        without=without,
        units_query=statement("report/unit"),
        curves=_curves(run),
    )
    write_file(file, html)
    return file


def _section(run: Run, section: Section, of_paper: bool) -> Row:
    """A section's rows; beside them the paper's numbers, where these are of such images."""
    cells = [
        [_cell_text(row[name], form) for name, form in section.columns.items()] + [section.known(row)] * of_paper
        for row in run.rows(section.query)
    ]
    note = section.note + (f" {section.of_paper}" if of_paper and section.of_paper else "")
    columns = [*section.columns, *["paper"] * of_paper]
    return {"title": section.title, "note": note, "columns": columns, "rows": cells, "query": statement(section.query)}


def _cell_text(value: Any, form: str) -> str:
    return "" if value is None else format(value, form) if form else str(value).replace("_", " ")


def _ranked_units(run: Run) -> tuple[list[Row], str]:
    """Fig. 3: every ranked unit with what experts said and its first top patches; why some have no pictures."""
    rows = run.rows("report/unit")
    why: dict[str, None] = {}
    for row in rows:
        row |= {"name": unit_name(row["unit"]), "pictures": []}
    try:
        gallery = Gallery(run, run.rows("report/partition")[0]["partitions"])
    except (BadInput, Unreachable) as error:
        return rows, _without_pictures(len(rows), [str(error)])
    for row in rows:
        try:
            positions = range(min(PICTURES, len(gallery.patches(row["unit"]))))
            row["pictures"] = [_embedded(gallery.picture(row["unit"], position)) for position in positions]
        except (BadInput, Unreachable) as error:
            why[str(error)] = None
    return rows, _without_pictures(sum(not row["pictures"] for row in rows), list(why))


def _without_pictures(units: int, why: list[str]) -> str:
    """What is said of units whose pictures cannot be shown, in the report and on standard error; empty of none."""
    if not why:
        return ""
    more = f" (and {len(why) - 1} other files)" if len(why) > 1 else ""
    said = f"The top patches of {units} units are not shown{more}: {why[0]}"
    say(said)
    return said


def _curves(run: Run) -> list[Row]:
    """The figures there are, of every partition, each with the SQL of its rows and how many there are."""
    curves = []
    for name, (title, query) in CURVES.items():
        for file in sorted((run.folder / "curves").glob(f"{name}*.png")):
            partition = file.stem.removeprefix(name).lstrip("_")
            of = {"title": f"{title}, {partition}" if partition else title, "picture": _embedded(file.read_bytes())}
            curves.append(of | {"query": statement(query), "rows": len(run.rows(query))})
    return curves


def _embedded(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()
