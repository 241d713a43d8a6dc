"""Where films, patches and checkpoints lie: a path of this machine, or an object of a bucket by its URI."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self
from uuid import uuid4

from deepminer_ray.errors import BadInput, Unreachable
from deepminer_ray.files.bucket import GOOGLE, bucket_failure, filesystem_of, no_bucket

URI = re.compile(r"([a-z][a-z0-9+.-]+)://(.*)", re.DOTALL)
PARTIAL = ".partial"
"""Stands in the name of a file that is not whole yet."""


@dataclass(frozen=True, order=True, slots=True)
class Remote:
    """An object or a folder of a bucket, with as much of pathlib's interface as is used here.

    FileNotFoundError where it should be read and is not there; Unreachable where the bucket cannot be asked.
    """

    scheme: str
    path: PurePosixPath

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}"

    def __truediv__(self, below: str) -> Self:
        return self._at(self.path / below)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def suffix(self) -> str:
        return self.path.suffix

    @property
    def parent(self) -> Self:
        return self._at(self.path.parent)

    def with_name(self, name: str) -> Self:
        return self._at(self.path.with_name(name))

    def absolute(self) -> Self:
        """Itself, as every URI is absolute."""
        return self

    def is_file(self) -> bool:
        return bool(self._info().is_file)

    def is_dir(self) -> bool:
        """Whether there is anything below it: a bucket has no empty folders."""
        return not self._info().is_file and next(self._below(recursive=True), None) is not None

    def exists(self) -> bool:
        return self.is_file() or self.is_dir()

    def glob(self, pattern: str) -> Iterator[Self]:
        """The files right below it whose name fits."""
        return (file for file, _ in self._below(recursive=False) if fnmatch(file.name, pattern))

    def rglob(self, pattern: str) -> Iterator[Self]:
        """The files anywhere below it whose name fits."""
        return (file for file, _ in self._below(recursive=True) if fnmatch(file.name, pattern))

    def states(self) -> dict[str, str]:
        """For every file below it, by URI, what changes when it is written again."""
        return {str(file): f"{info.size} {info.mtime_ns}" for file, info in self._below(recursive=True)}

    def read_bytes(self) -> bytes:
        with self._asked("read") as filesystem, filesystem.open_input_stream(str(self.path)) as stream:
            content: bytes = stream.read()
        return content

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    @contextmanager
    def seekable(self) -> Iterator[IO[bytes]]:
        """Its content as a file to read, of which only what is read is fetched."""
        with self._asked("read") as filesystem, filesystem.open_input_file(str(self.path)) as file:
            yield file

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Its content, fetched whole, as a file to read."""
        if mode != "rb":
            raise ValueError(f"objects of a bucket are read or written whole, not opened as {mode!r}")
        return BytesIO(self.read_bytes())

    def write_bytes(self, content: Any) -> None:
        """Put it there whole: others see the old object or the new one."""
        with self._asked("written") as filesystem, filesystem.open_output_stream(str(self.path)) as stream:
            stream.write(content)

    def unlink(self, missing_ok: bool = False) -> None:
        with self._asked("removed") as filesystem:
            if not missing_ok or filesystem.get_file_info(str(self.path)).is_file:
                filesystem.delete_file(str(self.path))

    def remove_below(self) -> None:
        """Remove every file below it."""
        with self._asked("removed") as filesystem, suppress(FileNotFoundError):
            filesystem.delete_dir_contents(str(self.path), missing_dir_ok=True)

    def _at(self, path: PurePosixPath) -> Self:
        return type(self)(self.scheme, path)

    def _info(self) -> Any:
        """What is there; Google's client says of an object in no bucket only that there is none."""
        from pyarrow.fs import FileType

        if self.scheme in GOOGLE and len(self.path.parts) == 1:
            return self._bucket_info()
        with self._asked("read") as filesystem:
            info = filesystem.get_file_info(str(self.path))
        if self.scheme in GOOGLE and info.type == FileType.NotFound:
            self._bucket_info()
        return info

    def _bucket_info(self) -> Any:
        """Of a bucket of Google's; who may read its objects need not be allowed to ask about it."""
        from pyarrow.fs import FileInfo, FileType

        with self._asked("read") as filesystem:
            try:
                info = filesystem.get_file_info(self.path.parts[0])
            except PermissionError:
                return FileInfo(self.path.parts[0], FileType.Directory)
        if info.type == FileType.NotFound:
            raise Unreachable(no_bucket(str(self)))
        return info

    def _below(self, recursive: bool) -> Iterator[tuple[Self, Any]]:
        from pyarrow.fs import FileSelector

        google = self.scheme in GOOGLE  # whose client says in another way than all others that there is nothing
        try:
            with self._asked("listed") as filesystem:
                below = FileSelector(str(self.path), allow_not_found=google, recursive=recursive)
                files = filesystem.get_file_info(below)
        except FileNotFoundError:
            return
        if google and not files:
            self._bucket_info()
        for info in sorted(files, key=lambda info: str(info.path)):
            if info.is_file:
                yield self._at(PurePosixPath(info.path)), info

    @contextmanager
    def _asked(self, what: str) -> Iterator[Any]:
        import pyarrow as pa

        try:
            yield filesystem_of(self.scheme, self.path.parts[0] if self.path.parts else "")
        except FileNotFoundError as error:
            if what == "written":
                raise Unreachable(no_bucket(str(self))) from error
            raise
        except (OSError, pa.ArrowException) as error:
            raise Unreachable(bucket_failure(str(self), what, str(error))) from error


