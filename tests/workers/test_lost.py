"""A process that ends without a word is spoken for where Ray's log says why, and never else."""

import subprocess
import sys
from pathlib import Path

import pytest

from deepminer_ray.workers.lost import STORE_DIED

COMMAND = "import os, sys; from deepminer_ray.workers.lost import dismiss, witnessed; witnessed(sys.argv[1]); "
LOST = "raylet: *** SIGBUS received ***\n"


@pytest.mark.parametrize(
    ("ends", "log", "said"),
    [
        ("os._exit(1)", LOST, True),
        ("os.kill(os.getpid(), 9)", "", False),
        ("os._exit(1)", None, False),
        ("pass", LOST, False),
        ("sys.exit(2)", LOST, False),
        ("dismiss(); os._exit(2)", LOST, False),
        ("witnessed(sys.argv[1]); os._exit(1)", LOST, True),
    ],
)
def test_only_a_lost_store_is_spoken_for(tmp_path: Path, ends: str, log: str | None, said: bool) -> None:
    (tmp_path / "logs").mkdir()
    if log is not None:
        (tmp_path / "logs" / "raylet.err").write_text(log)
    asked = [sys.executable, "-c", COMMAND + ends, str(tmp_path)]
    ended = subprocess.run(asked, stderr=subprocess.PIPE, text=True, timeout=60)  # until its witness has ended, too
    assert ended.stderr == (f"{STORE_DIED}\n" if said else "")
