"""One's own mammograms: a directory with a manifest.csv that names images, lesion masks and what is known of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.density import DISPLAY, to_density
from deepminer_ray.sources.rows import Case, Lesion, Rejected, Repair, Ring, Scan

SOURCE_KIND = "manifest"

FILE = "manifest.csv"
REQUIRED = ("image", "mask", "patient", "laterality", "view", "pathology")
KEYWORDS = ("lesion_type", "shape", "margins", "calcification_type", "distribution")
OF_LESION = ("pathology", *KEYWORDS, "assessment", "subtlety")
OPTIONAL = (*OF_LESION[1:], "lesions", "density", "age", "resolution")
TAKEN_BY = "taken_by"
"""The one column of a row that the file does not hold: the earlier image of the same name."""

LATERALITIES = {"LEFT": "LEFT", "L": "LEFT", "RIGHT": "RIGHT", "R": "RIGHT"}
VIEWS = ("CC", "MLO")
PATHOLOGIES = ("malignant", "unproven", "benign", "benign_without_callback")
"""The worst first."""
MISSING = frozenset(("", "N/A", "NA", "NAN", "NONE", "NULL"))

Number = TypeVar("Number", int, float)

BITS = {"L": 8, "I;16": 16, "I;16B": 16, "I;16L": 16}
"""Pillow's names of the grey images that are read."""
WHITES = (4095, 16383, 65535)
"""Images of 12 and 14 bits are commonly stored in 16."""


def recognise(directory: Path) -> bool:
    """Whether the directory holds a manifest.csv."""
    return (directory / FILE).is_file()


