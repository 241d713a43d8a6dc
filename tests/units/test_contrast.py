"""What a unit tells from other findings, against slow definitions, and the name that follows."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from deepminer_ray.units.contrast import Term, area, beside_other_units, contrast, name_of, shown_by_enough
from deepminer_ray.units.detection import Ranking


def term(concept: str, shows: Any, lacks: Any | None = None) -> Term:
    there = np.array(shows, np.bool_)
    return Term(concept, there, ~there if lacks is None else np.array(lacks, np.bool_))


def naive_area(high: list[float], low: list[float]) -> float:
    return float(np.mean([1.0 if one > other else 0.5 if one == other else 0.0 for one in high for other in low]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("plx"), st.integers(0, 5)), min_size=4, max_size=24))
def test_area_and_p_are_those_of_the_slow_definition(patches: list[tuple[int, str, int]]) -> None:
    """Patches: a maximum, whether it shows the term (p), lacks it (l) or grazes it (x), and its patient."""
    maxima = np.array([[value for value, _, _ in patches]], np.float32)
    one = term("t: t", [kind == "p" for _, kind, _ in patches], [kind == "l" for _, kind, _ in patches])
    patient = np.array([owner for _, _, owner in patches])
    if not one.shows.any() or not one.lacks.any():
        return
    found = contrast(Ranking(maxima), one, patient, draws=4000)
    kept = [(value, kind == "p", owner) for value, kind, owner in patches if kind != "x"]
    wanted = naive_area([v for v, shows, _ in kept if shows], [v for v, shows, _ in kept if not shows])
    assert found.auroc[0] == pytest.approx(wanted)
    assert area(maxima[0], one.shows, one.lacks) == pytest.approx(wanted)
    items = sorted({(owner, shows) for _, shows, owner in kept})
    showing = sum(shows for _, shows in items)
    areas = []
    for chosen in combinations(items, showing):
        high = [v for v, shows, owner in kept if (owner, shows) in chosen]
        low = [v for v, shows, owner in kept if (owner, shows) not in chosen]
        areas.append(naive_area(high, low))
    more, less = (np.mean([one >= wanted - 1e-9 for one in areas]), np.mean([one <= wanted + 1e-9 for one in areas]))
    assert found.p[0] == pytest.approx(min(1, 2 * min(more, less)), abs=0.06)


def test_p_is_even_where_a_unit_tells_nothing() -> None:
    """Patches of a patient resemble each other: counted one by one they would make a third of all units significant."""
    chance = np.random.default_rng(3)
    patient = np.repeat(np.arange(30), 6)
    shows = term("t: t", patient < 10)
    maxima = chance.normal(size=(400, 30))[:, patient] + 0.2 * chance.normal(size=(400, 180))
    p = contrast(Ranking(maxima.astype(np.float32)), shows, patient, draws=1999).p
    assert kstest(p, "uniform").pvalue > 0.001
    assert (p < 0.05).mean() < 0.09


def test_a_unit_that_answers_less_is_below_a_half() -> None:
    patient = np.arange(40)
    shows = term("t: t", patient < 10)
    found = contrast(Ranking(-shows.shows[np.newaxis].astype(np.float32)), shows, patient)
    assert found.auroc[0] == 0 and found.p[0] < 0.001


@pytest.mark.parametrize(("showing", "lacking", "enough"), [(3, 3, True), (2, 30, False), (30, 2, False)])
def test_a_term_needs_patients_on_both_sides(showing: int, lacking: int, enough: bool) -> None:
    patient = np.repeat(np.arange(showing + lacking), 4)
    assert shown_by_enough(term("t: t", patient < showing), patient) is enough


NOUN = "lesion type"
SPICULATED, ILL_DEFINED, ROUND, OVAL, SPECKS = range(5)
KIND = np.tile(np.repeat(np.arange(5), 2), 15)
PATIENT = np.repeat(np.arange(75), 2)
TERMS = {
    one.concept: one
    for one in (
        term("lesion type: mass", KIND < SPECKS),
        term("lesion type: calcification", KIND == SPECKS),
        term("shape: irregular", KIND <= ILL_DEFINED),
        term("shape: round", KIND == ROUND),
        term("shape: oval", KIND == OVAL),
        term("margins: spiculated", KIND == SPICULATED),
        term("margins: ill defined", KIND == ILL_DEFINED),
        term("margins: circumscribed", (KIND == ROUND) | (KIND == OVAL)),
        term("pathology: malignant", KIND <= ILL_DEFINED),
    )
}


def pairs(terms: dict[str, Term]) -> set[tuple[str, str]]:
    """Of which two a patch shows both: here a patch has one lesion."""
    return {(a, b) for a in terms for b in terms if a < b and (terms[a].shows & terms[b].shows).any()}


TOGETHER = pairs(TERMS)


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({SPICULATED}, {"margins: spiculated", "shape: irregular", "lesion type: mass"}),
        ({SPICULATED, ILL_DEFINED}, {"shape: irregular", "lesion type: mass"}),
        ({ROUND, OVAL}, {"margins: circumscribed", "lesion type: mass"}),
        ({OVAL}, {"shape: oval", "margins: circumscribed", "lesion type: mass"}),
        ({SPECKS}, {"lesion type: calcification"}),
        ({SPICULATED, ILL_DEFINED, ROUND, OVAL}, {"lesion type: mass"}),
    ],
)
def test_a_name_is_what_the_unit_answers_to(answers: set[int], name: set[str]) -> None:
    chance = np.random.default_rng(0)
    maximum = np.isin(KIND, list(answers)) + 0.3 * chance.normal(size=len(KIND))
    areas = {concept: area(maximum, one.shows, one.lacks) for concept, one in TERMS.items()}
    told = {concept: (value, value) for concept, value in areas.items() if value > 0.6}
    assert set(name_of(told, TERMS, TOGETHER, maximum, PATIENT, NOUN)) == name


def test_a_name_begins_with_what_other_units_tell_less() -> None:
    maximum = np.isin(KIND, [SPICULATED, ILL_DEFINED]) + 0.5 * (KIND == SPICULATED)
    told = {"shape: irregular": (0.2, 0.99), "margins: spiculated": (1.5, 0.9)}
    assert name_of(told, TERMS, TOGETHER, maximum, PATIENT, NOUN)[0] == "margins: spiculated"
    alike = {concept: (0.0, area) for concept, (_, area) in told.items()}
    assert name_of(alike, TERMS, TOGETHER, maximum, PATIENT, NOUN)[0] == "shape: irregular"


def test_areas_beside_those_of_other_units() -> None:
    assert beside_other_units(np.array([0.6, 0.8, 0.7])) == pytest.approx([-np.sqrt(1.5), np.sqrt(1.5), 0])
    assert (
        beside_other_units(np.array([0.6, 0.6])).tolist() == [0, 0] == beside_other_units(np.array([0.6] * 2)).tolist()
    )


def test_terms_of_two_lesions_on_a_patch_are_no_name() -> None:
    """A unit that answers most where a round mass lies beside calcifications sees no round calcification."""
    both = (KIND == ROUND) & (PATIENT % 2 == 0)
    terms = TERMS | {"lesion type: calcification": term("lesion type: calcification", (KIND == SPECKS) | both)}
    maximum = 0.2 * (KIND == ROUND) + 0.3 * (KIND == OVAL) * (PATIENT % 2) + 1.0 * both
    told = {"shape: round": (1.0, 0.9), "lesion type: calcification": (0.9, 0.8)}
    terms.pop("lesion type: mass")
    assert name_of(told, terms, TOGETHER, maximum, PATIENT, NOUN) == ["shape: round"]
    assert name_of(told, terms, pairs(terms), maximum, PATIENT, NOUN) == ["shape: round", "lesion type: calcification"]


def test_what_all_patches_of_a_name_are_is_said_though_the_unit_does_not_tell_it() -> None:
    maximum = (KIND == SPICULATED).astype(float)
    name = name_of({"margins: spiculated": (1.0, 1.0)}, TERMS, TOGETHER, maximum, PATIENT, NOUN)
    assert name == ["margins: spiculated", "lesion type: mass"]
    told = {"margins: spiculated": (1.0, 1.0)}
    assert name_of(told, TERMS, TOGETHER, maximum, PATIENT, "shape") == ["margins: spiculated", "shape: irregular"]
    assert name_of(told, TERMS, TOGETHER, maximum, PATIENT, None) == ["margins: spiculated"]


def test_a_longer_name_must_fit_patients_left_out() -> None:
    """By luck one of many terms fits the patients seen; on others it does not."""
    longer = 0
    for seed in range(30):
        chance = np.random.default_rng(seed)
        by_luck = {f"margins: {k}": term(f"margins: {k}", chance.random(75)[PATIENT] < 0.4) for k in range(8)}
        terms = {"shape: irregular": TERMS["shape: irregular"]} | by_luck
        maximum = np.isin(KIND, [SPICULATED, ILL_DEFINED]) + 0.8 * chance.normal(size=len(KIND))
        areas = {concept: area(maximum, one.shows, one.lacks) for concept, one in terms.items()}
        lucky = max(by_luck, key=lambda concept: areas[concept])
        told = {"shape: irregular": (0.9, 0.9), lucky: (0.6, 0.6)}
        longer += len(name_of(told, terms, pairs(terms), maximum, PATIENT, NOUN)) > 1
    assert longer < 10
    assert name_of({}, TERMS, TOGETHER, KIND.astype(float), PATIENT, NOUN) == []
