"""The Arrow datasets of a run, a Parquet file a film: `RUN/scan/` holds it resized, `RUN/patch/` its patches.

Both lie where `cut --storage` put them: in the run's folder, or in a bucket. Of images in colour a pixel is its red,
green and blue, one after the other; the files then say so.
"""

import json
from collections.abc import Sequence
from math import isqrt, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deepminer_ray.classes import Classes
from deepminer_ray.files.location import Place, arrow_folder, write_whole
from deepminer_ray.patches.proof import content_digest, opened_shard

if TYPE_CHECKING:
    import pyarrow.dataset as ds

ROW_GROUP = 4
"""Patches read together: with fewer, whole films are read more slowly; with more, single patches are, as a shuffled
reader wants them (`benchmarks/row_groups.py`)."""

MADE_FROM = "_made_from.json"
"""Beside the patches: how they were cut, and a digest of each film with its lesions."""

OVERLAP = pa.list_(pa.struct([("lesion", pa.string()), ("cover", pa.float64()), ("within", pa.float64())]))
PATCH = pa.schema(
    [("patch", pa.int64()), ("scan", pa.string())]
    + [(name, pa.int32()) for name in ("x", "y", "size")]
    + [("breast", pa.float32()), ("overlap", OVERLAP)]
)
"""Beside the pixels: a patch's place and size in px of the film, its share of breast, the lesions it meets."""
StoredScan = tuple[NDArray[np.uint16], NDArray[np.bool_] | None]
"""Pixels of a resized film, and its region where it is not the breast."""
SHAPE_OF_SCAN = ("height", "width", "channels")
"""The columns that say it; a grey film has no channels."""
PATCH_SHAPE = b"shape"
"""Of a patch: its rows, columns and channels, as JSON in the metadata of a file whose patches are not square and grey.
"""


def shard(folder: Place, scan_number: int) -> Place:
    """The file of one film in a dataset's folder."""
    return folder / f"{scan_number:06d}.parquet"


def finished_shards(folder: Place) -> set[int]:
    """The numbers of the films that are written; a file under its own name is always whole."""
    return {int(file.stem) for file in folder.glob("*.parquet")}


def write_scan(
    folder: Place, scan_number: int, scan: str, pixels: NDArray[np.uint16], region: NDArray[np.bool_] | None = None
) -> bytes:
    """Write a resized film [height, width] in density units, or [height, width, 3] in colour; the file's digest.

    A file in colour has the number of `channels` in a column of its own. So has one with a region [height, width]:
    eight pixels a byte, row by row, the first the highest bit.
    """
    height, width, *channels = pixels.shape
    columns = {
        "scan_number": pa.array([scan_number], pa.int32()),
        "scan": [scan],
        "width": pa.array([width], pa.int32()),
        "height": pa.array([height], pa.int32()),
    }
    columns |= {"channels": pa.array(channels, pa.int32())} if channels else {}
    columns |= {} if region is None else {"region": [np.packbits(region).tobytes()]}
    columns["pixels"] = pa.LargeListArray.from_arrays([0, pixels.size], pa.array(pixels.ravel()))
    return _write_shard(shard(folder, scan_number), pa.table(columns))


def read_scan(folder: Place, scan_number: int) -> NDArray[np.uint16]:
    """A resized film [height, width] in density units, or in colour [height, width, 3]; BadInput: `opened_shard`."""
    return read_scan_and_region(folder, scan_number)[0]


def read_scan_and_region(folder: Place, scan_number: int) -> StoredScan:
    """What `read_scan` reads, and the region [height, width] that is kept with it: None where it is the breast."""
    with opened_shard(shard(folder, scan_number)) as stream, pq.ParquetFile(stream) as parquet:
        present = parquet.schema_arrow.names
        names = [name for name in SHAPE_OF_SCAN if name in present]
        table = parquet.read(columns=[name for name in (*names, "region", "pixels") if name in present])
        shape = [table[name][0].as_py() for name in names]
        pixels: NDArray[np.uint16] = table["pixels"].combine_chunks().flatten().to_numpy().reshape(shape)
        if "region" not in present:
            return pixels, None
        bits = np.unpackbits(np.frombuffer(table["region"][0].as_py(), np.uint8), count=prod(shape[:2]))
        return pixels, bits.view(np.bool_).reshape(shape[:2])


