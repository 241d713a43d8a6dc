"""The chain with its source, its pixels and its checkpoint in a bucket gives what it gives on a disk."""

import shutil
from pathlib import Path

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.place import Remote, write_whole
from deepminer_ray.run import Run
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
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


def test_source_pixels_and_checkpoint_may_lie_in_a_bucket(
    ranked: Run, phantoms: Path, bucket: Remote, tmp_path: Path
) -> None:
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


def test_a_storage_that_fails_rejects_no_film(
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
    with pytest.raises(BadInput, match=r"LJPEG cannot be read .*call it again .* films cut so far are kept"):
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
