"""The command itself: its version, its other ways to be called, and what a shell completes."""

import os
import subprocess
import sys

import pytest

from deepminer_ray import __version__

CALLED = {
    "as a module": ["-m", "deepminer_ray"],
    "as its script": ["-c", "from deepminer_ray.cli import main; main()"],
}


def run(*words: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=os.environ | environment)
    return done.stdout


@pytest.mark.parametrize("called", CALLED)
def test_version_and_help_however_it_is_called(called: str) -> None:
    assert run(*CALLED[called], "--version") == f"deepminer_ray {__version__}\n"
    assert run(*CALLED[called], "cut", "--help").startswith("Usage: deepminer cut [OPTIONS] {RUN}\n")


def test_a_shell_completes_commands_and_options_at_once() -> None:
    """Nothing heavy is loaded: a shell waits for it at every key."""
    code = (
        "import sys, atexit; atexit.register(lambda: print(sorted({'ray', 'torch', 'duckdb', 'numpy'} & "
        "set(sys.modules))))\nfrom deepminer_ray.cli import main; main()"
    )
    asked = {"_DEEPMINER_COMPLETE": "complete_bash"}
    assert run("-c", code, **asked, COMP_WORDS="deepminer pa", COMP_CWORD="1").splitlines() == ["partition", "[]"]
    words = run("-c", code, **asked, COMP_WORDS="deepminer train --learn", COMP_CWORD="2").splitlines()
    assert words == ["--learning-rate", "[]"]
