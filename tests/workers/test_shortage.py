"""A Ray that has no room for its files is not started: it would wait a minute and end in a traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

START = "from deepminer_ray.cli import main; main()"


def started(folder: Path, tmp_path: Path, *names: str) -> str:
    """What a command says that starts a Ray, whose files go to a folder by the variables named."""
    (tmp_path / "source").mkdir(exist_ok=True)
    (tmp_path / "source" / "manifest.csv").write_text(
        "image,mask,patient,laterality,view,pathology\na.png,,P,LEFT,CC,normal\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("RAY_TMPDIR", "TMPDIR")}
    asked = [sys.executable, "-c", START, "catalog", str(tmp_path / "run"), str(tmp_path / "source")]
    environment |= dict.fromkeys(names, str(folder))
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("deepminer: ") and done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path / "full"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("disks can be mounted by root alone")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("name", ["TMPDIR", "RAY_TMPDIR"])
def test_a_full_disk_is_named(full: Path, tmp_path: Path, name: str) -> None:
    said = started(full, tmp_path, name)
    assert f"Ray cannot keep its files in {full} (No space left on device)" in said and "RAY_TMPDIR" in said
    assert list(full.iterdir()) == []


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert f"Ray cannot keep its files in {tmp_path}/file/ray (" in started(
        tmp_path / "file" / "ray", tmp_path, "TMPDIR"
    )


def test_a_name_too_long_for_sockets_is_named(tmp_path: Path) -> None:
    assert "has too long a name for Ray's sockets" in started(tmp_path / ("x" * 100), tmp_path, "RAY_TMPDIR")
