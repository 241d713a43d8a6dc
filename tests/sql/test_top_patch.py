"""`top_patch`: the patches that activate a unit most."""

from typing import Any

import pytest

from tests import naive


@pytest.mark.parametrize(("top", "partitions"), [(64, ["test"]), (3, ["test"]), (200, ["train", "holdout"])])
def test_top_patch_equals_the_slow_definition(world: Any, top: int, partitions: list[str]) -> None:
    maxima: dict[int, dict[int, float]] = {}
    chosen = (
        "select activation.* from activation join patch using (patch) join scan using (scan) "
        "join partition using (patient)"
    )
    for row in world.rows(f"{chosen} where list_contains($partitions, partition)", partitions=partitions):
        maxima.setdefault(row["unit"], {})[row["patch"]] = row["maximum"]
    found: dict[int, list[int]] = {}
    rows = sorted(world.make("top_patch", top_patches=top, partitions=partitions), key=lambda row: row["rank"])
    for row in rows:
        patches = found.setdefault(row["unit"], [])
        patches.append(row["patch"])
        assert row["rank"] == len(patches) and row["maximum"] == maxima[row["unit"]][row["patch"]]
        assert row["map"] is None
    assert found == {unit: naive.top_patches(of_unit, top) for unit, of_unit in maxima.items()}
