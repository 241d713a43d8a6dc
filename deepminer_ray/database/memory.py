"""What a run remembers of how `run` was begun, so that it resumes alike."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from deepminer_ray.database.run import Run

OPTION = pa.schema([("name", pa.string()), ("value", pa.string())])


def remembered(run: Run) -> dict[str, Any]:
    """The options that `run` was given by name; none where it was not called, or by an earlier version."""
    if "option" not in {row["table_name"] for row in run.rows("run_table")}:
        return {}
    return {row["name"]: json.loads(row["value"]) for row in run.rows("remembered")}


def remember(run: Run, options: Mapping[str, Any]) -> None:
    """Remember these options and no others; a call that is killed leaves those from before."""
    rows = [{"name": name, "value": json.dumps(value)} for name, value in options.items()]
    with run.appending() as tables:
        tables.apply("add_option")
        tables.apply("forget_options")
        tables.insert("option", pa.Table.from_pylist(rows, OPTION))
