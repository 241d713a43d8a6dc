"""Images and their findings as two tables: manifest.csv with a row an image, and lesions.csv with a row a finding.

Without lesions.csv a row of manifest.csv is an image and what it shows; several rows are several findings. Other forms,
such as COCO's, are brought into the same items: an image, its own cells, and the cells of each of its findings.
"""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import nearest
from deepminer_ray.errors import BadInput, sentence
from deepminer_ray.files.location import Place
from deepminer_ray.files.table import TextTable, slashed
from deepminer_ray.sources.bounds import MOST_LESIONS, read_table
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.shape import WHERE

LESIONS_FILE = "lesions.csv"
CELLS, CLASS_COLUMN = "cells", "class"
NAMES_OF_CLASS = (CLASS_COLUMN, "pathology")
OF_IMAGE = ("age", "resolution")
"""What a manifest may say of an image in every domain; of mammograms also `density`."""
REGION_COLUMNS = ("region", "region_value")
"""The mask of what is looked at, where the domain says that each image has one, and its value there."""
OF_FINDING = (*WHERE, "assessment", "subtlety")
COLUMNS_NAMED = 5
"""Columns named in a sentence before it only counts them."""
LETTERS_NAMED = 40

Cells = dict[str, str]
NAME_OF_SCAN = "scan"
"""The cell of an image that names its scan, where files of several have one name."""


@dataclass(frozen=True, slots=True)
class ImageCells:
    """An image by its name in the source, what is said of it and of its findings, and why it cannot be trusted.

    `told` is where: of the image, and then of each finding, such as "line 3 of manifest.csv"; it may be empty.
    """

    image: str
    cells: Cells
    findings: list[Cells] = field(default_factory=list)
    doubt: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def scan(self) -> str:
        """What its scan is called: as the file without folder and suffix, or as a cell says."""
        return self.cells.get(NAME_OF_SCAN) or PurePosixPath(self.image).stem

    def item(self) -> dict[str, str]:
        """As a flat row for Ray."""
        said = {CELLS: json.dumps(self.cells), "findings": json.dumps(self.findings), "told": json.dumps(self.told)}
        return {"image": self.image, **said, "doubt": self.doubt}

    @classmethod
    def of(cls, item: Mapping[str, str]) -> "ImageCells":
        """Back from such a row."""
        told = json.loads(item["told"])
        return cls(item["image"], json.loads(item[CELLS]), json.loads(item["findings"]), item["doubt"], told)


def find_images(manifest: Place, domain: Domain, remarks: list[str]) -> list[dict[str, str]]:
    """The images of a manifest and what its rows, or those of lesions.csv, say of each.

    What is to be said of the tables once is appended to remarks. BadInput where a table cannot be read, lacks a column,
    or has findings of an image that is not in the manifest.
    """
    vocabulary, lesions = Vocabulary.of(domain), manifest.parent / LESIONS_FILE
    table = _read(manifest)
    columns = table.columns
    own, apart = columns_of_image(domain), is_there(lesions)
    _need(table, "image", *(() if apart else (CLASS_COLUMN,)))
    if own["patient"] not in columns:
        who = f"each {domain.words.image} counts as a patient of its own"
        remarks.append(f"{manifest.name} has no column `{own['patient']}`: {who}")
    of_image, of_finding = {"image", *own.values()}, {CLASS_COLUMN, *OF_FINDING, *vocabulary.attributes}
    _say_ignored(table, of_image | ({CLASS_COLUMN} if apart else of_finding), vocabulary, remarks)
    images = _images(
        _rows(table), {name: column for name, column in own.items() if column in columns}, apart, of_finding
    )
    if apart:
        table = _read(lesions)
        _need(table, "image", CLASS_COLUMN)
        _say_ignored(table, {"image", *of_finding}, vocabulary, remarks)
        findings = ((row.get("image", ""), _only(row, of_finding), line) for line, row in _rows(table))
        deal(findings, images, lesions.name, manifest.name)
    return named_once(images.values())


def is_there(file: Place) -> bool:
    """Whether there is anything of a name, also what cannot be read: it must not be taken for no findings."""
    return file.is_file() or (isinstance(file, Path) and (file.is_symlink() or file.exists()))


def columns_of_image(domain: Domain) -> Cells:
    """The columns of what is known of an image, by what they say."""
    more = (*(("density",) if domain.of_paper else ()), *(REGION_COLUMNS if domain.looked.region == "mask" else ()))
    columns = {name: name for name in (*OF_IMAGE, *more)}
    columns["patient"] = level(domain.columns.patient or "patient")
    for name, column in (("laterality", domain.columns.side), ("view", domain.columns.view)):
        if column is not None:
            columns[name] = level(column)
    return columns


