"""The README names every command, stage and table there is, and none that is not."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from deepminer_ray.cli import app
from deepminer_ray.statement import sql_folder
from deepminer_ray.tables import STAGES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = README + "".join(page.read_text() for page in sorted((ROOT / "docs").glob("*.md")))
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
TABLES = sorted(file.stem for file in (sql_folder() / "table").glob("*.sql"))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_documented(command: str) -> None:
    assert f"`deepminer {command}" in README


def test_documented_commands_exist() -> None:
    assert set(re.findall(r"\bdeepminer ([a-z]+)\b", PAGES)) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_documented_options_exist(command: str) -> None:
    known = {
        option
        for parameter in typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for line in re.findall(rf"deepminer {command} (.+)", PAGES.replace("\\\n", " ")):
        said = set(re.findall(r"(?<![\w-])--[a-z-]+", re.split(r"[|;&`#]", line)[0]))
        assert said <= known | {"--help"}


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_documented(table: str) -> None:
    assert f"`{table}`" in README


def test_stages_fill_tables_that_exist() -> None:
    assert {table for tables in STAGES.values() for table in tables} <= set(TABLES)


@pytest.mark.parametrize("job", sorted((ROOT / "jobs").glob("*.py")), ids=lambda job: job.stem)
def test_jobs_are_commands(job: Path) -> None:
    assert job.stem in COMMANDS
    assert f"jobs/{job.name}" in job.read_text()


def test_tree_names_every_part() -> None:
    tree = next(part for part in README.split("```") if "paper.py" in part)
    for part in (ROOT / "deepminer_ray").iterdir():
        if part.name.startswith("__"):
            continue
        assert (part.name + "/" if part.is_dir() else part.name) in tree, part.name


def test_dependencies_are_pinned() -> None:
    """What is installed is what was tested."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = project["dependencies"] + project["optional-dependencies"]["dev"]
    wanted = {re.split(r"[\[><=]", line)[0].lower() for line in listed}
    pinned = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().split()}
    assert wanted <= pinned
