"""`RUN/annotation.jsonl`: answers as they are saved, one line an answer, on disk before anyone is told so."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray.errors import BadInput

Rows = list[dict[str, Any]]

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


class Journal:
    """Appends answers; a line that a crash cut off was never acknowledged and is left out."""

    def __init__(self, file: Path):
        self.file = file
        self.descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        whole = file.read_bytes().rfind(b"\n") + 1
        os.ftruncate(self.descriptor, whole)
        _to_disk(file.parent)

    def append(self, rows: Rows) -> None:
        """Put one answer on disk; BadInput where that fails, and then nothing of it is left."""
        line = json.dumps(rows, default=datetime.isoformat).encode() + b"\n"
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


def journaled(file: Path) -> pa.Table | None:
    """The rows of all whole lines; None where there are none."""
    try:
        lines = file.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return None
    rows = [row | {"saved_at": datetime.fromisoformat(row["saved_at"])} for line in lines for row in json.loads(line)]
    return pa.Table.from_pylist(rows, ANNOTATION) if rows else None


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
