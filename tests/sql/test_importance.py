"""Three ways of ranking units, side by side, against slow definitions and scipy."""

import math
import random
from itertools import combinations
from statistics import mean
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, rankdata, spearmanr

from deepminer_ray.database.tables import Tables, fill_of_domain
from deepminer_ray.domain_file import read_domain
from tests import naive

WAYS = ("influence", "contribution", "ablation")
UNITS = range(64)


@pytest.fixture
def ranked(world: Any) -> Any:
    """The run of 40 scans with labels, influences and the probabilities its ledgers give."""
    world.make("label", cover=0.3, within=0.3)
    world.make("influence", top=8)
    world.connection.execute("delete from prediction")
    world.connection.execute("insert into prediction by name (select patch, class, probability from patch_logit)")
    return world


def head(run: Any) -> tuple[dict[str, dict[int, float]], dict[str, float]]:
    """Weights and biases."""
    weights: dict[str, dict[int, float]] = {name: {} for name in naive.CLASSES}
    for row in run.rows("from weight"):
        weights[row["class"]][row["unit"]] = row["weight"]
    return weights, {row["class"]: row["bias"] for row in run.rows("from bias")}


def patch_means(run: Any, partition: str) -> list[dict[int, float]]:
    """The units' means on each labelled patch of a partition."""
    rows = run.rows(
        """select patch, activation.unit, mean from activation semi join label using (patch) join patch using (patch)
        join scan using (scan) join partition using (patient) where partition = $name""",
        name=partition,
    )
    means: dict[int, dict[int, float]] = {}
    for row in rows:
        means.setdefault(row["patch"], {})[row["unit"]] = row["mean"]
    return list(means.values())


@pytest.mark.parametrize("partition", ["test", "holdout"])
def test_effects_are_those_of_leaving_a_unit_out(ranked: Any, partition: str) -> None:
    weights, biases = head(ranked)
    patches = patch_means(ranked, partition)
    rows = ranked.rows("from unit_effect([$name])", name=partition)
    assert {(row["class"], row["unit"]) for row in rows} == {(name, unit) for name in naive.CLASSES for unit in UNITS}
    assert {row["patches"] for row in rows} == {len(patches)}
    before = [naive.probabilities(naive.logits(means, weights, biases)) for means in patches]
    for unit in (0, 13, 63):
        after = [naive.probabilities(naive.logits(means, weights, biases, {unit})) for means in patches]
        for row in (row for row in rows if row["unit"] == unit):
            name = row["class"]
            lost = mean(b[name] - a[name] for b, a in zip(before, after, strict=True))
            assert row["ablation"] == pytest.approx(lost, abs=1e-9)
            assert row["contribution"] == pytest.approx(
                mean(of_patch[unit] * weights[name][unit] for of_patch in patches), abs=1e-9
            )


def test_three_rankings_stand_side_by_side(ranked: Any) -> None:
    rows = ranked.rows("from unit_importance()")
    effect = {(row["class"], row["unit"]): row for row in ranked.rows("from unit_effect()")}
    of_test = """select scan, class, rank, influence.unit from influence
        join scan using (scan) join partition using (patient) where partition = 'test' order by all"""
    tops: dict[tuple[str, str], list[int]] = {}
    for row in ranked.rows(of_test):
        tops.setdefault((row["scan"], row["class"]), []).append(row["unit"])
    scans = len({scan for scan, _ in tops})
    for name in naive.CLASSES:
        of_class = [row for row in rows if row["class"] == name]
        frequent = dict(naive.frequencies(tops, name))
        assert len(of_class) == 64 and 0 < len(frequent) < 64
        for row in of_class:
            assert row["influence"] == frequent.get(row["unit"], 0) / scans
            for way in ("contribution", "ablation"):
                assert row[way] == effect[name, row["unit"]][way]
        for way in WAYS:
            wanted = rankdata([-row[way] for row in of_class], method="min")
            assert [row[f"{way}_rank"] for row in of_class] == wanted.tolist()


