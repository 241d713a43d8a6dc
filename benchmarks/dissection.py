"""Dissection at the size of the paper's test set: 2,048 units, 44,612 patches, 30 concepts, 9,999 permutations.

    python benchmarks/dissection.py [PATCHES [UNITS]]

One block of units, read from `activation` and held against every concept as `dissect` does it in each of its processes;
all blocks are estimated from it. Beside it numpy that has the ranks of the units in memory and sums those of each
permutation's positives, one permutation after the other; a few of them are timed. Values are chance: 260 patients, of
whom 60 show a concept, on 300 patches. The network's pass over the patches that show lesions is not part of it: that is
`probe`'s pace (`benchmarks/probe.py`).
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from activations import PATCHES, SCANS, UNITS, filled
from scipy.stats import rankdata

from deepminer_ray.database.run import Run
from deepminer_ray.options import DissectOptions
from deepminer_ray.stages.dissect import detected_rows
from deepminer_ray.units.contrast import Term
from deepminer_ray.units.detection import VALUES_AT_ONCE, Patches, permutations

CONCEPTS, SHOWING, POSITIVES, TIMED = 30, 60, 300, 20
PERMUTATIONS = DissectOptions().permuted


def shown(patients: Patches, chance: np.random.Generator) -> list[Term]:
    """Concepts of chance: `POSITIVES` patches of `SHOWING` patients show each."""
    terms = []
    for number in range(CONCEPTS):
        among = np.flatnonzero(np.isin(patients.patient, chance.choice(patients.patients, SHOWING, replace=False)))
        positive = np.zeros(len(patients.patient), np.bool_)
        positive[chance.choice(among, POSITIVES, replace=False)] = True
        terms.append(Term(f"concept: {number}", positive, ~positive))
    return terms


def naive(maxima: np.ndarray, patients: Patches, concepts: list[Term], order: np.ndarray) -> float:
    """Seconds of one unit, concept and permutation: whose patches are positive when lesions are laid on others."""
    rank = rankdata(maxima)
    place = {
        (patient, spot): row for row, (patient, spot) in enumerate(zip(patients.patient, patients.place, strict=True))
    }
    positive = np.flatnonzero(concepts[0].shows)
    started = time.perf_counter()
    for permuted in order[:TIMED]:
        laid = [place.get((permuted[patients.patient[row]], patients.place[row])) for row in positive]
        there = [row for row in laid if row is not None]
        rank[there].sum()
    return (time.perf_counter() - started) / TIMED


def main(patches: int, units: int) -> None:
    """Print the seconds of a block, of all, and the peer's."""
    chance = np.random.default_rng(0)
    matrix = chance.exponential(1, (units, patches)).astype(np.float32)
    scan_of = np.arange(patches) * SCANS // patches
    place = np.arange(patches) - np.searchsorted(scan_of, scan_of)
    patients = Patches(scan_of // 4, (scan_of % 4) * 1000 + place)
    concepts = shown(patients, chance)
    order = permutations(patients.patients, PERMUTATIONS, 0)
    at_once = max(1, VALUES_AT_ONCE // max(patches, patients.patients * SHOWING, PERMUTATIONS))
    with tempfile.TemporaryDirectory() as name:
        run = Run.created(Path(name) / "run")
        probability = chance.dirichlet(np.ones(3), patches).astype(np.float32)
        filled(run, matrix, scan_of, probability, chance.integers(0, 3, patches))
        started = time.perf_counter()
        rows = detected_rows(run.folder, list(range(at_once)), patients, concepts, order)
        took = time.perf_counter() - started
    assert len(rows) == at_once * CONCEPTS
    blocks = -(-units // at_once)
    one = naive(matrix[0], patients, concepts, order)
    print(f"{at_once} units x {CONCEPTS} concepts x {PERMUTATIONS:,} permutations: {took:.1f} s in one process")
    print(f"all {units:,} units, {blocks} blocks: {took * blocks / 60:.1f} core minutes (estimated)")
    ours = took / (at_once * CONCEPTS * PERMUTATIONS)
    print(
        f"a unit, concept and permutation: {1e6 * ours:.2f} us, numpy one by one {1e6 * one:.0f} us: {ours / one:.4f}"
    )


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:]), *(PATCHES, UNITS)[len(sys.argv) - 1 :])
