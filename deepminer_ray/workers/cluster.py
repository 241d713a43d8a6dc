"""The Ray cluster a stage works on: the one RAY_ADDRESS names, else one made for this process."""

import hashlib
import logging
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deepminer_ray.database.statement import sql_folder
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.workers.lost import left_over, witnessed
from deepminer_ray.workers.shortage import deaths, refuse_failed_start, refuse_no_room

CORES_PROMISED = 2
"""A local Ray is told of twice the cores there are: actors that hold every CPU would starve Ray Data silently."""

RAY_STARTS = 3
"""Ray gives a start 30 s, which a busy machine may not keep; the next one finds Ray's files in memory."""

SECONDS_BETWEEN_LOOKS = 0.5
"""At a Ray of this process: it goes on without what it has lost, until somebody asks for it."""

TASKS_A_CPU = 4
"""So many tasks let all CPUs end together; more would only wait for each other to be handed out, 0.2 s each time."""
ITEMS_A_TASK = 64
"""A task that a lost node takes along holds no more films than this."""

RETRIES = 5
"""Of a task that has lost its worker, to a kill or with a node. What more memory would be needed for ends then: Ray by
itself would try for ever."""
LASTING = {"max_restarts": 10, "max_task_retries": -1}
"""Of an actor, for the same reason. Its work is retried without limit, for Ray counts every moment in which it does not
know yet that the actor is gone."""

KEEP_MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}
"""To the C library of a worker with a network: keep what a step gives back for the next one. By itself it returns it to
the system and gets it again page by page, which takes a tenth of a step and up to a quarter of a pass."""

SECONDS_TO_ANSWER = 10.0
SECONDS_TO_NOTICE = 20.0
"""Ray asks a node five times, three seconds apart, before it takes it for lost."""
SECONDS_TO_LOOK = 120
"""A node that is asked what it sees may have to start a process for it first."""
MUST_AGREE = ("deepminer_ray", "torch", "torchvision", "numpy", "pyarrow", "opencv-python-headless")
"""What results depend on; that Ray and Python agree, Ray sees to itself."""


@dataclass(frozen=True, slots=True)
class VisiblePath:
    """A place that every node must see; a file with the content that it has for this command, by its digest."""

    place: Place
    digest: str = ""


