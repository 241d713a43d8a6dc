"""DICOM files as they come: without preamble, with tags left out or of odd kinds; and how their values are stored."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, read_start, refuse_special

PREAMBLE, MAGIC = 128, b"DICM"
FIRST_GROUPS = (0x0002, 0x0008)
"""What a file begins with that has no preamble: what says how it is written, or what identifies it."""
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
IN_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
"""What DICOM calls the images that are read."""
MOST_BITS = 16
PIXEL_DATA = 0x7FE00010

ROOT = "1.2.840.10008.1.2"
DEFLATED = f"{ROOT}.1.99"
NATIVE = ("", ROOT, f"{ROOT}.1", DEFLATED, f"{ROOT}.2")
"""Transfer syntaxes that are not compressed, or deflated as a whole; "" is a file that says nothing of itself."""
RUN_LENGTHS = f"{ROOT}.5"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the values of an image are stored: `stored` bits of each up to bit `high`, in `allocated` bits.

    `syntax` is the UID of the transfer syntax, empty where the file does not say it.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    allocated: int
    stored: int
    high: int
    signed: bool
    photometric: str
    syntax: str
    little: bool

    @property
    def compressed(self) -> bool:
        """Whether values are coded, and not as they were stored."""
        return self.syntax not in (*NATIVE, RUN_LENGTHS)


def is_dicom(file: Place, what: str = "image") -> bool:
    """Whether a file begins as DICOM does, with its preamble or without; BadInput where it cannot be read."""
    refuse_special(file)
    try:
        start = read_start(file, PREAMBLE + len(MAGIC))
    except OSError as error:
        raise BadInput(f"The {what} {file.name} cannot be read: {error.strerror}") from error
    return start[PREAMBLE:] == MAGIC or _is_first_element(start[:8])


def _is_first_element(start: bytes) -> bool:
    """Whether these 8 bytes are the tag, and the kind or length, of what a file without preamble begins with."""
    if len(start) < 8:
        return False
    kind = start[4:6].isalpha() and start[4:6].isupper()
    for little in (True, False):
        group, element = (_number_at(start, place, little) for place in (0, 2))
        if group in FIRST_GROUPS and element < 0x100 and (kind or (little and start[6:8] == b"\0\0")):
            return True
    return False


def _number_at(start: bytes, place: int, little: bool) -> int:
    return int.from_bytes(start[place : place + 2], "little" if little else "big")


def read_dataset(file: Place, what: str) -> Any:
    """The header of a file, up to its pixels, as pydicom reads it; BadInput where it cannot be read.

    The last one of this machine's is kept, as a source and what is known beside it ask one after the other.
    """
    if isinstance(file, Path):
        with suppress(OSError):
            state = file.stat()
            return _kept_header(file, what, (state.st_ino, state.st_size, state.st_mtime_ns))
    return _header(file, what)


@lru_cache(maxsize=1)
def _kept_header(file: Place, what: str, state: tuple[int, int, int]) -> Any:
    return _header(file, what)


def _header(file: Place, what: str) -> Any:
    with _opened(file, what) as (dataset, _):
        return dataset


def read_pixel_data(file: Place, what: str) -> tuple[Any, bytes]:
    """The header of a file as `read_dataset` gives it, and its pixels as they are stored, coded or not.

    Nothing that comes after the pixels is read: it could say something else of them than the header.
    """
    with _opened(file, what) as (dataset, stream):
        if dataset.original_encoding[0] is None or _syntax(dataset) == DEFLATED:
            content = _whole_dataset(stream).get_item(PIXEL_DATA)
        else:
            from pydicom.filereader import data_element_generator

            content = next(data_element_generator(cast(BinaryIO, stream), *dataset.original_encoding), None)
        if content is None or content.tag != PIXEL_DATA or not content.value:
            raise BadInput(f"The {what} {file.name} has no pixels.")
        return dataset, content.value


@contextmanager
def _opened(file: Place, what: str) -> Iterator[tuple[Any, IO[bytes]]]:
    """A file's header, and the file behind it; BadInput for whatever is raised while it is read."""
    import pydicom  # half a second that DDSM's films need not pay

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE  # what matters is looked at here
    try:
        with file.open("rb") as stream:
            yield pydicom.dcmread(stream, stop_before_pixels=True, force=True), stream
    except BadInput:
        raise
    except Exception as error:  # a damaged header raises whatever its first wrong value leads to
        raise BadInput(f"The {what} {file.name} cannot be read: {error}") from error


def colour_values(file: Place) -> Any:
    """The pixels [rows, columns, 3] of an image in colour, red first, as pydicom decodes them, or what it raises."""
    with file.open("rb") as stream:
        return _whole_dataset(stream).pixel_array


def _whole_dataset(stream: IO[bytes]) -> Any:
    """All of a file: one that is deflated can only be read so."""
    import pydicom

    stream.seek(0)
    return pydicom.dcmread(stream, force=True)


