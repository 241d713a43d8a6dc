"""Tables of text (csv) as spreadsheets and people write them: their encoding, their separator, the line of each row."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from deepminer_ray.errors import BadInput

csv.field_size_limit(2**26)  # the outline of a finding may be longer than Python's own limit
MOST_COLUMNS = 1000
"""Of a csv: memory goes with the columns, and what describes images has some tens."""
COLUMNS_QUOTED, LETTERS_QUOTED = 12, 40
"""Names of columns, and letters of each, that a sentence quotes."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
"""What columns are separated by, in the order in which it is tried, and its name."""
FIRST_LINE = re.compile(r"[^\r\n]*(\r\n|\r|\n)")
SEPARATOR_SAID = re.compile(r'"?sep=([^"\r\n])"?[\s,;]*', re.IGNORECASE)
"""A first line by which Excel is told the separator."""
ROWS_TRIED = 50
"""Rows that decide between two separators that both make columns."""
QUOTED = re.compile(r'"[^"]*"')
KEPT_AS_TEXT = re.compile(r'="([^"]*)"')
"""How a spreadsheet is kept from taking the text of a cell for a number: `="0012"`."""

NUMBER_CELL = re.compile(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}", re.ASCII)
"""What may be a decimal comma or separate thousands."""

MISSING = frozenset(("", "-", "--", "?", "N/A", "NA", "#N/A", "<NA>", "NAN", "NONE", "NULL"))
"""What a cell says, in capitals, that says nothing."""

ENCODINGS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""By the first bytes of a file; the longer ones first."""
OF_WINDOWS = "cp1252"
"""What spreadsheets of western Europe and America write where it is not Unicode."""
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How the files of spreadsheets themselves begin."""


@dataclass(slots=True)
class TextTable:
    """A table's cells as text without blanks around; `lines` are those on which the rows begin, counted from 1.

    Every row has a cell for each column, "" where nothing is said. Rows without any text are left out.
    """

    name: str
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    separator: str
    encoding: str

    def iter_rows(self, *, named: bool = False) -> Iterator[Any]:
        """The rows, each a list, or a dictionary by the names of columns."""
        if not named:
            return iter(self.rows)
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def select(self, *names: str) -> "TextTable":
        """Some columns."""
        places = [self.columns.index(name) for name in names]
        rows = [[row[place] for place in places] for row in self.rows]
        return TextTable(self.name, list(names), rows, self.lines, self.separator, self.encoding)

    def need(self, *names: str) -> None:
        """BadInput where columns are not there; it says which there are, and by what they were told apart."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise BadInput(self.lack(f"the column{'s' * (len(missing) > 1)} {', '.join(missing)}"))

    def lack(self, what: str) -> str:
        """The sentence that the table lacks something."""
        return f"{self.name} lacks {what}: {self.told()}."

    def told(self) -> str:
        """Which columns there are, and by what they were told apart."""
        columns = [f"{name[:LETTERS_QUOTED]!r}" for name in self.columns[:COLUMNS_QUOTED]]
        more = f" and {len(self.columns) - COLUMNS_QUOTED} more" if len(self.columns) > COLUMNS_QUOTED else ""
        if len(columns) == 1:
            return f"its only column is {columns[0]} (columns are separated by {', '.join(SEPARATORS.values())})"
        by = SEPARATORS.get(self.separator, repr(self.separator))
        return f"its columns, separated by {by}, are {', '.join(columns)}{more}"


def text_table(content: bytes, name: str) -> TextTable:
    """The table that the bytes of a file hold; BadInput, which names the line, where they cannot be one.

    Encodings are UTF-8, UTF-16 and UTF-32 by their first bytes, and else Windows-1252. Columns are separated by
    commas, semicolons or tabs, or by what a first line `sep=` says. A comma in a number counts as its decimal point
    where it cannot separate thousands.
    """
    text, encoding = _decoded(content, name)
    first = FIRST_LINE.match(text)
    said = SEPARATOR_SAID.fullmatch(first[0]) if first else None
    if first and said:
        text = text[first.end() :]
    separator = said[1] if said else _separator(text)
    _refuse_wide(text, separator, name)
    records = _records(text, separator, name, 1 if said else 0)
    heading, columns = next(records, (0, list[str]()))
    if not columns:
        raise BadInput(f"{name} cannot be read as csv: it is empty.")
    if quoted := [column for column in columns if '"' in column]:
        raise BadInput(f"{name} has a quote within the name of a column: {quoted[0]!r}.")
    lines, rows = [], []
    width = max(place for place, column in enumerate(columns, 1) if column)
    for line, cells in records:
        if len(cells) != width:
            cells = _fitted(cells, width, f"{name} cannot be read as csv: line {line}", heading)
        lines.append(line)
        rows.append(cells)
    table = TextTable(name, columns[:width], rows, lines, separator, encoding)
    if separator != ",":
        _read_decimal_commas(table)
    return table


def refuse_lines(table: TextTable) -> None:
    """BadInput where a value has several lines: it is what a quote makes that is not closed, and it hides rows."""
    if any("\n" in column or "\r" in column for column in table.columns):
        raise BadInput(f"{table.name} has a value of several lines among the names of its columns: correct it.")
    for line, row in zip(table.lines, table.rows, strict=True):
        text = "".join(row)
        if "\n" in text or "\r" in text:
            column = next(name for name, cell in zip(table.columns, row, strict=True) if "\n" in cell or "\r" in cell)
            raise BadInput(
                f"{table.name} has a value of several lines, as where a quote is not closed, in line {line}, "
                f"column {column}: correct it."
            )


def decimal_point(text: str) -> str:
    """A number with a decimal comma as one with a point; whatever may mean thousands stays as it is."""
    return text.replace(",", ".") if NUMBER_CELL.fullmatch(text) and not THOUSANDS.fullmatch(text) else text


def slashed(path: str) -> str:
    """A path of a table that was written on Windows, with this system's separators."""
    return path.replace("\\", "/")


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text of a file, and its encoding."""
    if content.startswith(WORKBOOKS):
        raise BadInput(f"{name} is a spreadsheet's workbook or packed: save it as csv (UTF-8).")
    mark = next((mark for mark in sorted(ENCODINGS, key=len, reverse=True) if content.startswith(mark)), b"")
    encoding = ENCODINGS.get(mark) or _wide(content) or "utf-8"
    try:
        return content[len(mark) :].decode(encoding), encoding
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and not mark and not _has_utf8(content):
            return _of_windows(content, name), OF_WINDOWS
        line = content.count(b"\n", 0, len(mark) + error.start) + 1
        raise BadInput(f"{name} cannot be read as csv: line {line} is not {encoding.upper()}.") from error


def _of_windows(content: bytes, name: str) -> str:
    try:
        return content.decode(OF_WINDOWS)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{name} cannot be read as csv: line {line} is neither UTF-8 nor Windows-1252: save it as UTF-8."
        ) from error


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its first line is zero."""
    start = content[:64]
    for first, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        if len(start) >= 4 and not any(start[first::2]) and all(start[1 - first :: 2]):
            return encoding
    return None


