"""One at a time: whoever holds a run's survey, or folds its answers in, has its lock."""

import fcntl
import os
from typing import IO

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput

SURVEY, ANNOTATE = "survey", "annotate"
LONGEST_HOLDER = 40
"""Characters of what a lock says of its holder."""


def held(run: Run, command: str = SURVEY) -> IO[str]:
    """The lock of a run's survey, taken by a command; BadInput where another process has it, saying which."""
    lock = (run.folder / "survey.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder, _, process = lock.read(LONGEST_HOLDER).partition(" ")
        lock.close()
        number = f"process {process}" if process.isdecimal() else "another process"
        if holder == ANNOTATE:
            raise BadInput(
                f"`annotate` is at work on {run.folder} ({number}): call again when it has ended."
            ) from error
        raise BadInput(
            f"A survey of {run.folder} is being held: stop it first (its answers are kept; {number})."
        ) from error
    lock.truncate(0)
    lock.write(f"{command} {os.getpid()}")
    lock.flush()
    return lock
