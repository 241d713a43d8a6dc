"""The stored values of DICOM images, bit for bit, in each transfer syntax of mammograms."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ljpeg
from deepminer_ray.sources.dicom import NATIVE, ROOT, RUN_LENGTHS, Layout
from deepminer_ray.sources.rle import decode_runs

StoredValues = NDArray[np.generic]
Coded = bytes | memoryview

ITEM = (0xFFFE, 0xE000)


@dataclass(frozen=True, slots=True)
class _Coding:
    """How the frames of a transfer syntax are decoded, at most how many bits a value has, and with which package."""

    decode: Callable[[Coded, Layout], StoredValues]
    bits: int = 16
    package: str = ""


def _run_lengths(frame: Coded, layout: Layout) -> StoredValues:
    width = layout.allocated // 8
    return decode_runs(frame, layout.rows * layout.columns, width).view(f"<u{width}").reshape(layout.rows, -1)


def _lossless(frame: Coded, layout: Layout) -> StoredValues:
    return ljpeg.decode_standard(bytes(frame))


def _lossy(frame: Coded, layout: Layout) -> StoredValues:
    from PIL import Image

    with Image.open(io.BytesIO(frame)) as image:
        return np.asarray(image)


def _near_lossless(frame: Coded, layout: Layout) -> StoredValues:
    import jpeg_ls

    values, said = jpeg_ls.decode_buffer(bytes(frame))
    return np.frombuffer(values, np.uint8 if said["bits_per_sample"] <= 8 else "<u2").reshape(said["height"], -1)


def _wavelets(frame: Coded, layout: Layout) -> StoredValues:
    from openjpeg.utils import decode

    return np.asarray(decode(bytes(frame)))


CODINGS = {
    RUN_LENGTHS: _Coding(_run_lengths),
    f"{ROOT}.4.50": _Coding(_lossy, bits=8),
    f"{ROOT}.4.51": _Coding(_lossy, bits=8),
    f"{ROOT}.4.57": _Coding(_lossless),
    f"{ROOT}.4.70": _Coding(_lossless),
    f"{ROOT}.4.80": _Coding(_near_lossless, package="jpeg_ls"),
    f"{ROOT}.4.81": _Coding(_near_lossless, package="jpeg_ls"),
    **{f"{ROOT}.4.{kind}": _Coding(_wavelets, package="openjpeg") for kind in (90, 91, 201, 202, 203)},
}
"""By the UID of the transfer syntax (PS3.5, annex A)."""
PACKAGES = {"jpeg_ls": "pyjpegls", "openjpeg": "pylibjpeg-openjpeg"}


def refuse_undecodable(layout: Layout, name: str, what: str) -> None:
    """BadInput where pixels cannot be decoded, as far as the header tells."""
    if layout.syntax in NATIVE:
        return
    coding = CODINGS.get(layout.syntax)
    if coding is None or layout.stored > coding.bits:
        from pydicom.uid import UID

        bits = f" with {layout.stored} bits" if coding else ""
        raise BadInput(
            f"The {what} {name} is stored as {UID(layout.syntax).name}{bits} ({layout.syntax}), which is not decoded "
            "here: convert it to JPEG 2000 or to none."
        )
    if coding.package and find_spec(coding.package) is None:
        raise BadInput(f"The {what} {name} needs the package {PACKAGES[coding.package]}, which is not installed.")


def stored_values(content: bytes, layout: Layout, frame: int = 0) -> StoredValues:
    """The stored values of a frame [rows, columns] of a grey image, uint8 or uint16, from a file's pixel data.

    A value has bits beside those that are stored, which may be overlays. What is damaged raises BadInput, or whatever
    a decoder raises.
    """
    if layout.syntax in NATIVE:
        return _native(content, layout, frame)
    coded = _coded_frame(content, layout, frame)
    return _of_layout(CODINGS[layout.syntax].decode(coded, layout), layout)


def _coded_frame(content: bytes, layout: Layout, frame: int) -> Coded:
    """The bytes of a frame; the only one lies in all fragments, and is not copied where there is one of these."""
    if layout.frames > 1:
        from pydicom.encaps import get_frame

        return get_frame(content, frame, number_of_frames=layout.frames)
    fragments, place, order = [], 0, "<HHI" if layout.little else ">HHI"
    while place + 8 <= len(content):
        group, element, length = struct.unpack_from(order, content, place)
        if (group, element) != ITEM or place + 8 + length > len(content):
            raise BadInput("its fragments are damaged.")
        fragments.append(memoryview(content)[place + 8 : place + 8 + length])
        place += 8 + length
    coded = fragments[1:]  # the first says where frames begin
    return coded[0] if len(coded) == 1 else b"".join(coded)


def _native(content: bytes, layout: Layout, frame: int) -> StoredValues:
    width, count = layout.allocated // 8, layout.rows * layout.columns
    if len(content) < layout.frames * count * width:
        raise BadInput(f"it has {len(content)} bytes of pixels instead of {layout.frames * count * width}.")
    order = "<" if layout.little else ">"
    values = np.frombuffer(content, f"{order}u{width}", count, frame * count * width)
    return values.astype(f"=u{width}", copy=False).reshape(layout.rows, layout.columns)


def _of_layout(values: StoredValues, layout: Layout) -> StoredValues:
    """What a decoder gave as the header says it, with the bits of a sign where it has one."""
    if values.shape != (layout.rows, layout.columns):
        raise BadInput(f"its pixels have the shape {values.shape}: its header says otherwise.")
    wanted = np.dtype(np.uint8 if layout.allocated == 8 else np.uint16)
    if values.dtype.itemsize > wanted.itemsize:
        if int(values.max()) >> layout.allocated or int(values.min()) < 0:
            raise BadInput(f"its pixels have more than {layout.allocated} bits: its header says otherwise.")
        return values.astype(wanted)
    if values.dtype.kind == "i":
        return values.astype(np.int8 if layout.allocated == 8 else np.int16).view(wanted)
    return values.astype(wanted, copy=False)
