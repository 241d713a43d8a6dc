"""Phantom patients on disk, in DDSM's own formats, with the answers beside them."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepminer_ray.errors import BadInput
from deepminer_ray.phantom.breast import Anatomy, draw_breast
from deepminer_ray.phantom.corpus import sentences
from deepminer_ray.phantom.finding import FindingKind, Placed, place_finding
from deepminer_ray.phantom.plan import PATIENT, Patient, planned_patient, random_numbers
from deepminer_ray.phantom.scan import density_of
from deepminer_ray.phantom.texture import Field, Mask
from deepminer_ray.sources.density import DIGITIZERS, to_grey
from deepminer_ray.sources.ics import ICS_VIEWS, Ics, View, format_ics
from deepminer_ray.sources.ljpeg import encode
from deepminer_ray.sources.overlay import Abnormality, format_overlay
from deepminer_ray.sources.rows import Ring

NARROWEST = 128
"""Films with fewer columns cannot show a speck."""

DRAWING_THREADS = 2
"""Drawing and coding are native code that lets other threads run."""

EXCHANGED = 1 / 3
"""Share of films whose header has width and height exchanged."""
OTHER_PREDICTOR = 1 / 4
"""Share of films not coded with predictor 7."""
UNUSUAL = 1 / 10
"""Share of cases whose .ics begins without the blank line."""

AnswerRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OverlayFinding:
    """A finding on a film as its OVERLAY says it."""

    kind: FindingKind
    abnormality: Abnormality


def write_phantom(directory: Path, patients: int = 84, seed: int = 0, columns: int = 512) -> None:
    """Write made-up patients as DDSM's tree, with truth.json (all findings) and corpus.txt (for word vectors).

    Films are about `columns` px wide. Patient i is the same however many patients there are.
    """
    if patients < 1 or seed < 0:
        raise BadInput(
            f"A phantom of {patients} patients and seed {seed} cannot be made: ask for at least 1 and seed 0."
        )
    if columns < NARROWEST:
        raise BadInput(f"Films of {columns} columns are too narrow for findings: ask for at least {NARROWEST}.")
    directory.mkdir(parents=True, exist_ok=True)
    write = partial(write_patient, directory, seed=seed, columns=columns)
    with ThreadPoolExecutor(DRAWING_THREADS) as pool:
        answers = list(pool.map(write, range(patients)))
    truth = [answer for patient in answers for answer in patient]
    (directory / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    (directory / "corpus.txt").write_text("\n".join(sentences(seed)) + "\n", encoding="utf-8")


def write_patient(directory: Path, number: int, seed: int, columns: int) -> list[AnswerRow]:
    """Write one case: an .ics, four films, and an OVERLAY beside those with findings; return the findings."""
    patient, answers, views = planned_patient(number, seed), [], {}
    case = directory / patient.directory
    case.mkdir(parents=True, exist_ok=True)
    rng = random_numbers(seed, PATIENT, number, 1)
    anatomy, slope = Anatomy.of(patient.density, rng), rng.uniform(1.5, 1.75)
    depths = [rng.uniform(0.15, 0.55) for _ in patient.kinds]
    bits, resolution = DIGITIZERS[patient.digitizer]
    for index, name in enumerate(ICS_VIEWS):
        laterality, view = name.split("_")
        scan_rng = random_numbers(seed, PATIENT, number, 2 + index)
        width = round(columns * scan_rng.uniform(0.95, 1.05))
        height = round(columns * slope * scan_rng.uniform(0.97, 1.03))
        kinds = patient.kinds if laterality == patient.laterality else ()
        density, findings = draw_scan(
            patient, anatomy, name, (height, width), list(zip(kinds, depths, strict=False)), scan_rng
        )
        (case / f"{patient.stem}.{name}.LJPEG").write_bytes(_encoded(density, patient.digitizer, scan_rng))
        views[name] = View(height, width, bits, resolution, overlay=bool(findings))
        if findings:
            text = format_overlay([finding.abnormality for finding in findings])
            (case / f"{patient.stem}.{name}.OVERLAY").write_text(text, encoding="ascii")
            scan = patient.scan(laterality, view)
            answers += [_answer_row(scan, position, finding) for position, finding in enumerate(findings, 1)]
    (case / f"{patient.stem.replace('_', '-')}.ics").write_text(_ics(patient, views, rng), encoding="ascii")
    return answers


def draw_scan(
    patient: Patient,
    anatomy: Anatomy,
    name: str,
    shape: tuple[int, int],
    kinds: list[tuple[FindingKind, float]],
    rng: np.random.Generator,
) -> tuple[Field, list[OverlayFinding]]:
    """One film's optical density [rows, columns] and its findings, each so many film widths from the nipple."""
    laterality, view = name.split("_")
    breast = draw_breast(anatomy, view, *shape, rng)
    placed: list[Placed] = []
    for kind, depth in kinds:
        placed.append(place_finding(kind, breast, placed, depth, rng))
    # In most cases the chest wall of a left breast is on the left, in some it is the other way round.
    flipped = (laterality == "RIGHT") != patient.flipped
    density = density_of(breast, f"{laterality[0]} {view}", flipped, rng)
    return density, [_finding(finding, flipped, rng) for finding in placed]


def outline(mask: Mask) -> Ring:
    """The boundary pixels of the largest region of a mask, in order."""
    rings, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ring = max(rings, key=cv2.contourArea)
    return [(int(x), int(y)) for x, y in ring[:, 0]]


def _finding(placed: Placed, flipped: bool, rng: np.random.Generator) -> OverlayFinding:
    mask = placed.mask[:, ::-1] if flipped else placed.mask
    assessment = rng.integers(4, 6) if placed.kind.pathology == "malignant" else rng.integers(2, 4)
    abnormality = Abnormality(
        report=placed.kind.report,
        pathology=placed.kind.pathology,
        assessment=int(assessment),
        subtlety=int(rng.integers(3, 6)),
        outline=outline(np.ascontiguousarray(mask)),
    )
    return OverlayFinding(placed.kind, abnormality)


def _answer_row(scan: str, number: int, finding: OverlayFinding) -> AnswerRow:
    said = finding.abnormality
    across, down = zip(*said.outline, strict=True)
    return {
        "scan": scan,
        "lesion": f"{scan}#{number}",
        "kind": said.lesion_type,
        "keywords": said.report,
        "pathology": said.pathology,
        "x": min(across),
        "y": min(down),
        "width": max(across) - min(across) + 1,
        "height": max(down) - min(down) + 1,
        "name": finding.kind.name,
    }


def _encoded(density: Field, digitizer: str, rng: np.random.Generator) -> bytes:
    predictor = int(rng.integers(1, 7)) if rng.random() < OTHER_PREDICTOR else 7
    exchanged = bool(rng.random() < EXCHANGED)
    # DDSM's headers say 16 bits whatever the .ics says.
    return encode(to_grey(density, digitizer), predictor=predictor, precision=16, exchanged=exchanged)


def _ics(patient: Patient, views: dict[str, View], rng: np.random.Generator) -> str:
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(1990, 1999)
    text = format_ics(
        Ics(
            filename=patient.stem.replace("_", "-"),
            digitizer=patient.digitizer,
            density=patient.density,
            age=patient.age,
            date_of_study=f"{day} {month} {year}",
            date_digitized=f"{month} {day} {year + 1}",
            views=views,
        )
    )
    if rng.random() < UNUSUAL:
        return text.lstrip()
    return f" {text}" if rng.random() < 0.5 else text
