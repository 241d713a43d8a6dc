"""The Ray cluster a stage works on: the one RAY_ADDRESS names, else one made for this process."""

import logging
import os
from typing import Any

CORES_PROMISED = 2
"""A local Ray is told of twice the cores there are: actors that hold every CPU would starve Ray Data silently."""

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
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **local)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray
