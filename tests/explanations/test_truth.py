"""Whether names are true, against slow definitions and planted answers."""

from itertools import permutations

import numpy as np
import pytest

from deepminer_ray.explanations.truth import (
    Level,
    Naming,
    as_text,
    beside_other_names,
    fit_name,
    mean_area_interval,
    meant,
    shuffled_mean,
)
from deepminer_ray.units.contrast import Term, area

CONCEPTS = [
    "calcification type: fine linear branching",
    "calcification type: pleomorphic",
    "distribution: linear",
    "lesion type: calcification",
    "lesion type: mass",
    "margins: ill defined",
    "margins: spiculated",
    "shape: irregular",
    "shape: round",
    "pathology: malignant",
]


@pytest.mark.parametrize(
    ("phenomenon", "concepts"),
    [
        ("irregular spiculated mass", "lesion type: mass AND margins: spiculated AND shape: irregular"),
        ("Masses with spiculation", "lesion type: mass AND margins: spiculated"),
        (
            "fine linear branching calcifications",
            "calcification type: fine linear branching AND lesion type: calcification",
        ),
        ("linear calcifications", "distribution: linear AND lesion type: calcification"),
        ("mass or calcification", "lesion type: calcification OR lesion type: mass"),
        ("ill-defined edge", "margins: ill defined"),
        ("defined edge", ""),
        ("malignant", "pathology: malignant"),
        ("vessel", ""),
        ("", ""),
    ],
)
def test_a_name_means_the_concepts_whose_words_it_has(phenomenon: str, concepts: str) -> None:
    assert as_text(meant(phenomenon, CONCEPTS)) == concepts


def level(seed: int = 0) -> tuple[Level, Term]:
    """60 patients of 4 patches, half of them findings, a third of these show the term; 3 units know it ever better."""
    chance = np.random.default_rng(seed)
    patient = np.repeat(np.arange(60), 4)
    finding = patient % 2 == 0
    shows = finding & (patient % 6 == 0)
    lacks = ~shows & (chance.random(240) < 0.9)
    maxima = np.array([gain * shows + 2 * finding + chance.normal(size=240) for gain in (0, 1, 3)])
    return Level(patient, finding, maxima.astype(np.float32)), Term("t: t", shows, lacks)


def test_a_fit_is_counted_among_findings_and_among_all() -> None:
    of, term = level()
    found = fit_name(of, term, np.array([2.0, 2.5, 1e9]))
    others = term.lacks & of.finding
    assert (found.positives, found.patients, found.n) == (40, 10, 40 + others.sum())
    assert found.auroc is not None and found.auroc_all is not None and found.low is not None
    assert found.precision is not None and found.reached is not None
    for unit, maximum in enumerate(of.maxima):
        assert found.auroc[unit] == pytest.approx(area(maximum, term.shows, others))
        assert found.auroc_all[unit] == pytest.approx(area(maximum, term.shows, term.lacks))
    above = of.maxima[1] > 2.5
    assert found.precision[1] == pytest.approx((above & term.shows).sum() / (above & (term.shows | others)).sum())
    assert np.isnan(found.precision[2]) and found.reached[2] == 0
    assert found.low[0] < 0.5 < found.auroc_all[0], "a detector of findings passes only the easy comparison"
    assert found.low[2] > 0.9


def test_too_few_patients_are_only_counted() -> None:
    of, term = level()
    few = Term("t: t", term.shows & (of.patient < 12), term.lacks)
    found = fit_name(of, few, np.zeros(3))
    assert found.auroc is None and (found.positives, found.patients) == (8, 2)


FITS = np.array([[0.9, 0.4, 0.5], [0.3, 0.8, 0.8], [0.2, 0.6, 0.7]])
"""Units by meanings."""


def test_names_are_set_beside_the_annotators_other_names() -> None:
    naming = Naming(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 0]))
    other, p = beside_other_names(naming, FITS)
    assert other == pytest.approx([(0.4 + 0.5 + 0.9) / 3, (0.3 + 0.8 + 0.3) / 3, (0.3 + 0.8 + 0.3) / 3, 1.5 / 3])
    assert p == pytest.approx([0.5, 0.5, 0.5, 1.0])
    alone, p = beside_other_names(Naming(np.array([0]), np.array([0])), FITS)
    assert np.isnan(alone).all() and p.tolist() == [1.0]


def test_shuffled_names_are_those_of_every_order() -> None:
    naming = Naming(np.array([0, 1, 2]), np.array([0, 1, 2]))
    mean, null, p = shuffled_mean(naming, FITS)
    means = [np.mean([FITS[unit, place] for unit, place in enumerate(order)]) for order in permutations(range(3))]
    assert mean == pytest.approx(0.8)
    assert null == pytest.approx(np.mean(means), abs=0.02)
    assert p == pytest.approx(1 / 6, abs=0.05)


def test_the_interval_of_a_mean_holds_it_as_often_as_it_says() -> None:
    """The same unit twice is not a second witness: the interval of the mean is that of the one."""
    of, term = level()
    found = fit_name(of, term, np.zeros(3))
    assert found.low is not None and found.high is not None
    twice = mean_area_interval(Naming(np.array([1, 1]), np.array([0, 0])), [found])
    assert twice == pytest.approx((found.low[1], found.high[1]))
    held = 0
    for seed in range(100):
        low, high = mean_area_interval(
            Naming(np.array([1, 2]), np.array([0, 0])), [fit_name(*level(seed + 1), np.zeros(3))]
        )
        held += low < 0.8719 < high  # the mean of Phi(1 / sqrt 2) and Phi(3 / sqrt 2)
    assert held >= 85
