"""Names, remarks and what is left out, from `contrast`; and which unseen patches and scans a name means."""

from typing import Any

import pytest

from deepminer_ray.database.tables import Tables
from deepminer_ray.stages.contrast import contrast_rows
from deepminer_ray.stages.name_score import name_scores

Row = dict[str, Any]


def told(concept: str, auroc: float = 0.9, q: float = 0.001, named: bool = False, against: str = "findings") -> Row:
    return {"unit": 5, "concept": concept, "auroc": auroc, "q": q, "named": named, "against": against}


FINDING = told("finding", against="normal")


@pytest.mark.parametrize(
    ("rows", "name", "category", "association", "remark", "lacks"),
    [
        (
            [
                told("lesion type: mass", named=True),
                told("margins: spiculated", named=True),
                told("shape: irregular", named=True),
                told("pathology: malignant"),
                told("lesion type: calcification", 0.1),
                FINDING,
            ],
            "irregular spiculated mass",
            "Mass",
            "malignant",
            None,
            ["lesion type: calcification"],
        ),
        (
            [
                told("calcification type: pleomorphic", named=True),
                told("lesion type: calcification", named=True),
                told("distribution: clustered", named=True),
                told("pathology: malignant", q=0.2),
            ],
            "clustered pleomorphic calcifications",
            "Calcification",
            None,
            None,
            [],
        ),
        (
            [told("lesion type: architectural distortion", named=True)],
            "architectural distortion",
            "Other",
            None,
            None,
            [],
        ),
        ([told("shape: oval", q=0.2), FINDING], None, None, None, "finding, kind unclear", []),
        ([told("finding", 0.2, against="normal")], None, None, None, None, []),
        ([told("finding", q=0.2, against="normal"), told("pathology: benign")], None, None, None, None, []),
    ],
)
def test_a_unit_is_called_what_it_tells_apart(
    run: Any,
    rows: list[Row],
    name: str | None,
    category: str | None,
    association: str | None,
    remark: str | None,
    lacks: list[str],
) -> None:
    run.fill("unit_rank", [{"unit": 5, "class": "malignant", "rank": 1}])
    run.fill("contrast", rows)
    wanted = {"phenomenon": name, "recognizable": name is not None, "category": category, "association": association}
    assert run.ask("contrast_name") == [{"unit": 5} | wanted]
    assert run.rows("from unit_remark") == [{"unit": 5, "remark": remark, "lacks": lacks}]


KINDS = (
    {"lesion_type": "MASS", "shape": "IRREGULAR", "margins": "SPICULATED", "pathology": "malignant"},
    {"lesion_type": "MASS", "shape": "OVAL", "margins": "CIRCUMSCRIBED", "pathology": "benign"},
    {"lesion_type": "CALCIFICATION", "calcification_type": "COARSE", "distribution": "N/A", "pathology": "benign"},
)


@pytest.fixture
def planted(run: Any) -> Any:
    """48 patients, every fourth normal, the others show one kind each; half test, half holdout; two patches each.

    Unit 0 answers to spiculated masses, unit 1 to every finding, unit 2 to nothing in particular, unit 3 to what is
    no finding. On holdout unit 0 is as good.
    """
    patients = range(48)
    run.fill("scan", [{"scan": f"S{p:02}", "scan_number": p, "patient": f"P{p:02}"} for p in patients])
    run.fill("partition", [{"patient": f"P{p:02}", "partition": "test" if p < 24 else "holdout"} for p in patients])
    run.fill(
        "patch",
        [{"patch": 65536 * p + k, "scan": f"S{p:02}", "x": 0, "y": 0, "size": 9} for p in patients for k in (0, 1)],
    )
    run.fill("stage", [{"stage": "cut", "parameters": '{"cover": 0.3, "within": 0.3}'}])
    shown = {p: KINDS[p % 4] for p in patients if p % 4 < 3}
    run.fill(
        "lesion",
        [
            {
                "lesion": f"L{p}",
                "scan": f"S{p:02}",
                "shape": None,
                "margins": None,
                "calcification_type": None,
                "distribution": None,
            }
            | kind
            for p, kind in shown.items()
        ],
    )
    run.fill("overlap", [{"patch": 65536 * p, "lesion": f"L{p}", "cover": 0.5, "within": 0.9} for p in shown])
    classes = {(p, k): shown[p]["pathology"] if p in shown and k == 0 else "normal" for p in patients for k in (0, 1)}
    run.fill("label", [{"patch": 65536 * p + k, "class": name} for (p, k), name in classes.items()])

    def maximum(unit: int, p: int, k: int) -> float:
        finding = p in shown and k == 0
        noise = ((p * 7 + k * 3 + unit * 5) % 11) / 20
        return noise + (finding and p % 4 == 0, finding, False, not finding)[unit]

    answers = [
        {"patch": 65536 * p + k, "unit": unit, "maximum": maximum(unit, p, k)}
        for p in patients
        for k in (0, 1)
        for unit in range(4)
    ]
    run.fill("activation", [row for row in answers if row["patch"] < 24 * 65536])
    run.fill("unseen", [row for row in answers if row["patch"] >= 24 * 65536])
    run.fill(
        "response",
        [
            {"scan": f"S{p:02}", "unit": unit, "maximum": max(maximum(unit, p, k) for k in (0, 1))}
            for p in patients
            for unit in range(4)
        ],
    )
    run.fill("unit_rank", [{"class": "malignant", "rank": unit + 1, "unit": unit} for unit in range(4)])
    run.fill("layer", [{"name": "features", "checkpoint": "now"}])
    run.fill("histogram", [{"unit": unit, "bin": 130, "count": 1000} for unit in range(4)])
    return run


