"""A run: one folder whose DuckDB file holds every fact, and which stages are finished in it."""

import fcntl
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from deepminer_ray import __version__
from deepminer_ray.annotation.journal import journaled, set_aside
from deepminer_ray.database.leftovers import COPY, drop_copy, drop_interrupted
from deepminer_ray.database.opening import note_own, opened_run, own_views, refuse_changes
from deepminer_ray.database.statement import sql_folder, statement
from deepminer_ray.database.tables import NEEDS, RUN_MEMORY, STAGES, UNWRITTEN, Tables, create
from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput, FinishedOtherwise
from deepminer_ray.files.disk import sync_to_disk
from deepminer_ray.files.location import URI, Place, place
from deepminer_ray.progress.bars import say
from deepminer_ray.progress.running import working_stage

Parameters = Mapping[str, Any]

ONE_SLASH = re.compile(r"[a-z][a-z0-9+.-]+:/")
"""How a URI begins once it was taken for a path."""


class Run:
    """One run's folder. Readers see the last finished state; writers queue and replace it whole."""

    def __init__(self, folder: str | Path):
        if ONE_SLASH.match(str(folder)) or URI.match(str(folder)):
            raise BadInput(
                f"A run is a folder of this machine, not {folder}: `deepminer cut RUN --storage URI` puts pixels there."
            )
        self.folder = _full_name(folder)

    @property
    def database(self) -> Path:
        return self.folder / "run.duckdb"

    @property
    def storage(self) -> Place:
        """Where films, patches and checkpoints of trainings lie, which every node must see: what `cut` was told."""
        told = self.rows("storage")
        return place(told[0]["storage"]) if told else self.folder

    @property
    def journal(self) -> Path:
        """Where a survey puts answers until they are folded into `annotation`."""
        return self.folder / "annotation.jsonl"

    @property
    def domain(self) -> Domain:
        """What the images are of; BadInput where what the file says of it cannot be read."""
        (said,) = self.rows("run/domain")
        return read_domain(said["text"], f"the domain of {self.database}")

    @cached_property
    def name(self) -> str:
        return self.folder.name

    @classmethod
    def existing(cls, folder: str | Path) -> "Run":
        """The run in a folder, or BadInput where there is none."""
        run = cls(folder)
        if not run.database.is_file():
            raise BadInput(f"There is no run in {folder}: make one with `deepminer catalog {folder} SOURCE`.")
        return run

    @classmethod
    def created(cls, folder: str | Path) -> "Run":
        """The run in a folder, with empty tables where it is new."""
        run = cls(folder)
        if not run.database.is_file():
            try:
                run.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BadInput(f"The run folder {folder} cannot be made: {error.strerror}.") from error
            with run._replacing():
                pass
        return run

    @contextmanager
    def reading(self, files: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection to the last finished state, in which `annotation` has what a survey saved since.

        Statements can read no other file, unless `files`.
        """
        try:
            connection = opened_run(self.database, journaled(self.journal).rows, files)
        except duckdb.Error as error:
            if held := re.search(r"lock is held in (.+\(PID \d+\))", str(error)):
                raise BadInput(f"{self.database} is open for writing in {held[1]}: close it there first.") from error
            raise BadInput(f"{self.database} cannot be opened as a run: {_first_line(error)}") from error
        try:
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise BadInput(f"{self.database} was made by another version: {_first_line(error)}") from error
        finally:
            connection.close()

    def select(self, query: str, **parameters: Any) -> pa.Table:
        """The rows of the statement QUERY."""
        with self.reading() as connection:
            return connection.sql(statement(query), params=parameters).to_arrow_table()

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of the statement QUERY as dictionaries."""
        rows: list[dict[str, Any]] = self.select(query, **parameters).to_pylist()
        return rows

    def batches(self, query: str, number: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """The rows of the statement QUERY, so many at a time."""
        with self.reading() as connection:
            yield from Tables(connection).batches(query, number, **parameters)

    def ask(self, text: str, files: bool = False) -> pa.Table:
        """The rows of a user's own statement, which may only ask; BadInput where it does more, or DuckDB refuses it.

        With `files` it may also read and write other files.
        """
        with self._asked(text, files) as relation:
            return pa.table({}) if relation is None else relation.to_arrow_table()

    def shown(self, text: str, files: bool = False) -> str:
        """What DuckDB prints of a user's own statement; otherwise as `ask`."""
        with self._asked(text, files) as relation:
            return "" if relation is None else str(relation).rstrip()

    @contextmanager
    def _asked(self, text: str, files: bool) -> Iterator[duckdb.DuckDBPyRelation | None]:
        with self.reading(files) as connection:
            try:
                if not files:
                    refuse_changes(connection, text)
                yield connection.sql(text)
            except duckdb.Error as error:
                raise BadInput(f"DuckDB refuses the statement: {_first_line(error)}") from error

    def status(self) -> str:
        """Which stages are done, with their seconds and rows, which is at work and how far, and which are to do."""
        at_work = working_stage(self.folder)
        done = {row["stage"]: row for row in self.rows("status")}
        lines = []
        with self.reading() as connection:
            for stage, tables in STAGES.items():
                if at_work and at_work[0] == stage:
                    lines.append(f"{stage:10} {at_work[1]}")
                    continue
                if stage not in done:
                    lines.append(f"{stage:10} to do")
                    continue
                counts = {table: connection.table(table).count("*").fetchall()[0][0] for table in tables}
                rows = ", ".join(f"{table} {count:,}" for table, count in counts.items())
                lines.append(f"{stage:10} {done[stage]['seconds']:7.1f} s   rows: {rows}")
        return "\n".join(lines)

    def finished(self, stage: str, parameters: Parameters, again: bool = False) -> bool:
        """Whether a stage needs no work; BadInput where its input is missing or it was done with other parameters.

        What an interrupted repetition left is then dropped: the finished stage is kept.
        """
        done = {row["stage"]: json.loads(row["parameters"]) for row in self.rows("status")}
        missing = [needed for needed in NEEDS[stage] if needed not in done]
        if missing:
            raise BadInput(f"`{stage}` needs `{missing[0]}` first: run `deepminer {missing[0]} {self.folder}`.")
        if stage not in done or again:
            return False
        differing = [name for name in parameters if _plain(parameters[name]) != done[stage].get(name)]
        if differing:
            before, now = ({name: source.get(name) for name in differing} for source in (done[stage], parameters))
            raise FinishedOtherwise(
                f"`{stage}` was finished with {before}, not {now}: use those, or `--again` to drop it and what follows."
            )
        drop_interrupted(self.folder, stage)
        return True

    @contextmanager
    def finishing(self, stage: str, parameters: Parameters, started: float) -> Iterator[Tables]:
        """A transaction that replaces a stage's rows, drops later stages and marks this one finished."""
        with self._replacing() as tables:
            tables.drop_from(stage)
            yield tables
            tables.apply(
                "finish",
                stage=stage,
                parameters=json.dumps(_plain(parameters), sort_keys=True),
                started_at=datetime.fromtimestamp(started, UTC).replace(tzinfo=None),
                seconds=time.time() - started,
                version=__version__,
            )

    @contextmanager
    def appending(self) -> Iterator[Tables]:
        """A transaction outside the stages: what experts say is added, never replaced."""
        with self._replacing() as tables:
            yield tables

    def fold(self) -> int:
        """Move what a survey saved into `annotation`; how many rows. Explanations made from older names are dropped.

        Lines of the journal that are damaged are set aside.
        """
        journal, rows = journaled(self.journal), 0
        if journal.rows is not None:
            with self.appending() as tables:
                tables.connection.register("unfolded", journal.rows)
                added = tables.select("annotation_fold")
                if added.num_rows:
                    tables.insert("annotation", added)
                    tables.drop_from("explain")
                rows = added.num_rows
        if journal.damaged:
            file = set_aside(self.journal, journal.damaged)
            say(f"{len(journal.damaged)} damaged lines of {self.journal} were set aside in {file}")
        self.journal.unlink(missing_ok=True)
        return rows

    def audit(self) -> dict[str, pa.Table]:
        """For each audit the rows that should not exist; empty where all is well."""
        violations = {}
        with self.reading() as connection:
            for file in sorted((sql_folder() / "audit").glob("*.sql")):
                rows = connection.sql(statement(f"audit/{file.stem}")).to_arrow_table()
                if rows.num_rows:
                    violations[file.stem] = rows
        return violations

    @contextmanager
    def _replacing(self) -> Iterator[Tables]:
        """Write into a copy, or new tables, and rename it over the original: no reader waits, a crash is harmless."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            drop_copy(self.folder)
            copy, own = self.folder / COPY, True

            def opened_copy() -> duckdb.DuckDBPyConnection:
                connection = duckdb.connect(str(copy), config={"memory_limit": RUN_MEMORY})
                connection.execute("begin")
                return connection

            try:
                if self.database.is_file():
                    shutil.copyfile(self.database, copy)
                    with duckdb.connect(str(copy)) as connection:
                        own = own_views(connection, self.database)
                else:
                    with duckdb.connect(str(copy)) as connection:
                        create(connection)
                tables = Tables(opened_copy(), opened_copy)
                try:
                    yield tables
                    tables.finish()
                finally:
                    tables.connection.close()
                sync_to_disk(copy)
                if own:
                    note_own(self.database, copy)
                copy.replace(self.database)
                sync_to_disk(self.folder)
            except UNWRITTEN as error:
                raise BadInput(
                    f"{self.database} cannot be written and stays as it was: {_first_line(error)}"
                ) from error
            finally:
                drop_copy(self.folder)


def _full_name(folder: str | Path) -> Path:
    """A folder by its full name; BadInput where DuckDB cannot keep a file under it: it cuts names off at `?`."""
    try:
        named = Path(folder).resolve()
        named.exists()
        str(named).encode()
    except (OSError, UnicodeEncodeError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(f"A run cannot be in {str(folder)[:200]!a} ({said}): use another name.") from error
    if "?" in str(named):
        raise BadInput(f"A run cannot be in {named}: DuckDB cuts the name off at `?`.")
    return named


def _plain(value: Any) -> Any:
    """A value as it comes back from JSON, so that parameters of two calls can be compared."""
    return json.loads(json.dumps(value))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
