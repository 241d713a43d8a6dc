"""CMMD, the Chinese Mammography Database (Cui et al. 2021, doi:10.7937/tcia.eqde-4b16): classes of breasts.

Nothing is outlined, and side and view of an image stand in its DICOM header alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.mammography import BENIGN, MALIGNANT
from deepminer_ray.sources.data_set import DICOM_SUFFIXES, images_below, named_rows, read_of_data_set, table_rows
from deepminer_ray.sources.image_case import inside
from deepminer_ray.sources.rows import Case, Rejected
from deepminer_ray.sources.spreadsheet import SPREADSHEET_SUFFIX, sheet_rows
from deepminer_ray.sources.two_tables import CLASS_COLUMN, NAME_OF_SCAN, Cells, ImageCells, named_once
from deepminer_ray.sources.values import LATERALITIES

SOURCE_KIND = "cmmd"

TABLES_OF_BREASTS = "CMMD_clinicaldata*"
CSV_SUFFIX = ".csv"
COLUMNS_OF_CMMD = ("id1", "leftright", "age", "abnormality", "classification")
PATIENT_FOLDER = re.compile(r"D\d-\d{4}", re.ASCII)
ABNORMALITIES = {
    "mass": "MASS",
    "calcification": "CALCIFICATION",
    "both": "MASS;CALCIFICATION",
}
CLASSIFICATIONS = (BENIGN, MALIGNANT)
BREAST_SIDE, DOUBT = "side", "doubt"
"""What a row says of its breast, until the header of an image says which breast that shows."""
VIEW_CODES = {"399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO"}
"""SNOMED's codes of today and of before."""


def recognise(directory: Place) -> bool:
    """Whether the directory holds CMMD's table, as it is published or as csv."""
    return any(file.suffix.lower() in (SPREADSHEET_SUFFIX, CSV_SUFFIX) for file in directory.glob(TABLES_OF_BREASTS))


def find_images_of_cmmd(directory: Place, _: int, remarks: list[str]) -> list[dict[str, str]]:
    """The images in patients' folders with what the table says of the patient's breasts; patients without an image.

    BadInput where the table cannot be read, or lacks a column.
    """
    breasts: dict[str, list[Cells]] = {}
    for number, row in _rows_of_breasts(directory):
        said = _said_of_breast(row, number)
        of_patient = breasts.setdefault(row["id1"] or f"line {number}", [])
        of_patient += [] if said in of_patient else [said]
    files: dict[str, list[str]] = defaultdict(list)
    for name in images_below(directory, DICOM_SUFFIXES):
        folders = PurePosixPath(name).parts[:-1]
        patient = next((folder for folder in folders if folder in breasts or PATIENT_FOLDER.fullmatch(folder)), "")
        files[patient].append(name)
    if lost := files.pop("", []):
        remarks.append(f"{len(lost)} DICOM files are in no patient's folder, such as {lost[0]}: they are not used")
    remarks.append("nobody outlined anything: `deepminer cut RUN --whole WIDTHxHEIGHT` takes the images whole")
    images = [
        ImageCells(name, {"patient": patient, NAME_OF_SCAN: scan}, breasts.get(patient, []))
        for patient in sorted(files)
        for name, scan in _scans_of_patient(patient, files[patient]).items()
    ]
    missing = "No DICOM file is in a folder of its name."
    images += [ImageCells(patient, {}, [], missing) for patient in breasts if patient not in files]
    return named_once(images)


def _rows_of_breasts(directory: Place) -> Iterator[tuple[int, Cells]]:
    """The rows of the table that are not blank, and their lines; the csv file counts where there are both."""
    tables: list[Place] = sorted(directory.glob(TABLES_OF_BREASTS))
    for suffix in (CSV_SUFFIX, SPREADSHEET_SUFFIX):
        of_suffix = [file for file in tables if file.suffix.lower() == suffix]
        if len(of_suffix) > 1:
            raise BadInput(f"{directory} has {len(of_suffix)} tables of CMMD, such as {of_suffix[1].name}: keep one.")
        if of_suffix and suffix == CSV_SUFFIX:
            return table_rows(of_suffix[0], COLUMNS_OF_CMMD)
        if of_suffix:
            columns, *rows = sheet_rows(of_suffix[0]) or [[]]
            return named_rows(of_suffix[0], columns, rows, COLUMNS_OF_CMMD)
    raise BadInput(f"{directory} holds no table of CMMD.")


