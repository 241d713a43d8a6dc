"""Figures of a training, of ROC curves and of scores."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deepminer_ray.aliases import Row
from deepminer_ray.domain import Domain

BLUE, ORANGE, RED = "#0072B2", "#E69F00", "#D55E00"
"""Told apart by colour-blind readers too (Okabe and Ito)."""
BETWEEN = (ORANGE, "#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
"""The colours of classes that are neither the rest, which is blue, nor the worst, which is red."""

DASHES: tuple[Any, ...] = (
    *("-", "--", "-.", ":", (0, (8, 2)), (0, (3, 1, 1, 1))),
    *((0, (1, 3)), (0, (8, 2, 2, 2)), (0, (5, 1, 1, 1, 1, 1))),
)
"""How lines of one colour differ: so many times the colours are enough for the most classes that a domain has."""
PAIRS_UP_TO = 4
"""Classes; of more the curves against single other ones would hide what they are beside."""


def class_colours(domain: Domain) -> dict[str, str]:
    """One colour a class that a network of the domain can answer, in the classes' order.

    Where there are more classes than colours, those between rest and worst have them in turn: see `class_dashes`.
    """
    between = dict(zip(domain.classes.findings[:-1], cycle(BETWEEN), strict=False))
    known = {domain.classes.rest: BLUE} | between | {domain.classes.findings[-1]: RED}
    return {classes.rest: BLUE for classes in domain.answered} | known


def class_dashes(colours: Mapping[str, str]) -> dict[str, Any]:
    """How the line of each class is dashed, so that no two of one colour look alike."""
    order = [colour if colour in BETWEEN else None for colour in colours.values()]
    return {
        name: DASHES[order[:place].count(colour)] if (colour := order[place]) else DASHES[0]
        for place, name in enumerate(colours)
    }


def draw_training(file: Path, epochs: Sequence[dict[str, Any]], colours: Mapping[str, str]) -> None:
    """Loss and validation AUC by epoch, the kept epoch marked; rows are those of `epoch`, each with `auc` by class."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    losses, areas = figure.subplots(1, 2)
    numbers = [row["epoch"] for row in epochs]
    losses.plot(numbers, [row["loss"] for row in epochs], "k.-", label="training patches")
    if any(row.get("validation_loss") is not None for row in epochs):
        losses.plot(numbers, [row.get("validation_loss") for row in epochs], "k.:", label="validation patches")
    losses.set(xlabel="epoch", ylabel="mean cross-entropy (nats)")
    losses.legend(frameon=False)
    dashes = class_dashes(colours)
    areas_of = [row.get("auc") or {} for row in epochs]
    for name in sorted({name for of_epoch in areas_of for name in of_epoch}, key=list(colours).index):
        values = [of_epoch.get(name) for of_epoch in areas_of]
        if any(value is not None for value in values):
            areas.plot(numbers, values, marker=".", linestyle=dashes[name], color=colours[name], label=name)
    if areas.lines:
        areas.legend(frameon=False)
    areas.set(xlabel="epoch", ylabel="AUC, patches of validation patients")
    for axes in (losses, areas):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        for row in epochs:
            if row.get("kept"):
                axes.axvline(row["epoch"], color="0.8", zorder=0)
    _save(figure, file)


BELOW: dict[str, Any] = {"frameon": False, "fontsize": 7, "loc": "upper center", "bbox_to_anchor": (0.5, -0.13)}
LEVEL_NAMES = {"patch": "patches", "scan": "scans", "patient": "patients"}


def draw_roc(file: Path, curves: Sequence[Row], measured: Sequence[Row], colours: Mapping[str, str]) -> None:
    """ROC curves of every level with their bands over patients; rows are those of `roc` and of `measure`.

    Of few classes also those against single other ones.
    """
    levels = [level for level in LEVEL_NAMES if any(row["level"] == level for row in curves)]
    figure = Figure(figsize=(4.2 * max(1, len(levels)), 5), layout="constrained")
    panels = figure.subplots(1, max(1, len(levels)), squeeze=False)[0]
    area = {(row["level"], row["class"], row["against"]): row for row in measured if row["measure"] == "auc"}
    order, own_dashes = list(colours), class_dashes(colours)
    many = len({row["class"] for row in curves}) > PAIRS_UP_TO

    def place(key: tuple[str, str]) -> tuple[int, bool]:
        return order.index(key[0]), key[1] != "rest"

    for axes, level in zip(panels, levels, strict=False):
        axes.plot([0, 1], [0, 1], color="0.8", linewidth=1)
        of_level = {(row["class"], row["against"]) for row in curves if row["level"] == level}
        for key in sorted((key for key in of_level if key[1] == "rest" or not many), key=place):
            line = [row for row in curves if (row["level"], row["class"], row["against"]) == (level, *key)]
            of = area[level, *key]
            name = key[0] if key[1] == "rest" else f"{key[0]} or {key[1]}"
            colour, dashes = colours[key[0]], own_dashes[key[0]] if key[1] == "rest" else "--"
            places = [row["false_positive_rate"] for row in line]
            label = f"{name} {_estimate(of)}, {of['positives']} of {of['positives'] + of['negatives']}"
            axes.plot(places, [row["sensitivity"] for row in line], linestyle=dashes, color=colour, label=label)
            if all(row["low"] is not None for row in line) and key[1] == "rest":
                bounds = ([row["low"] for row in line], [row["high"] for row in line])
                axes.fill_between(places, *bounds, color=colour, alpha=0.12, linewidth=0)
        axes.set(title=LEVEL_NAMES[level], xlabel="1 - specificity", aspect="equal", xlim=(0, 1), ylim=(0, 1.01))
        axes.legend(**BELOW)
    panels[0].set_ylabel("sensitivity (bands: 95 % over patients)")
    _save(figure, file)