def test_planted_units_get_their_names(planted: Any) -> None:
    rows = contrast_rows(Tables(planted.connection), ["test"], "normal", "lesion type")
    planted.fill("contrast", rows.to_pylist())
    names = {row["unit"]: row["phenomenon"] for row in planted.ask("contrast_name")}
    assert names == {0: "irregular spiculated mass", 1: None, 2: None, 3: None}
    remarks = {row["unit"]: row["remark"] for row in planted.rows("from unit_remark")}
    assert remarks == {0: None, 1: "finding, kind unclear", 2: None, 3: None}
    assert planted.ask("contrast_left_out", partitions=["test"]) == []
    assert {row["patients"] for row in rows.to_pylist() if row["concept"] == "shape: oval"} == {6}
    (unit_1,) = planted.rows("from contrast where unit = 1 and concept = 'finding'")
    assert unit_1["auroc"] == 1 and unit_1["positives"] == 18 and unit_1["negatives"] == 30


def test_a_rare_term_is_left_out_and_said(planted: Any) -> None:
    planted.connection.execute("update lesion set margins = 'OBSCURED' where lesion in ('L1', 'L5')")
    rows = contrast_rows(Tables(planted.connection), ["test"], "normal", "lesion type")
    assert "margins: obscured" not in rows["concept"].to_pylist()
    planted.fill("contrast", rows.to_pylist())
    wanted = [{"attribute": "margins", "concept": "margins: obscured", "patients": 2}]
    assert planted.ask("contrast_left_out", partitions=["test"]) == wanted


@pytest.mark.parametrize(
    "change",
    [
        "delete from lesion; delete from overlap; update label set class = 'normal'",
        "update lesion set lesion_type = null, shape = null, margins = null, calcification_type = null",
        "delete from label",
        "delete from unit_rank",
    ],
)
def test_without_findings_keywords_or_ranks_there_is_no_name(planted: Any, change: str) -> None:
    planted.connection.execute(change)
    rows = contrast_rows(Tables(planted.connection), ["test"], "normal", "lesion type").to_pylist()
    planted.fill("contrast", rows) if rows else None
    assert [row for row in planted.ask("contrast_name") if row["recognizable"]] == []


def said(unit: int, annotator: str, phenomenon: str) -> Row:
    return {
        "unit": unit,
        "annotator": annotator,
        "version": 1,
        "position": 1,
        "recognizable": True,
        "phenomenon": phenomenon,
        "repeat": False,
        "checkpoint": "now",
    }


