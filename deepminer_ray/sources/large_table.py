"""Some columns of csv files with half a million rows and hundreds of columns."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote, read_start, refuse_special
from deepminer_ray.files.table import MOST_COLUMNS
from deepminer_ray.sources.meaning import level

BYTES_OF_NAMES = 2**18
"""Of the first line."""
LARGEST_TABLE = 2**33
"""Bytes: of EMBED's tables the largest has half a gigabyte."""


def read_columns(file: Place, needed: Sequence[str], wanted: Sequence[str] = ()) -> Any:
    """The columns of a csv file that are needed, and those of the wanted that it has: a polars frame of text.

    Columns are called as `level` makes them, cells are without blanks around them and not null. BadInput where the file
    cannot be read, lacks a column or has one twice, or a cell of these has several lines, as where a quote is not
    closed.
    """
    import polars as pl

    names = _columns_of_file(file)
    levelled = [level(name) for name in names]
    for name in needed:
        if levelled.count(name) != 1:
            raise BadInput(f"{file} lacks the column {name}{' once' if name in levelled else ''}.")
    kept = [names[levelled.index(name)] for name in (*needed, *wanted) if levelled.count(name) == 1]
    try:
        content = io.BytesIO(file.read_bytes()) if isinstance(file, Remote) else file
        rows = pl.scan_csv(content, infer_schema=False, encoding="utf8-lossy").select(
            pl.col(name).fill_null("").str.strip_chars().alias(level(name)) for name in kept
        )
        # All columns are read: polars passes over rows with too many values where it may leave columns out.
        table = rows.collect(optimizations=pl.QueryOptFlags(projection_pushdown=False))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{file} cannot be read as csv: {(str(error).splitlines() or [''])[0]}") from error
    several = table.select(pl.all().str.contains(r"[\r\n]").any())
    if table.height and any(several.row(0)):
        raise BadInput(f"{file} has a value of several lines, as where a quote is not closed: correct it.")
    return table


def _columns_of_file(file: Place) -> list[str]:
    """The names of a csv file's columns, as they are written."""
    refuse_special(file)
    try:
        if not isinstance(file, Remote) and file.stat().st_size > LARGEST_TABLE:
            raise BadInput(f"{file.name} has more than {LARGEST_TABLE} bytes: it is not read.")
        start = read_start(file, BYTES_OF_NAMES).decode("utf-8-sig", "replace")
        names = next(csv.reader(io.StringIO(start)), [])
    except (OSError, csv.Error) as error:
        raise BadInput(f"{file} cannot be read as csv: {error}") from error
    if len(names) > MOST_COLUMNS:
        raise BadInput(f"{file} has {len(names)} columns: more than {MOST_COLUMNS} are not read.")
    return names
