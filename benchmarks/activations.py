"""The activation store at the size of the paper's test set: appending, and what is asked of 91 million activations.

    python benchmarks/activations.py [PATCHES [UNITS [REPETITIONS]]]

Appending: one thread and two, a million (patch, unit) rows a transaction; the limit is the same bytes written to one
file and brought to disk once. Merging: what a store holds becomes rows of a run by unit and patch; the limit is
DuckDB's insertion of these rows from memory, in that order. Questions: each is answered from `activation`, `prediction`
and `response`, never from `influence`, `top_patch` or another answer made before; beside it numpy with the values as a
dense matrix [units, patches] that is in memory already. Values are chance: exponential maxima and their means, 1,040
scans of 260 patients.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from deepminer_ray import paper
from deepminer_ray.database.packing import packed
from deepminer_ray.database.run import Run
from deepminer_ray.database.statement import statement
from deepminer_ray.database.store import Store
from deepminer_ray.database.store import activation as stored_activation
from deepminer_ray.database.tables import Tables
from deepminer_ray.mammography import CLASSES
from deepminer_ray.stages.rank import coverage_rows
from deepminer_ray.statistics.confidence import share_intervals
from deepminer_ray.workers.merge import MERGE_MEMORY, MERGE_THREADS

PATCHES, UNITS, SCANS, REPETITIONS = 44_612, 2_048, 1_040, 5
ROWS_A_BATCH, BATCHES, CELLS_ACROSS = 1_000_000, 90, 8
TOP = 64
RESPONSE_OF_PATCHES = (
    "select scan, unit, maximum from (select (patch // 65536)::integer as scan_number, unit, max(maximum) as maximum "
    "from activation group by all) join scan using (scan_number)"
)
"""The scan's maximum over its patches, so that influence too comes from `activation` alone."""
GROUPED_BY_PLACE = "set perfect_ht_threshold = 24"
"""Scan and unit are a place among 4 million, which DuckDB then counts off instead of hashing it."""

Matrix = NDArray[np.float32]


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def median(repetitions: int, act: Callable[[], object]) -> float:
    """Median seconds."""
    return statistics.median(seconds(act) for _ in range(repetitions))


def activation(patch: NDArray[np.int64], unit: NDArray[np.int32], maximum: Matrix, seed: int) -> pa.Table:
    """Rows of `activation`: means below the maxima, places of chance."""
    chance = np.random.default_rng(seed)
    peak = chance.integers(0, CELLS_ACROSS, (2, len(patch)), np.int32)
    mean = maximum * chance.random(len(patch), np.float32)
    columns = {"patch": patch, "unit": unit, "maximum": maximum, "mean": mean, "peak_x": peak[0], "peak_y": peak[1]}
    return pa.table(columns)


def appending(folder: Path, units: int) -> None:
    """Print the rows a second that a store takes and its bytes a row, and how fast a run takes them over."""
    of_batch = ROWS_A_BATCH // units
    unit = np.tile(np.arange(units, dtype=np.int32), of_batch)
    chance = np.random.default_rng(0)
    batches: list[dict[str, pa.Table]] = []
    packing = []
    for batch in range(BATCHES + 1):
        patch = np.repeat(np.arange(batch * of_batch, (batch + 1) * of_batch), units)
        answered = activation(patch, unit, chance.exponential(1, len(patch)).astype(np.float32), batch)
        packing.append(seconds(lambda answered=answered: batches.append(packed(answered))))
    of_transaction = len(unit)
    rows = BATCHES * of_transaction
    print(f"packing, in the network's process: {of_transaction / statistics.median(packing) / 1e6:.1f} M rows/s")
    for threads in (1, 2):
        file = folder / f"store_{threads}.duckdb"
        store = Store(file)
        store.connection.execute(f"set threads = {threads}")
        store.append(0, batches[0])
        taken = [
            seconds(lambda store=store, number=number: store.append(number, batches[number]))
            for number in range(1, BATCHES + 1)
        ]
        closing = seconds(store.close)
        ours = rows / (sum(taken) + closing)
        limit = rows / written(folder / "plain", file.stat().st_size)
        print(
            f"append, {threads} threads, {of_transaction:,} rows a transaction: {ours / 1e6:.1f} M rows/s, "
            f"{file.stat().st_size / (rows + of_transaction):.2f} bytes a row; "
            f"writing those bytes {limit / 1e6:.1f} M rows/s, ratio {ours / limit:.2f}"
        )
    merging([folder / "store_1.duckdb"], Run.created(folder / "merged"), rows + of_transaction)


