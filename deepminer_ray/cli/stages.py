"""One command a stage, no logic."""

from typing import Annotated

import typer

from deepminer_ray import paper
from deepminer_ray.cli.app import app, existing
from deepminer_ray.cli.options import (
    Again,
    Annotations,
    AtOnce,
    Balance,
    Batch,
    Checkpoint,
    Classes,
    DecayFromEpoch,
    Epochs,
    Exceeding,
    Flips,
    Folder,
    FromLesions,
    Gpu,
    Half,
    Images,
    Jitter,
    Keep,
    Layer,
    LearningRate,
    Lists,
    Mixed,
    Naming,
    Network,
    Normalisation,
    Normals,
    Optimizer,
    Partitions,
    Pool,
    Preset,
    Rotation,
    Schedule,
    Seed,
    Sensitivity,
    ShuffleLabels,
    Side,
    Source,
    SourceKind,
    Storage,
    Tensorboard,
    Test,
    Train,
    Until,
    Validation,
    Vectors,
    Weights,
    Workers,
)


@app.command()
def run(
    folder: Folder,
    source: Source,
    source_kind: SourceKind = None,
    train: Train = paper.TRAIN_SHARE,
    test: Test = paper.TEST_SHARE,
    validation: Validation = paper.VALIDATION_SHARE,
    lists: Lists = None,
    side: Annotated[int | None, typer.Option(help="px of a patch; by default 227, or the checkpoint's side")] = None,
    storage: Storage = None,
    network: Network = paper.NETWORK,
    weights: Weights = "default",
    classes: Classes = 3,
    until: Until = None,
    pool: Pool = "avg",
    preset: Preset = "paper",
    epochs: Epochs = None,
    batch: Batch = paper.BATCH,
    learning_rate: LearningRate = paper.LEARNING_RATE,
    decay_from_epoch: DecayFromEpoch = None,
    optimizer: Optimizer = "sgd",
    schedule: Schedule = "steps",
    normalisation: Normalisation = None,
    balance: Balance = "none",
    flips: Flips = False,
    rotation: Rotation = 0.0,
    jitter: Jitter = 0.0,
    keep: Keep = "best",
    at_once: AtOnce = None,
    mixed: Mixed = False,
    workers: Workers = 1,
    gpu: Gpu = False,
    seed: Seed = 0,
    normals: Normals = None,
    shuffle_labels: ShuffleLabels = False,
    tensorboard: Tensorboard = False,
    checkpoint: Checkpoint = None,
    partitions: Partitions = None,
    sensitivity: Sensitivity = paper.PAUC_FROM,
    annotations: Annotated[str | None, typer.Option(metavar="FILE", help="csv or json with the names of units")] = None,
    from_lesions: FromLesions = False,
    naming: Naming = "contrast",
    vectors: Vectors = None,
) -> None:
    """Run all stages in order, and resume where a run stopped. Without names for the units it ends after `rank`."""
    options = dict(locals())
    from deepminer_ray.database.run import Run
    from deepminer_ray.report.summary import summary
    from deepminer_ray.stages.chain import chain

    made = Run.created(options.pop("folder"))
    chain(made, **options)
    typer.echo(summary(made))


@app.command()
def catalog(folder: Folder, source: Source, source_kind: SourceKind = None, again: Again = False) -> None:
    """List the films of a source, from their headers alone. It fills the tables scan, lesion, rejected and repair."""
    from deepminer_ray.database.run import Run
    from deepminer_ray.stages.catalog import catalog

    catalog(Run.created(folder), source, source_kind, again)


@app.command()
def partition(
    folder: Folder,
    train: Train = paper.TRAIN_SHARE,
    test: Test = paper.TEST_SHARE,
    validation: Validation = paper.VALIDATION_SHARE,
    seed: Seed = 0,
    lists: Lists = None,
    again: Again = False,
) -> None:
    """Divide the patients into train, test and holdout. Films of holdout are explained. Section 2.1 of the paper."""
    from deepminer_ray.stages.partition import partition

    partition(existing(folder), train, test, validation, seed, lists, again)


@app.command()
def cut(
    folder: Folder,
    side: Side = paper.SIDE,
    breast: Annotated[float, typer.Option(help="least share of breast in a patch")] = paper.BREAST_SHARE,
    cover: Annotated[float, typer.Option(help="share of the patch that a finding must cover")] = paper.COVER,
    within: Annotated[float, typer.Option(help="or share of the finding that must lie in the patch")] = paper.WITHIN,
    storage: Storage = None,
    again: Again = False,
) -> None:
    """Decode every film once, resize it and cut its patches. Section 2.1 of the paper."""
    from deepminer_ray.stages.cut import cut

    cut(existing(folder), side, breast, cover, within, storage, again)


