"""What came out of a run, in ten lines, and how well classes are told apart: each number with its n and interval."""

from typing import Any

from deepminer_ray import paper
from deepminer_ray.database.run import Run
from deepminer_ray.statistics.confidence import estimate

NAMES_SHOWN = 4
TOLD = (("greedy matching", 8), ("margins precision", 8), ("pointing game", 1))
"""The scores of a summary, with their depth; the report has all."""


def summary(run: Run) -> str:
    """What came out, in ten lines: how well classes are told apart, what units are called, whether names and
    explanations beat chance, and what to open. The report has the rest."""
    lines = [f"run {run.folder}", *_auc_lines(run), *_names(run), *_scores(run)]
    figures = run.rows("telling_figure")
    if figures:
        lines.append(f"to open    {run.folder / 'casebook.html'}, {run.folder / 'figures' / figures[0]['scan']}.png")
    lines.append(f"all tables `deepminer report {run.folder}`; what is done `deepminer status {run.folder}`")
    return "\n".join(lines)


def _auc_lines(run: Run) -> list[str]:
    """AUC on test, or on what else was evaluated, by patch and by scan."""
    rows = [row for row in run.rows("measure_of") if row["measure"] == "auc" and row["value"] is not None]
    first = "test" if any(row["partition"] == "test" for row in rows) else rows[0]["partition"] if rows else ""
    lines = []
    for level in ("patch", "scan"):
        of = [row for row in rows if (row["partition"], row["level"]) == (first, level)]
        said = [f"{_classes_told_apart(row)} {estimate(row['value'], row['low'], row['high'])}" for row in of]
        if said:
            lines.append(f"AUC        {first}, {of[0]['items']} {level}{'e' * (level == 'patch')}s: {', '.join(said)}")
    return lines or ["AUC        none: what was evaluated has no positives or no negatives of any class"]


def _classes_told_apart(row: dict[str, Any]) -> str:
    return str(row["class"]) if row["against"] == "rest" else f"{row['class']} or {row['against']}"


def _names(run: Run) -> list[str]:
    """What the ranked units are called, and whether that is true."""
    (named,) = run.rows("named_unit_count")
    if not named["ranked"]:
        return []
    names = [f"{one['phenomenon']} ({one['units']})" for one in named["names"]]
    more = f" and {len(names) - NAMES_SHOWN} other names" if len(names) > NAMES_SHOWN else ""
    said = f": {', '.join(names[:NAMES_SHOWN])}{more}" if names else ""
    lines = [f"names      {named['named']} of {named['ranked']} ranked units{said}"]
    for row in run.rows("annotator_score"):
        if row["level"] == "patch" and row["auroc"] is not None:
            true = f"{row['true']} of {row['tested']} names of {row['annotator']} hold on patients unseen"
            value = f"mean AUC {estimate(row['auroc'], row['low'], row['high'])} among {row['n']} findings"
            lines.append(f"           {true}: {value}, shuffled {row['null_value']:.3f}, p {row['p']:.3f}")
    return lines


def _scores(run: Run) -> list[str]:
    """Whether explanations agree with what is known, beyond chance."""
    rows = {(row["metric"], row["depth"]): row for row in run.rows("score_of") if row["mode"] == "fixed"}
    lines: list[str] = []
    for key in TOLD:
        row = rows.get(key)
        if row and row["n"]:
            value = estimate(row["value"], row["low"], row["high"])
            chance = f"by chance {row['null_value']:.3f}, p {row['p']:.3f}, {row['n']} scans"
            title = "beat chance?" if not lines else ""
            lines.append(f"{title:10} {key[0]}, top {key[1]}: {value}, {chance}")
    return lines


COLUMN_TITLES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
    "specificity": "specificity",
}
MEASURES = COLUMN_TITLES | {"pauc_paper": "pAUC, authors' formula"}


def evaluated(run: Run) -> str:
    """How well every class is told apart on every level, and what the paper reports of the same."""
    rows = run.rows("measure_of")
    measured: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("partition", "level", "class", "against"))
        measured.setdefault(key, {})[row["measure"]] = row
    titles = "".join(f"{title:26}" for title in COLUMN_TITLES.values())
    lines = ["How well the classes are told apart (95 % interval over patients; positives of all items; `from measure`"]
    lines += ["has partial areas, Brier scores and predictive values too):", f"{'':42}{titles}".rstrip()]
    for (partition, level, name, against), of in measured.items():
        called = name if against == "rest" else f"{name} or {against}"
        cells = "".join(f"{estimate(of[key]['value'], of[key]['low'], of[key]['high']):25} " for key in COLUMN_TITLES)
        items = f"{of['auc']['positives']} of {of['auc']['items']}"
        lines.append(f"  {partition:9}{level:9}{called:22}{cells}{items}")
    for row in run.rows("auc_of"):
        if row["auc"] is None:
            where = f"  {row['partition']:9}{row['level']:9}{row['class']:22}"
            lines.append(f"{where}no positives or no negatives   {row['positives']} of {row['total']}")
    if measured:
        reached = [of["sensitivity"]["value"] for of in measured.values()]
        lines.append(
            f"  (specificity where the sensitivity is at least {min(reached):.3f}, by a threshold chosen on these very"
        )
        lines.append("  items, and again in every resample)")
    return "\n".join(lines + _beside_paper(run, rows))


def _beside_paper(run: Run, rows: list[dict[str, Any]]) -> list[str]:
    """Our patches beside the paper's: which list, which size, which formula."""
    of_patches = {
        (row["class"], row["measure"]): row
        for row in rows
        if (row["level"], row["against"], row["partition"]) == ("patch", "rest", "test")
    }
    if not run.domain.of_paper:
        return []
    (side,) = (row["side"] for row in run.rows("cut_side")) if of_patches else (0,)
    lines = []
    for measure, known in (("auc", paper.AUC), ("pauc_paper", paper.PAUC_PAPER)):
        for name, value in known.items():
            if row := of_patches.get((name, measure)):
                ours = estimate(row["value"], row["low"], row["high"])
                lines.append(f"  {MEASURES[measure]:22} {name:10} {ours}   paper {value:.3f}")
    if not lines:
        return []
    (items,) = {row["items"] for row in of_patches.values()}
    return [
        "",
        f"Beside the paper (here: the {items} patches of {side} px of this run's test partition; the paper: patches of",
        f"{paper.SIDE} px of DDSM's {paper.TEST_SCANS:,} test scans, the authors' list val.txt, no intervals; pAUC by",
        f"the authors' formula, of which {paper.PAUC_PAPER_BEST} is perfect and {paper.PAUC_PAPER_CHANCE} chance):",
        *lines,
    ]
