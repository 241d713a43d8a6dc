"""Batches of work for Ray actors that run the network; what they answer is stored and never passes the driver."""

import hashlib
import json
import shutil
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from textwrap import shorten
from typing import Any
from uuid import uuid4

from deepminer_ray.database.digests import pixels
from deepminer_ray.database.run import Run
from deepminer_ray.database.store import Store
from deepminer_ray.errors import BadInput
from deepminer_ray.network.checkpoint import content
from deepminer_ray.progress.bars import progress
from deepminer_ray.progress.running import Running
from deepminer_ray.workers.cluster import KEEP_MEMORY, LASTING, connect, here
from deepminer_ray.workers.nodes import check_nodes, sight
from deepminer_ray.workers.probe_actor import BATCHES_AT_ONCE, How, ProbeActor, Prober
from deepminer_ray.workers.shortage import ended_by
from deepminer_ray.workers.store_actor import StoreActor


@dataclass(frozen=True, slots=True)
class Batch:
    """A piece of work: a method of `Probe` and its arguments. Its number in the list is its name in the ledger."""

    method: str
    arguments: tuple[Any, ...]


LONGEST_BATCH_NAME = 80
"""Characters that tell which batch it was: its first scans or patches."""
BATCHES_A_STORE = 64
STORES_AT_MOST = 8


