"""One explained image as a record: what programs read as JSON and the case book shows."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.units.name import unit_name

UNNAMED = "unnamed"

CaseRow = Mapping[str, Any]


def record(
    case: CaseRow,
    units: Sequence[CaseRow],
    size: tuple[int, int],
    concepts: Sequence[CaseRow] = (),
    argued: Sequence[CaseRow] = (),
    argued_concepts: Sequence[CaseRow] = (),
    silence: Sequence[CaseRow] = (),
) -> dict[str, Any]:
    """The record of a case: rows of `case`, `case_unit`, `case_concept`, `case_argument`, `case_concept_argument` and
    `case_silence`.

    `size` is width and height of the stored film, whose px the peaks of the units are in; the record's are px of the
    film at full resolution, as everywhere. It says what argued for the class decided and against it, over the true
    class or, where the decision is right, over the most probable other; of a wrong decision also whose silence corrects
    it: units that do so alone, and a set that does so together.
    """
    said = {
        "scan": case["scan"],
        "patient": case["patient"],
        "report": case["report"],
        "assessment": case["assessment"],
        "subtlety": case["subtlety"],
        "truth": case["truth"],
        "decided": case["decided"],
        "right": None if case["truth"] is None else case["truth"] == case["decided"],
        "error": case["error"],
        "probabilities": dict(case["probabilities"]),
        "concepts": [_concept(concept) for concept in concepts],
        "units": [_influential_unit(unit, case, size) for unit in units],
    }
    if argued:
        said |= {
            "over": argued[0]["other"],
            "concepts_for": [_led(row) for row in argued_concepts if row["lead"] > 0],
            "concepts_against": [_led(row) for row in reversed(argued_concepts) if row["lead"] < 0],
            "argued_for": [_argument(row) for row in argued if row["lead"] > 0],
            "argued_against": [_argument(row) for row in reversed(argued) if row["lead"] < 0],
        }
    if not case["error"]:
        return said
    return said | {
        "silence_alone": [_unit_with_name(row) for row in silence if row["alone"]],
        "silence_together": [_unit_with_name(row) for row in silence if row["place"] is not None],
    }


def write_record(file: Path, said: Mapping[str, Any]) -> None:
    """Write a record as JSON; what is not a number there is null."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(said, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error


def _concept(row: CaseRow) -> dict[str, Any]:
    said = {"phenomenon": row["phenomenon"] or UNNAMED, "named": row["named"], "units": row["units"]}
    return said | {name: row[name] for name in ("contribution", "share", "x", "y")}


def _led(row: CaseRow) -> dict[str, Any]:
    said = {"phenomenon": row["phenomenon"] or UNNAMED, "named": row["named"], "units": row["units"]}
    return said | {"lead": row["lead"]}


def _influential_unit(unit: CaseRow, case: CaseRow, size: tuple[int, int]) -> dict[str, Any]:
    return _unit_with_name(unit) | {
        "rank": unit["rank"],
        "influence": unit["influence"],
        "contribution": unit["contribution"],
        "share": unit["share"],
        "x": round(unit["peak_x"] / size[0] * case["columns"]),
        "y": round(unit["peak_y"] / size[1] * case["rows"]),
    }


def _unit_with_name(unit: CaseRow) -> dict[str, Any]:
    return {
        "unit": unit["unit"],
        "name": unit_name(unit["unit"]),
        "phenomenon": unit["phenomenon"] or UNNAMED,
        "named": bool(unit["phenomenon"]),
    }


def _argument(row: CaseRow) -> dict[str, Any]:
    return _unit_with_name(row) | {"lead": row["lead"]}
