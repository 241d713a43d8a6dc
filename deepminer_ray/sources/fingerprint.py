"""Whether a film's file is the one that was catalogued: by its size and its two ends, so that nothing large is read."""

import hashlib

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import place, read_ends, refuse_special

END = 2**16
"""Bytes of each end: headers, and in most compressions what depends on all before it."""


def fingerprint(named: str) -> str:
    """A file's size in bytes and the SHA-256 of its first and last 64 KiB, which overlap where it is smaller.

    BadInput where it is not a regular file, OSError where it cannot be read, Unreachable where a bucket does not
    answer.
    """
    file = place(named)
    refuse_special(file)
    size, first, last = read_ends(file, END)
    return f"{size} {hashlib.sha256(first + last).hexdigest()}"


def refuse_changed(file: str, catalogued: str | None) -> None:
    """BadInput where a file is another than when it was catalogued, or no regular file, which would be waited for.

    None is of an earlier version, which kept nothing: there is nothing to compare with. A copy of the file is the same,
    whatever its times say.
    """
    refuse_special(place(file))
    if catalogued is not None and fingerprint(file) != catalogued:
        raise BadInput(
            "The file changed since it was catalogued: `deepminer catalog RUN SOURCE --again` reads it again, or bring "
            "the old one back."
        )
