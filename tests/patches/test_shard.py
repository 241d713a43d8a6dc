"""Patches in Parquet are opened by every tool that analysts use, without this package."""

import json
from pathlib import Path
from typing import Any

import datasets
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from deepminer_ray.patches.shard import (
    PATCH,
    ROW_GROUP,
    finished_shards,
    read_patches,
    read_scan,
    shard,
    write_patches,
    write_scan,
)

SIDE = 8
PIXELS = np.random.default_rng(0).integers(0, 65536, (5, SIDE, SIDE), dtype=np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two films: three patches of film 3 and two of film 7."""
    for number, chosen in ((3, PIXELS[:3]), (7, PIXELS[3:])):
        rows: list[dict[str, Any]] = [
            {
                "patch": number * 65536 + place,
                "scan": f"scan {number}",
                "x": 10 * place,
                "y": 0,
                "size": 100,
                "breast": 0.75,
                "overlap": [{"lesion": "a#1", "cover": 0.5, "within": 1.0}][: place % 2],
            }
            for place in range(len(chosen))
        ]
        write_patches(tmp_path, number, rows, chosen)
    return tmp_path


def test_patches_come_back_in_the_order_asked_for(folder: Path) -> None:
    assert finished_shards(folder) == {3, 7}
    found = read_patches(shard(folder, 3), [3 * 65536 + 2, 3 * 65536])
    assert (found == PIXELS[[2, 0]]).all()


def test_only_row_groups_of_chosen_patches_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (3 * ROW_GROUP + 1, SIDE, SIDE), dtype=np.uint16)
    row = {"scan": "a", "x": 0, "y": 0, "size": 1, "breast": 1.0, "overlap": []}
    write_patches(tmp_path, 1, [row | {"patch": 100 + place} for place in range(len(pixels))], pixels)
    read: list[list[int]] = []
    whole = pq.ParquetFile.read_row_groups

    def noted(parquet: pq.ParquetFile, groups: list[int], **options: Any) -> pa.Table:
        read.append(groups)
        return whole(parquet, groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", noted)
    chosen = [3 * ROW_GROUP, 0, ROW_GROUP - 1]
    found = read_patches(shard(tmp_path, 1), [100 + place for place in chosen])
    assert (found == pixels[chosen]).all()
    assert read == [[0, 3]]
    assert read_patches(shard(tmp_path, 1), []).shape == (0, SIDE, SIDE)


def as_images(values: Any) -> NDArray[np.uint16]:
    return np.stack([np.asarray(value, np.uint16).reshape(SIDE, SIDE) for value in values])


def test_duckdb_opens_them(folder: Path) -> None:
    rows = duckdb.sql(f"select patch, pixels, overlap from '{folder}/*.parquet' order by patch").fetchall()
    assert (as_images([row[1] for row in rows]) == PIXELS).all()
    assert rows[1][2] == [{"lesion": "a#1", "cover": 0.5, "within": 1.0}]


def test_polars_opens_them(folder: Path) -> None:
    table = pl.read_parquet(folder / "*.parquet").sort("patch")
    assert (as_images(table["pixels"].to_list()) == PIXELS).all()


def test_pandas_opens_them(folder: Path) -> None:
    table = pd.read_parquet(folder).sort_values("patch")
    assert (as_images(table["pixels"]) == PIXELS).all()


def test_arrow_opens_them(folder: Path) -> None:
    table = ds.dataset(folder).to_table().sort_by("patch").combine_chunks()
    assert (table["pixels"].combine_chunks().flatten().to_numpy().reshape(PIXELS.shape) == PIXELS).all()


def test_hugging_face_datasets_opens_them(folder: Path, tmp_path: Path) -> None:
    files = sorted(str(file) for file in folder.glob("*.parquet"))
    opened = datasets.Dataset.from_parquet(files, cache_dir=str(tmp_path / "cache"))
    assert (as_images(opened.sort("patch")["pixels"]) == PIXELS).all()


def test_a_scan_comes_back_whole(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    write_scan(tmp_path, 5, "scan", pixels)
    assert (read_scan(tmp_path, 5) == pixels).all()
    ((values, width),) = duckdb.sql(f"select pixels, width from '{shard(tmp_path, 5)}'").fetchall()
    assert np.reshape(values, (-1, width)).tolist() == pixels.tolist()


@settings(deadline=None)
@given(st.data())
def test_what_is_in_colour_comes_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("colour")
    height, width, side = (data.draw(st.integers(1, 9)) for _ in range(3))
    pixels = data.draw(arrays(np.uint16, (height, width, 3)))
    write_scan(folder, 1, "a", pixels)
    back = read_scan(folder, 1)
    assert back.shape == pixels.shape and (back == pixels).all()
    patches = data.draw(arrays(np.uint16, (data.draw(st.integers(0, 6)), side, side, 3)))
    row = {"scan": "a", "x": 0, "y": 0, "size": 1, "breast": 1.0, "overlap": []}
    write_patches(folder / "patch", 1, [row | {"patch": number} for number in range(len(patches))], patches)
    chosen = data.draw(st.permutations(range(len(patches))))
    again = read_patches(shard(folder / "patch", 1), chosen)
    assert again.shape == patches.shape and (again == patches[list(chosen)]).all()


def test_other_tools_see_the_layout_of_what_is_in_colour(tmp_path: Path) -> None:
    """Row by row, red, green and blue of each pixel one after the other."""
    pixels = np.random.default_rng(0).integers(0, 65536, (3, SIDE, SIDE, 3), dtype=np.uint16)
    row = {"scan": "a", "x": 0, "y": 0, "size": 1, "breast": 1.0, "overlap": []}
    write_patches(tmp_path / "patch", 1, [row | {"patch": number} for number in range(3)], pixels)
    write_scan(tmp_path, 1, "a", pixels[0])
    file = shard(tmp_path / "patch", 1)
    seen = duckdb.sql(f"select pixels from '{file}' order by patch").fetchall()
    ((said,),) = duckdb.sql(f"select decode(value) from parquet_kv_metadata('{file}') where key = 'shape'").fetchall()
    assert json.loads(said) == [SIDE, SIDE, 3]
    assert (np.reshape([values for (values,) in seen], (-1, SIDE, SIDE, 3)) == pixels).all()
    query = f"select pixels, height, width, channels from '{shard(tmp_path, 1)}'"
    ((values, *shape),) = duckdb.sql(query).fetchall()
    assert (np.reshape(values, shape) == pixels[0]).all()


def of_earlier_versions(table: pa.Table) -> bytes:
    """A shard as it was written before there were any in colour."""
    stream = pa.BufferOutputStream()
    how = {"compression": "zstd", "compression_level": 1, "use_dictionary": False, "row_group_size": ROW_GROUP}
    pq.write_table(table, stream, column_encoding={"pixels.list.element": "BYTE_STREAM_SPLIT"}, **how)
    content: bytes = stream.getvalue().to_pybytes()
    return content


def test_grey_shards_are_those_of_earlier_versions_to_the_bit(tmp_path: Path) -> None:
    """Digests are compared."""
    row = {"scan": "a", "x": 0, "y": 0, "size": 1, "breast": 1.0, "overlap": []}
    rows = [row | {"patch": number} for number in range(len(PIXELS))]
    write_patches(tmp_path / "patch", 1, rows, PIXELS)
    flat = pa.FixedSizeListArray.from_arrays(pa.array(PIXELS.ravel()), SIDE * SIDE)
    expected = pa.Table.from_pylist(rows, PATCH).append_column("pixels", flat)
    assert Path(str(shard(tmp_path / "patch", 1))).read_bytes() == of_earlier_versions(expected)
    write_scan(tmp_path, 1, "a", PIXELS[0, :5])
    numbers = {name: pa.array([value], pa.int32()) for name, value in (("width", SIDE), ("height", 5))}
    pixels = pa.LargeListArray.from_arrays([0, 5 * SIDE], pa.array(PIXELS[0, :5].ravel()))
    first = {"scan_number": pa.array([1], pa.int32()), "scan": ["a"]}
    expected = pa.table(first | numbers | {"pixels": pixels})
    assert Path(str(shard(tmp_path, 1))).read_bytes() == of_earlier_versions(expected)