@app.command()
def train(
    folder: Folder,
    network: Network = paper.NETWORK,
    weights: Weights = "default",
    classes: Classes = 3,
    until: Until = None,
    pool: Pool = "avg",
    preset: Preset = "paper",
    epochs: Epochs = None,
    batch: Batch = paper.BATCH,
    learning_rate: LearningRate = paper.LEARNING_RATE,
    decay_from_epoch: DecayFromEpoch = None,
    optimizer: Optimizer = "sgd",
    schedule: Schedule = "steps",
    normalisation: Normalisation = None,
    balance: Balance = "none",
    flips: Flips = False,
    rotation: Rotation = 0.0,
    jitter: Jitter = 0.0,
    keep: Keep = "best",
    at_once: AtOnce = None,
    mixed: Mixed = False,
    workers: Workers = 1,
    gpu: Gpu = False,
    seed: Seed = 0,
    normals: Normals = None,
    shuffle_labels: ShuffleLabels = False,
    tensorboard: Tensorboard = False,
    again: Again = False,
) -> None:
    """Fine-tune a network on the training patches. It works on Ray Train. Section 2.1 of the paper."""
    options = dict(locals())
    from deepminer_ray.stages.train import train

    train(existing(options.pop("folder")), **options)


@app.command()
def probe(
    folder: Folder,
    checkpoint: Checkpoint = None,
    partitions: Partitions = None,
    workers: Workers = 1,
    layer: Layer = "features",
    half: Half = False,
    gpu: Gpu = False,
    again: Again = False,
) -> None:
    """Store every unit's response to patches and mammograms. Sections 2.2 and 2.3 of the paper."""
    from deepminer_ray.stages.probe import probe

    probe(existing(folder), checkpoint, partitions, workers, layer, half, gpu, again)


@app.command()
def evaluate(
    folder: Folder, partitions: Partitions = None, sensitivity: Sensitivity = paper.PAUC_FROM, again: Again = False
) -> None:
    """Measure AUC, calibration and operating points by class. By patch, scan and patient. Section 3.1 of the paper."""
    from deepminer_ray.report.summary import evaluated
    from deepminer_ray.stages.evaluate import evaluate

    evaluate(existing(folder), partitions, sensitivity, again)
    typer.echo(evaluated(existing(folder)))


@app.command()
def rank(
    folder: Folder,
    top: Annotated[int, typer.Option(min=1, help="how many of a scan's most influential units count")] = paper.TOP,
    ranked: Annotated[int, typer.Option(min=1, help="how many units of each class to annotate")] = paper.RANKED,
    top_patches: Annotated[int, typer.Option(min=1, help="patches to keep for each unit")] = paper.TOP_PATCHES,
    partitions: Partitions = None,
    workers: Workers = 1,
    again: Again = False,
) -> None:
    """Rank units by their influence. It also fills coverage and top patches. Section 2.2 of the paper."""
    from deepminer_ray.stages.rank import rank

    rank(existing(folder), top, ranked, top_patches, partitions, workers, again)


@app.command()
def dissect(
    folder: Folder,
    share: Exceeding = paper.EXCEEDED_SHARE,
    permuted: Annotated[int, typer.Option(min=1, help="permutations of the patients, for p")] = 9999,
    patients: Annotated[int, typer.Option(min=1, help="how many patients must show a concept")] = 3,
    seed: Seed = 0,
    workers: Workers = 1,
    again: Again = False,
) -> None:
    """Find which of the lesions' keywords units detect. Do units track digitizer, density, laterality or view?"""
    from deepminer_ray.stages.dissect import dissect

    dissect(existing(folder), share, permuted, patients, seed, workers, again)


@app.command()
def annotate(
    folder: Folder,
    file: Annotations = None,
    from_lesions: FromLesions = False,
    naming: Naming = "contrast",
    partitions: Partitions = None,
) -> None:
    """Record what experts or the lesions' keywords say of units. Section 2.2 of the paper."""
    from deepminer_ray.stages.annotate import annotate

    annotate(existing(folder), file, from_lesions, naming, partitions)


@app.command()
def explain(
    folder: Folder,
    scan: Annotated[str | None, typer.Option(help="draw only this scan's figure")] = None,
    image: Images = None,
    partitions: Partitions = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="also write figures as PDF")] = False,
    workers: Workers = 1,
    again: Again = False,
) -> None:
    """Explain decisions by named units. It writes figures, JSON and the case book. Section 2.3 of the paper."""
    if image:
        from deepminer_ray.stages.explain_image import explain_images

        explain_images(existing(folder), image, pdf)
        return
    from deepminer_ray.stages.explain import explain

    explain(existing(folder), scan, partitions, pdf, workers, again)


@app.command()
def score(
    folder: Folder, vectors: Vectors = None, partitions: Partitions = None, seed: Seed = 0, again: Again = False
) -> None:
    """Score explanations and names, beside chance. Explanations are compared with reports. Section 3.2 of the paper."""
    from deepminer_ray.stages.score import score

    score(existing(folder), vectors, partitions, seed, again)
