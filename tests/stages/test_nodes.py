"""Several nodes: one is killed in each stage, one sees another disk, one has other versions, from the start or late.

    make test-cluster

The nodes are Ray's own, all on this machine. One that must not see what others see has a mount namespace of its own,
for which Linux asks to be root.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.files.location import Remote
from deepminer_ray.phantom.patient import write_phantom
from tests.bucket import Between, put

pytestmark = pytest.mark.nodes

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]
RAY = Path(sys.executable).parent / "ray"
SIDE, WORKERS = 64, 2
TRAIN = [
    "--network",
    "squeezenet1_1",
    "--weights",
    "none",
    "--epochs",
    "3",
    "--batch",
    "8",
    "--normals",
    "2",
    "--workers",
    "2",
]
TABLES = [
    "scan",
    "lesion",
    "rejected",
    "repair",
    "partition",
    "patch",
    "overlap",
    "label",
    "weight",
    "bias",
    "activation",
    "prediction",
    "response",
    "scan_prediction",
    "evidence",
    "histogram",
    "layer",
    "influence",
    "unit_rank",
    "coverage",
    "top_patch",
    "explanation",
    "scan_map",
]
EPOCH = "select * exclude (patches_per_second) from epoch order by epoch"


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve phantom patients."""
    directory = tmp_path_factory.mktemp("patients")
    write_phantom(directory, patients=12, seed=3, columns=320)
    return directory


def commands(run: Path, source: str, storage: str | None = None) -> dict[str, list[str]]:
    """The chain, command by command."""
    kept = ["--storage", storage] if storage else []
    workers = ["--workers", str(WORKERS)]
    return {
        "catalog": [str(run), source],
        "partition": [str(run), "--train", "0.6", "--test", "0.2"],
        "cut": [str(run), "--side", str(SIDE), *kept],
        "train": [str(run), *TRAIN],
        "probe": [str(run), *workers],
        "rank": [str(run), *workers],
        "explain": [str(run), *workers],
    }


def done(stage: str, arguments: list[str], address: str | None = None) -> "subprocess.CompletedProcess[str]":
    """One command, on a cluster where there is an address."""
    more = {"RAY_ADDRESS": address} if address else {}
    return subprocess.run(
        [*DEEPMINER, stage, *arguments], env=os.environ | more, capture_output=True, text=True, timeout=400
    )


@pytest.fixture(scope="module")
def expected(patients: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What one machine alone makes of the patients."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    for stage, arguments in commands(folder, str(patients)).items():
        finished = done(stage, arguments)
        assert finished.returncode == 0, finished.stderr
    return Run(folder)


def differing(run: Run, expected: Run, files: str = "file") -> list[str]:
    """The tables that two runs do not agree on; `files` is what makes names of files comparable."""
    found = []
    for table in TABLES:
        wanted = f"from {table} order by all"
        if table in ("scan", "rejected", "repair"):
            wanted = f"select * replace ({files} as file) from {table} order by all"
        if not run.ask(wanted).equals(expected.ask(wanted)):
            found.append(table)
    return found + ["epoch"] * (not run.ask(EPOCH).equals(expected.ask(EPOCH)))


class Nodes:
    """A head, and nodes of two CPUs that may be killed or be unlike it."""

    def __init__(self, cpus: int) -> None:
        from ray.cluster_utils import Cluster

        self.cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus})
        self.nodes: list[Any] = []
        self.odd: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self, number: int = 1) -> None:
        """More nodes, like the head."""
        self.nodes += [self.cluster.add_node(num_cpus=2) for _ in range(number)]

    def add_odd(self, prefix: str, **environment: str) -> None:
        """A node whose commands begin with a shell's `prefix`, or that has another environment."""
        start = f"{prefix} exec {RAY} start --address={self.address} --num-cpus=2 --block"
        more = os.environ | environment
        before = self.alive()
        self.odd.append(
            subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", start], env=more, stdout=subprocess.DEVNULL, start_new_session=True
            )
        )
        waited(lambda: self.alive() > before)

    def alive(self) -> int:
        listed = subprocess.run(
            [RAY, "list", "nodes", "--address", self.address, "--filter", "state=ALIVE", "--format", "json"],
            capture_output=True,
            text=True,
        )
        return listed.stdout.count('"node_id"')

    def kill_one_with(self, title: str) -> None:
        """SIGKILL a node on which such a process of Ray works, and add another."""
        self.kill(waited(lambda: next((node for node in self.nodes if processes(node, title)), None)))
        self.add()

    def kill(self, lost: Any) -> None:
        """SIGKILL a node with all its processes."""
        workers = psutil.Process(lost.all_processes["raylet"][0].process.pid).children(recursive=True)
        self.cluster.remove_node(lost, allow_graceful=False)
        for process in workers:
            if process.is_running():
                process.kill()
        self.nodes.remove(lost)

    def close(self) -> None:
        for process in self.odd:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()
        self.cluster.shutdown()


