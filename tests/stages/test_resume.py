"""`run RUN` alone: with the options it was begun with, new ones in their place, after any kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.database.memory import remember, remembered
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput, FinishedOtherwise
from deepminer_ray.stages.chain import arguments, resume
from deepminer_ray.stages.rank import rank


@pytest.fixture(scope="module")
def begun(ranked: Run, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that `run` has brought as far as it can without names for the units."""
    run = Run(shutil.copytree(ranked.folder, tmp_path_factory.mktemp("begun") / "run"))
    rank(run, partitions=["all"], workers=0, again=True)
    resume(run, given(run, phantoms))
    return run


@pytest.fixture
def run(begun: Run, tmp_path: Path) -> Run:
    return Run(shutil.copytree(begun.folder, tmp_path / "run"))


def given(run: Run, phantoms: Path) -> dict[str, Any]:
    checkpoint = run.folder / "checkpoint" / "network.pt"
    return {"source": str(phantoms), "side": 64, "checkpoint": str(checkpoint), "partitions": ["all"]}


def test_a_run_remembers_what_it_was_given_and_resumes_with_it(
    begun: Run, run: Run, phantoms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remembered(run) == given(begun, phantoms)
    rows = run.ask("from option order by name").to_pylist()
    assert rows[-2:] == [{"name": "side", "value": "64"}, {"name": "source", "value": f'"{phantoms}"'}]
    before = run.database.read_bytes()
    resume(run, {})
    assert run.database.read_bytes() == before
    said = capsys.readouterr().err
    assert f"deepminer run {run.folder} {phantoms} --side 64 --checkpoint {begun.folder}" in said
    assert "--partitions all" in said


def test_what_is_given_later_stands_in_place_of_what_was_given(run: Run, tmp_path: Path) -> None:
    before = remembered(run)
    with pytest.raises(BadInput, match=r"none\.csv"):
        resume(run, {"annotations": str(tmp_path / "none.csv"), "workers": 2})
    assert remembered(run) == before | {"annotations": str(tmp_path / "none.csv"), "workers": 2}
    with pytest.raises(BadInput, match="There is no naming 'best'"):
        resume(run, {"from_lesions": True, "naming": "best"})
    assert remembered(run) == before | {"from_lesions": True, "naming": "best", "workers": 2}


def test_a_finished_stage_refuses_other_options_which_are_not_remembered(run: Run, phantoms: Path) -> None:
    before = remembered(run)
    with pytest.raises(FinishedOtherwise, match=r"`cut` was finished with \{'side': 64\}, not \{'side': 128\}"):
        resume(run, {"side": 128})
    with pytest.raises(FinishedOtherwise, match=r"`cut` was finished with \{'side': 64\}, not \{'side': 227\}"):
        resume(run, {"source": str(phantoms)})
    assert remembered(run) == before


def test_with_a_source_all_options_are_said_again(run: Run, phantoms: Path) -> None:
    remember(run, remembered(run) | {"flips": True, "seed": 0})
    again = given(run, phantoms)
    resume(run, again)
    assert remembered(run) == again


def test_paths_mean_the_same_from_another_folder(
    run: Run, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(phantoms.parent)
    again = given(run, phantoms)
    resume(run, again | {"source": phantoms.name, "weights": "none"})
    assert remembered(run) == again | {"weights": "none"}
    monkeypatch.chdir(tmp_path)
    resume(run, {})


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", "many"), ("epochs", 0), ("partitions", [1]), ("colour", "red"), ("source", None)]
)
def test_what_cannot_be_used_of_a_file_is_one_sentence(run: Run, name: str, value: Any) -> None:
    """A run.duckdb may come from anyone."""
    remember(run, remembered(run) | {name: value})
    with pytest.raises(BadInput, match=f"remembers an option '{name}' that cannot be used: begin with"):
        resume(run, {})


def test_a_run_that_remembers_nothing_needs_a_source(run: Run, phantoms: Path) -> None:
    """Also one that an earlier version made, which has no such table."""
    again = given(run, phantoms)
    remember(run, {})
    with pytest.raises(BadInput, match=r"remembers no options: begin with `deepminer run .* SOURCE`"):
        resume(run, {"workers": 2})
    with run.appending() as tables:
        tables.connection.execute("drop table option")
    with pytest.raises(BadInput, match="remembers no options"):
        resume(run, {})
    resume(run, again)
    assert remembered(run) == again


def test_options_are_said_as_on_the_command_line() -> None:
    options = {"source": "films", "gpu": False, "flips": True, "partitions": ["test", "holdout"], "epochs": 3}
    assert arguments(options) == [
        *("films", "--epochs", "3", "--flips", "--cpu", "--partitions", "test", "--partitions", "holdout")
    ]
    assert arguments({"gpu": True, "flips": False}) == ["--gpu"]


@pytest.mark.slow
def test_a_run_killed_in_its_first_stage_knows_its_options(ray: object, phantoms: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = ["--side", "64", "--train", "0.9", "--test", "0.05", "--batch", "5000", "--weights", "none"]
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "run", folder, phantoms, *options]
    started = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while not (folder / "run.duckdb").is_file() or not remembered(Run(folder)):
        assert started.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    run = Run(folder)
    assert "train" not in {row["stage"] for row in run.rows("status")}
    assert remembered(run)["batch"] == 5000
    with pytest.raises(BadInput, match="use a smaller --batch"):
        resume(run, {"network": "squeezenet1_1"})
    assert run.rows("cut_side") == [{"side": 64}]
    assert remembered(run)["network"] == "squeezenet1_1"
