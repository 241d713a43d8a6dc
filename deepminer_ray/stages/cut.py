"""`cut`: every film decoded once, resized and cut into patches (Sec. 2.1)."""

import hashlib
import json
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.cluster import blocks, connect
from deepminer_ray.errors import BadInput
from deepminer_ray.patches.breast import breast_mask, breast_shares
from deepminer_ray.patches.cover import fill, overlaps
from deepminer_ray.patches.film import stored
from deepminer_ray.patches.grid import film_window, patch_number, places
from deepminer_ray.patches.shard import MADE_FROM, finished_shards, shard, write_patches, write_scan
from deepminer_ray.progress import progress, say
from deepminer_ray.run import Run
from deepminer_ray.sources.kinds import KINDS

SMALLEST_SIDE = 32
"""Networks of stride 32 need a patch of at least one cell."""


def cut_film(film: dict[str, Any], folder: Path, side: int, breast: float) -> dict[str, Any]:
    """Decode a film, write it resized and write its patches; what comes back is only whether that went well.

    `reason` says why a film cannot be used, `unwritten` why what was made of it could not be stored.
    """
    cv2.setNumThreads(1)  # the task has one core, its neighbours the others
    outcome = {"file": film["file"], "reason": "", "unwritten": ""}
    try:
        density = KINDS[film["source_kind"]].film(film)
        number, rows, columns = film["scan_number"], film["rows"], film["columns"]
        resized = stored(density, side)
        height, width = resized.shape
        grid = places(width, height, side)
        shares = dict(zip(grid, breast_shares(breast_mask(resized), grid, side).tolist(), strict=True))
        kept = [place for place in grid if shares[place] >= breast]
        windows = [film_window(place, side, width, height, columns, rows) for place in kept]
        overlap = _overlaps(json.loads(film["lesions"]), np.array(windows, np.int64).reshape(-1, 3))
    except (BadInput, OSError) as error:
        return outcome | {"reason": str(error)}
    patches = [
        {
            "patch": patch_number(number, place.index),
            "scan": film["scan"],
            "x": x,
            "y": y,
            "size": size,
            "breast": shares[place],
            "overlap": found,
        }
        for place, (x, y, size), found in zip(kept, windows, overlap, strict=True)
    ]
    pixels = np.zeros((len(kept), side, side), np.uint16)
    for row, place in enumerate(kept):
        pixels[row] = resized[place.y : place.y + side, place.x : place.x + side]
    try:
        write_scan(folder / "scan", number, film["scan"], resized)
        write_patches(folder / "patch", number, patches, pixels)
    except OSError as error:
        return outcome | {"unwritten": str(error)}
    return outcome


def _overlaps(lesions: list[dict[str, Any]], windows: np.ndarray[Any, Any]) -> list[list[dict[str, Any]]]:
    """For each window the lesions it meets, with the share of the window and of the lesion that they have in common."""
    found: list[list[dict[str, Any]]] = [[] for _ in windows]
    for lesion in lesions:
        outline = [[(point["x"], point["y"]) for point in ring] for ring in lesion["outline"]]
        box = (lesion["x"], lesion["y"])
        mask = fill(outline, lesion["width"], lesion["height"], *box)
        for row, (cover, within) in enumerate(zip(*overlaps(mask, *box, windows), strict=True)):
            if within > 0:
                found[row].append({"lesion": lesion["lesion"], "cover": float(cover), "within": float(within)})
    return found


def cut(
    run: Run,
    side: int = paper.SIDE,
    breast: float = paper.BREAST_SHARE,
    cover: float = paper.COVER,
    within: float = paper.WITHIN,
    again: bool = False,
) -> None:
    """Fill `patch`, `overlap`, `label`, `RUN/scan/` and `RUN/patch/`; a film that cannot be decoded is `rejected`."""
    if side < SMALLEST_SIDE:
        raise BadInput(f"A patch of {side} px is too small for any network here: use at least {SMALLEST_SIDE}.")
    parameters = {"side": side, "breast": breast, "cover": cover, "within": within}
    if run.finished("cut", parameters, again):
        return
    started = time.time()
    films = run.rows("film")
    folder = run.folder / "patch"
    _keep_current_shards(run, {"side": side, "breast": breast}, films)
    done = finished_shards(folder)
    todo = [film | {"lesions": json.dumps(film["lesions"])} for film in films if film["scan_number"] not in done]
    rejected = []
    if todo:
        ray = connect()
        outcomes = ray.data.from_items(todo, override_num_blocks=blocks(ray, len(todo))).map(
            partial(cut_film, folder=run.folder, side=side, breast=breast)
        )
        for outcome in progress(outcomes.iter_rows(), "cut", len(todo)):
            if outcome["unwritten"]:
                raise BadInput(
                    f"Patches cannot be stored: {outcome['unwritten']}. The {len(finished_shards(folder))} films cut "
                    "so far are kept; mend that and call it again."
                )
            if outcome["reason"]:
                rejected.append({"file": outcome["file"], "stage": "cut", "reason": outcome["reason"]})
    with run.finishing("cut", parameters, started) as tables:
        shards = str(folder / "*.parquet")
        if not finished_shards(folder):
            raise BadInput(f"None of the {len(films)} films could be decoded, for example: {rejected[0]['reason']}")
        for table in ("patch", "overlap"):
            tables.fill(table, shards=shards)
        tables.fill("label", cover=cover, within=within)
        tables.insert("rejected", pa.Table.from_pylist(rejected, REJECTED))
        counts = tables.select("label_count").to_pylist()
    say(", ".join(f"{row['patches']} patches {row['class']}" for row in counts) + f", {len(rejected)} films rejected")


REJECTED = pa.schema([(name, pa.string()) for name in ("file", "stage", "reason")])


def _keep_current_shards(run: Run, how: dict[str, float], films: list[dict[str, Any]]) -> None:
    """Drop what was cut otherwise, or of a film whose file or lesions have changed since; keep the rest."""
    record = run.folder / "patch" / MADE_FROM
    before: dict[str, Any] = json.loads(record.read_text()) if record.is_file() else {}
    now = {str(film["scan_number"]): _state(film) for film in films}
    if before.get("how") != how:
        for name in ("patch", "scan"):
            shutil.rmtree(run.folder / name, ignore_errors=True)
            (run.folder / name).mkdir(parents=True)
    else:
        for number, state in before["films"].items():
            if now.get(number) != state:
                for name in ("patch", "scan"):
                    shard(run.folder / name, int(number)).unlink(missing_ok=True)
    written = record.with_suffix(".partial")
    written.write_text(json.dumps({"how": how, "films": now}))
    written.replace(record)


def _state(film: dict[str, Any]) -> str:
    """What the patches of a film depend on: its row, its lesions, and its file's size and time of change."""
    try:
        found = Path(film["file"]).stat()
        file = (found.st_size, found.st_mtime_ns)
    except OSError:
        file = (0, 0)
    return hashlib.sha256(json.dumps([film, file]).encode()).hexdigest()
