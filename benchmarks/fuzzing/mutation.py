"""Damage: what is done to a whole file or value, decided by a seeded random.Random alone."""

import gzip
import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
"""(luck, a whole file, all whole files of its reader) to a damaged one."""

NUMBERS = [
    *("0", "-1", "1", "7", "255", "256", "65535", "65536", "2147483647", "2147483648", "-2147483649", "4294967296"),
    *("99999999999", "18446744073709551616", "1e9", "1e309", "-0", "nan", "inf", "-inf", "0x10", "1_000", "3.5"),
    *("²", "٣", "½", "9" * 5000, "0." + "3" * 5000, ""),
]
"""Written numbers at the edges of types, and what some tests take for digits."""
PIECES = [
    *(b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\r\n", b"\t", b'"', b","),
    *(b";", b"#", b"/", b"../", b"\\", b"\\ud800", b"\x1b[2J", b"\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"=1"),
    *(b"'", b"|", b"%s%n", b"[" * 3000, b"{" * 3000, b"A" * 70_000, b" " * 5000, b"\n" * 5000),
]
EDGES = (0, 1, 2, 7, 8, 16, 17, 127, 128, 255, 256, 4095, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.0, 2**31, 2**63, 2**64, 10**400, -1e308, float("nan"), float("inf")),
    *("", " ", "0", "x" * 2000, "\ud800", "\0", "²", "a/b", "unit_0", [], {}, [[]], [None], [1] * 3000, {"": {}}),
]


def bytes_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """One to four changes of bytes anywhere, more of them near the beginning, where headers lie."""
    changed = bytearray(content)
    for _ in range(luck.choice((1, 1, 1, 2, 4))):
        _change_bytes(luck, changed, others)
    return bytes(changed)


def _change_bytes(luck: random.Random, changed: bytearray, others: Sequence[bytes]) -> None:
    size = len(changed)
    reach = min(size, 200) if luck.random() < 0.5 else size
    place = luck.randrange(reach) if reach else 0
    length = min(luck.choice((1, 2, 4, 16, 100, 1000)), max(size - place, 0))
    match luck.randrange(9):
        case 0 if size:
            changed[place] ^= 1 << luck.randrange(8)
        case 1 if size:
            changed[place] = luck.randrange(256)
        case 2:
            del changed[place : place + length]
        case 3:
            changed[place:place] = changed[place : place + length] * luck.choice((1, 2, 50))
        case 4:
            changed[place:place] = luck.randbytes(luck.choice((1, 4, 64)))
        case 5:
            del changed[luck.randrange(size + 1) :]
        case 6:
            other = luck.choice(others)
            cut = luck.randrange(len(other) + 1)
            changed[place:] = other[cut:]
        case 7:
            form = luck.choice(("B", "<H", ">H", "<I", ">I"))
            whole = struct.pack(form, luck.choice(EDGES) % 256 ** struct.calcsize(form))
            changed[place : place + len(whole)] = whole
        case _:
            changed[place : place + length] = bytes(length)


def text_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """One to three changes of words, numbers or lines."""
    for _ in range(luck.choice((1, 1, 2, 3))):
        content = _change_text(luck, content, others)
    return content


def _change_text(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    tokens = re.split(rb"(\s+|[,:|;\"])", content)
    lines = content.splitlines(keepends=True) or [b""]
    place, line = luck.randrange(len(tokens)), luck.randrange(len(lines))
    match luck.randrange(9):
        case 0:
            tokens[place] = luck.choice(NUMBERS).encode()
        case 1:
            numbers = [at for at, token in enumerate(tokens) if token[:1].isdigit()] or [place]
            tokens[luck.choice(numbers)] = luck.choice(NUMBERS).encode()
        case 2:
            cut = luck.randrange(len(tokens[place]) + 1)
            tokens[place] = tokens[place][:cut] + luck.choice(PIECES) + tokens[place][cut:]
        case 3:
            del tokens[place]
        case 4:
            tokens[place] = luck.choice(re.split(rb"\s+|,", luck.choice(others)))
        case 5:
            lines[line : line + luck.choice((1, 1, 3))] = []
            return b"".join(lines)
        case 6:
            lines.insert(line, luck.choice(luck.choice(others).splitlines(keepends=True) or [b""]))
            return b"".join(lines)
        case 7:
            lines[line:line] = [lines[line]] * luck.choice((1, 2, 500))
            return b"".join(lines)
        case _:
            return content[: luck.randrange(len(content) + 1)]
    return b"".join(tokens)


def json_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """One value or key of a JSON text replaced, left out, doubled or wrapped; the text as it is where it is none."""
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):  # damaged before
        return text_changed(luck, content, others)
    text = json.dumps(changed_value(luck, whole), ensure_ascii=luck.random() < 0.7)
    return text.encode(errors=luck.choice(("surrogatepass", "replace")))


def changed_value(luck: random.Random, whole: Any) -> Any:
    """A value as JSON has them with one to three of its parts changed."""
    for _ in range(luck.choice((1, 1, 2, 3))):
        whole = _change_value(luck, whole)
    return whole


def _change_value(luck: random.Random, value: Any) -> Any:
    if isinstance(value, dict | list) and value and luck.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = luck.choice(keys)
        copied = dict(value) if isinstance(value, dict) else list(value)
        what = luck.random()
        if what < 0.1:
            del copied[key]
        elif what < 0.15 and isinstance(copied, dict):
            copied[str(luck.choice(NUMBERS))] = copied.pop(key)
        elif what < 0.2 and isinstance(copied, list):
            copied += [copied[key]] * luck.choice((1, 30))
        else:
            copied[key] = _change_value(luck, copied[key])
        return copied
    what = luck.random()
    if what < 0.1:
        for _ in range(luck.choice((1, 5, 300))):
            value = [value] if luck.random() < 0.5 else {"text": value}
        return value
    if what < 0.3 and isinstance(value, str):
        cut = luck.randrange(len(value) + 1)
        return value[:cut] + luck.choice(PIECES).decode("utf-8", "surrogateescape") + value[cut:]
    return luck.choice(VALUES)


def packed_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Words of what is packed changed, and packed again."""
    try:
        text = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return bytes_changed(luck, content, others)
    return gzip.compress(text_changed(luck, text, [text]), mtime=0)


def png_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """A chunk changed, left out, doubled or moved, with a checksum that is right."""
    chunks, place = [], 8
    while place + 12 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        chunks.append([content[place + 4 : place + 8], content[place + 8 : place + 8 + size]])
        place += 12 + size
    if not chunks:
        return bytes_changed(luck, content, others)
    at = luck.randrange(len(chunks)) if luck.random() < 0.5 else 0
    match luck.randrange(5):
        case 0:
            del chunks[at]
        case 1:
            chunks.insert(at, list(chunks[luck.randrange(len(chunks))]))
        case 2:
            kind = luck.choice(
                (b"tRNS", b"PLTE", b"acTL", b"fcTL", b"fdAT", b"zTXt", b"iCCP", b"gAMA", b"eXIf", b"tEXt")
            )
            chunks.insert(at, [kind, luck.randbytes(luck.choice((0, 1, 4, 40)))])
        case 3:
            chunks[0][1] = _fields_changed(luck, chunks[0][1], ">I", 8)
        case _:
            chunks[at][1] = bytes_changed(luck, chunks[at][1], others)
    written = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return content[:8] + b"".join(written)


def _fields_changed(luck: random.Random, body: bytes, form: str, reach: int) -> bytes:
    """One field of the first `reach` bytes set to an edge, or one byte behind them."""
    changed, size = bytearray(body), struct.calcsize(form)
    if luck.random() < 0.6 and len(body) >= reach:
        place = size * luck.randrange(reach // size)
        changed[place : place + size] = struct.pack(form, luck.choice(EDGES))
    elif len(body) > reach:
        changed[luck.randrange(reach, len(body))] = luck.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))
    return bytes(changed)


def tiff_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """An entry of the first directory of a little-endian TIFF changed: its tag, type, count or value."""
    if content[:4] != b"II*\0" or len(content) < 16:
        return bytes_changed(luck, content, others)
    start = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[start : start + 2], "little")
    changed = bytearray(content)
    for _ in range(luck.choice((1, 1, 2))):
        entry = start + 2 + 12 * luck.randrange(max(count, 1))
        place, form = luck.choice(((0, "<H"), (2, "<H"), (4, "<I"), (8, "<I"), (8, "<I"), (8, "<H")))
        value = luck.choice((*range(254, 300), 317, 320, 322, 339)) if place == 0 else luck.choice(EDGES)
        whole = struct.pack(form, value % 256 ** struct.calcsize(form))
        changed[entry + place : entry + place + len(whole)] = whole
    return bytes(changed)


LONG = (b"OB", b"OD", b"OF", b"OL", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT")
"""DICOM's kinds of value with a length of four bytes."""
SYNTAXES = (b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.1.99")
"""Transfer syntaxes: run lengths, lossless JPEG, deflated."""


def dicom_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """An element of an explicit little-endian DICOM file left out, doubled, or with another kind, length or value."""
    elements, place = [], 132
    while place + 8 <= len(content):
        kind = content[place + 4 : place + 6]
        head = 12 if kind in LONG else 8
        size = int.from_bytes(content[place + head - (4 if head == 12 else 2) : place + head], "little")
        size = min(size, len(content) - place - head)  # of what was compressed, and of some sequences, it is not said
        elements.append((place, head, place + head + size))
        place += head + size
    if not elements:
        return bytes_changed(luck, content, others)
    start, head, end = luck.choice(elements)
    whole = content[start:end]
    match luck.randrange(6):
        case 0:
            whole = b""
        case 1:
            whole = whole * 2
        case 2:
            whole = whole[:4] + luck.choice((b"US", b"SQ", b"UN", b"OW", b"LO", b"IS", b"DS", b"FD")) + whole[6:]
        case 3:
            whole = whole[: head - 2] + struct.pack("<H", luck.choice(EDGES) % 65536) + whole[head:]
        case 4:
            size = end - start - head
            whole = whole[:head] + struct.pack("<I", luck.choice(EDGES)).ljust(size, b"\0")[:size]
        case _:
            value = luck.choice((b"MONOCHROME1 ", b"RGB ", b"", b"-1", *SYNTAXES))
            value += b"\0" * (len(value) % 2)
            length = struct.pack("<I", len(value)) if head == 12 else struct.pack("<H", len(value))
            whole = whole[: head - len(length)] + length + value
    return content[:start] + whole + content[end:]


def of(*changes: Change) -> Change:
    """One of several kinds of damage."""

    def changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
        return luck.choice(changes)(luck, content, others)

    return changed
