"""The command line, the only part that knows Typer."""

import os
import sys

from deepminer_ray.cli import made_up, plan, stages, tools
from deepminer_ray.cli.app import app, main

__all__ = ["app", "made_up", "main", "main_of", "plan", "stages", "tools"]


def main_of(command: str) -> None:
    """Run one command with the arguments of this process, on the cluster it is submitted to: what a job does."""
    os.environ.setdefault("RAY_ADDRESS", "auto")
    main([command, *sys.argv[1:]])
