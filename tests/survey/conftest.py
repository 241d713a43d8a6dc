"""Three phantom patients, probed and ranked with a network of chance: a run whose units can be named."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deepminer_ray.run import Run

SIDE = 64


@pytest.fixture(scope="session")
def ranked(ray: object, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that a survey can be held of."""
    import torch

    from deepminer_ray.network.backbone import build
    from deepminer_ray.network.checkpoint import save
    from deepminer_ray.stages.catalog import catalog
    from deepminer_ray.stages.cut import cut
    from deepminer_ray.stages.partition import partition
    from deepminer_ray.stages.probe import probe
    from deepminer_ray.stages.rank import rank

    run = Run.created(tmp_path_factory.mktemp("survey") / "run")
    catalog(run, str(phantoms))
    partition(run)
    cut(run, side=SIDE)
    torch.manual_seed(0)
    save(run.folder / "checkpoint" / "network.pt", build("squeezenet1_1")[0], SIDE, "imagenet")
    probe(run, partitions=["all"])
    rank(run, partitions=["all"], ranked=4)
    return run


@pytest.fixture
def run(ranked: Run, tmp_path: Path) -> Run:
    """A copy for one test."""
    return Run(shutil.copytree(ranked.folder, tmp_path / "run"))


class Served:
    """A survey in a process of its own; `home` is each expert's address."""

    def __init__(self, run: Run, *options: str):
        self.command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey", str(run.folder)]
        self.command += options
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        file = run.folder / "survey" / "experts.json"
        assert self.process.stdout
        lines = [self.process.stdout.readline()]
        assert lines[0], self.process.stderr.read() if self.process.stderr else ""
        lines += [self.process.stdout.readline() for _ in range(len(json.loads(file.read_text())) - 1)]
        self.home = dict(line.strip().split(": ", 1) for line in lines)
        found = re.search(r":(\d+)/", lines[0])
        assert found
        self.port = found[1]

    def kill(self) -> None:
        """SIGKILL: nothing can be tidied up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> str:
        """Ask it to stop, and what it wrote to standard error."""
        self.process.terminate()
        return self.process.communicate(timeout=60)[1]


@contextmanager
def served(run: Run, *options: str) -> Iterator[Served]:
    """A served survey, killed if it is still there in the end."""
    made = Served(run, *options)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.communicate()
