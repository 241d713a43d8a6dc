"""The whole chain in order: what `deepminer run` does."""

import shlex
from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from deepminer_ray.database.memory import remember, remembered
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput, FinishedOtherwise
from deepminer_ray.files.location import resolved
from deepminer_ray.network.checkpoint import load
from deepminer_ray.option import about, refuse_unfit
from deepminer_ray.progress.bars import say
from deepminer_ray.run_options import RunOptions, run_options
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


def resume(run: Run, given: Mapping[str, Any]) -> None:
    """The chain with the options given where they have a source, else with those that the run was begun with and the
    given ones in their place. They are remembered before the first stage starts.

    A run that refuses new options, as a stage is finished with others, remembers those from before. BadInput where no
    source is given or remembered.
    """
    before = remembered(run)
    options = {name: _lasting(name, value) for name, value in given.items()}
    if "source" not in options:
        options = _usable(run, before, options) | options
        say(f"run: {shlex.join(['deepminer', 'run', str(run.folder), *arguments(options)])}")
    if options != before:
        remember(run, options)
    try:
        chain(run, **options)
    except FinishedOtherwise:
        if options != before:
            remember(run, before)
        raise


def _usable(run: Run, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a run remembers, but for what the options given stand instead of; BadInput where it is not of use."""
    if "source" not in before:
        raise BadInput(f"{run.folder} remembers no options: begin with `deepminer run {run.folder} SOURCE`.")
    known = run_options()
    instead = {about(known[name]).instead_of for name in given}
    for name, value in before.items():
        try:
            refuse_unfit(known[name], tuple(value) if isinstance(value, list) else value)
        except (BadInput, KeyError) as error:
            raise BadInput(
                f"{run.folder} remembers an option {name!r} that cannot be used: begin with "
                f"`deepminer run {run.folder} SOURCE` and all options."
            ) from error
    return {name: value for name, value in before.items() if name not in instead}


def _lasting(name: str, value: Any) -> Any:
    """An option's value as it means the same in whatever folder `run` is called next, and as JSON gives it back."""
    known = about(run_options()[name])
    return str(resolved(value)) if known.file and value not in known.words else value


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Options as they are said on the command line of `run`."""
    said: list[str] = []
    for name, of in run_options().items():
        value, flags = options.get(name), (about(of).flag or f"--{name.replace('_', '-')}").split("/")
        if of.default is MISSING and value is not None:
            said.append(str(value))
        elif isinstance(value, bool):
            said += [flags[0]] if value else flags[1:]
        elif isinstance(value, list | tuple):
            said += [word for one in value for word in (flags[0], str(one))]
        elif value is not None:
            said += [flags[0], str(value)]
    return said


def chain(run: Run, **given: Any) -> None:
    """Every stage that is not finished, with the options it knows; another run's network makes training needless.

    `given` are options of the stages by name; None counts as not given. Without names for the units the chain ends
    after `rank`, without word vectors after `explain`.
    """
    given = {name: value for name, value in given.items() if value is not None}
    if "checkpoint" in given:
        trained = load(given["checkpoint"])
        if trained.whole:
            given.setdefault("whole", "{}x{}".format(*trained.whole))
        else:
            given.setdefault("side", trained.side)
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
        say(f"Now name the units in a csv or json FILE, then `deepminer run {run.folder} --annotations FILE`.")
        return
    annotate(run, options.annotate)
    explain(run, options.explain)
    if options.score.vectors is None:
        say(f"To score the explanations: `deepminer score {run.folder} --vectors FILE`.")
        return
    score(run, options.score)
