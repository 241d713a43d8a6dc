"""Word vectors as text: a word and its numbers on each line, as word2vec, GloVe and fastText write them.

A word may have blanks in it, as some of GloVe's 840 billion have, so the numbers are counted from the end of the line.
"""

import gzip
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LONGEST_LINE = 2**20
"""Bytes of a word with its vector as text."""
LINES_TRIED = 1000
"""Lines that say how many numbers a vector has."""
LEFT_OUT, LINES_NAMED = 0.01, 5
"""Share of the lines that may be left out, one of few lines too, and how many of them are named."""
LETTERS_OF_LINE = 40
BYTES_OF_TEXT_NUMBER = 2
"""At least, with its blank."""
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class VectorLines:
    """Words, their vectors [words, vector size] in the same order, and what is to be said of lines left out."""

    words: list[str]
    vectors: NDArray[np.float32]
    remark: str


@dataclass(frozen=True)
class _FirstReading:
    """What a first reading tells: numbers in a vector, words that the file announces, lines and bytes."""

    size: int
    announced: int | None
    lines: int
    length: int


def read_vector_lines(path: Path) -> VectorLines:
    """What a file of text holds, packed or not; ValueError where it is not one of vectors.

    A line that is not a word and as many finite numbers as others have is left out and named, unless there are more of
    these than one or one in a hundred. Of a word that is there twice the first vector counts.
    """
    shape = _first_reading(path)
    most = min(shape.announced or shape.lines, shape.length // (BYTES_OF_TEXT_NUMBER * shape.size) + 1)
    vectors, words, bad = np.empty((most, shape.size), np.float32), dict[str, int](), list[tuple[int, bytes]]()
    lines = 0
    for number, line in _text_lines(path, skipped=shape.announced is not None):
        if lines == shape.announced:
            break
        lines += 1
        parts = line.rsplit(None, shape.size)
        values = _numbers_of_line(line[len(parts[0]) :], shape.size) if len(parts) == shape.size + 1 else None
        word = _word(parts[0]) if values is not None else None
        if values is None or word is None:
            bad.append((number, line))
        elif word not in words:
            vectors[len(words)] = values
            words[word] = len(words)
    if lines < (shape.announced or 0):
        raise ValueError(f"it announces {shape.announced} vectors, and has {lines}: it was cut off")
    if len(bad) > max(1, int(LEFT_OUT * lines)) or len(bad) >= lines - len(bad):
        raise ValueError(f"its lines are not a word and equally many numbers each, such as {_named(bad, shape.size)}")
    remark = f"{path.name}: {_named(bad, shape.size)}: left out" if bad else ""
    return VectorLines(list(words), vectors[: len(words)], remark)


def _first_reading(path: Path) -> _FirstReading:
    """The first reading; a ValueError where nothing can be a vector."""
    with _lines_file(path) as file:
        first = file.readline(LONGEST_LINE).split()
    has_header = len(first) == 2 and all(part.isdigit() for part in first)
    counts, lines, length = Counter[int](), 0, 0
    for _, line in _text_lines(path, skipped=has_header):
        lines, length = lines + 1, length + len(line) + 1
        if lines <= LINES_TRIED:
            counts[len(line.split()) - 1] += 1
    size = int(first[1]) if has_header else max(counts, key=lambda size: (counts[size], size), default=0)
    if size < 1:
        raise ValueError("its vectors have no numbers")
    announced = int(first[0]) if has_header else None
    if announced is not None and announced * (BYTES_OF_TEXT_NUMBER * size + 1) > length:
        raise ValueError(f"it announces {announced} vectors of {size} numbers, more than its bytes can hold")
    return _FirstReading(size, announced, lines, length)


def _lines_file(path: Path) -> "gzip.GzipFile":
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def _text_lines(path: Path, *, skipped: bool) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank and their numbers, without what ends them; the first one may be skipped."""
    with _lines_file(path) as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise ValueError(f"its lines are not a word and equally many numbers each: line {number} is too long")
            if (text := line.rstrip()) and not (skipped and number == 1):
                yield number, text


def _numbers_of_line(text: bytes, size: int) -> NDArray[np.float32] | None:
    """The numbers of a line, or None where they are not finite numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(text, np.float32, sep=" ")
        except (ValueError, DeprecationWarning, RuntimeWarning):
            return None
    return values if len(values) == size and np.isfinite(values).all() else None


def _word(text: bytes) -> str | None:
    with suppress(UnicodeDecodeError):
        return text.decode() or None
    return None


def _named(bad: list[tuple[int, bytes]], size: int) -> str:
    """The first lines that are left out, and what is wrong with them."""
    lines = ", ".join(
        f"line {number} ({line[:LETTERS_OF_LINE].decode(errors='replace')!r})" for number, line in bad[:LINES_NAMED]
    )
    more = f" and {len(bad) - LINES_NAMED} more" if len(bad) > LINES_NAMED else ""
    are = "are not" if len(bad) > 1 else "is not"
    return f"{lines}{more}, which {are} a word and {size} numbers"
