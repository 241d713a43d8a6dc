"""DICOM files for the tests, written with pydicom: no real file of CBIS-DDSM is small enough to keep."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid


def write_dicom(file: Path, pixels: NDArray[Any], photometric: str = "MONOCHROME2", stored: int = 0) -> None:
    """Write grey levels [rows, columns]; `stored` is their bits where these are fewer than the type's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    found.SOPClassUID, found.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    found.Rows, found.Columns, found.SamplesPerPixel, found.PixelRepresentation = *pixels.shape[:2], 1, 0
    found.BitsAllocated = pixels.dtype.itemsize * 8
    found.BitsStored, found.HighBit = stored or found.BitsAllocated, (stored or found.BitsAllocated) - 1
    found.PhotometricInterpretation = photometric
    found.PixelData = pixels.tobytes()
    found.save_as(file, enforce_file_format=True)