def processes(node: Any, title: str) -> list[psutil.Process]:
    """Ray's processes on a node whose title has a word in it."""
    found = []
    for process in psutil.Process(node.all_processes["raylet"][0].process.pid).children(recursive=True):
        try:
            if title in " ".join(process.cmdline()[:1]):
                found.append(process)
        except psutil.Error:
            continue
    return found


def waited(sign: Callable[[], Any], seconds: float = 120) -> Any:
    """What is found as soon as there is something."""
    until = time.monotonic() + seconds
    while not (found := sign()):
        assert time.monotonic() < until, "nothing moves"
        time.sleep(0.05)
    return found


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    made = Nodes(1)
    yield made
    made.close()


@pytest.fixture
def lone() -> Iterator[Nodes]:
    """A head on which nothing is worked, and one node."""
    made = Nodes(0)
    made.add()
    yield made
    made.close()


def test_a_node_lost_in_every_stage_changes_nothing(
    nodes: Nodes, expected: Run, patients: Path, tmp_path: Path
) -> None:
    nodes.add(2)
    run = Run(tmp_path / "run")
    shards = run.folder / "patch"
    strikes = {
        "cut": ("cut_scan", lambda: len(list(shards.glob("*.parquet"))) > 3),
        "train": ("RayTrainWorker", lambda: run.ask("from epoch").num_rows),
        "probe": ("ProbeActor", lambda: list((run.folder / "store").glob("probe-*"))),
    }
    for stage, arguments in commands(run.folder, str(patients)).items():
        environment = os.environ | {"RAY_ADDRESS": nodes.address}
        command = subprocess.Popen([*DEEPMINER, stage, *arguments], env=environment, stderr=subprocess.PIPE, text=True)
        if stage in strikes:
            title, sign = strikes[stage]
            waited(sign)
            nodes.kill_one_with(title)
            assert command.poll() is None, f"{stage} was over before a node was lost"
        _, said = command.communicate(timeout=400)
        assert command.returncode == 0, said
    assert differing(run, expected) == []
    assert run.audit() == {}


LOSING = """
import os, signal, sys
from deepminer_ray.workers.cluster import connect
from deepminer_ray.workers.nodes import check_nodes
ray = connect()
os.kill(int(sys.argv[1]), signal.SIGKILL)
assert check_nodes(ray).versions, "the others are compared"
"""


def test_a_node_that_is_lost_while_it_is_asked_is_left_out(nodes: Nodes) -> None:
    nodes.add(2)
    lost = nodes.nodes[0].all_processes["raylet"][0].process.pid
    asking = subprocess.run(
        [sys.executable, "-c", LOSING, str(lost)],
        env=os.environ | {"RAY_ADDRESS": nodes.address},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert asking.returncode == 0, asking.stderr


ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="a node that sees other files needs root")


