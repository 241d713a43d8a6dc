"""Published data sets of mammograms whose tables say what each image shows: what reading them has in common."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote, place, read_start
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL
from deepminer_ray.sources import image
from deepminer_ray.sources.bounds import digits, finite, read_table
from deepminer_ray.sources.image_case import inside, read_image_case
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.rows import Case, Rejected, Repair
from deepminer_ray.sources.shape import BOX
from deepminer_ray.sources.two_tables import Cells, ImageCells

DICOM_SUFFIXES = (".dicom", ".dcm")
PNG_SUFFIXES = (".png",)
DENSITY_LETTERS = {"A": "1", "B": "2", "C": "3", "D": "4"}
SEVERITY = (NORMAL, UNPROVEN, BENIGN, MALIGNANT)
"""What a data set calls findings, the least severe first."""
BYTES_OF_COLUMNS = 2**16
"""Bytes of the names of columns."""
REPAIRED = "repaired"
"""The cell of an image that says what was done in spite of a fault of the tables."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """How a data set is told from others, listed and read.

    `find(directory, suspicious_from, remarks)` gives the items, `read(directory, item, domain)` the case of one. Where
    it is `assessed` it has no pathology, and findings from the BI-RADS category `suspicious_from` on are malignant.
    `title` and `table` are what people call it, and its table.
    """

    name: str
    title: str
    table: str
    recognise: Callable[[Place], bool]
    find: Callable[[Place, int, list[str]], list[dict[str, str]]]
    read: Callable[[str, Mapping[str, str], Domain], Case]
    assessed: bool = False


def table_rows(file: Place, needed: Sequence[str]) -> Iterator[tuple[int, Cells]]:
    """The rows of a csv file that are not blank, by levelled columns, and their lines.

    Cells are without blanks around them; BadInput where the file cannot be read, or lacks a column.
    """
    table = read_table(file)
    return named_rows(file, table.columns, table.iter_rows(), needed)


def named_rows(
    file: Place, columns: Sequence[str], rows: Iterable[Sequence[str | None]], needed: Sequence[str]
) -> Iterator[tuple[int, Cells]]:
    """Rows as `table_rows` gives them; BadInput where a column is not there, or is there twice."""
    names = [level(name) for name in columns]
    for name in needed:
        if names.count(name) != 1:
            raise BadInput(f"{file} lacks the column {name}{' once' if name in names else ''}.")
    for number, row in enumerate(rows, 2):
        cells = [(cell or "").strip() for cell in row]
        if any(cells):
            yield number, dict(zip(names, cells, strict=True))


def has_columns(file: Place, needed: Iterable[str]) -> bool:
    """Whether there is a file whose first line names the columns of a csv file."""
    try:
        line = read_start(file, BYTES_OF_COLUMNS).splitlines()[:1] if file.is_file() else []
    except OSError:
        return False
    names = b"".join(line).decode("utf-8-sig", "replace").replace(";", ",").split(",")
    return set(needed) <= {level(name.strip().strip('"')) for name in names}


def images_below(directory: Place, suffixes: Sequence[str]) -> Iterator[str]:
    """The names in the source, in their order, of the images anywhere below it that end in one of some suffixes."""
    if isinstance(directory, Remote):
        root = PurePosixPath(directory.path)
        names = (str(PurePosixPath(file.path).relative_to(root)) for file in directory.rglob("*"))
        yield from sorted(name for name in names if _ends_in(name, suffixes))
        return
    entered = set()
    for folder, folders, files in os.walk(directory, followlinks=True):
        known = Path(folder).stat()
        if (known.st_dev, known.st_ino) in entered:  # a link to a folder above it
            folders.clear()
            continue
        entered.add((known.st_dev, known.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = Path(folder).relative_to(directory)
        yield from ((below / name).as_posix() for name in sorted(files) if _ends_in(name, suffixes))


def _ends_in(name: str, suffixes: Sequence[str]) -> bool:
    return name.lower().endswith(tuple(suffixes)) and not PurePosixPath(name).name.startswith(".")


def by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of files by what they are without folder and suffix."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(PurePosixPath(name).stem, []).append(name)
    return stems


def only_image(files: Sequence[str], published: str) -> ImageCells:
    """The image that files are of: the DICOM file where there is one; in doubt where several could be it.

    Where there is none it is where the data set is published to have it, and will be rejected as one that is missing.
    """
    dicoms = [file for file in files if _ends_in(file, DICOM_SUFFIXES)]
    of_image = dicoms or list(files)
    if len(of_image) > 1:
        return ImageCells(of_image[0], {}, [], f"{len(of_image)} files have its name, such as {of_image[1]}: keep one.")
    return ImageCells(of_image[0] if of_image else published, {})


def density_number(text: str) -> str:
    """The number of a breast's density, of C or DENSITY C; whatever else it is stays as it is."""
    return DENSITY_LETTERS.get(text.upper().removeprefix("DENSITY").strip(), text)


