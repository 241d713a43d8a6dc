"""What a network's answers to a run's patches become, whatever they were divided into."""

from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.network import probe as module
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import Checkpoint
from deepminer_ray.network.probe import Probe
from deepminer_ray.network.response import probabilities
from deepminer_ray.patches.ahead import ahead
from deepminer_ray.patches.breast import breast_mask, without_labels
from deepminer_ray.patches.shard import write_patches, write_scan
from deepminer_ray.stages import probe as stage
from deepminer_ray.stages.probe import probe_batches, together

SIDE = 64
SCANS = [(number, [number * 65536 + place for place in range(count)]) for number, count in enumerate((3, 21, 1, 40))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four films of random patches, of which the first is a scan too."""
    chance = np.random.default_rng(0)
    for number, patches in SCANS:
        rows = [
            {"patch": patch, "scan": f"scan_{number}", "x": 0, "y": 0, "size": SIDE, "breast": 1.0, "overlap": []}
            for patch in patches
        ]
        write_patches(tmp_path / "patch", number, rows, chance.integers(0, 30_000, (len(rows), SIDE, SIDE), np.uint16))
    write_scan(tmp_path / "scan", 0, "scan_0", chance.integers(0, 30_000, (256, 256), np.uint16))
    return tmp_path


@pytest.fixture
def probe() -> Probe:
    """A network with weights of chance."""
    torch.manual_seed(0)
    network, _ = build("squeezenet1_1")
    return Probe(Checkpoint(network.eval(), SIDE, "imagenet", "hash"))


def values(table: pa.Table, *names: str) -> list[np.ndarray]:
    return [table[name].to_numpy() for name in names]


def test_patches_keep_their_order_and_other_batches_agree(
    probe: Probe, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = list(chain.from_iterable(patches for _, patches in SCANS))
    found = {}
    for size in (16, 7, 1):
        monkeypatch.setattr(module, "PATCHES_AT_ONCE", size)
        tables = found[size] = probe.patches(ahead("patches", SCANS, folder))
        assert tables["activation"]["patch"].to_pylist()[:: probe.network.units] == wanted
        assert sum(tables["histogram"]["count"].to_pylist()) == len(wanted) * probe.network.units * 9
    for size in (7, 1):
        for table, names in {"activation": ("maximum", "mean"), "prediction": ("probability",)}.items():
            for ours, others in zip(values(found[16][table], *names), values(found[size][table], *names), strict=True):
                np.testing.assert_allclose(ours, others, rtol=1e-5, atol=1e-5)


def test_batches_follow_the_patches_and_are_sized_by_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "ROWS_A_BATCH", 1_000)
    monkeypatch.setattr(stage, "BATCHES_AT_LEAST", 1)
    for units, size in ((10, 64), (100, 10), (5_000, 1)):
        batches = probe_batches(SCANS, units)
        counts = [sum(len(patches) for _, patches in batch) for batch in batches]
        assert set(counts[:-1]) <= {size} and 0 < counts[-1] <= size
        assert [patch for batch in batches for _, patches in batch for patch in patches] == [
            patch for _, patches in SCANS for patch in patches
        ]
    assert probe_batches([], 512) == []
    monkeypatch.setattr(stage, "PATCHES_A_BATCH", 40)
    assert [sum(len(patches) for _, patches in batch) for batch in probe_batches(SCANS, 10)] == [32, 32, 1]


def test_mammograms_of_a_batch_are_answered_one_by_one(probe: Probe, folder: Path) -> None:
    scans = [("another", 0), ("scan_0", 0)]
    alone, both = (probe.scans(ahead("scans", asked, folder)) for asked in (scans[1:], scans))
    assert both.keys() == alone.keys()
    for table, rows in both.items():
        assert rows.num_rows == 2 * alone[table].num_rows
        assert rows.slice(alone[table].num_rows).equals(alone[table]), table


@pytest.mark.parametrize(("scans", "sizes"), [(0, []), (3, [1] * 3), (40, [3] * 13 + [1]), (300, [16] * 18 + [12])])
def test_mammograms_are_shared_among_batches(scans: int, sizes: list[int]) -> None:
    listed = [(f"scan_{number}", number) for number in range(scans)]
    batches = together(listed)
    assert [len(batch) for batch in batches] == sizes
    assert [scan for batch in batches for scan in batch] == listed


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_answers_that_are_no_numbers_are_refused_by_name(probe: Probe, folder: Path, value: float) -> None:
    with torch.no_grad():
        next(probe.network.features.parameters()).fill_(value)
    with pytest.raises(BadInput, match=r"patch 0 "):
        probe.patches(ahead("patches", SCANS, folder))
    with pytest.raises(BadInput, match="scan_0"):
        probe.scans(ahead("scans", [("scan_0", 0)], folder))


def test_answers_that_are_no_numbers_are_refused_after_the_layer_probed_too(probe: Probe, folder: Path) -> None:
    early = Probe(Checkpoint(probe.network, SIDE, "imagenet", "hash"), layer="features.3")
    with torch.no_grad():
        list(probe.network.features.parameters())[-1].fill_(float("nan"))
    with pytest.raises(BadInput, match=r"patch 0 "):
        early.patches(ahead("patches", SCANS, folder))
    with pytest.raises(BadInput, match="scan_0"):
        early.scans(ahead("scans", [("scan_0", 0)], folder))


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "densenet121", "shufflenet_v2_x0_5"])
@pytest.mark.parametrize(("x", "y"), [(100, 150), (131, 203), (90, 230)])
def test_what_a_lesion_changes_peaks_within_a_stride_of_it(name: str, x: int, y: int) -> None:
    """One pass over a whole film with and without a lesion: the maps differ most where it lies."""
    torch.manual_seed(0)
    whole = Probe(Checkpoint(build(name)[0].eval(), 64, "imagenet", ""))
    rows, columns = np.mgrid[:384, :256]
    pixels = np.where((columns / 200) ** 2 + ((rows - 192) / 170) ** 2 < 1, 18_000, 30_000).astype(np.uint16)
    with_lesion = pixels.copy()
    with_lesion[(columns - x) ** 2 + (rows - y) ** 2 < 8**2] = 8_000
    before, after = (whole.scan_responses(one)[1].maps[0] for one in (pixels, with_lesion))
    changed = (after - before).abs().sum(0).numpy()
    down, across = np.unravel_index(changed.argmax(), changed.shape)
    where = whole.last_geometry
    assert abs(where.offset + across * where.stride - x) <= where.stride
    assert abs(where.offset + down * where.stride - y) <= where.stride


def test_a_scan_of_one_patch_is_answered_as_the_patch_is(probe: Probe) -> None:
    """The fully convolutional pass and the patch network are one and the same."""
    patch = np.random.default_rng(1).normal(15_000, 300, (SIDE, SIDE)).astype(np.uint16)
    assert (without_labels(patch, breast_mask(patch)) == patch).all(), "breast all over: nothing is a label"
    tables = probe.patches([((0, [7]), patch[np.newaxis])])
    whole = probe.scan_responses(patch)[1]
    np.testing.assert_array_equal(whole.maximum[0], tables["activation"]["maximum"].to_numpy())
    np.testing.assert_array_equal(whole.mean[0], tables["activation"]["mean"].to_numpy())
    np.testing.assert_array_equal(
        probabilities(probe.network, whole)[0], tables["prediction"]["probability"].to_numpy()
    )
