"""Units that explain most come first; hidden repeats come later and once; what is explained is counted by patient."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.survey.order import APART, Coverage, Question, order_digest, questions, units_by_gain

PLACES = [
    {"class": name, "patient": patient, "unit": unit, "rank": rank, "places": places}
    for name, patient, unit, rank, places in [
        ("malignant", "P1", 5, 2, 3),
        ("malignant", "P2", 5, 2, 1),
        ("malignant", "P1", 7, 1, 2),
        ("malignant", "P2", 7, 1, 3),
        ("benign", "P1", 7, None, 1),
        ("benign", "P1", 8, None, 6),
        ("benign", "P2", 5, 1, 2),
        ("benign", "P2", 9, 2, 3),
    ]
]


def test_units_that_take_most_places_come_first_and_only_ranked_ones() -> None:
    assert units_by_gain(PLACES) == [5, 7, 9]
    gained = {unit: sum(row["places"] for row in PLACES if row["unit"] == unit) for unit in (5, 7, 9)}
    assert gained == {5: 6, 7: 6, 9: 3}


@pytest.mark.parametrize(
    ("named", "malignant", "benign"),
    [(set(), 0, 0), ({5}, 4 / 9, 2 / 12), ({5, 8}, 4 / 9, 8 / 12), ({5, 7, 8, 9}, 1, 1)],
)
def test_what_named_units_explain(named: set[int], malignant: float, benign: float) -> None:
    found = {one.name: one for one in Coverage(PLACES).of(named)}
    assert found["malignant"].share == pytest.approx(malignant)
    assert found["benign"].share == pytest.approx(benign)
    assert (found["malignant"].places, found["malignant"].patients) == (9, 2)
    assert found["malignant"].interval.low <= malignant <= found["malignant"].interval.high


@given(st.sets(st.integers(0, 2047), min_size=1, max_size=60), st.integers(0, 70), st.booleans(), st.text(max_size=5))
def test_every_unit_is_asked_once_and_repeats_come_later(
    units: set[int], repeats: int, shuffle: bool, seed: str
) -> None:
    order = sorted(units, key=lambda unit: -unit)
    asked = questions(order, seed, repeats, shuffle)
    assert asked == questions(order, seed, repeats, shuffle)
    first = [one.unit for one in asked if not one.repeat]
    assert sorted(first) == sorted(units) and (shuffle or first == order)
    again = [one.unit for one in asked if one.repeat]
    assert len(again) == len(set(again)) == min(repeats, len(units))
    for unit in again:
        apart = asked.index(Question(unit, True)) - asked.index(Question(unit, False))
        # Later repeats are put between earlier ones and their firsts, never before the first.
        assert apart > 0


def test_a_repeat_is_apart_where_there_is_room() -> None:
    for seed in map(str, range(50)):
        asked = questions(range(60), seed, 1)
        (again,) = (one for one in asked if one.repeat)
        apart = asked.index(again) - asked.index(Question(again.unit, False))
        assert apart > APART or asked[-1] == again


def test_experts_have_orders_of_their_own_where_it_is_asked_for() -> None:
    orders = {tuple(questions(range(40), name, shuffle=True)) for name in ("Anna", "Ben", "Cleo")}
    assert len(orders) == 3
    positions = np.array([[one.unit for one in order] for order in orders])
    assert np.abs(positions.mean(0) - 19.5).max() < 20
    assert order_digest(questions(range(4), ""), "a") != order_digest(questions(range(4), ""), "b")
    assert order_digest(questions(range(4), ""), "a") != order_digest(questions(range(5), ""), "a")
