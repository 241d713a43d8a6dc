"""One input after another, each measured; a reader that dies or hangs is given up for that input and begun again."""

import multiprocessing
import os
import random
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from benchmarks.fuzzing.published import published_sources
from benchmarks.fuzzing.readers import readers
from benchmarks.fuzzing.seeds import luck_of
from benchmarks.fuzzing.whole import sources
from deepminer_ray.errors import BadInput

SECONDS = 2.0
"""That reading one input may take, of processor and of wall time alike."""
BYTES = 512 * 2**20
"""By which reading one input may let the process grow."""
HEADROOM = 6 * 2**30
"""Address space beyond what the process has at its beginning: an input that asks for more than this gets none."""
HUNG, LOST = 60.0, 600.0
"""Seconds of the processor, and at all, after which an input that is still being read is given up."""
LONGEST_SENTENCE = 1000
"""Characters that a refusal may have."""
KEPT = 20
"""Failing inputs of a reader that are kept as files."""


class Readable(Protocol):
    """What is fuzzed."""

    name: str

    def prepare(self, folder: Path) -> None: ...

    def damaged(self, luck: random.Random) -> bytes: ...

    def read(self, content: bytes) -> None: ...


@dataclass
class Counts:
    """What became of a reader's inputs; `slowest` in s, `growth` in bytes."""

    inputs: int = 0
    refused: int = 0
    read: int = 0
    slowest: float = 0.0
    growth: int = 0
    failures: int = 0

    def __str__(self) -> str:
        return (
            f"{self.inputs:8} inputs, {self.refused:8} refused, {self.read:8} read, "
            f"slowest {self.slowest * 1000:5.0f} ms, growth {self.growth / 2**20:4.0f} MB, {self.failures} failures"
        )


def everything() -> dict[str, Readable]:
    """All that can be fuzzed, by name."""
    every: list[Readable] = [*readers(), *sources(), *published_sources()]
    return {one.name: one for one in every}


def try_one(reader: Readable, content: bytes, counts: Counts) -> str | None:
    """Read one input, measured; what is wrong with how it went, or None."""
    counts.inputs += 1
    _forget_peak()
    before, processor, wall = _memory("VmRSS"), time.process_time(), time.perf_counter()
    wrong = None
    try:
        reader.read(content)
        counts.read += 1
    except BadInput as error:
        counts.refused += 1
        wrong = _unfit(error)
    except MemoryError:
        wrong = f"more memory than there is\n{traceback.format_exc()}"
    except Exception:
        wrong = traceback.format_exc()
    seconds = min(time.process_time() - processor, time.perf_counter() - wall)
    growth = _memory("VmHWM") - before
    counts.slowest, counts.growth = max(counts.slowest, seconds), max(counts.growth, growth)
    if wrong is None and (seconds > SECONDS or growth > BYTES):
        wrong = f"took {seconds:.1f} s, grew by {growth / 2**20:.0f} MB"
    counts.failures += wrong is not None
    return wrong


def _unfit(error: BadInput) -> str | None:
    """What keeps a refusal from being one sentence on a terminal."""
    text = str(error)
    asked: BaseException | None = error
    while asked is not None:
        if isinstance(asked, MemoryError):
            return f"refused, and only memory ran short: {text[:200]}"
        asked = asked.__cause__
    if not text or len(text) > LONGEST_SENTENCE or not text.isprintable():
        return f"says no sentence, but {text[:200]!r}, {len(text)} characters"
    return None


def try_all(reader: Readable, seed: int, numbers: Iterable[int], failures: Path | None) -> Counts:
    """Inputs by their numbers, in this process; the counts. What fails is put into the folder `failures`."""
    counts = Counts()
    for number in numbers:
        content = reader.damaged(luck_of(reader.name, seed, number))
        wrong = try_one(reader, content, counts)
        if wrong is not None:
            if failures is None:
                raise AssertionError(f"{reader.name}, seed {seed}, input {number}: {wrong}\n{content[:500]!r}")
            keep(failures, reader.name, seed, number, content, wrong, counts.failures)
    return counts


