"""Packed and unpacked again, activations are what they were, in the order of units."""

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.compute import field

from deepminer_ray.database import packing
from deepminer_ray.database.packing import (
    ACTIVATION_SCHEMA,
    PACKED_ACTIVATION,
    PACKED_BATCH,
    packed,
    units_at_once,
    unpacked,
)


def activation(patches: Sequence[int], units: int, cells: int, seed: int) -> pa.Table:
    """Rows of chance as a network's answers are: by patch, of each patch by unit; maps are cells x cells."""
    chance = np.random.default_rng(seed)
    rows = len(patches) * units
    maximum = chance.normal(size=rows).astype(np.float32)
    peak = chance.integers(0, cells, (2, rows), np.int32)
    return pa.table(
        {
            "patch": np.repeat(np.array(patches, np.int64), units),
            "unit": np.tile(np.arange(units, dtype=np.int32), len(patches)),
            "maximum": maximum,
            "mean": maximum / 3,
            "peak_x": peak[0],
            "peak_y": peak[1],
        }
    )


def back(batches: Sequence[pa.Table]) -> pa.Table:
    """What a run gets of batches that were stored in any order."""
    tables = [packed(batch) for batch in batches]
    rows, stored = (pa.concat_tables([table[name] for table in tables]) for name in (PACKED_ACTIVATION, PACKED_BATCH))
    parts = [
        unpacked(stored, rows.filter((field("unit") >= first) & (field("unit") <= last)))
        for first, last in units_at_once(stored)
    ]
    return pa.Table.from_batches([batch for part in parts for batch in part], ACTIVATION_SCHEMA)


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    units=st.integers(1, 7),
    cells=st.sampled_from([1, 2, 8, 17, 300]),
    seed=st.integers(0, 99),
    at_once=st.sampled_from([1, 10, 1000]),
    bytes_at_once=st.sampled_from([1, 300, 10**6]),
)
def test_what_is_unpacked_is_what_was_packed_by_unit_and_patch(
    sizes: list[int], units: int, cells: int, seed: int, at_once: int, bytes_at_once: int
) -> None:
    starts = np.cumsum([0, *sizes])
    chosen = [np.arange(first, end) * 3 + 2**40 for first, end in itertools.pairwise(starts)]
    batches = [activation(patches, units, cells, seed + number) for number, patches in enumerate(chosen)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packing, "UNPACKED_AT_ONCE", at_once)
        patched.setattr(packing, "BYTES_AT_ONCE", bytes_at_once)
        found = back(batches[::-1])
    expected = pa.concat_tables(batches).sort_by([("unit", "ascending"), ("patch", "ascending")])
    assert found.cast(expected.schema).equals(expected)


def test_a_row_takes_nine_bytes_where_a_map_has_no_more_than_256_cells() -> None:
    table = packed(activation(range(100), 64, 16, 0))[PACKED_ACTIVATION]
    assert sum(item.as_buffer().size for name in packing.BYTE_FORMATS for item in table[name]) == 9 * 100 * 64


def test_nothing_stored_is_nothing_unpacked() -> None:
    table = packed(activation([1], 2, 3, 0))
    assert list(unpacked(table[PACKED_BATCH], table[PACKED_ACTIVATION].slice(0, 0))) == []