def draw_calibration(file: Path, bins: Sequence[Row], measured: Sequence[Row], colours: Mapping[str, str]) -> None:
    """How often items answered with a probability are of the class; rows are those of `calibration` and `measure`."""
    levels = [level for level in LEVEL_NAMES if any(row["level"] == level for row in bins)]
    figure = Figure(figsize=(4.2 * max(1, len(levels)), 5), layout="constrained")
    panels = figure.subplots(1, max(1, len(levels)), squeeze=False)[0]
    dashes = class_dashes(colours)
    off = {
        (row["level"], row["class"]): row
        for row in measured
        if (row["measure"], row["against"]) == ("calibration_error", "rest")
    }
    for axes, level in zip(panels, levels, strict=False):
        axes.plot([0, 1], [0, 1], color="0.8", linewidth=1)
        for name in sorted({row["class"] for row in bins if row["level"] == level}, key=list(colours).index):
            line = [row for row in bins if (row["level"], row["class"]) == (level, name)]
            label = f"{name}, error {_estimate(off[level, name])}"
            places, shares = [row["probability"] for row in line], [row["share"] for row in line]
            axes.plot(places, shares, marker=".", linestyle=dashes[name], color=colours[name], label=label)
            if all(row["low"] is not None for row in line):
                bounds = [row["low"] for row in line], [row["high"] for row in line]
                axes.vlines(places, *bounds, color=colours[name], alpha=0.4)
        axes.set(title=LEVEL_NAMES[level], xlabel="mean probability of a tenth of the items", aspect="equal")
        axes.set(xlim=(0, 1), ylim=(0, 1.01))
        axes.legend(**BELOW)
    panels[0].set_ylabel("share that is of the class (bars: 95 % over patients)")
    _save(figure, file)


def _estimate(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def _save(figure: Figure, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150, bbox_inches="tight")


def draw_scores(file: Path, rows: Sequence[Row]) -> None:
    """Every score with its interval over patients beside what chance gives; rows are those of `score` with an n."""
    scored = [row for row in rows if row["n"]]
    names = [
        f"{row['metric']}, {'top ' + str(row['depth']) if row.get('depth') else 'all units'}, {row['mode']}"
        f"   p {row['p']:.3f}, n {row['n']}"
        for row in scored
    ]
    figure, axes = _beside_chance(scored, "value", names, "value, 95 % over patients", "by chance")
    axes.set(xlabel="score, or share")
    _legend(axes, bool(scored))
    _save(figure, file)


def draw_annotators(file: Path, rows: Sequence[Row]) -> None:
    """Who names best: how true each annotator's names are on unseen patients; rows of `annotator_score`."""
    scored = [row for row in rows if row["auroc"] is not None]
    names = [
        f"{row['annotator']}, {LEVEL_NAMES[row['level']]}   {row['true']} of {row['tested']} names above 0.5, "
        f"p {row['p']:.3f}, n {row['n']}"
        for row in scored
    ]
    said = "against other findings, 95 % over patients"
    figure, axes = _beside_chance(scored, "auroc", names, said, "the same names shuffled")
    axes.axvline(0.5, color="0.8", linewidth=1, zorder=0)
    if scored:
        areas = [row["auroc_all"] for row in scored]
        axes.plot(areas, range(len(scored)), "|", color="0.4", label="against everything else")
    axes.set(xlabel="mean AUC with which a unit's maximum predicts its name on unseen patients", xlim=(0, 1))
    _legend(axes, bool(scored))
    _save(figure, file)


def _beside_chance(
    rows: Sequence[Row], value: str, names: Sequence[str], said: str, chance: str
) -> tuple[Figure, Axes]:
    """A line a row: a value with its interval, and what chance gives."""
    figure = Figure(figsize=(9, 1.4 + 0.28 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for index, row in enumerate(rows):
        axes.plot([row["low"], row["high"]], [index, index], color=BLUE, linewidth=2)
        axes.plot(row[value], index, "o", color=BLUE, label=None if index else said)
        axes.plot(row["null_value"], index, "x", color=RED, label=None if index else chance)
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure, axes


def _legend(axes: Axes, drawn: bool) -> None:
    if drawn:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=8)


def draw_faithfulness(file: Path, rows: Sequence[Row]) -> None:
    """Mean probability of the decided class by units silenced or speaking alone; rows of `faithfulness_curve`."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, curve, said in zip(panels, ("deletion", "insertion"), ("silent", "speaking alone"), strict=True):
        of = [row for row in rows if row["curve"] == curve]
        units = [row["units"] for row in of]
        axes.fill_between(units, [row["low"] for row in of], [row["high"] for row in of], color="0.85")
        axes.plot(units, [row["chance"] for row in of], color="0.5", label="random order (mean, 95 % of orders)")
        axes.plot(units, [row["probability"] for row in of], ".-", color=RED, label="by influence")
        axes.set_xscale("symlog", base=2, linthresh=1)
        axes.set_xticks(units, [str(number) for number in units], fontsize=7)
        scans = of[0]["scans"] if of else 0
        axes.set(xlabel=f"units {said}", ylim=(0, 1), title=f"{curve} ({scans} scans)")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set(ylabel="probability of the class decided")
    if rows:
        panels[0].legend(frameon=False, fontsize=8)
    _save(figure, file)
