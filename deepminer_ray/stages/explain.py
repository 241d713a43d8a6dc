"""`explain`: which units decided, where, and what experts call them: tables, figures, JSON and the case book (Sec. 2.3,
Figs. 4 and 5)."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from deepminer_ray.database.digests import pixels
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, write_whole
from deepminer_ray.network.checkpoint import content
from deepminer_ray.network.explanation import Called
from deepminer_ray.network.probe import ProbeTables
from deepminer_ray.option import takes
from deepminer_ray.options import ExplainOptions
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.progress.running import Running
from deepminer_ray.report.casebook import write_casebook
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.stages.probe import how_probed
from deepminer_ray.workers.cluster import KEEP_MEMORY, LASTING, connect
from deepminer_ray.workers.figure_actor import DrawnRows, Explainer, FigureActor
from deepminer_ray.workers.nodes import check_nodes, sight
from deepminer_ray.workers.probe_actor import How
from deepminer_ray.workers.stream import actors_that_fit, named


@takes(ExplainOptions)
def explain(run: Run, options: ExplainOptions) -> None:
    """Fill `explanation`, `scan_map`, `faithfulness` and `silence`, and draw every scan of holdout; or draw one again,
    or images of your own, of which the run's tables know nothing.

    Figures are PNG, with `pdf` also PDF; beside each lies the same as JSON, and RUN/casebook.html holds them all.
    """
    if options.image:
        from deepminer_ray.stages.explain_image import explain_images  # which uses what is below

        return explain_images(run, options.image, options.pdf)
    chosen, scan = chosen_partitions(options.partitions, ["holdout"]), options.scan
    parameters = options.stored() | {"partitions": chosen}
    suffixes = [".png", ".pdf"] if options.pdf else [".png"]
    if scan is None and run.finished("explain", parameters, options.again):
        return
    started = time.time()
    if scan is not None:
        run.finished("explain", {}, again=True)
        say_if_unnamed(run)
        rows_of_scan = _rows_of_scan(run.rows("figure"), scan)
        for _ in _explained(run, rows_of_scan, suffixes, workers=0):  # sooner than one starts
            say(", ".join(str(run.folder / "figures" / f"{scan}{suffix}") for suffix in suffixes))
        return
    say_if_unnamed(run)
    with run.finishing("explain", parameters, started) as tables:
        tables.fill("explanation", partitions=chosen, checkpoint=run.rows("probed_layer")[0]["checkpoint"])
        scans = tables.select("figure").to_pylist()
        explained = {row["scan"] for row in tables.select("explained_scan").to_pylist()}
        if not explained:
            raise BadInput(f"No scan of {' or '.join(chosen)} was probed: use --partitions.")
        wanted = [row for row in scans if row["scan"] in explained]
        for tables_of_scan in _explained(run, wanted, suffixes, options.workers):
            for table, rows in tables_of_scan.items():
                tables.insert(table, rows)
    say(f"explained {len(explained)} scans: {run.folder / 'figures'}, {write_casebook(run)}")


def say_if_unnamed(run: Run) -> None:
    """Tell who waits for names that there are none."""
    if not run.rows("unit_name"):
        say(f"No unit has a name yet: `deepminer survey {run.folder}` lets experts give them.")


def called_units(run: Run) -> dict[int, Called]:
    """What each unit is called, of those that are called something."""
    return {row["unit"]: Called(row["phenomenon"], row["named"]) for row in run.rows("unit_called")}


def _rows_of_scan(scans: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    chosen = [row for row in scans if row["scan"] == name]
    if not chosen:
        raise BadInput(f'No scan {name!r} was probed; see `deepminer sql RUN "select scan from decision"`.')
    return chosen


def _explained(run: Run, scans: list[dict[str, Any]], suffixes: Sequence[str], workers: int) -> Iterator[ProbeTables]:
    """Have workers, or without any this process, explain and draw scans; the rows of each, in whatever order."""
    how, called, words = how_probed(run), called_units(run), run.domain.words
    scans = [scan | {"words": (words.image, words.region, words.finding)} for scan in scans]
    shards = pixels(run)
    if workers:
        answers = _drawn_by_workers(run, how, shards, workers, [(scan, suffixes, called) for scan in scans])
    else:
        explainer, network = Explainer(run.storage, how.half), partial(content, how.checkpoint, how.hash)
        answers = (explainer.drawn(scan, suffixes, called, network) for scan in scans)
    with Running(run.folder, "explain", len(scans), "scans") as running:
        for scan, drawn, rows in progress(answers, "explain", len(scans), running):
            for suffix, picture in drawn.items():
                write_whole(run.folder / "figures" / f"{scan}{suffix}", picture)
            yield rows


def _drawn_by_workers(
    run: Run, how: How, shards: Place, workers: int, wanted: Sequence[tuple[Any, ...]]
) -> Iterator[DrawnRows]:
    """Arguments of `Explainer.drawn`, answered by actors."""
    ray = connect()
    required = check_nodes(ray, sight(shards))
    network = [ray.put(content(how.checkpoint, how.hash))]
    options = {"num_cpus": 1, "runtime_env": {"env_vars": KEEP_MEMORY}} | LASTING
    actors = [
        ray.remote(FigureActor)
        .options(name=named(run, "explain", number), **options)
        .remote(run.storage, how.half, required)
        for number in range(min(workers, actors_that_fit(ray), len(wanted)))
    ]
    yield from ray.util.ActorPool(actors).map_unordered(
        lambda actor, arguments: actor.explain.remote(*arguments, network), wanted
    )
    for actor in actors:
        ray.kill(actor)
