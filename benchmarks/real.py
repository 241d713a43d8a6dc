"""Do explanations of real films say more than chance? Several partitions and trainings, pooled.

    python benchmarks/real.py CBIS runs/real --weights squeezenet1_1_imagenet.pt [--seeds 0 1 2] [--side 64]
    python benchmarks/real.py CBIS runs/random --weights none         # what a network without knowledge explains
    python benchmarks/real.py CBIS runs/choice --weights ... --choose [-- OPTIONS OF deepminer run]

CBIS has a `manifest.csv`; the vectors are the demo's unless --vectors names others. A seed deals the patients out (two
fifths train, two fifths are test and name the units, a fifth is holdout) and trains. A film held out repeatedly counts
once, by its mean. Every null exchanges the reports of whole patients, in all seeds alike: once among all patients, once
among patients of the same worst pathology. With --choose no holdout is opened: a third of the training patients takes
its place, and the patients of holdout are in no partition. What is done is not done again.
"""

import argparse
import csv
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepminer_ray.database.run import Run
from deepminer_ray.explanations.agreement import against_chance
from deepminer_ray.explanations.chance import Matrix, Pairs, Scans
from deepminer_ray.explanations.matching import matching
from deepminer_ray.explanations.naming import naming
from deepminer_ray.explanations.words import load_words

DEEPMINER = str(Path(sys.executable).with_name("deepminer"))
TRAIN, TEST, CHOICE = 0.4, 0.4, 1 / 3
"""Shares of the patients that train and that name units; the share of the former that choices are made on."""
DEPTHS = (1, 8)
TRAINING = """
    --network squeezenet1_1 --normalisation caffe --epochs 10 --optimizer adamw
    --schedule one-cycle --learning-rate 0.001 --normals 1 --flips --rotation 15 --validation 0 --keep last --workers 2
"""

Row = dict[str, Any]


def dealt(source: Path, seed: int, choose: bool) -> Iterator[tuple[str, str]]:
    """Patients and their partitions, by the order of a hash that every machine computes alike."""
    with (source / "manifest.csv").open(encoding="utf-8", newline="") as file:
        patients = {row["patient"] for row in csv.DictReader(file)}
    order = sorted(patients, key=lambda patient: hashlib.md5(f"{seed} {patient}".encode()).hexdigest())
    train, test = round(TRAIN * len(order)), round((TRAIN + TEST) * len(order))
    first = round(CHOICE * train) if choose else 0
    for place, patient in enumerate(order):
        if place < train:
            yield patient, "holdout" if place < first else "train"
        elif place < test:
            yield patient, "test"
        elif not choose:
            yield patient, "holdout"


def explained(folder: Path, source: Path, seed: int, choose: bool, vectors: Path, options: Sequence[str]) -> Run:
    """The run of a seed, explained and scored."""
    folder.mkdir(parents=True, exist_ok=True)
    lists = folder / f"{seed}.csv"
    lists.write_text("patient,partition\n" + "".join(f"{one},{part}\n" for one, part in dealt(source, seed, choose)))
    command = [DEEPMINER, "run", str(folder / str(seed)), str(source), "--lists", str(lists), "--seed", str(seed)]
    command += ["--from-lesions", "--vectors", str(vectors), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
    return Run.existing(folder / str(seed))


def pooled(runs: Sequence[Run], depth: int, vectors: Path) -> Iterator[Row]:
    """A row a metric: the films' means over the runs that explain them, with what chance gives."""
    found = [run.rows("explained", partitions=["holdout"], depth=depth) for run in runs]
    by_scan = {row["scan"]: row for rows in found for row in rows}
    scans = sorted(by_scan)
    reports = [by_scan[scan]["report"] for scan in scans]
    owners = [(by_scan[scan]["patient"], by_scan[scan]["pathology"]) for scan in scans]
    domain = runs[0].domain
    words = load_words(vectors, domain.fields)
    scores: dict[str, list[Pairs]] = {}
    for rows in found:
        says = {row["scan"]: row["explanation"] for row in rows}
        texts = [says.get(scan, "") for scan in scans]
        explains = np.array([scan in says for scan in scans])
        parts = {"greedy matching": matching(texts, reports, words, "fixed")}
        for field, (precision, recall) in naming(texts, reports, domain.fields, domain.scored).items():
            parts |= {f"{field} precision": precision, f"{field} recall": recall}
        for name, part in parts.items():
            scores.setdefault(name, []).append(only(part, explains))
    means = [mean(parts) for parts in scores.values()]
    for name, row in zip(scores, against_chance(means, owners, seed=0), strict=True):
        yield {"metric": name, "depth": depth} | row


def only(score: Pairs, explains: np.ndarray[Any, Any]) -> Pairs:
    """A score without the films that a run does not explain."""

    def of(scans: Scans) -> Matrix:
        return np.where(explains[scans][:, np.newaxis], score(scans), np.nan)

    return of


def mean(scores: Sequence[Pairs]) -> Pairs:
    """The mean over the runs that explain a film."""

    def of(scans: Scans) -> Matrix:
        every = np.stack([score(scans) for score in scores])
        known = ~np.isnan(every)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(known, every, 0).sum(0) / known.sum(0))

    return of


def said(run: Run) -> str:
    """What a network tells apart and what its units are called."""
    auc = run.ask(
        "select level, value, low, high, positives + negatives as n from measure "
        "where partition = 'test' and measure = 'auc' and against = 'benign' order by level"
    ).to_pylist()
    names = run.ask(
        "select phenomenon, count(distinct unit) as units from unit_called semi join unit_rank using (unit) "
        "where named group by all order by all"
    ).to_pylist()
    true = run.ask(
        "select count(*) as names, count(*) filter (low > 0.5) as true, avg(auroc) as auroc from name_score "
        "where level = 'patch' and annotator = 'lesion keywords' and auroc is not null"
    ).to_pylist()[0]
    areas = ", ".join("{level} {value:.3f} ({low:.3f} to {high:.3f}, n {n})".format(**row) for row in auc)
    called = ", ".join(f"{row['phenomenon']} {row['units']}" for row in names)
    return f"malignant or benign on test: {areas}; names {true}; {called}"


def main() -> None:
    """Run every seed, pool, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("source", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options.add_argument("--side", default="64")
    options.add_argument("--weights", required=True)
    options.add_argument("--choose", action="store_true")
    options.add_argument("--vectors", type=Path, default=Path("runs/words.txt"))
    options.add_argument("rest", nargs="*", help="after --: options of `deepminer run`, instead of the usual training")
    asked = options.parse_args()
    runs = []
    for seed in asked.seeds:
        given = ["--side", asked.side, "--weights", asked.weights, *(asked.rest or TRAINING.split())]
        runs.append(explained(asked.folder, asked.source, seed, asked.choose, asked.vectors, given))
        print(f"seed {seed}: {said(runs[-1])}", flush=True)
    print("| metric | top | value | by chance | p | within a pathology | p | films |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for depth in DEPTHS:
        for row in pooled(runs, depth, asked.vectors):
            if row["n"]:
                print(
                    "| {metric} | {depth} | {value:.3f} ({low:.3f} to {high:.3f}) | {null_value:.3f} | {p:.3f} "
                    "| {null_pathology:.3f} | {p_pathology:.3f} | {n} |".format(**row),
                    flush=True,
                )


if __name__ == "__main__":
    main()
