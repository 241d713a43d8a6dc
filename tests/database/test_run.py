"""A run: finished stages, writers that replace the file whole, readers that never wait."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import NEEDS, STAGES
from deepminer_ray.errors import BadInput

SCANS = pa.table({"scan": ["v-A_0001_1.LEFT_CC"], "scan_number": pa.array([0], pa.int32()), "patient": ["A_0001"]})
PATIENTS = pa.table({"patient": ["A_0001"], "partition": ["train"], "validation": [False]})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.created(tmp_path / "run")


def catalogued(run: Run, source: str = "here") -> None:
    with run.finishing("catalog", {"source": source}, time.time()) as tables:
        tables.insert("scan", SCANS)


def count(run: Run, table: str) -> int:
    return int(run.ask(f"select count(*) from {table}").column(0)[0].as_py())


def test_a_new_run_has_every_table_and_none_of_its_rows_is_wrong(run: Run) -> None:
    assert run.audit() == {}
    assert {table for tables in STAGES.values() for table in tables} <= set(
        run.ask("select table_name from duckdb_tables()").column(0).to_pylist()
    )


def test_two_commands_that_make_a_run_at_once_make_one(tmp_path: Path) -> None:
    """The second waits for the first, and then finds the run made."""
    made = Run.created(tmp_path / "made")
    folder = tmp_path / "run"
    folder.mkdir()
    with (folder / "lock").open("w") as lock, ThreadPoolExecutor(1) as second:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = second.submit(Run.created, folder)
        time.sleep(0.5)
        shutil.copyfile(made.database, folder / "run.duckdb")
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert waiting.result(30).rows("status") == made.rows("status")


def test_a_finished_stage_is_finished_with_the_same_parameters_only(run: Run) -> None:
    assert not run.finished("catalog", {"source": "here"})
    catalogued(run)
    assert run.finished("catalog", {"source": "here"})
    assert not run.finished("catalog", {"source": "there"}, again=True)
    with pytest.raises(BadInput, match="--again"):
        run.finished("catalog", {"source": "there"})


@pytest.mark.parametrize("stage", [stage for stage in STAGES if NEEDS[stage]])
def test_a_stage_before_its_input_is_refused(run: Run, stage: str) -> None:
    with pytest.raises(BadInput, match=NEEDS[stage][0]):
        run.finished(stage, {})


def test_repeating_a_stage_drops_what_follows_but_moves_no_patient(run: Run) -> None:
    catalogued(run)
    with run.finishing("partition", {}, time.time()) as tables:
        tables.insert("partition", PATIENTS)
    with run.finishing("cut", {}, time.time()) as tables:
        tables.insert("label", pa.table({"patch": [1], "class": ["normal"]}))
    catalogued(run, "there")
    assert [row["stage"] for row in run.rows("status")] == ["catalog"]
    assert (count(run, "scan"), count(run, "label"), count(run, "partition")) == (1, 0, 1)


def test_a_stage_that_fails_changes_nothing(run: Run) -> None:
    catalogued(run)
    with pytest.raises(RuntimeError), run.finishing("catalog", {"source": "there"}, time.time()) as tables:
        tables.insert("scan", SCANS)
        raise RuntimeError
    assert count(run, "scan") == 1
    assert run.finished("catalog", {"source": "here"})


def test_readers_see_the_old_state_while_a_writer_is_at_work(run: Run) -> None:
    catalogued(run)
    with run.reading() as reader, run.finishing("catalog", {"source": "there"}, time.time()) as tables:
        tables.insert("scan", SCANS)
        tables.insert("scan", SCANS)
        assert count(run, "scan") == 1
        assert reader.execute("select count(*) from scan").fetchall() == [(1,)]
    assert count(run, "scan") == 2


def test_a_writer_that_is_killed_leaves_the_last_state(run: Run) -> None:
    catalogued(run)
    code = (
        "import sys, time, pyarrow as pa; from deepminer_ray.database.run import Run\n"
        "with Run(sys.argv[1]).finishing('catalog', {'source': 'there'}, time.time()) as tables:\n"
        "    tables.insert('scan', pa.table({'scan': ['x'] * 100_000}))\n"
        "    print('inside', flush=True); time.sleep(60)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(run.folder)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None and writer.stdout.readline() == "inside\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert run.finished("catalog", {"source": "here"})
    assert count(run, "scan") == 1
    catalogued(run, "there")
    assert [file.name for file in run.folder.glob("run.duckdb*")] == ["run.duckdb"]


def test_the_plain_duckdb_shell_opens_a_run(run: Run) -> None:
    catalogued(run)
    with duckdb.connect(str(run.database), read_only=True) as connection:
        assert connection.execute("select patient from scan").fetchall() == [("A_0001",)]


@pytest.mark.parametrize("statement", ["select nothing", "drop table scan", "insert into scan (scan) values ('x')"])
def test_a_users_statement_that_is_refused_is_one_sentence(run: Run, statement: str) -> None:
    with pytest.raises(BadInput) as refused:
        run.ask(statement)
    assert "\n" not in str(refused.value)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no run"):
        Run.existing(tmp_path)
    (tmp_path / "run.duckdb").write_text("not a database")
    with pytest.raises(BadInput, match="cannot be opened"):
        Run.existing(tmp_path).rows("status")


def test_a_full_disk_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    """A limit on the size of files fails like a full disk: in the middle of a transaction."""
    run = Run.created(tmp_path / "run")
    before = run.database.read_bytes()
    code = (
        "import sys, resource, numpy, pyarrow as pa; from deepminer_ray.database.run import Run\n"
        "from deepminer_ray.errors import BadInput\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16_000_000, 16_000_000))\n"
        "patch = numpy.random.default_rng(0).integers(0, 2**62, 4_000_000)\n"
        "try:\n    with Run(sys.argv[1]).appending() as tables:\n"
        "        tables.insert('patch', pa.table({'patch': patch}))\n"
        "except BadInput as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(run.folder)], capture_output=True, text=True)
    assert "cannot be written and stays as it was" in done.stdout, done.stderr
    assert run.database.read_bytes() == before
    assert sorted(file.name for file in run.folder.iterdir()) == ["lock", "run.duckdb"]


def test_what_a_killed_writer_put_on_disk_is_dropped(tmp_path: Path) -> None:
    """DuckDB makes a directory beside its file for what it cannot hold in memory."""
    run = Run.created(tmp_path / "run")
    (run.folder / "run.duckdb.new").write_text("half a file")
    (run.folder / "run.duckdb.new.tmp").mkdir()
    (run.folder / "run.duckdb.new.tmp" / "duckdb_temp_storage-0.tmp").write_text("rows")
    with run.appending() as tables:
        tables.insert("bias", pa.table({"class": ["benign"], "bias": [0.5]}))
    assert sorted(file.name for file in run.folder.iterdir()) == ["lock", "run.duckdb"]
    assert run.ask("from bias").num_rows == 1


@pytest.mark.parametrize(
    "name", ["a'b", 'a"b; drop', "ü [x]*", "a\nb", "-rf", "$HOME", "%20", "{a}", "名前", ".....", "x" * 250]
)
def test_a_run_may_have_an_odd_name(tmp_path: Path, name: str) -> None:
    run = Run.created(tmp_path / name)
    catalogued(run)
    assert Run.existing(tmp_path / name).ask("from stage").num_rows == 1 and run.audit() == {}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a?b", "cuts the name off"),
        ("\udcff", "it is not text"),
        ("x" * 300, "File name too long"),
        ("a\0b", "it is not text"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        Run.created(tmp_path / name)
    assert "\n" not in str(refused.value)
    str(refused.value).encode()
