"""A film that is another than when it was catalogued is rejected, and named; one that was only copied is not."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzzing import seeds
from deepminer_ray.database.run import Run
from deepminer_ray.files.location import Remote, place, write_whole
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from tests.bucket import put

CHANGED = (
    "The file changed since it was catalogued: `deepminer catalog RUN SOURCE --again` reads it again, or bring the old"
    " one back."
)


def ddsm_source(folder: Path) -> None:
    write_phantom(folder, patients=1, seed=1, columns=160)


SOURCES: dict[str, Callable[[Path], Any]] = {
    "ddsm": ddsm_source,
    "manifest": seeds.manifest_source,
    "cbis": seeds.cbis_source,
}


def rejected(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.ask("select file, stage, reason from rejected where stage = 'cut'").to_pylist()
    return found


@pytest.mark.parametrize("kind", SOURCES)
def test_a_scan_that_changed_is_rejected_and_one_that_was_copied_is_not(ray: object, tmp_path: Path, kind: str) -> None:
    source, run = tmp_path / "films", Run.created(tmp_path / "run")
    SOURCES[kind](source)
    catalog(run, str(source))
    files = [Path(scan["file"]) for scan in run.rows("scan_to_cut")]
    other, changed = next((a, b) for a in files for b in files if a.read_bytes() != b.read_bytes())
    before, told = changed.read_bytes(), changed.stat()
    shutil.copyfile(other, changed)  # a film that can be decoded, too
    os.utime(changed, ns=(told.st_atime_ns, told.st_mtime_ns))
    for file in set(files) - {changed}:
        os.utime(file, (1, 1))
    cut(run, side=32, breast=0.0)
    (left_out,) = rejected(run)
    assert left_out["file"] == str(changed) and left_out["reason"].startswith(CHANGED)
    number = {scan["file"]: scan["scan_number"] for scan in run.rows("scan_to_cut")}[str(changed)]
    cut_scans = {int(file.stem) for file in (run.folder / "patch").glob("*.parquet")}
    assert number not in cut_scans and len(cut_scans) == len(files) - 1
    changed.write_bytes(before)
    cut(run, side=32, breast=0.0, again=True)
    assert rejected(run) == [] and len(list((run.folder / "patch").glob("*.parquet"))) == len(files)


@pytest.mark.parametrize("named", ["bucket", "google_bucket"])
def test_a_scan_of_a_bucket_that_changed_is_rejected(
    ray: object, phantoms: Path, tmp_path: Path, request: pytest.FixtureRequest, named: str
) -> None:
    bucket: Remote = request.getfixturevalue(named)
    put(next(file.parent for file in sorted(phantoms.rglob("*.ics"))), bucket / "cases" / "case")
    run = Run.created(tmp_path / "run")
    catalog(run, str(bucket / "cases"))
    first, second, *_ = (scan["file"] for scan in run.rows("scan_to_cut"))
    write_whole(place(first), place(second).read_bytes())
    write_whole(place(second), place(second).read_bytes())
    cut(run, side=64)
    (left_out,) = rejected(run)
    assert left_out["file"] == first and left_out["reason"].startswith(CHANGED)


def test_a_run_of_an_earlier_version_is_cut_as_before(ray: object, tmp_path: Path) -> None:
    """It knows nothing of what its films were; what was cut of them stays, and another catalog tells them from then."""
    source, run = tmp_path / "films", Run.created(tmp_path / "run")
    ddsm_source(source)
    catalog(run, str(source))
    with run.appending() as tables:
        tables.connection.execute("alter table scan drop column fingerprint")
    cut(run, side=32)
    shards = sorted((run.folder / "patch").glob("*.parquet"))
    for file in shards:
        os.utime(file, (1, 1))
    cut(run, side=32, again=True)
    assert len(shards) == 4 and {file.stat().st_mtime for file in shards} == {1}
    first, second, *_ = (Path(scan["file"]) for scan in run.rows("scan_to_cut"))
    first.write_bytes(first.read_bytes() + bytes(1))  # is still decoded
    cut(run, side=32, again=True)
    assert rejected(run) == [] and shards[0].stat().st_mtime > 1
    catalog(run, str(source), again=True)
    second.write_bytes(second.read_bytes()[:-1])
    cut(run, side=32)
    assert [row["file"] for row in rejected(run)] == [str(second)]
    assert run.audit() == {} or run.audit().keys() == {"scan_without_partition"}


def test_patches_of_a_scan_exchanged_with_its_times_are_not_kept(ray: object, tmp_path: Path) -> None:
    """Copies that keep the times hide a change from who looks at times alone."""
    source, run = tmp_path / "films", Run.created(tmp_path / "run")
    seeds.manifest_source(source)
    catalog(run, str(source))
    cut(run, side=32, breast=0.0)
    one, number = next(
        (Path(row["file"]), row["scan_number"]) for row in run.rows("scan_to_cut") if "c1.dcm" in row["file"]
    )
    told, content = one.stat(), one.read_bytes()
    shard = run.folder / "scan" / f"{number:06d}.parquet"
    before = shard.read_bytes()
    one.write_bytes(content[:-1000] + content[-1000:][::-1])
    os.utime(one, ns=(told.st_atime_ns, told.st_mtime_ns))
    catalog(run, str(source), again=True)
    cut(run, side=32, breast=0.0)
    assert rejected(run) == [] and shard.read_bytes() != before
