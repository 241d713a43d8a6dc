"""The Ray actor that runs the network to answer.

This module never loads DuckDB: Ray keeps the classes of actors until the process is gone, and with them their modules.
Nor does it load what draws, which would make every worker start later.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deepminer_ray.database.packing import for_store
from deepminer_ray.files.location import Place
from deepminer_ray.network.checkpoint import read
from deepminer_ray.network.geometry import LAYER
from deepminer_ray.network.probe import Probe, ProbeTables
from deepminer_ray.patches.ahead import ahead
from deepminer_ray.workers.nodes import NO_REQUIREMENTS, NodeRequirements, refuse_unlike
from deepminer_ray.workers.turn import Turn

BATCHES_AT_ONCE = 2
"""Of a worker: one is answered, one is stored. More would only wait in memory for a slow store."""
LOGGED = 500
"""Characters of a batch that the log names: its first scans or patches."""


@dataclass(frozen=True, slots=True)
class How:
    """Which network answers, at which layer, in which precision, where; its hash, if another one is to be refused."""

    checkpoint: str
    layer: str = LAYER
    half: bool = False
    gpu: bool = False
    hash: str | None = None


class Prober:
    """A network in one process that answers batches.

    It answers one batch while the rows of the one before are stored, where two threads call it.
    """

    def __init__(self, how: How, storage: Place):
        self.how, self.storage = how, storage
        self.probe: Probe | None = None
        self.turn = Turn()

    def awake(self, content: Callable[[], bytes]) -> Probe:
        """The network, loaded when it is first asked for; `content` gives its checkpoint."""
        if self.probe is None:
            how, device = self.how, "cuda" if self.how.gpu else "cpu"
            self.probe = Probe(read(content()), layer=how.layer, half=how.half, device=device)
        return self.probe

    def answered(
        self,
        method: str,
        arguments: tuple[Any, ...],
        content: Callable[[], bytes],
        store: Callable[[ProbeTables], object],
    ) -> dict[str, float]:
        """Answer a batch by a method of `Probe` and have it stored; what `Running` counts of it.

        Its first film is read before the network is free for it.
        """
        scans = ahead(method, arguments[0], self.storage)

        def answer() -> ProbeTables:
            try:
                tables: ProbeTables = getattr(self.awake(content), method)(scans, *arguments[1:])
            except Exception:
                logging.getLogger(__name__).exception("%s failed on %s", method, str(arguments)[:LOGGED])
                raise
            return tables

        tables, told = self.turn.take(answer, lambda rows: store(for_store(rows)))
        told |= {"working": told["working"] - scans.seconds_waiting, "data": scans.seconds_waiting}
        told["rows"] = sum(rows.num_rows for rows in tables.values())
        if method == "patches":
            told["patches"] = sum(len(chosen) for _, chosen in arguments[0])
        return told


class ProbeActor:
    """A network on one worker; a batch is done only when its rows are safe, so a slow store slows the network.

    Make it with `max_concurrency=BATCHES_AT_ONCE`. `network`, which comes with every batch, is a list of one reference
    to a checkpoint's content: an actor that starts again asks for it again. It may start on a node that joined since,
    so it is the work that is refused there: what fails to start is started again.
    """

    def __init__(self, how: How, storage: Place, wanted: NodeRequirements = NO_REQUIREMENTS):
        self.prober, self.wanted = Prober(how, storage), wanted

    def work(
        self, store: Any, number: int, method: str, arguments: tuple[Any, ...], network: Sequence[Any]
    ) -> dict[str, float]:
        """Answer a batch by a method of `Probe` and have a `StoreActor` append it; what `Running` counts of it."""
        import ray

        refuse_unlike(self.wanted)
        return self.prober.answered(
            method, arguments, lambda: ray.get(network[0]), lambda rows: ray.get(store.append.remote(number, rows))
        )
