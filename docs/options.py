"""The page options.md: every option of every command, as the commands themselves say it.

.venv/bin/python docs/options.py
"""

from pathlib import Path
from typing import Any

import typer

from deepminer_ray.cli import app

PAGE = Path(__file__).parent / "options.md"
HEAD = """# Options

Every option, its commands and its default. `deepminer COMMAND --help` says the same of one command.
What options are good for is on the pages of the stages, which [commands](commands.md) leads to.
`python docs/options.py` makes this page.

| option | commands | default | meaning |
| --- | --- | --- | --- |
"""


def rows() -> dict[tuple[str, str, str], list[str]]:
    """By option, default with bounds, and help: the commands that have it so, in the order of the commands."""
    found: dict[tuple[str, str, str], list[str]] = {}
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        for parameter in command.params:
            if parameter.opts[0].startswith("--") and parameter.name not in OF_TYPER:
                said = "/".join([parameter.opts[0], *parameter.secondary_opts])
                named = f"{said} {parameter.metavar}" if parameter.metavar else said
                found.setdefault((named, default_of(parameter), parameter.help), []).append(name)
    return found


OF_TYPER = ("help", "version")


def default_of(parameter: Any) -> str:
    """A default and the bounds, as the table says them."""
    known = parameter.default is not None and not isinstance(parameter.default, bool)
    bounds = (("at least", parameter.min), ("at most", parameter.max))
    said = [f"{parameter.default}"] if known else []
    return ", ".join(said + [f"{name} {bound:g}" for name, bound in bounds if bound is not None])


def page() -> str:
    """The page as it must be."""
    lines = [
        f"| `{named.replace('|', chr(92) + '|')}` | {', '.join(commands)} | {default} | {text} |\n"
        for (named, default, text), commands in sorted(rows().items())
    ]
    return HEAD + "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
