"""Every audit is silent about a sound run and finds the fault that is planted for it."""

import math
from pathlib import Path
from typing import Any

import pytest

AUDITS = sorted(file.stem for file in (Path(__file__).parents[2] / "sql" / "audit").glob("*.sql"))

PLANTS: dict[str, list[str]] = {
    "patient_in_two_partitions": ["insert into partition values ('P', 'holdout', false)"],
    "patient_written_twice": ["insert into scan by name (select 'N' as scan, 'p' as patient)"],
    "scan_without_partition": ["insert into scan by name (select 'N' as scan, 'N' as patient)"],
    "answer_without_partition": ["delete from partition"],
    "patch_outside_scan": [
        "update patch set x = 101",
        "update patch set y = -1",
        "update patch set scan = 'nowhere'",
        "update patch set size = 0",
    ],
    "label_without_patch": ["insert into label values (99, 'normal')"],
    "label_without_lesion": ["update label set class = 'malignant'", "delete from overlap"],
    "label_of_unproven": ["update label set class = 'normal'; update overlap set within = 1"],
    "catalog_key_doubled": [
        "insert into keyword values ('L', 'shape', 'oval'), ('L', 'shape', 'oval')",
        "insert into region values ('S', 'one.png', null), ('S', 'other.png', 1)",
    ],
    "label_of_unplaced": ["update lesion set outline = []"],
    "overlap_without_lesion": [
        "insert into overlap values (1, 'nothing', 0.1, 0.1)",
        "update lesion set scan = 'other'",
        "update overlap set patch = 99",
        "update overlap set cover = 1.5",
        "update overlap set within = null",
    ],
    "activation_without_patch": ["update activation set patch = 99 where unit = 0"],
    "activation_doubled": ["insert into activation (from activation limit 1)"],
    "response_doubled": ["insert into response (from response limit 1)"],
    "probability_not_one": [
        "update prediction set probability = 0.5 where class = 'benign'",
        "delete from prediction where class = 'benign'",
        "update prediction set probability = if(class = 'benign', null, 0.5)",
    ],
    "unit_without_weight": [
        "delete from weight where unit = 1 and class = 'benign'",
        "insert into evidence values ('S', 'benign', 77, 1)",
    ],
    "annotation_of_unknown_unit": [
        "insert into annotation by name (select 77 as unit, 'now' as checkpoint)",
        "update layer set checkpoint = null; insert into annotation by name (select -1 as unit, 'x' as checkpoint)",
    ],
    "evidence_not_probability": [
        "update evidence set activation = activation + 0.001 where unit = 2 and class = 'benign'",
        "update evidence set activation = activation + 0.001 where unit = 2 and class = 'normal'",
        "update scan_prediction set probability = probability + 0.0001 where class = 'normal'",
        "update scan_prediction set probability = 0 where class = 'benign'",
        "delete from evidence where class = 'malignant'",
        "delete from evidence",
        "update evidence set activation = 'nan'::float where unit = 2",
    ],
    "ledger_not_probability": [
        "update bias set bias = bias + 0.0003 where class = 'benign'",
        "update prediction set probability = 0 where class = 'benign'",
        "delete from activation where unit = 2",
        "delete from activation",
        "update activation set mean = 'nan'::float where unit = 2",
    ],
    "influence_not_top": [
        "delete from influence where rank = 1",
        "update influence set rank = 3 - rank",
        "update influence set unit = 2 where rank = 2 and class = 'benign'",
        "update response set maximum = 9",
        "insert into influence (from influence where rank = 2)",
    ],
    "finding_without_outline": [
        "update scan set file = '/cancers/cancer_01/case1/A.LJPEG', source_kind = 'ddsm'; delete from lesion",
        "update scan set file = 'film'; insert into repair by name (select 'film' as file, "
        "'the .ics announces an OVERLAY, there is none: no lesion was taken' as what)",
    ],
    "header_against_table": [
        "update scan set file = 'film'; insert into repair by name (select 'film' as file, 'catalog' as stage, "
        "'has a header that says the side RIGHT: LEFT of the table was taken' as what)",
    ],
    "peak_outside_map": ["update activation set peak_x = 7 where unit = 1", "update activation set peak_y = -1"],
    "layer_doubled": ["insert into layer (from layer)"],
    "key_doubled": [
        "insert into patch (from patch)",
        "insert into label values (1, 'normal')",
        "insert into weight (from weight limit 1)",
        "insert into class (from class)",
        "insert into epoch_auc values (1, 'normal', 0.5), (1, 'normal', 0.6)",
        "insert into scan by name (select 'T' as scan, 0 as scan_number)",
    ],
}


