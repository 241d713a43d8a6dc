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
