"""A command whose own Ray dies says so and ends; the same command goes on to the tables of a quiet run.

make test-cluster
"""

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deepminer_ray.database.run import Run

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]
PROBED = ("activation", "prediction", "response", "scan_prediction", "evidence", "histogram", "layer", "weight", "bias")
ALONE = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}


SMALL = 150 * 2**20
"""Bytes of /dev/shm, for the command alone: Ray wants to hold 100 MB there."""


@pytest.mark.nodes
def test_a_probe_whose_shared_memory_fills_up_says_so_and_goes_on_when_called_again(
    ranked: Run, tmp_path: Path
) -> None:
    """Ray's library then ends the command by itself, with exit status 1."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("a /dev/shm of its own can be given by root alone")
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    probe = [*DEEPMINER, "probe", str(run.folder), "--partitions", "all", "--again"]
    mounted = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size={SMALL} tmpfs /dev/shm && exec "$@"', "sh"]
    held = ALONE | {"RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES": "100000000"}
    command = subprocess.Popen([*mounted, *probe], env=held, stderr=subprocess.PIPE, text=True)
    fill(raylet_with_a_store(command.pid))
    _, said = command.communicate(timeout=300)
    assert command.returncode in (1, 2), said
    assert said.count("deepminer: ") == 1 and "/dev/shm" in said and "Traceback" not in said, said
    assert all(run.ask(f"from {table}").equals(ranked.ask(f"from {table}")) for table in PROBED), "the old rows stay"
    repeated = subprocess.run(probe, env=ALONE, stderr=subprocess.PIPE, text=True, timeout=600)
    assert repeated.returncode == 0 and "/dev/shm" not in repeated.stderr, repeated.stderr
    assert [table for table in PROBED if not run.ask(f"from {table}").equals(ranked.ask(f"from {table}"))] == []
    assert run.audit() == {}


def raylet_with_a_store(command: int) -> int:
    """Wait until a command's raylet holds a file of shared memory; its process."""
    began = time.monotonic()
    while time.monotonic() - began < 400:
        for process in psutil.Process(command).children(recursive=True):
            with suppress(psutil.Error, OSError):
                if process.name() == "raylet" and "/dev/shm/" in Path(f"/proc/{process.pid}/maps").read_text():
                    return process.pid
        time.sleep(0.02)
    raise AssertionError("no raylet")


def fill(process: int) -> None:
    """Fill the /dev/shm that a process sees."""
    with suppress(OSError), Path(f"/proc/{process}/root/dev/shm/fill").open("wb", buffering=0) as file:
        assert os.statvfs(file.fileno()).f_blocks * os.statvfs(file.fileno()).f_frsize <= SMALL
        while file.write(bytes(2**16)):
            pass


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
