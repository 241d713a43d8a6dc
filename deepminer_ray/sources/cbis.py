"""CBIS-DDSM (Lee et al. 2017, doi:10.1038/sdata.2017.177): DICOM films and masks that four csv files describe."""

import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from deepminer_ray.errors import BadInput
from deepminer_ray.place import Place, Remote, place
from deepminer_ray.sources import image
from deepminer_ray.sources.bounds import whole
from deepminer_ray.sources.density import DISPLAY
from deepminer_ray.sources.finding import PATHOLOGIES, components, lesion_of, read_finding, read_number
from deepminer_ray.sources.rows import Case, Rejected, Repair, Scan

SOURCE_KIND = "cbis"

DESCRIPTIONS = "*_case_description_*_set.csv"
"""Masses and calcifications, each for training and test; their names say which split a row is of."""

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
}
"""The csv files' columns, spaces and capitals levelled, and our names; masses and calcifications have some each."""


def recognise(directory: Place) -> bool:
    """Whether one of the four csv files lies in the directory."""
    return any(directory.glob(DESCRIPTIONS))


def find_films(directory: Place) -> list[dict[str, str]]:
    """One item a film: its name, its folder and, as JSON, the rows of its abnormalities with their masks' folders.

    A film that the mass files and the calcification files both list is one film with the findings of both: apart, each
    copy would show the other's findings as normal tissue.
    """
    folders = _folders(directory)
    films: dict[str, list[dict[str, str]]] = {}
    for row in read_descriptions(directory):
        films.setdefault("_".join((row["patient"], row["laterality"], row["view"])), []).append(row)
    items = []
    for scan, rows in sorted(films.items()):
        placed = [row | {part: folders.get(_folder(row[part]), "") for part in ("image", "mask")} for row in rows]
        items.append({"scan": scan, "listed": rows[0]["image"], "rows": json.dumps(placed)})
    return items


def read_descriptions(directory: Place) -> Iterator[dict[str, str]]:
    """The rows of the csv files under our names, with `list` the official split; BadInput where one cannot be read."""
    files: list[Place] = sorted(directory.glob(DESCRIPTIONS))
    for file in files:
        try:
            table = pl.read_csv(file.read_bytes(), infer_schema=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise BadInput(f"{file} cannot be read as csv: {str(error).splitlines()[0]}") from error
        table = table.rename({name: name.strip().lower().replace(" ", "_") for name in table.columns})
        for name in ("patient_id", "image_file_path", "pathology"):
            if name not in table.columns:
                raise BadInput(f"{file} lacks the column {name}: it is no case description of CBIS-DDSM.")
        split = "train" if "_train_" in file.name else "test"
        for found in table.iter_rows(named=True):
            yield {ours: (found.get(theirs) or "").strip() for theirs, ours in COLUMNS.items()} | {"list": split}


def read_film(directory: str, item: dict[str, str]) -> Case:
    """One film's scan and lesions, or why it is rejected: headers and masks are read, the film's pixels are not."""
    rows = json.loads(item["rows"])
    case = Case()
    try:
        _read(case, item["scan"], rows)
    except BadInput as error:
        return Case(rejected=[Rejected(str(place(directory) / item["listed"]), str(error))])
    return case


def _read(case: Case, scan: str, rows: list[dict[str, str]]) -> None:
    first, repairs = rows[0], list[str]()
    film = _film(first["image"])
    header = image.film_header(film)
    if first["laterality"] not in ("LEFT", "RIGHT") or first["view"] not in ("CC", "MLO"):
        raise BadInput(
            f"{first['laterality']!r}, {first['view']!r} are no laterality (LEFT, RIGHT) and view (CC, MLO)."
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
    density = read_number(first["density"], "density", whole, repairs)
    case.scans.append(
        Scan(
            scan=scan,
            patient=first["patient"],
            laterality=first["laterality"],
            view=first["view"],
            source_kind=SOURCE_KIND,
            file=str(film),
            rows=header.rows,
            columns=header.columns,
            bits=header.bits,
            digitizer=DISPLAY,
            density=density,
        )
    )
    if len({row["image"] for row in rows}) > 1:
        repairs.append("is listed with masses and with calcifications: taken as one film with the findings of both")
    case.repairs += [Repair(str(film), what) for what in repairs]


def _film(folder: str) -> Place:
    found = _dicoms(folder)
    if len(found) != 1:
        raise BadInput(f"The film's folder holds {len(found)} DICOM files instead of one.")
    return found[0]


def _mask(folder: str, film: image.Header) -> Place:
    """The file of a mask's folder that is as large as the film: the csv files often name the cropped image instead."""
    sizes = {file: image.read_header(file, "mask") for file in _dicoms(folder)}
    found = [file for file, size in sizes.items() if (size.rows, size.columns) == (film.rows, film.columns)]
    if len(found) != 1:
        raise BadInput(
            f"Of {len(sizes)} files in a mask's folder {len(found)} instead of one are {film.columns} x {film.rows} px "
            "like the film: its labels would be wrong."
        )
    return found[0]


def _dicoms(folder: str) -> list[Place]:
    return sorted(place(folder).rglob("*.dcm")) if folder else []


def _folder(path: str) -> str:
    """The first folder of a path in the csv files, e.g. Mass-Training_P_00001_LEFT_CC_1: the rest differs on disk."""
    parts = PurePosixPath(path).parts
    return parts[0] if parts else ""


def _folders(directory: Place) -> dict[str, str]:
    """Where the folders of films and masks lie: downloads put them directly or some folders deeper."""
    found: dict[str, str] = {}
    if isinstance(directory, Remote):
        for file in directory.rglob("*.dcm"):
            while str(file) != str(directory):
                if file.name.startswith(("Mass-", "Calc-")):
                    found[file.name] = str(file)
                file = file.parent
        return found
    for folder, names, _ in os.walk(directory):
        for name in names:
            if name.startswith(("Mass-", "Calc-")):
                found[name] = str(Path(folder) / name)
        names[:] = [name for name in names if name not in found]
    return found


def read_lists(directory: Place) -> list[dict[str, Any]]:
    """Patients and the official lists they are in."""
    pairs = dict.fromkeys((row["patient"], row["list"]) for row in read_descriptions(directory))
    return [{"patient": patient, "list": name} for patient, name in pairs]
