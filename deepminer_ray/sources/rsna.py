"""RSNA's Screening Mammography Breast Cancer Detection (2022): cancer or not of each breast, and no outlines."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL
from deepminer_ray.sources.data_set import (
    DICOM_SUFFIXES,
    PNG_SUFFIXES,
    by_stem,
    density_number,
    has_columns,
    images_below,
    only_image,
    table_rows,
)
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells, ImageCells, named_once

SOURCE_KIND = "rsna"

TABLE_OF_BREASTS = "train.csv"
TRAINING_FOLDER = "train_images"
CLASS_COLUMNS = ("cancer", "biopsy")
COLUMNS_OF_BREASTS = ("patient_id", "image_id", "laterality", "view", *CLASS_COLUMNS)
FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def recognise(directory: Place) -> bool:
    """Whether the directory has RSNA's table: others have a train.csv, too."""
    return has_columns(directory / TABLE_OF_BREASTS, COLUMNS_OF_BREASTS)


def find_images_of_rsna(directory: Place, _: int, remarks: list[str]) -> list[dict[str, str]]:
    """The images of the table with what it says of their breasts, in the form of the two tables.

    A row that is wrong puts its image in doubt. BadInput where the table cannot be read, or lacks a column.
    """
    files = by_stem(images_below(directory, (*DICOM_SUFFIXES, *PNG_SUFFIXES)))
    images: dict[str, ImageCells] = {}
    for number, row in table_rows(directory / TABLE_OF_BREASTS, COLUMNS_OF_BREASTS):
        file = _file_of(row, files)
        try:
            if not row["image_id"]:
                raise BadInput("The row names no image.")
            one = ImageCells(file.image, *_said_of_row(row), file.doubt)
            if images.setdefault(row["image_id"], one) != one:
                raise BadInput("It says something else of its image than another row.")
        except BadInput as error:
            doubt = f"{TABLE_OF_BREASTS}, line {number}: {error}"
            images[row["image_id"] or f"line {number}"] = ImageCells(file.image, {}, [], doubt)
    remarks.append(
        f"breasts with cancer are {MALIGNANT}, others that were biopsied {BENIGN}, and all others {NORMAL}, which "
        f"some {BENIGN} findings are among; nobody outlined anything, so `deepminer cut RUN --whole WIDTHxHEIGHT` it is"
    )
    return named_once(images.values())


def _file_of(row: Cells, files: Mapping[str, Sequence[str]]) -> ImageCells:
    """The file of a row: IMAGE in the folder of its patient, or anywhere if only one is so called, or PATIENT_IMAGE."""
    patient, name = row["patient_id"], row["image_id"]
    of_name = [*files.get(name, ()), *files.get(f"{patient}_{name}", ())]
    of_patient = [file for file in of_name if PurePosixPath(file).parent.name == patient]
    return only_image(of_patient or of_name, f"{TRAINING_FOLDER}/{patient}/{name}{DICOM_SUFFIXES[1]}")


def _said_of_row(row: Cells) -> tuple[Cells, list[Cells]]:
    """What a row says of its image, and the finding of which only the breast is known, if there is one."""
    cancer, biopsy = (_flag(row[name], name) for name in CLASS_COLUMNS)
    pathology = MALIGNANT if cancer else BENIGN if biopsy else NORMAL
    cells = {
        "patient": row["patient_id"],
        "laterality": row["laterality"],
        "view": row["view"],
        "density": density_number(row.get("density", "")),
        "age": row.get("age", ""),
        CLASS_COLUMN: pathology,
    }
    finding = {CLASS_COLUMN: pathology, "assessment": row.get("birads", "")}
    return cells, [] if pathology == NORMAL else [finding]


def _flag(text: str, name: str) -> bool:
    if text.lower() not in FLAGS:
        raise BadInput(f"Its {name} is {text[:40]!r}, not 0 or 1.")
    return FLAGS[text.lower()]
