"""How a run's file is opened to be read: nothing is written, no other file is touched, and what runs is this package's.

A file may come from anyone, and a view in it would run over its reader's files or show what is not so. Views and macros
are therefore compared with this package's own; where any differs, the file's tables alone are used, with this version's
views and macros over them. Tables that an earlier version lacked, and whose rows are known without its work, are made.
"""

import json
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from deepminer_ray.database.statement import sql_folder, statement
from deepminer_ray.database.tables import LATER, create, make_tables
from deepminer_ray.errors import BadInput
from deepminer_ray.progress.bars import say

LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}
"""No other file, no extension, no variable of this process, and no setting that would change that."""
SELECTING = ("SELECT", "EXPLAIN", "MULTI")
"""Statements that only ask; DuckDB calls a pivot MULTI."""

OPENING_LOCK = threading.Lock()
"""DuckDB makes a file's functions known while its first connection is opened, which no second thread may overtake."""

UNKNOWN_ARGUMENT = "no_macro_has_this"

Definition = tuple[str, str, str]
"""Kind, name and text of a view or macro."""

_ours_by_state: dict[tuple[str, int, int, int], bool] = {}
"""Of files as they were (path, inode, time, size) whether all their views and macros are this package's."""


def opened_run(database: Path, unfolded: pa.Table | None, files: bool = False) -> duckdb.DuckDBPyConnection:
    """A read-only connection in which `annotation` also has the rows `unfolded`; with `files` other files too."""
    with OPENING_LOCK:
        if _ours(database):
            connection = duckdb.connect(str(database), read_only=True, config={} if files else LOCKED)
        else:
            connection = _tables_alone(database, files)
        if unfolded is not None:
            connection.register("unfolded", unfolded)
            connection.execute(statement("annotation_live"))
    return connection


