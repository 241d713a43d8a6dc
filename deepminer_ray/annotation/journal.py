"""`RUN/annotation.jsonl`: answers as they are saved, one line an answer, on disk before anyone is told so.

A line is `LENGTH CHECKSUM ANSWER`: the bytes of the answer, their CRC-32 in hexadecimal, and the answer as JSON. What a
crash, a disk or an editor did to one line harms no other; lines of earlier versions are the answer alone.
"""

import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.aliases import Rows
from deepminer_ray.errors import BadInput
from deepminer_ray.files.disk import sync_to_disk

ANNOTATION = pa.schema(
    [
        ("unit", pa.int32()),
        ("annotator", pa.string()),
        ("version", pa.int32()),
        ("position", pa.int32()),
        ("recognizable", pa.bool_()),
        ("phenomenon", pa.string()),
        ("category", pa.string()),
        ("terms", pa.string()),
        ("association", pa.string()),
        ("confidence", pa.string()),
        ("repeat", pa.bool_()),
        ("checkpoint", pa.string()),
        ("saved_at", pa.timestamp("us")),
    ]
)
"""The columns of `annotation`."""

FRAME = re.compile(rb"(\d{1,9}) ([0-9a-f]{8}) (?=\[)")
UNFRAMED = re.compile(rb"(?<![0-9a-f]{8} )(?=\[\{)")
"""What a frame announces must keep it; only an answer that never had one goes without."""
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, pa.ArrowException)
"""What a damaged answer leads to."""


class Journal:
    """Appends answers; a line that a crash cut off was never acknowledged and is set aside."""

    def __init__(self, file: Path):
        self.file = file
        self.descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        written = file.read_bytes()
        whole = written.rfind(b"\n") + 1
        if whole < len(written):
            set_aside(file, [written[whole:]])
            os.ftruncate(self.descriptor, whole)
        sync_to_disk(file.parent)

    def append(self, rows: Rows) -> None:
        """Put one answer on disk; BadInput where that fails, and then nothing of it is left."""
        answer = json.dumps(rows, default=datetime.isoformat).encode()
        line = b"%d %08x %s\n" % (len(answer), zlib.crc32(answer), answer)
        before = os.fstat(self.descriptor).st_size
        try:
            if os.write(self.descriptor, line) < len(line):
                raise OSError("the disk is full")
            os.fsync(self.descriptor)
        except OSError as error:
            os.ftruncate(self.descriptor, before)
            raise BadInput(f"{self.file} cannot be written: {error.strerror or error}.") from error

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


@dataclass(slots=True)
class Journaled:
    """What a journal holds: the rows of all answers that are whole, None where there are none; and its other lines."""

    rows: pa.Table | None = None
    damaged: list[bytes] = field(default_factory=list)


def journaled(file: Path) -> Journaled:
    """Read a journal; a damaged line is never an error. What follows the last line's end was not acknowledged."""
    journal = Journaled()
    try:
        lines = file.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return journal
    answers = []
    for line in lines:
        answer = next(_answers_in_line(line), None)
        if answer is not None:
            answers.append(answer)
        elif line.strip():
            journal.damaged.append(line)
    journal.rows = pa.concat_tables(answers) if answers else None
    return journal


def _answers_in_line(line: bytes) -> Iterator[pa.Table]:
    """The answer that a line is or, where something was written or lost before it, ends with."""
    for start in FRAME.finditer(line):
        answer = line[start.end() :]
        if len(answer) == int(start[1]) and zlib.crc32(answer) == int(start[2], 16):
            yield from _read_answer(answer)
    for begun in UNFRAMED.finditer(line):
        yield from _read_answer(line[begun.start() :])


def _read_answer(answer: bytes) -> Iterator[pa.Table]:
    try:
        rows = [
            # An earlier version took 1 and 0 for true and false.
            row | {"saved_at": datetime.fromisoformat(row["saved_at"]), "recognizable": _boolean(row["recognizable"])}
            for row in json.loads(answer)
        ]
        table = pa.Table.from_pylist(rows, ANNOTATION)
        table.validate(full=True)
    except UNREADABLE:
        return
    if not table["unit"].null_count and not table["annotator"].null_count:
        yield table


def _boolean(value: Any) -> bool | None:
    if value is not None and value not in (True, False):
        raise ValueError(value)
    return None if value is None else bool(value)


def set_aside(journal: Path, damaged: list[bytes]) -> Path:
    """Put damaged lines into `annotation.damaged` beside the journal, each once; the file."""
    file = journal.with_suffix(".damaged")
    known = file.read_bytes() if file.is_file() else b""
    new = [line for line in damaged if line not in known]
    if new:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as kept:
            kept.writelines(line + b"\n" for line in new)
            kept.flush()
            os.fsync(kept.fileno())
        sync_to_disk(file.parent)
    return file