@ROOT_ONLY
def test_a_node_that_does_not_see_the_run_is_named_at_the_start(
    nodes: Nodes, expected: Run, patients: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(expected.folder, tmp_path / "run")
    nodes.add_odd(f"mount -t tmpfs none {tmp_path} &&")
    next((run / "patch").glob("*.parquet")).unlink()  # else there is nothing to cut
    for stage in ("train", "probe", "explain", "cut"):
        more = ["--again"] if stage in ("cut", "train", "probe") else ["--partitions", "test", "--again"]
        started = time.monotonic()
        refused = done(stage, [*commands(run, str(patients))[stage], *more], nodes.address)
        assert refused.returncode == 2, refused.stderr
        seen = "_made_from.json" if stage == "cut" else "_shards.arrow"
        assert f"does not see {run / 'patch' / seen}: mount it on every node" in refused.stderr
        assert refused.stderr.count("\n") <= 3 and time.monotonic() - started < 60
    assert differing(Run(run), expected) == []


@ROOT_ONLY
def test_nodes_that_share_no_disk_work_from_a_bucket(
    nodes: Nodes, expected: Run, patients: Path, bucket: Remote, between: Between, tmp_path: Path
) -> None:
    """Neither the source nor the run's folder is on the nodes; only the head sees the latter."""
    for _ in range(2):
        nodes.add_odd(f"mount -t tmpfs none {tmp_path} && mount -t tmpfs none {patients} &&")
    put(patients, bucket / "ddsm")
    run = Run(tmp_path / "run")
    for stage, arguments in commands(run.folder, str(bucket / "ddsm"), str(bucket / "run")).items():
        finished = done(stage, arguments, nodes.address)
        assert finished.returncode == 0, finished.stderr
    assert differing(run, expected, "parse_filename(file)") == []
    assert sorted(file.name for file in (run.folder / "figures").glob("*.png")) == sorted(
        file.name for file in (expected.folder / "figures").glob("*.png")
    )
    assert not (run.folder / "patch").exists()


def other_numpy(folder: Path) -> Path:
    """The metadata of another numpy, to be put before the true ones: a node with it says so of itself."""
    other = folder / "other" / "numpy-1.0.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.0.0\n")
    return other.parent


def test_a_node_with_other_versions_is_named_at_the_start(nodes: Nodes, patients: Path, tmp_path: Path) -> None:
    nodes.add_odd("", PYTHONPATH=str(other_numpy(tmp_path)))
    refused = done("catalog", [str(tmp_path / "run"), str(patients)], nodes.address)
    assert refused.returncode == 2, refused.stderr
    assert "has numpy 1.0.0, this one" in refused.stderr and "install the same on all" in refused.stderr


LATE = {
    "train": ("RayTrainWorker", "disk"),
    "probe": ("ProbeActor", "disk"),
    "explain": ("FigureActor", "disk"),
    "rank": ("ProbeActor", "versions"),
}
"""Who works in a stage, and what is unlike on the node where they work next."""


@ROOT_ONLY
@pytest.mark.parametrize("stage", LATE)
def test_a_node_that_joins_unlike_the_others_is_named_where_it_works(
    stage: str, lone: Nodes, expected: Run, patients: Path, tmp_path: Path
) -> None:
    """Workers are held until another node has joined, and then lost: they start again on that one."""
    run = Run(shutil.copytree(expected.folder, tmp_path / "run"))
    title, unlike = LATE[stage]
    command = [*DEEPMINER, stage, *commands(run.folder, str(patients))[stage], "--workers", "1", "--again"]
    environment = os.environ | {"RAY_ADDRESS": lone.address}
    started = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    for process in waited(lambda: processes(lone.nodes[0], title)):
        process.suspend()
    if unlike == "disk":
        lone.add_odd(f"mount -t tmpfs none {tmp_path} &&")
        sentence = f"does not see {run.folder / 'patch' / '_shards.arrow'}: mount it on every node"
    else:
        lone.add_odd("", PYTHONPATH=str(other_numpy(tmp_path)))
        sentence = "has numpy 1.0.0, this one"
    lone.kill(lone.nodes[0])
    _, said = started.communicate(timeout=240)
    assert started.returncode == 2, said
    assert f"deepminer: The node {os.uname().nodename} {sentence}" in said and "Traceback" not in said, said
    assert differing(run, expected) == [], "what was there before is gone"
