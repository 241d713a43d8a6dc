"""Whether two finished runs are the same: every table equal to the bit, but for clocks.

    python benchmarks/moved.py RUN OTHER [TABLE ...]

For moves of code that must change nothing: the demo's run from before and from after them. Columns that say when or
how fast something was done are left out. A run's folder, and the one around it, reads `.`: each may have a source of
its own beside it. Rows are compared as text, in which DuckDB writes every number in full, and without their order.
Prints a line a table, and of a table that differs its columns that do and some rows that only one run has. Exit status
1 where anything differs. Tables that are named may be in one run only: a version can have more than the one before.
"""

import argparse
import sys
from pathlib import Path

import duckdb

CLOCKS = {"stage": ("started_at", "seconds"), "epoch": ("patches_per_second",), "annotation": ("saved_at",)}
"""Columns that say when, or how fast."""
SHOWN, WIDTH = 3, 200
"""Rows of a table that are shown of each run, and how much of them."""

TABLES = """
select table_name, list((column_name, data_type) order by column_index) from duckdb_columns()
where database_name = $run and table_name in (select table_name from duckdb_tables()) group by all
"""


def tables_of(connection: duckdb.DuckDBPyConnection, run: str) -> dict[str, list[tuple[str, str]]]:
    """The tables of an attached run with their columns and types."""
    return dict(connection.execute(TABLES, {"run": run}).fetchall())


def only_in_one(
    connection: duckdb.DuckDBPyConnection, folders: dict[str, Path], table: str, names: list[str]
) -> dict[str, list[str]]:
    """By run some rows of a table, as text of the columns named, that the other run does not have."""
    columns = ", ".join(f'"{name}"' for name in names)
    for run, folder in folders.items():
        connection.execute(
            f"create or replace temp table {run}_row as select replace(replace(item::varchar, $folder, '.'), $beside, "
            f"'.') as row from (select {columns} from {run}.main.{table}) as item",
            {"folder": str(folder), "beside": str(folder.parent)},
        )
    alone = {}
    for run, other in (tuple(folders), tuple(folders)[::-1]):
        text = f"from {run}_row except all from {other}_row order by row limit {SHOWN}"
        alone[run] = [row for (row,) in connection.execute(text).fetchall()]
    return alone


def compared(connection: duckdb.DuckDBPyConnection, folders: dict[str, Path], new: set[str]) -> int:
    """Print a line a table; how many differ. Those that are `new` may be in one run only."""
    one, other = (tables_of(connection, run) for run in folders)
    differing = 0
    for table in sorted(one | other):
        columns = one.get(table), other.get(table)
        if table in new and None in columns:
            print(f"{table:20} is new")
            continue
        if columns[0] is None or columns[0] != columns[1]:
            differing += 1
            print(f"{table:20} has other columns: {columns[0]} and {columns[1]}")
            continue
        names = [name for name, _ in columns[0] if name not in CLOCKS.get(table, ())]
        left_out = f", but for {', '.join(CLOCKS[table])}" if table in CLOCKS else ""
        counts = [connection.table(f"{run}.main.{table}").count("*").fetchall()[0][0] for run in folders]
        alone = only_in_one(connection, folders, table, names)
        if not any(alone.values()):
            print(f"{table:20} {counts[0]:10,} rows are the same{left_out}")
            continue
        differing += 1
        unlike = [name for name in names if any(only_in_one(connection, folders, table, [name]).values())]
        print(
            f"{table:20} differs: {counts[0]:,} and {counts[1]:,} rows{left_out}; in {', '.join(unlike) or 'pairing'}"
        )
        for run, rows in alone.items():
            for row in rows:
                print(f"    only in {folders[run]}: {row[:WIDTH]}")
    return differing


def main() -> int:
    """Compare two runs; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("new", nargs="*", metavar="TABLE")
    asked = parser.parse_args()
    folders = {"one": asked.run.resolve(), "other": asked.other.resolve()}
    with duckdb.connect() as connection:
        for run, folder in folders.items():
            if not (folder / "run.duckdb").is_file():
                sys.exit(f"There is no run in {folder}.")
            connection.execute(f"attach $file as {run} (read_only)", {"file": str(folder / "run.duckdb")})
        differing = compared(connection, folders, set(asked.new))
    print("The runs are the same." if not differing else f"{differing} tables differ.")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
