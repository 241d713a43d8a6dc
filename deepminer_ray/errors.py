"""The errors a user is meant to see."""

import errno

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)
"""What a disk answers that cannot be written: no fault of the program."""


class BadInput(ValueError):  # noqa: N818 (it is the input that is bad, not the program)
    """A request that cannot be carried out; its text is one sentence saying what is wrong and what to do."""


def reason(error: BaseException) -> str:
    """What an error says, in a line: damaged input raises whatever its first wrong value leads to."""
    lines = str(error).splitlines() or [""]
    if isinstance(error, BadInput | OSError):
        return str(error) if isinstance(error, BadInput) else lines[0]
    return f"It cannot be read ({type(error).__name__}: {lines[0][:200]})."


class Unreachable(Exception):  # noqa: N818 (it is read as it stands)
    """Storage that may answer later: no fault of the file that was asked for, which must not be rejected for it."""