def find_rows(directory: Path) -> list[dict[str, str]]:
    """The rows of the manifest, all columns present and "" where nothing is said; BadInput where it cannot be read.

    A scan is named by its image's stem; a row whose name an earlier row has says so in `taken_by`.
    """
    try:
        table = pl.read_csv(directory / FILE, infer_schema=False)
        table = table.rename({name: name.strip().lower() for name in table.columns})
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{directory / FILE} cannot be read as csv: {str(error).splitlines()[0]}") from error
    if missing := [name for name in REQUIRED if name not in table.columns]:
        raise BadInput(f"{directory / FILE} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    rows: list[dict[str, str]] = []
    images: dict[str, str] = {}
    for found in table.iter_rows(named=True):
        row = {name: (found.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
        stem = PurePosixPath(row["image"]).stem
        rows.append(row | {TAKEN_BY: images.get(stem, "")})
        if stem:
            images.setdefault(stem, row["image"])
    return rows


def read_row(directory: str, row: Mapping[str, str | None]) -> Case:
    """One row's scan and lesions, or why it is rejected; of the image only the header is read, the mask wholly."""
    values = {name: row.get(name) or "" for name in (*REQUIRED, *OPTIONAL, TAKEN_BY)}
    case = Case()
    try:
        _read(case, Path(directory), values)
    except BadInput as error:
        file = Path(directory).absolute() / (values["image"] or FILE)
        return Case(rejected=[Rejected(str(file), str(error))])
    return case


def read_film(file: str) -> NDArray[np.uint16]:
    """A grey image in density units [rows, columns]; BadInput where it is coloured or cannot be decoded.

    White is 255, or for 16 bits the least of 4095, 16383 and 65535 that holds the image.
    """
    grey = _grey(Path(file), tuple(BITS), "image")
    white = 255 if grey.dtype == np.uint8 else next(white for white in WHITES if grey.max() <= white)
    return to_density(grey.astype(np.uint16), DISPLAY, white)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What the manifest says of one lesion."""

    pathology: str
    keywords: dict[str, str | None]
    report: str
    assessment: int | None
    subtlety: int | None


def _read(case: Case, directory: Path, row: dict[str, str]) -> None:
    path = _inside(directory, row["image"], "image")
    if row[TAKEN_BY]:
        raise BadInput(f"The name {path.stem} is taken by {row[TAKEN_BY]}: give every image a name of its own.")
    pathologies = [value.strip().lower().replace(" ", "_") for value in row["pathology"].split("|")]
    if pathologies != ["normal"] and not set(pathologies) <= set(PATHOLOGIES):
        raise BadInput(f"The pathology {row['pathology']!r} is none of normal, {', '.join(PATHOLOGIES)}.")
    repairs: list[str] = []
    scan = _scan(path, row, repairs)
    mask = _inside(directory, row["mask"], "mask") if row["mask"] else None
    rings = _components(mask, scan.columns, scan.rows) if mask else []
    if (pathologies == ["normal"]) == bool(rings):
        outlined = "its mask was ignored" if rings else "no mask outlines a lesion: none was taken"
        repairs.append(f"is {row['pathology'].lower()}, but {outlined}")
    elif rings:
        findings, outlines = _divide(_findings(row | {"pathology": "|".join(pathologies)}, repairs), rings, repairs)
        pairs = enumerate(zip(findings, outlines, strict=True), 1)
        case.lesions += [_lesion(scan.scan, number, finding, outline) for number, (finding, outline) in pairs]
    case.scans.append(scan)
    case.repairs += [Repair(scan.file, what) for what in repairs]


def _scan(path: Path, row: dict[str, str], repairs: list[str]) -> Scan:
    laterality, view = LATERALITIES.get(row["laterality"].upper()), row["view"].upper()
    if laterality is None or view not in VIEWS:
        raise BadInput(f"{row['laterality']!r}, {row['view']!r} are no laterality (LEFT, RIGHT) and view (CC, MLO).")
    if row["patient"].upper() in MISSING:
        raise BadInput("The row names no patient: its scan would have no partition.")
    columns, rows, mode = _header(path, "image")
    if mode not in BITS:
        raise BadInput(f"The image is {mode}, not grey of 8 or 16 bits.")
    return Scan(
        scan=path.stem,
        patient=row["patient"],
        laterality=laterality,
        view=view,
        source_kind=SOURCE_KIND,
        file=str(path),
        rows=rows,
        columns=columns,
        bits=BITS[mode],
        digitizer=DISPLAY,
        resolution=_number(row["resolution"], "resolution", float, repairs),
        density=_number(row["density"], "density", _whole, repairs),
        age=_number(row["age"], "age", _whole, repairs),
    )


def _inside(directory: Path, name: str, what: str) -> Path:
    if not name:
        raise BadInput(f"The row names no {what}.")
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise BadInput(f"The {what} {name} lies outside the directory of the manifest.")
    return directory.absolute() / name


def _header(path: Path, what: str) -> tuple[int, int, str]:
    try:
        with Image.open(path) as image:
            return image.width, image.height, image.mode
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(f"The {what} {path.name} cannot be read: {error}") from error


def _grey(path: Path, modes: tuple[str, ...], what: str) -> NDArray[np.generic]:
    _, _, mode = _header(path, what)
    if mode not in modes:
        raise BadInput(f"The {what} {path.name} is {mode}, not grey of 8 or 16 bits.")
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadInput(f"The {what} {path.name} cannot be decoded: {error}") from error


def _components(path: Path, columns: int, rows: int) -> list[Ring]:
    """The outer boundary of each 8-connected component of a mask, ordered by left column, then top row."""
    mask = _grey(path, ("1", *BITS), "mask") != np.zeros((), np.uint8)
    if mask.shape != (rows, columns):
        raise BadInput(f"The mask is {mask.shape[1]} x {mask.shape[0]} px, the image {columns} x {rows} px.")
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rings: list[Ring] = [[(x, y) for x, y in contour.reshape(-1, 2).tolist()] for contour in found]
    return sorted(rings, key=lambda ring: (min(x for x, _ in ring), min(y for _, y in ring)))


def _findings(row: dict[str, str], repairs: list[str]) -> list[_Finding]:
    """One finding a lesion announced, a column's single value being true of all; one for all where columns disagree."""
    columns = {name: [value.strip() for value in row[name].split("|")] for name in OF_LESION}
    announced = max(_number(row["lesions"], "lesions", _whole, repairs) or 1, *map(len, columns.values()))
    uneven = [name for name, values in columns.items() if len(values) not in (1, announced)]
    for name, values in columns.items():
        filler = values[0] if len(values) == 1 else ""
        columns[name] = values + [filler] * (announced - len(values))
    findings = [_finding({name: columns[name][place] for name in columns}, repairs) for place in range(announced)]
    if not uneven:
        return findings
    repairs.append(f"announces {announced} lesions, but not one value of {', '.join(uneven)} each: taken as one lesion")
    return [_joined(findings)]


def _finding(said: dict[str, str], repairs: list[str]) -> _Finding:
    keywords = {name: _keyword(said[name]) for name in KEYWORDS}
    details = {
        "MASS": (("SHAPE", keywords["shape"]), ("MARGINS", keywords["margins"])),
        "CALCIFICATION": (("TYPE", keywords["calcification_type"]), ("DISTRIBUTION", keywords["distribution"])),
    }
    if keywords["lesion_type"] is None:
        described = [kind for kind, pairs in details.items() if any(value for _, value in pairs)]
        keywords["lesion_type"] = "-".join(described) or None
    words: list[str] = []
    for kind in (keywords["lesion_type"] or "").split("-"):
        words += ["LESION_TYPE", kind] if kind else []
        words += [word for name, value in details.get(kind, ()) if value for word in (name, value)]
    assessment = _number(said["assessment"], "assessment", _whole, repairs)
    subtlety = _number(said["subtlety"], "subtlety", _whole, repairs)
    return _Finding(said["pathology"], keywords, " ".join(words), assessment, subtlety)


def _joined(findings: list[_Finding]) -> _Finding:
    """Several findings as one: the worst pathology, the highest numbers, keywords joined by '-' as DDSM joins them."""
    keywords = {
        name: "-".join(dict.fromkeys(value for finding in findings if (value := finding.keywords[name]))) or None
        for name in KEYWORDS
    }
    return _Finding(
        pathology=next(name for name in PATHOLOGIES if any(finding.pathology == name for finding in findings)),
        keywords=keywords,
        report=" ".join(finding.report for finding in findings if finding.report),
        assessment=max((found.assessment for found in findings if found.assessment is not None), default=None),
        subtlety=max((found.subtlety for found in findings if found.subtlety is not None), default=None),
    )


def _divide(findings: list[_Finding], rings: list[Ring], repairs: list[str]) -> tuple[list[_Finding], list[list[Ring]]]:
    """Give each finding its component; where their numbers differ, one finding has them all."""
    if len(findings) == len(rings):
        return findings, [[ring] for ring in rings]
    if len(findings) > 1:
        repairs.append(f"announces {len(findings)} lesions, but its mask holds {len(rings)}: taken as one lesion")
    return [_joined(findings)], [rings]


def _lesion(scan: str, number: int, finding: _Finding, outline: list[Ring]) -> Lesion:
    columns, rows = zip(*(point for ring in outline for point in ring), strict=True)
    return Lesion(
        lesion=f"{scan}#{number}",
        scan=scan,
        abnormality=number,
        pathology=finding.pathology,
        lesion_type=finding.keywords["lesion_type"],
        shape=finding.keywords["shape"],
        margins=finding.keywords["margins"],
        calcification_type=finding.keywords["calcification_type"],
        distribution=finding.keywords["distribution"],
        assessment=finding.assessment,
        subtlety=finding.subtlety,
        report=finding.report,
        x=min(columns),
        y=min(rows),
        width=max(columns) - min(columns) + 1,
        height=max(rows) - min(rows) + 1,
        outline=outline,
    )


def _keyword(value: str) -> str | None:
    value = "_".join(value.upper().split())
    return None if value in MISSING else value


def _whole(value: str) -> int:
    # Tables that once held gaps say 3.0 for 3.
    number = float(value)
    if not number.is_integer():
        raise ValueError(value)
    return int(number)


def _number(value: str, name: str, kind: Callable[[str], Number], repairs: list[str]) -> Number | None:
    if value.upper() in MISSING:
        return None
    try:
        return kind(value)
    except ValueError:
        repairs.append(f"has the {name} {value!r}, which is none: it was left out")
        return None