def _has_utf8(content: bytes) -> bool:
    """Whether letters beyond ASCII are there as UTF-8 has them: then what does not fit is damage, no other encoding."""
    return any(not letter.isascii() for letter in content.decode("utf-8", "ignore"))


def _separator(text: str) -> str:
    """What separates columns: what makes several of the first line, and as many of the next ones."""
    candidates = {}
    for separator in SEPARATORS:
        rows = _first_rows(text, separator)
        if rows and len(rows[0]) > 1:
            candidates[separator] = sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0])
    return max(candidates, key=lambda separator: candidates[separator], default=",")


def _first_rows(text: str, separator: str) -> list[list[str]]:
    """The first rows with any text, up to where the text cannot be read so."""
    rows = []
    with suppress(csv.Error):
        for row in islice(_reader(text, separator), ROWS_TRIED):
            if any(row):
                rows.append(row)
    return rows


def _reader(text: str, separator: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)


def _refuse_wide(text: str, separator: str, name: str) -> None:
    """BadInput where a line has more columns than any table of images, or of answers, before room is made for them."""
    if text.count(separator) < MOST_COLUMNS:
        return
    for line in io.StringIO(text, newline=""):
        columns = line.count(separator) + 1
        if columns > MOST_COLUMNS:  # quoted values may have commas
            columns = QUOTED.sub("", line).count(separator) + 1
        if columns > MOST_COLUMNS:
            raise BadInput(f"{name} has {columns} columns: more than {MOST_COLUMNS} are not read.")


def _records(text: str, separator: str, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The lines on which rows begin that have any text, and their cells."""
    reader, line, kept_as_text = _reader(text, separator), 1, '="' in text
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            why = "a quote is not closed" if "end of data" in str(error) else str(error)
            raise BadInput(f"{name} cannot be read as csv: line {line + skipped}: {why}.") from error
        if row is None:
            return
        cells = [cell.strip() for cell in row]
        if len(cells) > MOST_COLUMNS:
            raise BadInput(f"{name} has {len(cells)} columns: more than {MOST_COLUMNS} are not read.")
        if any(cells):
            yield line + skipped, [KEPT_AS_TEXT.sub(r"\1", cell) for cell in cells] if kept_as_text else cells
        line = reader.line_num + 1


def _fitted(cells: list[str], width: int, where: str, heading: int) -> list[str]:
    """Cells with empty ones added, or those taken away that are too many."""
    if any(cells[width:]):
        raise BadInput(
            f"{where} has {len(cells)} values, and line {heading} names {width} columns: a value that has the "
            "separator in it needs quotes."
        )
    return (cells + [""] * (width - len(cells)))[:width]


def _read_decimal_commas(table: TextTable) -> None:
    """Give numbers a decimal point in the columns that hold nothing but numbers, some with a comma."""
    for place in range(len(table.columns)):
        numbers = [cell for row in table.rows if (cell := row[place]).upper() not in MISSING]
        commas = [cell for cell in numbers if "," in cell]
        if not commas or not all(NUMBER_CELL.fullmatch(cell) for cell in numbers):
            continue
        if table.separator == ";" or not all(THOUSANDS.fullmatch(cell) for cell in commas):
            for row in table.rows:
                row[place] = row[place].replace(",", ".")
