"""What a table says of one lesion, and its mask, as a row of `lesion`: shared by the sources that come as tables."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.files.table import MISSING
from deepminer_ray.mammography import DESCRIBED, KEYWORD_COLUMNS, LESION_TYPE, PATHOLOGIES
from deepminer_ray.sources import image
from deepminer_ray.sources.bounds import refuse_many, whole_number
from deepminer_ray.sources.rows import Lesion, Ring
from deepminer_ray.sources.values import read_assessment

KEYWORDS = tuple(KEYWORD_COLUMNS.values())
MOST_OF_IMAGE = 0.5
"""Share of a film that the masks of its findings cover at most."""
JPEG_SUFFIXES, HALF_OF_WHITE = (".jpg", ".jpeg"), 127

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the manifest says of one lesion."""

    pathology: str
    keywords: dict[str, str | None]
    report: str
    assessment: int | None
    subtlety: int | None


def read_finding(said: dict[str, str], repairs: list[str]) -> Finding:
    """The finding that columns of a csv file name; what had to be repaired is appended to repairs."""
    keywords = {name: _keyword(said[name]) for name in KEYWORDS}
    details = {
        kind: [(field, keywords[KEYWORD_COLUMNS[field]]) for field in fields] for kind, fields in DESCRIBED.items()
    }
    if keywords["lesion_type"] is None:
        described = [kind for kind, pairs in details.items() if any(value for _, value in pairs)]
        keywords["lesion_type"] = "-".join(described) or None
    words: list[str] = []
    for kind in (keywords["lesion_type"] or "").split("-"):
        words += [LESION_TYPE, kind] if kind else []
        words += [word for name, value in details.get(kind, ()) if value for word in (name, value)]
    assessment = read_number(said["assessment"], "assessment", read_assessment, repairs)
    subtlety = read_number(said["subtlety"], "subtlety", whole_number, repairs)
    return Finding(said["pathology"], keywords, " ".join(words), assessment, subtlety)


def joined(findings: list[Finding]) -> Finding:
    """Several findings as one: the worst pathology, the highest numbers, keywords joined by '-' as DDSM joins them."""
    keywords = {
        name: "-".join(dict.fromkeys(value for finding in findings if (value := finding.keywords[name]))) or None
        for name in KEYWORDS
    }
    return Finding(
        pathology=next(name for name in PATHOLOGIES if any(finding.pathology == name for finding in findings)),
        keywords=keywords,
        report=" ".join(finding.report for finding in findings if finding.report),
        assessment=max((one.assessment for one in findings if one.assessment is not None), default=None),
        subtlety=max((one.subtlety for one in findings if one.subtlety is not None), default=None),
    )


def components(path: Place, columns: int, rows: int) -> list[Ring]:
    """The outer boundary of each 8-connected component of a mask, ordered by left column, then top row.

    BadInput where the mask covers so much of the film that it outlines no finding.
    """
    values = mask_values(path, columns, rows)
    if path.suffix.lower() in JPEG_SUFFIXES:  # which makes edges neither black nor white
        return _rings_of_findings(np.asarray(values, np.uint8) > HALF_OF_WHITE)
    return _rings_of_findings(np.asarray(values != np.zeros((), np.uint8)))


def outlines_by_value(path: Place, columns: int, rows: int, lesions: int) -> list[list[Ring]] | None:
    """The outlines of lesions 1 to n where the values of a mask are 1 to n and nothing else beside 0; else None."""
    values = mask_values(path, columns, rows)
    if lesions < 2 or set(np.unique(values).tolist()) - {0} != set(range(1, lesions + 1)):
        return None
    return [rings_of(np.asarray(values == np.asarray(of, values.dtype))) for of in range(1, lesions + 1)]


def _rings_of_findings(mask: NDArray[np.bool_]) -> list[Ring]:
    if (share := float(mask.mean())) > MOST_OF_IMAGE:
        raise BadInput(
            f"The mask covers {share:.0%} of the film: it is inverted, or of the breast, and not of a finding."
        )
    return rings_of(mask)


def mask_values(path: Place, columns: int, rows: int) -> NDArray[np.generic]:
    """The values [rows, columns] of a mask; BadInput where it has another size."""
    values = image.read_pixels(path, "mask")[0]
    if values.shape != (rows, columns):
        raise BadInput(f"The mask is {values.shape[1]} x {values.shape[0]} px, the image {columns} x {rows} px.")
    return values


def rings_of(mask: NDArray[np.bool_], left: int = 0, top: int = 0) -> list[Ring]:
    """The outer boundary of each 8-connected component of a mask whose corner is at (left, top), in the same order."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    refuse_many(len(contours), "pieces in the mask")
    points = [(contour.reshape(-1, 2) + np.array([left, top])).tolist() for contour in contours]
    rings: list[Ring] = [[(x, y) for x, y in of_one] for of_one in points]
    return sorted(rings, key=lambda ring: (min(x for x, _ in ring), min(y for _, y in ring)))


def lesion_of(scan: str, number: int, finding: Finding, outline: list[Ring]) -> Lesion:
    """A finding and its mask as a row of `lesion`, numbered from 1 within its scan; without a box if none is drawn."""
    points = [point for ring in outline for point in ring]
    columns, rows = zip(*points, strict=True) if points else ((), ())
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
        x=min(columns, default=None),
        y=min(rows, default=None),
        width=max(columns) - min(columns) + 1 if columns else None,
        height=max(rows) - min(rows) + 1 if rows else None,
        outline=outline,
    )


def _keyword(value: str) -> str | None:
    value = "_".join(value.upper().split())
    return None if value in MISSING else value


def read_number(value: str, name: str, kind: Callable[[str], Number], repairs: list[str]) -> Number | None:
    """What a column says as a number; None where it says nothing, or no number, which becomes a repair."""
    if value.upper() in MISSING:
        return None
    try:
        return kind(value)
    except ValueError:
        repairs.append(f"has the {name} {value!r}, which is none: it was left out")
        return None