def merging(files: list[Path], run: Run, rows: int) -> None:
    """Print how fast a run takes over what stores hold, beside the same rows inserted as they come."""

    def merge() -> None:
        with run.finishing("probe", {}, time.time()) as tables:
            tables.hold(MERGE_MEMORY, MERGE_THREADS)
            for part in stored_activation(files):
                tables.renew()
                tables.hold(MERGE_MEMORY, MERGE_THREADS)
                tables.insert("activation", part)

    def insert() -> None:
        with run.finishing("probe", {}, time.time()) as tables:
            tables.insert("activation", at_hand)

    ours = rows / seconds(merge)
    at_hand = run.ask("from activation")
    limit = rows / seconds(insert)
    print(
        f"merge: {ours / 1e6:.1f} M rows/s; "
        f"inserting them in order {limit / 1e6:.1f} M rows/s, ratio {ours / limit:.2f}"
    )


def written(file: Path, size: int) -> float:
    """Median seconds to write so many bytes and bring them to disk."""
    content = os.urandom(size)

    def write() -> None:
        with file.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    return median(3, write)


def filled(run: Run, matrix: Matrix, scan_of: NDArray[np.int64], probability: Matrix, truth: NDArray[np.int64]) -> None:
    """A run with these maxima [units, patches], a scan for each patch, probabilities [patches, classes] and classes."""
    units, patches = matrix.shape
    name = pa.array([f"scan_{scan:04d}" for scan in range(SCANS)])
    patient = [f"patient_{scan // 4:03d}" for scan in range(SCANS)]
    number = scan_of * 65536 + np.arange(patches)
    classes = pa.array(CLASSES)
    with run.appending() as tables:
        tables.insert("scan", pa.table({"scan": name, "patient": patient, "scan_number": np.arange(SCANS)}))
        everyone = sorted(set(patient))
        tables.insert("partition", pa.table({"patient": everyone, "partition": ["test"] * len(everyone)}))
        tables.insert("patch", pa.table({"patch": number, "scan": name.take(pa.array(scan_of))}))
        tables.insert("label", pa.table({"patch": number, "class": classes.take(pa.array(truth))}))
        for label, values in zip(CLASSES, probability.T, strict=True):
            rows = {"patch": number, "class": [label] * patches, "probability": values.astype(np.float64)}
            tables.insert("prediction", pa.table(rows))
            weight = weights(units)[CLASSES.index(label)]
            tables.insert("weight", pa.table({"class": [label] * units, "unit": np.arange(units), "weight": weight}))
        for unit, maxima in enumerate(matrix):
            tables.insert("activation", activation(number, np.full(patches, unit, np.int32), maxima, unit))
        tables.connection.execute(f"insert into response by name ({RESPONSE_OF_PATCHES})")


def weights(units: int) -> NDArray[np.float64]:
    """Weights [classes, units] of chance."""
    return np.random.default_rng(1).normal(size=(len(CLASSES), units))


def compare(what: str, ours: float, numpy: float, goal: float) -> None:
    """One line."""
    print(
        f"{what}: {1000 * ours:.0f} ms (goal {1000 * goal:.0f}), numpy {1000 * numpy:.0f} ms, {ours / numpy:.1f} times"
    )


def top_patches(
    connection: duckdb.DuckDBPyConnection, matrix: Matrix, scan_of: NDArray[np.int64], repetitions: int
) -> None:
    """The 64 largest patches of a unit, the smaller patch first in a tie."""
    asked = "select patch, maximum from activation where unit = $unit order by maximum desc, patch limit $top"
    units = np.random.default_rng(2).integers(0, len(matrix), 4 * repetitions)

    def of_matrix(unit: int) -> NDArray[np.int64]:
        maxima = matrix[unit]
        bound = np.partition(maxima, -TOP)[-TOP]
        among = np.flatnonzero(maxima >= bound)
        return among[np.lexsort((among, -maxima[among]))][:TOP]

    def of_table(unit: int) -> NDArray[np.int64]:
        return connection.sql(asked, params={"unit": int(unit), "top": TOP}).to_arrow_table()["patch"].to_numpy()

    number = scan_of * 65536 + np.arange(len(scan_of))
    assert all((of_table(unit) == number[of_matrix(unit)]).all() for unit in units)
    ours = statistics.median(seconds(lambda unit=unit: of_table(unit)) for unit in units)
    compare(
        f"top {TOP} patches of a unit", ours, statistics.median(seconds(lambda u=u: of_matrix(u)) for u in units), 0.05
    )