def refuse_changes(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    """BadInput for statements that do more than ask."""
    for one in connection.extract_statements(text):
        if one.type.name not in SELECTING:
            raise BadInput(
                f"`sql` only asks (select, describe, show, summarize, explain), and this is {one.type.name}: --csv, "
                "--json and --parquet FILE write what it answers, `deepminer export` whole tables."
            )


def own_views(connection: duckdb.DuckDBPyConnection, database: Path) -> bool:
    """In an open copy of a file, drop every view and macro that is not this package's, and make its own where one is
    missing. Whether there was nothing to drop or to make."""
    with OPENING_LOCK:
        ours = _ours(database)
    if ours:
        _make_later_tables(connection, _tables(connection))
        return True
    _drop_definitions(connection, _defined(connection) - _own())
    _make_later_tables(connection, _tables(connection))
    _make_missing(connection)
    _drop_definitions(connection, _otherwise_called(connection, _defined(connection)))
    _make_missing(connection)
    return False


def note_own(database: Path, written: Path) -> None:
    """Of a file written here with this package's views alone, which will stand at `database`: they need no check."""
    _ours_by_state[_state(database, written)] = True


def _make_missing(connection: duckdb.DuckDBPyConnection) -> None:
    defined = _defined(connection)
    if _own() - defined:
        _make_views(connection, {name for _, name, _ in defined})


def _drop_definitions(connection: duckdb.DuckDBPyConnection, defined: Iterable[Definition]) -> None:
    for kind, name, _ in defined:
        quoted = name.replace('"', '""')
        connection.execute(f'drop {kind} if exists "{quoted}"')


def _ours(database: Path) -> bool:
    key = _state(database, database)
    if key not in _ours_by_state:
        with duckdb.connect(str(database), read_only=True, config=LOCKED) as connection:
            defined = _defined(connection)
            foreign = sorted({name for _, name, _ in defined - _own()} - {name for _, name, _ in _own()})
            if foreign:
                said = ", ".join(map(repr, foreign))
                say(f"{database} holds what is none of this package's, and is not used: {said}")
            _ours_by_state[key] = defined == _own() and not _otherwise_called(connection, defined)
    return _ours_by_state[key]


def _state(database: Path, file: Path) -> tuple[str, int, int, int]:
    """What tells a file that stands, or will stand, at `database` from another, and from itself once it changed."""
    state = file.stat()
    return str(database), state.st_ino, state.st_mtime_ns, state.st_size


def _tables_alone(database: Path, files: bool) -> duckdb.DuckDBPyConnection:
    """A connection with this version's views and macros over the file's tables."""
    connection = duckdb.connect(config={"python_enable_replacements": False})
    connection.execute("attach $file as run (read_only)", {"file": str(database)})
    names = {file.stem for file in (sql_folder() / "table").glob("*.sql")}
    tables = names & _tables(connection, "run")
    for table in sorted(tables):
        connection.execute(f"create view {table} as from run.main.{table}")
    _make_later_tables(connection, tables)
    _make_views(connection, set())
    if not files:
        for name, value in LOCKED.items():
            connection.execute(f"set {name} = {str(value).lower()}")
    return connection


def _tables(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> set[str]:
    """The tables of the open file, or of another that is attached."""
    query = "select table_name from duckdb_tables() where database_name = coalesce($database, current_database())"
    return {name for (name,) in connection.execute(query, {"database": database}).fetchall()}


def _make_later_tables(connection: duckdb.DuckDBPyConnection, there: set[str]) -> None:
    """Make the tables that the file's version lacked; what it had in columns of `epoch` becomes rows."""
    missing = [name for name in LATER if name not in there]
    make_tables(connection, missing)
    if "epoch_auc" in missing:
        with suppress(duckdb.CatalogException, duckdb.BinderException):
            connection.execute(f"insert into epoch_auc by name ({statement('epoch_auc_of_columns')})")


def _make_views(connection: duckdb.DuckDBPyConnection, there: set[str]) -> None:
    """Make this version's views and macros that are not there, but for what another version's tables do not bear."""
    for name in (sql_folder() / "view" / "order.txt").read_text().split():
        if name not in there:
            try:
                connection.execute(statement(f"view/{name}"))
            except (duckdb.CatalogException, duckdb.BinderException):
                continue


def _defined(connection: duckdb.DuckDBPyConnection) -> frozenset[Definition]:
    """Every view and macro of an open file."""
    return frozenset(connection.execute(statement("defined")).fetchall())


def _otherwise_called(connection: duckdb.DuckDBPyConnection, defined: frozenset[Definition]) -> frozenset[Definition]:
    """Macros, of those defined in an open file, that have this package's text but take other arguments or defaults."""
    database = str(connection.execute("select current_database()").fetchall()[0][0]).replace('"', '""')
    return frozenset(
        (kind, name, text)
        for kind, name, text in defined & _own()
        if kind != "view" and _signature(connection, kind, f'"{database}".main.{name}') != _own_signatures()[name]
    )


def _signature(connection: duckdb.DuckDBPyConnection, kind: str, called: str) -> str:
    """How a macro is called, "unit_threshold(share := 0.005)", in DuckDB's words.

    DuckDB tells what stands in for arguments that are not given only where it refuses one that the macro has not.
    """
    query = f"{'from' if kind == 'macro table' else 'select'} {called}({UNKNOWN_ARGUMENT} := 1)"
    refused = json.loads(connection.execute(statement("planned"), {"asked": query}).fetchall()[0][0])
    return str(refused.get("error_message"))


def _own_signatures() -> dict[str, str]:
    """How each macro of this package is called."""
    return _own_definitions()[1]


def _own() -> frozenset[Definition]:
    return _own_definitions()[0]


@cache
def _own_definitions() -> tuple[frozenset[Definition], dict[str, str]]:
    """Every view and macro of this package, and how each macro is called."""
    with duckdb.connect() as connection:
        create(connection)
        own = _defined(connection)
        return own, {name: _signature(connection, kind, name) for kind, name, _ in own if kind != "view"}
