"""Work for which memory does not suffice ends in one sentence, on real Ray, which by itself would try for ever."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import save
from deepminer_ray.sources.kinds import SOURCE_KINDS
from deepminer_ray.stages import cut as stage
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.cut_worker import cut_scan
from deepminer_ray.stages.partition import partition
from deepminer_ray.workers.cluster import LASTING, RETRIES
from deepminer_ray.workers.stream import Batch, answered

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]


def test_a_batch_over_which_workers_die_is_named(ray: Any, tmp_path: Path) -> None:
    class Dying:
        def work(self, *_: object) -> None:
            with (tmp_path / "tried").open("a") as tried:
                tried.write("once\n")
            os.kill(os.getpid(), signal.SIGKILL)

    actor = ray.remote(Dying).options(num_cpus=0, **LASTING | {"max_restarts": 2}).remote()
    with pytest.raises(
        BadInput, match=r"one after the other over scans .*a_film.* because memory ran short: let fewer work"
    ):
        list(answered([actor], [""], [(0, Batch("scans", (["a_film"],)))], []))
    assert len((tmp_path / "tried").read_text().splitlines()) == 1 + 2


@pytest.mark.slow
def test_a_scan_over_which_workers_die_ends_the_cutting(
    ray: Any, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = shutil.copytree(next(phantoms.rglob("*.ics")).parent, tmp_path / "case")
    for file in sorted(case.glob("*.LJPEG"))[1:]:
        file.unlink()
    run = Run.created(tmp_path / "run")
    catalog(run, str(case))

    tried, more_than_enough = tmp_path / "tried", 2 * RETRIES

    class Deadly:
        def pixels(self, scan: dict[str, Any]) -> None:
            with tried.open("a") as written:
                written.write("once\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def dying(scan: dict[str, Any], **how: Any) -> dict[str, Any]:
        if not tried.exists() or len(tried.read_text().splitlines()) < more_than_enough:
            SOURCE_KINDS[scan["source_kind"]] = Deadly()  # of this worker, which dies of it
        return cut_scan(scan, **how)

    with monkeypatch.context() as patched:
        patched.setattr(stage, "cut_scan", dying)
        with pytest.raises(
            BadInput, match=r"one after the other over .*LJPEG or .* because memory ran short: let fewer work"
        ):
            cut(run, side=64)
    assert len(tried.read_text().splitlines()) == 1 + RETRIES
    cut(run, side=64)
    assert run.ask("select count(distinct scan) as films from patch")["films"].to_pylist() == [1]


def test_what_a_worker_cannot_have_is_said_of_the_batch(ray: Any) -> None:
    class Large:
        def work(self, *_: object) -> Any:
            return np.empty(2**48)

    actor = ray.remote(Large).options(num_cpus=0).remote()
    with pytest.raises(BadInput, match=r"Memory ran out over patches \(1,\): let fewer work at once"):
        list(answered([actor], [""], [(0, Batch("patches", (1,)))], []))


@pytest.mark.nodes
@pytest.mark.parametrize("stage", ["cut", "probe"])
def test_where_ray_itself_kills_for_want_of_memory_a_command_ends(
    ray: Any, phantoms: Path, tmp_path: Path, stage: str
) -> None:
    run = Run.created(tmp_path / "run")
    catalog(run, str(phantoms))
    partition(run, train=0.1, test=0.8)
    if stage == "probe":
        cut(run, side=64)
        save(run.folder / "checkpoint" / "network.pt", build("resnet18")[0], 64, "imagenet")
    before = run.database.read_bytes()
    alone = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    ended = subprocess.run(
        [*DEEPMINER, stage, str(run.folder)],
        env=alone | {"RAY_memory_usage_threshold": "0.002"},  # less than Ray itself takes
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert ended.returncode == 2
    assert "deepminer: Workers died one after the other" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert run.database.read_bytes() == before
