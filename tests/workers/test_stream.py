"""How batches are handed to workers, on real Ray."""

import os
import signal
from typing import Any

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.workers.probe_actor import BATCHES_AT_ONCE
from deepminer_ray.workers.stream import Batch, actors_that_fit, answered, work_digest
from tests.waiting import workers

BATCHES = 20


def handed(ray: Any, *seconds: float) -> list[dict[str, Any]]:
    """What such workers tell of all batches, given to two stores."""
    todo = [(number, Batch("", ())) for number in range(BATCHES)]
    actors = workers(ray, *seconds)
    told: list[dict[str, Any]] = list(answered(actors, ["even", "odd"], todo, []))
    for actor in actors:
        ray.kill(actor)
    return told


def test_every_batch_is_handed_out_once_and_to_its_own_store(ray: Any) -> None:
    told = handed(ray, 0.01, 0.01, 0.01)
    assert sorted(one["number"] for one in told) == list(range(BATCHES))
    assert all(one["store"] == ("even", "odd")[one["number"] % 2] for one in told)


def test_a_worker_has_so_many_batches_at_once_and_no_more(ray: Any) -> None:
    told = handed(ray, 0.1)
    at_once = [sum(one["began"] <= other["began"] < one["ended"] for one in told) for other in told]
    assert max(at_once) == BATCHES_AT_ONCE


def test_a_slow_worker_keeps_no_batch_from_one_that_is_idle(ray: Any) -> None:
    slow = [one for one in handed(ray, 3.0, 0.01) if one["name"] == 0]
    assert len(slow) == BATCHES_AT_ONCE
    assert not any(one["number"] > 2 for one in slow)


def test_what_a_killed_worker_had_is_told_once_it_is_back(ray: Any) -> None:
    actors = workers(ray, 0.1, 0.1)
    told = answered(actors, [""], [(number, Batch("", ())) for number in range(BATCHES)], [])
    numbers = [next(told)["number"]]
    os.kill(ray.get(actors[0].process.remote()), signal.SIGKILL)
    numbers += [one["number"] for one in told]
    assert sorted(numbers) == list(range(BATCHES))


def test_a_batch_that_cannot_be_answered_ends_the_handing_out(ray: Any) -> None:
    with pytest.raises(ValueError, match="sleep length must be non-negative"):
        handed(ray, -1.0)


def test_fewer_batches_than_workers_are_handed_to_as_many(ray: Any) -> None:
    actors = workers(ray, 0.2, 0.2, 0.2)
    told = list(answered(actors, [""], [(number, Batch("", ())) for number in range(2)], []))
    assert len({one["name"] for one in told}) == 2
    assert list(answered(actors, [""], [], [])) == []


class Nodes:
    """Ray, as far as it says what its nodes have."""

    def __init__(self, *resources: dict[str, float], alive: bool = True):
        self.said = [{"Alive": alive, "Resources": one} for one in resources]

    def nodes(self) -> list[dict[str, Any]]:
        return self.said


@pytest.mark.parametrize(
    ("nodes", "gpu", "expected"),
    [
        ([{"CPU": 8.0}, {"CPU": 8.0, "GPU": 1.0}, {"CPU": 2.0, "GPU": 4.0}], True, 3),
        ([{"CPU": 8.0}, {"CPU": 8.0, "GPU": 1.0}, {"GPU": 4.0}], False, 16),
        ([{"CPU": 1.5}], False, 1),
    ],
)
def test_an_actor_fits_on_one_node(nodes: list[dict[str, float]], gpu: bool, expected: int) -> None:
    assert actors_that_fit(Nodes(*nodes), gpu) == expected


@pytest.mark.parametrize(
    ("nodes", "gpu", "sentence"),
    [
        (Nodes({"CPU": 4.0}, {"GPU": 4.0}), True, "no GPU here with a CPU beside it: leave --gpu out"),
        (Nodes({"GPU": 1.0}), False, "no CPU here that it may use"),
        (Nodes({"CPU": 4.0}, alive=False), False, "no CPU here that it may use"),
    ],
)
def test_a_ray_that_has_no_room_is_refused(nodes: Nodes, gpu: bool, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        actors_that_fit(nodes, gpu)


def test_ray_says_what_its_nodes_have(ray: Any) -> None:
    assert actors_that_fit(ray) == ray.cluster_resources()["CPU"]


def test_other_work_has_another_digest() -> None:
    batches = [Batch("patches", ([(1, [2, 3])],)), Batch("scan", ("a", 1))]
    found = {
        work_digest(["checkpoint", False], batches, b"cut"),
        work_digest(["checkpoint", True], batches, b"cut"),
        work_digest(["checkpoint", False], batches[::-1], b"cut"),
        work_digest(["checkpoint", False], batches[:1], b"cut"),
        work_digest(["checkpoint", False], batches, b"cut otherwise"),
        work_digest(["checkpoint", False], [Batch("patches", ([(1, [2])],)), batches[1]], b"cut"),
    }
    assert len(found) == 6
    assert work_digest(["checkpoint", False], list(batches), b"cut") in found
