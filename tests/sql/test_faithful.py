"""What silencing the first units does, and random ones beside them."""

from typing import Any

import numpy as np
import pytest

SCANS = ["S0", "S1", "S2"]


@pytest.fixture
def curves(run: Any) -> dict[tuple[str, str, int], tuple[float, list[float]]]:
    """Deletion and insertion of three scans after 0, 1 and 8 units, with four random orders."""
    chance = np.random.default_rng(3)
    values = {
        (scan, curve, units): (float(chance.random()), chance.random(4).tolist())
        for scan in SCANS
        for curve in ("deletion", "insertion")
        for units in (0, 1, 8)
    }
    run.fill("scan", [{"scan": scan, "patient": scan} for scan in SCANS])
    run.fill("partition", [{"patient": scan, "partition": "test" if scan == "S2" else "holdout"} for scan in SCANS])
    run.fill(
        "faithfulness",
        [
            {"scan": scan, "curve": curve, "units": units, "probability": value, "random": random}
            for (scan, curve, units), (value, random) in values.items()
        ],
    )
    return values


@pytest.mark.parametrize("depth", [1, 8])
def test_deletion_is_what_is_lost_and_insertion_what_is_kept(run: Any, curves: Any, depth: int) -> None:
    rows = {(row["scan"], row["curve"]): row for row in run.ask("faithful", partitions=["holdout"], depth=depth)}
    assert len(rows) == 4
    for (scan, curve), row in rows.items():
        value, random = curves[scan, curve, depth]
        whole = curves[scan, "deletion", 0][0]
        assert row["value"] == pytest.approx(whole - value if curve == "deletion" else value)
        assert row["random"] == pytest.approx([whole - one if curve == "deletion" else one for one in random])


def test_the_curve_is_a_mean_over_scans_beside_means_of_random_orders(run: Any, curves: Any) -> None:
    rows = run.ask("faithfulness_curve", partitions=["holdout"])
    assert [(row["curve"], row["units"]) for row in rows] == [
        (curve, units) for curve in ("deletion", "insertion") for units in (0, 1, 8)
    ]
    for row in rows:
        of = [curves[scan, row["curve"], row["units"]] for scan in SCANS[:2]]
        means = np.mean([random for _, random in of], axis=0)
        assert row["probability"] == pytest.approx(np.mean([value for value, _ in of]))
        assert (row["chance"], row["scans"]) == (pytest.approx(means.mean()), 2)
        assert [row["low"], row["high"]] == pytest.approx(np.quantile(means, [0.025, 0.975]))
