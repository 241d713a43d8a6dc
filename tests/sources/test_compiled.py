"""The decoder works where its machine code cannot be kept, and keeps it where it can."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deepminer_ray

DECODE = """
import os, sys
import numpy as np
from deepminer_ray.sources import compiled, entropy
assert compiled.__file__.startswith(sys.argv[1])
size, place = entropy.without_stuffing(np.array([7, 255, 0, 2, 255, 217], np.uint8), 0, np.zeros(9, np.uint8))
assert (size, place) == (3, 4)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, its machine code not kept yet."""
    source = Path(deepminer_ray.__file__).parent
    shutil.copytree(source, tmp_path / "lib" / "deepminer_ray", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "lib"


def decoded(package: Path, home: Path) -> None:
    """Decode in a process of its own, whose user has this home."""
    environment = os.environ | {"PYTHONPATH": str(package), "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-c", DECODE, str(package)]
    done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_without_a_folder_for_it(package: Path, tmp_path: Path) -> None:
    """Not even root can make a folder where a file is."""
    (package / "deepminer_ray" / "sources" / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")
    decoded(package, tmp_path / "home")


def test_what_is_kept_may_be_damaged_or_no_more_writable(package: Path, tmp_path: Path) -> None:
    folder = package / "deepminer_ray" / "sources" / "__pycache__"
    decoded(package, tmp_path)
    kept = [*folder.glob("*.nbi"), *folder.glob("*.nbc")]
    assert kept, "it is kept where it can be"
    before = [file.stat().st_mtime_ns for file in kept]
    decoded(package, tmp_path)
    assert [file.stat().st_mtime_ns for file in kept] == before, "and taken from there"
    for file in kept:
        file.write_bytes(file.read_bytes()[:30])
    decoded(package, tmp_path)
    for file in kept:
        file.unlink()
        file.mkdir()
    decoded(package, tmp_path)