def _read(file: Place) -> TextTable:
    """A table, its columns named without capitals and blanks."""
    table = read_table(file)
    columns = [level(name) for name in table.columns]
    if {*NAMES_OF_CLASS} <= set(columns):
        raise BadInput(f"{file} has the columns {' and '.join(NAMES_OF_CLASS)}: keep one.")
    columns = [CLASS_COLUMN if name in NAMES_OF_CLASS else name for name in columns]
    if twice := [name for place, name in enumerate(columns) if name and name in columns[:place]]:
        raise BadInput(f"{file} has the column {twice[0]!r} twice.")
    return replace(table, columns=columns)


def _rows(table: TextTable) -> Iterator[tuple[str, Cells]]:
    """Where each row stands, and its cells that say anything."""
    name = PurePosixPath(table.name).name
    for line, cells in zip(table.lines, table.rows, strict=True):
        row = {column: cell for column, cell in zip(table.columns, cells, strict=True) if cell}
        if "image" in row:
            row["image"] = str(PurePosixPath(slashed(row["image"])))
        yield f"line {line} of {name}", row


def _need(table: TextTable, *needed: str) -> None:
    if missing := [name for name in needed if name not in table.columns]:
        known = " or ".join(NAMES_OF_CLASS) if missing[0] == CLASS_COLUMN else missing[0]
        raise BadInput(table.lack(f"the column {known}"))


def _say_ignored(table: TextTable, used: set[str], vocabulary: Vocabulary, remarks: list[str]) -> None:
    """Name the columns that say nothing here, and what they may have been meant to be."""
    ignored = [name[:LETTERS_NAMED] for name in table.columns if name and name not in used]
    if not ignored:
        return
    more = f" and {len(ignored) - COLUMNS_NAMED} more" if len(ignored) > COLUMNS_NAMED else ""
    names = ", ".join(map(repr, ignored[:COLUMNS_NAMED]))
    remark = f"{PurePosixPath(table.name).name}: ignored are the columns {names}{more}"
    near = [near for name in ignored[:COLUMNS_NAMED] if "mean" in (near := nearest(name, vocabulary.attributes))]
    remarks.append(sentence(remark + (near[0] if near else "")))


def _only(row: Cells, columns: Container[str]) -> Cells:
    return {name: cell for name, cell in row.items() if name in columns}


def _images(
    rows: Iterable[tuple[str, Cells]], columns: Cells, apart: bool, of_finding: Container[str]
) -> dict[str, ImageCells]:
    """The images by name; those of which rows say different things are in doubt."""
    images: dict[str, ImageCells] = {}
    for line, row in rows:
        name = row.get("image", "")
        # A patient who is not named, where others are, stays unknown: the image is not one of its own.
        cells = {what: row.get(column, "") for what, column in columns.items() if column in row or what == "patient"}
        cells |= _only(row, {CLASS_COLUMN}) if apart else {}
        known = images.setdefault(name, ImageCells(name, cells, told=[line]))
        if known.cells != cells and not known.doubt:
            doubt = f"Several rows say different things of this image, such as {known.told[0]} and {line}."
            images[name] = ImageCells(name, known.cells, [], doubt)
        elif not apart:
            _add_finding(known, _only(row, of_finding), line)
    return images


def _add_finding(image: ImageCells, finding: Cells, told: str) -> None:
    """Add a finding that is not there yet; an image with more than anyone outlines is rejected anyhow."""
    if len(image.findings) > MOST_LESIONS or finding not in image.findings:
        image.findings.append(finding)
        image.told.append(told)


def deal(
    findings: Iterable[tuple[str, Cells, str]], images: Mapping[str, ImageCells], lesions: str, manifest: str
) -> None:
    """Give each finding, told somewhere, to its image, one that is there twice once; BadInput for an unknown image."""
    lost: list[str] = []
    for name, finding, told in findings:
        known = images.get(name)
        if known is None:
            lost.append(name)
        elif not known.doubt:
            _add_finding(known, finding, told)
    if lost:
        near = nearest(lost[0][:60], images)
        raise BadInput(
            f"{lesions} has {len(lost)} findings of images that are not in {manifest}, the first of {lost[0][:60]!r}"
            + (near if "mean" in near else ": their images would count as showing nothing.")
        )


def named_once(images: Iterable[ImageCells]) -> list[dict[str, Any]]:
    """Images as items; one whose name without folder and suffix another has is in doubt."""
    taken: dict[str, str] = {}
    items = []
    for image in images:
        first = taken.setdefault(image.scan, image.image)
        doubt = f"The name {image.scan} is taken by {first}: give every image a name of its own."
        items.append(image.item() | ({} if first == image.image else {"doubt": image.doubt or doubt}))
    return items
