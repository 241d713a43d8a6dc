"""`score`: how far the explanations' words agree with the radiologists' reports, beside chance (Sec. 3.2)."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

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
from deepminer_ray.progress import say
from deepminer_ray.run import Run
from deepminer_ray.stages.partition import chosen_partitions

GREEDY = "greedy matching"

SCORE = pa.schema(
    [("partition", pa.string()), ("metric", pa.string()), ("depth", pa.int32()), ("mode", pa.string())]
    + [(name, pa.float64()) for name in ("value", "low", "high", "null_value", "p")]
    + [("n", pa.int32())]
)


def score(
    run: Run, vectors: str | None = None, partitions: Sequence[str] | None = None, seed: int = 0, again: bool = False
) -> None:
    """Fill `score` with the greedy matching score of explanation and report, in the authors' way and in the fixed one.

    Beside each its interval over patients, the mean after reports were shuffled between patients, and p.
    """
    if vectors is None:
        raise BadInput("`score` needs word vectors: --vectors FILE, or train some with `deepminer words CORPUS OUT`.")
    words = load_words(Path(vectors))
    chosen = chosen_partitions(partitions, ["holdout"])
    parameters = {"vectors": _hash(Path(vectors)), "partitions": chosen, "seed": seed}
    if run.finished("score", parameters, again):
        return
    started = time.time()
    rows = []
    with run.finishing("score", parameters, started) as tables:
        occupied = {row["partition"] for row in tables.select("partition_count").to_pylist()}
        for partition in [name for name in chosen if name in occupied]:
            for depth in paper.GREEDY:
                pairs = tables.select("explained", partitions=[partition], depth=depth).to_pylist()
                rows += [{"partition": partition} | _greedy(pairs, depth, mode, words, seed) for mode in MODES]
        tables.insert("score", pa.Table.from_pylist(rows, SCORE))
    for row in rows:
        if row["n"]:
            value = estimate(row["value"], row["low"], row["high"])
            chance = "shuffled {null_value:.3f}, p {p:.3f}, n {n}"
            say(("{metric}, top {depth}, {mode}: " + value + ", " + chance).format(**row))
        else:
            say("{metric}, top {depth}, {mode}: no scan has both a report and a named unit".format(**row))


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _greedy(pairs: list[dict[str, Any]], depth: int, mode: str, words: Words, seed: int) -> dict[str, Any]:
    """One row of `score`: row and column k of the matrix are scan k, so its diagonal is what was observed."""
    row: dict[str, Any] = {"metric": GREEDY, "depth": depth, "mode": mode, "n": 0}
    if not pairs:
        return row
    pairs = sorted(pairs, key=lambda pair: str(pair["scan"]))
    patients = [pair["patient"] for pair in pairs]
    matrix = score_matrix([pair["explanation"] for pair in pairs], [pair["report"] for pair in pairs], words, mode)
    observed = matrix.diagonal()
    scored = ~np.isnan(observed)
    if not scored.any():
        return row
    null = matching_null(matrix, patients, seed=seed)
    of_scored = [patient for patient, kept in zip(patients, scored, strict=True) if kept]
    interval = mean_interval(observed[scored], of_scored, seed=seed)
    value = mean_score(observed)
    return row | {
        "value": value,
        "low": interval.low,
        "high": interval.high,
        "null_value": float(np.nanmean(null)),
        "p": p_value(value, null),
        "n": int(scored.sum()),
    }
