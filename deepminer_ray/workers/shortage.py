"""Too little memory for a worker, or room for Ray's files: told from other failures, and said in one sentence."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from deepminer_ray.errors import BadInput

NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "OutOfMemory",
    "not enough memory",
    "Unable to allocate",
    "low on memory",
    "ALLOC_FAILED",
    "bad_alloc",
)
"""What torch, numpy, CUDA, Ray's memory monitor and the C++ library say of it."""

KILLED = "OOM killer"
"""In what Ray says of a process that ended without a word, as one does that the system kills to free memory."""

ROOM = 32 * 2**20
"""Bytes that Ray writes within minutes of its start, its logs."""

LESS = "use a smaller --at-once (or --batch), or fewer --workers on a machine"
OUT_OF_MEMORY = f"A worker ran out of memory: {LESS}."


def is_shortage(error: BaseException | str) -> bool:
    """Whether an error, or what was said of it, is a lack of memory."""
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY)


DIED = ("WorkerCrashedError", "ActorDiedError", "OutOfMemoryError")
"""What Ray raises when work has lost its worker once more than it may."""
FEWER = "let fewer work at once (--workers, or a Ray of fewer CPUs), or use a machine with more memory"


def deaths(over: str) -> BadInput:
    """What to say of work over which every worker dies."""
    return BadInput(
        f"Workers died one after the other{over}, most likely killed because memory ran short: {FEWER}; what was "
        "finished is kept."
    )


def ended_by(error: BaseException, work: str = "") -> BadInput | None:
    """What to say of an error that ended some work, if memory was wanting or is the likely cause."""
    over = f" over {work}" if work else ""
    if type(error).__name__ in DIED:
        return deaths(over)
    if is_shortage(error):
        return BadInput(f"Memory ran out{over}: {FEWER}; what was finished is kept.")
    return None


def refuse_no_room() -> None:
    """BadInput where a Ray that starts here could not keep its files: it would end in a traceback, late."""
    folder = _rays_folder()
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    try:
        with TemporaryFile(dir=there) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        raise BadInput(
            f"Ray cannot keep its files in {folder} ({error.strerror}): it needs {ROOM >> 20} MB there, or "
            "RAY_TMPDIR set to a folder that has them."
        ) from error


def refuse_failed_start(said: str) -> None:
    """BadInput where a Ray of this machine did not start because room ran short, or for a folder of too long a name."""
    if "AF_UNIX path length" in said:
        raise BadInput(f"The folder {_rays_folder()} has too long a name for Ray's sockets: set RAY_TMPDIR to another.")
    refuse_no_room()


def _rays_folder() -> Path:
    return Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp")
