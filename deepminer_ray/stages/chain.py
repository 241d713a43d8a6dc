"""The whole chain in order: what `deepminer run` does."""

from typing import Any

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.network.checkpoint import load
from deepminer_ray.options import RunOptions
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


def chain(run: Run, **given: Any) -> None:
    """Every stage that is not finished, with the options it knows; another run's network makes training needless.

    `given` are options of the stages by name; None counts as not given. Without names for the units the chain ends
    after `rank`, without word vectors after `explain`.
    """
    given = {name: value for name, value in given.items() if value is not None}
    if "source" not in given:
        raise BadInput(f"Say where the mammograms are: `deepminer run {run.folder} SOURCE`.")
    if "checkpoint" in given:
        given.setdefault("side", load(given["checkpoint"]).side)
    options = RunOptions.of(given)
    catalog(run, options.catalog)
    partition(run, options.partition)
    cut(run, options.cut)
    if options.probe.checkpoint is None:
        train(run, options.train)
    probe(run, options.probe)
    evaluate(run, options.evaluate)
    rank(run, options.rank)
    if options.annotate.annotations is None and not options.annotate.from_lesions:
        say(f"Now name the units: `deepminer annotate {run.folder} FILE`, then repeat this with --annotations FILE.")
        return
    annotate(run, options.annotate)
    explain(run, options.explain)
    if options.score.vectors is None:
        say(f"To score the explanations: `deepminer score {run.folder} --vectors FILE`.")
        return
    score(run, options.score)
