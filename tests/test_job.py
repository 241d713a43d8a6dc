"""`jobs/train.py` under `ray job submit`, on a local cluster of its own."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deepminer_ray.run import Run
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition

ROOT = Path(__file__).parents[1]
RAY = Path(sys.executable).parent / "ray"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, seconds: float = 120) -> None:
    """Until something answers on the port; the dashboard takes its time."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until, "the cluster's dashboard did not start"
            time.sleep(0.5)


def submit(command: list[str | Path], dashboard: int, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
    """Submit a job and wait for its end; a cluster that has just started has no agent to take it yet."""
    environment = os.environ | {"RAY_ADDRESS": f"http://127.0.0.1:{dashboard}"}
    until = time.monotonic() + seconds
    while True:
        done = subprocess.run(
            [RAY, "job", "submit", "--", *command], env=environment, capture_output=True, text=True, timeout=400
        )
        if "No available agent" not in done.stdout + done.stderr or time.monotonic() > until:
            return done
        time.sleep(2)


@pytest.fixture
def cut_run(ray: object, phantoms: Path, tmp_path: Path) -> Run:
    """A run that is ready to train: three patients, of whom shares leave none but for training."""
    run = Run.created(tmp_path / "run")
    catalog(run, str(phantoms))
    partition(run)
    cut(run, side=64)
    return run


def test_train_runs_as_a_submitted_job(cut_run: Run) -> None:
    port, dashboard, agent = free_port(), free_port(), free_port()
    head = ["start", "--head", f"--port={port}", f"--dashboard-port={dashboard}", "--num-cpus=4", "--block"]
    head += ["--dashboard-host=127.0.0.1", "--disable-usage-stats", "--include-dashboard=true"]
    head += [f"--dashboard-agent-listen-port={agent}"]
    cluster = subprocess.Popen([RAY, *head], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(dashboard)
        job = [
            "--network",
            "shufflenet_v2_x0_5",
            "--weights",
            "none",
            "--epochs",
            "1",
            "--batch",
            "8",
            "--workers",
            "2",
        ]
        submitted = submit([sys.executable, ROOT / "jobs" / "train.py", cut_run.folder, *job], dashboard)
        assert submitted.returncode == 0, submitted.stdout + submitted.stderr
    finally:
        cluster.terminate()
        cluster.wait()
    assert [row["epoch"] for row in cut_run.ask("from epoch").to_pylist()] == [1]
    assert (cut_run.folder / "checkpoint" / "network.pt").is_file()
