"""Ray is started again where a busy machine was too slow, and no other failure is hidden."""

from typing import Any

import pytest

from deepminer_ray import cluster
from deepminer_ray.errors import BadInput

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


def test_other_failures_are_not_hidden() -> None:
    with pytest.raises(ValueError, match="address"):
        cluster._start(SlowRay(ValueError("address")))
