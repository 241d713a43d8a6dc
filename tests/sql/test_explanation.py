"""`explanation` and `explained`: the decided class, the names, and the two texts that are compared."""

import random
from datetime import datetime
from typing import Any

import pytest

from tests import naive

Row = dict[str, Any]


def said(unit: int, annotator: str, phenomenon: str | None, **changed: Any) -> Row:
    """One phenomenon of an answer."""
    return {
        "unit": unit,
        "annotator": annotator,
        "version": 1,
        "position": 1,
        "recognizable": phenomenon is not None,
        "phenomenon": phenomenon,
        "repeat": False,
        "checkpoint": "now",
        "saved_at": datetime(2026, 1, 1),
    } | changed


def many_answers(seed: int) -> list[Row]:
    chance = random.Random(seed)
    names = ["mass", "calcified vessels", "spiculation", "", None]
    return [
        said(unit, annotator, chance.choice(names), version=version, position=position, repeat=hidden, checkpoint=where)
        for unit in range(0, 64, 3)
        for annotator in ("a", "b")
        for version in range(1, chance.randint(1, 3) + 1)
        for hidden in ((False, True) if version == 1 and chance.random() < 0.2 else (False,))
        for position in range(1, chance.randint(1, 3) + 1)
        for where in [chance.choice(["now", "now", "before"])]
    ]


def planted_evidence(world: Any) -> dict[tuple[str, str], dict[int, float]]:
    """Values of the units at the cells that decided."""
    chance = random.Random(11)
    of = {
        (row["scan"], row["class"]): {unit: chance.randint(0, 16) / 8 for unit in range(64)}
        for row in world.rows("from scan_prediction")
    }
    world.fill(
        "evidence",
        [
            {"scan": scan, "class": name, "unit": unit, "activation": value}
            for (scan, name), values in of.items()
            for unit, value in values.items()
        ],
    )
    return of


@pytest.mark.parametrize("partitions", [["holdout"], ["test", "holdout"]])
def test_explanation_equals_the_slow_definition(world: Any, partitions: list[str]) -> None:
    world.make("influence", top=8)
    answers = many_answers(3)
    world.fill("annotation", answers)
    evidence = planted_evidence(world)
    weights = {(row["class"], row["unit"]): row["weight"] for row in world.rows("from weight")}
    names = naive.phenomena(answers, "now")
    assert any("; " in name for name in names.values())
    probabilities: dict[str, dict[str, float]] = {}
    for row in world.rows("from scan_prediction"):
        probabilities.setdefault(row["scan"], {})[row["class"]] = row["probability"]
    part_of = {row["scan"]: row["partition"] for row in world.rows("from scan join partition using (patient)")}
    wanted = [
        row
        | naive.contribution(evidence[row["scan"], row["class"]], weights, row["class"], row["unit"])
        | {"phenomenon": names.get(row["unit"])}
        for row in world.rows("from influence")
        if part_of[row["scan"]] in partitions and row["class"] == naive.decided(probabilities[row["scan"]])
    ]
    found = world.make("explanation", partitions=partitions, checkpoint="now")
    assert len(wanted) == 8 * sum(part in partitions for part in part_of.values())

    def place(row: Row) -> tuple[str, int]:
        return (row["scan"], row["rank"])

    for row, slow in zip(sorted(found, key=place), sorted(wanted, key=place), strict=True):
        assert row == pytest.approx(slow, nan_ok=True)


@pytest.mark.parametrize(
    ("answers", "phenomenon"),
    [
        ([], None),
        ([said(5, "a", "mass")], "mass"),
        ([said(5, "b", "mass"), said(5, "a", "vessels")], "vessels; mass"),
        ([said(5, "a", "mass", position=2), said(5, "a", "vessels", position=1)], "vessels; mass"),
        ([said(5, "a", "mass"), said(5, "b", "mass")], "mass"),
        ([said(5, "a", "mass"), said(5, "a", "vessels", version=2)], "vessels"),
        ([said(5, "a", "mass"), said(5, "a", None, version=2)], None),
        ([said(5, "a", "mass"), said(5, "a", "vessels", version=2, repeat=True)], "mass"),
        ([said(5, "a", "mass", checkpoint="before")], None),
        ([said(5, "a", "mass"), said(5, "a", "vessels", version=2, checkpoint="before")], "mass"),
        ([said(5, "a", "mass", recognizable=False)], None),
        ([said(6, "a", "mass")], None),
    ],
)
def test_the_name_of_a_unit(run: Any, answers: list[Row], phenomenon: str | None) -> None:
    run.fill("scan", [{"scan": "S", "patient": "P"}])
    run.fill("partition", [{"patient": "P", "partition": "holdout"}])
    run.fill("scan_prediction", [{"scan": "S", "class": "benign", "probability": 0.9}])
    run.fill("influence", [{"scan": "S", "class": "benign", "rank": 1, "unit": 5, "influence": 2.0}])
    if answers:
        run.fill("annotation", answers)
    (row,) = run.ask("explanation", partitions=["holdout"], checkpoint="now")
    assert row["phenomenon"] == phenomenon


def explained(run: Any, names: list[str | None], reports: list[str], depth: int) -> list[Row]:
    run.fill("scan", [{"scan": "S", "patient": "P"}])
    run.fill("partition", [{"patient": "P", "partition": "holdout"}])
    if reports:
        run.fill(
            "lesion",
            [
                {"lesion": f"L{number}", "scan": "S", "abnormality": len(reports) - number, "report": report}
                | {"pathology": "benign"}
                for number, report in enumerate(reports)
            ],
        )
    run.fill(
        "explanation",
        [
            {"scan": "S", "class": "benign", "rank": rank, "unit": rank, "phenomenon": name}
            for rank, name in reversed(list(enumerate(names, 1)))
        ],
    )
    rows: list[Row] = run.ask("explained", partitions=["holdout"], depth=depth)
    return rows


@pytest.mark.parametrize(
    ("names", "reports", "depth", "texts"),
    [
        (["mass", "vessels"], ["SECOND", "FIRST"], 8, ("FIRST SECOND", "mass. vessels")),
        (["mass", None, "vessels"], ["ONE"], 8, ("ONE", "mass. vessels")),
        (["mass", "mass"], ["ONE"], 8, ("ONE", "mass. mass")),
        (["mass", "vessels"], ["ONE"], 1, ("ONE", "mass")),
        ([None, "vessels"], ["ONE"], 1, None),
        ([None, "vessels"], ["ONE"], 2, ("ONE", "vessels")),
        ([None, None], ["ONE"], 8, None),
        (["mass"], [], 8, None),
        (["mass"], [""], 8, None),
        (["mass"], ["", "ONE"], 8, ("ONE", "mass")),
    ],
)
def test_the_two_texts(
    run: Any, names: list[str | None], reports: list[str], depth: int, texts: tuple[str, str] | None
) -> None:
    known = {"scan": "S", "patient": "P", "pathology": "benign"}
    wanted = [known | {"report": texts[0], "explanation": texts[1]}] if texts else []
    assert explained(run, names, reports, depth) == wanted


def test_other_partitions_are_not_explained(world: Any) -> None:
    world.make("influence", top=8)
    scans = {row["scan"] for row in world.ask("explanation", partitions=["holdout"], checkpoint="now")}
    holdout = world.rows("select scan from scan join partition using (patient) where partition = 'holdout'")
    assert scans == {row["scan"] for row in holdout}
