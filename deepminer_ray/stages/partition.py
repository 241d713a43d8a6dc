"""`partition`: which patients train the network, which test it, which are explained (Sec. 2.1)."""

import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePath
from typing import Any

import polars

from deepminer_ray import paper
from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables
from deepminer_ray.errors import BadInput
from deepminer_ray.option import takes
from deepminer_ray.options import PartitionOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.sources.lists import VALIDATION, read_lists
from deepminer_ray.sources.published import official_lists
from deepminer_ray.sources.rows import NOT_OUTLINED
from deepminer_ray.stages.patients import quoted, refuse_written_twice

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
        refuse_written_twice(tables)
        if lists is None:
            tables.fill("partition", train=options.train, test=options.test, **drawn)
        else:
            fill_from_lists(tables, Path(lists), drawn)
        counts = tables.select("partition_count").to_pylist()
        left_out = tables.select("not_outlined", reason=NOT_OUTLINED)["file"].to_pylist()
    for name, rows in groupby(counts, key=lambda row: str(row["partition"])):
        of = list(rows)
        classes = ", ".join(f"{row['patients']} {row['class']}" for row in of)
        say(f"{name}: {of[0]['total']} patients, {classes}")
    _report_left_out(left_out)


def fill_from_lists(tables: Tables, lists: Path, drawn: dict[str, Any]) -> None:
    """Fill `partition` as lists say, and say who is in none of them, and whom they name without need."""
    with tables.showing("list", read_partition_lists(lists).to_arrow()):
        listed = tables.select("listed")
    with tables.showing("listed", listed):
        unseen = tables.select("listed_unseen")["patient"].to_pylist()
        if len(unseen) == listed.num_rows:
            raise BadInput(f"No patient of {lists} has an image here: it names {quoted(unseen) or 'nobody'}.")
        tables.fill("partition", "partition_from_lists", **drawn)
        unlisted = tables.select("unlisted")["patient"].to_pylist()
    rows = listed.to_pylist()
    _report_split(rows)
    if any(row["partition"] == VALIDATION for row in rows):
        say("the lists say who is for validation: no share of train is drawn for it")
    if unlisted:
        say(f"{len(unlisted)} patients are in no list and have no partition: {quoted(unlisted)}")
    if unseen:
        say(f"{len(unseen)} of {len(rows)} patients of the lists have no image here: {quoted(unseen)}")


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
    """Patients and their lists: a table (`read_lists`), or a data set itself."""
    if file.is_dir() and (lists := official_lists(file)) is not None:
        return polars.DataFrame(lists)
    remarks = list[str]()
    rows = read_lists(file, remarks)
    for remark in remarks:
        say(f"partition: {remark}")
    return polars.DataFrame(rows, {"patient": polars.String, "list": polars.String})
