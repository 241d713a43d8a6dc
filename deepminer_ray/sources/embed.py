"""EMBED, the Emory Breast Imaging Dataset (Jeong et al. 2023, doi:10.1148/ryai.220047), its open part.

A clinical table has a row a finding, a table of files a row an image; they are joined by exam and side.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.sources import image
from deepminer_ray.sources.air import shares_in_air
from deepminer_ray.sources.bounds import digits
from deepminer_ray.sources.data_set import (
    DICOM_SUFFIXES,
    PNG_SUFFIXES,
    REPAIRED,
    by_stem,
    images_below,
    only_image,
    read_of_data_set,
    worst_of,
)
from deepminer_ray.sources.embed_findings import findings_of_breast, refuse_unknown_codes, with_regions
from deepminer_ray.sources.embed_regions import (
    MIRRORED,
    REGIONS_OF_DICOM,
    REGIONS_OF_PNG,
    REGIONS_SAID,
    boxes_of_regions,
    is_at_the_right,
    mirrored,
    way_round,
    without_place,
)
from deepminer_ray.sources.large_table import read_columns
from deepminer_ray.sources.rows import Case, Rejected, Repair
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells, ImageCells, named_once

SOURCE_KIND = "embed"

FOLDERS_OF_TABLES = ("tables", "")
CLINICAL, METADATA = "EMBED_OpenData_clinical", "EMBED_OpenData_metadata"
VARIANTS = (".csv", "_reduced.csv")
EXAM = ("empi_anon", "acc_anon")
OF_FINDINGS = (*EXAM, "side", "asses", "path_severity")
MORE_OF_FINDINGS = (
    "bside",
    "numfind",
    "tissueden",
    "age_at_study",
    "massshape",
    "massmargin",
    "calcfind",
    "calcdistri",
)
OF_FILES = (*EXAM, "anon_dicom_path", "imagelateralityfinal", "viewposition", "finalimagetype", "spot_mag")
MORE_OF_FILES = ("num_roi", REGIONS_SAID, REGIONS_OF_DICOM, REGIONS_OF_PNG, "png_filename", "rows", "columns")

USUAL_TYPE = "2D"
NOT_SPECIAL, SPECIAL = ("", "0", "0.0", "nan", "false"), ("1", "1.0", "true")
"""What spot_mag says of usual views, and of those that magnify or compress a spot."""
PARTS_OF_PATH = 4
"""Cohort, patient, exam and file: above these stand folders of its makers."""
EITHER_WAY = "either_way"
"""The cell of an image whose regions may be in px of its picture, which has the breast at the left."""


@dataclass
class _Exams:
    """The rows of the clinical table by exam, and why one of them cannot be trusted."""

    rows: dict[tuple[str, str], list[Cells]] = field(default_factory=dict)
    doubts: dict[tuple[str, str], str] = field(default_factory=dict)


def recognise(directory: Place) -> bool:
    """Whether EMBED's clinical table lies in the directory, or in its folder tables."""
    return _table_of(directory, CLINICAL) is not None


def find_images_of_embed(directory: Place, _: int, remarks: list[str]) -> list[dict[str, str]]:
    """The images of the table of files with the findings of their breasts, in the form of the two tables.

    Images of other types than 2D, special views, and images of patients of whom none is there are left out, which is
    appended to remarks. BadInput where a table cannot be read, or lacks a column.
    """
    exams = _exams(_needed_table(directory, CLINICAL))
    files = by_stem(images_below(directory, (*DICOM_SUFFIXES, *PNG_SUFFIXES)))
    table = read_columns(_needed_table(directory, METADATA), OF_FILES, MORE_OF_FILES)
    left_out: dict[str, int] = {}
    images: dict[str, ImageCells] = {}
    absent: dict[str, list[ImageCells]] = {}
    there: set[str] = set()
    for number, row in enumerate(table.iter_rows(named=True), 2):
        if why := _left_out(row):
            left_out[why] = left_out.get(why, 0) + 1
            continue
        one, is_there = _image_of_row(row, number, files, exams)
        if is_there:
            there.add(row[EXAM[0]])
            images[str(len(images))] = one
        else:
            absent.setdefault(row[EXAM[0]], []).append(one)
    remarks.extend(f"{count} images are {why}: they are left out" for why, count in sorted(left_out.items()))
    gone = {patient: of_one for patient, of_one in absent.items() if patient not in there}
    if gone:
        count = sum(map(len, gone.values()))
        remarks.append(f"{count} images of {len(gone)} patients of whom no image is there are left out")
    lost = [one for patient, of_one in absent.items() if patient in there for one in of_one]
    return named_once([*images.values(), *lost])


def _table_of(directory: Place, name: str) -> Place | None:
    """The table of a name, whole or reduced."""
    folders = (directory / folder if folder else directory for folder in FOLDERS_OF_TABLES)
    files = (folder / f"{name}{variant}" for folder in folders for variant in VARIANTS)
    return next((file for file in files if file.is_file()), None)


def _needed_table(directory: Place, name: str) -> Place:
    file = _table_of(directory, name)
    if file is None:
        raise BadInput(f"{directory} holds no {name}.csv, nor does its folder {FOLDERS_OF_TABLES[0]}.")
    return file


def _exams(file: Place) -> _Exams:
    exams, table = _Exams(), read_columns(file, OF_FINDINGS, MORE_OF_FINDINGS)
    for number, row in enumerate(table.iter_rows(named=True), 2):
        exam = _exam_of(row, file)
        try:
            refuse_unknown_codes(row)
        except BadInput as error:
            exams.doubts.setdefault(exam, f"{file.name}, line {number}: {error}")
        exams.rows.setdefault(exam, []).append(row)
    return exams