def write_patches(folder: Place, scan_number: int, rows: Sequence[dict[str, Any]], pixels: NDArray[np.uint16]) -> bytes:
    """Write a film's patches: rows of patch, scan, x, y, size, breast, overlap beside pixels [n, side, side], or
    [n, side, side, 3] in colour; the file's digest.

    Pixels are plain lists of side x side values, row by row: not every tool that opens Parquet knows Arrow's tensors.
    """
    table = pa.Table.from_pylist(list(rows), PATCH)
    shape = pixels.shape[1:]
    flat = pa.FixedSizeListArray.from_arrays(pa.array(pixels.ravel()), prod(shape))
    table = table.append_column("pixels", flat)
    if len(shape) > 2 or shape[0] != shape[1]:
        table = table.replace_schema_metadata({PATCH_SHAPE: json.dumps(shape)})
    return _write_shard(shard(folder, scan_number), table)


def read_patches(file: Place, chosen: Sequence[int]) -> NDArray[np.uint16]:
    """Pixels [n, side, side], or [n, side, side, 3] in colour, of chosen patches of one film, in the order asked for.

    BadInput as of `opened_shard`. Only their row groups are read, but for the first time in a process.
    """
    with opened_shard(file) as stream, pq.ParquetFile(stream) as parquet:
        table = parquet.read_row_groups(_row_groups(parquet, set(chosen)), columns=["patch", "pixels"])
        row_of = {patch: row for row, patch in enumerate(table["patch"].to_pylist())}
        flat: NDArray[np.uint16] = table["pixels"].combine_chunks().flatten().to_numpy()
        side = isqrt(table["pixels"].type.list_size)
        said = (parquet.schema_arrow.metadata or {}).get(PATCH_SHAPE)
        pixels = flat.reshape(-1, *(json.loads(said) if said else (side, side)))
        return pixels[[row_of[patch] for patch in chosen]]


def shard_digest(file: Place) -> bytes | None:
    """The digest of a shard; None where it is missing, or cannot be a Parquet file."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        pq.ParquetFile(pa.BufferReader(content)).close()
    except (OSError, pa.ArrowException):
        return None
    return content_digest(content)


def patch_rows(folder: Place) -> "str | ds.Dataset":
    """What is known of all patches of a folder, for DuckDB to read: a pattern of files, or what Arrow reads there.

    DuckDB reads files of its own machine four times as fast, and of a bucket only with an extension it must fetch.
    """
    if isinstance(folder, Path):
        return str(folder / "*.parquet")
    import pyarrow.dataset as ds  # it loads pandas, which workers would wait for

    filesystem, path = arrow_folder(folder)
    files = [f"{path}/{number:06d}.parquet" for number in sorted(finished_shards(folder))]
    return ds.dataset(files, schema=PATCH, filesystem=filesystem, format="parquet")


def _row_groups(parquet: pq.ParquetFile, chosen: set[int]) -> list[int]:
    """The row groups that may hold a chosen patch, by the least and greatest of each."""
    column = parquet.schema.names.index("patch")
    groups = []
    for group in range(parquet.num_row_groups):
        statistics = parquet.metadata.row_group(group).column(column).statistics
        if any(statistics.min <= patch <= statistics.max for patch in chosen):
            groups.append(group)
    return groups


def read_labelled(scans: dict[str, Any], folder: Place, answers: Sequence[str]) -> dict[str, Any]:
    """Patches of some films with their classes, as Ray Data passes them on; no torch, which takes workers seconds.

    A label that is not an answer of the network counts as the first, which is what is left of the others.
    """
    pixels: list[NDArray[np.uint16]] = []
    classes: list[int] = []
    for number, text in zip(scans["scan_number"], scans["labelled"], strict=True):
        patches, names = json.loads(text)
        pixels.append(read_patches(shard(folder, int(number)), patches))
        classes.extend(map(Classes(tuple(answers)).index, names))
    return {"pixels": np.concatenate(pixels), "class": np.array(classes, np.int64)}


def _write_shard(file: Place, table: pa.Table) -> bytes:
    written = pa.BufferOutputStream()
    pq.write_table(
        table,
        written,
        row_group_size=ROW_GROUP,
        compression="zstd",
        compression_level=1,
        use_dictionary=False,
        # Parquet stores 16 bits as 32, of which two bytes are empty and one is smooth: apart they take half the room.
        column_encoding={"pixels.list.element": "BYTE_STREAM_SPLIT"},
    )
    content = written.getvalue().to_pybytes()
    write_whole(file, content)
    return content_digest(content)
