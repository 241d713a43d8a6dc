"""The Ray cluster a stage works on: the one RAY_ADDRESS names, else one made for this process."""

import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from deepminer_ray.errors import BadInput
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

LOCAL_ALONE = {"RAY_API_SERVER_ADDRESS": "http://127.0.0.1:9", "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0"}
"""To the processes of a Ray made here. Ray Train asks a dashboard every second whether a training still goes on, and
looks for one on the whole machine: that of another cluster has never heard of this training, whose workers then lose
their places; one that was killed keeps a training waiting for 12 s at its end. At the port of `discard` nobody answers,
at once, and Ray Train goes on. And nobody takes nodes back here."""

SECONDS_TO_ANSWER = 10.0


def refuse_deadly(work: str) -> None:
    """BadInput in a task that has lost its worker more often than `RETRIES`: Ray Data would try it for ever."""
    import ray

    core = getattr(ray._private.worker.global_worker, "core_worker", None)
    if core is not None and core.get_current_task_attempt_number() > RETRIES:
        raise deaths(f" over {work} or what was read with it")


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
    os.environ.setdefault("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.5")  # by itself 2: short epochs would wait for it
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
    own = options.get("address") == "local"
    for _ in range(RAY_STARTS):
        try:
            with _environment(LOCAL_ALONE if own else {}):
                context = ray.init(**options)
            if own:
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
def _environment(told: dict[str, str]) -> Iterator[None]:
    """What processes that start within the block find in their environment; what the user set stays."""
    added = told.keys() - os.environ.keys()
    os.environ.update({name: told[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def watched(end: Callable[[BadInput], None]) -> Iterator[None]:
    """Call `end`, in a thread, when a Ray that this process made dies under it: what waits for an answer then may get
    none for ever."""
    over = threading.Event()
    threading.Thread(target=_watch_for_death, args=(over, end), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch_for_death(over: threading.Event, end: Callable[[BadInput], None]) -> None:
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
