"""A network that several threads share: what overlaps, what does not, and what it says it waited for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from deepminer_ray.workers.turn import Turn

SECONDS = 10.0
ROWS = {"activation": pa.table({"unit": [0]})}


def test_a_batch_is_answered_while_another_is_stored() -> None:
    turn, answered = Turn(), threading.Event()

    def answer() -> dict[str, pa.Table]:
        answered.set()
        return ROWS

    with ThreadPoolExecutor(1) as threads:
        storing = threads.submit(turn.take, lambda: ROWS, lambda _: answered.wait(SECONDS) or pytest.fail("no overlap"))
        turn.take(answer, lambda _: None)
        assert storing.result()[0] is ROWS


def test_the_network_has_one_batch_at_a_time() -> None:
    turn, inside, most = Turn(), 0, 0

    def answer() -> dict[str, pa.Table]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        return ROWS

    with ThreadPoolExecutor(4) as threads:
        for taken in [threads.submit(turn.take, answer, lambda _: None) for _ in range(20)]:
            taken.result()
    assert most == 1


def test_every_second_is_work_or_waiting_for_somebody() -> None:
    turn = Turn()

    def take(answering: float, storing: float) -> dict[str, float]:
        def answer() -> dict[str, pa.Table]:
            time.sleep(answering)
            return ROWS

        return turn.take(answer, lambda _: time.sleep(storing))[1]

    began = time.perf_counter()
    first = take(0.1, 0.2)
    time.sleep(0.05)
    second = take(0.15, 0)
    took = time.perf_counter() - began
    assert first["store"] == first["driver"] == 0
    assert first["working"] >= 0.1 and second["working"] >= 0.15
    assert second["store"] >= 0.2 and second["driver"] >= 0.05
    assert 0.45 < sum(first.values()) + sum(second.values()) <= took
