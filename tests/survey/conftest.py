"""Surveys of runs that may be changed, in processes of their own or in this one."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.survey.desk import Desk, Settings
from deepminer_ray.survey.experts import experts
from deepminer_ray.survey.serve import server_of


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


class ServedHere:
    """A survey in a thread of this process, for tests that neither kill nor start anything; otherwise the same."""

    def __init__(self, run: Run, names: list[str], settings: Settings):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])
        self.desk = Desk(run, settings)
        known = experts(run.folder / "survey" / "experts.json", names)
        self.home = {name: f"http://127.0.0.1:{self.port}/{token}/" for name, token in known.items()}
        self.server = server_of(self.desk, known, "127.0.0.1")
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.listener.close()
        self.desk.close()


@contextmanager
def served_here(run: Run, *names: str, **settings: Any) -> Iterator[ServedHere]:
    """A survey that this process serves to experts of these names."""
    made = ServedHere(run, list(names), Settings(**settings))
    try:
        yield made
    finally:
        made.stop()
