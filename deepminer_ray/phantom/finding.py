"""The kinds of findings a phantom patient can have, in BI-RADS keywords, and where on a breast one is put."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from deepminer_ray.phantom import calcification, mass
from deepminer_ray.phantom.breast import Breast
from deepminer_ray.phantom.drawing import Drawing
from deepminer_ray.phantom.texture import Field, Mask


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A kind of finding: its plain name, pathology, keyword line, and diameter as shares of the film's width."""

    name: str
    pathology: str
    report: str
    smallest: float
    largest: float
    draw: Callable[[float, np.random.Generator, float], Drawing]


def _mass(shape: str, margins: str) -> str:
    return f"LESION_TYPE MASS SHAPE {shape} MARGINS {margins}"


def _calcification(calcification_type: str, distribution: str) -> str:
    return f"LESION_TYPE CALCIFICATION TYPE {calcification_type} DISTRIBUTION {distribution}"


MALIGNANT_KINDS = (
    FindingKind(
        "irregular spiculated mass", "malignant", _mass("IRREGULAR", "SPICULATED"), 0.16, 0.20, mass.spiculated_mass
    ),
    FindingKind(
        "ill-defined irregular mass", "malignant", _mass("IRREGULAR", "ILL_DEFINED"), 0.15, 0.19, mass.ill_defined_mass
    ),
    FindingKind(
        "clustered pleomorphic calcifications",
        "malignant",
        _calcification("PLEOMORPHIC", "CLUSTERED"),
        0.14,
        0.18,
        calcification.pleomorphic_cluster,
    ),
    FindingKind(
        "fine linear branching calcifications",
        "malignant",
        _calcification("FINE_LINEAR_BRANCHING", "SEGMENTAL"),
        0.15,
        0.19,
        calcification.branching_casts,
    ),
)

BENIGN_KINDS = (
    FindingKind("round circumscribed mass", "benign", _mass("ROUND", "CIRCUMSCRIBED"), 0.12, 0.18, mass.round_mass),
    FindingKind("oval circumscribed mass", "benign", _mass("OVAL", "CIRCUMSCRIBED"), 0.14, 0.19, mass.oval_mass),
    FindingKind(
        "lobulated circumscribed mass", "benign", _mass("LOBULATED", "CIRCUMSCRIBED"), 0.14, 0.19, mass.lobulated_mass
    ),
    FindingKind(
        "vascular calcifications", "benign", _calcification("VASCULAR", "LINEAR"), 0.18, 0.23, calcification.vascular
    ),
    FindingKind(
        "coarse popcorn calcification", "benign", _calcification("COARSE", "N/A"), 0.08, 0.12, calcification.coarse
    ),
    FindingKind(
        "round calcifications with lucent centers",
        "benign",
        _calcification("LUCENT_CENTER", "REGIONAL"),
        0.15,
        0.19,
        calcification.lucent_centred,
    ),
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding on a film: its kind and the filled mask [rows, columns] of its outline."""

    kind: FindingKind
    mask: Mask


def place_finding(
    kind: FindingKind, breast: Breast, taken: list[Placed], depth: float, rng: np.random.Generator
) -> Placed:
    """Draw a finding into the breast, about `depth` film widths from the nipple and apart from those taken."""
    columns = breast.mask.shape[1]
    diameter = columns * rng.uniform(kind.smallest, kind.largest)
    x, y = _place_for(diameter, breast, taken, depth * columns, rng)
    toward_nipple = float(np.arctan2(breast.nipple[1] - y, breast.nipple[0] - x))
    drawing = kind.draw(diameter, rng, toward_nipple)
    return Placed(kind, _add(drawing, x, y, breast, diameter))


def _place_for(
    diameter: float, breast: Breast, taken: list[Placed], depth: float, rng: np.random.Generator
) -> tuple[int, int]:
    rows, columns = breast.mask.shape
    y, x = np.mgrid[0:rows:4, 0:columns:4]
    room = np.minimum(breast.from_skin[::4, ::4], x + 0.02 * columns)
    room = np.minimum(room, np.minimum(y, rows - y))
    room = np.where(breast.muscle[::4, ::4] > 0.05, 0, room)
    for finding in taken:
        apart = cv2.distanceTransform((~finding.mask).astype(np.uint8), cv2.DIST_L2, 5)[::4, ::4]
        room = np.minimum(room, 0.7 * apart)
    wide = room >= min(0.75 * diameter, 0.98 * float(room.max()))
    candidates = np.argwhere(wide)
    tried = candidates[rng.integers(0, len(candidates), 24)] * 4
    away = np.hypot(tried[:, 1] - breast.nipple[0], tried[:, 0] - breast.nipple[1])
    row, column = tried[int(np.argmin(np.abs(away - depth)))]
    return int(column), int(row)


def _add(drawing: Drawing, x: int, y: int, breast: Breast, diameter: float) -> Mask:
    """Draw it around (x, y), cut at the film's edges, on tissue that is calmer there; return its mask on the film."""
    rows, columns = breast.mask.shape
    size = drawing.mask.shape[0]
    left, top = x - size // 2, y - size // 2
    window = slice(max(top, 0), min(top + size, rows)), slice(max(left, 0), min(left + size, columns))
    part = slice(window[0].start - top, window[0].stop - top), slice(window[1].start - left, window[1].stop - left)
    under: Field = breast.attenuation[window]
    smooth = cv2.GaussianBlur(under, (0, 0), 0.25 * diameter)
    axis = np.arange(size) - size // 2
    near = np.exp(-((axis[:, None] ** 2 + axis[None, :] ** 2) / (0.6 * diameter) ** 2))[part]
    # Dense tissue would hide the finding where film is white already.
    thinner = 0.25 * np.clip(smooth - 1.3, 0, None)
    breast.attenuation[window] += near * (0.35 * (smooth - under) - thinner) + drawing.attenuation[part]
    mask = np.zeros((rows, columns), dtype=np.bool_)
    mask[window] = drawing.mask[part]
    return mask & breast.mask
