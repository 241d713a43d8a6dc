"""What the plain DuckDB shell is asked first: similar scans, the units of a class, everything about a patient."""

from typing import Any

import pytest

from tests import naive


def test_similar_scans_have_the_largest_cosines(world: Any) -> None:
    world.connection.execute("update response set maximum = 1.5 where unit = 7")
    maxima: dict[str, dict[int, float]] = {}
    for row in world.rows("from response"):
        maxima.setdefault(row["scan"], {})[row["unit"]] = row["maximum"]
    classes = {row["scan"]: row["class"] for row in world.rows("from scan_class")}
    decided = {row["scan"]: row["class"] for row in world.rows("from decision")}
    rows = world.rows("from similar_scans('scan_04')")
    assert [row["scan"] for row in rows] == sorted(
        maxima.keys() - {"scan_04"}, key=lambda scan: -naive.similarity("scan_04", scan, maxima)
    )
    for row in rows:
        assert row["similarity"] == pytest.approx(naive.similarity("scan_04", row["scan"], maxima), abs=1e-12)
        assert (row["class"], row["decided"]) == (classes.get(row["scan"]), decided[row["scan"]])
        assert row["same_patient"] == (row["patient"] == "P_02") == (row["scan"] == "scan_05")


def test_the_same_responses_are_as_similar_as_can_be(world: Any) -> None:
    world.connection.execute("delete from response where scan = 'scan_09'")
    world.connection.execute(
        "insert into response by name (select * replace ('scan_09' as scan) from response where scan = 'scan_04')"
    )
    assert world.rows("from similar_scans('scan_04')")[0]["scan"] == "scan_09"
    assert world.rows("from similar_scans('scan_04')")[0]["similarity"] == pytest.approx(1)


def test_the_units_of_a_class(world: Any) -> None:
    world.make("influence", top=8)
    world.make("unit_rank", ranked=20, partitions=["test"])
    world.make("coverage", partitions=["test"])
    first = world.rows("from unit_rank where class = 'benign' and rank = 1")[0]["unit"]
    world.fill("layer", [{"name": "last", "checkpoint": "now"}])
    told = {"unit": first, "annotator": "A", "version": 1, "position": 1, "recognizable": True}
    world.fill("annotation", [told | {"phenomenon": "mass", "checkpoint": "now"}])
    world.fill("annotation", [told | {"phenomenon": "of another network", "checkpoint": "before"}])
    rows = world.rows("from class_units('benign')")
    ranks = world.rows("from unit_rank where class = 'benign' order by rank")
    assert [(row["rank"], row["unit"], row["frequency"]) for row in rows] == [
        (row["rank"], row["unit"], row["frequency"]) for row in ranks
    ]
    assert rows[0]["phenomenon"] == "mass" and rows[0]["name"] == f"unit_{first + 1:04}"
    weights = {row["unit"]: row["weight"] for row in world.rows("from weight where class = 'benign'")}
    assert all(row["weight"] == weights[row["unit"]] for row in rows)
    covered = {row["units"]: row["coverage"] for row in world.rows("from coverage where class = 'benign'")}
    assert [row["coverage"] for row in rows] == [covered[row["rank"]] for row in rows]


def test_everything_about_a_patient(world: Any) -> None:
    world.connection.execute("update lesion set shape = 'ROUND', lesion_type = 'MASS' where abnormality = 1")
    world.fill(
        "explanation",
        [
            {"scan": "scan_02", "class": "benign", "rank": rank, "unit": rank, "phenomenon": phenomenon}
            for rank, phenomenon in ((2, "second"), (1, "first"), (3, None))
        ],
    )
    rows = world.rows("from about_patient('P_01')")
    assert [row["scan"] for row in rows] == ["scan_02", "scan_03"]
    assert {row["partition"] for row in rows} == {"test"}
    assert [row["explanation"] for row in rows] == ["first; second", None]
    for row in rows:
        lesions = world.rows("from lesion where scan = $scan order by abnormality", scan=row["scan"])
        pathologies = [lesion["pathology"] for lesion in lesions]
        said = {
            one["class"]: one["probability"]
            for one in world.rows("from scan_prediction where scan = $scan", scan=row["scan"])
        }
        assert row["lesions"] == len(lesions)
        assert row["findings"] == ("; ".join(["round mass", "other finding"][: len(lesions)]) or None)
        assert row["class"] == (naive.worst(pathologies) if naive.worst(pathologies) != "unproven" else None)
        assert row["decided"] == naive.decided(said)
        assert row["probabilities"] == said
        assert list(row["probabilities"]) == list(naive.CLASSES), "by severity"
