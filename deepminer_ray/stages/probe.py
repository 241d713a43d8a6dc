"""`probe`: every unit's response to every patch and to every whole image (Secs. 2.2, 2.3)."""

import json
import time
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa

from deepminer_ray.database.digests import made, pixels
from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import place, write_whole
from deepminer_ray.network.checkpoint import Checkpoint, content, read
from deepminer_ray.network.geometry import LAYER, geometry, map_shape
from deepminer_ray.network.probe import PATCHES_AT_ONCE
from deepminer_ray.option import takes
from deepminer_ray.options import ProbeOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.stages.train import head_rows
from deepminer_ray.workers.merge import merge
from deepminer_ray.workers.probe_actor import How
from deepminer_ray.workers.stream import Batch, stream

ROWS_A_BATCH = 1_000_000
"""(patch, unit) rows of a transaction, which costs a store 6 ms however few they are."""
PATCHES_A_BATCH = 2_000
"""At most, of a layer of few units too: what a unit answered to a batch is one value in a store, 8 KB of bytes."""
BATCHES_AT_LEAST = 16
"""Few patches are divided all the same, so that workers end together; how, must not depend on how many there are."""
SCANS_A_BATCH = 16
"""A GPU answers so many in a fraction of a second; one a batch would keep the driver busy with a few of them."""


def probed_checkpoint(run: Run) -> Path:
    """Where a run keeps the network it was probed with, its own or another run's."""
    return run.folder / "checkpoint" / "probed.pt"


def how_probed(run: Run) -> How:
    """How a probed run was, so that later answers are of the same network and layer in the same precision.

    BadInput where the network is missing, or another one.
    """
    (done,) = (json.loads(row["parameters"]) for row in run.rows("status") if row["stage"] == "probe")
    how = How(
        str(probed_checkpoint(run)), done.get("layer", LAYER), done.get("half", False), hash=done.get("checkpoint")
    )
    content(how.checkpoint, how.hash)
    return how


def trained_hash(given: str | Path) -> str | None:
    """Of a run's folder the hash of the network it trained; of a file, or of a run that trained none, nothing."""
    folder = place(given)
    if not isinstance(folder, Path) or not (folder / "run.duckdb").is_file():
        return None
    return made(Run(folder)).get("train")


