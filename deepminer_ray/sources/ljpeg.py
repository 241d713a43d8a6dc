"""Lossless JPEG: PVRG's dialect of T.81, whose first line every other decoder gets wrong, in DDSM; and T.81's own."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import entropy, huffman

START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8", 0xD9
FIRST_RESTART = 0xD0
LOSSLESS_FRAME, HUFFMAN_TABLES, START_OF_SCAN, RESTART_INTERVAL = 0xC3, 0xC4, 0xDA, 0xDD
OTHER_FRAMES = frozenset(range(0xC0, 0xD0)) - {LOSSLESS_FRAME, HUFFMAN_TABLES, 0xCC}

FAULTS = {
    entropy.NO_SUCH_CODE: "the entropy-coded samples hold a code that the Huffman table does not have",
    entropy.TOO_SHORT: "the entropy-coded samples end before the last row",
    entropy.TOO_LONG: "the entropy-coded samples go on after the last row",
}


@dataclass(frozen=True, slots=True)
class LjpegHeader:
    """What a stream says of itself; rows and columns may be exchanged, as in many files of DDSM."""

    rows: int
    columns: int
    precision: int
    predictor: int
    point_transform: int
    restart_interval: int


@dataclass(frozen=True, slots=True)
class _Opening:
    header: LjpegHeader
    lengths: bytes
    symbols: bytes
    scan: int


def header(stream: bytes) -> LjpegHeader:
    """Read the header from the stream or its first 4 KB; BadInput where it is not a lossless JPEG of one component."""
    return _opening(stream).header


def reshaping(frame_header: LjpegHeader, rows: int, columns: int) -> str:
    """What is odd about giving a stream this shape; empty where the header says so, exchanged or not."""
    if sorted((frame_header.rows, frame_header.columns)) == sorted((rows, columns)):
        return ""
    return f"holds {frame_header.rows} x {frame_header.columns} pixels: reshaped to {rows} x {columns}"


def decode(stream: bytes, *, rows: int | None = None, columns: int | None = None) -> NDArray[np.uint16]:
    """Decode grey levels [rows, columns] exactly as PVRG does; BadInput where the stream is damaged.

    Rows and columns are those of the .ics; a header with the two exchanged is reshaped, never transposed.
    """
    opening = _opening(stream)
    frame_header = opening.header
    shape = _shape(frame_header, rows, columns)
    if frame_header.point_transform:
        raise BadInput(f"The LJPEG has point transform {frame_header.point_transform}: only 0 is known from DDSM.")
    _refuse_undecodable(frame_header, len(stream) - opening.scan)
    # The line above the first is constant: PVRG's first line is then an ordinary line under it.
    samples = np.empty((frame_header.rows + 1, frame_header.columns), np.uint16)
    samples[0] = 1 << (frame_header.precision - 1)
    _fill(samples, stream, opening)
    return samples[1:].reshape(shape)


def decode_standard(stream: bytes) -> NDArray[np.uint16]:
    """Decode grey levels [rows, columns] as T.81 has it (process 14), which DICOM takes; BadInput where damaged.

    The first line, and the first after each restart, is predicted from the left alone, beginning in the middle of the
    range; the point transform is undone.
    """
    opening = _opening(stream)
    frame_header = opening.header
    _refuse_undecodable(frame_header, len(stream) - opening.scan)
    if frame_header.point_transform >= frame_header.precision:
        raise BadInput("The LJPEG is damaged: its point transform leaves no bit.")
    samples = np.empty((frame_header.rows + 1, frame_header.columns), np.uint16)
    _fill(samples, stream, opening, start=1 << (frame_header.precision - frame_header.point_transform - 1))
    if frame_header.point_transform:
        samples <<= np.uint16(frame_header.point_transform)
    return samples[1:]


def _fill(samples: NDArray[np.uint16], stream: bytes, opening: _Opening, start: int = entropy.UNDER_LINE) -> None:
    """Decode the rows below samples[0]; in PVRG a restart changes nothing but the place in the bytes."""
    frame_header, offset = opening.header, opening.scan
    quick, codes = huffman.look_up_tables(opening.lengths, opening.symbols)
    coded = np.frombuffer(stream, np.uint8)
    part = np.zeros(
        len(stream) - offset + entropy.LONGEST_SAMPLE * frame_header.columns + 2 * entropy.READ_AHEAD, np.uint8
    )
    height = frame_header.restart_interval // frame_header.columns or frame_header.rows
    for number, top in enumerate(range(0, frame_header.rows, height)):
        size, offset = entropy.without_stuffing(coded, offset, part)
        last = top + height >= frame_header.rows
        offset = _after_marker(stream, offset, END_OF_IMAGE if last else FIRST_RESTART + number % 8)
        lines = samples[top : top + height + 1]
        fault = entropy.read_rows(part, size, quick, codes, lines, frame_header.predictor, start)
        if fault != entropy.FINE:
            raise BadInput(f"The LJPEG is damaged: {FAULTS[fault]}.")


def _after_marker(stream: bytes, offset: int, expected: int) -> int:
    while stream[offset : offset + 2] == b"\xff\xff":
        offset += 1
    if len(stream) < offset + 2:
        raise BadInput("The LJPEG is cut off: it has no end-of-image marker.")
    if stream[offset + 1] != expected:
        raise BadInput(f"The LJPEG is damaged: marker FF{stream[offset + 1]:02X} instead of FF{expected:02X} follows.")
    return offset + 2


def encode(samples: NDArray[np.uint16], *, predictor: int = 7, precision: int = 16, exchanged: bool = False) -> bytes:
    """Encode grey levels [rows, columns] as PVRG does, byte for byte.

    `exchanged` gives the encoder columns for rows and leaves the order of the samples, as DDSM's makers did.
    """
    if exchanged:
        samples = np.ascontiguousarray(samples).reshape(samples.shape[::-1])
    if not 1 <= predictor <= 7 or not 8 <= precision <= 16:
        raise BadInput(f"No lossless JPEG has precision {precision} and predictor {predictor}.")
    if samples.size == 0 or max(samples.shape) > 0xFFFF or int(samples.max()) >> precision:
        raise BadInput(f"Samples of shape {samples.shape} do not fit a lossless JPEG of {precision} bits.")
    coded, lengths, symbols = _coded(np.ascontiguousarray(samples, np.uint16), predictor, precision)
    rows, columns = samples.shape
    frame = struct.pack(">BHHBBBB", precision, rows, columns, 1, 1, 0x11, 0)
    table = b"\0" + lengths + symbols
    scan = bytes([1, 1, 0, predictor, 0, 0])
    opening = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
        for marker, body in ((LOSSLESS_FRAME, frame), (HUFFMAN_TABLES, table), (START_OF_SCAN, scan))
    )
    return START_OF_IMAGE + opening + coded + bytes([0xFF, END_OF_IMAGE])


def _coded(samples: NDArray[np.uint16], predictor: int, precision: int) -> tuple[bytes, bytes, bytes]:
    """Return the entropy-coded samples and their Huffman table, made by counting as PVRG does."""
    differences = entropy.differences(samples, predictor, 1 << (precision - 1)).ravel()
    categories = huffman.category_of(differences)
    counts = np.bincount(categories, minlength=huffman.CATEGORIES)
    lengths, symbols = huffman.code_lengths(counts)
    codes, bits = huffman.code_words(lengths, symbols)
    whole_bytes = int(counts @ (bits + np.arange(huffman.CATEGORIES))) // 8 + 1
    coded = np.empty(2 * whole_bytes, np.uint8)
    size = entropy.write_differences(differences, categories, codes, bits, coded)
    return coded[:size].tobytes(), lengths, symbols


def _opening(stream: bytes) -> _Opening:
    """Walk the marker segments up to the first entropy-coded byte."""
    if stream[:2] != START_OF_IMAGE:
        raise BadInput("Not a JPEG: the file does not begin with a start-of-image marker.")
    frame: bytes | None = None
    tables: dict[int, tuple[bytes, bytes]] = {}
    interval, offset = 0, 2
    while True:
        marker, body, offset = _segment(stream, offset)
        if marker == LOSSLESS_FRAME:
            frame = body
        elif marker in OTHER_FRAMES:
            raise BadInput(f"Not a lossless JPEG: its frame marker is FF{marker:02X} instead of FFC3.")
        elif marker == HUFFMAN_TABLES:
            tables.update(_huffman_tables(body))
        elif marker == RESTART_INTERVAL:
            interval = int.from_bytes(body[:2], "big")
        elif marker == START_OF_SCAN:
            break
    if frame is None:
        raise BadInput("The LJPEG is damaged: its scan begins before its frame header.")
    return _checked(frame, body, tables, interval, offset)


def _segment(stream: bytes, offset: int) -> tuple[int, bytes, int]:
    """Return the marker at `place`, the body of its segment and the place after it."""
    while stream[offset : offset + 2] == b"\xff\xff":
        offset += 1
    if len(stream) < offset + 4:
        raise BadInput("The LJPEG is damaged: it ends inside its headers.")
    marker, length = stream[offset + 1], int.from_bytes(stream[offset + 2 : offset + 4], "big")
    if stream[offset] != 0xFF or not 0xC0 <= marker <= 0xFE or 0xD0 <= marker <= END_OF_IMAGE or length < 2:
        raise BadInput(f"The LJPEG is damaged: no marker segment at byte {offset} of its headers.")
    end = offset + 2 + length
    if len(stream) < end:
        raise BadInput("The LJPEG is damaged: it ends inside its headers.")
    return marker, stream[offset + 4 : end], end


def _huffman_tables(body: bytes) -> dict[int, tuple[bytes, bytes]]:
    tables = {}
    while body:
        lengths = body[1:17]
        symbols = body[17 : 17 + sum(lengths)]
        if len(lengths) < 16 or len(symbols) < sum(lengths) or not symbols or max(symbols) > 16:
            raise BadInput("The LJPEG is damaged: its Huffman table is impossible.")
        tables[body[0]] = lengths, symbols
        body = body[17 + len(symbols) :]
    return tables


def _checked(frame: bytes, scan: bytes, tables: dict[int, tuple[bytes, bytes]], interval: int, offset: int) -> _Opening:
    if len(frame) != 9 or frame[5] != 1 or len(scan) != 6 or scan[0] != 1:
        raise BadInput("The LJPEG does not hold exactly one component.")
    frame_header = LjpegHeader(
        rows=int.from_bytes(frame[1:3], "big"),
        columns=int.from_bytes(frame[3:5], "big"),
        precision=frame[0],
        predictor=scan[3],
        point_transform=scan[5] & 15,
        restart_interval=interval,
    )
    if not frame_header.rows or not frame_header.columns:
        raise BadInput(f"The LJPEG's header says {frame_header.rows} rows and {frame_header.columns} columns.")
    if not 8 <= frame_header.precision <= 16 or not 1 <= frame_header.predictor <= 7:
        raise BadInput(
            f"The LJPEG has precision {frame_header.precision} and predictor {frame_header.predictor}: no such coding."
        )
    if scan[2] >> 4 not in tables:
        raise BadInput("The LJPEG is damaged: its scan has no Huffman table.")
    return _Opening(frame_header, *tables[scan[2] >> 4], offset)


def _shape(frame_header: LjpegHeader, rows: int | None, columns: int | None) -> tuple[int, int]:
    shape = (frame_header.rows if rows is None else rows, frame_header.columns if columns is None else columns)
    if shape[0] * shape[1] != frame_header.rows * frame_header.columns:
        raise BadInput(
            f"The LJPEG holds {frame_header.rows} x {frame_header.columns} pixels where {shape[0]} x {shape[1]} are "
            "expected."
        )
    return shape


def _refuse_undecodable(frame_header: LjpegHeader, size: int) -> None:
    if frame_header.restart_interval % frame_header.columns:
        raise BadInput(f"The LJPEG restarts every {frame_header.restart_interval} samples, not at the start of a row.")
    # No code is shorter than 1 bit: a damaged size is found out before memory is taken for it.
    if frame_header.rows * frame_header.columns > 8 * size:
        raise BadInput(
            f"The LJPEG claims {frame_header.rows} x {frame_header.columns} pixels, more than its bytes can hold."
        )
