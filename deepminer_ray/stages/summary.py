"""What came out of a run, in a screenful: each number with its n, its interval and the paper's beside it."""

from typing import Any

from deepminer_ray import paper
from deepminer_ray.confidence import estimate
from deepminer_ray.run import Run


def summary(run: Run) -> str:
    """Rows of every stage's tables, AUC, coverage, scores and where the figures are."""
    lines = [f"run {run.folder}", run.status(), "", evaluated(run)]
    lines += ["", "Coverage: share of the top places that the units to annotate take (95 % interval over patients):"]
    for row in run.rows("coverage_of_ranked"):
        known = f"   paper {paper.COVERAGE[row['class']]:.3f}" if row["class"] in paper.COVERAGE else ""
        covered = estimate(row["coverage"], row["low"], row["high"])
        lines.append(f"  {row['class']:10} {covered}   {row['units']} units{known}")
    scores = run.rows("score_of")
    if scores:
        lines += [
            "",
            "Agreement of explanations with what is known (95 % interval over patients; by chance; p; n):",
        ]
    for row in scores:
        units = f"top {row['depth']}" if row["depth"] else "all"
        said = f"  {row['partition']:8} {row['metric']:24} {units:5} {row['mode']:6}"
        known = f"   paper {paper.GREEDY[row['depth']]:.3f}" if row["mode"] == "paper" else ""
        if row["n"]:
            chance = f"chance {row['null_value']:.3f}   p {row['p']:.3f}   {row['n']} scans{known}"
            lines.append(f"{said} {estimate(row['value'], row['low'], row['high'])}   {chance}")
        else:
            lines.append(f"{said} none: no scan can be scored")
    figures = sorted((run.folder / "figures").glob("*.png"))
    lines += ["", f"{len(figures)} figures, for example:", *(f"  {file}" for file in figures[:3])]
    return "\n".join(lines)


COLUMNS = {
    "auc": "AUC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
    "specificity": "specificity",
}
MEASURES = COLUMNS | {"pauc_paper": "pAUC, authors' formula"}


def evaluated(run: Run) -> str:
    """How well every class is told apart on every level, and what the paper reports of the same."""
    rows = run.rows("measure_of")
    found: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("partition", "level", "class", "against"))
        found.setdefault(key, {})[row["measure"]] = row
    titles = "".join(f"{title:26}" for title in COLUMNS.values())
    lines = ["How well the classes are told apart (95 % interval over patients; positives of all items; `from measure`"]
    lines += ["has partial areas, Brier scores and predictive values too):", f"{'':42}{titles}".rstrip()]
    for (partition, level, name, against), of in found.items():
        called = name if against == "rest" else f"{name} or {against}"
        shown = "".join(f"{estimate(of[key]['value'], of[key]['low'], of[key]['high']):25} " for key in COLUMNS)
        items = f"{of['auc']['positives']} of {of['auc']['items']}"
        lines.append(f"  {partition:9}{level:9}{called:22}{shown}{items}")
    for row in run.rows("auc_of"):
        if row["auc"] is None:
            where = f"  {row['partition']:9}{row['level']:9}{row['class']:22}"
            lines.append(f"{where}no positives or no negatives   {row['positives']} of {row['total']}")
    if found:
        reached = [of["sensitivity"]["value"] for of in found.values()]
        lines.append(
            f"  (specificity where the sensitivity is at least {min(reached):.3f}, by a threshold chosen on these very"
        )
        lines.append("  items, and anew in every resample)")
    return "\n".join(lines + _beside_paper(run, rows))


def _beside_paper(run: Run, rows: list[dict[str, Any]]) -> list[str]:
    """Our patches beside the paper's: which list, which size, which formula."""
    of_patches = {
        (row["class"], row["measure"]): row
        for row in rows
        if (row["level"], row["against"], row["partition"]) == ("patch", "rest", "test")
    }
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
