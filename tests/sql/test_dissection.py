"""What units are dissected with: concepts of lesions, patches that show them, places, and how films were made."""

from typing import Any

import numpy as np
import pytest

PATCHES = (65536, 65537, 65538, 131072)


@pytest.fixture
def dissected(run: Any) -> Any:
    """A spiculated and an unproven lesion on three patches of one patient, nothing on a patch of the other."""
    run.fill(
        "scan",
        [
            {"scan": scan, "scan_number": number, "patient": patient, "view": "CC", "laterality": side, "columns": 400}
            for scan, number, patient, side in (("one", 1, "P_1", "LEFT"), ("two", 2, "P_2", "RIGHT"))
        ],
    )
    run.fill(
        "patch",
        [
            {"patch": patch, "scan": "one" if patch < 131072 else "two", "x": x, "y": y, "size": 100}
            for patch, x, y in zip(PATCHES, (0, 50, 100, 300), (0, 0, 73, 0), strict=True)
        ],
    )
    run.fill("activation", [{"patch": patch, "unit": 0, "maximum": 1.0} for patch in PATCHES])
    run.fill(
        "lesion",
        [
            {
                "lesion": "one_1",
                "scan": "one",
                "pathology": "malignant",
                "lesion_type": "MASS",
                "shape": "IRREGULAR-ARCHITECTURAL_DISTORTION",
                "margins": "ILL_DEFINED-SPICULATED",
                "calcification_type": None,
                "distribution": "N/A",
            },
            {
                "lesion": "one_2",
                "scan": "one",
                "pathology": "unproven",
                "lesion_type": "CALCIFICATION; MASS",
                "shape": None,
                "margins": None,
                "calcification_type": "PLEOMORPHIC",
                "distribution": "CLUSTERED",
            },
        ],
    )
    run.fill(
        "overlap",
        [
            {"patch": patch, "lesion": lesion, "cover": cover, "within": within}
            for patch, lesion, cover, within in (
                (65536, "one_1", 0.2, 0.1),
                (65536, "one_2", 0.1, 0.1),
                (65537, "one_1", 0.05, 0.9),
                (65538, "one_2", 0.05, 0.2),
            )
        ],
    )
    run.fill("stage", [{"stage": "cut", "parameters": '{"cover": 0.3, "within": 0.9}'}])
    return run


def test_each_keyword_of_a_lesion_is_a_concept(dissected: Any) -> None:
    found = {(row["lesion"], row["concept"]) for row in dissected.rows("from lesion_concept")}
    keywords = {(row["lesion"], f"{row['attribute']}: {row['term']}") for row in dissected.rows("from lesion_keyword")}
    assert keywords == {(lesion, concept) for lesion, concept in found if not concept.startswith("pathology: ")}
    assert found == {
        ("one_1", "lesion type: mass"),
        ("one_1", "shape: irregular"),
        ("one_1", "shape: architectural distortion"),
        ("one_1", "margins: ill defined"),
        ("one_1", "margins: spiculated"),
        ("one_1", "pathology: malignant"),
        ("one_2", "lesion type: calcification"),
        ("one_2", "lesion type: mass"),
        ("one_2", "calcification type: pleomorphic"),
        ("one_2", "distribution: clustered"),
    }


def test_a_patch_shows_a_concept_by_the_rule_of_labels(dissected: Any) -> None:
    """Covers of several lesions add up (0.2 + 0.1), one lesion may lie within (0.9); else the patch is grazed."""
    present = {(row["concept"], row["patch"]): row["present"] for row in dissected.ask("patch_concept")}
    assert {patch: present["lesion type: mass", patch] for patch in PATCHES[:3]} == {
        65536: True,
        65537: True,
        65538: False,
    }
    assert not present["margins: spiculated", 65536], "one lesion of 0.2 is not enough"
    assert present["margins: spiculated", 65537]
    assert not present["distribution: clustered", 65538]
    assert all(("lesion type: mass", patch) not in present for patch in PATCHES[3:])


def test_an_unproven_lesion_grazes_both_pathologies(dissected: Any) -> None:
    present = {(row["concept"], row["patch"]): row["present"] for row in dissected.ask("patch_concept")}
    assert present["pathology: benign", 65538] is False and present["pathology: malignant", 65538] is False
    assert present["pathology: malignant", 65537] is True


def test_places_are_counted_from_the_same_side_of_the_breast(dissected: Any) -> None:
    """300 px from the left on a right breast of 400 px is where 0 px is on a left one."""
    places = {row["patch"]: (row["patient"], row["place"]) for row in dissected.ask("probed_patch")}
    assert places == {
        65536: ("P_1", "CC 1 0 0"),
        65537: ("P_1", "CC 1 0 1"),
        65538: ("P_1", "CC 1 2 2"),
        131072: ("P_2", "CC 1 0 0"),
    }


def test_a_suggested_name_is_the_significant_concept_of_the_largest_overlap(run: Any) -> None:
    rows = ((1, "a", 0.4, 0.2), (1, "b", 0.3, 0.01), (1, "c", 0.2, 0.001), (2, "a", 0.0, 0.001), (3, "c", 0.1, 0.05))
    run.fill("concept", [{"unit": unit, "concept": name, "iou": iou, "q": q} for unit, name, iou, q in rows])
    assert [(row["unit"], row["concept"]) for row in run.rows("from unit_suggestion")] == [(1, "b")]


def test_scans_that_differ_in_one_thing_are_paired_within_patients(run: Any) -> None:
    """The naive twin: every pair of a patient's films that differ in the side alone, or in the view alone."""
    chance = np.random.default_rng(0)
    scans = [
        {"scan": f"{patient}_{side}_{view}", "patient": patient, "laterality": side, "view": view, "digitizer": made}
        for patient, made in (("P_1", "DBA"), ("P_2", "LUMISYS"))
        for side in ("LEFT", "RIGHT")
        for view in ("CC", "MLO")
    ]
    for scan in scans:
        scan["density"] = 3 if scan["scan"] == "P_2_LEFT_CC" else 2
        scan["maximum"] = float(np.float32(chance.random()))
    run.fill("scan", [{key: scan[key] for key in scan if key != "maximum"} for scan in scans])
    run.fill("response", [{"scan": scan["scan"], "unit": 5, "maximum": scan["maximum"]} for scan in scans])
    value = {(scan["patient"], scan["laterality"], scan["view"]): scan["maximum"] for scan in scans}
    expected = {}
    for patient in ("P_1", "P_2"):
        sides = [value[patient, "LEFT", view] - value[patient, "RIGHT", view] for view in ("CC", "MLO")]
        views = [value[patient, side, "CC"] - value[patient, side, "MLO"] for side in ("LEFT", "RIGHT")]
        of_patient = [scan["maximum"] for scan in scans if scan["patient"] == patient]
        made = next(scan["digitizer"] for scan in scans if scan["patient"] == patient)
        expected["laterality", patient, "LEFT - RIGHT"] = np.mean(sides)
        expected["view", patient, "CC - MLO"] = np.mean(views)
        expected["digitizer", patient, made] = np.mean(of_patient)
    expected["density", "P_1", "2"] = expected["digitizer", "P_1", "DBA"]
    found = run.ask("response_of_patients", units=[5])
    assert {(row["attribute"], row["patient"], row["group"]): row["value"] for row in found} == pytest.approx(expected)
