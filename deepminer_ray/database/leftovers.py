"""What a command leaves behind that was killed while it did a finished stage again.

The finished stage is still there, and whoever calls it plainly keeps it: nothing else would ever drop the rest.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deepminer_ray.files.location import PARTIAL
from deepminer_ray.progress.running import RUNNING_FILE, anyone_at_work, working_stage

COPY = "run.duckdb.new"
"""The copy that a writer works on, and the beginning of what DuckDB puts beside it where memory runs short."""


def drop_copy(folder: Path) -> None:
    """Drop the copy of a writer that failed or was killed."""
    _drop(folder.glob(f"{COPY}*"))


def drop_interrupted(folder: Path, stage: str) -> bool:
    """Drop what an interrupted repetition of a stage left in a run's folder; whether nobody is at work there.

    Where somebody is, or the folder cannot be written, everything stays.
    """
    with suppress(OSError), alone(folder / "lock") as is_alone:
        if is_alone and not anyone_at_work(folder):
            drop_copy(folder)
            _drop((folder / "store").glob(f"{stage}-*"))
            with suppress(OSError):  # another stage's stores may be there
                (folder / "store").rmdir()
            _drop(folder.glob(f"{Path(RUNNING_FILE).stem}{PARTIAL}-*"))
            interrupted = working_stage(folder)
            if interrupted and interrupted[0] == stage:
                _drop([folder / RUNNING_FILE])
            return True
    return False


@contextmanager
def alone(locked: Path) -> Iterator[bool]:
    """Whether nobody else holds the lock of a file or folder, which is held meanwhile."""
    descriptor = os.open(locked, os.O_RDONLY | (0 if locked.is_dir() else os.O_CREAT), 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def drop_partials(folder: Path, names: Iterable[str]) -> None:
    """Drop what killed writers left of some files of a folder."""
    known = set(names)
    _drop(file for file in folder.glob(f"*{PARTIAL}-*") if file.name.partition(PARTIAL)[0] in known)


def _drop(left: Iterable[Path]) -> None:
    for one in left:
        with suppress(FileNotFoundError):
            shutil.rmtree(one) if one.is_dir() else one.unlink()
