"""Explanations of answers as they were given, by as many workers as find a place."""

import shutil
from pathlib import Path
from typing import Any

from deepminer_ray.run import Run
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.stages.stream import places


def test_maps_are_in_the_precision_probed_and_workers_without_a_place_are_not_waited_for(
    ray: Any, ranked: Run, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    probe(run, partitions=["all"], half=True, again=True)
    rank(run, partitions=["all"], ranked=4)
    explain(run, partitions=["all"], workers=places(ray) + 1)
    shown = run.ask("from scan_map join response using (scan, unit)").to_pylist()
    assert len({row["scan"] for row in shown}) == 12 > places(ray)
    assert all(max(row["map"]) == row["maximum"] for row in shown)
