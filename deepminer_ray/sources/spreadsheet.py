"""Tables that are published as spreadsheets (.xlsx), read as text."""

import warnings
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote, read_start, refuse_special
from deepminer_ray.sources.bounds import MOST_BYTES

SPREADSHEET_SUFFIX = ".xlsx"
MOST_CELLS_ACROSS = 100
MOST_CELLS_DOWN = 100_000
"""Of a sheet: a table of breasts has thousands of rows."""


def sheet_rows(file: Place) -> list[list[str]]:
    """The rows of the first sheet as text, from its first, blank ones too; 44.0 is 44, and an empty cell is empty.

    BadInput where it cannot be read, or is larger than any table of mammograms.
    """
    import openpyxl  # a tenth of a second that others need not pay

    refuse_special(file)
    try:
        content = file.read_bytes() if isinstance(file, Remote) else read_start(file, MOST_BYTES + 1)
        _refuse_large(file, content)
        quiet = warnings.catch_warnings(action="ignore")  # such as of styles that are left out
        with quiet, closing(openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)) as book:
            return list(_rows_of_sheet(file, book.worksheets[0]))
    except BadInput:
        raise
    except Exception as error:  # a damaged file raises whatever its first wrong part leads to
        raise BadInput(f"{file} cannot be read as a spreadsheet: {str(error)[:200]}") from error


def _refuse_large(file: Place, content: bytes) -> None:
    """BadInput where a file, or what is packed in it, has more bytes than any such table."""
    packed = sum(part.file_size for part in ZipFile(BytesIO(content)).infolist())
    if len(content) > MOST_BYTES or packed > MOST_BYTES:
        raise BadInput(f"{file.name} has more than {MOST_BYTES} bytes: it is not read.")


def _rows_of_sheet(file: Place, sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # what a sheet says of its size may be wrong, and would be filled up
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_CELLS_ACROSS, values_only=True), 1):
        if number > MOST_CELLS_DOWN:
            raise BadInput(f"{file.name} has more than {MOST_CELLS_DOWN} rows: it is not read.")
        yield [_text_of_cell(value) for value in row]


def _text_of_cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()
