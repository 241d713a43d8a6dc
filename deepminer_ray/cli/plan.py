"""The command that says what a run would take."""

from typing import Annotated

import typer

from deepminer_ray.cli.app import app
from deepminer_ray.cli.options import spread
from deepminer_ray.options import PlanOptions


@app.command()
@spread
def plan(
    options: PlanOptions, json: Annotated[bool, typer.Option("--json", help="print json instead of tables")] = False
) -> None:
    """Predict patches, bytes, memory and hours of a run.

    It takes a sample of the source's images, works on the cluster where it is called, and keeps nothing.
    """
    from deepminer_ray.planning.outcome import table
    from deepminer_ray.stages.plan import plan

    planned = plan(options)
    if json:
        from json import dumps

        typer.echo(dumps(planned.rows()))
    else:
        typer.echo(table(planned))