@pytest.fixture
def sound(sound_run: Any, undoing: Any) -> Any:
    """A run in which everything agrees, made once and the same for every test."""
    yield from undoing(sound_run)


@pytest.fixture(scope="session")
def sound_run(new_run: Any) -> Any:
    """One scan with one patch, one lesion and three units, in which everything agrees."""
    run = new_run()
    names = ("normal", "benign", "malignant")
    run.fill("scan", [{"scan": "S", "scan_number": 0, "patient": "P", "rows": 200, "columns": 200}])
    run.fill("partition", [{"patient": "P", "partition": "test", "validation": False}])
    run.fill("patch", [{"patch": 1, "scan": "S", "x": 100, "y": 100, "size": 100, "breast": 1.0}])
    run.fill("lesion", [{"lesion": "L", "scan": "S", "abnormality": 1, "pathology": "benign"}])
    run.fill("overlap", [{"patch": 1, "lesion": "L", "cover": 0.4, "within": 0.9}])
    run.fill("label", [{"patch": 1, "class": "benign"}])
    run.fill("layer", [{"name": "last", "map_width": 7, "map_height": 7, "checkpoint": "now"}])
    weight = {(name, unit): (k - 1) * (unit - 1.0) for k, name in enumerate(names) for unit in range(3)}
    run.fill("weight", [{"class": name, "unit": unit, "weight": weight[name, unit]} for name, unit in weight])
    run.fill("bias", [{"class": name, "bias": 0.25 * k} for k, name in enumerate(names)])
    mean = {0: 0.5, 1: 0.25, 2: 1.5}
    run.fill(
        "activation",
        [{"patch": 1, "unit": unit, "maximum": 2.0, "mean": mean[unit], "peak_x": 6, "peak_y": 0} for unit in mean],
    )
    logits = [0.25 * k + sum(mean[unit] * weight[name, unit] for unit in mean) for k, name in enumerate(names)]
    total = sum(map(math.exp, logits))
    run.fill(
        "prediction",
        [
            {"patch": 1, "class": name, "probability": math.exp(logit) / total}
            for name, logit in zip(names, logits, strict=True)
        ],
    )
    run.fill("response", [{"scan": "S", "unit": unit, "maximum": 1.0 + unit} for unit in range(3)])
    seen = {0: 2.0, 1: 1.0, 2: 1.0}
    run.fill(
        "evidence", [{"scan": "S", "class": name, "unit": unit, "activation": seen[unit]} for name, unit in weight]
    )
    odds = [math.exp(logit) for logit in (1.0, 0.25, -0.5)]
    probability = [1 - odds[1] / sum(odds), odds[1] / sum(odds), odds[2] / sum(odds)]
    run.fill(
        "scan_prediction",
        [{"scan": "S", "class": name, "probability": probability[k]} for k, name in enumerate(names)],
    )
    run.fill("annotation", [{"unit": 1, "checkpoint": "now"}, {"unit": 1999, "checkpoint": "before"}])
    run.make("influence", top=2)
    return run


def test_every_audit_has_its_planted_fault() -> None:
    assert sorted(PLANTS) == AUDITS


@pytest.mark.parametrize("audit", AUDITS)
def test_an_audit_is_silent_about_sound_and_about_empty_runs(run: Any, sound: Any, audit: str) -> None:
    assert sound.audit(audit) == []
    for row in run.rows("from duckdb_tables()"):
        run.connection.execute(f"delete from {row['table_name']}")
    assert run.audit(audit) == []


@pytest.mark.parametrize(("audit", "fault"), [(audit, fault) for audit in PLANTS for fault in PLANTS[audit]])
def test_an_audit_finds_its_fault(sound: Any, audit: str, fault: str) -> None:
    sound.connection.execute(fault)
    assert sound.audit(audit)


def test_patients_that_lists_leave_out_are_no_fault(sound: Any) -> None:
    sound.connection.execute(PLANTS["scan_without_partition"][0])
    sound.connection.execute(
        """insert into stage by name (select 'partition' as stage, '{"lists": "a.csv"}' as parameters)"""
    )
    assert sound.audit("scan_without_partition") == []
    sound.connection.execute("""update stage set parameters = '{"lists": null}'""")
    assert sound.audit("scan_without_partition") == [{"scan": "N", "patient": "N"}]


def test_random_runs_have_sound_ranks(world: Any) -> None:
    world.make("influence", top=8)
    assert world.audit("influence_not_top") == []
    world.connection.execute("update influence set unit = (unit + 1) % 64 where rank = 8 and scan = 'scan_03'")
    assert {row["scan"] for row in world.audit("influence_not_top")} == {"scan_03"}
