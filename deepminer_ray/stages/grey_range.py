"""Part of `catalog`: where files do not say what is black and white, they are looked at before it is decided."""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import Any

import pyarrow as pa

from deepminer_ray.errors import sentence
from deepminer_ray.planning.counts import spread
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.sources.dicom_grey import Reading
from deepminer_ray.sources.grey_range import extent_row, range_of
from deepminer_ray.workers.cluster import blocks

DECIDED = pa.schema([("scan", pa.string()), ("black", pa.float64()), ("white", pa.float64())])
FIRST = 8
"""Scans that are looked at first: if they fill the range that their bits announce, so do all with the others."""


def grey_ranges(ray: Any, unsaid: pa.ChunkedArray, name: str, reading: Reading) -> pa.Table:
    """list[dict[str, Any]] of DECIDED for scans whose files do not say what is black and white.

    Where all is read, it is by Ray's workers. Scans that have no row have the range that their bits announce. Signed
    ones have a row in any case, as what is announced depends on what occurs.
    """
    rows = {row["scan"]: row for several in unsaid.to_pylist() for row in several}
    decided = []
    for (bits, signed), members in groupby(sorted(rows.values(), key=_group), _group):
        group = list(members)
        chosen = [group[index] for index in spread(len(group), FIRST)]
        known = [extent_row(row, reading) for row in chosen]
        first = range_of(known)
        if len(group) > len(chosen) and (signed or first is None or first[2]):
            known += _extents(ray, [row for row in group if row not in chosen], name, reading)
        decision = range_of(known)
        if decision is None or not (signed or decision[2]):
            continue
        black, white, own = decision
        decided += [{"scan": row["scan"], "black": black, "white": white} for row in group]
        if own:
            said = f"{len(group)} images of {bits} bits do not say what is white, and use little of their range"
            say(sentence(f"catalog: {said}: black is {black:g} and white {white:g} for all of them"))
    return pa.Table.from_pylist(decided, DECIDED)


def _group(row: dict[str, Any]) -> tuple[int, bool]:
    return row["bits"], row["signed"]


def _extents(ray: Any, rows: list[dict[str, Any]], name: str, reading: Reading) -> Iterable[dict[str, Any]]:
    extents = ray.data.from_items(rows, override_num_blocks=blocks(ray, len(rows))).map(
        partial(extent_row, reading=reading)
    )
    extents.set_name(name)
    return progress(extents.iter_rows(), "grey levels", len(rows))