def worst_of(pathologies: Iterable[str]) -> str:
    """The most severe of some pathologies; normal where there are none."""
    return max(pathologies, key=SEVERITY.index, default=NORMAL)


def box_of_corners(corners: Sequence[str]) -> Cells:
    """The box between two corners (x, y, x, y) in px; BadInput where one is not a number, or it has no size."""
    try:
        left, top, right, bottom = map(finite, corners)
    except ValueError as error:
        raise BadInput(f"The box {', '.join(corners)[:60]!r} is not four numbers.") from error
    if not (left < right and top < bottom):
        raise BadInput(f"The box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) has no size.")
    return dict(zip(BOX, map(repr, (left, top, right - left, bottom - top)), strict=True))


def read_of_data_set(directory: str, said: ImageCells, domain: Domain, source_kind: str) -> Case:
    """An image and its findings as `read_image_case`, or why it is rejected.

    A picture that is as wide in proportion as the tables say, and smaller or larger, is a copy that was scaled: so are
    its boxes, which is a repair.
    """
    repairs = [said.cells[REPAIRED]] if REPAIRED in said.cells else []
    try:
        if not said.doubt:
            said = _scaled(said, inside(place(directory), said.image, "image"), repairs)
    except BadInput as error:
        return Case(rejected=[Rejected(str(place(directory).absolute() / (said.image or ".")), str(error))])
    case = read_image_case(directory, said, Vocabulary.of(domain), source_kind)
    case.repairs += [Repair(scan.file, what) for scan in case.scans for what in repairs]
    return case


def _scaled(said: ImageCells, file: Place, repairs: list[str]) -> ImageCells:
    """An image with its boxes in px of the file; what was scaled is appended to repairs."""
    columns, rows = (digits(said.cells.get(name, "").removesuffix(".0")) for name in ("columns", "rows"))
    if not columns or not rows:
        return said
    cells = said.cells | {"columns": str(columns), "rows": str(rows)}
    if _ends_in(said.image, DICOM_SUFFIXES):
        return replace(said, cells=cells)
    header = image.scan_header(file)
    alike = abs(header.columns * rows - header.rows * columns) <= columns + rows
    if (header.columns, header.rows) == (columns, rows) or not alike:
        return replace(said, cells=cells)
    repairs.append(f"is {header.columns} x {header.rows} px, and {columns} x {rows} by the table: boxes were scaled")
    factors = dict(zip(BOX, (header.columns / columns, header.rows / rows) * 2, strict=True))
    findings = [
        {name: repr(finite(cell) * factors[name]) if name in factors else cell for name, cell in finding.items()}
        for finding in said.findings
    ]
    return ImageCells(said.image, cells | {"columns": str(header.columns), "rows": str(header.rows)}, findings)


def read_item_of(source_kind: str) -> Callable[[str, Mapping[str, Any], Domain], Case]:
    """What reads the items of a data set whose tables say all."""

    def read(directory: str, item: Mapping[str, Any], domain: Domain) -> Case:
        return read_of_data_set(directory, ImageCells.of(item), domain, source_kind)

    return read