def test_true_names_are_told_from_false_ones(planted: Any) -> None:
    planted.fill(
        "annotation",
        [
            said(0, "Anna", "spiculated mass"),
            said(1, "Anna", "oval"),
            said(2, "Anna", "vessels"),
            said(0, "Ben", "coarse calcification"),
            said(1, "Ben", "spiculated"),
        ],
    )
    found = name_scores(Tables(planted.connection))
    rows = {(row["annotator"], row["unit"], row["level"]): row for row in found["name_score"].to_pylist()}
    assert set(rows) == {
        (who, unit, level) for who in ("Anna", "Ben") for unit in (0, 1) for level in ("patch", "scan")
    }
    for level in ("patch", "scan"):
        true, false = rows["Anna", 0, level], rows["Ben", 0, level]
        assert true["auroc"] == 1 and true["low"] > 0.5 and true["meant"] == "lesion type: mass AND margins: spiculated"
        assert (true["positives"], true["patients"], true["n"]) == (6, 6, 18)
        assert false["auroc"] < 0.5 and true["auroc"] > true["null_value"] and true["p"] == 0.5
        finder = rows["Ben", 1, level]
        assert finder["auroc"] < 0.72 < finder["auroc_all"], "a detector of findings passes against everything else"
        assert finder["low"] < 0.5
    totals = {(row["annotator"], row["level"]): row for row in found["annotator_score"].to_pylist()}
    anna, ben = totals["Anna", "patch"], totals["Ben", "patch"]
    assert anna["auroc"] > ben["auroc"] and anna["names"] == anna["tested"] == 2 and anna["true"] >= 1
    assert anna["low"] <= anna["auroc"] <= anna["high"]


def test_grazed_patches_count_neither_way(planted: Any) -> None:
    planted.fill("overlap", [{"patch": 65536 * 24 + 1, "lesion": "L24", "cover": 0.1, "within": 0.1}])
    rows = {row["patch"]: row for row in planted.ask("meant_patch", meant=[["margins: spiculated"]])}
    assert rows[65536 * 24]["shows"] and not rows[65536 * 24]["lacks"]
    assert not rows[65536 * 24 + 1]["shows"] and not rows[65536 * 24 + 1]["lacks"]
    assert rows[65536 * 25]["lacks"] and len(rows) == 48


