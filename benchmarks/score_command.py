"""The whole of `deepminer score` on made-up runs of 1,000 and 10,000 films: processor time, peak memory, and the ratio.

    python benchmarks/score_command.py [FILMS ...]

A run has what `score` reads: rows as `benchmarks/score.py` makes them, two films a patient, twenty named units, 14 maps
a film, curves of deletion and insertion, and one unseen patch a film. Each command runs in a process of its own, three
times; imports count. 10,000 films take 2 GB on the disk and as much memory. The goal is that they take at most 5 times
as long as 1,000.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from score import TERMS, UNITS, located, owner, words

from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables

SCANS = (1_000, 10_000)
REPEATS, AT_ONCE = 3, 250
NAMED, ALL_UNITS, CONCEPTS, RANDOM = 20, 64, 4, 20
NAMES = [
    " ".join(terms[unit // 2 % len(terms)].lower().replace("_", " ") for terms in TERMS.values())
    for unit in range(NAMED)
]
STAGES = ("catalog", "partition", "cut", "probe", "evaluate", "rank", "explain")

Row = dict[str, Any]


def made(folder: Path, count: int) -> Run:
    """A run of as many films, explained."""
    run, chance = Run.created(folder), np.random.default_rng(count)
    for stage in STAGES:
        with run.finishing(stage, {}, time.time()) as tables:
            if stage == STAGES[-1]:
                _of_network(tables)
                patients = sorted({owner(number)[0] for number in range(count)})
                tables.insert("partition", pa.table({"patient": patients, "partition": ["holdout"] * len(patients)}))
                for first in range(0, count, AT_ONCE):
                    _scans(tables, range(first, min(first + AT_ONCE, count)), chance)
    return run


def _of_network(tables: Tables) -> None:
    layer = {"name": "layer", "stride": 32, "field": 195, "offset": 15.5, "side": 227, "checkpoint": "c", "pool": "max"}
    tables.insert("layer", pa.Table.from_pylist([layer]))
    units = pa.array(range(NAMED), pa.int32())
    tables.insert("unit_rank", pa.table({"class": ["malignant"] * NAMED, "rank": range(1, NAMED + 1), "unit": units}))
    said = {"annotator": "Anna", "version": 1, "position": 1, "recognizable": True, "checkpoint": "c", "repeat": False}
    tables.insert(
        "annotation", pa.Table.from_pylist([said | {"unit": u, "phenomenon": name} for u, name in enumerate(NAMES)])
    )


def _scans(tables: Tables, numbers: range, chance: np.random.Generator) -> None:
    """The rows of some films."""
    known, maps = located(len(numbers), chance)
    rows: dict[str, list[Row]] = {}
    for number, row, of_scan in zip(numbers, known.to_pylist(), maps, strict=True):
        scan, (patient, pathology), patch = f"S{number:05}", owner(number), number * 65_536
        named, terms = chance.permutation(NAMED)[:UNITS], [str(chance.choice(some)) for some in TERMS.values()]
        lesion = {
            "lesion": f"{scan}-1",
            "scan": scan,
            "abnormality": 1,
            "pathology": pathology,
            "outline": row["rings"],
        }
        lesion |= dict(zip(("lesion_type", "shape", "margins"), terms, strict=True))
        said = " ".join(f"{field} {term}" for field, term in zip(TERMS, terms, strict=True))
        size = {"scan_number": number, "rows": row["rows"], "columns": row["columns"]}
        responses = zip(chance.random(ALL_UNITS), chance.integers(0, 28, (ALL_UNITS, 2)), strict=True)
        shape = {"map_width": of_scan["columns"][0].as_py(), "map_height": of_scan["rows"][0].as_py()}
        shown: list[Row] = [
            {"shows": "class activation map"},
            *({"shows": "unit", "unit": int(unit)} for unit in named),
        ]
        shown += [{"shows": "probability"}, *({"shows": "concept", "phenomenon": name} for name in NAMES[:CONCEPTS])]
        cells = of_scan["map"].to_pylist()
        for table, some in {
            "scan": [{"scan": scan, "patient": patient} | size],
            "lesion": [lesion | {"report": said}],
            "response": [
                {"scan": scan, "unit": unit, "maximum": maximum, "mean": 0.1, "peak_x": int(x), "peak_y": int(y)}
                for unit, (maximum, (x, y)) in enumerate(responses)
            ],
            "explanation": [
                {"scan": scan, "class": "malignant", "rank": rank, "unit": int(unit), "phenomenon": NAMES[unit]}
                for rank, unit in enumerate(named, 1)
            ],
            "scan_map": [
                {"scan": scan, "map": cells[place % len(cells)]} | shape | of for place, of in enumerate(shown)
            ],
            "faithfulness": [
                {"scan": scan, "curve": curve, "units": units, "probability": float(chance.random())}
                | {"random": chance.random(RANDOM).tolist()}
                for curve in ("deletion", "insertion")
                for units in range(UNITS + 1)
            ],
            "patch": [{"patch": patch, "scan": scan}],
            "label": [{"patch": patch, "class": pathology}],
            "overlap": [{"patch": patch, "lesion": lesion["lesion"], "cover": 0.5, "within": 0.5}],
            "unseen": [{"patch": patch, "unit": unit, "maximum": float(chance.random())} for unit in range(NAMED)],
        }.items():
            rows.setdefault(table, []).extend(some)
    for table, some in rows.items():
        columns = {name: None for row in some for name in row}
        tables.insert(table, pa.Table.from_pylist([columns | row for row in some]))


def measured(run: Run, vectors: Path) -> tuple[float, float]:
    """Seconds of a processor that the command takes, and its peak memory in MB."""
    code = "from deepminer_ray.cli import main; main()"
    command = [sys.executable, "-c", code, "score", str(run.folder), "--vectors", str(vectors), "--again"]
    child = os.posix_spawn(
        sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"`deepminer score` ended with {os.waitstatus_to_exitcode(status)}.")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(numbers: list[int]) -> None:
    """Print a line a number of films, and the ratio of the last to the one before."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        vectors = Path(folder) / "words.txt"
        words().vectors.save_word2vec_format(str(vectors))
        for count in numbers:
            run = made(Path(folder) / str(count), count)
            seconds, memory = zip(*(measured(run, vectors) for _ in range(REPEATS)), strict=True)
            found.append(statistics.median(seconds))
            print(f"{count:6} films: {found[-1]:.1f} s of a processor, {max(memory):.0f} MB", flush=True)
    if len(found) > 1:
        print(f"{numbers[-1]} films take {found[-1] / found[-2]:.1f} times as long as {numbers[-2]} (goal 5)")


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]] or list(SCANS))
