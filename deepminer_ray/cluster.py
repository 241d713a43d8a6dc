"""The Ray cluster a stage works on: the one RAY_ADDRESS names, else one made for this process."""

import logging
import os
from typing import Any

from deepminer_ray.errors import BadInput

CORES_PROMISED = 2
"""A local Ray is told of twice the cores there are: actors that hold every CPU would starve Ray Data silently."""

STARTS = 3
"""Ray gives a start 30 s, which a busy machine may not keep; the next one finds Ray's files in memory."""

TASKS_A_CPU = 4
"""So many tasks let all CPUs end together; more would only wait for each other to be handed out, 0.2 s each time."""
ITEMS_A_TASK = 64
"""A task that a lost node takes along holds no more films than this."""


def blocks(ray: Any, items: int) -> int:
    """Into how many tasks Ray Data is to divide work on independent items."""
    cpus = int(ray.cluster_resources().get("CPU", 1))
    return min(items, max(TASKS_A_CPU * cpus, -(-items // ITEMS_A_TASK)))


def connect(cpus: int | None = None) -> Any:
    """Ray, connected (RAY_ADDRESS is honoured), quiet, and sending nothing anywhere.

    `cpus` is how many a Ray made here is told of.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    if not ray.is_initialized():
        local: dict[str, Any] = {}
        if "RAY_ADDRESS" not in os.environ:
            local = {"address": "local", "num_cpus": cpus or CORES_PROMISED * (os.cpu_count() or 1)}
            local["include_dashboard"] = False
        _start(ray, log_to_driver=False, logging_level=logging.ERROR, **local)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


def _start(ray: Any, **options: Any) -> None:
    for _ in range(STARTS):
        try:
            ray.init(**options)
            return
        except Exception as error:  # Ray raises no class of its own here
            if "timed out during startup" not in str(error):
                raise
            ray.shutdown()
    raise BadInput(f"Ray did not start in {STARTS} tries: call again when the machine is less busy.")
