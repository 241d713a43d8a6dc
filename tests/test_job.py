"""`jobs/` under `ray job submit`, on a local cluster of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import STAGES
from deepminer_ray.explanations.words import train_words
from deepminer_ray.phantom.patient import write_phantom
from tests.bucket import free_port

ROOT = Path(__file__).parents[1]
RAY = Path(sys.executable).parent / "ray"
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef"}
"""A head asks for a token where its user has one, and who submits sends one only when told to."""


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
    environment = os.environ | TOKEN | {"RAY_ADDRESS": f"http://127.0.0.1:{dashboard}"}
    until = time.monotonic() + seconds
    while True:
        done = subprocess.run(
            [RAY, "job", "submit", "--", *command], env=environment, capture_output=True, text=True, timeout=400
        )
        if "No available agent" not in done.stdout + done.stderr or time.monotonic() > until:
            return done
        time.sleep(2)


@pytest.fixture
def dashboard() -> Iterator[int]:
    """A cluster of one node; the port that takes jobs."""
    port = free_port()
    head = ["start", "--head", f"--port={free_port()}", f"--dashboard-port={port}", "--num-cpus=4", "--block"]
    head += ["--dashboard-host=127.0.0.1", "--disable-usage-stats", "--include-dashboard=true"]
    head += [f"--dashboard-agent-listen-port={free_port()}"]
    cluster = subprocess.Popen(
        [RAY, *head], env=os.environ | TOKEN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield port
    finally:
        started = psutil.Process(cluster.pid)
        for process in (*started.children(recursive=True), started):  # asked to stop, they take half a minute
            with suppress(psutil.NoSuchProcess):
                process.kill()
        cluster.wait()


TRAINING = "--network shufflenet_v2_x0_5 --weights none --epochs 1 --batch 8 --workers 2"


@pytest.mark.launcher
def test_every_job_can_be_submitted(dashboard: int, tmp_path: Path) -> None:
    """In the order of the chain; the last, `run`, finds all of it done."""
    source, run, vectors = tmp_path / "patients", tmp_path / "run", tmp_path / "words.txt"
    write_phantom(source, patients=12, seed=3, columns=320)
    train_words(source / "corpus.txt", vectors)
    shares = ["--train", "0.6", "--test", "0.2"]
    arguments = {
        "catalog": [source],
        "partition": shares,
        "cut": ["--side", "64"],
        "train": TRAINING.split(),
        "probe": [],
        "evaluate": [],
        "rank": [],
        "annotate": ["--from-lesions"],
        "explain": [],
        "score": ["--vectors", vectors],
        "dissect": ["--permuted", "99"],
        "run": [source, *shares, "--side", "64", *TRAINING.split(), "--from-lesions", "--vectors", vectors],
    }
    assert {file.stem for file in (ROOT / "jobs").glob("*.py")} == set(arguments)
    for job, more in arguments.items():
        submitted = submit([sys.executable, ROOT / "jobs" / f"{job}.py", run, *more], dashboard)
        assert submitted.returncode == 0, f"{job}: {submitted.stdout}{submitted.stderr}"
    assert set(STAGES) == {row["stage"] for row in Run(run).rows("status")}
    assert "AUC" in submitted.stdout
