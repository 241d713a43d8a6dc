"""`explain`: which units decided, where, and what experts call them, one figure a scan (Sec. 2.3, Figs. 4 and 5)."""

import time
from collections.abc import Sequence
from typing import Any

from deepminer_ray import paper
from deepminer_ray.cluster import connect
from deepminer_ray.errors import BadInput
from deepminer_ray.progress import progress, say
from deepminer_ray.run import Run
from deepminer_ray.stages.actors import FigureActor
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.stages.probe import probed_checkpoint


def explain(
    run: Run,
    scan: str | None = None,
    partitions: Sequence[str] | None = None,
    workers: int = 1,
    again: bool = False,
) -> None:
    """Fill `explanation` and draw a figure of every scan of holdout, or draw one scan's figure anew."""
    chosen = chosen_partitions(partitions, ["holdout"])
    parameters = {"partitions": chosen}
    if scan is None and run.finished("explain", parameters, again):
        return
    started = time.time()
    if scan is not None:
        run.finished("explain", {}, again=True)
        _draw(run, _scans(run.rows("figure", **_shown(run)), scan), workers)
        return
    with run.finishing("explain", parameters, started) as tables:
        checkpoint = _shown(run)["checkpoint"]
        tables.fill("explanation", partitions=chosen, checkpoint=checkpoint)
        scans = tables.select("figure", checkpoint=checkpoint, named=paper.NAMED_IN_FIGURE).to_pylist()
        explained = {row["scan"] for row in tables.select("explained_scan").to_pylist()}
        if not explained:
            raise BadInput(f"No scan of {' or '.join(chosen)} was probed: use --partitions.")
        _draw(run, [row for row in scans if row["scan"] in explained], workers)
    say(f"explained {len(explained)} scans: {run.folder / 'figures'}")


def _shown(run: Run) -> dict[str, Any]:
    return {"checkpoint": run.rows("probed_layer")[0]["checkpoint"], "named": paper.NAMED_IN_FIGURE}


def _scans(scans: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    chosen = [row for row in scans if row["scan"] == name]
    if not chosen:
        raise BadInput(f'No scan {name!r} was probed; see `deepminer sql RUN "select scan from decision"`.')
    return chosen


def _draw(run: Run, scans: list[dict[str, Any]], workers: int) -> None:
    """Have workers draw the figures."""
    ray = connect()
    checkpoint = str(probed_checkpoint(run))
    actors = [
        ray.remote(FigureActor).options(num_cpus=1, max_restarts=-1, max_task_retries=-1).remote(checkpoint, run.folder)
        for _ in range(min(workers, len(scans)))
    ]
    drawn = ray.util.ActorPool(actors).map_unordered(lambda actor, row: actor.draw.remote(row), scans)
    for name in progress(drawn, "explain", len(scans)):
        if len(scans) == 1:
            say(str(run.folder / "figures" / name))
    for actor in actors:
        ray.kill(actor)
