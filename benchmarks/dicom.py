"""How long reading DICOM takes, from a file to what the network sees, beside what its decoder alone takes.

    pip install -e .
    python benchmarks/dicom.py [FILE.dcm ...]      # without files: one made-up mammogram in each transfer syntax

The limit of a compressed file is 1.25 of its decoder's seconds, from the coded bytes in memory to values; that of an
uncompressed one is 60 ms of a core for 13 MPixel. All are CPU seconds of one thread, medians.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from openjpeg.utils import encode_array
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from deepminer_ray.sources import ljpeg
from deepminer_ray.sources.dicom import NATIVE, ROOT, layout_of, read_pixel_data
from deepminer_ray.sources.dicom_decode import CODINGS
from deepminer_ray.sources.dicom_grey import Reading
from deepminer_ray.sources.image import read_image

REPETITIONS = 7
SHAPE = (4096, 3328)
"""13.6 MPixel, a large detector's."""
BITS = 12
LIMIT = 1.25
"""Of the decoder's seconds."""
UNCOMPRESSED = 0.060 / 13e6
"""Seconds a pixel."""


def made_up() -> NDArray[np.uint16]:
    """A mammogram: a half-ellipse of tissue of all sizes of detail on dark air, with the noise of a detector."""
    chance = np.random.default_rng(0)
    rows, columns = SHAPE
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    breast = ((y - rows / 2) / (0.42 * rows)) ** 2 + (x / (0.72 * columns)) ** 2 < 1
    tissue = np.zeros(SHAPE, np.float32)
    for detail in (8, 32, 128, 512):
        coarse = chance.standard_normal((rows // detail + 2, columns // detail + 2)).astype(np.float32)
        tissue += cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC) * detail**0.5 * 8
    values = np.where(breast, 1600 + tissue, 60) + chance.normal(0, 6, SHAPE)
    return np.clip(values, 0, (1 << BITS) - 1).astype(np.uint16)


def lossless(values: NDArray[np.uint16]) -> bytes:
    """The values as JPEG Lossless with the first predictor, with which PVRG's dialect is what T.81 says."""
    stream = ljpeg.encode(values, predictor=1)
    assert (ljpeg.decode_standard(stream) == values).all()
    return stream


def written(folder: Path, values: NDArray[np.uint16]) -> list[Path]:
    """The mammogram in each transfer syntax, as files."""
    frames: dict[str, bytes | None] = {
        ExplicitVRLittleEndian: None,
        f"{ROOT}.5": None,
        f"{ROOT}.4.70": lossless(values),
        f"{ROOT}.4.80": bytes(jpeg_ls.encode_array(values)),
        f"{ROOT}.4.90": bytes(encode_array(values, bits_stored=BITS, photometric_interpretation=2)),
    }
    files = []
    for syntax, frame in frames.items():
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
        meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = generate_uid(), ExplicitVRLittleEndian
        file = folder / f"{syntax}.dcm"
        dataset = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        dataset.Modality, dataset.PhotometricInterpretation = "MG", "MONOCHROME2"
        (dataset.Rows, dataset.Columns), dataset.SamplesPerPixel = values.shape, 1
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, BITS, BITS - 1, 0
        dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 2047, 3000, "SIGMOID"
        dataset.PixelData = values.tobytes()
        if frame is not None:
            dataset.PixelData, meta.TransferSyntaxUID = encapsulate([frame]), syntax
            dataset["PixelData"].is_undefined_length, dataset["PixelData"].VR = True, "OB"
        elif syntax != ExplicitVRLittleEndian:
            dataset.compress(syntax)
        dataset.save_as(file, enforce_file_format=True)
        files.append(file)
    return files


def decoder_of(file: Path) -> Callable[[], object] | None:
    """What only decodes a file's coded bytes, which are in memory; None where nothing is coded."""
    dataset, content = read_pixel_data(file, "image")
    layout = layout_of(dataset, file.name, "image")
    if layout.syntax in NATIVE:
        return None
    frame = get_frame(content, 0, number_of_frames=layout.frames)
    return lambda: CODINGS[layout.syntax].decode(frame, layout)


def cpu_seconds(act: Callable[[], object]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    act()
    return time.process_time() - started


def measure(file: Path) -> None:
    """Print what one file takes, its limit, and the ratio of the two."""
    alone, reading = decoder_of(file), Reading(raw=True)
    pixels = read_image(str(file), reading=reading)
    ours, limits = [], []
    for _ in range(REPETITIONS):
        ours.append(cpu_seconds(lambda: read_image(str(file), reading=reading)))
        limits.append(UNCOMPRESSED * pixels.size if alone is None else LIMIT * cpu_seconds(alone))
    ratio = statistics.median(own / limit for own, limit in zip(ours, limits, strict=True))
    syntax = UID(read_pixel_data(file, "image")[0].file_meta.TransferSyntaxUID).name
    what = "60 ms for 13 MPixel" if alone is None else f"{LIMIT} of the decoder alone"
    print(
        f"{syntax[:60]:60} {pixels.size / 1e6:5.1f} MPixel   ours {statistics.median(ours) * 1e3:7.1f} ms   "
        f"limit {statistics.median(limits) * 1e3:7.1f} ms ({what})   ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        for file in [Path(name) for name in sys.argv[1:]] or written(Path(folder), made_up()):
            measure(file)
