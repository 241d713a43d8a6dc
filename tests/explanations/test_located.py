"""Explained scans are made of their rows and of maps that come in any order, a few at a time."""

import numpy as np
import pyarrow as pa
import pytest

from deepminer_ray.explanations.located import located_scans
from deepminer_ray.explanations.overlap import Raster, outlined
from deepminer_ray.patches.grid import scan_size
from deepminer_ray.units.receptive_field import Geometry

SCANS = [("A", 600, 400, [7, 3]), ("B", 600, 400, [3, 7, 9]), ("C", 900, 500, [1])]
"""Scan, rows, columns, units by rank."""
SIDE, STRIDE, OFFSET = 64, 16, 7.5


def rings(chance: np.random.Generator, number: int) -> list[list[dict[str, int]]]:
    return [[{"x": int(x), "y": int(y)} for x, y in chance.integers(0, 400, (5, 2))] for _ in range(number)]


@pytest.fixture
def rows() -> pa.Table:
    chance = np.random.default_rng(0)
    made = []
    for place, (scan, height, width, units) in enumerate(SCANS):
        peaks = [{"x": x, "y": y} for x, y in chance.uniform(0, 256, (len(units), 2))]
        made.append(
            {"scan": scan, "patient": f"P{place}", "pathology": "benign", "rows": height, "columns": width}
            | {
                "side": SIDE,
                "patches_across": 4,
                "whole": None,
                "stride": STRIDE,
                "offset": OFFSET,
                "units": units,
                "peaks": peaks,
            }
            | {"patches_across": 4, "whole": None}
            | {"rings": rings(chance, place + 1)}
        )
    return pa.Table.from_pylist(made)


def maps(chance: np.random.Generator) -> list[dict[str, object]]:
    """Of every film, of a unit that is not among its first, and of a film that is not asked for."""
    made: list[dict[str, object]] = []
    for scan, height, width, units in [*SCANS, ("D", 600, 400, [7])]:
        columns, down = (px // STRIDE for px in scan_size(height, width, SIDE))
        for unit in (None, *units, 99):
            cells = chance.random(columns * down, np.float32) ** 4
            made.append({"scan": scan, "unit": unit, "map": cells.tolist(), "columns": columns, "rows": down})
    return made


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_every_map_is_laid_on_its_own_scan(rows: pa.Table, at_once: int) -> None:
    chance = np.random.default_rng(at_once)
    made = maps(chance)
    order = chance.permutation(len(made))
    schema = pa.schema(
        [("scan", pa.string()), ("unit", pa.int32()), ("map", pa.list_(pa.float32()))]
        + [(name, pa.int32()) for name in ("columns", "rows")]
    )
    some = pa.Table.from_pylist([made[place] for place in order], schema)
    found = located_scans(rows, some.to_batches(at_once))
    by_name = {(row["scan"], row["unit"]): row for row in made}
    for one, row, (scan, height, width, units) in zip(found, rows.to_pylist(), SCANS, strict=True):
        size = scan_size(height, width, SIDE)
        slow = [by_name[scan, unit] for unit in (None, *units)]
        cells = [np.array(of["map"], np.float32).reshape(of["rows"], of["columns"]) for of in slow]
        high = [Raster().high([of], Geometry(STRIDE, 0, OFFSET), *size)[:, 0] for of in cells]
        assert (np.column_stack([one.activated, one.maps]) == np.array(high).T).all()
        shares = [np.array([[at["x"] + 0.5, at["y"] + 0.5] for at in ring]) / (width, height) for ring in row["rings"]]
        assert len(one.rings) == len(shares) and (np.array(one.rings) == np.array(shares)).all()
        assert (one.outline == outlined(shares)).all() and one.owner == (row["patient"], "benign")
        assert (one.peaks == np.array([[at["x"], at["y"]] for at in row["peaks"]]) / size).all()


def test_a_map_that_never_comes_is_nowhere_high_and_no_scan_is_none(rows: pa.Table) -> None:
    found = located_scans(rows, [])
    assert [one.maps.shape[1] for one in found] == [2, 3, 1] and not any(one.maps.any() for one in found)
    assert located_scans(rows.slice(0, 0), []) == []
