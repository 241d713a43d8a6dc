"""The views and macros inside the file: classes, decisions, scores, places and ledgers."""

import math
from typing import Any

import duckdb
import pytest

from tests import naive

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("pathologies", "scan_class", "patient_pathology"),
    [
        ([], "normal", "normal"),
        (["benign"], "benign", "benign"),
        (["benign_without_callback"], "benign", "benign"),
        (["unproven"], None, "unproven"),
        (["unproven", "benign"], "benign", "benign"),
        (["benign", "malignant", "unproven"], "malignant", "malignant"),
    ],
)
def test_the_worst_pathology_is_the_class(
    run: Any, pathologies: list[str], scan_class: str | None, patient_pathology: str
) -> None:
    run.fill("scan", [{"scan": "S", "patient": "P"}, {"scan": "T", "patient": "P"}])
    for number, pathology in enumerate(pathologies):
        run.fill("lesion", [{"lesion": f"L{number}", "scan": "S", "pathology": pathology}])
    found = {row["scan"]: row["class"] for row in run.rows("from scan_class")}
    assert found == {"S": scan_class, "T": "normal"} if scan_class else found == {"T": "normal"}
    assert run.rows("from patient_pathology") == [{"patient": "P", "pathology": patient_pathology}]


@pytest.mark.parametrize(
    ("probabilities", "decided"),
    [
        ((0.7, 0.2, 0.3), "normal"),
        ((0.1, 0.9, 0.3), "benign"),
        ((0.5, 0.5, 0.2), "benign"),
        ((0.4, 0.6, 0.6), "malignant"),
        ((0.5, 0.5, 0.5), "malignant"),
    ],
)
def test_the_largest_probability_decides_and_the_worse_class_a_tie(
    run: Any, probabilities: tuple[float, ...], decided: str
) -> None:
    of_class = dict(zip(naive.CLASSES, probabilities, strict=True))
    run.fill("scan_prediction", [{"scan": "S", "class": name, "probability": of_class[name]} for name in of_class])
    assert run.rows("from decision") == [{"scan": "S", "class": decided, "probability": of_class[decided]}]
    assert naive.decided(of_class) == decided


def test_what_is_scored_on_each_level(run: Any) -> None:
    run.fill("scan", [{"scan": scan, "patient": scan[0]} for scan in ("P1", "P2", "U1", "V1", "V2")])
    run.fill("partition", [{"patient": patient, "partition": "test"} for patient in "PUV"])
    run.fill(
        "lesion",
        [
            {"lesion": scan, "scan": scan, "pathology": pathology}
            for scan, pathology in (("P2", "malignant"), ("U1", "unproven"), ("V1", "unproven"))
        ],
    )
    answers = {"P1": (0.9, 0.3, 0.1), "P2": (0.2, 0.1, 0.8), "U1": (0.5, 0.5, 0.1), "V1": (0.6, 0.2, 0.2)}
    run.fill(
        "scan_prediction",
        [
            {"scan": scan, "class": name, "probability": probability}
            for scan, three in answers.items()
            for name, probability in zip(naive.CLASSES, three, strict=True)
        ],
    )
    run.fill("patch", [{"patch": patch, "scan": "P2"} for patch in (1, 2)])
    run.fill("label", [{"patch": 1, "class": "malignant"}])
    run.fill("prediction", [{"patch": patch, "class": "malignant", "probability": 0.5} for patch in (1, 2)])
    found = {
        (row["level"], row["patient"], row["class"], row["score"], row["positive"])
        for row in run.rows("from scored where against = 'rest'")
    }
    told = run.rows("from scored where against = 'benign'")
    assert {(row["level"], row["class"], round(row["score"], 9), row["positive"]) for row in told} == {
        ("scan", "malignant", round(0.8 / 0.9, 9), True),
        ("patient", "malignant", round(0.8 / 1.1, 9), True),
    }, "malignant or benign, by their shares; the patch has no answer for benign"
    assert found == {
        ("patch", "P", "malignant", 0.5, True),
        ("scan", "P", "normal", 0.9, True),
        ("scan", "P", "benign", 0.3, False),
        ("scan", "P", "malignant", 0.1, False),
        ("scan", "P", "normal", 0.2, False),
        ("scan", "P", "benign", 0.1, False),
        ("scan", "P", "malignant", 0.8, True),
        ("patient", "P", "normal", 0.2, False),
        ("patient", "P", "benign", 0.3, False),
        ("patient", "P", "malignant", 0.8, True),
    }


