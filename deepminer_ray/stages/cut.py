"""`cut`: every image decoded once, resized and cut into patches (Sec. 2.1)."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa

from deepminer_ray.database.run import Run
from deepminer_ray.domain import Domain, Looked
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import PARTIAL, Place, remove, resolved, states, write_whole
from deepminer_ray.option import takes
from deepminer_ray.options import CutOptions
from deepminer_ray.patches.proof import SHARD_KINDS, SHARDS, content_digest, listed, read_list
from deepminer_ray.patches.shard import (
    MADE_FROM,
    finished_shards,
    patch_rows,
    shard,
    shard_digest,
)
from deepminer_ray.patches.whole import read_size
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.progress.running import Running
from deepminer_ray.stages.cut_worker import BY_BREAST, CutOutcome, cut_scan
from deepminer_ray.workers.cluster import blocks, connect
from deepminer_ray.workers.nodes import VisiblePath, check_nodes, sight

CUT_READERS = 8
"""Threads that look through what an earlier call cut."""
ADDED = ("fingerprint", "unit", "window", "raw", "views", "black", "white")
"""What a film that an earlier version catalogued lacks: what that version cut of it is the same without."""
SMALLEST_SIDE = 32
"""Networks of stride 32 need a patch of at least one cell."""


@takes(CutOptions)
def cut(run: Run, options: CutOptions) -> None:
    """Fill `patch`, `overlap`, `label`, `RUN/scan/` and `RUN/patch/`; an image that cannot be decoded is `rejected`.

    With `storage` (a folder or a URI) scan/ and patch/ lie there instead, and later stages find them there. Shares that
    are not given are the domain's; `breast` is that of the region, whichever the domain looks at. With `whole` each
    image is one patch, with the class of the image.
    """
    domain = run.domain
    looked, options = domain.looked, _with_shares(options, domain)
    whole = None if options.whole is None else read_size(options.whole)
    options = options if whole is None else replace(options, side=min(whole))
    refuse_side(options.side)
    put = run.folder if options.storage is None else resolved(options.storage)
    parameters = options.stored() | {"storage": None if options.storage is None else str(put)}
    if run.finished("cut", parameters | {"whole": whole}, options.again):
        return
    parameters |= {} if whole is None else {"whole": whole}
    started, images = time.time(), f"{domain.words.image}s"
    scans = _scans_to_cut(run, looked)
    folder = put / "patch"
    how: dict[str, Any] = {"side": options.side, "breast": options.breast}
    how |= {} if looked == BY_BREAST else {"looked": looked.model_dump()}
    how |= {} if whole is None else {"whole": list(whole)}
    _keep_current_shards(put, how, scans)
    digests = _digests_of_earlier_call(put)
    todo = [scan | {"lesions": json.dumps(scan["lesions"])} for scan in scans if scan["scan_number"] not in digests]
    rejected = _cut_on_nodes(run, todo, put, how | {"looked": looked, "whole": whole}, digests) if todo else []
    if not digests:
        raise BadInput(f"None of the {len(scans)} {images} could be decoded, for example: {rejected[0]['reason']}")
    parameters["shards"] = _list(folder, digests)
    with run.finishing("cut", parameters, started) as tables:
        with tables.showing("shard", patch_rows(folder)):
            tables.fill("patch")
            tables.fill("overlap")
            if whole is not None:
                tables.fill("patch_size")
        if whole is None:
            tables.fill("label", cover=options.cover, within=options.within)
        else:
            tables.fill("label", "label_of_whole")
        tables.insert("rejected", pa.Table.from_pylist(rejected, REJECTED_SCAN))
        counts = tables.select("label_count").to_pylist()
    say(
        ", ".join(f"{row['patches']} patches {row['class']}" for row in counts) + f", {len(rejected)} {images} rejected"
    )


def _with_shares(options: CutOptions, domain: Domain) -> CutOptions:
    """The options with the domain's shares where none are given."""
    usual: dict[str, Any] = {
        "breast": domain.labels.region,
        "cover": domain.labels.cover,
        "within": domain.labels.within,
    }
    return replace(options, **{name: share for name, share in usual.items() if getattr(options, name) is None})


def _scans_to_cut(run: Run, looked: Looked) -> list[dict[str, Any]]:
    """Rows of `scan_to_cut`, each with the mask of its region where the domain has masks."""
    scans = run.rows("scan_to_cut")
    if looked.region != "mask":
        return scans
    regions = {row.pop("scan"): row for row in run.rows("region_of_scan")}
    return [scan | {"region": regions.get(scan["scan"])} for scan in scans]


def refuse_side(side: int) -> None:
    """BadInput for patches that no network takes."""
    if side < SMALLEST_SIDE:
        raise BadInput(f"A patch of {side} px is too small for any network here: use at least {SMALLEST_SIDE}.")


