"""`probe` of another layer and in half precision, on real films and with a network of chance."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save
from deepminer_ray.network.geometry import LayerToo
from deepminer_ray.network.probe import Probe
from deepminer_ray.patches.shard import read_patches, shard
from deepminer_ray.run import Run
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank

SIDE, LAYER = 64, "features.6"


@pytest.fixture(scope="module")
def run(ray: object, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three patients probed with a network of chance."""
    run = Run.created(tmp_path_factory.mktemp("run") / "run")
    catalog(run, str(phantoms))
    partition(run)
    cut(run, side=SIDE)
    torch.manual_seed(0)
    network, _ = build("squeezenet1_1")
    save(run.folder / "checkpoint" / "network.pt", network, SIDE, "imagenet")
    probe(run, partitions=["all"])
    return run


def answers(run: Run, table: str) -> list[dict[str, Any]]:
    """Rows in a fixed order."""
    rows: list[dict[str, Any]] = run.ask(f"from {table} order by all").to_pylist()
    return rows


@pytest.fixture
def copied(run: Run, tmp_path: Path) -> Run:
    return Run(shutil.copytree(run.folder, tmp_path / "run"))


def test_another_layer_is_stored_and_has_no_influence(run: Run, copied: Run) -> None:
    probe(copied, partitions=["all"], layer=LAYER, again=True)
    for table in ("prediction", "scan_prediction"):
        assert answers(copied, table) == answers(run, table), "the network answers as before"
    assert all(copied.ask(f"from {table}").num_rows == 0 for table in ("evidence", "weight", "bias"))
    (layer,) = answers(copied, "layer")
    loaded = load(copied.folder)
    film = copied.rows("probe_patch", partitions=["train", "test", "holdout"])[0]
    pixels = read_patches(shard(copied.folder / "patch", film["scan_number"]), film["patches"][:4])
    answering = Probe(loaded, copied.folder)
    with torch.inference_mode():
        maps = LayerToo(loaded.network.features, LAYER)(answering.image(pixels))[0]
    height, width = maps.shape[2:]
    assert (layer["name"], layer["map_height"], layer["map_width"]) == (LAYER, height, width)
    found = copied.ask(
        f"from activation where patch in ({', '.join(map(str, film['patches'][:4]))}) order by patch, unit"
    )
    np.testing.assert_allclose(found["maximum"].to_numpy(), maps.amax((2, 3)).flatten().numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found["mean"].to_numpy(), maps.mean((2, 3)).flatten().numpy(), rtol=1e-5, atol=1e-5)
    assert copied.audit() == {}
    evaluate(copied, ["all"])
    with pytest.raises(BadInput, match=f"Only units of the last layer have influence, and {LAYER} was probed"):
        rank(copied, partitions=["all"])
    with pytest.raises(BadInput, match="finished with"):
        probe(copied, partitions=["all"])


def test_half_precision_is_close_and_never_mixed_with_full(run: Run, copied: Run) -> None:
    with pytest.raises(BadInput, match="finished with"):
        probe(copied, partitions=["all"], half=True)
    probe(copied, partitions=["all"], half=True, again=True)
    full, half = (one.ask("from activation order by unit, patch")["maximum"].to_numpy() for one in (run, copied))
    assert not np.array_equal(full, half)
    np.testing.assert_allclose(half, full, rtol=0.02, atol=0.02 * full.max())
    assert copied.audit() == {}


def test_a_gpu_that_is_not_there_is_one_sentence(copied: Run) -> None:
    with pytest.raises(BadInput, match="Ray sees no GPU here"):
        probe(copied, partitions=["all"], gpu=True, again=True)


def test_a_layer_that_is_not_there_is_one_sentence(copied: Run) -> None:
    with pytest.raises(BadInput, match=r"no layer features\.99"):
        probe(copied, partitions=["all"], layer="features.99", again=True)
