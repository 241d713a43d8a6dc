"""OsiriX's regions of interest: an Apple property list in XML, with the contours of one image in px."""

import math
import plistlib
import re
from dataclasses import dataclass
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.sources.bounds import finite, read_text
from deepminer_ray.sources.shape import BOX, POLYGON
from deepminer_ray.sources.two_tables import Cells

COORDINATE = r"\s*([-+.\deE]+)\s*"
POINT_PX = re.compile(rf"\({COORDINATE},{COORDINATE}\)", re.ASCII)
FEWEST_CORNERS = 3


@dataclass(frozen=True, slots=True)
class Contour:
    """A region of interest by its name: its points (x, y) in px from the image's upper left corner."""

    name: str
    points: list[tuple[float, float]]

    def exchanged(self) -> "Contour":
        """With x for y."""
        return Contour(self.name, [(y, x) for x, y in self.points])

    def outside(self, columns: int, rows: int) -> float:
        """How far, in px, the farthest point lies off an image; 0 where none does."""
        beyond = [max(-x, -y, x - columns, y - rows) for x, y in self.points]
        return max(0.0, *beyond) if beyond else 0.0

    def cells(self) -> Cells:
        """Its place as a table says it: a polygon, or of one or two points the smallest box of whole px."""
        if len(self.points) >= FEWEST_CORNERS:
            return {POLYGON: " ".join(f"{x!r} {y!r}" for x, y in self.points)}
        if not self.points:
            return {}
        columns, rows = ([math.floor(of) for of in one] for one in zip(*self.points, strict=True))
        numbers = (min(columns), min(rows), max(columns) - min(columns) + 1, max(rows) - min(rows) + 1)
        return dict(zip(BOX, map(str, numbers), strict=True))


def read_contours(file: Place) -> list[Contour]:
    """The contours of a file of one image.

    BadInput where it cannot be read, declares entities, or has another number of contours or points than it says.
    """
    try:
        # The text alone: what plistlib reads of a binary list is not what these files are.
        said = plistlib.loads(read_text(file).encode(), fmt=plistlib.FMT_XML)
    except BadInput:
        raise
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read: {error.strerror}.") from error
    except Exception as error:  # plistlib raises whatever its first wrong value leads to
        raise BadInput(f"{file.name} is not a property list in XML: {str(error)[:200]}.") from error
    images = said.get("Images") if isinstance(said, dict) else None
    if not isinstance(images, list) or len(images) != 1 or not isinstance(images[0], dict):
        raise BadInput(f"{file.name} does not hold the contours of one image.")
    many = _many(images[0], file.name)
    return [_contour(one, f"{file.name}, contour {number}") for number, one in enumerate(many, 1)]


def _many(image: dict[str, Any], name: str) -> list[Any]:
    contours, told = image.get("ROIs"), image.get("NumberOfROIs")
    if not isinstance(contours, list) or (told is not None and told != len(contours)):
        count = len(contours) if isinstance(contours, list) else 0
        raise BadInput(f"{name} says that it has {str(told)[:40]} contours, and has {count}.")
    return contours


def _contour(said: Any, where: str) -> Contour:
    name = said.get("Name") if isinstance(said, dict) else None
    points = said.get("Point_px") if isinstance(said, dict) else None
    if not isinstance(name, str) or not isinstance(points, list):
        raise BadInput(f"{where} has no Name or no Point_px.")
    told = said.get("NumberOfPoints")
    if told is not None and told != len(points):
        raise BadInput(f"{where} says that it has {str(told)[:40]} points, and has {len(points)}.")
    return Contour(name, [_point(point, where) for point in points])


def _point(text: Any, where: str) -> tuple[float, float]:
    match = POINT_PX.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        if match is not None:
            return finite(match[1]), finite(match[2])
    except ValueError:
        pass
    raise BadInput(f"{where} has the point {str(text)[:40]!r}, which is not (x, y).")
