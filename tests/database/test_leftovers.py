"""What a killed repetition of a finished stage leaves goes away with the next plain command, unless somebody works."""

import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.progress.running import RUNNING_FILE, Running

OF_RANK = ("store/rank-12ab-0.duckdb", "store/rank-12ab-0.duckdb.wal", "run.duckdb.new", "running.partial-0b3d1c63")
OF_OTHERS = ("store/probe-12ab-0.duckdb", "casebook.html")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose `rank` is finished, with what a repetition of it left, and what others did."""
    made = Run.created(tmp_path / "run")
    for stage in ("catalog", "partition", "cut", "probe", "rank"):
        with made.finishing(stage, {}, time.time()):
            pass
    for name in (*OF_RANK, *OF_OTHERS):
        (made.folder / name).parent.mkdir(exist_ok=True)
        (made.folder / name).touch()
    (made.folder / "store" / "rank-12ab-0.duckdb.tmp").mkdir()
    return made


def at_work(run: Run, stage: str, pid: int) -> None:
    with Running(run.folder, stage, 10, "batches") as running:
        state = running.state | {"done": 1, "at": time.time(), "counted": {}, "facts": {}, "pid": pid}
    (run.folder / RUNNING_FILE).write_text(json.dumps(state))


def there(run: Run, names: tuple[str, ...]) -> set[bool]:
    return {(run.folder / name).exists() for name in names}


def ended_process() -> int:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_a_plain_command_drops_what_an_interrupted_repetition_left(run: Run) -> None:
    at_work(run, "rank", ended_process())
    assert run.finished("rank", {})
    assert there(run, OF_RANK) == {False} and there(run, OF_OTHERS) == {True}
    assert not (run.folder / RUNNING_FILE).exists() and not (run.folder / "store" / "rank-12ab-0.duckdb.tmp").exists()
    (run.folder / OF_OTHERS[0]).unlink()
    assert run.finished("rank", {})
    assert not (run.folder / "store").exists(), "an empty folder goes too"


def test_what_another_stage_left_to_go_on_with_stays(run: Run) -> None:
    at_work(run, "probe", ended_process())
    assert run.finished("rank", {})
    assert there(run, OF_RANK) == {False} and there(run, (*OF_OTHERS, RUNNING_FILE)) == {True}


def test_nothing_goes_while_somebody_works(run: Run) -> None:
    at_work(run, "rank", os.getpid())
    assert run.finished("rank", {})
    assert there(run, (*OF_RANK, *OF_OTHERS, RUNNING_FILE)) == {True}
    (run.folder / RUNNING_FILE).unlink()
    with (run.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run.finished("rank", {})
        assert there(run, (*OF_RANK, *OF_OTHERS)) == {True}, "a writer is at work"


def test_a_repetition_and_other_options_drop_nothing(run: Run) -> None:
    assert not run.finished("rank", {}, again=True)
    with pytest.raises(ValueError, match="was finished with"):
        run.finished("rank", {"top": 3})
    assert there(run, (*OF_RANK, *OF_OTHERS)) == {True}
