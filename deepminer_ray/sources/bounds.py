"""What a reader takes, decided before memory is taken: sizes, numbers and files that are files."""

import csv
import io
import json
import math
import re
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote, read_start, refuse_special

MOST_PIXELS = 2**27
"""px of a film: four times the largest digitizer's or detector's."""
MOST_ELONGATED = 8
"""Longer side of a film over its shorter side: no breast is imaged on a strip."""
MOST_LESIONS = 1000
"""Findings of one film, and pieces of one mask: more do not outline findings."""
MOST_BYTES = 2**26
"""Of a text that describes a case; the largest of DDSM has 40 KB."""
MOST_COLUMNS = 1000
"""Of a csv: memory goes with the columns, and what describes films has some tens."""
LARGEST_NUMBER = 2**31 - 1
DIGITS = re.compile(r"\d{1,9}", re.ASCII)
OLDEST = 150
"""Years."""


def refuse_size(rows: int, columns: int, what: str = "film") -> None:
    """BadInput where a film is so large or so narrow that it is none."""
    if min(rows, columns) < 1 or max(rows, columns) > MOST_ELONGATED * min(rows, columns):
        raise BadInput(f"The {what} is {columns} x {rows} px: longer than {MOST_ELONGATED} times its shorter side.")
    if rows * columns > MOST_PIXELS:
        raise BadInput(f"The {what} is {columns} x {rows} px: more than {MOST_PIXELS} px are not read.")


def refuse_many(count: int, what: str) -> None:
    """BadInput where one film has more findings than anyone outlines."""
    if count > MOST_LESIONS:
        raise BadInput(f"There are {count} {what}: more than {MOST_LESIONS} do not outline findings.")


def read_text(file: Place, encoding: str = "utf-8") -> str:
    """A text that describes a case; BadInput where it is not a regular file, or larger than any such text."""
    refuse_special(file)
    content = file.read_bytes() if isinstance(file, Remote) else read_start(file, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadInput(f"{file.name} has more than {MOST_BYTES} bytes: it is not read.")
    return content.decode(encoding)


def read_csv(file: Place) -> Any:
    """The rows of a csv file, a polars frame of text; BadInput where it cannot be read."""
    import polars as pl

    try:
        text = read_text(file)
        refuse_wide(text, file)
        table = pl.read_csv(text.encode(), infer_schema=False)
    except BadInput:
        raise
    except (OSError, UnicodeDecodeError, csv.Error, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{file} cannot be read as csv: {(str(error).splitlines() or [''])[0]}") from error
    if quoted := [name for name in table.columns if '"' in name]:  # polars then finds no rows, and says nothing
        raise BadInput(f"{file} has a quote within the name of a column: {quoted[0]!r}.")
    return table


def refuse_wide(text: str, file: Place) -> None:
    """BadInput where a csv has more columns than any table of films, or of answers, before room is made for them."""
    first = text[: text.find("\n") + 1] or text
    columns = first.count(",") + 1
    if columns <= MOST_COLUMNS:  # quoted names may have commas and line ends
        columns = len(next(csv.reader(io.StringIO(text)), ()))
    if columns > MOST_COLUMNS:
        raise BadInput(f"{file} has {columns} columns: more than {MOST_COLUMNS} are not read.")


def read_table(file: Place) -> Any:
    """The rows of a csv file that describes films, a polars frame of text; BadInput where it cannot be read.

    A value of several lines is refused, too: it is what a quote makes that is not closed, and the rows in it would be
    missing unseen. CBIS-DDSM's own tables end some of their paths with a line end, within the quotes.
    """
    import polars as pl

    table = read_csv(file)
    values = table.select(pl.all().str.strip_chars().str.contains(r"[\r\n]").any())
    if any(re.search(r"[\r\n]", name.strip()) for name in table.columns) or (values.width and any(values.row(0))):
        raise BadInput(f"{file} has a value of several lines, as where a quote is not closed: correct it.")
    return table


def read_json(file: Place) -> Any:
    """What a file of JSON holds; BadInput where it cannot be read, is none, or is nested deeper than any answer is."""
    try:
        return json.loads(read_text(file))
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise BadInput(f"{file} is nested too deeply to be read.") from error
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{file} is not JSON: {str(error).splitlines()[0][:200]}.") from error


def refuse_unencodable(text: str, what: str) -> None:
    """BadInput where a text has half of a character or a zero byte, which no table and no file can hold."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadInput(f"{what} has a character that cannot be stored: {text[:60]!a}.")


def digits(text: str) -> int | None:
    """A number of at most nine plain digits; None for anything else."""
    return int(text) if DIGITS.fullmatch(text) else None


def first_number(words: list[str]) -> int | None:
    """The number that the first of a keyword's words is; None where it is none, or there are no words."""
    return digits(words[0]) if words else None


def finite(text: str) -> float:
    """A number; ValueError where it is none, or not finite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def whole_number(text: str) -> int:
    """A whole number of at most 31 bits, also written as 3.0, as tables that once held gaps do; ValueError else."""
    number = finite(text)
    if not number.is_integer() or abs(number) > LARGEST_NUMBER:
        raise ValueError(text)
    return int(number)


def age(text: str) -> int:
    """Years, also written as 3.0; ValueError where nobody is so old."""
    years = whole_number(text)
    if not 0 <= years <= OLDEST:
        raise ValueError(text)
    return years
