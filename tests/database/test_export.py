"""Every table as Parquet: what polars reads back is what the run holds, and a file is whole or not there."""

import time
from collections.abc import Iterator
from pathlib import Path

import polars
import pyarrow as pa
import pytest

from deepminer_ray.database.export import export_tables, write_rows
from deepminer_ray.database.leftovers import alone
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput

SCANS = pa.table({"scan": ["S", "T"], "scan_number": pa.array([0, 1], pa.int32()), "patient": ["P", None]})
LESIONS = pa.table({"lesion": ["L"], "scan": ["S"], "outline": [[[{"x": 1, "y": 2}, {"x": 3, "y": 4}]]]})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run.created(tmp_path / "run")
    with made.finishing("catalog", {"source": "here"}, time.time()) as tables:
        tables.insert("scan", SCANS)
        tables.insert("lesion", LESIONS)
    return made


def test_polars_reads_back_what_the_run_holds(run: Run, tmp_path: Path) -> None:
    before = run.database.read_bytes()
    counts = export_tables(run, tmp_path / "out" / "here")
    tables = run.ask("select table_name from duckdb_tables()").column(0).to_pylist()
    files = {file.name for file in (tmp_path / "out" / "here").iterdir()}
    assert files == {f"{table}.parquet" for table in tables} and counts.keys() == set(tables)
    for table in tables:
        read = polars.read_parquet(tmp_path / "out" / "here" / f"{table}.parquet")
        rows = run.ask(f"from {table}")
        assert read.height == counts[table] == rows.num_rows
        assert read.columns == rows.column_names
        assert read.to_dicts() == rows.to_pylist()
    assert run.database.read_bytes() == before


def test_what_a_killed_export_left_is_dropped_unless_another_is_at_work(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_tables(run, out)
    left, other = out / "scan.partial-0b3d1c63", out / "notes.partial-0b3d1c63"
    left.touch()
    other.touch()
    with alone(out) as is_alone:
        assert is_alone
        export_tables(run, out)
        assert left.exists(), "who holds the folder may be writing it"
    export_tables(run, out)
    assert not left.exists() and other.exists()


def test_an_export_replaces_its_own_files_and_leaves_others_alone(run: Run, tmp_path: Path) -> None:
    export_tables(run, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with run.finishing("catalog", {"source": "there"}, time.time()):
        pass
    assert export_tables(run, tmp_path / "out")["scan"] == 0
    assert polars.read_parquet(tmp_path / "out" / "scan.parquet").height == 0
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_a_folder_of_other_parquet_is_no_place_for_an_export(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "0.parquet").write_text("a film")
    with pytest.raises(BadInput, match="folder of its own"):
        export_tables(run, tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["0.parquet"]


def test_a_folder_that_cannot_be_made_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be made"):
        export_tables(run, tmp_path / "file" / "out")
    with pytest.raises(BadInput, match="cannot be written"):
        write_rows(tmp_path / "file" / "rows.parquet", SCANS.schema, SCANS.to_batches())


def test_what_fails_halfway_leaves_the_former_file(tmp_path: Path) -> None:
    def breaking() -> Iterator[pa.RecordBatch]:
        yield SCANS.to_batches()[0]
        raise OSError(28, "No space left on device")

    file = tmp_path / "rows.parquet"
    assert write_rows(file, SCANS.schema, SCANS.to_batches()) == 2
    before = file.read_bytes()
    with pytest.raises(BadInput, match="No space left"):
        write_rows(file, SCANS.schema, breaking())
    assert file.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["rows.parquet"]
