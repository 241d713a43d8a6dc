"""`deepminer sql`: a printed table, csv, json or Parquet; while others write, the finished state or one sentence."""

import json
import subprocess
import sys
import time
from pathlib import Path

import polars
import pyarrow as pa
import pytest

from deepminer_ray.cli import main
from deepminer_ray.database.run import Run

SCANS = pa.table({"scan": ["S", "T"], "patient": ["P", "P"]})
STATEMENT = "select scan, patient from scan order by scan"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run.created(tmp_path / "run")
    with made.finishing("catalog", {}, time.time()) as tables:
        tables.insert("scan", SCANS)
    return made


def test_an_answer_in_each_form(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for form in ([], ["--csv"], ["--json"], ["--parquet", str(tmp_path / "out.parquet")]):
        with pytest.raises(SystemExit) as ended:
            main(["sql", str(run.folder), STATEMENT, *form])
        assert ended.value.code == 0
        said["".join(form[:1])] = capsys.readouterr().out
    assert "patient" in said[""] and "│" in said[""]
    assert said["--csv"] == "scan,patient\nS,P\nT,P\n"
    assert json.loads(said["--json"]) == SCANS.to_pylist()
    assert polars.read_parquet(tmp_path / "out.parquet").to_dicts() == SCANS.to_pylist()
    assert said["--parquet"] == f"{tmp_path / 'out.parquet'}: 2 rows\n"


def test_one_answer_has_one_form(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sql", str(run.folder), STATEMENT, "--csv", "--json"])
    assert ended.value.code == 2 and "one form" in capsys.readouterr().err


def test_a_question_while_a_stage_writes_is_answered_from_the_finished_state(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with run.finishing("catalog", {"source": "there"}, time.time()) as tables:
        tables.insert("scan", pa.table({"scan": ["U"], "patient": ["Q"]}))
        with pytest.raises(SystemExit) as ended:
            main(["sql", str(run.folder), STATEMENT, "--csv"])
        assert ended.value.code == 0
        assert capsys.readouterr().out == "scan,patient\nS,P\nT,P\n"
    with pytest.raises(SystemExit):
        main(["sql", str(run.folder), STATEMENT, "--csv"])
    assert capsys.readouterr().out == "scan,patient\nU,Q\n"


@pytest.mark.parametrize(
    "command", [["sql", "{run}", STATEMENT], ["export", "{run}", "{run}/out"], ["status", "{run}"]]
)
def test_a_run_that_another_program_writes_into_is_refused_in_one_sentence(
    run: Run, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holding = [sys.executable, "-c", code, str(run.database)]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        with pytest.raises(SystemExit) as ended:
            main([part.format(run=run.folder) for part in command])
        said = capsys.readouterr()
        assert ended.value.code == 2 and said.out == ""
        (sentence,) = said.err.splitlines()
        assert f"(PID {other.pid})" in sentence and "open for writing" in sentence
        other.communicate()
    with pytest.raises(SystemExit) as ended:
        main([part.format(run=run.folder) for part in command])
    assert ended.value.code == 0


def test_a_run_of_another_version_is_refused_in_one_sentence(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with run.appending() as tables:
        tables.connection.execute("drop table prediction")
    with pytest.raises(SystemExit) as ended:
        main(["audit", str(run.folder)])
    (sentence,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and "another version" in sentence
