"""CBIS-DDSM (Lee et al. 2017, doi:10.1038/sdata.2017.177): films and masks that four csv files describe."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.files.table import slashed
from deepminer_ray.mammography import PATHOLOGIES
from deepminer_ray.sources import image
from deepminer_ray.sources.bounds import read_table, whole_number
from deepminer_ray.sources.cbis_files import find_files, first_folder, images_of
from deepminer_ray.sources.density import DISPLAY
from deepminer_ray.sources.finding import components, lesion_of, read_finding, read_number
from deepminer_ray.sources.rows import NOT_OUTLINED, Case, Rejected, Repair, Scan

SOURCE_KIND = "cbis"

SCAN_FOLDER = re.compile(r"(?:Mass|Calc)-[A-Za-z]+_(.+)")
FINDING_FOLDER = re.compile(r"(?:Mass|Calc)-[A-Za-z]+_(.+)_\d+")
"""How the folders of films and of their findings are named: Mass-Training_P_00001_LEFT_CC, and with _1 behind it."""

DESCRIPTIONS = "*_case_description_*_set.csv"
"""Masses and calcifications, each for training and test; their names say which split a row is of."""
FOLDER_OF_TABLES = "csv"
"""Where they lie in the JPEG copy."""

COLUMNS = {
    "patient_id": "patient",
    "left_or_right_breast": "laterality",
    "image_view": "view",
    "abnormality_type": "lesion_type",
    "mass_shape": "shape",
    "mass_margins": "margins",
    "calc_type": "calcification_type",
    "calc_distribution": "distribution",
    "assessment": "assessment",
    "subtlety": "subtlety",
    "pathology": "pathology",
    "breast_density": "density",
    "image_file_path": "image",
    "roi_mask_file_path": "mask",
    "cropped_image_file_path": "cropped",
}
"""The csv files' columns, spaces and capitals levelled, and our names; masses and calcifications have some each."""


def recognise(directory: Place) -> bool:
    """Whether one of the four csv files lies in the directory, or in its folder csv."""
    return any(_folder_of_tables(directory).glob(DESCRIPTIONS))


def _folder_of_tables(directory: Place) -> Place:
    return directory if any(directory.glob(DESCRIPTIONS)) else directory / FOLDER_OF_TABLES


def find_scans(directory: Place) -> list[dict[str, str]]:
    """One item a film: its name, its folder and, as JSON, the rows of its abnormalities with their masks' folders.

    A film that the mass files and the calcification files both list is one film with the findings of both: apart, each
    copy would show the other's findings as normal tissue. A row that is there twice counts once.
    """
    files = find_files(directory, _folder_of_tables(directory))
    scans: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
    for row in read_descriptions(directory):
        said = {name: value for name, value in row.items() if name != "list"}
        # A row that names another film than its folders do shows that one's finding: both films are in doubt.
        for scan in {_scan_of(said), *_scans_of_folders(said)}:
            told = tuple(value for name, value in said.items() if name != "cropped")
            scans.setdefault(scan, {})[told] = said
    known = {first_folder(row["mask"]) for rows in scans.values() for row in rows.values()}
    unlisted = {
        match[1]: name
        for name in sorted(files.names())
        if (match := FINDING_FOLDER.fullmatch(name)) and name not in known
    }
    items = []
    for scan, rows in sorted((scan, list(rows.values())) for scan, rows in scans.items()):
        placed = [
            row | {"image": files.of(row["image"]), "mask": files.of(row["mask"], row["cropped"])} for row in rows
        ]
        listed = next((row["image"] for row in rows if scan in row["image"]), rows[0]["image"])
        doubt = _doubt(scan, rows, unlisted.get(scan))
        items.append({"scan": scan, "listed": listed, "rows": json.dumps(placed), "doubt": doubt})
    return items


def _doubt(scan: str, rows: list[dict[str, str]], unlisted: str | None) -> str:
    """Why what the rows say of a film cannot be trusted; empty where it can."""
    if any({scan} != {_scan_of(row), *_scans_of_folders(row)} for row in rows):
        return f"A row of {scan} names another film than its folders: whose finding it is cannot be known."
    masks = [first_folder(row["mask"]) for row in rows]
    if len(set(masks)) < len(masks):
        return f"Several rows of {scan} say different things of one finding."
    return "" if unlisted is None else f"No row lists the finding in {unlisted}: {NOT_OUTLINED}"


def _scan_of(row: dict[str, str]) -> str:
    """The film that a row says it is of."""
    return "_".join((row["patient"], row["laterality"], row["view"]))


