"""`auc`: equal to scikit-learn, to pair counting and to the authors' formula, with and without ties."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sklearn.metrics import roc_auc_score, roc_curve

from tests import naive

Scores = list[tuple[float, bool]]


def ask(run: Any, scores: Scores) -> dict[str, Any]:
    """The areas of one class over patches with the given scores."""
    for table in ("scan", "patch", "label", "prediction", "partition"):
        run.connection.execute(f"delete from {table}")
    run.fill("scan", [{"scan": "S", "patient": "P"}])
    run.fill("partition", [{"patient": "P", "partition": "test"}])
    run.fill("patch", [{"patch": patch, "scan": "S"} for patch in range(len(scores))])
    classes = ("normal", "malignant")
    run.fill("label", [{"patch": patch, "class": classes[positive]} for patch, (_, positive) in enumerate(scores)])
    run.fill(
        "prediction",
        [{"patch": patch, "class": "malignant", "probability": score} for patch, (score, _) in enumerate(scores)],
    )
    run.connection.execute("delete from auc")
    rows: list[dict[str, Any]] = run.make("auc", partitions=["test"], pauc_from=0.8)
    assert [(row["partition"], row["level"], row["class"]) for row in rows] == [("test", "patch", "malignant")]
    return rows[0]


def drawn(seed: int, count: int, decimals: int) -> Scores:
    chance = random.Random(seed)
    positives = [chance.random() < 0.3 for _ in range(count)]
    return [(round(min(1, max(0, chance.gauss(0.4 + 0.2 * hit, 0.2))), decimals), hit) for hit in positives]


@pytest.mark.parametrize("decimals", [1, 2, 16])
@pytest.mark.parametrize("seed", range(4))
def test_auc_equals_scikit_learn(run: Any, seed: int, decimals: int) -> None:
    scores = drawn(seed, 300, decimals)
    values, positives = np.array([score for score, _ in scores]), np.array([hit for _, hit in scores])
    found = ask(run, scores)
    assert found["auc"] == pytest.approx(roc_auc_score(positives, values), abs=1e-12)
    assert (found["positives"], found["negatives"]) == (positives.sum(), (~positives).sum())
    alarms, hits, _ = roc_curve(positives, values, drop_intermediate=False)
    legacy = np.trapezoid(hits[hits >= 0.8], alarms[hits >= 0.8]) * (1 - 0.8)
    assert found["pauc_paper"] == pytest.approx(legacy, abs=1e-12)
    fine = np.linspace(0, 1, 200_001)
    usual = np.trapezoid(np.maximum(np.interp(fine, alarms, hits) - 0.8, 0), fine)
    assert found["pauc"] == pytest.approx(usual, abs=1e-4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=some.lists(some.tuples(some.integers(0, 6).map(lambda score: score / 6), some.booleans()), min_size=1))
def test_auc_equals_the_slow_definitions(run: Any, scores: Scores) -> None:
    found = ask(run, scores)
    wanted = naive.auc(scores)
    if wanted is None:
        assert (found["auc"], found["pauc"], found["pauc_paper"]) == (None, None, None)
    else:
        areas = (wanted, naive.pauc(scores), naive.pauc_paper(scores))
        assert (found["auc"], found["pauc"], found["pauc_paper"]) == pytest.approx(areas, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "auc", "pauc", "paper"),
    [
        ([(0.9, True), (0.1, False)], 1, 0.2, 0.2),
        ([(0.1, True), (0.9, False)], 0, 0, 0),
        ([(0.5, True), (0.5, False)], 0.5, 0.02, 0),
        ([(k / 1000, hit) for k in range(1001) for hit in (True, False)], 0.5, 0.02, 0.036),
    ],
    ids=["perfect", "reversed", "one tie", "chance"],
)
def test_known_areas(run: Any, scores: Scores, auc: float, pauc: float, paper: float) -> None:
    found = ask(run, scores)
    assert (found["auc"], found["pauc"]) == pytest.approx((auc, pauc), abs=1e-12)
    assert found["pauc_paper"] == pytest.approx(paper, abs=3e-4)


@pytest.mark.parametrize("positive", [True, False])
def test_one_class_alone_has_no_area(run: Any, positive: bool) -> None:
    found = ask(run, [(0.2, positive), (0.9, positive)])
    assert (found["auc"], found["pauc"], found["pauc_paper"]) == (None, None, None)
    assert (found["positives"], found["negatives"]) == ((2, 0) if positive else (0, 2))


def test_every_level_and_partition_has_its_row(world: Any) -> None:
    world.make("label", cover=0.3, within=0.3)
    rows = world.make("auc", partitions=["test", "holdout"], pauc_from=0.8)
    keys = {(row["partition"], row["level"], row["class"]) for row in rows}
    levels = ("patch", "scan", "patient")
    assert keys == {(part, level, name) for part in ("test", "holdout") for level in levels for name in naive.CLASSES}
    checked = set()
    for row in rows:
        where = "partition = $partition and level = $level and class = $class and against = 'rest'"
        key = {"partition": row["partition"], "level": row["level"], "class": row["class"]}
        scored = world.rows(f"select score, positive from scored where {where}", **key)
        scores = [(one["score"], one["positive"]) for one in scored]
        assert row["auc"] == pytest.approx(naive.auc(scores), abs=1e-12)
        if row["auc"] is None:
            continue
        checked.add(row["level"])
        values, positives = zip(*scores, strict=True)
        assert len(set(values)) < len(values), "some are tied"
        assert row["auc"] == pytest.approx(roc_auc_score(positives, values), abs=1e-12)
        areas = (naive.pauc(scores), naive.pauc_paper(scores))
        assert (row["pauc"], row["pauc_paper"]) == pytest.approx(areas, abs=1e-12)
    assert checked == set(levels)


def test_the_same_scores_have_the_same_areas_to_the_last_digit(run: Any) -> None:
    """Sums in any order would differ in it, as threads end in any order."""
    ask(run, drawn(5, 30_000, 16))
    question = run.ask("auc", partitions=["test"], pauc_from=0.8)
    assert all(run.ask("auc", partitions=["test"], pauc_from=0.8) == question for _ in range(20))
