"""What experts said of units, as rows of a csv or json file."""

import json
from pathlib import Path
from typing import Any

import polars

from deepminer_ray.errors import BadInput

COLUMNS = ("unit", "annotator", "recognizable", "phenomenon", "category", "terms", "association", "confidence")
NO = {"false", "no", "0", "n"}
AUTHORS = {"annotator": "expert", "phenomenon": "text"}
"""Columns of the annotations that the paper's authors published, with `not_applicable` for what nobody recognized."""


def read_annotations(file: Path, units: int) -> list[dict[str, Any]]:
    """Rows of a csv or json file; a unit is a channel (1813) or the paper's name of it (unit_1814).

    A row without a phenomenon says that nothing is recognizable. BadInput names the row that cannot be taken.
    """
    try:
        if file.suffix == ".json":
            rows = json.loads(file.read_text())
        else:
            rows = polars.read_csv(file, infer_schema=False).to_dicts()
    except (OSError, ValueError, polars.exceptions.PolarsError) as error:
        raise BadInput(f"{file} cannot be read as annotations: {str(error).splitlines()[0]}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "unit" in row for row in rows):
        raise BadInput(f"{file} holds no annotations: its rows need a `unit`, and may have {', '.join(COLUMNS[1:])}.")
    return [_read(row, number, units) for number, row in enumerate(rows, 1)]


def _read(row: dict[str, Any], number: int, units: int) -> dict[str, Any]:
    text = {name: _text(row.get(name, row.get(AUTHORS.get(name, name)))) for name in COLUMNS}
    said = "no" if row.get("not_applicable") == "1" else text["recognizable"]
    if said is not None and said.lower() in NO:
        text["phenomenon"] = None
    return text | {
        "unit": _unit(text["unit"] or "", number, units),
        "annotator": text["annotator"] or "unnamed",
        "recognizable": bool(text["phenomenon"]),
    }


def _text(value: Any) -> str | None:
    return str(value).strip() or None if value is not None else None


def _unit(text: str, number: int, units: int) -> int:
    named = text.removeprefix("unit_")
    if not named.isdigit():
        raise BadInput(f"Row {number} names the unit {text!r}: use a channel such as 1813, or unit_1814.")
    unit = int(named) - (1 if named != text else 0)
    if not 0 <= unit < units:
        raise BadInput(f"Row {number} names {text}, but the network has {units} units.")
    return unit


def write_annotations(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write answers as csv or json, in the columns that are read."""
    if out.suffix not in (".csv", ".json"):
        raise BadInput(f"{out} is neither .csv nor .json.")
    table = polars.DataFrame(rows, schema=dict.fromkeys(COLUMNS, polars.String))
    try:
        table.write_csv(out) if out.suffix == ".csv" else out.write_text(table.write_json())
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from error