def _syntax(dataset: Any) -> str:
    return str(getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", "")).strip()


def layout_of(dataset: Any, name: str, what: str, channels: int = 1) -> Layout:
    """How an image of so many channels stores its values; BadInput where it is none, or its header does not say."""
    rows, columns, allocated = (_needed(dataset, tag, name, what) for tag in ("Rows", "Columns", "BitsAllocated"))
    photometric = "".join(words_of(dataset, "PhotometricInterpretation")[:1]).upper()
    samples = _whole(dataset, "SamplesPerPixel", 3 if photometric in IN_COLOUR else 1)
    stored = _whole(dataset, "BitsStored", allocated)
    high = _whole(dataset, "HighBit", stored - 1)
    layout = Layout(
        rows=rows,
        columns=columns,
        frames=max(1, _whole(dataset, "NumberOfFrames", 1)),
        samples=samples,
        allocated=allocated,
        stored=stored,
        high=high if stored <= high + 1 <= allocated else stored - 1,
        signed=_whole(dataset, "PixelRepresentation", 0) == 1,
        photometric=photometric,
        syntax=str(getattr(dataset.file_meta, "TransferSyntaxUID", "")).strip()
        if hasattr(dataset, "file_meta")
        else "",
        little=dataset.original_encoding[1] is not False,
    )
    plain = layout.rows > 0 < layout.columns and allocated in (8, MOST_BITS) and 1 <= stored <= allocated
    if not (plain and layout.photometric in {1: MONOCHROME, 3: IN_COLOUR}.get(samples, ())):
        kind = "image in colour" if channels > 1 else "grey image"
        raise BadInput(f"The {what} {name} is not one {kind} of at most {MOST_BITS} bits.")
    return layout


def _needed(dataset: Any, keyword: str, name: str, what: str) -> int:
    values = numbers_of(dataset, keyword)
    if not values or not values[0].is_integer():
        raise BadInput(f"The {what} {name} cannot be read: its header has no {keyword}.")
    return int(values[0])


def _whole(dataset: Any, keyword: str, default: int) -> int:
    """A whole number of the header; the default where it does not say one."""
    values = numbers_of(dataset, keyword)
    return int(values[0]) if values else default


def words_of(dataset: Any, keyword: str) -> list[str]:
    """The values of a tag as text without blanks around, whatever kind the file says they are; none where it is not
    there."""
    values = [
        one.decode("latin-1").split("\\") if isinstance(one, bytes) else [str(one)]
        for one in _values_of(dataset, keyword)
        if one is not None
    ]
    return [text for several in values for one in several if (text := one.strip(" \0\n\r\t"))]


def numbers_of(dataset: Any, keyword: str) -> list[float]:
    """The values of a tag as finite numbers, whatever kind the file says they are; none where one is none."""
    numbers = []
    for one in _values_of(dataset, keyword):
        try:
            if isinstance(one, bytes):
                numbers += _numbers_in(one, dataset)
            else:
                numbers.append(float(str(one).replace(",", ".")))
        except ValueError:
            return []
    return numbers if all(map(math.isfinite, numbers)) else []


def _numbers_in(value: bytes, dataset: Any) -> list[float]:
    """Numbers that stand as text, or else as one of 2 or 4 bytes."""
    text = value.decode("latin-1").strip(" \0")
    try:
        return [float(one.replace(",", ".")) for one in text.split("\\")]
    except ValueError:
        if len(value) not in (2, 4):
            raise
        return [float(int.from_bytes(value, "little" if dataset.original_encoding[1] is not False else "big"))]


def of_frames(dataset: Any, sequence: str) -> Any:
    """What a functional group says of all frames or of the first; the header itself where it has no such group.

    Images of tomosynthesis, and mammograms computed from them, say so what others say in their header.
    """
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in items_of(dataset, groups)[:1]:
            for item in items_of(group, sequence)[:1]:
                return item
    return dataset


def items_of(dataset: Any, sequence: str) -> list[Any]:
    """The items of a sequence, none where it is not there; BadInput where it is damaged."""
    try:
        value = dataset.get(sequence)
    except Exception as error:  # pydicom raises nearly anything where a sequence is first looked at
        raise BadInput(f"its {sequence} is damaged: {error}") from error
    return [item for item in value if hasattr(item, "get_item")] if isinstance(value, Iterable) else []


def bytes_of(dataset: Any, keyword: str) -> bytes:
    """The value of a tag that is bytes; none where it is something else."""
    return next((one for one in _values_of(dataset, keyword) if isinstance(one, bytes)), b"")


def _values_of(dataset: Any, keyword: str) -> list[Any]:
    """The values of a tag, each as pydicom has it; its bytes where it has a kind that does not fit them."""
    try:
        value = dataset.get(keyword)
    except Exception:  # pydicom raises nearly anything where a value is first looked at
        value = dataset.get_item(keyword).value
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | bytes | int | float) or not hasattr(value, "__iter__") else list(value)
