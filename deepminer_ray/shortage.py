"""Want of memory in a worker: told from other failures, and said in one sentence that says what to change."""

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
"""In what Ray says of a process that ended without a word, as one does that the system kills for want of memory."""

LESS = "use a smaller --at-once (or --batch), or fewer --workers on a machine"
SENTENCE = f"A worker ran out of memory: {LESS}."


def is_shortage(error: BaseException | str) -> bool:
    """Whether an error, or what was said of it, is want of memory."""
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY)


DIED = ("WorkerCrashedError", "ActorDiedError", "OutOfMemoryError")
"""What Ray raises when work has lost its worker once more than it may."""
FEWER = "let fewer work at once (--workers, or a Ray of fewer CPUs), or use a machine with more memory"


def deaths(over: str) -> BadInput:
    """What to say of work over which every worker dies."""
    return BadInput(
        f"Workers died one after the other{over}, most likely killed for want of memory: {FEWER}; what was finished is "
        "kept."
    )


def ended_by(error: BaseException, work: str = "") -> BadInput | None:
    """What to say of an error that ended some work, if memory was wanting or is the likely cause."""
    over = f" over {work}" if work else ""
    if type(error).__name__ in DIED:
        return deaths(over)
    if is_shortage(error):
        return BadInput(f"Memory ran out{over}: {FEWER}; what was finished is kept.")
    return None
