"""`influence`, `unit_rank`, `coverage`, `places_by_patient` against the paper's sentences written slowly."""

from collections import Counter
from typing import Any

import pytest

from tests import naive

TEST = ["test"]


def slow_influence(world: Any, top: int) -> dict[tuple[str, str], list[tuple[int, float]]]:
    maxima: dict[str, dict[int, float]] = {}
    for row in world.rows("from response"):
        maxima.setdefault(row["scan"], {})[row["unit"]] = row["maximum"]
    weights: dict[str, dict[int, float]] = {}
    for row in world.rows("from weight"):
        weights.setdefault(row["class"], {})[row["unit"]] = row["weight"]
    return naive.influence(maxima, weights, top)


def slow_tops(world: Any, partitions: list[str], top: int = 8) -> dict[tuple[str, str], list[int]]:
    part_of = {row["scan"]: row["partition"] for row in world.rows("from scan join partition using (patient)")}
    found = slow_influence(world, top)
    return {key: [unit for unit, _ in units] for key, units in found.items() if part_of[key[0]] in partitions}


@pytest.mark.parametrize("top", [1, 8, 64])
def test_influence_equals_the_slow_definition(world: Any, top: int) -> None:
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in sorted(world.make("influence", top=top), key=lambda row: row["rank"]):
        places = found.setdefault((row["scan"], row["class"]), [])
        places.append((row["unit"], row["influence"]))
        assert row["rank"] == len(places)
    assert found == slow_influence(world, top)


def test_the_smaller_unit_wins_a_tie(run: Any) -> None:
    run.fill("weight", [{"class": "benign", "unit": unit, "weight": 2.0} for unit in range(4)])
    run.fill("response", [{"scan": "S", "unit": unit, "maximum": 1.5} for unit in (3, 1, 0, 2)])
    assert [(row["rank"], row["unit"]) for row in run.ask("influence", top=2)] == [(1, 0), (2, 1)]


@pytest.mark.parametrize("partitions", [["test"], ["holdout", "test"], ["train"]])
@pytest.mark.parametrize("ranked", [1, 20, 64])
def test_unit_rank_equals_the_slow_definition(world: Any, partitions: list[str], ranked: int) -> None:
    world.make("influence", top=8)
    rows = sorted(world.make("unit_rank", ranked=ranked, partitions=partitions), key=lambda row: row["rank"])
    tops = slow_tops(world, partitions)
    scans = len({scan for scan, _ in tops})
    for name in naive.CLASSES:
        wanted = naive.frequencies(tops, name)[:ranked]
        of_class = [row for row in rows if row["class"] == name]
        assert [(row["unit"], row["scans"]) for row in of_class] == wanted
        assert [row["frequency"] for row in of_class] == [count / scans for _, count in wanted]
        assert [row["rank"] for row in of_class] == list(range(1, len(wanted) + 1))


@pytest.mark.parametrize("partitions", [["test"], ["holdout", "test"]])
def test_coverage_equals_the_slow_definition(world: Any, partitions: list[str]) -> None:
    world.make("influence", top=8)
    rows = world.make("coverage", partitions=partitions)
    tops = slow_tops(world, partitions)
    for name in naive.CLASSES:
        found = {row["units"]: row["coverage"] for row in rows if row["class"] == name}
        assert list(range(1, len(naive.frequencies(tops, name)) + 1)) == sorted(found)
        assert found == pytest.approx({units: naive.coverage(tops, name, units) for units in found}, abs=1e-12)
        assert found[max(found)] == 1
    assert all(row["low"] is None and row["high"] is None for row in rows)


def test_places_by_patient_adds_up_to_the_frequencies(world: Any) -> None:
    world.make("influence", top=8)
    rows = world.ask("places_by_patient", partitions=TEST)
    patients = {row["patient"] for row in world.rows("from partition where partition = 'test'")}
    assert {row["patient"] for row in rows} == patients
    for name in naive.CLASSES:
        places: Counter[int] = Counter()
        for row in rows:
            places[row["unit"]] += row["places"] if row["class"] == name else 0
        assert +places == dict(naive.frequencies(slow_tops(world, TEST), name))


@pytest.mark.parametrize("query", ["unit_rank", "coverage", "places_by_patient", "top_patch"])
def test_no_partition_no_row(world: Any, query: str) -> None:
    world.make("influence", top=8)
    count = {"unit_rank": {"ranked": 20}, "top_patch": {"top_patches": 64}}.get(query, {})
    assert world.ask(query, partitions=[], **count) == []
