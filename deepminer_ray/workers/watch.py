"""A training that can be watched: a bar or lines on standard error, `epoch` in the run, TensorBoard's files."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepminer_ray.aliases import Row
from deepminer_ray.errors import BadInput
from deepminer_ray.progress.bars import TrainingBar, say
from deepminer_ray.progress.running import Running


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told of a training: what writes finished epochs down, TensorBoard's folder, what other processes see."""

    write: Callable[[list[Row]], None]
    board: Path | None
    running: Running


@contextmanager
def watching(told: Any, epochs: int, watch: Watch) -> Iterator[None]:
    """Show and write down what the first worker tells through Ray's queue, until the block ends."""
    stopped = threading.Event()
    watcher = threading.Thread(target=_follow_training, args=(told, epochs, watch, stopped), daemon=True)
    watcher.start()
    try:
        with watch.running:
            yield
    finally:
        stopped.set()
        watcher.join()


def _follow_training(told: Any, epochs: int, watch: Watch, stopped: threading.Event) -> None:
    from ray.exceptions import RayError
    from ray.util.queue import Empty

    written: list[Row] = []
    with TrainingBar(epochs) as bar, _board(watch.board) as scalars:
        while True:
            try:
                message = told.get(timeout=0.5)
            except Empty:
                if stopped.is_set():
                    return
                continue
            except RayError as error:
                say(f"train: can no longer be watched ({str(error).splitlines()[0]}), and goes on")
                return
            done: list[Row] = message["epochs"]
            if "step" in message:
                scalars(message["epoch"] - 1 + message["step"] / message["steps"], {"loss_so_far": message["loss"]})
                bar.show(message)
                rate, waited = message["patches_per_second"], message["waited"]
                facts = {"patches/s": rate, "loss": message["loss"], "share of time waiting for patches": waited}
                watch.running.at(message["epoch"] - 1 + message["step"] / message["steps"], **facts)
            elif len(done) > len(written):
                written = done
                try:
                    watch.write(done)
                except BadInput as error:
                    say(f"train: {error} Training goes on.")
                scalars(done[-1]["epoch"], _values(done[-1]))
                bar.finish(done[-1])


def _values(row: Row) -> Row:
    """An epoch's numbers, each under a name of its own."""
    areas = {f"auc_{name}": value for name, value in row.get("auc", {}).items()}
    return {name: value for name, value in row.items() if name not in ("epoch", "auc")} | areas


@contextmanager
def _board(folder: Path | None) -> Iterator[Callable[[float, Row], None]]:
    """What writes values for TensorBoard, a thousandth of an epoch being one of its steps; nothing without a folder."""
    if folder is None:
        yield lambda _epoch, _values: None
        return
    from torch.utils.tensorboard import SummaryWriter

    def scalars(epoch: float, values: Row) -> None:
        try:
            for name, value in values.items():
                if value is not None:
                    writer.add_scalar(name, value, round(1000 * epoch))
            writer.flush()
        except OSError as error:
            say(f"train: {folder} cannot be written ({error}). Training goes on.")

    try:
        writer = SummaryWriter(str(folder))
    except OSError as error:
        say(f"train: {folder} cannot be written ({error}). Training goes on without it.")
        yield lambda _epoch, _values: None
        return
    yield scalars
    with suppress(OSError):
        writer.close()
