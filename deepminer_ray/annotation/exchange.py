"""What experts said of units, as rows of a csv or json file."""

import re
from pathlib import Path
from typing import Any

import polars

from deepminer_ray.errors import BadInput
from deepminer_ray.files.cells import csv_of, unmarked, write_file
from deepminer_ray.sources.bounds import digits, read_csv, read_json, refuse_unencodable

ANNOTATION_COLUMNS = (
    "unit",
    "annotator",
    "recognizable",
    "phenomenon",
    "category",
    "terms",
    "association",
    "confidence",
)
LONGEST_CELL = 40_000
"""Characters of a cell: a survey's answer has at most 20 descriptions of 1,000."""
NO = {"false", "no", "0", "n"}
UNIT = re.compile(r"(unit[ _-]*)?(\d+)(?:\.0+)?", re.IGNORECASE | re.ASCII)
"""A channel, counted from 0, or the paper's name of a unit, counted from 1; a spreadsheet may write 12.0."""
NEEDED = f"its rows need a `unit`, and may have {', '.join(ANNOTATION_COLUMNS[1:])}"
AUTHORS = {"annotator": "expert", "phenomenon": "text"}
"""Columns of the annotations that the paper's authors published, with `not_applicable` for what nobody recognized."""


def read_annotations(file: Path, units: int) -> list[dict[str, Any]]:
    """Rows of a csv or json file; a unit is a channel (1813) or the paper's name of it (unit_1814).

    A row without a phenomenon says that nothing is recognizable. BadInput names the row that cannot be taken, and of a
    csv file its line.
    """
    if file.suffix != ".json":
        return [_read_annotation(row, f"Line {line}", units) for line, row in _csv(file)]
    rows = read_json(file)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "unit" in row for row in rows):
        raise BadInput(f"{file} holds no annotations: {NEEDED}.")
    return [_read_annotation(row, f"Row {number}", units) for number, row in enumerate(rows, 1)]


def _csv(file: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of a csv file with their lines, as text that no spreadsheet's mark is left in."""
    table = read_csv(file)
    table.columns = ["_".join(name.lower().split()) for name in table.columns]
    if "unit" not in table.columns:
        raise BadInput(f"{file} holds no annotations: {NEEDED}, and {table.told()}.")
    rows = ({name: unmarked(text) for name, text in row.items() if text} for row in table.iter_rows(named=True))
    return list(zip(table.lines, rows, strict=True))


def _read_annotation(row: dict[str, Any], number: str, units: int) -> dict[str, Any]:
    text = {name: _text(row.get(name, row.get(AUTHORS.get(name, name))), name, number) for name in ANNOTATION_COLUMNS}
    said = "no" if row.get("not_applicable") == "1" else text["recognizable"]
    if said is not None and said.lower() in NO:
        text["phenomenon"] = None
    return text | {
        "unit": _read_unit(text["unit"] or "", number, units),
        "annotator": text["annotator"] or "unnamed",
        "recognizable": bool(text["phenomenon"]),
    }


def _text(value: Any, name: str, number: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        raise BadInput(f"{number} has a list or a record as `{name}`: use text.")
    text = str(value).strip()
    if len(text) > LONGEST_CELL:
        raise BadInput(f"{number} has {len(text)} characters of `{name}`: at most {LONGEST_CELL} are taken.")
    refuse_unencodable(text, f"{number}: `{name}`")
    return text or None


def _read_unit(text: str, number: str, units: int) -> int:
    said = UNIT.fullmatch(text)
    given = digits(said[2]) if said else None
    if said is None or given is None:
        quoted = f"{text[:40]!r} ..." if len(text) > 40 else repr(text)
        raise BadInput(f"{number} names the unit {quoted}: use a channel such as 1813, or unit_1814.")
    unit = given - (1 if said[1] else 0)
    if not 0 <= unit < units:
        raise BadInput(f"{number} names {text}, but the network has {units} units.")
    return unit


def write_annotations(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write answers as csv or json, in the columns that are read, whole or not at all."""
    if out.suffix not in (".csv", ".json"):
        raise BadInput(f"{out} is neither .csv nor .json.")
    table = polars.DataFrame(rows, schema=dict.fromkeys(ANNOTATION_COLUMNS, polars.String))
    write_file(out, csv_of(table) if out.suffix == ".csv" else table.write_json())