def stores_for(batches: int) -> int:
    """How many stores share so many batches: one takes what a dozen GPUs send, of small batches what a few do.

    It depends on nothing else: a call that goes on with other workers must find every batch where it would be.
    """
    return max(1, min(STORES_AT_MOST, batches // BATCHES_A_STORE))


def work_digest(made_from: Any, batches: Sequence[Batch], cut: bytes) -> str:
    """What answers were made from, in 16 characters; batch by batch, as all of them may not fit into memory twice."""
    seen = hashlib.sha256(json.dumps(made_from).encode())
    for batch in batches:
        seen.update(json.dumps([batch.method, batch.arguments]).encode())
    seen.update(cut)
    return seen.hexdigest()[:16]


def actors_that_fit(ray: Any, gpu: bool = False) -> int:
    """How many actors the nodes have room for: each needs a CPU and, if asked for, a GPU beside it.

    One more would wait for ever, and what it was given with it. BadInput where there is none.
    """
    needed = ("CPU", "GPU") if gpu else ("CPU",)
    alive = (node["Resources"] for node in ray.nodes() if node["Alive"])
    actors = sum(int(min(resources.get(kind, 0) for kind in needed)) for resources in alive)
    if not actors and gpu:
        raise BadInput("Ray sees no GPU here with a CPU beside it: leave --gpu out, or start Ray where one is.")
    if not actors:
        raise BadInput("Ray sees no CPU here that it may use: start it with more of them.")
    return actors


def named(run: Run, stage: str, which: object) -> str:
    """What Ray's dashboard calls an actor; a killed command's may still be there under a name of its own."""
    return f"{stage} {run.name} {which} ({uuid4().hex[:6]})"


def stream(run: Run, stage: str, how: How, made_from: Any, batches: Sequence[Batch], workers: int) -> list[Path]:
    """Have every batch answered and stored, resuming where an interrupted call left off; the stores' files.

    Without any worker this process answers.

    Files are named for the stage, for what made the answers, for the batches and for the shards: no
    others are ever mixed in. A batch's number says which store it belongs to, so that none is in two of them.
    """
    cut = pixels(run)
    key = work_digest([made_from, how.gpu], batches, cut.read_bytes())
    count = stores_for(len(batches))
    files = [run.folder / "store" / f"{stage}-{key}-{number}.duckdb" for number in range(count)]
    for stale in (run.folder / "store").glob(f"{stage}-*"):
        if not stale.name.startswith(f"{stage}-{key}-"):
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()  # DuckDB's spilled blocks are in a folder
    if not workers:
        _answered_here(run, stage, how, batches, files)
    else:
        _answered_by_workers(run, stage, how, batches, files, workers)
    return files


def _answered_here(run: Run, stage: str, how: How, batches: Sequence[Batch], files: Sequence[Path]) -> None:
    """Batches answered in this process, without Ray: what starts workers takes longer than a few batches."""
    if how.gpu:
        raise BadInput("Ray hands out GPUs to workers: use at least one, or leave --gpu out.")
    stores = [Store(file, len(files)) for file in files]
    try:
        prober, network = Prober(how, run.storage), partial(content, how.checkpoint, how.hash)
        done = {number for store in stores for number in store.done()}
        todo = [(number, batch) for number, batch in enumerate(batches) if number not in done]
        answers = (
            prober.answered(
                batch.method, batch.arguments, network, partial(stores[number % len(stores)].append, number)
            )
            for number, batch in todo
        )
        _counted(run, stage, answers, len(todo))
    finally:
        for store in stores:
            store.close()


def _answered_by_workers(
    run: Run, stage: str, how: How, batches: Sequence[Batch], files: Sequence[Path], workers: int
) -> None:
    ray = connect()
    at_once = actors_that_fit(ray, how.gpu)
    wanted = check_nodes(ray, sight(pixels(run)))
    stores = [
        ray.remote(StoreActor)
        .options(name=named(run, stage, f"store {number}"), **here(ray), **LASTING)
        .remote(file, len(files))
        for number, file in enumerate(files)
    ]
    network = [ray.put(content(how.checkpoint, how.hash))]  # no node but this one needs the file
    done = {number for of_store in ray.get([store.done.remote() for store in stores]) for number in of_store}
    todo = [(number, batch) for number, batch in enumerate(batches) if number not in done]
    resources = {"num_cpus": 1, "num_gpus": int(how.gpu), "runtime_env": {"env_vars": KEEP_MEMORY}}
    actors = [
        ray.remote(ProbeActor)
        .options(name=named(run, stage, number), max_concurrency=BATCHES_AT_ONCE, **resources, **LASTING)
        .remote(how, run.storage, wanted)
        for number in range(min(workers, at_once, len(todo)))
    ]
    _counted(run, stage, answered(actors, stores, todo, network), len(todo))
    ray.get([store.close.remote() for store in stores])
    for actor in (*stores, *actors):
        ray.kill(actor)


def _counted(run: Run, stage: str, answers: Iterator[dict[str, float]], batches: int) -> None:
    """Show and note how far a stage is, as its batches are answered."""
    if batches:
        with Running(run.folder, stage, batches, "batches") as running:
            for told in progress(answers, stage, batches, running):
                running.count(**told)


def answered(
    actors: Sequence[Any], stores: Sequence[Any], todo: Sequence[tuple[int, Batch]], network: Sequence[Any]
) -> Iterator[dict[str, float]]:
    """Hand batches to actors as they become free; what each says of a batch that is stored.

    An actor gets its next batch before the rows of the last one are stored, while there are enough for all.
    """
    left, having = deque(todo), Counter[Any]()
    ended: SimpleQueue[tuple[Any, Batch, Future[dict[str, float]]]] = SimpleQueue()

    def hand_to(actor: Any) -> None:
        if left and (len(left) >= len(actors) or not having[actor]):
            number, batch = left.popleft()
            having[actor] += 1
            store = stores[number % len(stores)]
            answer = actor.work.remote(store, number, batch.method, batch.arguments, network)
            answer.future().add_done_callback(lambda told: ended.put((actor, batch, told)))

    for _ in range(BATCHES_AT_ONCE):
        for actor in actors:
            hand_to(actor)
    while having.total():
        actor, batch, told = ended.get()
        having[actor] -= 1
        hand_to(actor)
        if failed := told.exception():
            raise (
                ended_by(failed, shorten(f"{batch.method} {batch.arguments}", LONGEST_BATCH_NAME, placeholder=" ..."))
                or failed
            )
        yield told.result()
