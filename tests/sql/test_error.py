"""Wrong decisions: which error it is, which units argued for it and against, and whose silence corrects it."""

from typing import Any

import pytest

Row = dict[str, Any]

PATHOLOGY = {"N": None, "B": "benign", "M": "malignant", "U": "unproven"}
DECIDED = {
    "N": {"normal": 0.2, "benign": 0.1, "malignant": 0.8},
    "B": {"normal": 0.1, "benign": 0.9, "malignant": 0.3},
    "M": {"normal": 0.6, "benign": 0.4, "malignant": 0.2},
    "U": {"normal": 0.5, "benign": 0.5, "malignant": 0.1},
}
WEIGHT = {"normal": [1.0, 0.0, -1.0], "benign": [0.0, 2.0, 0.5], "malignant": [-1.0, 0.5, 3.0]}
VALUES = [1.0, 2.0, 0.5]


@pytest.fixture
def judged(run: Any) -> Any:
    """A normal, a benign, a malignant and an unproven scan of a patient each; three units."""
    run.fill("scan", [{"scan": scan, "patient": f"P_{scan}"} for scan in PATHOLOGY])
    run.fill("partition", [{"patient": f"P_{scan}", "partition": "holdout"} for scan in PATHOLOGY])
    run.fill("lesion", [{"lesion": f"L{scan}", "scan": scan, "pathology": of} for scan, of in PATHOLOGY.items() if of])
    run.fill(
        "scan_prediction",
        [{"scan": scan, "class": name, "probability": p} for scan, of in DECIDED.items() for name, p in of.items()],
    )
    run.fill("weight", [{"class": c, "unit": u, "weight": w} for c, of in WEIGHT.items() for u, w in enumerate(of)])
    run.fill(
        "evidence",
        [
            {"scan": scan, "class": name, "unit": unit, "activation": value}
            for scan in PATHOLOGY
            for name in WEIGHT
            for unit, value in enumerate(VALUES)
        ],
    )
    run.fill("layer", [{"checkpoint": "now"}])
    return run


def test_which_error_it_is(judged: Any) -> None:
    rows = {row.pop("scan"): row for row in judged.rows("select * exclude (probability) from judgement")}
    assert rows == {
        "N": {"decided": "malignant", "truth": "normal", "right": False, "error": "false positive"},
        "B": {"decided": "benign", "truth": "benign", "right": True, "error": None},
        "M": {"decided": "normal", "truth": "malignant", "right": False, "error": "false negative"},
        "U": {"decided": "benign", "truth": None, "right": None, "error": None},
    }


def test_a_network_of_two_classes_is_judged_by_them(run: Any) -> None:
    run.fill("scan", [{"scan": "B", "patient": "P"}])
    run.fill("lesion", [{"lesion": "L", "scan": "B", "pathology": "benign"}])
    run.fill(
        "scan_prediction",
        [{"scan": "B", "class": c, "probability": p} for c, p in (("not_malignant", 0.3), ("malignant", 0.7))],
    )
    (row,) = run.rows("from judgement")
    assert (row["truth"], row["decided"], row["error"]) == ("not_malignant", "malignant", "false positive")


@pytest.mark.parametrize(("scan", "mine", "theirs"), [
    ("N", "malignant", "normal"), ("M", "normal", "malignant"), ("B", "benign", "malignant"), ("U", "benign", "normal"),
])  # fmt: skip
def test_units_argue_against_the_truth_or_the_next_class(judged: Any, scan: str, mine: str, theirs: str) -> None:
    rows = judged.rows("from argument where scan = $scan order by unit", scan=scan)
    assert [row["lead"] for row in rows] == [
        pytest.approx(value * (WEIGHT[mine][unit] - WEIGHT[theirs][unit])) for unit, value in enumerate(VALUES)
    ]
    assert {(row["decided"], row["other"]) for row in rows} == {(mine, theirs)}


def test_units_that_mislead_are_counted(judged: Any) -> None:
    judged.fill("silence", [{"scan": "N", "unit": 2, "alone": True, "place": 1}])
    judged.fill(
        "annotation",
        [{"unit": 2, "annotator": "a", "version": 1, "position": 1, "recognizable": True, "phenomenon": "edge",
          "repeat": False, "checkpoint": "now"}],
    )  # fmt: skip
    rows = judged.rows("from misleading()")
    found = [(row["error"], row["unit"], row["decisions"], row["errors"], row["corrected"]) for row in rows]
    assert found == [("false negative", 0, 1, 1, 0), ("false positive", 1, 1, 1, 0), ("false positive", 2, 1, 1, 1)]
    assert [row["phenomenon"] for row in rows] == [None, None, "edge"]
    assert [row["name"] for row in rows] == ["unit_0001", "unit_0002", "unit_0003"]
    assert [row["unit"] for row in judged.rows("from misleading(units := 1)")] == [0, 2]
    assert judged.rows("from misleading(partitions := ['test'])") == []


def test_a_case_lists_arguments_of_errors_and_of_right_decisions(judged: Any) -> None:
    judged.fill("explanation", [{"scan": scan, "rank": 1, "unit": 0} for scan in PATHOLOGY])
    rows = judged.ask("case_argument", units=1)
    of_errors = [(row["scan"], row["unit"]) for row in rows if row["scan"] in ("M", "N")]
    assert of_errors == [("M", 0), ("M", 2), ("N", 2), ("N", 0)]
    leads = {(row["scan"], row["unit"]): row["lead"] for row in judged.rows("from argument")}
    assert {row["scan"] for row in rows} == {scan for (scan, _), lead in leads.items() if lead}
    assert all(row["lead"] == leads[row["scan"], row["unit"]] for row in rows)
    cases = {row["scan"]: row for row in judged.ask("case")}
    assert cases["N"]["probabilities"] == DECIDED["N"] and cases["N"]["error"] == "false positive"
