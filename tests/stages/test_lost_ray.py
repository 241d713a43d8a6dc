"""A command whose own Ray dies says so and ends; the same command goes on to the tables of a quiet run.

make test-cluster
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deepminer_ray.run import Run

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]
PROBED = ("activation", "prediction", "response", "scan_prediction", "evidence", "histogram", "layer", "weight", "bias")
ALONE = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}


@pytest.mark.nodes
def test_a_probe_whose_raylet_is_killed_goes_on_when_called_again(ranked: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    probe = [*DEEPMINER, "probe", str(run.folder), "--partitions", "all", "--workers", "2", "--again"]
    command = subprocess.Popen(probe, env=ALONE, stderr=subprocess.PIPE, text=True)
    began = time.monotonic()
    while not list((run.folder / "store").glob("probe-*")):
        assert command.poll() is None and time.monotonic() - began < 120, "nothing is stored"
        time.sleep(0.02)
    started = psutil.Process(command.pid).children(recursive=True)
    (raylet,) = [process for process in started if process.name() == "raylet"]
    raylet.kill()
    _, said = command.communicate(timeout=30)
    assert command.returncode == 2, said
    assert "deepminer: Ray's raylet died under this command" in said and "Traceback" not in said, said
    assert all(run.ask(f"from {table}").equals(ranked.ask(f"from {table}")) for table in PROBED), "the old rows stay"
    repeated = subprocess.run(probe, env=ALONE, stderr=subprocess.PIPE, text=True, timeout=300)
    assert repeated.returncode == 0, repeated.stderr
    differing = [table for table in PROBED if not run.ask(f"from {table}").equals(ranked.ask(f"from {table}"))]
    assert differing == []
    assert run.audit() == {}
    left = [process.name() for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert left == [], "Ray's processes outlive the command"
