"""Tables as csv that a spreadsheet shows and does not run: the text of a cell is never taken for a formula."""

import re
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import write_whole

FORMULA_STARTS = "=+@\t\r\n\uff1d\uff0b\uff0d\uff20-"
"""What a cell begins with that spreadsheets compute, also in full width."""
COMPUTED = re.compile(rf"[{FORMULA_STARTS}]")
MARKED = re.compile(rf"'+[{FORMULA_STARTS}]")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def marked(text: str) -> str:
    """A text as a cell that is not a formula: an apostrophe before what would be one, and before its like.

    Numbers stay. `unmarked` gives the same text back.
    """
    if MARKED.match(text) or (COMPUTED.match(text) and not NUMBER.fullmatch(text)):
        return f"'{text}"
    return text


def unmarked(text: str) -> str:
    """The text that a cell was written for."""
    return text[1:] if MARKED.match(text) else text


def text_of(rows: pa.Table, json: bool) -> str:
    """Rows as JSON, or as csv; BadInput where a column has a name twice, or values that the form cannot hold."""
    names = rows.schema.names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"Two columns are called {twice!r}: give one another name (select ... as other).")
    for field in rows.schema:
        unsaid = pa.types.is_interval(field.type) or "binary" in str(field.type)
        if unsaid or (pa.types.is_nested(field.type) and not json):
            form = "JSON" if json else "csv"
            raise BadInput(f"{form} has no form for the {field.type} of {field.name!r}: select {field.name}::varchar.")
    table = polars.DataFrame(polars.from_arrow(rows))
    return table.write_json() if json else csv_of(table)


def csv_of(table: polars.DataFrame) -> str:
    """A table without lists or records as csv: numbers as they are, texts and names of columns `marked`."""
    texts = [name for name, kind in table.schema.items() if kind in (polars.String, polars.Categorical, polars.Enum)]
    written = table.with_columns(
        polars.Series(name, [text if text is None else marked(text) for text in table[name].cast(polars.String)])
        for name in texts
    )
    return written.rename({name: marked(name) for name in written.columns}).write_csv()


def write_file(file: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all; BadInput where it cannot be written."""
    if not file.parent.is_dir():
        raise BadInput(f"{file} cannot be written: there is no folder {file.parent}.")
    try:
        write_whole(file, content.encode() if isinstance(content, str) else content)
    except (OSError, UnicodeEncodeError) as error:
        said: Any = getattr(error, "strerror", None) or error
        raise BadInput(f"{file} cannot be written: {said}.") from error