def box(run: Any, layer: Row, peak: tuple[int, int], patch: Row) -> tuple[tuple[int, ...], tuple[int, ...]]:
    run.fill("layer", [{"name": "last", "map_width": 8, "map_height": 8} | layer])
    run.fill("patch", [{"patch": 1, "scan": "S"} | patch])
    run.fill("activation", [{"patch": 1, "unit": 3, "maximum": 2.0, "peak_x": peak[0], "peak_y": peak[1]}])
    (row,) = run.rows("from peak_box")
    assert (row["patch"], row["unit"], row["scan"], row["maximum"]) == (1, 3, "S", 2.0)
    names = ("x", "y", "width", "height")
    return tuple(row[name] for name in names), tuple(row[f"cell_{name}"] for name in names)


@pytest.mark.parametrize(
    ("layer", "peak", "patch", "field", "cell"),
    [
        ((4, 4, 1.5, 32), (0, 0), (0, 0, 32), (0, 0, 4, 4), (0, 0, 4, 4)),
        ((4, 4, 1.5, 32), (7, 2), (0, 0, 32), (28, 8, 4, 4), (28, 8, 4, 4)),
        ((4, 12, 1.5, 32), (3, 0), (0, 0, 32), (8, 0, 12, 8), (12, 0, 4, 4)),
        ((4, 4, 1.5, 32), (1, 2), (100, 50, 320), (140, 130, 40, 40), (140, 130, 40, 40)),
        ((4, 5, 0, 32), (1, 1), (0, 0, 32), (2, 2, 5, 5), (3, 3, 4, 4)),
        ((32, 1451, 0.0, 227), (0, 7), (600, 0, 600), (600, 0, 600, 600), (600, 551, 44, 49)),
    ],
    ids=["first", "other", "wide field", "scaled film", "centred on a pixel", "ResNet-152"],
)
def test_the_box_of_a_peak(
    run: Any,
    layer: tuple[float, ...],
    peak: tuple[int, int],
    patch: tuple[int, int, int],
    field: tuple[int, ...],
    cell: tuple[int, ...],
) -> None:
    of_layer = dict(zip(("stride", "field", "offset", "side"), layer, strict=True))
    of_layer |= {"stride": int(layer[0]), "field": int(layer[1]), "side": int(layer[3])}
    of_patch = dict(zip(("x", "y", "size"), patch, strict=True))
    assert box(run, of_layer, peak, of_patch) == (field, cell)


def test_cells_tile_the_patch(run: Any) -> None:
    run.fill("layer", [{"name": "last", "stride": 32, "field": 99, "offset": 15.5, "side": 224}])
    run.fill("patch", [{"patch": 1, "scan": "S", "x": 13, "y": 7, "size": 601}])
    run.fill(
        "activation", [{"patch": 1, "unit": 7 * y + x, "peak_x": x, "peak_y": y} for x in range(7) for y in range(7)]
    )
    rows = run.rows("from peak_box order by unit")
    assert sum(row["cell_width"] * row["cell_height"] for row in rows) == 601 * 601
    assert {row["cell_x"] for row in rows} >= {13} and {row["cell_x"] + row["cell_width"] for row in rows} >= {614}
    for row in rows:
        assert 13 <= row["x"] <= row["cell_x"] and row["cell_x"] + row["cell_width"] <= row["x"] + row["width"] <= 614
        assert 7 <= row["y"] <= row["cell_y"] and row["cell_y"] + row["cell_height"] <= row["y"] + row["height"] <= 608