Place = Path | Remote
"""Where something lies."""


def place(text: "str | Place") -> Place:
    """What a path or a URI (`s3://bucket/key`, `gs://...`, `file:///...`) names; BadInput for other kinds of URI."""
    if isinstance(text, Path | Remote):
        return text
    uri = URI.fullmatch(text)
    if uri is None:
        return Path(text)
    scheme, rest = uri[1], uri[2]
    if scheme == "file":
        return Path("/" + rest.lstrip("/"))
    if "?" in rest or not rest.strip("/"):
        raise BadInput(f"{text} names no bucket, or has options: give an endpoint by AWS_ENDPOINT_URL and the like.")
    filesystem_of(scheme, rest.split("/")[0])
    return Remote(scheme, PurePosixPath(rest.strip("/")))


def resolved(text: "str | Place") -> Place:
    """The same place by its full name, links of a path followed."""
    location = place(text)
    return location.resolve() if isinstance(location, Path) else location


def states(files: Sequence[str]) -> dict[str, str]:
    """For every file that is there what changes when it is written again, its size and time of change.

    A bucket is asked by listing the folder above all of them, a thousand at once, instead of one by one.
    """
    places = [place(file) for file in files]
    state_of = {}
    for file in places:
        if isinstance(file, Path):
            with suppress(OSError):
                state_of[str(file)] = f"{file.stat().st_size} {file.stat().st_mtime_ns}"
    remote = [file for file in places if isinstance(file, Remote)]
    for bucket in {(file.scheme, file.path.parts[0]) for file in remote}:
        folders = [str(file.path.parent) for file in remote if (file.scheme, file.path.parts[0]) == bucket]
        state_of |= Remote(bucket[0], PurePosixPath(os.path.commonpath(folders))).states()
    return state_of


def remove(folder: Place) -> None:
    """Remove a folder with all that is in it, whether or not it is there."""
    import shutil

    if isinstance(folder, Remote):
        folder.remove_below()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def files_in(folder: Place) -> list[Place]:
    """The files right in a folder, by name."""
    if isinstance(folder, Remote):
        return list(folder.glob("*"))
    return [file for file in sorted(folder.iterdir()) if file.is_file()]


def refuse_special(file: Place) -> None:
    """BadInput where a path is there and no regular file: a pipe would be waited for, a device read for ever.

    Nor is there a file by a name that no file can have.
    """
    if isinstance(file, Remote):
        return
    try:
        special = file.exists() and not file.is_file()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if special or "\0" in str(file):
        raise BadInput(f"{file} is not a regular file.")


def read_start(file: Place, size: int) -> bytes:
    """The first bytes of a file."""
    with file.seekable() if isinstance(file, Remote) else file.open("rb") as stream:
        return stream.read(size)


def read_ends(file: Place, size: int) -> tuple[int, bytes, bytes]:
    """How many bytes a file has, its first ones and its last ones, which overlap where it is small."""
    with file.seekable() if isinstance(file, Remote) else file.open("rb") as stream:
        first, end = stream.read(size), stream.seek(0, os.SEEK_END)
        stream.seek(max(0, end - size))
        return end, first, stream.read(size)


def write_whole(file: Place, content: Any) -> None:
    """Write a file, whole or not at all: a killed writer leaves only what nobody reads."""
    if isinstance(file, Path):
        file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) if isinstance(file, Path) else nullcontext(file) as target:
        target.write_bytes(content)


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Another path to write, which becomes the file when it is whole; where writing fails nothing of it is left."""
    # Two may write it: one was taken for dead. torch writes into a file what stands before its name's last point.
    partial = file.with_name(f"{file.stem}{PARTIAL}-{uuid4().hex[:8]}")
    try:
        yield partial
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def arrow_file(file: Place) -> Any:
    """A file for Arrow to read; one in a bucket is fetched whole."""
    import pyarrow as pa

    return pa.BufferReader(file.read_bytes()) if isinstance(file, Remote) else pa.OSFile(str(file))


def arrow_folder(folder: Place) -> tuple[Any, str]:
    """A folder as Arrow's filesystem and the path in it."""
    from pyarrow.fs import LocalFileSystem

    if isinstance(folder, Remote):
        return filesystem_of(folder.scheme, folder.path.parts[0]), str(folder.path)
    return LocalFileSystem(), str(folder)
