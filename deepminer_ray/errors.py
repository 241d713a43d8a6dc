"""The errors a user is meant to see."""

import errno

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)
"""What a disk answers that cannot be written: no fault of the program."""


LONGEST_SENTENCE, SENTENCE_END = 800, 150
"""Characters of a sentence, and of its end where it is cut; what it quotes of a file may be a megabyte."""


def sentence(text: str) -> str:
    """A text as it can be shown anywhere: in one line, not too long, and what does not print escaped.

    Else what it quotes of a file could write to the reader's terminal, or not be written at all.
    """
    line = _shortened(" ".join(text.split("\n")).strip())
    return _shortened("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line))


def _shortened(line: str) -> str:
    return (
        line
        if len(line) <= LONGEST_SENTENCE
        else f"{line[: LONGEST_SENTENCE - SENTENCE_END]} ... {line[-SENTENCE_END:]}"
    )


class BadInput(ValueError):  # noqa: N818 (it is the input that is bad, not the program)
    """A request that cannot be carried out; its text is one sentence saying what is wrong and what to do."""

    def __init__(self, text: str):
        super().__init__(sentence(text))


class FinishedOtherwise(BadInput):
    """A stage that was finished with other options than those it is called with."""


def reason(error: BaseException) -> str:
    """What an error says, in a line: damaged input raises whatever its first wrong value leads to."""
    lines = str(error).splitlines() or [""]
    if isinstance(error, BadInput | OSError):
        return str(error) if isinstance(error, BadInput) else sentence(lines[0])
    return sentence(f"It cannot be read ({type(error).__name__}: {lines[0][:200]}).")


class Unreachable(Exception):  # noqa: N818 (it is read as it stands)
    """Storage that may answer later: no fault of the file that was asked for, which must not be rejected for it."""
