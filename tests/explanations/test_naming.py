"""Naming lesion type, shape and margins: counted as the words say, and found only where names belong to their scans."""

import numpy as np
import pytest

from deepminer_ray.explanations.chance import chances, mean_score, p_value
from deepminer_ray.explanations.naming import naming, said, stems
from tests.domains import MAMMOGRAPHY

COMPARED = MAMMOGRAPHY.fields, MAMMOGRAPHY.scored

MASS = "LESION_TYPE MASS SHAPE IRREGULAR-ARCHITECTURAL_DISTORTION MARGINS SPICULATED"
CALCIFICATION = "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC DISTRIBUTION CLUSTERED"
BOTH = "LESION_TYPE MASS SHAPE OVAL MARGINS N/A LESION_TYPE CALCIFICATION TYPE ROUND_AND_REGULAR DISTRIBUTION REGIONAL"


@pytest.mark.parametrize(
    ("report", "kind", "shape", "margins"),
    [
        (MASS, "mass", "irregular architectural distortion", "spiculated"),
        (CALCIFICATION, "calcification", "", ""),
        (BOTH, "mass calcification", "oval", ""),
        ("", "", "", ""),
        ("no such thing", "", "", ""),
    ],
)
def test_fields_of_a_report(report: str, kind: str, shape: str, margins: str) -> None:
    terms = said(report, MAMMOGRAPHY.fields)
    found = {field: terms[field] for field in ("LESION_TYPE", "SHAPE", "MARGINS")}
    assert found == {"LESION_TYPE": stems(kind), "SHAPE": stems(shape), "MARGINS": stems(margins)}


def test_precision_and_recall_by_hand() -> None:
    explanations = ["Spiculated masses. clustered calcifications", "edge of the breast", "oval mass"]
    found = {
        field: [pairs(np.arange(3)) for pairs in both]
        for field, both in naming(explanations, [MASS, CALCIFICATION, BOTH], *COMPARED).items()
    }
    precision, recall = found["lesion type"]
    # The first names both kinds, the second none, the third a mass.
    np.testing.assert_array_equal(precision, [[0.5, 0.5, 1], [np.nan] * 3, [1, 0, 1]])
    np.testing.assert_array_equal(recall, [[1, 1, 1], [0, 0, 0], [1, 0, 0.5]])
    precision, recall = found["margins"]
    np.testing.assert_array_equal(precision, [[1, 0, 0], [np.nan] * 3, [np.nan] * 3])
    np.testing.assert_array_equal(recall, [[1, np.nan, np.nan], [0, np.nan, np.nan], [0, np.nan, np.nan]])
    precision, recall = found["shape"]
    assert np.isnan(precision[:2]).all() and precision[2].tolist() == [0, 0, 1]


def test_names_taken_from_the_truth_are_far_above_chance_and_shuffled_ones_are_not() -> None:
    random = np.random.default_rng(0)
    shapes, margins = ["ROUND", "OVAL", "LOBULATED", "IRREGULAR"], ["CIRCUMSCRIBED", "SPICULATED", "OBSCURED"]
    reports = [f"LESION_TYPE MASS SHAPE {random.choice(shapes)} MARGINS {random.choice(margins)}" for _ in range(60)]
    patients = [f"P{number // 2}" for number in range(60)]
    names = [f"{' '.join(sorted(said(report, MAMMOGRAPHY.fields)['SHAPE']))} thing" for report in reports]
    for explanations, expected in ((names, True), (list(random.permutation(names)), False)):
        for found in chances(naming(explanations, reports, *COMPARED)["shape"], patients):
            assert (p_value(mean_score(found.observed), found.null) < 0.01) is expected


def test_nothing_to_compare() -> None:
    for of_field in naming([], [], *COMPARED).values():
        assert all(pairs(np.arange(0)).shape == (0, 0) for pairs in of_field)
    for of_field in naming(["mass"], [""], *COMPARED).values():
        assert all(np.isnan(pairs(np.arange(1))).all() for pairs in of_field)
