"""Twenty SIGKILLs while 20,000 patches x 512 units are probed on three nodes: the tables are those of a quiet run.

    make chaos

Victims are the driver, network actors, the store's actor, worker nodes and the process that merges; victims and moments
are drawn by seed. Every kill must strike before the stage has ended, and some while it merges.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from deepminer_ray.database.run import Run
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import save
from deepminer_ray.phantom.patient import write_phantom

pytestmark = pytest.mark.chaos

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]
SEED = 0
PATIENTS, COLUMNS, SIDE = 150, 160, 32
PATCHES, UNITS = 20_000, 512
PROBE_KILLS = ["driver"] * 4 + ["ray::ProbeActor"] * 4 + ["ray::StoreActor"] * 3 + ["node"] * 3
MERGE_KILLS = ["driver"] * 2 + ["ray::_merge"] * 3 + ["node"]
LONGEST_WAIT = {"probe": 3.0, "merge": 1.0}
"""Seconds after a sign of life within which a kill strikes."""
TABLES = ("activation", "prediction", "histogram", "response", "scan_prediction", "evidence", "layer", "weight", "bias")


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patients for 20,000 patches."""
    directory = tmp_path_factory.mktemp("phantoms")
    write_phantom(directory, patients=PATIENTS, seed=SEED, columns=COLUMNS)
    return directory


def made(folder: Path, phantoms: Path) -> Run:
    """A run cut into patches, with a network of 512 units whose weights are chance; not yet probed."""
    run = Run(folder)
    for stage in (["catalog", folder, phantoms], ["partition", folder], ["cut", folder, "--side", SIDE]):
        more = ["--breast", 0] if stage[0] == "cut" else []
        subprocess.run([*DEEPMINER, *map(str, stage + more)], check=True)
    torch.manual_seed(SEED)
    network, _ = build("squeezenet1_1")
    save(folder / "checkpoint" / "network.pt", network, SIDE, "imagenet")
    return run


class Cluster:
    """A head, two worker nodes that may be killed, and one `deepminer probe` on them."""

    def __init__(self, run: Run):
        from ray.cluster_utils import Cluster

        self.run = run
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        self.nodes = [self.cluster.add_node(num_cpus=1) for _ in range(2)]
        self.command = [*DEEPMINER, "probe", str(run.folder), "--partitions", "all", "--workers", "2"]
        self.driver = self.started()
        self.unasked = 0

    def started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self.command, env=os.environ | {"RAY_ADDRESS": self.cluster.address})

    def goes_on(self) -> None:
        """The same command again where the last one has ended."""
        if self.driver.poll() is not None:
            self.unasked += self.driver.returncode != -9
            self.driver = self.started()

    def wait(self, sign: Callable[[], object], seconds: float = 300) -> None:
        """Until there is a sign of life, with the command running."""
        until = time.monotonic() + seconds
        while not sign():
            assert time.monotonic() < until, "nothing moves"
            self.goes_on()
            time.sleep(0.02)

    def processes(self, title: str) -> list[psutil.Process]:
        """Ray's processes on the worker nodes that carry this title."""
        found = []
        for node in [self.cluster.head_node, *self.nodes]:
            for process in psutil.Process(node.all_processes["raylet"][0].process.pid).children(recursive=True):
                with suppress(psutil.Error):  # one that ends meanwhile
                    if process.cmdline()[:1] and process.cmdline()[0].startswith(title):
                        found.append(process)
        return found

    def strike(self, victim: str, chance: np.random.Generator) -> None:
        """SIGKILL; a node that is gone is replaced."""
        if victim == "driver":
            self.driver.kill()
            self.driver.wait()
        elif victim == "node":
            lost = self.nodes.pop(chance.integers(len(self.nodes)))
            self.cluster.remove_node(lost, allow_graceful=False)
            self.nodes.append(self.cluster.add_node(num_cpus=1))
        else:
            self.wait(lambda: self.processes(victim))
            chosen = self.processes(victim)
            chosen[chance.integers(len(chosen))].kill()

    def probed(self) -> bool:
        return "probe" in {row["stage"] for row in self.run.rows("status")}


@pytest.fixture
def cluster(phantoms: Path, tmp_path: Path) -> Iterator[Cluster]:
    """The nodes, with the command started."""
    cluster = Cluster(made(tmp_path / "run", phantoms))
    yield cluster
    cluster.driver.kill()
    cluster.cluster.shutdown()


def state(folder: Path) -> list[tuple[str, int]]:
    """The names and sizes of a folder's files, whose change shows that somebody writes."""
    return sorted((file.name, file.stat().st_size) for file in folder.glob("*") if file.exists())


def test_twenty_kills_leave_the_tables_of_a_quiet_run(cluster: Cluster, phantoms: Path, tmp_path: Path) -> None:
    chance = np.random.default_rng(SEED)
    run, store, copy = cluster.run, cluster.run.folder / "store", cluster.run.folder / "run.duckdb.new"
    for victim in chance.permutation(PROBE_KILLS):
        before = state(store)
        cluster.wait(lambda before=before: state(store) != before)
        time.sleep(chance.uniform(0, LONGEST_WAIT["probe"]))
        cluster.strike(victim, chance)
        assert not copy.exists() and not cluster.probed(), f"the kill of {victim} came too late"
    for victim in chance.permutation(MERGE_KILLS):
        struck = time.time()
        cluster.wait(lambda struck=struck: copy.exists() and copy.stat().st_mtime > struck)
        time.sleep(chance.uniform(0, LONGEST_WAIT["merge"]))
        cluster.strike(victim, chance)
        assert not cluster.probed(), f"the kill of {victim} came too late"
    cluster.wait(cluster.probed)
    assert cluster.driver.wait(60) == 0
    assert cluster.unasked == 0, "a command ended although it was not killed itself"
    quiet = made(tmp_path / "quiet", phantoms)
    subprocess.run([*DEEPMINER, "probe", str(quiet.folder), "--partitions", "all"], check=True)
    for table in TABLES:
        expected = quiet.ask(f"from {table}")
        assert run.ask(f"from {table}").equals(expected), table
    assert quiet.ask("from activation").num_rows >= PATCHES * UNITS
    assert run.audit() == {}
