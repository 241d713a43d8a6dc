"""What a stage says of itself while it works, as `deepminer status` shows it."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from deepminer_ray.database.run import Run
from deepminer_ray.progress.running import RUNNING_FILE, SILENT, Running, working_stage
from deepminer_ray.stages.cut import cut


def told(folder: Path, **changes: object) -> str:
    """What is said of a stage half done, with a few changes of what it wrote."""
    running = Running(folder, "probe", 40, "batches")
    running.state["began"] = time.time() - 10
    running.count(patches=500, rows=1_000_000, working=6.0, data=1.0, store=2.5, driver=0.5)
    running.at(20)
    state = json.loads((folder / RUNNING_FILE).read_text()) | changes
    (folder / RUNNING_FILE).write_text(json.dumps(state))
    found = working_stage(folder)
    assert found is not None and found[0] == "probe"
    return found[1]


def test_rates_shares_and_what_is_left_are_those_counted(tmp_path: Path) -> None:
    assert told(tmp_path) == (
        "running, 20 of 40 batches (50%), 500 patches, 1,000,000 rows, 50 patches/s, "
        "workers waiting for data 10% of the time, workers waiting for the store 25% of the time, "
        "workers waiting for the driver 5% of the time, about 0.2 min left"
    )


def test_who_was_killed_is_interrupted(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert told(tmp_path, pid=gone.pid).startswith("interrupted at 20 of 40 batches (50%)")
    assert told(tmp_path, node="elsewhere").startswith("running")
    assert told(tmp_path, node="elsewhere", at=time.time() - SILENT - 1).startswith("interrupted")


def test_what_has_ended_says_nothing(tmp_path: Path) -> None:
    with Running(tmp_path, "cut", 2, "images") as running:
        running.at(1)
        assert working_stage(tmp_path) is not None
    assert working_stage(tmp_path) is None


def test_status_shows_a_stage_at_work(ray: object, cut_run: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(cut_run.folder, tmp_path / "run"))
    seen: set[str] = set()
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.is_set():
            seen.update(line for line in run.status().splitlines() if line.startswith("cut"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        cut(run, side=32, again=True)
    finally:
        stopped.set()
        watcher.join()
    assert any(line.startswith("cut        running, 0 of 12 images (0%)") for line in seen)
    assert "running" not in run.status() and run.ask("from patch").num_rows