def importance(tables: Tables, matrix: Matrix, scan_of: NDArray[np.int64], repetitions: int) -> None:
    """Influence, frequency and coverage of all scans, with and without intervals over patients."""
    start = np.searchsorted(scan_of, np.arange(SCANS))
    weight = weights(len(matrix))
    response = np.maximum.reduceat(matrix, start, axis=1).T
    patient = np.arange(SCANS) // 4

    def of_matrix(response: Matrix, bootstrap: bool) -> None:
        for of_class in weight:
            influence = response * of_class
            top = np.argpartition(-influence, paper.TOP, axis=1)[:, : paper.TOP]
            frequency = np.bincount(top.ravel(), minlength=len(matrix))
            order = np.argsort(-frequency, kind="stable")
            coverage = np.cumsum(frequency[order]) / frequency.sum()
            if bootstrap:
                found = np.zeros((SCANS, len(matrix)))
                np.put_along_axis(found, top, 1, axis=1)
                share_intervals(found[:, order].cumsum(1), np.full(SCANS, paper.TOP), patient.astype(str).tolist())
            del coverage

    def of_tables(bootstrap: bool, from_activation: bool) -> None:
        for table in ("influence", "unit_rank", "coverage"):
            tables.connection.execute(f"delete from {table}")
        if from_activation:  # a temporary table stands before the run's own of that name
            tables.connection.execute(f"create or replace temp table response as {RESPONSE_OF_PATCHES}")
        tables.fill("influence", top=paper.TOP)
        tables.fill("unit_rank", ranked=paper.RANKED, partitions=["test"])
        if bootstrap:
            coverage_rows(tables, ["test"])
        else:
            tables.select("coverage", partitions=["test"])

    for bootstrap in (False, True):
        what = "influence, frequency and coverage, " + ("1,000 resamples of patients" if bootstrap else "no intervals")
        compare(
            f"{what}, from `response`",
            median(repetitions, lambda bootstrap=bootstrap: of_tables(bootstrap, False)),
            median(1 if bootstrap else repetitions, lambda bootstrap=bootstrap: of_matrix(response, bootstrap)),
            2,
        )
    compare(
        "the same without intervals, from `activation`",
        median(repetitions, lambda: of_tables(False, True)),
        median(repetitions, lambda: of_matrix(np.maximum.reduceat(matrix, start, axis=1).T, False)),
        2,
    )


def areas(
    connection: duckdb.DuckDBPyConnection, probability: Matrix, truth: NDArray[np.int64], repetitions: int
) -> None:
    """AUC of the patches for three classes, beside scikit-learn's."""
    asked = {"partitions": ["test"], "pauc_from": paper.PAUC_FROM}

    def of_tables() -> dict[str, float]:
        found = connection.sql(statement("auc"), params=asked).to_arrow_table().to_pylist()
        return {row["class"]: row["auc"] for row in found if row["level"] == "patch"}

    def of_matrix() -> dict[str, float]:
        return {label: roc_auc_score(truth == number, probability[:, number]) for number, label in enumerate(CLASSES)}

    ours, expected = of_tables(), of_matrix()
    assert all(abs(ours[label] - expected[label]) < 1e-12 for label in CLASSES)
    compare(f"AUC of {len(truth):,} patches x 3", median(repetitions, of_tables), median(repetitions, of_matrix), 0.5)


def main(patches: int, units: int, repetitions: int) -> None:
    """Print every figure with its goal and its peer's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        appending(folder, units)
        chance = np.random.default_rng(0)
        matrix = chance.exponential(1, (units, patches)).astype(np.float32)
        scan_of = np.arange(patches) * SCANS // patches
        truth = chance.integers(0, 3, patches)
        probability = chance.dirichlet(np.ones(3), patches).astype(np.float32)
        run = Run.created(folder / "run")
        taken = seconds(lambda: filled(run, matrix, scan_of, probability, truth))
        size = run.database.stat().st_size
        print(f"a run of {patches * units:,} activations: {size / 1e9:.2f} GB, made in {taken:.0f} s")
        with run.reading() as connection:
            top_patches(connection, matrix, scan_of, repetitions)
            areas(connection, probability, truth, repetitions)
        with duckdb.connect(str(run.database)) as connection:
            connection.execute(GROUPED_BY_PLACE)
            connection.execute("begin")
            importance(Tables(connection), matrix, scan_of, repetitions)
            connection.execute("rollback")


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:]), *(PATCHES, UNITS, REPETITIONS)[len(sys.argv) - 1 :])
