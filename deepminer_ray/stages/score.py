"""`score`: how far the explanations agree with what is known, and the units named with what decided, beside chance
(Sec. 3.2)."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray import paper
from deepminer_ray.confidence import estimate, mean_interval
from deepminer_ray.curves import draw_annotators, draw_faithfulness, draw_scores
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.matching import matching_null, mean_score, p_value, score_matrix, unknown_share
from deepminer_ray.explanations.naming import naming
from deepminer_ray.explanations.overlap import high, outlined, overlap
from deepminer_ray.explanations.pointing import pointing
from deepminer_ray.explanations.words import MODES, Words, load_words
from deepminer_ray.patches.grid import scan_size
from deepminer_ray.progress import say
from deepminer_ray.run import Run
from deepminer_ray.stages.name_score import annotator_sentence, name_scores
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.tables import Tables
from deepminer_ray.units.receptive_field import Geometry

GREEDY = "greedy matching"
POINTING = "pointing game"
UNIT_IOU, CAM_IOU = "unit map IoU", "class activation map IoU"
FIXED = "fixed"
"""The mode of what the authors did not do."""

Matrix = NDArray[np.float64]
"""[scans, scans]: the explanation of one scan against the report, or outlines, of the other."""
Row = dict[str, Any]

SCORES = ("value", "low", "high", "null_value", "p", "null_pathology", "p_pathology", "unknown")
SCORE = pa.schema(
    [
        *((name, pa.string()) for name in ("partition", "metric", "mode")),
        *((name, pa.int32()) for name in ("depth", "n")),
        *((name, pa.float64()) for name in SCORES),
    ]
)


def score(
    run: Run, vectors: str | None = None, partitions: Sequence[str] | None = None, seed: int = 0, again: bool = False
) -> None:
    """Fill `score`: greedy matching of explanation and report, in the authors' way and in the fixed one; whether the
    explanation names lesion type, shape and margins; whether units peak inside the outlines, and how far their maps
    and the class activation map cover them; and what the class decided loses without its units, and keeps by them.

    Beside each its interval over patients, what chance gives (reports and outlines of other patients, other units), p.
    """
    if vectors is None:
        raise BadInput("`score` needs word vectors: --vectors FILE, or train some with `deepminer words CORPUS OUT`.")
    words = load_words(Path(vectors))
    chosen = chosen_partitions(partitions, ["holdout"])
    parameters = {"vectors": _hash(Path(vectors)), "partitions": chosen, "seed": seed}
    if run.finished("score", parameters, again):
        return
    started = time.time()
    with run.finishing("score", parameters, started) as tables:
        occupied = {row["partition"] for row in tables.select("partition_count").to_pylist()}
        rows = [
            {"partition": partition} | row
            for partition in chosen
            if partition in occupied
            for row in _scored(tables, partition, words, seed)
        ]
        tables.insert("score", pa.Table.from_pylist(rows, SCORE))
        named = name_scores(tables, seed)
        for table, of_names in named.items():
            tables.insert(table, of_names)
    for row in rows:
        say(_sentence(row))
    annotators = run.rows("annotator_score")
    for row in annotators:
        say(annotator_sentence(row))
    draw_scores(run.folder / "curves" / "score.png", rows)
    draw_annotators(run.folder / "curves" / "annotator.png", annotators)
    draw_faithfulness(run.folder / "curves" / "faithfulness.png", run.rows("faithfulness_curve", partitions=chosen))


def _scored(tables: Tables, partition: str, words: Words, seed: int) -> Iterator[Row]:
    located = [_Located(row) for row in tables.select("located", partitions=[partition]).to_pylist()]
    for depth in paper.GREEDY:
        pairs = tables.select("explained", partitions=[partition], depth=depth).to_pylist()
        faithful = tables.select("faithful", partitions=[partition], depth=depth).to_pylist()
        for row in [*_agreeing(pairs, words, seed), *_locating(located, depth, seed), *_faithful(faithful, seed)]:
            yield {"depth": depth} | row
    activated = overlap([[one.class_activation_map] for one in located], [one.outline for one in located])
    yield {"metric": CAM_IOU, "mode": FIXED} | _against_chance(activated, located, seed)


def _sentence(row: Row) -> str:
    units = f"top {row['depth']}" if row.get("depth") else "all units"
    named = f"{row['partition']}: {row['metric']}, {units}, {row['mode']}"
    unknown = row.get("unknown")
    said = "" if unknown is None else f"; {unknown:.0%} of the words have no vector"
    if not row["n"]:
        return f"{named}: no scan can be scored{said}"
    value = estimate(row["value"], row["low"], row["high"])
    chance = f"by chance {row['null_value']:.3f}, p {row['p']:.3f}"
    if row.get("p_pathology") is not None:
        chance += f", within a pathology {row['null_pathology']:.3f}, p {row['p_pathology']:.3f}"
    return f"{named}: {value}, {chance}, n {row['n']}{said}"


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _agreeing(pairs: list[Row], words: Words, seed: int) -> list[Row]:
    """The rows that compare explanations and reports."""
    pairs = sorted(pairs, key=lambda pair: str(pair["scan"]))
    owners = [_Owner(pair["patient"], pair["pathology"]) for pair in pairs]
    texts = [pair["explanation"] for pair in pairs], [pair["report"] for pair in pairs]
    compared = [text for side in texts for text in side]
    rows: list[Row] = []
    for mode in MODES:
        share = unknown_share(compared, words, mode)
        found = _against_chance(score_matrix(*texts, words, mode), owners, seed)
        rows.append({"metric": GREEDY, "mode": mode, "unknown": None if np.isnan(share) else share} | found)
    for field, (precision, recall) in naming(*texts).items():
        for measure, matrix in (("precision", precision), ("recall", recall)):
            rows.append({"metric": f"{field} {measure}", "mode": FIXED} | _against_chance(matrix, owners, seed))
    return rows


@dataclass
class _Owner:
    """A scan's patient, and the worst pathology on any of the patient's scans."""

    patient: str
    pathology: str


class _Located(_Owner):
    """An explained scan with outlined lesions: where its units peak and where its maps are high, as shares of it."""

    def __init__(self, row: Row):
        super().__init__(row["patient"], row["pathology"])
        width, height = scan_size(row["rows"], row["columns"], row["side"])
        where = Geometry(row["stride"], 0, row["offset"])
        self.peaks = np.array([[peak["x"], peak["y"]] for peak in row["peaks"]]) / (width, height)
        film = np.array([row["columns"], row["rows"]])
        self.rings = [np.array([[at["x"] + 0.5, at["y"] + 0.5] for at in ring]) / film for ring in row["rings"]]
        self.outline = outlined(self.rings)
        maps = (_cells(one) for one in (row["class_activation_map"], *row["maps"]))
        self.class_activation_map, *self.maps = (high(one, where, width, height) for one in maps)


def _cells(of: Row) -> NDArray[np.float32]:
    return np.array(of["cells"], np.float32).reshape(of["rows"], of["columns"])


def _locating(located: Sequence[_Located], depth: int, seed: int) -> list[Row]:
    """Whether the first units peak in the outlines, and how far their maps cover them."""
    pointed = pointing([one.peaks[:depth] for one in located], [one.rings for one in located])
    covered = overlap([one.maps[:depth] for one in located], [one.outline for one in located])
    return [
        {"metric": metric, "mode": FIXED} | _against_chance(of, located, seed)
        for metric, of in ((POINTING, pointed), (UNIT_IOU, covered))
    ]


def _faithful(rows: Sequence[Row], seed: int) -> list[Row]:
    """Deletion and insertion of the first units, against as many random ones."""
    found: list[Row] = []
    for curve in ("deletion", "insertion"):
        of = [row for row in rows if row["curve"] == curve]
        if not of:
            found.append({"metric": curve, "mode": FIXED, "n": 0})
            continue
        observed = np.array([row["value"] for row in of])
        null = np.array([row["random"] for row in of]).mean(axis=0)
        found.append(
            {"metric": curve, "mode": FIXED} | _estimated(observed, null, [row["patient"] for row in of], seed)
        )
    return found


def _against_chance(matrix: Matrix, owners: Sequence[_Owner], seed: int) -> Row:
    """What is observed on the diagonal, its interval over patients, and its nulls: rows against others' columns.

    The second null exchanges reports only between patients of the same worst pathology: what beats it says more than
    the class does.
    """
    observed = matrix.diagonal()
    scored = ~np.isnan(observed)
    if not scored.any():
        return {"n": 0}
    patients, pathologies = [one.patient for one in owners], [one.pathology for one in owners]
    null = matching_null(matrix, patients, seed=seed)
    within = matching_null(matrix, patients, seed=seed, groups=pathologies)
    found = _estimated(
        observed[scored], null, [patient for patient, kept in zip(patients, scored, strict=True) if kept], seed
    )
    second = {"null_pathology": float(np.nanmean(within)), "p_pathology": p_value(found["value"], within)}
    return found | second


def _estimated(observed: NDArray[np.float64], null: NDArray[np.float64], patients: Sequence[str], seed: int) -> Row:
    interval = mean_interval(observed, patients, seed=seed)
    value = mean_score(observed)
    return {
        "value": value,
        "low": interval.low,
        "high": interval.high,
        "null_value": float(np.nanmean(null)),
        "p": p_value(value, null),
        "n": len(observed),
    }
