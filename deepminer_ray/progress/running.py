"""What a stage is doing right now: `RUN/running.json`, written again every second, for `deepminer status` to show."""

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

from deepminer_ray.files.location import write_whole

RUNNING_FILE = "running.json"
SECONDS_BETWEEN_WRITING = 1.0
SILENT = 120.0
"""Seconds without a word, after which a stage is taken for interrupted: one batch of a large network may take this."""


class Running:
    """A stage at work: how many of its `total` units of work are done, and what else is counted.

    What it counts: `patches` and `rows`; seconds of all workers: `working`, and `data`, `store` and `driver` in which
    they stood still, waiting for these.
    """

    def __init__(self, folder: Path, stage: str, total: int, unit: str):
        self.file = folder / RUNNING_FILE
        self.state: dict[str, Any] = {"stage": stage, "total": total, "unit": unit, "began": time.time()}
        self.state |= {"pid": os.getpid(), "node": os.uname().nodename}
        self.counted: Counter[str] = Counter()
        self.written = 0.0

    def __enter__(self) -> Self:
        self.at(0)
        return self

    def __exit__(self, *_: object) -> None:
        self.file.unlink(missing_ok=True)

    def count(self, **amounts: float) -> None:
        """Add to what is counted."""
        self.counted.update(amounts)

    def at(self, done: float, **facts: float) -> None:
        """So much is done; facts are said as they are."""
        now = time.time()
        if now - self.written < SECONDS_BETWEEN_WRITING and done < self.state["total"]:
            return
        self.written = now
        state = self.state | {"done": done, "at": now, "counted": self.counted, "facts": facts}
        write_whole(self.file, json.dumps(state).encode())


def working_stage(folder: Path) -> tuple[str, str] | None:
    """The stage that is at work in a run's folder, or was when it was interrupted, and how far it is."""
    try:
        state: dict[str, Any] = json.loads((folder / RUNNING_FILE).read_text())
    except FileNotFoundError:
        return None
    stage, done, total = state["stage"], state["done"], state["total"]
    share = done / total if total else 1.0
    said = [f"{done:,.4g} of {total:,} {state['unit']} ({share:.0%})", *_counts_and_rates(state)]
    if _interrupted(state):
        return stage, f"interrupted at {', '.join(said)}: the same command goes on"
    if 0 < share < 1:
        said.append(f"about {(state['at'] - state['began']) * (1 / share - 1) / 60:.1f} min left")
    return stage, f"running, {', '.join(said)}"


def anyone_at_work(folder: Path) -> bool:
    """Whether a stage is at work in a run's folder; False where one was interrupted."""
    try:
        return not _interrupted(json.loads((folder / RUNNING_FILE).read_text()))
    except FileNotFoundError:
        return False


def _counts_and_rates(state: dict[str, Any]) -> list[str]:
    counted, seconds = state["counted"], max(state["at"] - state["began"], 1e-9)
    said = [f"{counted[name]:,.0f} {name}" for name in ("patches", "rows") if name in counted]
    facts = dict(state["facts"])
    if "patches" in counted:
        facts.setdefault("patches/s", counted["patches"] / seconds)
    said += [f"{value:,.4g} {name}" for name, value in facts.items() if name.endswith("/s")]
    said += [f"{name} {value:.4g}" for name, value in facts.items() if not name.endswith("/s")]
    spent = sum(counted.get(name, 0.0) for name in ("working", "data", "store", "driver"))
    for name, what in (("data", "for data"), ("store", "for the store"), ("driver", "for the driver")):
        if spent and name in counted:
            said.append(f"workers waiting {what} {counted[name] / spent:.0%} of the time")
    return said


def _interrupted(state: dict[str, Any]) -> bool:
    """Whether whoever wrote this is gone: by its process on this machine, elsewhere by its silence."""
    if state["node"] == os.uname().nodename:
        return _gone(state["pid"])
    return time.time() - float(state["at"]) > SILENT


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
