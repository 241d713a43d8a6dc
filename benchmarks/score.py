"""Scores beside chance of 250, 1,000 and 10,000 films: seconds of a processor, and how they grow.

    python benchmarks/score.py [FILMS ...]

Maps, outlines, texts and peaks are made up, as large as a network of stride 32 gives them for a mammogram of the
paper's size; two films a patient, outlines of 60 corners. `films`: from the run's rows to outlines and places where
maps are high, which every film needs. `places`: pointing game and intersection over union, depth 1 and 8, and the
class activation map's, with both nulls. `words`: greedy matching in both modes and the six naming scores, depth 8,
with both nulls. Medians of three up to 1,000 films, beyond that one. The goal is that 10,000 films take at most 5 times
as long as 1,000.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from gensim.models import KeyedVectors

from deepminer_ray.explanations.agreement import against_chance
from deepminer_ray.explanations.located import located_scans, locating
from deepminer_ray.explanations.matching import matching
from deepminer_ray.explanations.naming import naming
from deepminer_ray.explanations.words import SCORING_MODES, Words

SCANS = (250, 1_000, 10_000)
ROWS, COLUMNS, SIDE, STRIDE = 4_700, 2_600, 227, 32
UNITS, CORNERS = 8, 60
PATHOLOGIES = ("benign", "malignant")
TERMS = {
    "LESION_TYPE": ("MASS", "CALCIFICATION"),
    "SHAPE": ("ROUND", "OVAL", "LOBULATED", "IRREGULAR"),
    "MARGINS": ("CIRCUMSCRIBED", "SPICULATED", "OBSCURED", "ILL_DEFINED"),
}


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of several repetitions."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return statistics.median(found)


def owner(number: int) -> tuple[str, str]:
    """Patient and worst pathology: two films each."""
    return f"P{number // 2:05}", PATHOLOGIES[number // 2 % 2]


def located(count: int, chance: np.random.Generator) -> tuple[pa.Table, list[pa.RecordBatch]]:
    """What the run's rows say of films, as `located.sql` and `located_map.sql` give it."""
    height, width = ROWS * 4 * SIDE // COLUMNS // STRIDE, 4 * SIDE // STRIDE
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    rows, maps = [], []
    for number in range(count):
        centre = chance.uniform(0.2, 0.8, 2) * (COLUMNS, ROWS)
        away = chance.uniform(100, 350, CORNERS)
        ring = centre + np.column_stack([np.cos(angle), np.sin(angle)]) * away[:, np.newaxis]
        cells = (chance.random((UNITS + 1, height * width), np.float32) ** 8).astype(np.float32)
        peaks = centre * 4 * SIDE / COLUMNS + chance.normal(0, 120, (UNITS, 2))
        patient, pathology = owner(number)
        rows.append(
            {"scan": f"S{number:05}", "patient": patient, "pathology": pathology, "rows": ROWS, "columns": COLUMNS}
            | {"patches_across": 4, "whole": None}
            | {"side": SIDE, "stride": STRIDE, "offset": 15.5, "units": list(range(UNITS))}
            | {"peaks": [{"x": x, "y": y} for x, y in peaks], "rings": [[{"x": int(x), "y": int(y)} for x, y in ring]]}
        )
        numbers = pa.array([None, *range(UNITS)], pa.int32())
        of_scan = pa.array([f"S{number:05}"] * (UNITS + 1))
        lists = pa.ListArray.from_arrays(np.arange(UNITS + 2) * height * width, cells.ravel())
        size = pa.array([width] * (UNITS + 1)), pa.array([height] * (UNITS + 1))
        maps.append(pa.record_batch([of_scan, numbers, lists, *size], ["scan", "unit", "map", "columns", "rows"]))
    return pa.Table.from_pylist(rows), maps


def texts(count: int, chance: np.random.Generator) -> tuple[list[str], list[str]]:
    """Explanations of eight names, and reports of which half are what the first name says."""
    explanations, reports = [], []
    for _ in range(count):
        report = {field: str(chance.choice(terms)) for field, terms in TERMS.items()}
        names = [" ".join(str(chance.choice(terms)).lower() for terms in TERMS.values()) for _ in range(UNITS)]
        if chance.random() < 0.5:
            names[0] = " ".join(report.values()).lower()
        explanations.append(". ".join(names))
        reports.append(" ".join(f"{field} {term}" for field, term in report.items()))
    return explanations, reports


def words() -> Words:
    """Vectors of all words that occur."""
    known = sorted({part for terms in TERMS.values() for term in terms for part in term.lower().split("_")})
    vectors = KeyedVectors(50)
    vectors.add_vectors(known, np.random.default_rng(0).normal(size=(len(known), 50)).astype(np.float32))
    return Words(vectors)


def measured(count: int) -> dict[str, float]:
    """Seconds of each part."""
    chance = np.random.default_rng(count)
    repeats = 3 if count <= 1_000 else 1
    (rows, maps), compared, vectors = located(count, chance), texts(count, chance), words()
    owners = [owner(number) for number in range(count)]
    scans = located_scans(rows, maps)

    def said() -> None:
        scores = [matching(*compared, vectors, mode) for mode in SCORING_MODES]
        scores += [score for of_field in naming(*compared).values() for score in of_field]
        against_chance(scores, owners, 0)

    return {
        "films": seconds(lambda: located_scans(rows, maps), repeats),
        "places": seconds(lambda: locating(scans, 0), repeats),
        "words": seconds(said, repeats),
    }


def main(numbers: list[int]) -> None:
    """Print a line a number of films, and the ratios of the last to the one before."""
    found = []
    for count in numbers:
        found.append(measured(count))
        print(f"{count:6} films: " + ", ".join(f"{part} {took:.2f} s" for part, took in found[-1].items()), flush=True)
    if len(found) > 1:
        before, last = (of | {"places and words": of["places"] + of["words"]} for of in found[-2:])
        ratios = ", ".join(f"{part} {last[part] / before[part]:.1f}" for part in last)
        print(f"{numbers[-1]} films take as many times as long as {numbers[-2]}: {ratios} (goal 5 for the last)")


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]] or list(SCANS))
