"""How far a long stage is: a bar on a terminal, plain lines elsewhere, always on standard error."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")

console = Console(stderr=True, highlight=False)

SECONDS_BETWEEN_LINES = 10.0


def say(text: str) -> None:
    """One plain line on standard error."""
    console.print(text, soft_wrap=True, markup=False)


def progress(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Pass the items on, showing how many of `total` are through."""
    if console.is_terminal:
        yield from track(items, description=what, total=total, console=console)
        return
    last = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{what}: {number} of {total}")
