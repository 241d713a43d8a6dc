"""The command that says what a run would take."""

from typing import Annotated

import typer

from deepminer_ray import paper
from deepminer_ray.cli.app import app
from deepminer_ray.cli.options import (
    Batch,
    Epochs,
    Network,
    Normals,
    Partitions,
    Seed,
    Side,
    Source,
    SourceKind,
    Test,
    Train,
    Until,
    Validation,
    Workers,
)


@app.command()
def plan(
    source: Source,
    source_kind: SourceKind = None,
    side: Side = paper.SIDE,
    network: Network = paper.NETWORK,
    until: Until = None,
    epochs: Epochs = None,
    batch: Batch = paper.BATCH,
    normals: Normals = None,
    train: Train = paper.TRAIN_SHARE,
    test: Test = paper.TEST_SHARE,
    validation: Validation = paper.VALIDATION_SHARE,
    seed: Seed = 0,
    partitions: Partitions = None,
    workers: Workers = 1,
    gpus: Annotated[int, typer.Option(min=0, help="train and probe on this many GPUs")] = 0,
    gpu_rate: Annotated[
        float, typer.Option(min=0.001, help="TFLOP/s that a GPU sustains, used if Ray sees no GPU to time")
    ] = 20.0,
    films: Annotated[int, typer.Option(min=1, help="films of the sample to cut")] = 12,
    seconds: Annotated[float, typer.Option(min=0.0, help="how long to time each part of the network's work")] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="print json instead of tables")] = False,
) -> None:
    """Predict patches, bytes, memory and hours of a run.

    It takes a sample of the source's films, works on the cluster where it is called, and keeps nothing.
    """
    from deepminer_ray.planning.counts import Shares
    from deepminer_ray.planning.outcome import table
    from deepminer_ray.stages.plan import Asked
    from deepminer_ray.stages.plan import plan as planned

    asked = Asked(
        side=side,
        network=network,
        until=until,
        epochs=epochs or paper.EPOCHS,
        batch=batch,
        normals=normals,
        shares=Shares(train, test, validation, seed),
        partitions=tuple(partitions) if partitions else None,
        workers=workers,
        gpus=gpus,
        gpu_rate=gpu_rate,
        films=films,
        seconds=seconds,
    )
    found = planned(source, source_kind, asked)
    if json:
        from json import dumps

        typer.echo(dumps(found.rows()))
    else:
        typer.echo(table(found))
