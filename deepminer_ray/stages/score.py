"""`score`: how far the explanations agree with what is known, and the units named with what decided, beside chance
(Sec. 3.2)."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.aliases import Row
from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables
from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput, sentence
from deepminer_ray.explanations.agreement import against_chance, score_row
from deepminer_ray.explanations.chance import Pairs
from deepminer_ray.explanations.located import FIXED, located_scans, locating
from deepminer_ray.explanations.matching import matching, unknown_share
from deepminer_ray.explanations.naming import naming
from deepminer_ray.explanations.words import SCORING_MODES, Words, load_words
from deepminer_ray.option import takes
from deepminer_ray.options import ScoreOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.report.curves import draw_annotators, draw_faithfulness, draw_scores
from deepminer_ray.stages.name_score import annotator_sentence, name_scores
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.statistics.confidence import estimate

GREEDY_MATCHING = "greedy matching"
MAPS_AT_ONCE = 1000
"""A few MB."""


SCORES = ("value", "low", "high", "null_value", "p", "null_pathology", "p_pathology", "unknown")
SCORE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("partition", "metric", "mode")),
        *((name, pa.int32()) for name in ("depth", "n")),
        *((name, pa.float64()) for name in SCORES),
    ]
)


@takes(ScoreOptions)
def score(run: Run, options: ScoreOptions) -> None:
    """Fill `score`: greedy matching of explanation and report, in the authors' way and in the fixed one; whether the
    explanation names lesion type, shape and margins; whether units peak inside the outlines, and how far their maps
    and the class activation map cover them; and what the class decided loses without its units, and keeps by them.

    Beside each its interval over patients, what chance gives (reports and outlines of other patients, other units), p.
    """
    vectors, seed = options.vectors, options.seed
    if vectors is None:
        raise BadInput("`score` needs word vectors: --vectors FILE, or train some with `deepminer words CORPUS OUT`.")
    domain = run.domain
    words = load_words(Path(vectors), domain.fields)
    if words.remark:
        say(sentence(words.remark))
    chosen = chosen_partitions(options.partitions, ["holdout"])
    parameters = options.stored() | {"vectors": _hash(Path(vectors)), "partitions": chosen}
    if run.finished("score", parameters, options.again):
        return
    started = time.time()
    with run.finishing("score", parameters, started) as tables:
        occupied = {row["partition"] for row in tables.select("partition_count").to_pylist()}
        rows = [
            {"partition": partition} | row
            for partition in chosen
            if partition in occupied
            for row in _score_rows(tables, partition, words, domain, seed)
        ]
        tables.insert("score", pa.Table.from_pylist(rows, SCORE_SCHEMA))
        named = name_scores(tables, seed)
        for table, of_names in named.items():
            tables.insert(table, of_names)
    for row in rows:
        say(_score_sentence(row))
    annotators = run.rows("annotator_score")
    for row in annotators:
        say(annotator_sentence(row))
    draw_scores(run.folder / "curves" / "score.png", rows)
    draw_annotators(run.folder / "curves" / "annotator.png", annotators)
    draw_faithfulness(run.folder / "curves" / "faithfulness.png", run.rows("faithfulness_curve", partitions=chosen))


def _located_rows(tables: Tables, partition: str, seed: int) -> list[Row]:
    """Where units peak and maps lie, against the outlines; nothing, which is said, where nothing is outlined."""
    if tables.select("without_outline")["missing"][0].as_py():
        say(f"{partition}: no finding of this run has an outline; pointing game and overlap of maps are left out")
        return []
    outlined = tables.select("located", partitions=[partition])
    return locating(located_scans(outlined, tables.batches("located_map", MAPS_AT_ONCE)), seed)


def _score_rows(tables: Tables, partition: str, words: Words, domain: Domain, seed: int) -> Iterator[Row]:
    located = _located_rows(tables, partition, seed)
    for depth in paper.GREEDY:
        pairs = tables.select("explained", partitions=[partition], depth=depth).to_pylist()
        faithful = tables.select("faithful", partitions=[partition], depth=depth).to_pylist()
        of_depth = [row for row in located if row["depth"] == depth]
        for row in [*_agreeing(pairs, words, domain, seed), *of_depth, *_faithful(faithful, seed)]:
            yield {"depth": depth} | row
    yield from (row for row in located if row["depth"] is None)


def _score_sentence(row: Row) -> str:
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


def _agreeing(pairs: list[Row], words: Words, domain: Domain, seed: int) -> list[Row]:
    """The rows that compare explanations and reports."""
    pairs = sorted(pairs, key=lambda pair: str(pair["scan"]))
    texts = [pair["explanation"] for pair in pairs], [pair["report"] for pair in pairs]
    compared = [text for side in texts for text in side]
    rows: list[Row] = []
    scores: list[Pairs] = []
    for mode in SCORING_MODES:
        share = unknown_share(compared, words, mode)
        rows.append({"metric": GREEDY_MATCHING, "mode": mode, "unknown": None if np.isnan(share) else share})
        scores.append(matching(*texts, words, mode))
    for field, of_field in naming(*texts, domain.fields, domain.scored).items():
        rows += [{"metric": f"{field} {measure}", "mode": FIXED} for measure in ("precision", "recall")]
        scores += of_field
    owners = [(pair["patient"], pair["pathology"]) for pair in pairs]
    return [row | chance for row, chance in zip(rows, against_chance(scores, owners, seed), strict=True)]


def _faithful(rows: Sequence[Row], seed: int) -> list[Row]:
    """Deletion and insertion of the first units, against as many random ones."""
    scores: list[Row] = []
    for curve in ("deletion", "insertion"):
        of = [row for row in rows if row["curve"] == curve]
        if not of:
            scores.append({"metric": curve, "mode": FIXED, "n": 0})
            continue
        observed = np.array([row["value"] for row in of])
        null = np.array([row["random"] for row in of]).mean(axis=0)
        scores.append(
            {"metric": curve, "mode": FIXED} | score_row(observed, null, [row["patient"] for row in of], seed)
        )
    return scores
