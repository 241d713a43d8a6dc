"""`cut` goes on where films cannot be decoded or were cut before."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.patches.shard import read_patches, read_scan, shard
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.cut_worker import cut_scan
from deepminer_ray.workers.nodes import NodeRequirements, VisiblePath


@pytest.fixture(scope="module")
def damaged(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three patients, one film cut short, one without a header, one gone."""
    source = tmp_path_factory.mktemp("damaged") / "films"
    shutil.copytree(phantoms, source)
    short, headless, gone = sorted(source.rglob("*.LJPEG"))[:3]
    short.write_bytes(short.read_bytes()[: short.stat().st_size // 2])
    headless.write_bytes(b"no film" * 100)
    gone.unlink()
    return source


@pytest.fixture(scope="module")
def run(ray: object, damaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run.created(tmp_path_factory.mktemp("runs") / "run")
    catalog(made, str(damaged))
    cut(made, side=64)
    return made


def rows(run: Run, statement: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.ask(statement).to_pylist()
    return found


def test_scans_that_cannot_be_read_are_rejected_and_the_rest_is_cut(run: Run, damaged: Path) -> None:
    short, headless, gone = (str(file) for file in sorted(damaged.rglob("*.ics"))[:1] * 3)
    rejected = {row["file"]: (row["stage"], row["reason"]) for row in rows(run, "from rejected")}
    assert sorted(stage for stage, _ in rejected.values()) == ["catalog", "catalog", "cut"]
    assert all(reason for _, reason in rejected.values())
    assert {short, headless, gone}.isdisjoint(rejected)
    assert len(list((run.folder / "patch").glob("*.parquet"))) == 9
    assert rows(run, "select count(distinct scan) as n from patch")[0]["n"] == 9
    assert run.audit().keys() <= {"scan_without_partition"}


def test_a_patch_is_its_window_of_the_stored_scan(run: Run) -> None:
    patches = rows(
        run, "select patch, scan_number, x, y, size, columns from patch join scan using (scan) order by patch"
    )
    number = patches[0]["scan_number"]
    chosen = [row for row in patches if row["scan_number"] == number]
    stored = read_scan(run.folder / "scan", number)
    pixels = read_patches(shard(run.folder / "patch", number), [row["patch"] for row in chosen])
    for row, image in zip(chosen, pixels, strict=True):
        scale = stored.shape[1] / row["columns"]
        x, y = round(row["x"] * scale), round(row["y"] * scale)
        found = [
            (dx, dy)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            if x + dx >= 0 and y + dy >= 0 and np.array_equal(stored[y + dy : y + dy + 64, x + dx : x + dx + 64], image)
        ]
        assert found


def test_an_interrupted_cut_keeps_what_it_wrote(run: Run, tmp_path: Path) -> None:
    """The shards of a killed run are kept, what it had not finished is cut, and the tables are the same."""
    other = Run(tmp_path / "run")
    shutil.copytree(run.folder, other.folder)
    kept, lost = sorted((other.folder / "patch").glob("*.parquet"))[:2]
    lost.unlink()
    (other.folder / "patch" / "000099.partial").write_bytes(b"half a file")
    age = kept.stat().st_mtime - 1000
    os.utime(kept, (age, age))
    cut(other, side=64, again=True)
    assert kept.stat().st_mtime == age
    assert lost.is_file()
    for table in ("patch", "overlap", "label"):
        assert rows(other, f"from {table} order by all") == rows(run, f"from {table} order by all")


def test_a_disk_that_cannot_be_written_ends_in_one_sentence_and_loses_nothing_that_was_cut(
    run: Run, tmp_path: Path
) -> None:
    other = Run(tmp_path / "run")
    shutil.copytree(run.folder, other.folder)
    kept, lost = sorted((other.folder / "patch").glob("*.parquet"))[:2]
    before = kept.read_bytes()
    lost.unlink()
    moved = (other.folder / "scan").rename(other.folder / "films")
    (other.folder / "scan").write_text("no folder")
    with pytest.raises(BadInput, match=r"Patches cannot be stored: .*The 8 images cut so far are kept"):
        cut(other, side=64, again=True)
    (other.folder / "scan").unlink()
    moved.rename(other.folder / "scan")
    assert not lost.exists() and kept.read_bytes() == before
    assert rows(other, "from patch order by all") == rows(run, "from patch order by all")
    cut(other, side=64, again=True)
    assert kept.read_bytes() == before
    assert rows(other, "from patch order by all") == rows(run, "from patch order by all")


def test_scans_and_lesions_that_changed_are_cut_anew(ray: object, phantoms: Path, tmp_path: Path) -> None:
    """What depends on a film's file or outlines is never taken from an earlier cut of others."""
    source = tmp_path / "films"
    shutil.copytree(phantoms, source)
    made = Run.created(tmp_path / "run")
    catalog(made, str(source))
    cut(made, side=32)
    shards = sorted((made.folder / "patch").glob("*.parquet"))
    for file in shards:
        os.utime(file, (1, 1))
    drawing = next(iter(sorted(source.rglob("*.OVERLAY"))))
    changed = next(file for file in sorted(source.rglob("*.LJPEG")) if file.stem != drawing.stem)
    shutil.copyfile(changed, changed.with_suffix(".new"))
    changed.with_suffix(".new").replace(changed)
    moved = re.sub(r"(?<=BOUNDARY\n)\d+", lambda column: str(int(column[0]) + 3), drawing.read_text())
    assert moved != drawing.read_text()
    drawing.write_text(moved)
    catalog(made, str(source), again=True)
    cut(made, side=32)
    again = {file.name for file in shards if file.stat().st_mtime > 1}
    expected = rows(
        made, f"select scan_number from scan where file in ('{changed}', '{drawing.with_suffix('.LJPEG')}')"
    )
    assert again == {f"{row['scan_number']:06d}.parquet" for row in expected} and len(again) == 2


def test_other_parameters_cut_all_scans_anew(run: Run, tmp_path: Path) -> None:
    other = Run(tmp_path / "run")
    shutil.copytree(run.folder, other.folder)
    cut(other, side=32, again=True)
    number = rows(other, "select scan_number from patch join scan using (scan) limit 1")[0]["scan_number"]
    assert min(read_scan(other.folder / "scan", number).shape) == 128


def test_scans_of_a_disk_that_is_lost_meanwhile_are_not_rejected(ray: object, phantoms: Path, tmp_path: Path) -> None:
    source = tmp_path / "films"
    shutil.copytree(phantoms, source)
    made = Run.created(tmp_path / "run")
    catalog(made, str(source))
    first, second, *_ = (row | {"lesions": json.dumps(row["lesions"])} for row in made.rows("scan_to_cut"))
    wanted = NodeRequirements((VisiblePath(source),))
    done = cut_scan(first, made.folder, 64, 0.5, wanted)
    assert (done["reason"], done["stopped"]) == ("", "") and done["patches"]
    source.rename(tmp_path / "gone")
    stopped = cut_scan(second, made.folder, 64, 0.5, wanted)
    assert stopped["reason"] == "" and f"does not see {source}" in stopped["stopped"]
    with pytest.raises(BadInput, match="does not see"):
        cut(made, side=64)
    (tmp_path / "gone").rename(source)
    Path(second["file"]).unlink()
    assert cut_scan(second, made.folder, 64, 0.5, wanted)["reason"], "one that is gone alone is rejected"
