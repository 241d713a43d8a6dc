"""Want of memory in a worker: told from other failures, and said in one sentence that says what to change."""

NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "OutOfMemory",
    "not enough memory",
    "Unable to allocate",
    "low on memory",
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
