"""Ray is started again where a busy machine was too slow, ends a command when it dies, and no failure is hidden."""

import os
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest
from ray._private.utils import check_version_info

from deepminer_ray.errors import BadInput
from deepminer_ray.workers import cluster, nodes

SLOW = Exception("The current node timed out during startup. This could happen because ...")


class SlowRay:
    """Stands in for Ray: a machine that is too busy cannot be had at will."""

    def __init__(self, *failures: Exception):
        self.failures = list(failures)
        self.shut_down = 0

    def init(self, **_: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def shutdown(self) -> None:
        self.shut_down += 1


def test_a_slow_start_is_repeated() -> None:
    ray = SlowRay(SLOW, SLOW)
    cluster._start(ray)
    assert (ray.failures, ray.shut_down) == ([], 2)


def test_a_machine_that_is_always_too_slow_gets_a_sentence() -> None:
    with pytest.raises(BadInput, match="did not start in 3 tries"):
        cluster._start(SlowRay(*[SLOW] * 3))


def test_a_ray_of_this_process_is_never_asked_for_its_dashboard(ray: Any) -> None:
    """It has none. Ray Train would look for one on the whole machine, and take another cluster's for its own."""

    @ray.remote
    def asked() -> tuple[float, str, dict[str, str]]:
        from ray.util.state import get_actor

        started = time.monotonic()
        with pytest.raises(Exception) as refused:
            get_actor("0" * 32, timeout=10)
        return time.monotonic() - started, str(refused.value), dict(os.environ)

    seconds, said, environment = ray.get(asked.remote())
    assert seconds < 5 and "API server" in said
    assert cluster.LOCAL_ALONE and cluster.LOCAL_ALONE.items() <= environment.items()
    assert cluster.LOCAL_ALONE.keys().isdisjoint(os.environ), "only its own processes are told"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "127.0.0.1:1",
            r"^No Ray cluster answers at 127\.0\.0\.1:1 \(.*refused\): start one, or correct RAY_ADDRESS\.$",
        ),
        ("nonsense", "is neither HOST:PORT nor `auto`"),
        ("ray://127.0.0.1:1", "submit the job to the cluster instead"),
        ("127.0.0.1:123456", "No Ray cluster answers"),
    ],
)
def test_a_head_that_does_not_answer_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(BadInput, match=sentence):
        cluster._refuse_unreachable(address)


def test_a_cluster_of_another_version_gets_a_sentence() -> None:
    """What Ray itself says of one."""
    theirs = {"ray_version": "2.1.0", "python_version": "3.8.1"}
    with pytest.raises(RuntimeError) as said:
        check_version_info(theirs, "this machine")
    with pytest.raises(BadInput, match=r"^The cluster has Ray 2\.1\.0 and Python 3\.8\.1, this machine Ray \S+ and Py"):
        cluster._start(SlowRay(said.value))


def test_nodes_are_compared_by_versions_and_code() -> None:
    own = nodes._versions()
    nodes._compare(own, own, "node")
    for name in own:
        with pytest.raises(BadInput, match=f"The node 192.0.2.7 has {name} other, this one {own[name]}"):
            nodes._compare(own | {name: "other"}, own, "192.0.2.7")


def test_other_failures_are_not_hidden() -> None:
    with pytest.raises(ValueError, match="address"):
        cluster._start(SlowRay(ValueError("address")))


WAITING = """
import time
from deepminer_ray.cli.app import _end
from deepminer_ray.workers.cluster import connect, watched
with watched(_end):
    ray = connect()
    print("connected", flush=True)
    ray.get(ray.remote(lambda: time.sleep(600)).remote())
"""


@pytest.mark.parametrize("lost", ["raylet", pytest.param("gcs_server", marks=pytest.mark.slow)])
def test_a_ray_that_dies_ends_the_command_that_made_it(lost: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    waiting = subprocess.Popen(
        [sys.executable, "-c", WAITING], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert waiting.stdout and waiting.stdout.readline() == "connected\n"
    (victim,) = [child for child in psutil.Process(waiting.pid).children() if child.name() == lost]
    victim.kill()
    killed = time.monotonic()
    _, said = waiting.communicate(timeout=60)
    assert time.monotonic() - killed < 10
    assert waiting.returncode == 2
    assert f"deepminer: Ray's {lost} died under this command" in said and "Traceback" not in said
