"""One at a time: whoever holds a run's survey, or folds its answers in, has its lock."""

import fcntl
from typing import IO

from deepminer_ray.errors import BadInput
from deepminer_ray.run import Run


def held(run: Run) -> IO[str]:
    """The lock of a run's survey, or BadInput where another process holds it."""
    lock = (run.folder / "survey.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise BadInput(f"A survey of {run.folder} is being held: stop it first (its answers are kept).") from error
    return lock
