"""Activations on their way from a network to the run: dense, in bytes, unit by unit.

A batch answers for every unit on every patch, so patch and unit need not be said a million times, and what a unit
answered to the batch is one row of bytes: a store takes it as fast as it writes, and a run has its rows in the order of
units by sorting these few.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

PACKED_ACTIVATION, PACKED_BATCH = "packed_activation", "packed_batch"
"""The tables of a store: one row a batch and unit, and one row a batch, which its first patch names."""
BYTE_FORMATS = {"maximum": "f", "mean": "f", "peak": "u"}
"""What the bytes of a row of `packed_activation` are, and in which order."""
UNPACKED_AT_ONCE = 250_000
"""Rows of `activation` that are unpacked together, 7 MB."""
BYTES_AT_ONCE, BYTES_A_CELL = 64 * 2**20, 10
"""What is kept at once of the stores, which are read once for each such part; and how much of it a unit's answer to a
patch takes, or more on large maps."""

ACTIVATION_SCHEMA = pa.schema(
    [("patch", pa.int64()), ("unit", pa.int32()), ("maximum", pa.float32()), ("mean", pa.float32())]
    + [(name, pa.int32()) for name in ("peak_x", "peak_y")]
)


def for_store(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """A batch's tables as a store has them: `activation` packed, the others as they are."""
    kept = dict(tables)
    if "activation" in kept:
        kept |= packed(kept.pop("activation"))
    return kept


def packed(activation: pa.Table) -> dict[str, pa.Table]:
    """The two tables of a batch's `activation`: by patch and, of each patch, by unit from 0, none left out.

    Floats are as they are, little-endian; the place of a maximum is a number in row-major order of as many bytes as
    the largest needs, on a map that is as wide as the batch's peaks ask for.
    """
    units = int(np.argmax(activation["patch"].to_numpy() != activation["patch"][0].as_py())) or activation.num_rows
    patches = activation["patch"].to_numpy()[::units]
    width = int(activation["peak_x"].to_numpy().max()) + 1
    peak = activation["peak_y"].to_numpy() * width + activation["peak_x"].to_numpy()
    columns = {"maximum": activation["maximum"].to_numpy(), "mean": activation["mean"].to_numpy()}
    columns["peak"] = peak.astype(np.min_scalar_type(peak.max()))
    of_unit = {name: _rows_of_bytes(values.reshape(-1, units).T) for name, values in columns.items()}
    named = {"unit": np.arange(units, dtype=np.int32), "first": np.repeat(patches[:1], units)}
    sizes = {name: pa.array([size], pa.int32()) for name, size in (("units", units), ("width", width))}
    batch = pa.table({"first": patches[:1], "patches": pa.array([patches])} | sizes)
    return {PACKED_ACTIVATION: pa.table(named | of_unit), PACKED_BATCH: batch}


def units_at_once(batches: pa.Table) -> Iterator[tuple[int, int]]:
    """The first and last of so many units together as memory should hold of `batches`, rows of `packed_batch`."""
    patches = sum(map(len, batches["patches"]))
    units, at_once = batches["units"][0].as_py(), max(1, BYTES_AT_ONCE // (BYTES_A_CELL * patches))
    for first in range(0, units, at_once):
        yield first, min(first + at_once, units) - 1


def unpacked(batches: pa.Table, rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """Rows of `activation` by unit and patch, of `rows` of `packed_activation` and all `batches` that these name."""
    order = np.argsort(batches["first"].to_numpy())
    first, width = (batches[name].to_numpy()[order] for name in ("first", "width"))
    lists = batches["patches"].combine_chunks()
    values, bounds = lists.values.to_numpy(), lists.offsets.to_numpy()
    patches = [values[bounds[number] : bounds[number + 1]] for number in order]
    at_once = max(1, UNPACKED_AT_ONCE // max(map(len, patches)))
    by_unit = np.lexsort((rows["first"].to_numpy(), rows["unit"].to_numpy()))
    for start in range(0, len(by_unit), at_once):
        part = rows.take(by_unit[start : start + at_once])
        number = np.searchsorted(first, part["first"].to_numpy())
        yield _unpacked(part, [patches[index] for index in number], width[number])


def _unpacked(rows: pa.Table, patches: list[NDArray[np.int64]], width: NDArray[np.int32]) -> pa.RecordBatch:
    sizes = [len(of_batch) for of_batch in patches]
    maximum, mean, peak = (_joined(rows[name], kind, sizes) for name, kind in BYTE_FORMATS.items())
    y, x = np.divmod(peak, np.repeat(width, sizes))
    columns = [np.concatenate(patches), np.repeat(rows["unit"].to_numpy(), sizes), maximum, mean, x, y]
    return pa.record_batch(
        [pa.array(values, field.type) for values, field in zip(columns, ACTIVATION_SCHEMA, strict=True)],
        schema=ACTIVATION_SCHEMA,
    )


def _joined(blobs: pa.ChunkedArray, kind: str, sizes: list[int]) -> NDArray[Any]:
    """The numbers of several rows, one after the other; a row may have wider ones than another."""
    items = [blob.as_buffer() for blob in blobs]
    numbers = [np.frombuffer(item, f"<{kind}{item.size // size}") for item, size in zip(items, sizes, strict=True)]
    return np.concatenate(numbers)


def _rows_of_bytes(values: NDArray[np.generic]) -> pa.Array:
    """A binary array, one item for each row of an array."""
    dense = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    ends = np.arange(len(dense) + 1, dtype=np.int32) * (dense.shape[1] * dense.itemsize)
    return pa.Array.from_buffers(pa.binary(), len(dense), [None, pa.py_buffer(ends), pa.py_buffer(dense)])