def _cut_on_nodes(
    run: Run,
    todo: list[dict[str, Any]],
    put: Place,
    how: dict[str, Any],
    digests: dict[int, tuple[bytes, bytes]],
) -> list[dict[str, str]]:
    """Have Ray cut images; the rows of those that are rejected. The digests of the others are added to `digests`."""
    ray, folder = connect(), put / "patch"
    sources = (VisiblePath(resolved(row["source"])) for row in run.rows("source"))
    wanted = check_nodes(ray, sight(folder / MADE_FROM), *sources)
    outcomes = ray.data.from_items(todo, override_num_blocks=blocks(ray, len(todo))).map(
        partial(cut_scan, folder=put, wanted=wanted, **how)
    )
    outcomes.set_name(f"cut {run.name}")
    rejected = {}
    outcome: CutOutcome
    with Running(run.folder, "cut", len(todo), "images") as running:
        for outcome in progress(outcomes.iter_rows(), "cut", len(todo), running):
            if outcome["stopped"]:
                raise BadInput(f"{outcome['stopped']} The {len(finished_shards(folder))} images cut so far are kept.")
            running.count(patches=outcome["patches"])
            number = outcome["scan_number"]
            if outcome["reason"]:
                rejected[number] = {"file": outcome["file"], "stage": "cut", "reason": outcome["reason"]}
            else:
                digests[number] = outcome["scan_digest"], outcome["patch_digest"]
    for number in rejected.keys() & finished_shards(folder):
        _drop_shards(put, number)
    return list(rejected.values())


REJECTED_SCAN = pa.schema([(name, pa.string()) for name in ("file", "stage", "reason")])


def _digests_of_earlier_call(put: Place) -> dict[int, tuple[bytes, bytes]]:
    """By the films' numbers the digests of what an earlier call cut: of both shards, if they are whole and, where it
    was finished, still those that it made. What is not is dropped."""
    shards = {kind: finished_shards(put / kind) for kind in SHARD_KINDS}
    try:
        before = read_list(put / "patch")
    except BadInput:
        before = None

    def digests(number: int) -> tuple[bytes, bytes] | None:
        scan, patch = (shard_digest(shard(put / kind, number)) for kind in SHARD_KINDS)
        if scan is None or patch is None:
            return None
        known = (None, None) if before is None else (before.of("scan", number), before.of("patch", number))
        return (scan, patch) if known in ((scan, patch), (None, None)) else None

    numbers = sorted(shards["scan"] & shards["patch"])
    with ThreadPoolExecutor(CUT_READERS) as readers:
        read = dict(zip(numbers, readers.map(digests, numbers), strict=True))
    for number in (number for number, of_scan in read.items() if of_scan is None):
        say(f"cut: {shard(put / 'scan', number)} or its patches are not what was cut, and are cut again")
        _drop_shards(put, number)
    return {number: of_scan for number, of_scan in read.items() if of_scan is not None}


def _drop_shards(put: Place, number: int) -> None:
    """Drop what was cut of a film."""
    for kind in SHARD_KINDS:
        shard(put / kind, number).unlink(missing_ok=True)


def _list(folder: Place, digests: dict[int, tuple[bytes, bytes]]) -> str:
    """List all shards beside the patches; the digest of the list. It is written only where it changes."""
    file, content = folder / SHARDS, listed(digests)
    if not file.is_file() or file.read_bytes() != content:
        write_whole(file, content)
    return content_digest(content).hex()


def _keep_current_shards(put: Place, how: dict[str, Any], scans: list[dict[str, Any]]) -> None:
    """Drop what was cut otherwise, or of a film whose file or lesions have changed since; keep the rest."""
    record = put / "patch" / MADE_FROM
    try:
        before: dict[str, Any] = json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):
        before = {}
    regions = [scan["region"]["file"] for scan in scans if scan.get("region")]
    files = states([*(scan["file"] for scan in scans), *regions])
    # What the patches of a film depend on: its row, its lesions, and the state of its file.
    scans = [{name: value for name, value in scan.items() if value is not None or name not in ADDED} for scan in scans]
    now = {}
    for scan in scans:
        described = [
            scan,
            files.get(scan["file"]),
            *([files.get(scan["region"]["file"])] if scan.get("region") else []),
        ]
        now[str(scan["scan_number"])] = hashlib.sha256(json.dumps(described).encode()).hexdigest()
    if before.get("how") != how:
        for name in SHARD_KINDS:
            remove(put / name)
    else:
        changed = [number for number, state in before["films"].items() if now.get(number) != state]
        if changed:
            (put / "patch" / SHARDS).unlink(missing_ok=True)  # until all films are cut again
        for number in changed:
            _drop_shards(put, int(number))
    for name in SHARD_KINDS:
        for left in (put / name).glob(f"*{PARTIAL}*"):
            left.unlink(missing_ok=True)
    write_whole(record, json.dumps({"how": how, "films": now}).encode())
