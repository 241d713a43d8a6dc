"""What is installed from a wheel: the commands, their SQL and the jobs, without the repository beside them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deepminer_ray import __version__

ROOT = Path(__file__).parents[1]
JOBS = sorted(file.stem for file in (ROOT / "jobs").glob("*.py"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the package is installed into; what it needs is this environment's."""
    built, folder = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built], cwd=ROOT, check=True)
    (wheel,) = built.glob("*.whl")
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    return folder


def run(installed: Path, *command: object) -> "subprocess.CompletedProcess[str]":
    """A command of the installed package, in its folder."""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    words = [sys.executable, *map(str, command)]
    return subprocess.run(words, cwd=installed, env=environment, capture_output=True, text=True, timeout=300)


def test_the_command_and_its_sql_are_there(installed: Path, tmp_path: Path) -> None:
    said = run(installed, installed / "bin" / "deepminer", "--version")
    assert said.stdout == f"deepminer_ray {__version__}\n", said.stderr
    made = "from deepminer_ray.database.run import Run; import deepminer_ray, sys; Run.created(sys.argv[1]); "
    where = run(installed, "-c", made + "print(deepminer_ray.__file__)", tmp_path / "run")
    assert where.stdout.startswith(str(installed)), where.stderr
    asked = run(installed, "-m", "deepminer_ray", "status", tmp_path / "run")
    assert asked.returncode == 0 and "catalog    to do" in asked.stdout, asked.stderr


def test_every_job_is_there(installed: Path) -> None:
    assert sorted(file.stem for file in (installed / "deepminer_ray" / "jobs").glob("*.py")) == JOBS
    for job in ("run", "train"):
        said = run(installed, "-m", f"deepminer_ray.jobs.{job}", "--help")
        assert said.stdout.startswith(f"Usage: deepminer {job} "), said.stderr
    refused = run(installed, installed / "deepminer_ray" / "jobs" / "cut.py", installed / "none")
    assert refused.returncode == 2 and "There is no run in" in refused.stderr
