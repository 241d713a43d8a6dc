"""Explanations of answers as they were given."""

import shutil
from pathlib import Path

from deepminer_ray.database.run import Run
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank


def test_maps_are_in_the_precision_that_was_probed(ranked: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    with run.appending() as tables:
        tables.connection.execute(
            "update partition set partition = 'holdout' where patient = (select min(patient) from partition)"
        )
    patient = {"partitions": ["holdout"]}
    probe(run, **patient, half=True, again=True)
    rank(run, **patient, ranked=4)
    explain(run, **patient)
    shown = run.ask("from scan_map join response using (scan, unit)").to_pylist()
    assert len({row["scan"] for row in shown}) == 4
    assert all(max(row["map"]) == row["maximum"] for row in shown)
