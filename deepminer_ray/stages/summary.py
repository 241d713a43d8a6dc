"""What came out of a run, in a screenful: each number with its n, its interval and the paper's beside it."""

from deepminer_ray import paper
from deepminer_ray.confidence import estimate
from deepminer_ray.run import Run


def summary(run: Run) -> str:
    """Rows of every stage's tables, AUC, coverage, scores and where the figures are."""
    lines = [f"run {run.folder}", run.status(), "", "AUC (95 % interval over patients; positives of all):"]
    for row in run.rows("auc_of"):
        known = f"   paper {paper.AUC[row['class']]:.3f}" if row["level"] == "patch" else ""
        area = "none" if row["auc"] is None else estimate(row["auc"], row["auc_low"], row["auc_high"])
        of = f"{row['positives']} of {row['total']}"
        lines.append(f"  {row['partition']:8} {row['level']:8} {row['class']:10} {area}   {of}{known}")
    lines += ["", "Coverage: share of the top places that the units to annotate take (95 % interval over patients):"]
    for row in run.rows("coverage_of_ranked"):
        known = f"   paper {paper.COVERAGE[row['class']]:.3f}"
        covered = estimate(row["coverage"], row["low"], row["high"])
        lines.append(f"  {row['class']:10} {covered}   {row['units']} units{known}")
    scores = run.rows("score_of")
    if scores:
        lines += [
            "",
            "Greedy matching of explanation and report (95 % interval over patients; reports shuffled; p; n):",
        ]
    for row in scores:
        said = f"  {row['partition']:8} top {row['depth']} {row['mode']:6}"
        known = f"   paper {paper.GREEDY[row['depth']]:.3f}" if row["mode"] == "paper" else ""
        if row["n"]:
            chance = f"shuffled {row['null_value']:.3f}   p {row['p']:.3f}   {row['n']} scans{known}"
            lines.append(f"{said} {estimate(row['value'], row['low'], row['high'])}   {chance}")
        else:
            lines.append(f"{said} none: no scan has both a report and a named unit")
    figures = sorted((run.folder / "figures").glob("*.png"))
    lines += ["", f"{len(figures)} figures, for example:", *(f"  {file}" for file in figures[:3])]
    return "\n".join(lines)
