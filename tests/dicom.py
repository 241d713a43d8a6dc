"""DICOM files for the tests, written with pydicom: no real mammogram is small enough to keep."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

MAMMOGRAPHY_IMAGE = "1.2.840.10008.5.1.4.1.1.1.2"
"""Digital Mammography X-Ray Image Storage - For Presentation."""


def write_dicom(
    file: Path,
    pixels: NDArray[Any],
    photometric: str = "MONOCHROME2",
    stored: int = 0,
    syntax: str = ExplicitVRLittleEndian,
    frame: bytes | None = None,
    kind: str = SecondaryCaptureImageStorage,
    preamble: bool = True,
    **tags: Any,
) -> Path:
    """Write grey levels [rows, columns], or several frames of them; `stored` is their bits where these are fewer than
    the type's.

    `frame` is what a transfer syntax makes of the one frame, in several fragments where it is long; run lengths are
    made here. Tags that are None are left out. Without preamble the file says nothing of its transfer syntax either.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    written.SOPClassUID, written.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    (written.Rows, written.Columns), written.SamplesPerPixel = pixels.shape[-2:], 1
    written.PixelRepresentation = int(pixels.dtype.kind == "i")
    written.BitsAllocated = pixels.dtype.itemsize * 8
    written.BitsStored, written.HighBit = stored or written.BitsAllocated, (stored or written.BitsAllocated) - 1
    written.PhotometricInterpretation = photometric
    written.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for name, value in tags.items():
        if value is None:
            delattr(written, name)
        else:
            setattr(written, name, value)
    if frame is not None:
        written.PixelData = encapsulate([frame], fragments_per_frame=1 if len(frame) < 1000 else 3)
        written["PixelData"].is_undefined_length = True
        written["PixelData"].VR, meta.TransferSyntaxUID = "OB", syntax
    elif syntax != ExplicitVRLittleEndian:
        written.compress(syntax)
    if preamble:
        written.save_as(file, enforce_file_format=True)
    else:
        del written.file_meta
        written.preamble = None
        written.save_as(file, implicit_vr=True, little_endian=True, enforce_file_format=False)
    return file


def lossless_jpeg(
    samples: NDArray[Any], predictor: int = 1, precision: int = 16, restart: int = 0, transform: int = 0
) -> bytes:
    """Grey levels [rows, columns] as T.81's process 14 codes them, written from its definition (annex H).

    `restart` is how many rows an interval has, `transform` by how many bits samples are shifted. All codes have 5 bits.
    """
    rows, columns = samples.shape
    values = samples.astype(np.int64) >> transform
    coded = b""
    for begun, top in enumerate(range(0, rows, restart or rows)):
        bits = ""
        for y in range(top, min(rows, top + (restart or rows))):
            for x in range(columns):
                a, b, c = values[y, x - 1], values[y - 1, x], values[y - 1, x - 1]
                if y == top:
                    guess = a if x else 1 << (precision - transform - 1)
                else:
                    by = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
                    guess = by[predictor - 1] if x else b
                difference = int((values[y, x] - guess + 32767) % 65536 - 32767)
                size = abs(difference).bit_length()
                extra = difference if difference > 0 else difference + (1 << size) - 1
                bits += f"{size:05b}" + (f"{extra:0{size}b}" if 0 < size < 16 else "")
        bits += "1" * (-len(bits) % 8)
        if top:
            coded += bytes([0xFF, 0xD0 + (begun - 1) % 8])
        coded += int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    table = bytes([0, 0, 0, 0, 0, 17, *[0] * 11, *range(17)])
    opening = segment(0xC3, struct.pack(">BHHBBBB", precision, rows, columns, 1, 1, 0x11, 0)) + segment(0xC4, table)
    opening += segment(0xDD, struct.pack(">H", restart * columns)) if restart else b""
    return b"\xff\xd8" + opening + segment(0xDA, bytes([1, 1, 0, predictor, 0, transform])) + coded + b"\xff\xd9"
