"""The README names every command, stage and table, no page names one that is not there, and links lead somewhere."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest
import typer

from deepminer_ray.cli import app
from deepminer_ray.database.statement import sql_folder
from deepminer_ray.database.tables import STAGES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = "".join(page.read_text() for page in FILES)
TEXT = "".join(page.read_text() for page in FILES if page.name != "options.md")
"""Pages that say what an option is good for."""
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


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_documented(command: str) -> None:
    for parameter in typer.main.get_command(app).commands[command].params:  # type: ignore[attr-defined]
        option = parameter.opts[0]
        if option.startswith("--"):
            assert re.search(rf"{option}(?![\w-])", TEXT), option


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
    tree = next(part for part in CONTRIBUTING.split("```") if "paper.py" in part)
    for part in (ROOT / "deepminer_ray").iterdir():
        if part.name.startswith("__"):
            continue
        assert (part.name + "/" if part.is_dir() else part.name) in tree, part.name


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub writes them in an address."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", FILES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if re.match(r"https?:", link):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {file.partition("#")[0] for file in re.findall(r"\]\(([^)]+)\)", README)}
    assert {file.relative_to(ROOT).as_posix() for file in FILES} - {"README.md"} <= linked


def test_pages_named_in_code_exist() -> None:
    """Also files of code that pages name."""
    parts = ("deepminer_ray", "tests", "benchmarks", "jobs", "docs")
    code = [file for part in parts for file in (ROOT / part).rglob("*.py")] + [ROOT / "Makefile"]
    for file in code:
        for page in re.findall(r"\bdocs/\w+\.md\b", file.read_text()):
            assert (ROOT / page).is_file(), f"{file.name}: {page}"
    for path in re.findall(r"`(?:python )?((?:deepminer_ray|tests|benchmarks|jobs|sql)/[\w/.]*\w\.\w+)", PAGES):
        if "NAME" not in path:
            assert (ROOT / path).is_file(), path


def test_glossary_says_where_terms_are_met() -> None:
    """Each term has a sentence, and a table, view, macro, command or page."""
    views = set((sql_folder() / "view" / "order.txt").read_text().split())
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    terms = [row for row in rows if row[0] not in ("term", "---")]
    assert len(terms) > 50
    for term, meaning, where in terms:
        assert meaning.endswith("."), term
        names = set(re.findall(r"`(\w+)`", where))
        assert names <= views | set(TABLES), term
        assert names or "](" in where or "`deepminer " in where or "RUN/" in where, term


def test_dependencies_are_pinned() -> None:
    """What is installed is what was tested."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = project["dependencies"] + project["optional-dependencies"]["dev"]
    wanted = {re.split(r"[\[><=]", line)[0].lower() for line in listed}
    pinned = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().split()}
    assert wanted <= pinned


SCRIPTS = [file for folder in ("benchmarks", "docs", "jobs") for file in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.relative_to(ROOT).as_posix())
def test_what_a_script_imports_of_the_package_is_there(script: Path) -> None:
    """Scripts that take minutes are run by hand: no rename may leave them behind."""
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("deepminer_ray"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name) or importlib.import_module(f"{node.module}.{alias.name}")
