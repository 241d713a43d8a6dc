"""`label`: the paper's rule of 30 %, case by case and against the slow definition."""

from typing import Any

import pytest

from tests import naive

PAPER = {"cover": 0.3, "within": 0.3}


@pytest.mark.parametrize(
    ("lesions", "wanted"),
    [
        ([], "normal"),
        ([("malignant", 0.29, 0.29)], "normal"),
        ([("malignant", 0.30, 0.0)], "malignant"),
        ([("malignant", 0.0, 0.30)], "malignant"),
        ([("benign", 0.01, 0.02)], "normal"),
        ([("benign", 0.5, 0.0)], "benign"),
        ([("benign_without_callback", 0.0, 0.9)], "benign"),
        ([("benign", 0.5, 0.5), ("malignant", 0.3, 0.1)], "malignant"),
        ([("benign", 0.5, 0.5), ("malignant", 0.2, 0.2)], "benign"),
        ([("malignant", 0.15, 0.1), ("malignant", 0.15, 0.1)], "malignant"),
        ([("malignant", 0.15, 0.1), ("malignant", 0.14, 0.1)], "normal"),
        ([("malignant", 0.1, 0.0), ("malignant", 0.1, 0.0), ("malignant", 0.1, 0.0)], "malignant"),
        ([("malignant", 0.0, 0.2), ("malignant", 0.0, 0.2)], "normal"),
        ([("benign", 0.2, 0.0), ("benign_without_callback", 0.1, 0.0)], "benign"),
        ([("malignant", 0.2, 0.0), ("benign", 0.2, 0.0)], "normal"),
        ([("unproven", 0.3, 0.0)], None),
        ([("unproven", 0.0, 0.3)], None),
        ([("unproven", 0.1, 0.1)], "normal"),
        ([("unproven", 0.9, 0.9), ("benign", 0.3, 0.0)], "benign"),
        ([("unproven", 0.9, 0.9), ("benign", 0.2, 0.2)], None),
        ([("unproven", 0.9, 0.9), ("malignant", 0.0, 0.3)], "malignant"),
    ],
)
def test_the_rule_of_thirty_percent(run: Any, lesions: list[tuple[str, float, float]], wanted: str | None) -> None:
    run.fill("patch", [{"patch": 7, "scan": "S"}])
    for number, (pathology, cover, within) in enumerate(lesions):
        run.fill("lesion", [{"lesion": f"L{number}", "scan": "S", "pathology": pathology}])
        run.fill("overlap", [{"patch": 7, "lesion": f"L{number}", "cover": cover, "within": within}])
    assert run.make("label", **PAPER) == ([{"patch": 7, "class": wanted}] if wanted else [])
    assert naive.label(lesions) == wanted


@pytest.mark.parametrize(("cover", "within"), [(0.3, 0.3), (0.2, 0.5), (0.9, 0.01), (1.0, 1.0)])
def test_label_equals_the_slow_definition(world: Any, cover: float, within: float) -> None:
    lesions: dict[int, list[tuple[str, float, float]]] = {row["patch"]: [] for row in world.rows("from patch")}
    for row in world.rows("from overlap join lesion using (lesion)"):
        lesions[row["patch"]].append((row["pathology"], row["cover"], row["within"]))
    wanted = {patch: naive.label(of_patch, cover, within) for patch, of_patch in lesions.items()}
    found = {row["patch"]: row["class"] for row in world.make("label", cover=cover, within=within)}
    assert found == {patch: name for patch, name in wanted.items() if name}


def test_a_finding_of_the_rest_class_gives_no_label(run: Any) -> None:
    """It is a concept: a patch that it fills shows no finding, unless it shows another one."""
    run.fill("scan", [{"scan": "S", "patient": "P"}])
    run.fill("patch", [{"patch": patch, "scan": "S"} for patch in (1, 2)])
    rows = [("L0", "normal", 1, 1.0), ("L0", "normal", 2, 0.9), ("L1", "benign", 2, 0.4)]
    outline = [[{"x": 0, "y": 0}]]
    for lesion, pathology in (("L0", "normal"), ("L1", "benign")):
        run.fill("lesion", [{"lesion": lesion, "scan": "S", "pathology": pathology, "outline": outline}])
    run.fill("keyword", [{"lesion": "L0", "attribute": "shape", "term": "oval"}])
    for lesion, _, patch, cover in rows:
        run.fill("overlap", [{"patch": patch, "lesion": lesion, "cover": cover, "within": 0.1}])
    labels = {row["patch"]: row["class"] for row in run.make("label", **PAPER)}
    assert labels == {1: "normal", 2: "benign"}
    assert run.audit("label_of_unproven") == [] and run.audit("label_without_lesion") == []
    concepts = run.rows("select lesion, concept from lesion_concept order by all")
    assert [(row["lesion"], row["concept"]) for row in concepts] == [("L0", "shape: oval"), ("L1", "pathology: benign")]
    assert run.rows("from lesion_keyword") == [{"lesion": "L0", "attribute": "shape", "term": "oval"}]
    meant = run.rows("from meant_lesion([['shape: oval']])")
    assert [row["lesion"] for row in meant] == ["L0"]
    assert run.rows("select class from scan_class") == [{"class": "benign"}]
    assert run.rows("from patient_pathology") == [{"patient": "P", "pathology": "benign"}]
    run.connection.execute("delete from lesion where lesion = 'L1'")
    assert run.rows("select class from scan_class") == [{"class": "normal"}]
    assert run.rows("from patient_pathology") == [{"patient": "P", "pathology": "normal"}]


@pytest.mark.parametrize(
    ("pathology", "labels"),
    [("malignant", {3: "normal"}), ("unproven", {3: "normal"}), ("normal", {1: "normal", 2: "benign", 3: "normal"})],
)
def test_no_patch_of_a_scan_with_a_finding_of_unknown_place_has_a_label(
    run: Any, pathology: str, labels: dict[int, str]
) -> None:
    run.fill("patch", [{"patch": 1, "scan": "S"}, {"patch": 2, "scan": "S"}, {"patch": 3, "scan": "T"}])
    outline = [[{"x": 0, "y": 0}]]
    run.fill("lesion", [{"lesion": "L0", "scan": "S", "pathology": "benign", "outline": outline}])
    run.fill("lesion", [{"lesion": "L1", "scan": "S", "pathology": pathology, "outline": outline}])
    run.connection.execute("update lesion set outline = [] where lesion = 'L1'")
    run.fill("overlap", [{"patch": 2, "lesion": "L0", "cover": 0.5, "within": 0.5}])
    assert {row["patch"]: row["class"] for row in run.make("label", **PAPER)} == labels
    assert run.audit("label_of_unplaced") == []
    run.connection.execute("delete from label")
    run.fill("label", [{"patch": 2, "class": "benign"}])
    assert [row["patch"] for row in run.audit("label_of_unplaced")] == ([2] if len(labels) == 1 else [])
    run.fill("patch_size", [{"patch": 2, "width": 64, "height": 48}])
    assert run.audit("label_of_unplaced") == [], "an image that is one patch shows all that it has"
