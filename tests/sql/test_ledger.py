"""Ledgers of patches: the logits they add up to, what silent units change, and the fewest that change the decision."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests import naive

PATCH = 65537
UNITS = 5

quarters = some.integers(-6, 6).map(lambda number: number / 4)
heads = some.fixed_dictionaries(
    {name: some.lists(quarters, min_size=UNITS + 1, max_size=UNITS + 1) for name in naive.CLASSES}
)
maps = some.lists(some.integers(0, 4).map(lambda number: number / 2), min_size=UNITS, max_size=UNITS)


def fill(run: Any, means: list[float], head: dict[str, list[float]]) -> tuple[Any, Any, Any]:
    """A run of one patch with the means of its units, and for each class their weights and, last, the bias."""
    for table in ("activation", "weight", "bias"):
        run.connection.execute(f"delete from {table}")
    run.fill("activation", [{"patch": PATCH, "unit": unit, "mean": mean} for unit, mean in enumerate(means)])
    run.fill("activation", [{"patch": 1, "unit": unit, "mean": 7.0} for unit in range(UNITS)])
    weights = {name: dict(enumerate(row[:-1])) for name, row in head.items()}
    run.fill(
        "weight",
        [{"class": name, "unit": unit, "weight": row[unit]} for name, row in weights.items() for unit in row],
    )
    run.fill("bias", [{"class": name, "bias": row[-1]} for name, row in head.items()])
    return dict(enumerate(means)), weights, {name: row[-1] for name, row in head.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(means=maps, head=heads)
def test_a_flip_is_a_smallest_set_with_the_largest_lead(
    run: Any, means: list[float], head: dict[str, list[float]]
) -> None:
    of_patch = fill(run, means, head)
    rows = run.rows("from flip($patch)", patch=PATCH)
    smallest = naive.smallest_flips(*of_patch)
    assert bool(rows) == bool(smallest)
    if not rows:
        return
    assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["decided"] for row in rows} == {naive.decided(naive.logits(*of_patch))}
    assert len({row["becomes"] for row in rows}) == 1
    silent, becomes = {row["unit"] for row in rows}, rows[0]["becomes"]
    leads = {tuple(sorted(units)): (after, lead) for units, after, lead in smallest}
    assert leads[tuple(sorted(silent))] == (becomes, max(lead for _, lead in leads.values()))
    shifts = [row["shift"] for row in rows]
    assert shifts == sorted(shifts, reverse=True)


def test_a_tie_is_decided_for_the_worse_class(run: Any) -> None:
    """Without unit 0 benign and malignant are equal: malignant yields only to a lead, benign to an equal."""
    head = {"normal": [0.0, 0.0, -9.0], "benign": [0.0, 1.0, 0.0], "malignant": [1.0, 1.0, 0.0]}
    fill(run, [1.0, 1.0], head)
    assert run.rows("from flip($patch)", patch=PATCH) == []
    head["benign"], head["malignant"] = head["malignant"], head["benign"]
    fill(run, [1.0, 1.0], head)
    assert run.rows("from flip($patch)", patch=PATCH) == [
        {"place": 1, "unit": 0, "shift": 1.0, "decided": "benign", "becomes": "malignant"}
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(means=maps, head=heads, silent=some.sets(some.integers(0, UNITS - 1)))
def test_what_if_leaves_out_the_terms_of_silent_units(
    run: Any, means: list[float], head: dict[str, list[float]], silent: set[int]
) -> None:
    of_patch = fill(run, means, head)
    rows = run.rows("from what_if($patch, $units)", patch=PATCH, units=sorted(silent))
    assert [row["class"] for row in rows] == list(naive.CLASSES)
    before, after = naive.logits(*of_patch), naive.logits(*of_patch, silent)
    for row in rows:
        name = row["class"]
        assert (row["logit"], row["logit_without"]) == pytest.approx((before[name], after[name]), abs=1e-12)
        assert row["probability"] == pytest.approx(naive.probabilities(before)[name], abs=1e-12)
        assert row["probability_without"] == pytest.approx(naive.probabilities(after)[name], abs=1e-12)


def test_a_flip_changes_what_if(world: Any) -> None:
    """The units that flip a decision, silenced, change it; without the last of them they do not."""
    flipped = 0
    for patch in (65536, 65537, 131072, 131073, 196608):
        rows = world.rows("from flip($patch)", patch=patch)
        units = [row["unit"] for row in rows]
        for silent, decision in ((units, "becomes"), (units[:-1], "decided")) if rows else ():
            after = world.rows("from what_if($patch, $units)", patch=patch, units=silent)
            assert naive.decided({row["class"]: row["logit_without"] for row in after}) == rows[0][decision]
            flipped += 1
    assert flipped


def test_patch_logits_are_the_ledgers_sums(world: Any) -> None:
    rows = world.rows("from patch_logit where patch = $patch", patch=PATCH)
    assert {row["class"] for row in rows} == set(naive.CLASSES)
    logits = {row["class"]: row["logit"] for row in rows}
    for row in rows:
        terms = world.rows("from patch_ledger($patch, $name)", patch=PATCH, name=row["class"])
        assert row["logit"] == pytest.approx(sum(term["term"] for term in terms), abs=1e-9)
        assert row["probability"] == pytest.approx(naive.probabilities(logits)[row["class"]], abs=1e-12)


def test_logits_too_large_for_exp_have_probabilities(run: Any) -> None:
    fill(run, [1.0, 0.0], {"normal": [2000.0, 0.0, 0.0], "benign": [0.0, 0.0, 0.0], "malignant": [-2000.0, 0.0, 0.0]})
    wanted = {"normal": 1.0, "benign": 0.0, "malignant": 0.0}
    found = run.rows("from patch_logit where patch = $patch", patch=PATCH)
    assert {row["class"]: row["probability"] for row in found} == wanted
    found = run.rows("from what_if($patch, [])", patch=PATCH)
    assert {row["class"]: row["probability_without"] for row in found} == wanted


def test_evidence_logits_are_the_ledgers_sums(world: Any) -> None:
    world.connection.execute(
        """insert into evidence (
            select scan, class, unit, maximum / (1 + severity(class))
            from response cross join bias where scan = 'scan_03'
        )"""
    )
    rows = world.rows("from evidence_logit")
    assert {(row["cell"], row["class"]) for row in rows} == {(a, b) for a in naive.CLASSES for b in naive.CLASSES}
    for row in rows:
        if row["cell"] == row["class"]:
            terms = world.rows("from ledger('scan_03', $name)", name=row["class"])
            assert row["logit"] == pytest.approx(sum(term["term"] for term in terms), abs=1e-9)
        cell = {other["class"]: other["logit"] for other in rows if other["cell"] == row["cell"]}
        assert row["probability"] == pytest.approx(naive.probabilities(cell)[row["class"]], abs=1e-12)