def _said_of_breast(row: Cells, number: int) -> Cells:
    """What a row says of a breast as a finding, with its side; without one where that cannot be trusted."""
    side = LATERALITIES.get(row["leftright"].upper(), "")
    doubt = ""
    if not row["id1"]:
        doubt = "It names no patient."
    elif not side:
        doubt = f"{row['leftright'][:40]!r} is not a side (L or R)."
    elif row["classification"].lower() not in CLASSIFICATIONS:
        doubt = f"{row['classification'][:40]!r} is none of {', '.join(CLASSIFICATIONS)}."
    elif row["abnormality"].lower() not in ABNORMALITIES:
        doubt = f"{row['abnormality'][:40]!r} is none of {', '.join(ABNORMALITIES)}."
    if doubt:
        return {BREAST_SIDE: side, DOUBT: f"Line {number} of the table: {doubt}"}
    return {
        BREAST_SIDE: side,
        CLASS_COLUMN: row["classification"].lower(),
        "lesion_type": ABNORMALITIES[row["abnormality"].lower()],
        "age": row["age"],
    }


def _scans_of_patient(patient: str, files: Sequence[str]) -> dict[str, str]:
    """What the scans of a patient's files are called: all patients have a 1-1.dcm, some have several."""
    stems = [PurePosixPath(name).stem for name in files]
    if len(set(stems)) == len(stems):
        return {name: f"{patient}_{stem}" for name, stem in zip(files, stems, strict=True)}
    below = {name: name.split(f"{patient}/", 1)[-1].rpartition(".")[0] for name in files}
    return {name: f"{patient}_{path.replace('/', '_')}" for name, path in below.items()}


def read_image_of_cmmd(directory: str, item: Mapping[str, Any], domain: Domain) -> Case:
    """An image with the findings of the breast that its header says it shows, or why it is rejected."""
    said = ImageCells.of(item)
    file = place(directory).absolute() / said.image
    try:
        if not said.doubt:
            said = _of_breast(said, *_side_and_view(inside(place(directory), said.image, "image")))
    except BadInput as error:
        return Case(rejected=[Rejected(str(file), str(error))])
    return read_of_data_set(directory, said, domain, SOURCE_KIND)


def _side_and_view(file: Place) -> tuple[str, str]:
    """Side and view of an image as its header says them; BadInput where it cannot be read, or says none."""
    import pydicom  # half a second that DDSM's films need not pay

    try:
        with file.open("rb") as stream:
            header = pydicom.dcmread(stream, stop_before_pixels=True)
        side = str(header.get("ImageLaterality") or header.get("Laterality") or "")
        codes = [str(code.get("CodeValue", "")) for code in header.get("ViewCodeSequence") or ()]
        view = str(header.get("ViewPosition") or "") or ", ".join(VIEW_CODES.get(code, code) for code in codes)
    except Exception as error:  # a damaged header raises whatever its first wrong value leads to
        raise BadInput(f"The image {file.name} cannot be read: {error}") from error
    known = LATERALITIES.get(side.strip().upper())
    if known is None:
        raise BadInput("Its header does not say which breast it shows (ImageLaterality): its class is not known.")
    return known, view


def _of_breast(said: ImageCells, side: str, view: str) -> ImageCells:
    """The image with the rows of its breast; in doubt where none is of it, or one cannot be trusted."""
    rows = [row for row in said.findings if row[BREAST_SIDE] in (side, "")]
    if not rows:
        doubt = f"No row of the table is of this patient's {side.lower()} breast: what it shows is not known."
        return ImageCells(said.image, said.cells, [], doubt)
    if doubt := next((row[DOUBT] for row in rows if DOUBT in row), ""):
        return ImageCells(said.image, said.cells, [], doubt)
    findings = [{name: cell for name, cell in row.items() if name not in (BREAST_SIDE, "age")} for row in rows]
    cells = {"laterality": side, "view": view, "age": rows[0]["age"]}
    return ImageCells(said.image, said.cells | cells, findings)