def _exam_of(row: Mapping[str, str], file: Place | None = None) -> tuple[str, str]:
    """The numbers of a row's patient and exam, as whole numbers; BadInput where they were rounded."""
    return _identifier(row[EXAM[0]], file), _identifier(row[EXAM[1]], file)


def _identifier(text: str, file: Place | None) -> str:
    if text.isdigit() or not text:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if "e" in text.lower() and len(number.as_tuple().digits) <= number.adjusted():
        where = f"{file.name} has" if file else "It has"
        raise BadInput(f"{where} the number {text[:40]}, which was rounded: exams could not be told apart.")
    return format(number.to_integral_value(), "f") if number == number.to_integral_value() else text


def _left_out(row: Mapping[str, str]) -> str:
    """Why an image is not taken that the table has; empty where it is."""
    if row["finalimagetype"].upper() != USUAL_TYPE:
        return f"of the type {row['finalimagetype'][:20] or 'unknown'}, not {USUAL_TYPE}"
    return "special views (spot_mag)" if row["spot_mag"].lower() in SPECIAL else ""


def _image_of_row(
    row: Mapping[str, str], number: int, files: Mapping[str, Sequence[str]], exams: _Exams
) -> tuple[ImageCells, bool]:
    """The image of a row of the table of files, and whether it is there."""
    path = PurePosixPath(row["anon_dicom_path"].replace("\\", "/"))
    names = dict.fromkeys((path.stem, PurePosixPath(row.get("png_filename", "")).stem))
    of_name = list(dict.fromkeys(file for name in names if name for file in files.get(name, ())))
    published = str(PurePosixPath(*path.parts[-PARTS_OF_PATH:])).lstrip("/")
    file = only_image(of_name, published if path.name else f"line {number}")
    if file.doubt:
        return file, True
    try:
        return _said_of_image(row, file.image, exams), bool(of_name)
    except BadInput as error:
        return ImageCells(file.image, {}, [], f"Line {number} of the table of files: {error}"), bool(of_name)


def _said_of_image(row: Mapping[str, str], name: str, exams: _Exams) -> ImageCells:
    """An image with the findings of its breast; BadInput where what is said of it cannot be right."""
    exam, side = _exam_of(row), row["imagelateralityfinal"].upper()
    if row["spot_mag"].lower() not in NOT_SPECIAL:
        raise BadInput(f"Its spot_mag is {row['spot_mag'][:40]!r}, not 0 or 1.")
    if exam in exams.doubts:
        return ImageCells(name, {}, [], exams.doubts[exam])
    rows = exams.rows.get(exam, [])
    findings = findings_of_breast(rows, side)
    if findings is None:
        raise BadInput(
            f"No row of the clinical table is of its breast ({side or 'no side'}) in its exam: it is not known."
        )
    of_picture = PurePosixPath(name).suffix.lower() in PNG_SUFFIXES
    own = REGIONS_OF_PNG if of_picture else REGIONS_OF_DICOM
    boxes, repairs = boxes_of_regions(row, own if own in row else REGIONS_SAID), list[str]()
    placed = with_regions(findings, boxes, repairs)
    cells = {
        "patient": exam[0],
        "laterality": side,
        "view": row["viewposition"],
        "density": _first(rows, "tissueden", ("1", "2", "3", "4")),
        "age": _first(rows, "age_at_study").partition(".")[0],
        CLASS_COLUMN: worst_of(finding[CLASS_COLUMN] for finding in placed),
    }
    cells |= {name: row[name] for name in ("rows", "columns") if row.get(name)}
    cells |= {REPAIRED: repairs[0]} if repairs else {}
    cells |= {EITHER_WAY: own} if boxes and own not in row else {}
    return ImageCells(name, cells, placed)


def _first(rows: Iterable[Mapping[str, str]], name: str, known: Sequence[str] = ()) -> str:
    """What the first row says that says anything of a whole exam."""
    cells = (row.get(name, "").removesuffix(".0") for row in rows)
    return next((cell for cell in cells if cell and (not known or cell in known)), "")


def read_image_of_embed(directory: str, item: Mapping[str, Any], domain: Domain) -> Case:
    """An image with its findings, or why it is rejected.

    Regions that may be in px of the picture are compared with the pixels: a mirrored picture has them where air is.
    """
    said = ImageCells.of(item)
    case = read_of_data_set(directory, said, domain, SOURCE_KIND)
    outlines = [lesion.outline for lesion in case.lesions if lesion.outline]
    if EITHER_WAY not in said.cells or not outlines:
        return case
    (scan,) = case.scans
    try:
        grey = image.read_pixels(place(scan.file))[0]
        as_is, turned = (float(np.mean(shares_in_air(outlines, one))) for one in (grey, grey[:, ::-1]))
        what = way_round(as_is, turned, is_at_the_right(grey))
    except BadInput as error:
        return Case(rejected=[Rejected(scan.file, str(error))])
    if not what:
        return case
    columns = digits(said.cells.get("columns", "").removesuffix(".0")) or scan.columns
    findings = [mirrored(one, columns) if what == MIRRORED else without_place(one) for one in said.findings]
    case = read_of_data_set(directory, ImageCells(said.image, said.cells, findings), domain, SOURCE_KIND)
    case.repairs += [Repair(one.file, what) for one in case.scans]
    return case
