"""Units that go with how films were made, planted among units of chance."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from deepminer_ray.database.run import Run
from deepminer_ray.stages.dissect import acquired_rows, corrected

PATIENTS, UNITS = 60, 40
BY_DIGITIZER, BY_LATERALITY = 7, 23
"""The planted units: one answers films of one digitizer more strongly, one left breasts."""


def test_planted_confounded_units_are_found_and_others_are_not(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    run = Run.created(tmp_path / "run")
    scans, responses = [], []
    for patient in range(PATIENTS):
        digitizer, own = ("DBA", "HOWTEK", "LUMISYS")[patient % 3], chance.normal(0, 0.5, UNITS)
        for side in ("LEFT", "RIGHT"):
            for view in ("CC", "MLO"):
                scan = {"scan": f"{patient}_{side}_{view}", "patient": f"P_{patient}", "laterality": side, "view": view}
                scans.append(scan | {"digitizer": digitizer, "density": int(chance.integers(1, 5))})
                maximum = 5 + own + chance.normal(0, 0.5, UNITS)
                maximum[BY_DIGITIZER] += 2 * (digitizer == "DBA")
                maximum[BY_LATERALITY] += side == "LEFT"
                responses += [
                    {"scan": scan["scan"], "unit": unit, "maximum": value} for unit, value in enumerate(maximum)
                ]
    with run.appending() as tables:
        tables.insert("scan", pa.Table.from_pylist(scans))
        tables.insert("response", pa.Table.from_pylist(responses))
    rows = corrected(acquired_rows(run.folder, list(range(UNITS))))
    found = {(row["attribute"], row["unit"]): row for row in rows}
    for attribute, unit in (("digitizer", BY_DIGITIZER), ("laterality", BY_LATERALITY)):
        planted = found.pop((attribute, unit))
        assert planted["q"] < 1e-6 and planted["patients"] == PATIENTS
        assert abs(planted["effect"]) > 0.5
    assert {attribute for attribute, _ in found} >= {"digitizer", "laterality", "view"}
    assert sum(row["q"] < 0.05 for row in found.values()) <= 2
    assert max(abs(row["effect"]) for row in found.values()) < 0.5
