"""Patients whose names are written in several ways are one each: else a partition could split them."""

from deepminer_ray.database.tables import Tables
from deepminer_ray.errors import BadInput
from deepminer_ray.progress.bars import say

NAMES_QUOTED = 5
"""Names in a sentence before it only counts them."""


def quoted(names: list[str]) -> str:
    """Some names as a sentence has them."""
    more = f" and {len(names) - NAMES_QUOTED} more" if len(names) > NAMES_QUOTED else ""
    return ", ".join(name[:40] for name in names[:NAMES_QUOTED]) + more


def join_patients(tables: Tables) -> list[str]:
    """Give the scans of a patient one name, each change a row of `repair`; the ways to write a name that are gone."""
    spelling = tables.select("spelling")
    if spelling.num_rows:
        with tables.showing("spelling", spelling):
            tables.fill("repair", "found_joined")
            tables.apply("join_patients")
    return [f"{row['patient']!r} as {row['taken']!r}" for row in spelling.to_pylist()]


def say_joined(joined: list[str]) -> None:
    """Say which names are taken for others."""
    if joined:
        say(
            f"{len(joined)} names of patients differ from another in capitals, zeros or blanks alone and are taken for "
            f"it (`from repair`): {quoted(joined)}"
        )


def refuse_written_twice(tables: Tables) -> None:
    """BadInput where an earlier version catalogued a patient under several names: they could be split."""
    if rows := tables.select("spelling").to_pylist():
        names = quoted([f"{row['patient']!r} and {row['taken']!r}" for row in rows])
        raise BadInput(
            f"Patients have several names each: {names}. `deepminer catalog RUN SOURCE --again` takes them as one."
        )