def sight(file: Place) -> VisiblePath:
    """A file as it is now."""
    return VisiblePath(file, hashlib.sha256(file.read_bytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class NodeRequirements:
    """What a node must have in common with this command to work for it: places, whenever asked, and versions."""

    seen: tuple[VisiblePath, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()


NO_REQUIREMENTS = NodeRequirements()
"""Nothing in common: what works for no command."""


@cache
def refuse_unlike(wanted: NodeRequirements) -> None:
    """BadInput where this process sees or has something else: its node may have joined when all others were asked.

    Asked once a process.
    """
    refuse_unseen(wanted.seen)
    if wanted.versions:
        _compare(_versions(), dict(wanted.versions), os.uname().nodename)


def refuse_deadly(work: str) -> None:
    """BadInput in a task that has lost its worker more often than `RETRIES`: Ray Data would try it for ever."""
    import ray

    core = getattr(ray._private.worker.global_worker, "core_worker", None)
    if core is not None and core.get_current_task_attempt_number() > RETRIES:
        raise deaths(f" over {work} or what was read with it")


def refuse_unseen(seen: tuple[VisiblePath, ...]) -> None:
    """BadInput where this process does not see a place, or another one under the same name."""
    for one in seen:
        there = one.place.exists()
        if not there or (one.digest and sight(one.place) != one):
            raise BadInput(
                f"The node {os.uname().nodename} does not see {one.place}: mount it on every node under this path, or "
                "have it in a bucket (SOURCE and `cut --storage` take a URI)."
            )


def check_nodes(ray: Any, *seen: VisiblePath) -> NodeRequirements:
    """BadInput where a node has other versions or does not see a place; a Ray made by this process is not asked.

    What comes back is for workers to ask of themselves (`refuse_unlike`).
    """
    if "RAY_ADDRESS" not in os.environ:
        return NodeRequirements(seen)
    own = _versions()
    asked = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    looking = {
        ray.remote(_look)
        .options(num_cpus=0, max_retries=0, scheduling_strategy=strategy(node["NodeID"], soft=False))
        .remote(seen): node
        for node in asked
    }
    ready, waiting = ray.wait(list(looking), num_returns=len(looking), timeout=SECONDS_TO_LOOK)
    for node in (looking[asked] for asked in waiting):
        if not _lost(ray, node):
            raise BadInput(
                f"The node {node['NodeManagerAddress']} does not start a process within {SECONDS_TO_LOOK} s."
            )
    for answered in ready:
        found = _answer(ray, answered, looking[answered])
        if found is not None:
            _compare(found, own, looking[answered]["NodeManagerAddress"])
    return NodeRequirements(seen, tuple(own.items()))


def _look(seen: tuple[VisiblePath, ...]) -> dict[str, str]:
    refuse_unseen(seen)
    return _versions()


def _versions() -> dict[str, str]:
    """What results depend on, and a digest of this package's own code."""
    package = Path(__file__).parents[1]
    code = hashlib.sha256()
    for file in sorted([*package.rglob("*.py"), *sql_folder().rglob("*.sql")]):
        code.update(file.read_bytes())
    return {name: version(name) for name in MUST_AGREE} | {"code of deepminer_ray": code.hexdigest()[:12]}


def _answer(ray: Any, answered: Any, node: dict[str, Any]) -> dict[str, str] | None:
    """What a node has; None where it has been lost, which no stage minds."""
    try:
        found: dict[str, str] = ray.get(answered)
        return found
    except Exception as error:  # whatever an unlike node makes of the task
        cause = getattr(error, "cause", None)
        if isinstance(cause, BadInput):
            raise cause from error
        if _lost(ray, node):
            return None
        reason = str(error).strip().splitlines()[-1]
        raise BadInput(f"The node {node['NodeManagerAddress']} cannot run deepminer_ray: {reason}") from error


def _lost(ray: Any, node: dict[str, Any]) -> bool:
    """Whether a node is gone; that it does not answer Ray may notice a little later than who asked it."""
    until = time.monotonic() + SECONDS_TO_NOTICE
    while any(one["NodeID"] == node["NodeID"] and one["Alive"] for one in ray.nodes()):
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def _compare(found: dict[str, str], wanted: dict[str, str], node: str) -> None:
    for name, own in wanted.items():
        if found.get(name) != own:
            raise BadInput(f"The node {node} has {name} {found.get(name)}, this one {own}: install the same on all.")


def here(ray: Any) -> dict[str, Any]:
    """Options of an actor or task that must run where this command does, beside the run's folder."""
    node = ray.get_runtime_context().get_node_id()
    affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    return {"num_cpus": 0, "scheduling_strategy": affinity(node, soft=False)}


def blocks(ray: Any, items: int) -> int:
    """Into how many tasks Ray Data is to divide work on independent items."""
    return blocks_of(items, int(ray.cluster_resources().get("CPU", 1)))


def blocks_of(items: float, cpus: int) -> int:
    """The same for a cluster of so many CPUs."""
    return int(min(items, max(TASKS_A_CPU * cpus, -(-items // ITEMS_A_TASK))))


def connect(cpus: int | None = None) -> Any:
    """Ray, connected (RAY_ADDRESS is honoured), quiet, and sending nothing anywhere.

    `cpus` is how many a Ray made here is told of.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_task_oom_retries", str(RETRIES))  # where Ray itself kills because memory ran short
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")  # of answers that no more is asked for once one is bad
    import ray

    if not ray.is_initialized():
        local: dict[str, Any] = {}
        address = os.environ.get("RAY_ADDRESS")
        if address:
            _refuse_unreachable(address)
            os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")  # Ray else asks for a quarter of an hour
        else:
            refuse_no_room()
            local = {"address": "local", "num_cpus": cpus or CORES_PROMISED * (os.cpu_count() or 1)}
            local["include_dashboard"] = False
        _start(ray, log_to_driver=False, logging_level=logging.ERROR, **local)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what it logs it raises as well
    return ray


def _refuse_unreachable(address: str) -> None:
    """BadInput where nobody listens at a cluster's address; `auto` is for Ray to find."""
    host, _, port = address.rpartition(":")
    if address.startswith("ray://") or (address != "auto" and not (host and port.isdigit())):
        raise BadInput(
            f"RAY_ADDRESS {address!r} is neither HOST:PORT nor `auto`: submit the job to the cluster instead."
        )
    if address == "auto":
        return
    try:
        socket.create_connection((host, int(port)), timeout=SECONDS_TO_ANSWER).close()
    except (OSError, OverflowError) as error:
        raise BadInput(f"No Ray cluster answers at {address} ({error}): start one, or correct RAY_ADDRESS.") from error


def _refuse_cluster(said: str) -> None:
    """BadInput for what Ray says of a cluster that is not there, or of another version."""
    if "Version mismatch" in said:
        versions = re.findall(r"(Ray|Python): (\S+)", said)
        theirs, ours = (" and ".join(map(" ".join, part)) for part in (versions[:2], versions[2:4]))
        raise BadInput(f"The cluster has {theirs}, this machine {ours}: install the same on both.")
    if "Could not find any running Ray instance" in said or "Failed to connect to Ray cluster" in said:
        raise BadInput("No Ray cluster answers: start one, or correct RAY_ADDRESS.")


def _start(ray: Any, **options: Any) -> None:
    for _ in range(RAY_STARTS):
        try:
            context = ray.init(**options)
            if options.get("address") == "local":
                witnessed(context.address_info["session_dir"])
            return
        except Exception as error:  # Ray raises no class of its own here
            _refuse_cluster(str(error))
            refuse_failed_start(str(error))
            if "timed out during startup" not in str(error):
                raise
            ray.shutdown()
    raise BadInput(f"Ray did not start in {RAY_STARTS} tries: call again when the machine is less busy.")


@contextmanager
def watched(end: Callable[[BadInput], None]) -> Iterator[None]:
    """Call `end`, in a thread, when a Ray that this process made dies under it: what waits for an answer then may get
    none for ever."""
    over = threading.Event()
    threading.Thread(target=_watch, args=(over, end), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(over: threading.Event, end: Callable[[BadInput], None]) -> None:
    while not over.wait(SECONDS_BETWEEN_LOOKS):
        if dead := _dead(sys.modules.get("ray")):
            end(BadInput(left_over(dead)))
            return


def _dead(ray: Any) -> list[str]:
    """Which of the processes are gone that a Ray of this process cannot work without; of a cluster's none is known."""
    if not getattr(ray, "is_initialized", bool)():  # it may be half imported
        return []
    node = getattr(ray._private.worker, "_global_node", None)
    return [] if node is None else [kind for kind, _ in node.dead_processes() if kind in ("raylet", "gcs_server")]
