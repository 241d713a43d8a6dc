"""`score`: how far the explanations' words agree with the radiologists' reports, beside chance (Sec. 3.2)."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray import paper
from deepminer_ray.confidence import estimate, mean_interval
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.matching import (
    MODES,
    Words,
    load_words,
    matching_null,
    mean_score,
    p_value,
    score_matrix,
)
from deepminer_ray.explanations.naming import naming
from deepminer_ray.explanations.pointing import pointing
from deepminer_ray.patches.grid import scan_size
from deepminer_ray.progress import say
from deepminer_ray.run import Run
from deepminer_ray.stages.partition import chosen_partitions

GREEDY = "greedy matching"
POINTING = "pointing game"
FIXED = "fixed"
"""The mode of what the authors did not do."""

Matrix = NDArray[np.float64]
"""[scans, scans]: the explanation of one scan against the report, or outlines, of the other."""

SCORE = pa.schema(
    [("partition", pa.string()), ("metric", pa.string()), ("depth", pa.int32()), ("mode", pa.string())]
    + [(name, pa.float64()) for name in ("value", "low", "high", "null_value", "p")]
    + [("n", pa.int32())]
)


def score(
    run: Run, vectors: str | None = None, partitions: Sequence[str] | None = None, seed: int = 0, again: bool = False
) -> None:
    """Fill `score`: greedy matching of explanation and report, in the authors' way and in the fixed one; whether the
    explanation names lesion type, shape and margins (precision and recall); whether units peak inside the outlines.

    Beside each its interval over patients, the mean after reports or outlines were shuffled between patients, and p.
    """
    if vectors is None:
        raise BadInput("`score` needs word vectors: --vectors FILE, or train some with `deepminer words CORPUS OUT`.")
    words = load_words(Path(vectors))
    chosen = chosen_partitions(partitions, ["holdout"])
    parameters = {"vectors": _hash(Path(vectors)), "partitions": chosen, "seed": seed}
    if run.finished("score", parameters, again):
        return
    started = time.time()
    rows: list[dict[str, Any]] = []
    with run.finishing("score", parameters, started) as tables:
        occupied = {row["partition"] for row in tables.select("partition_count").to_pylist()}
        for partition in [name for name in chosen if name in occupied]:
            for depth in paper.GREEDY:
                pairs = tables.select("explained", partitions=[partition], depth=depth).to_pylist()
                pointed = tables.select("pointed", partitions=[partition]).to_pylist()
                scored = [*_agreeing(pairs, words, seed), _pointing(pointed, depth, seed)]
                rows += [{"partition": partition, "depth": depth} | row for row in scored]
        tables.insert("score", pa.Table.from_pylist(rows, SCORE))
    for row in rows:
        if row["n"]:
            value = estimate(row["value"], row["low"], row["high"])
            chance = "shuffled {null_value:.3f}, p {p:.3f}, n {n}"
            say(("{metric}, top {depth}, {mode}: " + value + ", " + chance).format(**row))
        else:
            say("{metric}, top {depth}, {mode}: no scan can be scored".format(**row))


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _agreeing(pairs: list[dict[str, Any]], words: Words, seed: int) -> list[dict[str, Any]]:
    """The rows that compare explanations and reports."""
    pairs = sorted(pairs, key=lambda pair: str(pair["scan"]))
    patients = [pair["patient"] for pair in pairs]
    texts = [pair["explanation"] for pair in pairs], [pair["report"] for pair in pairs]
    matrices = [(GREEDY, mode, score_matrix(*texts, words, mode)) for mode in MODES]
    for field, (precision, recall) in naming(*texts).items():
        matrices += [(f"{field} precision", FIXED, precision), (f"{field} recall", FIXED, recall)]
    return [{"metric": metric, "mode": mode} | _against_chance(of, patients, seed) for metric, mode, of in matrices]


def _pointing(rows: list[dict[str, Any]], depth: int, seed: int) -> dict[str, Any]:
    """The share of the first units' peaks inside the outlines, both as shares of their film."""
    peaks, outlines = [], []
    for row in rows:
        stored = np.array(scan_size(row["rows"], row["columns"], row["side"]))
        peaks.append(np.array([[peak["x"], peak["y"]] for peak in row["peaks"][:depth]]) / stored)
        film = np.array([row["columns"], row["rows"]])
        outlines.append([np.array([[at["x"] + 0.5, at["y"] + 0.5] for at in ring]) / film for ring in row["rings"]])
    found = _against_chance(pointing(peaks, outlines), [row["patient"] for row in rows], seed)
    return {"metric": POINTING, "mode": FIXED} | found


def _against_chance(matrix: Matrix, patients: Sequence[str], seed: int) -> dict[str, Any]:
    """What is observed on the diagonal, its interval over patients, and its null: rows against others' columns."""
    observed = matrix.diagonal()
    scored = ~np.isnan(observed)
    if not scored.any():
        return {"n": 0}
    null = matching_null(matrix, patients, seed=seed)
    of_scored = [patient for patient, kept in zip(patients, scored, strict=True) if kept]
    interval = mean_interval(observed[scored], of_scored, seed=seed)
    value = mean_score(observed)
    return {
        "value": value,
        "low": interval.low,
        "high": interval.high,
        "null_value": float(np.nanmean(null)),
        "p": p_value(value, null),
        "n": int(scored.sum()),
    }
