"""Whether the nodes of a cluster are alike: they see the same files as this command, and have the same versions."""

import hashlib
import os
import time
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deepminer_ray.database.statement import sql_folder
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place

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
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    looking = {
        ray.remote(_look)
        .options(num_cpus=0, max_retries=0, scheduling_strategy=strategy(node["NodeID"], soft=False))
        .remote(seen): node
        for node in nodes
    }
    ready, waiting = ray.wait(list(looking), num_returns=len(looking), timeout=SECONDS_TO_LOOK)
    for node in (looking[task] for task in waiting):
        if not _lost(ray, node):
            raise BadInput(
                f"The node {node['NodeManagerAddress']} does not start a process within {SECONDS_TO_LOOK} s."
            )
    for answered in ready:
        versions = _versions_of_node(ray, answered, looking[answered])
        if versions is not None:
            _compare(versions, own, looking[answered]["NodeManagerAddress"])
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


def _versions_of_node(ray: Any, answered: Any, node: dict[str, Any]) -> dict[str, str] | None:
    """What a node has; None where it has been lost, which no stage minds."""
    try:
        versions: dict[str, str] = ray.get(answered)
        return versions
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


def _compare(versions: dict[str, str], wanted: dict[str, str], node: str) -> None:
    for name, own in wanted.items():
        if versions.get(name) != own:
            raise BadInput(f"The node {node} has {name} {versions.get(name)}, this one {own}: install the same on all.")
