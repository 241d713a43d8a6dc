"""`partition`: which patients train the network, which test it, which are explained (Sec. 2.1)."""

import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePath
from typing import Any

import polars

from deepminer_ray import paper
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.files.cells import unmarked
from deepminer_ray.option import takes
from deepminer_ray.options import PartitionOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.sources.bounds import read_csv
from deepminer_ray.sources.published import official_lists
from deepminer_ray.sources.rows import NOT_OUTLINED

SCANS_NAMED = 10
"""Images named in a sentence before it only counts them."""


@takes(PartitionOptions)
def partition(run: Run, options: PartitionOptions) -> None:
    """Fill `partition`, whole patients only: by shares within the worst pathology, or from a csv of lists."""
    refuse_shares(options.train, options.test)
    parameters, lists = options.stored(), options.lists
    if run.finished("partition", parameters, options.again):
        return
    started = time.time()
    drawn: dict[str, Any] = {"validation": options.validation, "seed": str(options.seed)}
    with run.finishing("partition", parameters, started) as tables:
        if lists is None:
            tables.fill("partition", train=options.train, test=options.test, **drawn)
        else:
            tables.connection.register("list", read_partition_lists(Path(lists)).to_arrow())
            listed = tables.select("listed")
            tables.connection.register("listed", listed)
            tables.fill("partition", "partition_from_lists", **drawn)
            _report_split(listed.to_pylist())
        counts = tables.select("partition_count").to_pylist()
        left_out = tables.select("not_outlined", reason=NOT_OUTLINED)["file"].to_pylist()
    for name, rows in groupby(counts, key=lambda row: str(row["partition"])):
        of = list(rows)
        classes = ", ".join(f"{row['patients']} {row['class']}" for row in of)
        say(f"{name}: {of[0]['total']} patients, {classes}")
    _report_left_out(left_out)


def refuse_shares(train: float, test: float) -> None:
    """BadInput for shares of the patients that cannot be taken."""
    if not (0 < train < 1 and 0 <= test < 1 and train + test <= 1):
        raise BadInput(
            f"Shares of {train} for train and {test} for test leave no partition: they must add up to at most 1."
        )


def _report_left_out(files: list[str]) -> None:
    """Name the images that cannot be labelled: their patients may count as having less than they have."""
    if files:
        names = ", ".join(PurePath(file).name for file in files[:SCANS_NAMED])
        more = f" and {len(files) - SCANS_NAMED} more" if len(files) > SCANS_NAMED else ""
        say(f"{len(files)} images are left out, for nothing outlines their finding (`from rejected`): {names}{more}")


def _report_split(listed: list[dict[str, Any]]) -> None:
    """Say which patients the lists split: their images must not be trained on and tested on."""
    split = [row for row in listed if len(row["lists"]) > 1]
    if split:
        say(f"{len(split)} of {len(listed)} patients are in several lists; each goes to one partition:")
    for row in split:
        say("  {patient}: listed in {lists}, goes to {partition}".format(**row | {"lists": " and ".join(row["lists"])}))


def chosen_partitions(partitions: Sequence[str] | None, usual: Sequence[str]) -> list[str]:
    """The partitions asked for, `all` of them, or the usual ones; BadInput for a name that is none."""
    if not partitions:
        return list(usual)
    if list(partitions) == ["all"]:
        return list(paper.PARTITIONS)
    for name in partitions:
        if name not in paper.PARTITIONS:
            raise BadInput(f"There is no partition {name!r}: use all, {', '.join(paper.PARTITIONS)}.")
    return list(partitions)


def read_partition_lists(file: Path) -> polars.DataFrame:
    """Patients and their lists: a csv with columns `patient` and `paper_split` or `partition`, or a data set itself."""
    if file.is_dir() and (lists := official_lists(file)) is not None:
        return polars.DataFrame(lists)
    table = read_csv(file)
    column = next((name for name in ("partition", "paper_split") if name in table.columns), None)
    if column is None or "patient" not in table.columns:
        raise BadInput(f"{file} has no columns `patient` and `partition`: {table.told()}.")
    pairs = table.select("patient", column).rows
    rows = [(unmarked(patient), name.lower().replace("-", "")) for patient, name in pairs]
    schema = {"patient": polars.String, "list": polars.String}
    return polars.DataFrame(rows, schema, orient="row").unique(maintain_order=True)
