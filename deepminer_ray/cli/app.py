"""The command `deepminer` and how it ends."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepminer_ray import __version__
from deepminer_ray.errors import DISK, BadInput, Unreachable
from deepminer_ray.workers.cluster import watched
from deepminer_ray.workers.lost import dismiss
from deepminer_ray.workers.shortage import ended_by

if TYPE_CHECKING:
    from deepminer_ray.database.run import Run

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"deepminer_ray {__version__}")
        raise typer.Exit


@app.callback()
def deepminer(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find, name and score the units that decide in a network for images."""


CURSOR = "\n\x1b[?25h"
"""A line of its own and the cursor that a bar has hidden."""


def existing(folder: Path) -> "Run":
    """The run in a folder; imported late, so that `--help` does not wait for it."""
    from deepminer_ray.database.run import Run

    return Run.existing(folder)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a request that cannot be carried out ends in one sentence and exit status 2."""
    try:
        with watched(_end):
            app(arguments, prog_name="deepminer")
    except Exception as error:
        sentence = _meant_for_user(error)
        if sentence is None:
            raise
        refuse(sentence)


def _meant_for_user(error: BaseException | None) -> BadInput | Unreachable | None:
    """What is meant for the user; what a worker raised Ray wraps in an error of both kinds, which shows a traceback."""
    if isinstance(error, OSError) and error.errno in DISK:
        return BadInput(f"{error}. What was finished is kept: correct that and run the command again.")
    while error is not None:
        wrapped = getattr(error, "cause", None)
        if wrapped is None and isinstance(error, BadInput | Unreachable):
            return error
        if ended := ended_by(error):
            return ended
        error = wrapped if isinstance(wrapped, BaseException) else error.__cause__
    return None


def refuse(error: BadInput | Unreachable) -> None:
    """Say why and end."""
    _say(error)
    raise SystemExit(2)


def _end(error: BadInput) -> None:
    """Say why and end from another thread, whatever the main one waits for."""
    try:
        if sys.stderr.isatty():
            sys.stderr.write(CURSOR)
        dismiss()
        _say(error)
    finally:
        os._exit(2)


def _say(error: BadInput | Unreachable) -> None:
    sys.stdout.flush()
    print(f"deepminer: {error}", file=sys.stderr, flush=True)