def probe_batches(scans: Sequence[tuple[int, Sequence[int]]], units: int) -> list[list[tuple[int, list[int]]]]:
    """Films, each (scan_number, patches), in batches of `ROWS_A_BATCH` (patch, unit) rows in the order of patches.

    The network takes `PATCHES_AT_ONCE` of them, and fewer more slowly: a batch has a multiple of it where it can.
    """
    patches = [(number, patch) for number, chosen in scans for patch in chosen]
    size = max(1, min(ROWS_A_BATCH // units, PATCHES_A_BATCH, -(-len(patches) // BATCHES_AT_LEAST)))
    size -= size % PATCHES_AT_ONCE if size > PATCHES_AT_ONCE else 0
    parts = (patches[start : start + size] for start in range(0, len(patches), size))
    return [
        [(number, [patch for _, patch in of_scan]) for number, of_scan in groupby(part, key=itemgetter(0))]
        for part in parts
    ]


def together(scans: Sequence[tuple[str, int]]) -> list[Sequence[tuple[str, int]]]:
    """Whole images in batches."""
    size = max(1, min(SCANS_A_BATCH, -(-len(scans) // BATCHES_AT_LEAST)))
    return [scans[start : start + size] for start in range(0, len(scans), size)]


def _refuse_other_inputs(run: Run, loaded: Checkpoint) -> None:
    """BadInput where a network was trained on patches of another size or kind than this run's."""
    channels = run.domain.looked.channels
    if loaded.channels != channels:
        trained, here = ("in colour" if number > 1 else "in grey" for number in (loaded.channels, channels))
        raise BadInput(f"The network was trained on images {trained}, and this run's are {here}: use another network.")
    cut = framing_of(run)
    if cut is None or (cut.side, cut.whole) == (loaded.side, loaded.whole):
        return
    if cut.whole is None and loaded.whole is None:
        raise BadInput(
            f"The network was trained on patches of {loaded.side} px, this run was cut into {cut.side}: "
            f"use `deepminer cut {run.folder} --side {loaded.side} --again`."
        )
    wanted = f"--whole {loaded.whole[0]}x{loaded.whole[1]}" if loaded.whole else f"--side {loaded.side}"
    raise BadInput(
        "The network was trained on inputs of another size or kind than this run's: "
        f"use `deepminer cut {run.folder} {wanted} --again`."
    )


def _refuse_other_classes(run: Run, loaded: Checkpoint) -> None:
    """BadInput where a network was trained on another domain's classes than this run's."""
    answered = [classes.names for classes in run.domain.answered]
    if loaded.network.classes not in answered:
        known = "; or ".join(", ".join(names) for names in answered)
        raise BadInput(f"The network tells {', '.join(loaded.network.classes)} apart, this run has {known}.")


@takes(ProbeOptions)
def probe(run: Run, options: ProbeOptions) -> None:
    """Fill `activation`, `prediction`, `histogram` (patches of test) and `response`, `scan_prediction`, `evidence`
    (scans of test and holdout), `layer`, `weight` and `bias`, with a run's network or another's.

    `layer` is named as torch names it among the features. Only the last feeds the linear layer: of any other
    `evidence`, `weight` and `bias` stay empty. `half` computes the features in half precision.
    """
    given, layer, partitions = options.checkpoint or str(run.folder), options.layer, options.partitions
    written = content(given, trained_hash(given))
    loaded = read(written, given)
    _refuse_other_inputs(run, loaded)
    _refuse_other_classes(run, loaded)
    of_patches, of_scans = chosen_partitions(partitions, ["test"]), chosen_partitions(partitions, ["test", "holdout"])
    parameters = options.stored() | {"checkpoint": loaded.hash, "patches": of_patches, "scans": of_scans}
    kept = probed_checkpoint(run)
    if run.finished("probe", parameters, options.again):
        if not kept.is_file() or kept.read_bytes() != written:
            write_whole(kept, written)
            say(f"{kept} was missing or another network, and is put back")
        return
    pixels(run)
    started = time.time()
    write_whole(kept, written)
    to_probe = [(row["scan_number"], tuple(row["patches"])) for row in run.rows("probe_patch", partitions=of_patches)]
    features, where = loaded.network.features, geometry(loaded.network.features, layer)
    units, height, width = map_shape(features, layer, *(loaded.whole or (loaded.side, loaded.side))[::-1])
    batches = [Batch("patches", (part,)) for part in probe_batches(to_probe, units)]
    scans = run.rows("probe_scan", partitions=of_scans)
    batches += [Batch("scans", (part,)) for part in together([(row["scan"], row["scan_number"]) for row in scans])]
    if not batches:
        raise BadInput(f"No patient is in {' or '.join(of_scans)}: use --partitions, or other shares in `partition`.")
    how = How(str(kept), layer, options.half, options.gpu)
    files = stream(run, "probe", how, parameters, batches, options.workers)
    described = {"name": layer, "map_width": width, "map_height": height, "side": loaded.side}
    described |= {"stride": where.stride, "field": where.field, "offset": where.offset, "checkpoint": loaded.hash}
    described["pool"] = loaded.network.pool
    rows = {"layer": pa.Table.from_pylist([described])}
    if layer == LAYER:
        rows |= head_rows(loaded.network)
    merge(run, ("probe", parameters, started), files, rows, options.workers)
    patches = sum(len(chosen) for _, chosen in to_probe)
    say(f"probed {patches} patches and {len(scans)} scans with {units} units of {loaded.network.name}")
