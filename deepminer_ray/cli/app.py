"""The command `deepminer` and how it ends."""

import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from deepminer_ray.errors import BadInput, Unreachable

if TYPE_CHECKING:
    from deepminer_ray.run import Run

app = typer.Typer(
    help="Find, name and score the units that decide in a mammogram network.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)
"""What a disk answers that cannot be written: no fault of the program."""


def existing(folder: Path) -> "Run":
    """The run in a folder; imported late, so that `--help` does not wait for it."""
    from deepminer_ray.run import Run

    return Run.existing(folder)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a request that cannot be carried out ends in one sentence and exit status 2."""
    try:
        app(arguments)
    except (BadInput, Unreachable) as error:
        refuse(error)
    except OSError as error:
        if error.errno not in DISK:
            raise
        refuse(BadInput(f"{error}. What was finished is kept; mend that and call it again."))
    except Exception as error:
        # Ray wraps what a worker raised; the sentence inside is still meant for the user.
        cause = getattr(error, "cause", None) or error.__cause__
        if not isinstance(cause, BadInput | Unreachable):
            raise
        refuse(cause)


def refuse(error: BadInput | Unreachable) -> None:
    """Say why and end."""
    sys.stdout.flush()
    print(f"deepminer: {error}", file=sys.stderr)
    raise SystemExit(2)
