"""Whether a film's shard is the one that was cut: its digest is in a list beside the patches, and it is compared when a
process first reads it."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, arrow_file

SHARDS = "_shards.arrow"
"""Beside the patches, once all films are cut: the digests of each film's two shards."""
SHARD_KINDS = ("scan", "patch")
DIGEST_BYTES = 16
LIST = pa.schema([("scan_number", pa.int32()), *((kind, pa.binary(DIGEST_BYTES)) for kind in SHARD_KINDS)])
REMEMBERED = 100_000
"""Shards a process knows to be right; it reads others once more than needed."""

State = tuple[str, int, int, int, int]
_right: set[State] = set()
"""Of the shards that this process found right: path, inode, size, times. No one sets the time of a file's last change
back unnoticed."""


@dataclass(frozen=True, slots=True)
class Shards:
    """A list of shards, in the order of the films' numbers."""

    numbers: NDArray[np.int32]
    rows: pa.Table

    def of(self, kind: str, number: int) -> bytes | None:
        """The digest of a film's shard, None where the film was not cut."""
        index = int(np.searchsorted(self.numbers, number))
        if index == len(self.numbers) or self.numbers[index] != number:
            return None
        digest: bytes = self.rows[kind][index].as_py()
        return digest


def content_digest(content: bytes) -> bytes:
    """The first 16 bytes of a content's SHA-256."""
    return hashlib.sha256(content).digest()[:DIGEST_BYTES]


def listed(digests: Mapping[int, tuple[bytes, bytes]]) -> bytes:
    """The list of shards, as a file: for each film's number the digests of its scan and of its patches."""
    rows = [(number, *digests[number]) for number in sorted(digests)]
    columns = zip(*rows, strict=True) if rows else [[] for _ in LIST]
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, LIST, strict=True)], LIST)
    written = pa.BufferOutputStream()
    with pa.ipc.new_file(written, LIST) as writer:
        writer.write_table(table)
    content: bytes = written.getvalue().to_pybytes()
    return content


def read_list(folder: Place) -> Shards | None:
    """The list beside the patches of a folder; None where they were not all cut, or by an earlier version."""
    file = folder / SHARDS
    try:
        with arrow_file(file) as stream, pa.ipc.open_file(stream) as reader:
            table = reader.read_all().select(LIST.names).combine_chunks()
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError, KeyError) as error:
        raise BadInput(
            f"{file} cannot be read: bring it back, or `deepminer cut RUN --again` makes it again."
        ) from error
    return Shards(table["scan_number"].to_numpy(), table)


@contextmanager
def opened_shard(file: Place) -> Iterator[Any]:
    """A shard for Arrow to read; BadInput that names it where it is missing, damaged, or not the one that was cut.

    Where no list is beside the patches, there is nothing to compare with.
    """
    try:
        with _opened_if_right(file) as stream:
            yield stream
    except BadInput:
        raise
    except FileNotFoundError as error:
        raise BadInput(
            f"There is no {file}, which `cut` made: bring it back, or `deepminer cut RUN --again` cuts its image again."
        ) from error
    except (pa.ArrowException, OSError, LookupError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or cut short"
        raise BadInput(
            f"{file} cannot be read, {said}: bring the right one back, or `deepminer cut RUN --again` cuts it again."
        ) from error


def _opened_if_right(file: Place) -> Any:
    if not isinstance(file, Path):
        content = file.read_bytes()
        _refuse_other(file, content)
        return pa.BufferReader(content)
    state = _file_state(file)
    if state in _right or not (file.parent.parent / "patch" / SHARDS).is_file():
        return arrow_file(file)
    content = file.read_bytes()
    _refuse_other(file, content)
    if len(_right) >= REMEMBERED:
        _right.clear()
    _right.add(state)
    return pa.BufferReader(content)


def _refuse_other(file: Place, content: bytes) -> None:
    """BadInput where a shard's content is not what the list says; one that was kept in mind may have been renewed."""
    folder, kind = file.parent.parent / "patch", file.parent.name
    if kind not in SHARD_KINDS:
        return
    number, digest = int(file.stem), content_digest(content)
    shards = _remembered_list(folder)
    if shards is None or shards.of(kind, number) != digest:
        _remembered_list.cache_clear()
        shards = _remembered_list(folder)
    if shards is not None and shards.of(kind, number) != digest:
        raise BadInput(
            f"{file} is not the one that `cut` made: bring that back, or `deepminer cut RUN --again` cuts its image "
            "again."
        )


@lru_cache(maxsize=4)
def _remembered_list(folder: Place) -> Shards | None:
    return read_list(folder)


def _file_state(file: Path) -> State:
    stat = file.stat()
    return str(file), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