def test_unit_patches_are_in_order_of_rank(world: Any) -> None:
    world.make("label", cover=0.3, within=0.3)
    world.make("top_patch", top_patches=64, partitions=["test"])
    rows = world.rows("from unit_patches(13)")
    top = world.rows("from top_patch where unit = 13 order by rank")
    assert [(row["rank"], row["patch"], row["maximum"]) for row in rows] == [
        (row["rank"], row["patch"], row["maximum"]) for row in top
    ]
    labels = {row["patch"]: row["class"] for row in world.rows("from label")}
    assert len(rows) == 64 and None in {row["class"] for row in rows}
    assert all(row["class"] == labels.get(row["patch"]) for row in rows)


def test_a_patch_ledger_sums_to_the_logit(world: Any) -> None:
    weight = {(row["class"], row["unit"]): row["weight"] for row in world.rows("from weight")}
    mean = {row["unit"]: row["mean"] for row in world.rows("from activation where patch = 65537")}
    for row in world.rows("from bias"):
        wanted = row["bias"] + sum(mean[unit] * weight[row["class"], unit] for unit in mean)
        ledger = world.rows("from patch_ledger(65537, $name)", name=row["class"])
        assert math.fsum(term["term"] for term in ledger) == pytest.approx(wanted, abs=1e-9)
        assert len(ledger) == 65 and [term["term"] for term in ledger if term["unit"] is None] == [row["bias"]]
        terms = [term["term"] for term in ledger]
        assert terms == sorted(terms, reverse=True)


def test_a_scan_ledger_is_of_the_cell_that_decided(run: Any) -> None:
    run.fill(
        "weight", [{"class": name, "unit": 4, "weight": weight} for name, weight in (("benign", 2), ("normal", 3))]
    )
    run.fill("bias", [{"class": "benign", "bias": 0.5}, {"class": "normal", "bias": 9}])
    run.fill(
        "evidence",
        [{"scan": scan, "class": "benign", "unit": 4, "activation": value} for scan, value in (("S", 1.5), ("T", 7))],
    )
    run.fill("scan", [{"scan": "S"}, {"scan": "T"}])
    assert run.rows("from ledger('S', 'benign')") == [
        {"unit": 4, "activation": 1.5, "weight": 2.0, "term": 3.0},
        {"unit": None, "activation": None, "weight": None, "term": 0.5},
    ]
    assert run.rows("from ledger(scan := 'T', class := 'benign')")[0]["term"] == 14


def test_status_lists_stages_as_they_were_started(run: Any) -> None:
    for stage, started in (("cut", "2026-01-02"), ("catalog", "2026-01-01")):
        run.connection.execute(
            "insert into stage by name (select $stage as stage, $started::timestamp as started_at, '{}' as parameters)",
            {"stage": stage, "started": started},
        )
    assert [row["stage"] for row in run.ask("status")] == ["catalog", "cut"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("from unit_patches(99999)", "This run has no unit 99999"),
        ("from ledger('scan_99', 'benign')", "This run has no scan scan_99"),
        ("from similar_scans('scan_99')", "This run has no scan scan_99"),
        ("from about_patient('P_99')", "This run has no patient P_99"),
        ("from patch_ledger(65535, 'benign')", "Patch 65535 was not probed"),
        ("from flip(65535)", "Patch 65535 was not probed"),
        ("from what_if(65535, [])", "Patch 65535 was not probed"),
        ("from what_if(65537, [1, 99999])", "This run has no unit 99999"),
    ],
)
def test_what_is_not_in_the_run_is_said(world: Any, question: str, sentence: str) -> None:
    """Rather than no row, as a decision without terms or a unit without patches would have."""
    with pytest.raises(duckdb.InvalidInputException, match=sentence):
        world.rows(question)