def keep(folder: Path, name: str, seed: int, number: int, content: bytes | None, wrong: str, failed: int) -> None:
    """Put an input that failed and what was wrong into a folder, the first of a reader only."""
    if failed > KEPT:
        return
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{seed}-{number}"
    if content is not None:
        (folder / f"{stem}.input").write_bytes(content)
    (folder / f"{stem}.txt").write_text(
        f"python benchmarks/fuzz.py --seed {seed} --readers {name} --input {number}\n\n{wrong}\n",
        encoding="utf-8",
        errors="backslashreplace",
    )


def measured(
    name: str,
    seed: int,
    inputs: int | None,
    seconds: float,
    folder: Path,
    first: int = 0,
    every: Callable[[], dict[str, Readable]] = everything,
) -> Counts:
    """A reader's inputs in a process of their own, as many as asked for or until the time is over."""
    total, until, number = Counts(), time.monotonic() + seconds, first
    end = None if inputs is None else first + inputs
    context = multiprocessing.get_context("spawn")
    while time.monotonic() < until and (end is None or number < end):
        shared = context.Array("d", 1 + len(vars(total)), lock=False)
        shared[0] = -1
        child = context.Process(target=_work, args=(every, name, seed, number, end, until, str(folder), shared))
        child.start()
        given_up = _watch(child, shared)
        last = int(shared[0])
        if last < 0:
            raise RuntimeError(f"the reader {name} could not be prepared: exit status {child.exitcode}")
        _add(total, Counts(*shared[1:]))
        if child.exitcode == 0:
            break
        total.inputs += 1
        total.failures += 1
        why = f"took {HUNG:.0f} s" if given_up else f"ended the process: exit status {child.exitcode}"
        keep(folder, name, seed, last, None, why, total.failures)
        number = last + 1
    return total


def _watch(child: Any, shared: Any) -> bool:
    """Wait for the end; whether the process was ended for not going on, by its own time or for too long."""
    last, wall, processor = shared[0], time.monotonic(), 0.0
    while child.is_alive():
        child.join(0.2)
        if shared[0] != last:
            last, wall, processor = shared[0], time.monotonic(), _processor(child.pid)
        waited = time.monotonic() - wall
        if last >= 0 and (waited > LOST or (waited > HUNG and _processor(child.pid) - processor > HUNG)):
            child.kill()
            child.join()
            return True
    return False


def _processor(process: int) -> float:
    """Seconds that a process has worked; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _work(
    every: Callable[[], dict[str, Readable]],
    name: str,
    seed: int,
    first: int,
    end: int | None,
    until: float,
    folder: str,
    shared: Any,
) -> None:
    """In the other process: until the end, each number noted before it is tried, and what came of it after."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")  # libraries say of every input what is odd about it
    reader, counts, number = every()[name], Counts(), first
    with TemporaryDirectory(prefix="fuzz-") as own:
        reader.prepare(Path(own))
        limit = _memory("VmSize") + HEADROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        while time.monotonic() < until and (end is None or number < end):
            shared[0] = number
            content = reader.damaged(luck_of(name, seed, number))
            wrong = try_one(reader, content, counts)
            if wrong is not None:
                keep(Path(folder), name, seed, number, content, wrong, counts.failures)
            shared[1:] = list(vars(counts).values())
            number += 1


def _add(total: Counts, more: Counts) -> None:
    total.inputs += int(more.inputs)
    total.refused += int(more.refused)
    total.read += int(more.read)
    total.failures += int(more.failures)
    total.slowest, total.growth = max(total.slowest, more.slowest), max(total.growth, int(more.growth))


def _forget_peak() -> None:
    """Let the kernel measure the process's peak from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    """Bytes, of /proc/self/status: VmRSS (now), VmHWM (the peak), VmSize (address space)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not say {name}")
