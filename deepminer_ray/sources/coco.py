"""Images with findings in COCO's form of object detection: JSON with images, annotations and categories."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.sources.bounds import read_json, read_text, refuse_unencodable
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.shape import BOX, POLYGON, RUNS
from deepminer_ray.sources.two_tables import Cells, ImageCells, columns_of_image, deal, named_once

SOURCE_KIND = "coco"

PARTS = ("images", "annotations", "categories")
FOLDERS = ("", "images", "JPEGImages")
"""Where images lie beside the file that names them, or in a folder of its split: train2017."""
OF_SPLIT = "instances_"
TRIED = 20
"""Images that are looked for in each of them."""


@dataclass
class _Source:
    """A folder of COCO's files, and what they say of its images by their names."""

    directory: Place
    vocabulary: Vocabulary
    images: dict[str, ImageCells] = field(default_factory=dict)


def recognise(directory: Place) -> bool:
    """Whether a JSON file in the folder, or in its folder `annotations`, has COCO's three parts."""
    return any(_has_parts(file) for file in _json_files(directory))


def find_images_of_coco(directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, str]]:
    """The images that COCO's files name, with their annotations, in the form of the two tables.

    BadInput where a file cannot be read, or an annotation has an image or a category that is not there.
    """
    source = _Source(directory, Vocabulary.of(domain))
    for file in _json_files(directory):
        said = read_json(file)
        if not isinstance(said, dict) or not all(isinstance(said.get(part), list) for part in PARTS):
            remarks.append(f"{file.name} is not in COCO's form of object detection: it is not used")
            continue
        names = _read_images(source, file, said["images"])
        categories = {_key_of(one, "id", file): _cell_of(one.get("name")) for one in _objects(said, "categories", file)}
        findings = (
            (*_finding_of_annotation(one, names, categories, source.vocabulary, file), "")
            for one in _objects(said, PARTS[1], file)
        )
        deal(findings, source.images, file.name, "its images")
    who = f"each {domain.words.image} counts as a patient of its own"
    if source.images and not any("patient" in one.cells for one in source.images.values()):
        remarks.append(f"no image has a `{columns_of_image(domain)['patient']}`: {who}")
    return named_once(source.images.values())


def _json_files(directory: Place) -> list[Place]:
    files: list[Place] = sorted(directory.glob("*.json"))
    below: list[Place] = sorted((directory / "annotations").glob("*.json"))
    return files + below


def _has_parts(file: Place) -> bool:
    try:
        text = read_text(file)
    except (OSError, ValueError):  # BadInput is a ValueError
        return False
    return all(f'"{part}"' in text for part in PARTS)


def _objects(said: Mapping[str, Any], part: str, file: Place) -> Iterable[dict[str, Any]]:
    for number, one in enumerate(said[part], 1):
        if not isinstance(one, dict):
            raise BadInput(f"{file}: number {number} of its {part} is not an object.")
        yield one


def _key_of(said: Mapping[str, Any], name: str, file: Place) -> int | str:
    key = said.get(name)
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise BadInput(f"{file} has a part whose {name} is {json.dumps(key)[:40]}, not a number or a text.")
    return key


def _cell_of(value: Any) -> str:
    """A value as a table would have it; BadInput where no table can hold it."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_cell_of, value)))
    if isinstance(value, str):
        refuse_unencodable(value, "COCO's file")
        return value.strip()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value) if type(value) is int else ""


def _read_images(source: _Source, file: Place, images: list[Any]) -> dict[int | str, str]:
    """Add the images of a file; their names by their number in it."""
    records: dict[int | str, dict[str, Any]] = {}
    for one in _objects({PARTS[0]: images}, PARTS[0], file):
        key, name = _key_of(one, "id", file), _cell_of(one.get("file_name"))
        if not name:
            raise BadInput(f"{file}: the image {key!r} has no file_name.")
        if records.setdefault(key, one) is not one:
            raise BadInput(f"{file} has two images {str(key)[:40]!r}: whose findings are whose cannot be known.")
    folder = _folder_of_images(source.directory, file, [_cell_of(one["file_name"]) for one in records.values()])
    names = {}
    for key, one in records.items():
        name = names[key] = str(PurePosixPath(folder) / _cell_of(one["file_name"]))
        cells = _cells_of_image(one, source.vocabulary.domain)
        known = source.images.setdefault(name, ImageCells(name, cells))
        if known.cells != cells:
            source.images[name] = ImageCells(name, known.cells, [], "COCO's files say different things of this image.")
    return names


def _folder_of_images(directory: Place, file: Place, names: list[str]) -> str:
    """The folder in which images lie; the directory itself where none is there."""
    folders = (*FOLDERS, file.stem.removeprefix(OF_SPLIT))
    inside = [name for name in names[:TRIED] if ".." not in PurePosixPath(name).parts and name[0] != "/"]
    return next((folder for folder in folders if any(_is_file(directory / folder / name) for name in inside)), "")


def _is_file(file: Place) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name that no file can have
        return False


def _cells_of_image(record: Mapping[str, Any], domain: Domain) -> Cells:
    """What is said of an image: its size, and what the domain has columns for."""
    said = {level(name): text for name, value in record.items() if (text := _cell_of(value))}
    size = {"columns": said.get("width", ""), "rows": said.get("height", "")}
    cells = {what: said.get(column, "") for what, column in columns_of_image(domain).items()} | size
    return {what: cell for what, cell in cells.items() if cell}


def _finding_of_annotation(
    record: Mapping[str, Any],
    names: Mapping[int | str, str],
    categories: Mapping[int | str, str],
    vocabulary: Vocabulary,
    file: Place,
) -> tuple[str, Cells]:
    """The name of an annotation's image, and its cells as in a table of findings."""
    category = _key_of(record, "category_id", file)
    if category not in categories:
        raise BadInput(f"{file} has an annotation of a category {str(category)[:40]!r} that it does not describe.")
    attributes = record.get("attributes")
    said = (
        {} if not isinstance(attributes, dict) else {level(name): _cell_of(value) for name, value in attributes.items()}
    )
    cells = {name: text for name, text in said.items() if name in vocabulary.attributes and text}
    cells = vocabulary.category(categories[category]) | cells | _place(record, file)
    return names.get(_key_of(record, "image_id", file), ""), cells


def _place(record: Mapping[str, Any], file: Place) -> Cells:
    """Where a finding is: its outline, else its box, else nothing."""
    drawn, box = record.get("segmentation"), record.get("bbox")
    if isinstance(drawn, dict):
        return {RUNS: json.dumps(drawn)}
    if drawn:
        polygons = drawn if isinstance(drawn, list) and all(isinstance(one, list) for one in drawn) else [drawn]
        return {POLYGON: "|".join(" ".join(_numbers_of(one, "a segmentation", file)) for one in polygons)}
    if not box:
        return {}
    numbers = _numbers_of(box, "a bbox", file)
    if len(numbers) != len(BOX):
        raise BadInput(f"{file} has a bbox of {len(numbers)} numbers, not of x, y, width and height.")
    return dict(zip(BOX, numbers, strict=True))


def _numbers_of(values: Any, what: str, file: Place) -> list[str]:
    if not isinstance(values, list) or any(isinstance(one, bool) or not isinstance(one, int | float) for one in values):
        raise BadInput(f"{file} has {what} that is not a list of numbers.")
    return [repr(float(one)) if abs(one) < LARGEST_FLOAT else "inf" for one in values]


LARGEST_FLOAT = 1e300
"""Whole numbers of JSON may be too large for a float."""
