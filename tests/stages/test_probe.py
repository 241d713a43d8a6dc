"""`probe` of another layer and in half precision, on real films and with a network of chance."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save
from deepminer_ray.network.geometry import LayerAndLast
from deepminer_ray.network.probe import Probe
from deepminer_ray.patches.shard import read_patches, shard
from deepminer_ray.report.summary import summary
from deepminer_ray.stages import probe as stage
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.workers import stream
from deepminer_ray.workers.cluster import KEEP_MEMORY
from tests.domains import CANCER_OR_NOT, THREE_CLASSES

SIDE, LAYER = 64, "features.6"


@pytest.fixture(scope="module")
def run(ray: object, ranked: Run) -> Run:
    """Three patients probed with a network of chance."""
    return ranked


def answers(run: Run, table: str) -> list[dict[str, Any]]:
    """Rows in a fixed order."""
    rows: list[dict[str, Any]] = run.ask(f"from {table} order by all").to_pylist()
    return rows


def same(one: Run, other: Run, table: str) -> bool:
    """Whether a table of two runs holds the same rows."""
    answered: list[pa.Table] = [each.ask(f"from {table} order by all") for each in (one, other)]
    return answered[0].num_rows > 0 and answered[0].equals(answered[1])


@pytest.fixture
def copied(run: Run, tmp_path: Path) -> Run:
    return Run(shutil.copytree(run.folder, tmp_path / "run"))


def test_several_workers_and_stores_hold_what_a_process_without_any_does(
    ray: Any, run: Run, copied: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was probed without workers. Batches are shared by number, every question goes to all the files, and
    workers keep memory."""
    monkeypatch.setattr(stream, "BATCHES_A_STORE", 8)
    files: list[list[Path]] = []
    environments: list[str] = []

    def watched(actors: Sequence[Any], *more: Any) -> Iterator[dict[str, float]]:
        environ = Path("/proc/self/environ")  # as the C library found it
        environments.extend(ray.get([actor.__ray_call__.remote(lambda _: environ.read_text()) for actor in actors]))
        return answered(actors, *more)

    answered, merged = stream.answered, stage.merge
    monkeypatch.setattr(stream, "answered", watched)
    monkeypatch.setattr(stage, "merge", lambda *given: (files.append(given[2]), merged(*given)))
    probe(copied, partitions=["all"], workers=9, again=True)  # more than fit: nobody waits for them
    assert len(files[0]) > 2
    for table in ("activation", "prediction", "response", "scan_prediction", "evidence", "histogram"):
        assert same(copied, run, table), table
    assert copied.audit() == {}
    assert len(environments) == stream.actors_that_fit(ray) < 9
    for environment in environments:
        assert {f"{name}={value}" for name, value in KEEP_MEMORY.items()} <= set(environment.split("\0"))


@pytest.mark.parametrize(("batches", "stores"), [(0, 1), (1, 1), (127, 1), (128, 2), (915, 8), (100_000, 8)])
def test_batches_alone_say_how_many_stores_there_are(batches: int, stores: int) -> None:
    assert stream.stores_for(batches) == stores


def test_a_network_of_other_classes_is_refused(run: Run, tmp_path: Path) -> None:
    network, _ = build("squeezenet1_1", classes=("none", "some", "many", "all"))
    save(tmp_path / "other.pt", network, SIDE, "imagenet")
    with pytest.raises(
        BadInput, match="tells none, some, many, all apart, this run has normal, benign, malignant; or "
    ):
        probe(run, checkpoint=str(tmp_path / "other.pt"), workers=0, again=True)


def test_another_layer_is_stored_and_has_no_influence(run: Run, copied: Run) -> None:
    probe(copied, partitions=["all"], layer=LAYER, workers=0, again=True)
    for table in ("prediction", "scan_prediction"):
        assert same(copied, run, table), "the network answers as before"
    assert all(copied.ask(f"from {table}").num_rows == 0 for table in ("evidence", "weight", "bias"))
    (layer,) = answers(copied, "layer")
    loaded = load(copied.folder)
    row = copied.rows("probe_patch", partitions=["train", "test", "holdout"])[0]
    pixels = read_patches(shard(copied.folder / "patch", row["scan_number"]), row["patches"][:4])
    answering = Probe(loaded)
    with torch.inference_mode():
        maps = LayerAndLast(loaded.network.features, LAYER)(answering.image(pixels))[0]
    height, width = maps.shape[2:]
    assert (layer["name"], layer["map_height"], layer["map_width"]) == (LAYER, height, width)
    found = copied.ask(
        f"from activation where patch in ({', '.join(map(str, row['patches'][:4]))}) order by patch, unit"
    )
    np.testing.assert_allclose(found["maximum"].to_numpy(), maps.amax((2, 3)).flatten().numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found["mean"].to_numpy(), maps.mean((2, 3)).flatten().numpy(), rtol=1e-5, atol=1e-5)
    assert copied.audit() == {}
    evaluate(copied, partitions=["all"])
    with pytest.raises(BadInput, match=f"Only units of the last layer have influence, and {LAYER} was probed"):
        rank(copied, partitions=["all"])
    with pytest.raises(BadInput, match="finished with"):
        probe(copied, partitions=["all"])


