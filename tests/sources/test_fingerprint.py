"""A film's file is told from another by its size and its ends, whatever its times are."""

import os
import shutil
from pathlib import Path

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.fingerprint import END, fingerprint, refuse_changed

CONTENT = os.urandom(3 * END)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "film.LJPEG"
    file.write_bytes(CONTENT)
    return file


def test_a_copy_with_other_times_is_the_same_file(file: Path) -> None:
    known = fingerprint(str(file))
    copy = Path(shutil.copyfile(file, file.with_name("copy.LJPEG")))
    os.utime(copy, (1, 1))
    assert fingerprint(str(copy)) == known
    refuse_changed(str(copy), known)
    refuse_changed(str(copy), None)  # of a version that kept none


@pytest.mark.parametrize("place", [0, END - 1, 2 * END, 3 * END - 1])
def test_a_byte_of_an_end_makes_another_file(file: Path, place: int) -> None:
    known, changed = fingerprint(str(file)), bytearray(CONTENT)
    changed[place] ^= 1
    file.write_bytes(changed)
    with pytest.raises(BadInput, match="changed since it was catalogued: `deepminer catalog RUN SOURCE --again`"):
        refuse_changed(str(file), known)


@pytest.mark.parametrize("size", [0, 1, END - 1, END, END + 1, 3 * END - 1])
def test_another_size_makes_another_file(file: Path, size: int) -> None:
    """Also where all that is read is the same: zeros cut short."""
    file.write_bytes(bytes(3 * END))
    known = fingerprint(str(file))
    file.write_bytes(bytes(size))
    assert fingerprint(str(file)) != known


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for known in (None, "0 0"):
        with pytest.raises(BadInput, match="not a regular file"):
            refuse_changed(str(tmp_path / "pipe"), known)
    with pytest.raises(BadInput, match="not a regular file"):
        fingerprint(str(tmp_path / "pipe"))
    with pytest.raises(FileNotFoundError):
        fingerprint(str(tmp_path / "nothing"))
