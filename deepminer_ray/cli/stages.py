"""One command a stage, no logic."""

import inspect
from typing import Any

import typer

from deepminer_ray.cli.app import app, existing
from deepminer_ray.cli.options import Folder, is_given, parameter_of_run, signed, spread
from deepminer_ray.options import (
    AnnotateOptions,
    CatalogOptions,
    CutOptions,
    DissectOptions,
    EvaluateOptions,
    ExplainOptions,
    PartitionOptions,
    ProbeOptions,
    RankOptions,
    ScoreOptions,
    TrainingOptions,
)
from deepminer_ray.run_options import run_options


def run(context: typer.Context, folder: Folder, **options: Any) -> None:
    """Run all stages in order, and resume where a run stopped. Without names for the units it ends after `rank`."""
    given = {name: value for name, value in options.items() if is_given(context, name)}
    from deepminer_ray.database.run import Run
    from deepminer_ray.report.summary import summary
    from deepminer_ray.stages.chain import resume

    made = Run.created(folder) if "source" in given else existing(folder)
    resume(made, given)
    typer.echo(summary(made))


app.command()(signed(run, inspect.signature(run), map(parameter_of_run, run_options().values())))


@app.command()
@spread
def catalog(folder: Folder, options: CatalogOptions) -> None:
    """List the images of a source, from their headers alone. It fills the tables scan, lesion, rejected and repair."""
    from deepminer_ray.database.run import Run
    from deepminer_ray.stages.catalog import catalog

    catalog(Run.created(folder), options)


@app.command()
@spread
def partition(folder: Folder, options: PartitionOptions) -> None:
    """Divide the patients into train, test and holdout. Images of holdout are explained. Section 2.1 of the paper."""
    from deepminer_ray.stages.partition import partition

    partition(existing(folder), options)


@app.command()
@spread
def cut(folder: Folder, options: CutOptions) -> None:
    """Decode every image once, resize it and cut its patches. Section 2.1 of the paper."""
    from deepminer_ray.stages.cut import cut

    cut(existing(folder), options)


@app.command()
@spread
def train(folder: Folder, options: TrainingOptions) -> None:
    """Fine-tune a network on the training patches. It works on Ray Train. Section 2.1 of the paper."""
    from deepminer_ray.stages.train import train

    train(existing(folder), options)


@app.command()
@spread
def probe(folder: Folder, options: ProbeOptions) -> None:
    """Store every unit's response to patches and whole images. Sections 2.2 and 2.3 of the paper."""
    from deepminer_ray.stages.probe import probe

    probe(existing(folder), options)


@app.command()
@spread
def evaluate(folder: Folder, options: EvaluateOptions) -> None:
    """Measure AUC, calibration and operating points by class. By patch, scan and patient. Section 3.1 of the paper."""
    from deepminer_ray.report.summary import evaluated
    from deepminer_ray.stages.evaluate import evaluate

    evaluate(existing(folder), options)
    typer.echo(evaluated(existing(folder)))


@app.command()
@spread
def rank(folder: Folder, options: RankOptions) -> None:
    """Rank units by their influence. It also fills coverage and top patches. Section 2.2 of the paper."""
    from deepminer_ray.stages.rank import rank

    rank(existing(folder), options)


@app.command()
@spread
def dissect(folder: Folder, options: DissectOptions) -> None:
    """Find which of the lesions' keywords units detect. Do units track digitizer, density, laterality or view?"""
    from deepminer_ray.stages.dissect import dissect

    dissect(existing(folder), options)


@app.command()
@spread
def annotate(folder: Folder, options: AnnotateOptions) -> None:
    """Record what experts or the lesions' keywords say of units. Section 2.2 of the paper."""
    from deepminer_ray.stages.annotate import annotate

    annotate(existing(folder), options)


@app.command()
@spread
def explain(folder: Folder, options: ExplainOptions) -> None:
    """Explain decisions by named units. It writes figures, JSON and the case book. Section 2.3 of the paper."""
    from deepminer_ray.stages.explain import explain

    explain(existing(folder), options)


@app.command()
@spread
def score(folder: Folder, options: ScoreOptions) -> None:
    """Score explanations and names, beside chance. Explanations are compared with reports. Section 3.2 of the paper."""
    from deepminer_ray.stages.score import score

    score(existing(folder), options)