def _scans_of_folders(row: dict[str, str]) -> set[str]:
    """The films that the folders of a row's film and mask are named after."""
    names = [first_folder(row["image"]), first_folder(row["mask"])]
    return {match[1] for name in names if (match := FINDING_FOLDER.fullmatch(name) or SCAN_FOLDER.fullmatch(name))}


def read_descriptions(directory: Place) -> Iterator[dict[str, str]]:
    """The rows of the csv files under our names, with `list` the official split; BadInput where one cannot be read."""
    files: list[Place] = sorted(_folder_of_tables(directory).glob(DESCRIPTIONS))
    for file in files:
        table = read_table(file)
        columns = [name.strip().lower().replace(" ", "_") for name in table.columns]
        if len(set(columns)) < len(columns):
            raise BadInput(f"{file} has a column twice: {', '.join(columns)}.")
        table.columns = columns
        table.need("patient_id", "image_file_path", "pathology")
        split = "train" if "_train_" in file.name else "test"
        for row in table.iter_rows(named=True):
            said = {ours: row.get(theirs, "") for theirs, ours in COLUMNS.items()}
            yield said | {path: slashed(said[path]) for path in ("image", "mask")} | {"list": split}


def read_case(directory: str, item: dict[str, str]) -> Case:
    """One film's scan and lesions, or why it is rejected: headers and masks are read, the film's pixels are not."""
    rows = json.loads(item["rows"])
    case = Case()
    try:
        if item["doubt"]:
            raise BadInput(item["doubt"])
        _read_scan_rows(case, item["scan"], rows)
    except BadInput as error:
        return Case(rejected=[Rejected(str(place(directory) / item["listed"]), str(error))])
    return case


def _read_scan_rows(case: Case, scan: str, rows: list[dict[str, Any]]) -> None:
    first, repairs = rows[0], list[str]()
    file = _only_image(first["image"])
    header = image.scan_header(file)
    if first["laterality"] not in ("LEFT", "RIGHT") or first["view"] not in ("CC", "MLO"):
        raise BadInput(
            f"{first['laterality']!r}, {first['view']!r} are not a laterality (LEFT, RIGHT) and view (CC, MLO)."
        )
    lesions = []
    for number, row in enumerate(rows, 1):
        row["pathology"] = row["pathology"].lower()
        if row["pathology"] not in PATHOLOGIES:
            raise BadInput(f"The pathology {row['pathology']!r} is none of {', '.join(PATHOLOGIES)}.")
        rings = components(_mask(row["mask"], header), header.columns, header.rows)
        if not rings:
            raise BadInput("A mask is empty: the film's labels would be wrong.")
        lesions.append(lesion_of(scan, number, read_finding(row, repairs), rings))
    case.lesions += lesions
    density = read_number(first["density"], "density", whole_number, repairs)
    case.scans.append(
        Scan(
            scan=scan,
            patient=first["patient"],
            laterality=first["laterality"],
            view=first["view"],
            source_kind=SOURCE_KIND,
            file=str(file),
            rows=header.rows,
            columns=header.columns,
            bits=header.bits,
            digitizer=DISPLAY,
            density=density,
        )
    )
    if len({tuple(row["image"]) for row in rows}) > 1:
        repairs.append("is listed with masses and with calcifications: taken as one film with the findings of both")
    case.repairs += [Repair(str(file), what) for what in repairs]


def _only_image(paths: Sequence[str]) -> Place:
    images = images_of(paths)
    if len(images) != 1:
        raise BadInput(f"The film's folder holds {len(images)} DICOM or JPEG files instead of one.")
    return images[0]


def _mask(paths: Sequence[str], header: image.ImageHeader) -> Place:
    """The file of a finding that is as large as the film: the csv files often name the cropped image instead."""
    sizes = {file: image.read_header(file, "mask") for file in images_of(paths)}
    masks = [file for file, size in sizes.items() if (size.rows, size.columns) == (header.rows, header.columns)]
    if len(masks) != 1:
        raise BadInput(
            f"Of {len(sizes)} files in a mask's folder {len(masks)} instead of one are "
            f"{header.columns} x {header.rows} px like the film: its labels would be wrong."
        )
    return masks[0]


def read_official_lists(directory: Place) -> list[dict[str, Any]]:
    """Patients and the official lists they are in."""
    pairs = dict.fromkeys((row["patient"], row["list"]) for row in read_descriptions(directory))
    return [{"patient": patient, "list": name} for patient, name in pairs]
