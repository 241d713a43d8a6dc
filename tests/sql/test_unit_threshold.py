"""`unit_threshold`: the quantile of all cells of a unit's maps, within one bin of the histogram."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from deepminer_ray.network.response import BINS_PER_OCTAVE, histogram
from tests import naive

BIN = 2 ** (1 / BINS_PER_OCTAVE)
ROUNDING = 1e-5


def thresholds(run: Any, maps: np.ndarray[Any, np.dtype[np.float32]], share: float | None) -> dict[int, float]:
    """The threshold of each unit of maps [n, units, h, w], counted as probing counts them."""
    counts = histogram(torch.from_numpy(maps))
    unit, level = counts.nonzero()
    run.connection.execute("delete from histogram")
    run.fill(
        "histogram",
        [
            {"unit": int(u), "bin": int(b), "count": int(n)}
            for u, b, n in zip(unit, level, counts[unit, level], strict=True)
        ],
    )
    rows = run.rows("from unit_threshold()") if share is None else run.rows("from unit_threshold($share)", share=share)
    assert all(row["cells"] == maps[:, 0].size for row in rows)
    return {row["unit"]: row["threshold"] for row in rows}


@pytest.mark.parametrize("share", [None, 0.001, 0.25])
def test_thresholds_are_numpys_quantiles_within_a_bin(run: Any, share: float | None) -> None:
    chance = np.random.default_rng(3)
    maps = np.maximum(chance.normal(0, [[[[0.01]], [[1.0]], [[300.0]]]], (400, 3, 7, 7)), 0).astype(np.float32)
    found = thresholds(run, maps, share)
    assert sorted(found) == [0, 1, 2]
    for unit, threshold in found.items():
        exact = np.quantile(maps[:, unit], 1 - (share or 0.005), method="inverted_cdf")
        assert exact * (1 - ROUNDING) <= threshold <= exact * BIN * (1 + ROUNDING)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=some.lists(some.sampled_from([-1.0, 0.0, 1e-5, 0.7, 0.71, 3.0, 40.0]), min_size=1, max_size=30),
    share=some.sampled_from([0.0, 0.1, 0.5, 0.9]),
)
def test_thresholds_are_those_of_the_sorted_cells(run: Any, cells: Sequence[float], share: float) -> None:
    maps = np.array(cells, np.float32).reshape(-1, 1, 1, 1)
    exact = naive.exceeded_by(cells, share)
    threshold = thresholds(run, maps, share)[0]
    if exact <= 0:
        assert threshold == 0
    else:
        assert exact * (1 - ROUNDING) <= threshold <= max(exact, 2.0**-16) * BIN * (1 + ROUNDING)
    assert sum(cell > threshold for cell in cells) <= share * len(cells)


def test_a_unit_beyond_the_last_bin_has_no_threshold_that_holds(run: Any) -> None:
    assert thresholds(run, np.full((2, 1, 2, 2), 1e6, np.float32), None) == {0: float("inf")}