@pytest.mark.slow
def test_half_precision_is_close_and_never_mixed_with_full(run: Run, copied: Run) -> None:
    """And what is explained afterwards is what was probed, in the precision of then."""
    with pytest.raises(BadInput, match="finished with"):
        probe(copied, partitions=["all"], half=True)
    probe(copied, partitions=["all"], half=True, again=True)
    full, half = (one.ask("from activation order by unit, patch")["maximum"].to_numpy() for one in (run, copied))
    assert not np.array_equal(full, half)
    np.testing.assert_allclose(half, full, rtol=0.02, atol=0.02 * full.max())
    assert copied.audit() == {}
    with copied.appending() as tables:
        tables.connection.execute(
            "update partition set partition = 'holdout' where patient = (select min(patient) from partition)"
        )
    rank(copied, partitions=["all"], ranked=4)
    explain(copied, partitions=["holdout"])
    shown = copied.ask("from scan_map join response using (scan, unit)").to_pylist()
    assert len({row["scan"] for row in shown}) == 4
    assert all(max(row["map"]) == row["maximum"] for row in shown)


def test_a_gpu_that_is_not_there_is_one_sentence(copied: Run) -> None:
    with pytest.raises(BadInput, match="Ray sees no GPU here"):
        probe(copied, partitions=["all"], gpu=True, again=True)
    with pytest.raises(BadInput, match="Ray hands out GPUs to workers"):
        probe(copied, partitions=["all"], gpu=True, workers=0, again=True)


def test_a_network_that_takes_maxima_has_ledgers_of_maxima(run: Run, copied: Run, tmp_path: Path) -> None:
    """Its terms add up to its probabilities (an audit), are influences of patches, and the means do not add up."""
    network = load(run.folder).network
    network.pool = "max"
    save(tmp_path / "network.pt", network, SIDE, "imagenet")
    probe(copied, checkpoint=str(tmp_path / "network.pt"), partitions=["all"], workers=0, again=True)
    assert copied.audit() == {}
    (patch,) = copied.ask("select max(patch) as patch from activation").to_pylist()
    for name in THREE_CLASSES.names:
        terms = copied.ask(f"from patch_ledger({patch['patch']}, '{name}') where unit is not null order by unit")
        maxima = copied.ask(f"from activation where patch = {patch['patch']} order by unit")
        assert terms["pooled"].to_pylist() == maxima["maximum"].to_pylist() != maxima["mean"].to_pylist()
    with copied.appending() as tables:
        tables.connection.execute("update layer set pool = 'avg'")
    assert "ledger_not_probability" in copied.audit()


def test_a_layer_that_is_not_there_is_one_sentence(copied: Run) -> None:
    with pytest.raises(BadInput, match=r"no layer features\.99"):
        probe(copied, partitions=["all"], layer="features.99", again=True)


def test_a_network_for_malignant_or_not_is_probed_evaluated_and_ranked(run: Run, copied: Run, tmp_path: Path) -> None:
    """What is not malignant is the rest of it everywhere: in decisions, evidence, areas, confusion and ranks."""
    torch.manual_seed(1)
    network, _ = build("squeezenet1_1", classes=CANCER_OR_NOT.names)
    save(tmp_path / "network.pt", network, SIDE, "imagenet")
    probe(copied, checkpoint=str(tmp_path / "network.pt"), partitions=["all"], workers=0, again=True)
    for table in ("prediction", "scan_prediction", "weight", "bias", "evidence"):
        assert {row["class"] for row in answers(copied, f"(select class from {table})")} == set(CANCER_OR_NOT.names)
    for row in answers(copied, "(select scan, sum(probability) as whole from scan_prediction group by scan)"):
        assert row["whole"] == pytest.approx(1)
    evaluate(copied, partitions=["all"])
    labels = {
        row["class"]: row["patches"]
        for row in answers(copied, "(select class, count(*) patches from label group by class)")
    }
    of_patches = {
        row["class"]: row for row in answers(copied, "(select * exclude (partition) from auc where level = 'patch')")
    }
    assert of_patches["not_malignant"]["positives"] == labels["normal"] + labels["benign"]
    assert of_patches["malignant"]["positives"] == labels["malignant"] == of_patches["not_malignant"]["negatives"]
    assert of_patches["malignant"]["auc"] == pytest.approx(of_patches["not_malignant"]["auc"], abs=1e-9)
    assert {row["decided"] for row in answers(copied, "confusion")} <= set(CANCER_OR_NOT.names)
    assert {row["against"] for row in answers(copied, "measure")} == {"rest"}
    rank(copied, partitions=["all"], workers=0)
    assert {row["class"] for row in answers(copied, "coverage")} == set(CANCER_OR_NOT.names)
    said = summary(copied)
    assert all(re.search(rf"^AUC .* {name} \d\.\d", said, re.MULTILINE) for name in CANCER_OR_NOT.names), said
    effects = answers(copied, "unit_effect(['train', 'test', 'holdout'])")
    assert {row["class"] for row in effects} == set(CANCER_OR_NOT.names)
    by_unit = {(row["class"], row["unit"]): row["ablation"] for row in effects}
    for (name, unit), ablation in by_unit.items():
        if name == "malignant":
            assert ablation == pytest.approx(-by_unit["not_malignant", unit], abs=1e-9), (
                "what one gains the other loses"
            )
    assert copied.audit() == {}
