"""How a run is opened: statements only ask, and a stranger's file runs nothing but this package's views and macros."""

import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from deepminer_ray.cli import main
from deepminer_ray.database import opening
from deepminer_ray.database.run import Run
from deepminer_ray.database.statement import sql_folder
from deepminer_ray.database.tables import create
from deepminer_ray.errors import BadInput

SCANS = pa.table({"scan": ["S", "T"], "patient": ["P", "P"]})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run.created(tmp_path_factory.mktemp("made") / "run")
    with made.finishing("catalog", {}, time.time()) as tables:
        tables.insert("scan", SCANS)
    return made


@pytest.fixture
def run(made: Run, tmp_path: Path) -> Run:
    """A copy for one test."""
    return Run(shutil.copytree(made.folder, tmp_path / "run"))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the reader's own, and a database."""
    (tmp_path / "secret.csv").write_text("word\ntell nobody\n")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as other:
        other.execute("create table kept as select 42 as answer")
    return tmp_path / "secret.csv"


def digests(folder: Path) -> dict[str, str]:
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock"]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


REFUSED = [
    "copy scan to '{folder}/run/run.duckdb'",
    "copy scan to '{folder}/new.csv'",
    "copy (from scan) to '{folder}/new.parquet'",
    "attach '{folder}/other.duckdb' as other; delete from other.kept",
    "attach '{folder}/other.duckdb' as other (read_only)",
    "export database '{folder}/all'",
    "import database '{folder}'",
    "from read_csv('{folder}/secret.csv')",
    "from '{folder}/secret.csv'",
    "from read_text('{folder}/secret.csv')",
    "from read_blob('{folder}/secret.csv')",
    "from glob('{folder}/*')",
    "from sniff_csv('{folder}/secret.csv')",
    "from query('from read_text(''{folder}/secret.csv'')')",
    "from query_table('{folder}/secret.csv')",
    "explain analyze copy scan to '{folder}/new.csv'",
    "create table mine as from scan",
    "create temp table mine as from scan",
    "create macro mine() as 1",
    "insert into scan (scan) values ('U')",
    "update scan set patient = 'Q'",
    "delete from scan",
    "drop table scan",
    "alter table scan add column mine integer",
    "install httpfs",
    "load httpfs",
    "set threads = 1",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset lock_configuration",
    "pragma enable_profiling",
    "call enable_logging(storage := 'file', storage_path := '{folder}/log')",
    "checkpoint",
    "vacuum",
    "prepare mine as from scan",
    "begin",
    "detach run",
    "use memory",
    "from scan; drop table scan",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_a_statement_that_does_more_than_ask_is_refused(
    run: Run, secret: Path, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    before = digests(secret.parent)
    with pytest.raises(SystemExit) as ended:
        main(["sql", str(run.folder), statement.format(folder=secret.parent)])
    said = capsys.readouterr()
    assert ended.value.code == 2 and len(said.err.splitlines()) == 1
    assert "tell nobody" not in said.out + said.err
    assert digests(secret.parent) == before


@pytest.mark.parametrize(
    "statement",
    [
        "from scan",
        "select count(*) from scan where patient = 'P'",
        "with one as (from scan) from one",
        "values (1)",
        "describe scan",
        "show tables",
        "summarize scan",
        "explain from scan",
        "explain analyze from scan",
        "pivot (select patient, scan from scan) on scan using count(*)",
        "unpivot (select scan, patient from scan) on scan, patient",
        "from duckdb_tables()",
        "from status; from scan",
        "",
    ],
)
def test_what_only_asks_is_answered(run: Run, statement: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sql", str(run.folder), statement.replace("from status", "from stage")])
    assert ended.value.code == 0, capsys.readouterr().err


def test_files_are_read_and_written_by_those_who_mean_it_and_the_run_is_not(run: Run, secret: Path) -> None:
    assert run.ask(f"from read_csv('{secret}')", files=True).to_pylist() == [{"word": "tell nobody"}]
    run.ask(f"copy scan to '{secret.parent}/new.csv'", files=True)
    assert (secret.parent / "new.csv").read_text().startswith("scan")
    with pytest.raises(BadInput, match="read-only"):
        run.ask("delete from scan", files=True)


def strangers(run: Run, *statements: str) -> None:
    """A run as somebody else may have made it."""
    with duckdb.connect(str(run.database)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "statements",
    [
        ["create view mine as from read_text('{secret}')"],
        ["create or replace view judgement as from read_text('{secret}')"],
        ["create or replace view judgement as select 'S' as scan, 'normal' as decided, 'normal' as truth"],
        ["create or replace macro severity(class) as 7"],
        ["create or replace macro lower(word) as (select content from read_text('{secret}'))"],
        ["create macro mine() as table from read_text('{secret}')"],
        ['create view "; drop table scan; --" as select 1'],
    ],
)
def test_a_strangers_views_are_named_and_never_run(
    run: Run, secret: Path, statements: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said_of = {"scan": ["S"] * 2, "class": ["normal", "malignant"], "probability": [0.2, 0.8]}
    with run.appending() as tables:
        tables.insert("scan_prediction", pa.table(said_of))
    questions = ("from judgement", "select severity('malignant') as s", "select lower('A') as l")
    honest, audited = [rows_of(run, text) for text in questions], run.audit()
    strangers(run, *(text.format(secret=secret) for text in statements))
    assert [rows_of(run, text) for text in questions] == honest
    assert run.audit() == audited
    said = capsys.readouterr().err
    unknown = any(name in statements[0] for name in ("mine", "lower", "drop"))
    assert said.count("is none of this package's") == int(unknown), "said once"
    for name in ("mine", "mine()"):
        with pytest.raises(BadInput):
            run.ask(f"from {name}")
    with run.appending():
        pass
    with duckdb.connect(str(run.database), read_only=True) as connection:
        views = connection.execute("select view_name from duckdb_views() where not internal").fetchall()
    assert ("mine",) not in views and ("judgement",) in views, "whoever writes next puts this version's in"
    assert rows_of(run, questions[1]) == honest[1]


def text_of(macro: str) -> str:
    return (sql_folder() / "view" / f"{macro}.sql").read_text().replace("create macro", "create or replace macro")


def test_a_macro_with_another_default_is_replaced(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Its text is this package's; what stands where nothing is said is not, nor is what its argument is turned into."""
    values = pa.table({"unit": pa.array([0] * 400, pa.int32()), "bin": range(400), "count": [1] * 400})
    with run.appending() as tables:
        tables.insert("histogram", values)
    for made in (
        text_of("unit_threshold").replace("0.005", "0.5"),
        text_of("unit_threshold").replace("0.005", "1 - 0.5"),
        text_of("unit_threshold").replace("share := 0.005", "share integer := 0"),
        text_of("known_scan").replace("(asked)", "(asked := 'S')"),
    ):
        asked = "from unit_threshold()"
        honest = rows_of(run, asked)
        assert honest
        strangers(run, made)
        assert rows_of(run, asked) == rows_of(run, "from unit_threshold(share := 0.005)") == honest
        for missing in ("select known_scan()", "select main.known_scan()"):
            with pytest.raises(BadInput):
                run.ask(missing)
        with run.appending():
            pass
        with duckdb.connect(str(run.database)) as connection:
            assert connection.sql(asked).to_arrow_table().to_pylist() == honest, "whoever writes next puts it right"
            with pytest.raises(duckdb.Error):
                connection.sql("select known_scan()")
    assert "none of this package's" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("macro", "own", "other"),
    [
        ("what_if", "(patch, units)", "(patch, units := [0])"),
        ("pooled", "(maximum, mean)", "(maximum, mean := 0)"),
        ("ledger", "(scan, class)", "(scan, class := 'normal')"),
        ("misleading", "units := 8", "units := 9"),
        ("misleading", "['holdout']", "['train']"),
        ("misleading", "(units := 8, partitions", "(units, partitions"),
    ],
)
def test_a_macro_with_one_default_of_its_own_is_replaced(run: Run, macro: str, own: str, other: str) -> None:
    """Whichever argument it is for: also where others must be given, and where this package's must."""
    made = text_of(macro).replace(own, other, 1)
    assert made != text_of(macro)
    strangers(run, made)
    with run.reading() as connection:
        assert called(connection, macro) == called(None, macro)
    with run.appending():
        pass
    with duckdb.connect(str(run.database), read_only=True) as connection:
        assert called(connection, macro) == called(None, macro), "whoever writes next puts it right"


def called(connection: duckdb.DuckDBPyConnection | None, macro: str) -> str:
    """How DuckDB says that a macro is called, in an open file or in a new run."""
    if connection is None:
        with duckdb.connect() as new:
            create(new)
            return called(new, macro)
    with pytest.raises(duckdb.BinderException) as refused:
        connection.execute(f"{'select' if macro == 'pooled' else 'from'} {macro}(nobody := 1)")
    return str(refused.value).split("Candidate macros:")[1].split("LINE")[0].strip()


def test_every_macro_says_how_it_is_called(run: Run) -> None:
    said = opening._own_signatures()
    assert said["unit_threshold"].endswith("\tunit_threshold(share := 0.005)")
    assert said["what_if"].endswith("\twhat_if(patch, units)")
    macros = run.ask("select distinct function_name from duckdb_functions() where not internal").column(0).to_pylist()
    assert said.keys() == set(macros) and all(f"\t{name}(" in text for name, text in said.items())


def test_a_run_of_this_package_is_opened_as_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all its views and macros, also one that was made by a version whose tables had fewer columns."""

    def refuse(*_: object) -> None:
        raise AssertionError("its views and macros are this package's")

    monkeypatch.setattr(opening, "_tables_alone", refuse)
    assert run.ask("from scan").num_rows == 2
    strangers(run, "alter table scan drop column fingerprint")
    assert run.ask("from scan").num_rows == 2


def test_only_what_this_process_wrote_needs_no_check(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with run.appending():
        pass
    with monkeypatch.context() as patched:
        patched.setattr(opening, "_defined", lambda _: pytest.fail("it was written here, with this package's views"))
        assert run.ask("from scan").num_rows == 2
    strangers(run, "create or replace macro severity(class) as 7")
    assert rows_of(run, "select severity('malignant') as s") != [{"s": 7}]


def test_a_view_in_a_tables_place_is_no_table(run: Run, secret: Path) -> None:
    strangers(run, "drop table partition", f"create view partition as from read_csv('{secret}')")
    with pytest.raises(BadInput, match="partition"):
        run.ask("from partition")
    assert run.ask("from scan").num_rows == 2


def rows_of(run: Run, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.ask(text).to_pylist()
    return found


def test_a_run_of_another_version_has_this_versions_views(run: Run) -> None:
    strangers(
        run, "drop view patient_pathology", "create view patient_pathology as select 'P' as patient, 'odd' as pathology"
    )
    assert rows_of(run, "from patient_pathology") == [{"patient": "P", "pathology": "normal"}]


def earlier(run: Run) -> None:
    """The run as a version made it whose tables did not say which classes and terms there are."""
    strangers(
        run,
        "drop view judgement",
        "drop macro severity",
        "create macro severity(class) as case class when 'malignant' then 3 when 'benign' then 2 else 0 end",
        "drop table class",
        "drop table term",
        "drop table epoch_auc",
        "alter table epoch add column auc_normal double",
        "alter table epoch add column auc_malignant double",
        "insert into epoch (epoch, auc_normal, auc_malignant) values (1, 0.75, null), (2, 0.5, 0.25)",
    )


def test_a_run_of_an_earlier_version_has_classes_and_terms(run: Run) -> None:
    """Read as it is, and once it is written to for good: the same classes, terms, views and macros as in a new run."""
    lesion = {
        "lesion": "S#1",
        "scan": "S",
        "pathology": "benign_without_callback",
        "lesion_type": "MASS",
        "shape": "OVAL",
    }
    with run.appending() as tables:
        tables.insert("lesion", pa.Table.from_pylist([lesion]))
    questions = ("from class", "from term", "select severity('benign') as s", "from scan_class", "from lesion_phrase")
    honest = [rows_of(run, text) for text in questions]
    assert all(honest) and honest[3] == [{"scan": "S", "class": "benign"}, {"scan": "T", "class": "normal"}]
    earlier(run)
    assert [rows_of(run, text) for text in questions] == honest
    with run.appending():
        pass
    assert [rows_of(run, text) for text in questions] == honest
    with duckdb.connect(str(run.database), read_only=True) as connection:
        assert connection.sql("select count(*) from class").fetchall() == [(5,)]
    areas = [("normal", 1, 0.75), ("normal", 2, 0.5), ("malignant", 1, None), ("malignant", 2, 0.25)]
    asked = "from epoch_auc order by severity(class), epoch"
    assert [(row["class"], row["epoch"], row["auc"]) for row in rows_of(run, asked)] == areas
    assert run.rows("report/epoch")[1]["auc"] == [("normal", 0.5), ("malignant", 0.25)]


def test_a_view_in_the_place_of_the_classes_is_not_used(run: Run, secret: Path) -> None:
    earlier(run)
    strangers(run, f"create view class as from read_csv('{secret}')")
    assert len(rows_of(run, "from class")) == 5
    with run.appending():
        pass
    assert len(rows_of(run, "from class")) == 5