def test_agreement_is_scipys_rank_correlation(ranked: Any) -> None:
    rows = ranked.rows("from unit_importance()")
    found = {(row["class"], row["one"], row["other"]): row for row in ranked.rows("from importance_agreement()")}
    assert len(found) == 9
    for name in naive.CLASSES:
        of_class = [row for row in rows if row["class"] == name]
        for one, other in combinations(WAYS, 2):
            row = found.get((name, one, other)) or found[name, other, one]
            wanted = spearmanr([row[one] for row in of_class], [row[other] for row in of_class]).statistic
            assert row["correlation"] == pytest.approx(wanted, abs=1e-12) and row["units"] == 64
            error = math.sqrt((1 + wanted**2 / 2) / (64 - 3))
            bounds = np.tanh(np.arctanh(wanted) + norm.ppf([0.025, 0.975]) * error)
            assert [row["low"], row["high"]] == pytest.approx(bounds.tolist(), abs=1e-9)


def test_a_ranking_that_tells_no_unit_apart_agrees_with_none(ranked: Any) -> None:
    ranked.connection.execute("delete from influence")
    found = ranked.rows("from importance_agreement()")
    untold = [row for row in found if "influence" in (row["one"], row["other"])]
    assert {(row["correlation"], row["low"], row["high"]) for row in untold} == {(None, None, None)}
    assert all(row["correlation"] is not None for row in found if "influence" not in (row["one"], row["other"]))


def test_rankings_that_are_one_agree_for_certain(ranked: Any) -> None:
    """With one weight for all, a unit's share and what is lost without it rise together."""
    ranked.connection.execute("update activation set mean = unit / 1000")
    ranked.connection.execute("update weight set weight = case class when 'benign' then 0.1 else 0 end")
    (row,) = (
        row
        for row in ranked.rows("from importance_agreement()")
        if row["class"] == "benign" and "influence" not in (row["one"], row["other"])
    )
    assert [row["low"], row["correlation"], row["high"]] == pytest.approx([1, 1, 1])


def test_sure_decisions_have_effects_too(ranked: Any) -> None:
    ranked.connection.execute("update prediction set probability = if(class = 'benign', 1, 0)")
    rows = ranked.rows("from unit_effect()")
    assert all(math.isfinite(row["ablation"]) for row in rows)
    ranked.connection.execute("update activation set mean = 1e4")
    assert all(math.isfinite(row["ablation"]) for row in ranked.rows("from unit_effect()"))


def test_a_network_of_many_classes_has_effects_too(world: Any) -> None:
    """Five outputs, which have no column each."""
    names = ("rest", "one", "two", "three", "four")
    chance = random.Random(3)
    text = f'name = "five"\nclasses = {list(names)}\nrest = "rest"\n'.replace("'", '"')
    fill_of_domain(Tables(world.connection), read_domain(text, "five.toml"))
    world.make("label", cover=0.3, within=0.3)
    for table in ("weight", "bias", "prediction"):
        world.connection.execute(f"delete from {table}")
    world.fill("bias", [{"class": name, "bias": chance.uniform(-1, 1)} for name in names])
    world.fill(
        "weight",
        [{"class": name, "unit": unit, "weight": chance.uniform(-2, 2)} for name in names for unit in UNITS],
    )
    world.connection.execute("insert into prediction by name (select patch, class, probability from patch_logit)")
    weights: dict[str, dict[int, float]] = {name: {} for name in names}
    for row in world.rows("from weight"):
        weights[row["class"]][row["unit"]] = row["weight"]
    biases = {row["class"]: row["bias"] for row in world.rows("from bias")}
    patches = patch_means(world, "test")
    rows = world.rows("from unit_effect()")
    assert {(row["class"], row["unit"]) for row in rows} == {(name, unit) for name in names for unit in UNITS}

    def probabilities(means: dict[int, float], silent: set[int]) -> dict[str, float]:
        logits = {
            name: biases[name] + sum(weights[name][unit] * mean for unit, mean in means.items() if unit not in silent)
            for name in names
        }
        odds = {name: math.exp(logit - max(logits.values())) for name, logit in logits.items()}
        return {name: value / sum(odds.values()) for name, value in odds.items()}

    before = [probabilities(means, set()) for means in patches]
    for unit in (0, 13, 63):
        after = [probabilities(means, {unit}) for means in patches]
        for row in (row for row in rows if row["unit"] == unit):
            name = row["class"]
            lost = mean(b[name] - a[name] for b, a in zip(before, after, strict=True))
            assert (row["ablation"], row["patches"]) == (pytest.approx(lost, abs=1e-9), len(patches))
            told = mean(of_patch[unit] * weights[name][unit] for of_patch in patches)
            assert row["contribution"] == pytest.approx(told, abs=1e-9)
