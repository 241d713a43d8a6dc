"""Curves of classes, few and many, can be told apart."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from deepminer_ray.classes import MOST_CLASSES
from deepminer_ray.domain_file import read_domain
from deepminer_ray.report.curves import class_colours, class_dashes, draw_roc


def colours_of(number: int) -> dict[str, str]:
    names = [f"kind {place}" for place in range(number)]
    return class_colours(read_domain(f'name = "kinds"\nclasses = {names}\nrest = "kind 0"\n', "kinds.toml"))


@pytest.mark.parametrize("number", [2, 3, 8, 9, 12, MOST_CLASSES])
def test_no_two_classes_look_alike(number: int) -> None:
    colours = colours_of(number)
    dashes = class_dashes(colours)
    looks = {name: (colour, dashes[name]) for name, colour in colours.items() if name.startswith("kind")}
    assert len(looks) == number == len(set(looks.values()))
    if number <= 8:
        assert set(dashes.values()) == {"-"} and len(set(colours.values())) == number


@pytest.mark.parametrize(("number", "lines"), [(3, 3 + 2), (5, 5)])
def test_pairs_are_drawn_of_few_classes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, lines: int
) -> None:
    colours, drawn = colours_of(number), list[Any]()
    keys = [(name, "rest") for name in colours if name.startswith("kind")]
    keys += [(name, "kind 0") for name in ("kind 1", "kind 2")]
    shared = {"level": "patch", "low": None, "high": None, "value": 0.9, "positives": 3, "negatives": 4}
    measured = [shared | {"class": name, "against": against, "measure": "auc"} for name, against in keys]
    curves = [row | {"false_positive_rate": x, "sensitivity": x} for row in measured for x in (0.0, 1.0)]
    monkeypatch.setattr(Axes, "legend", lambda axes, **_: drawn.extend(axes.get_lines()))
    draw_roc(tmp_path / "roc.png", curves, measured, colours)
    assert len(drawn) == lines + 1, "and the line of chance"
