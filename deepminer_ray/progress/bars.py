"""How far a long stage is: a bar on a terminal, plain lines elsewhere, always on standard error."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, track

from deepminer_ray.progress.running import Running

Item = TypeVar("Item")

console = Console(stderr=True, highlight=False)

SECONDS_BETWEEN_LINES = 10.0


def say(text: str) -> None:
    """One plain line on standard error."""
    console.print(text, soft_wrap=True, markup=False)


def progress(items: Iterable[Item], what: str, total: int, running: Running | None = None) -> Iterator[Item]:
    """Pass the items on, showing how many of `total` are through; `running` lets other processes see it."""
    if console.is_terminal:
        items = track(items, description=what, total=total, console=console)
    last = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if running is not None:
            running.at(number)
        if console.is_terminal:
            continue
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{what}: {number} of {total}")


class TrainingBar:
    """How far a training is: loss, patches a second, time left; a line for every finished epoch."""

    def __init__(self, epochs: int):
        self.epochs = epochs
        parts = ("{task.description}", "loss {task.fields[loss]:.4f}", "{task.fields[rate]:.0f} patches/s")
        columns = [TextColumn(text) for text in parts]
        self.bar = Progress(columns[0], BarColumn(), *columns[1:], TimeRemainingColumn(), console=console)
        self.task = self.bar.add_task("train", total=epochs, loss=float("nan"), rate=0.0, visible=False)
        self.last = time.monotonic()

    def __enter__(self) -> "TrainingBar":
        if console.is_terminal:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if console.is_terminal:
            self.bar.stop()

    def show(self, at: dict[str, Any]) -> None:
        """A step of an epoch: epoch, step, steps, loss, patches_per_second."""
        through = at["epoch"] - 1 + at["step"] / at["steps"]
        rate = at["patches_per_second"]
        named = f"epoch {at['epoch']} of {self.epochs}"
        self.bar.update(self.task, description=named, completed=through, loss=at["loss"], rate=rate, visible=True)
        if console.is_terminal or time.monotonic() - self.last < SECONDS_BETWEEN_LINES:
            return
        self.last = time.monotonic()
        left = self.bar.tasks[0].time_remaining
        say(
            f"train: {named}, step {at['step']} of {at['steps']}, loss {at['loss']:.4f}, {rate:.0f} patches/s"
            + ("" if left is None else f", {left / 60:.0f} min left")
        )

    def finish(self, row: dict[str, Any]) -> None:
        """An epoch is done."""
        auc = ", ".join(f"{name} {value:.3f}" for name, value in row.get("auc", {}).items() if value)
        validated = f", validation loss {row['validation_loss']:.4f}, AUC {auc}" if auc else ""
        say(
            f"epoch {row['epoch']} of {self.epochs}: loss {row['loss']:.4f}{validated}, "
            f"{row['patches_per_second']:.0f} patches/s"
        )
