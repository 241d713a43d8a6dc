"""The chain with its source, its pixels and its checkpoint in a bucket gives what it gives on a disk."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput, Unreachable
from deepminer_ray.files.location import Remote, write_whole
from deepminer_ray.stages import train as stage
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.train import train
from tests.bucket import Between, put

pytestmark = pytest.mark.nodes

CUT = ("scan", "lesion", "rejected", "repair", "patch", "overlap", "label")
PROBED = ("activation", "prediction", "response", "scan_prediction", "evidence", "histogram", "layer", "weight", "bias")
HAVE_FILES = ("scan", "rejected", "repair")


def same(made: Run, expected: Run, table: str) -> bool:
    """Whether two runs agree on a table, wherever their files lie."""
    wanted = f"from {table} order by all"
    if table in HAVE_FILES:
        wanted = f"select * replace (parse_filename(file) as file) from {table} order by all"
    return made.ask(wanted).equals(expected.ask(wanted))


BUCKETS = pytest.mark.parametrize("kind", ["bucket", "google_bucket"])
TRAINING: dict[str, Any] = {"network": "squeezenet1_1", "weights": "none", "epochs": 2, "batch": 8}


@BUCKETS
def test_source_pixels_and_checkpoint_may_lie_in_a_bucket(
    kind: str, request: pytest.FixtureRequest, ranked: Run, phantoms: Path, tmp_path: Path
) -> None:
    bucket = request.getfixturevalue(kind)
    put(phantoms, bucket / "ddsm")
    run = Run.created(tmp_path / "run")
    catalog(run, str(bucket / "ddsm"))
    partition(run)
    cut(run, side=64, storage=str(bucket / "run"))
    assert [table for table in CUT if not same(run, ranked, table)] == []
    assert not (run.folder / "patch").exists() and not (run.folder / "scan").exists()
    checkpoint = bucket / "elsewhere" / "network.pt"
    write_whole(checkpoint, (ranked.folder / "checkpoint" / "network.pt").read_bytes())
    probe(run, checkpoint=str(checkpoint), partitions=["all"])
    assert [table for table in PROBED if not same(run, ranked, table)] == []
    assert run.audit() == {}


@pytest.fixture(scope="module")
def trained(ray: object, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Trained on a disk."""
    run = Run.created(tmp_path_factory.mktemp("trained") / "run")
    catalog(run, str(phantoms))
    partition(run, train=0.9, test=0.05)
    cut(run, side=64)
    train(run, **TRAINING)
    return run


@BUCKETS
def test_a_training_keeps_its_epochs_in_a_bucket_until_it_ends(
    kind: str, request: pytest.FixtureRequest, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = request.getfixturevalue(kind)
    run = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    cut(run, side=64, storage=str(bucket / "run"), again=True)
    kept: list[str] = []
    removed = stage.remove

    def look_and_remove(folder: Remote) -> None:
        kept.extend(file.parent.name for file in folder.rglob("state.pt"))
        removed(folder)

    monkeypatch.setattr(stage, "remove", look_and_remove)
    train(run, **TRAINING, again=True)
    assert kept, "an epoch's checkpoint was in the bucket"
    assert not (bucket / "run" / "checkpoint").is_dir()
    assert not (run.folder / "checkpoint" / "epochs").exists()
    for question in ("select epoch, loss, kept from epoch", "from weight", "from bias"):
        assert run.ask(question).equals(trained.ask(question)), question


def test_a_training_whose_epochs_cannot_be_read_is_not_lost(
    trained: Run, bucket: Remote, between: Between, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    cut(run, side=64, storage=str(bucket / "run"), again=True)
    between.refuse = lambda asked: asked.startswith("GET") and "state.pt" in asked
    with pytest.raises(Unreachable, match=r"s3://\S+/checkpoint/epochs cannot be read \(.*\): call it again"):
        train(run, **TRAINING)
    between.well_again()
    train(run, **TRAINING)
    assert run.ask("select epoch, loss, kept from epoch").equals(trained.ask("select epoch, loss, kept from epoch"))


def test_a_storage_that_fails_rejects_no_scan(
    ranked: Run, phantoms: Path, bucket: Remote, between: Between, tmp_path: Path
) -> None:
    """An outage in the middle of `cut` ends in a sentence; the same call goes on and cuts only what is missing."""
    put(phantoms, bucket / "ddsm")
    run = Run.created(tmp_path / "run")
    between.refuse = lambda asked: ".OVERLAY" in asked
    with pytest.raises(BadInput, match=r"OVERLAY cannot be read .*call it again"):
        catalog(run, str(bucket / "ddsm"))
    between.well_again()
    catalog(run, str(bucket / "ddsm"))
    between.refuse = lambda asked: ".LJPEG" in asked and "_4.LEFT" not in asked and "LEFT" in asked
    with pytest.raises(BadInput, match=r"LJPEG cannot be read .*call it again .* images cut so far are kept"):
        cut(run, side=64, storage=str(bucket / "run"))
    assert "cut" not in {row["stage"] for row in run.rows("status")}
    between.well_again()
    cut(run, side=64, storage=str(bucket / "run"))
    assert [table for table in CUT if not same(run, ranked, table)] == []


def test_what_is_in_a_bucket_is_not_cut_again(phantoms: Path, bucket: Remote, tmp_path: Path) -> None:
    put(phantoms, bucket / "ddsm")
    run = Run.created(tmp_path / "run")
    catalog(run, str(bucket / "ddsm"))
    cut(run, side=64, storage=str(bucket / "run"))
    before = (bucket / "run" / "patch").states()
    cut(run, side=64, storage=str(bucket / "run"), again=True)
    after = (bucket / "run" / "patch").states()
    changed = {name for name in before if after[name] != before[name]}
    assert changed <= {str(bucket / "run" / "patch" / "_made_from.json")}
    shutil.rmtree(run.folder)
