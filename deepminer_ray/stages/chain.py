"""The whole chain in order: what `deepminer run` does."""

import inspect
from collections.abc import Callable
from typing import Any

from deepminer_ray.database.run import Run
from deepminer_ray.network.checkpoint import load
from deepminer_ray.progress.bars import say
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.stages.score import score
from deepminer_ray.stages.train import train


def chain(run: Run, source: str, *, annotations: str | None, from_lesions: bool, **options: Any) -> None:
    """Every stage that is not finished, with the options it knows; another run's network makes training needless.

    Without names for the units the chain ends after `rank`, without word vectors after `explain`.
    """
    options = {name: value for name, value in options.items() if value is not None}
    if "checkpoint" in options:
        options.setdefault("side", load(options["checkpoint"]).side)
    _do(catalog, run, {"source": source} | options)
    stages: list[Callable[..., None]] = [partition, cut, train, probe, evaluate, rank]
    if "checkpoint" in options:
        stages.remove(train)
    for stage in stages:
        _do(stage, run, options)
    if annotations is None and not from_lesions:
        say(f"Now name the units: `deepminer annotate {run.folder} FILE`, then repeat this with --annotations FILE.")
        return
    _do(annotate, run, {"file": annotations, "from_lesions": from_lesions} | options)
    _do(explain, run, options)
    if "vectors" not in options:
        say(f"To score the explanations: `deepminer score {run.folder} --vectors FILE`.")
        return
    _do(score, run, options)


def _do(stage: Callable[..., None], run: Run, options: dict[str, Any]) -> None:
    known = inspect.signature(stage).parameters
    stage(run, **{name: value for name, value in options.items() if name in known})
