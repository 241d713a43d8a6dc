"""What a reader takes, decided before memory is taken: sizes, numbers and files that are files."""

import json
import math
import re
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote, read_start, refuse_special
from deepminer_ray.files.table import TextTable, decimal_point, refuse_lines, text_table

MOST_PIXELS = 2**27
"""px of a film: four times the largest digitizer's or detector's."""
MOST_ELONGATED = 8
"""Longer side of a film over its shorter side: no breast is imaged on a strip."""
MOST_LESIONS = 1000
"""Findings of one film, and pieces of one mask: more do not outline findings."""
MOST_BYTES = 2**26
"""Of a text that describes a case; the largest of DDSM has 40 KB."""
LARGEST_NUMBER = 2**31 - 1
DIGITS = re.compile(r"\d{1,9}", re.ASCII)
OLDEST = 150
"""Years."""
AGE = re.compile(r"(\d{1,5})\s*(?:([YMWD])|(years?|yrs?)( old)?)", re.IGNORECASE | re.ASCII)
UNITS_OF_YEAR = {"M": 12, "W": 52.1775, "D": 365.2425}
"""Months, weeks and days of a year."""


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
    return read_bytes(file).decode(encoding)


def read_bytes(file: Place) -> bytes:
    """What `read_text` decodes."""
    refuse_special(file)
    content = file.read_bytes() if isinstance(file, Remote) else read_start(file, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadInput(f"{file.name} has more than {MOST_BYTES} bytes: it is not read.")
    return content


def read_csv(file: Place) -> TextTable:
    """The table of a csv file, however it is written (`text_table`); BadInput where it cannot be read."""
    try:
        content = read_bytes(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be read as csv: {error.strerror}.") from error
    return text_table(content, str(file))


def read_table(file: Place) -> TextTable:
    """The table of a csv file that describes images; BadInput where it cannot be read.

    A value of several lines is refused, too: the rows in it would be missing unseen. CBIS-DDSM's own tables end some of
    their paths with a line end, within the quotes.
    """
    table = read_csv(file)
    refuse_lines(table)
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
    """A number, also with a decimal comma (`decimal_point`); ValueError where it is none, or not finite."""
    number = float(decimal_point(text))
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
    """Years, also written as 3.0, 61 years, or as DICOM does, 061Y or 730M; ValueError where nobody is so old."""
    said = AGE.fullmatch(text)
    years = int(int(said[1]) / UNITS_OF_YEAR.get((said[2] or "").upper(), 1)) if said else whole_number(text)
    if not 0 <= years <= OLDEST:
        raise ValueError(text)
    return years
