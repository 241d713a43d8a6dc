"""Ray actors that answer a batch by waiting; apart, for Ray keeps their classes, and these all of their module."""

import os
import time
from typing import Any

THREADS = 4


def workers(ray: Any, *seconds: float) -> list[Any]:
    """Workers that take so long over a batch, and tell its number, who had it and when."""

    class Worker:
        def __init__(self, name: int, seconds: float):
            self.name, self.seconds = name, seconds

        def process(self) -> int:
            return os.getpid()

        def work(self, store: str, number: int, *_: object) -> dict[str, Any]:
            began = time.time()
            time.sleep(self.seconds)
            return {"number": number, "store": store, "name": self.name, "began": began, "ended": time.time()}

    lasting = {"max_restarts": -1, "max_task_retries": -1}
    made = ray.remote(Worker).options(num_cpus=0, max_concurrency=THREADS, **lasting)
    actors = [made.remote(name, of_one) for name, of_one in enumerate(seconds)]
    ray.get([actor.process.remote() for actor in actors])
    return actors