def test_a_finding_of_unknown_place_grazes_its_scan(planted: Any) -> None:
    """Any patch may show it: none is told from it, and none stands for what lacks it."""
    meant = [["margins: spiculated"]]
    before = {row["patch"]: row for row in planted.ask("meant_patch", meant=meant)}
    graze = {(row["patch"], row["concept"]) for row in planted.ask("patch_concept")}
    assert before[65536 * 25]["lacks"]
    for number in ("25", "01"):
        lesion = {"lesion": f"L{number}b", "scan": f"S{number}", "pathology": "malignant", "margins": "SPICULATED"}
        planted.fill("lesion", [lesion])
    planted.connection.execute("update lesion set outline = [] where lesion in ('L25b', 'L01b')")
    after = {row["patch"]: row for row in planted.ask("meant_patch", meant=meant)}
    changed = {patch for patch in before if before[patch] != after[patch]}
    assert changed == {patch for patch in before if patch // 65536 == 25} and len(changed) == 2
    assert not any(after[patch]["shows"] or after[patch]["lacks"] for patch in changed)
    more = [row for row in planted.ask("patch_concept") if (row["patch"], row["concept"]) not in graze]
    assert {row["patch"] for row in more} == {65536, 65537} and not any(row["present"] for row in more)
    assert "margins: spiculated" in {row["concept"] for row in more}


def test_groups_of_a_meaning_must_all_be_met_by_one_lesion(planted: Any) -> None:
    """A film with an oval mass and a coarse calcification shows no "oval calcification"."""
    planted.fill("lesion", [{"lesion": "L25b", "scan": "S25"} | KINDS[2] | {"shape": None}])
    meaning = [["shape: oval"], ["lesion type: calcification"]]
    assert not any(row["shows"] for row in planted.ask("meant_scan", meant=meaning))
    either = planted.ask("meant_scan", meant=[["shape: oval", "shape: irregular"], ["lesion type: mass"]])
    assert sum(row["shows"] for row in either) == 12


def test_nobody_unseen_leaves_no_score(planted: Any) -> None:
    planted.connection.execute("delete from unseen")
    planted.fill("annotation", [said(0, "Anna", "spiculated mass")])
    assert [table.num_rows for table in name_scores(Tables(planted.connection)).values()] == [0, 0]


def test_units_of_one_name_are_one_line_where_nothing_is_explained_too(run: Any) -> None:
    run.fill("scan", [{"scan": "S", "scan_number": 1, "patient": "P", "rows": 512, "columns": 256}])
    run.fill("layer", [{"name": "features", "checkpoint": "now", "stride": 16, "offset": 15.0, "side": 64}])
    run.fill(
        "scan_prediction",
        [{"scan": "S", "class": name, "probability": p} for name, p in (("benign", 0.9), ("malignant", 0.1))],
    )
    run.fill(
        "evidence", [{"scan": "S", "class": "benign", "unit": unit, "activation": float(unit + 1)} for unit in range(5)]
    )
    run.fill(
        "weight",
        [
            {"class": name, "unit": unit, "weight": (1.0, 1.0, -0.5, 2.0, 0.0)[unit] * sign}
            for name, sign in (("benign", 1), ("malignant", -1))
            for unit in range(5)
        ],
    )
    run.fill("annotation", [said(0, "Anna", "oval mass"), said(1, "Anna", "oval mass"), said(2, "Anna", "vessels")])
    run.fill("unit_rank", [{"unit": 3, "class": "benign", "rank": 1}])
    run.fill("contrast", [told("finding", against="normal") | {"unit": 3}])
    lines = {row["phenomenon"]: row for row in run.rows("from concept_evidence")}
    assert {name: (row["named"], row["units"], row["contribution"], row["x"]) for name, row in lines.items()} == {
        "oval mass": (True, 2, 3.0, None),
        "vessels": (True, 1, -1.5, None),
        "finding, kind unclear": (False, 1, 8.0, None),
        None: (False, 0, 0.0, None),
    }
    assert lines["oval mass"]["share"] == pytest.approx(3 / 11)
    leads = {row["phenomenon"]: row["lead"] for row in run.rows("from concept_argument")}
    assert leads == {"oval mass": 6.0, "vessels": -3.0, "finding, kind unclear": 16.0, None: 0.0}
    run.fill(
        "scan_map",
        [
            {
                "scan": "S",
                "shows": "concept",
                "phenomenon": "oval mass",
                "map": [0.0, 1.0, 0.0, 5.0, 2.0, 0.0],
                "map_width": 3,
                "map_height": 2,
            }
        ],
    )
    run.fill(
        "scan_map",
        [
            {"scan": "S", "shows": "concept", "phenomenon": "vessels", "map": [0.0, 0.0, 3.0, 0.0, 0.0, 0.0]}
            | {"map_width": 3, "map_height": 2}
        ],
    )
    places = {row["phenomenon"]: (row["x"], row["y"]) for row in run.rows("from concept_evidence")}
    assert len(run.rows("from concept_evidence")) == 4, "each concept has its own map alone"
    assert places == {
        "oval mass": (16, 32),
        "vessels": (48, 16),
        "finding, kind unclear": (None, None),
        None: (None, None),
    }


def test_a_finding_of_the_rest_is_a_concept_without_a_class(planted: Any) -> None:
    """Red cells among others: their patches stay what they are, and count as showing a finding."""
    before = {row["patch"]: row["finding"] for row in planted.ask("contrast_patch", partitions=["test"])}
    normal = next(patch for patch, finding in before.items() if not finding)
    (scan,) = {row["scan"] for row in planted.rows("select scan from patch where patch = $patch", patch=normal)}
    planted.fill("lesion", [{"lesion": "red", "scan": scan, "abnormality": 9, "pathology": "normal"}])
    planted.fill("keyword", [{"lesion": "red", "attribute": "cell", "term": "fat-free cell"}])
    for cover, within, shows in ((0.1, 0.1, False), (0.3, 0.0, True), (0.0, 0.3, True)):
        planted.connection.execute("delete from overlap where lesion = 'red'")
        planted.fill("overlap", [{"patch": normal, "lesion": "red", "cover": cover, "within": within}])
        after = {row["patch"]: row["finding"] for row in planted.ask("contrast_patch", partitions=["test"])}
        assert after == before | {normal: shows}
        assert planted.rows("select class from label where patch = $patch", patch=normal) == [{"class": "normal"}]
        met = [row for row in planted.ask("patch_concept") if row["concept"] == "cell: fat-free cell"]
        assert met == [{"patch": normal, "concept": "cell: fat-free cell", "present": shows}]
        mains = {row["lesion"] for row in planted.rows("from main_lesion where patch = $patch", patch=normal)}
        assert mains == ({"red"} if shows else set())
    assert planted.rows("from lesion_class where lesion = 'red'") == []
