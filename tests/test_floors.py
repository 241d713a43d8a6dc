"""Imports point down, only the rim knows Ray, DuckDB and Typer, and files stay small."""

import ast
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.database.tables import STAGES
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "deepminer_ray"
MODULES = sorted(PACKAGE.rglob("*.py"))

ROOMS = {
    "files": (),
    "statistics": (),
    "progress": ("files",),
    "sources": ("files",),
    "annotation": ("files", "sources"),
    "patches": ("files", "sources"),
    "phantom": ("sources",),
    "units": ("statistics", "sources", "patches"),
    "explanations": ("files", "statistics", "sources", "patches", "units"),
    "database": ("files", "progress", "annotation", "patches"),
    "survey": ("files", "statistics", "sources", "annotation", "patches", "units", "database"),
    "report": ("files", "statistics", "progress", "patches", "units", "explanations", "database", "survey"),
    "network": ("files", "sources", "patches", "units", "explanations"),
    "workers": ("files", "progress", "patches", "explanations", "database", "network"),
    "planning": ("statistics", "workers"),
}
"""Each room with those that it imports from, which stand before it; `units` and `explanations` know no network."""
ROOMS["stages"] = tuple(room for room in ROOMS if room != "phantom")
ROOMS["cli"] = tuple(ROOMS)
LOOSE = {
    "__init__.py",
    "__main__.py",
    "aliases.py",
    "classes.py",
    "domain.py",
    "domain_file.py",
    "errors.py",
    "mammography.py",
    "option.py",
    "options.py",
    "run_options.py",
    "paper.py",
}
"""What lies outside the rooms."""

PARTS = {"chain", "contrast", "cut_worker", "explain_image", "grey_range", "name_score", "patients", "plan_worker"}
PARTS |= {"rehearse"}
"""In `stages`: what `run` and `rehearse` do, and parts of one or two stages."""

ALIKE = {"SOURCE_KIND", "read_case", "read_official_lists", "recognise"}
"""What modules of several kinds of source have alike."""

ONE_MEANING = {
    "Place": "files/location.py",
    "Window": "patches/grid.py",
    "Row": "aliases.py",
    "Scan": "sources/rows.py",
    "Lesion": "sources/rows.py",
    "Finding": "sources/finding.py",
    "Answer": "annotation/answer.py",
    "Tables": "database/tables.py",
    "Checkpoint": "network/checkpoint.py",
    "Network": "network/backbone.py",
    "Family": "network/family.py",
    "Estimate": "statistics/evaluation.py",
    "Batch": "workers/stream.py",
    "NodeRequirements": "workers/nodes.py",
    "upsample": "units/upsampling.py",
    "brightness": "sources/density.py",
    "write_whole": "files/location.py",
    "BATCH": "paper.py",
    "COVERAGE": "paper.py",
    "NAMED": "paper.py",
}
"""Words with one meaning, and where it stands: a file's place, a window of the grid, a row of a table, ..."""

SAYS_FILM = {"options.py": {"films"}, "stages/plan.py": {"films"}}
"""Identifiers that say film: the option `--films` of `plan`, whose name users write."""

RIM = {
    "ray": {"stages/plan_worker.py", *(f"workers/{file.name}" for file in (PACKAGE / "workers").glob("*.py"))},
    "duckdb": {f"database/{name}.py" for name in ("opening", "run", "store", "tables")},
    "starlette": {"survey/server.py"},
    "uvicorn": {"survey/serve.py", "survey/slow.py"},
    "jinja2": {"survey/pages.py", "report/template.py"},
    "typer": {f"cli/{file.name}" for file in (PACKAGE / "cli").glob("*.py")},
}


SPELLED = {
    "classes.py": "what is unproven in any domain",
    "mammography.py": "the words of DDSM's files and of the paper",
    "phantom/finding.py": "the plan of the phantom's findings",
    "phantom/patient.py": "the plan of the phantom's findings",
    "phantom/corpus.py": "words of made-up reports",
    "sql/audit/finding_without_outline.sql": "the names of DDSM's folders",
}
"""Files that spell the name of a class, and why."""
OF_MAMMOGRAMS = re.compile(r"bi-?rads|malignan|benign|calcification(?!_type)|spiculat|mammogram|radiologist", re.I)
"""Words of mammography; `calcification_type` is a column of `lesion`."""
PAGES = (".js", ".html", ".css")
MAY_SPEAK = (
    "deepminer_ray/mammography.py",
    "deepminer_ray/paper.py",
    "deepminer_ray/phantom/",
    "deepminer_ray/sources/",
    "deepminer_ray/domain_file.py",  # which domain is the usual one
    "deepminer_ray/database/tables.py",
    "deepminer_ray/stages/catalog.py",
    "deepminer_ray/options.py",  # an option of sources of mammograms
    "deepminer_ray/patches/breast.py",  # what is air on a film, and what is a label
    "deepminer_ray/patches/scan.py",
    "deepminer_ray/explanations/readers.py",  # how the authors' sheets say it
    "sql/audit/finding_without_outline.sql",  # the names of DDSM's folders
)
"""Where they stand: the domain's own words, its sources and phantom, the paper's numbers, and what is usual."""
TAKEN = {MALIGNANT, BENIGN, f"not_{MALIGNANT}", UNPROVEN}
"""Names that nothing but a class has; `normal` is an English word, and counts where it stands alone in quotes."""


def name(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


@cache
def nodes(module: Path) -> list[ast.AST]:
    return list(ast.walk(tree(module)))


@cache
def imported(module: Path) -> set[str]:
    found = set()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("library", RIM)
def test_only_the_rim_knows(library: str) -> None:
    knowing = {name(module) for module in MODULES if any(i.split(".")[0] == library for i in imported(module))}
    assert knowing <= RIM[library]
    assert knowing


def rooms_of(module: Path) -> set[str]:
    """The rooms that a module imports from, beside its own."""
    parts = (i.split(".") for i in imported(module) if i.startswith("deepminer_ray."))
    return ({part[1] for part in parts} & set(ROOMS)) - {name(module).split("/")[0]}


def test_every_module_is_in_a_room() -> None:
    assert {file.name for file in PACKAGE.glob("*.py")} <= LOOSE
    assert {name(module).split("/")[0] for module in MODULES} - LOOSE == set(ROOMS)
    assert {file.parent.name for file in (ROOT / "tests").glob("*/test_*.py")} <= {*ROOMS, "sql"}


def test_stages_are_commands() -> None:
    modules = {module.stem for module in (PACKAGE / "stages").glob("*.py")} - {"__init__"}
    assert modules == {*STAGES, "annotate", "plan"} | PARTS


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_stands_on_those_before_it(room: str) -> None:
    order = list(ROOMS)
    assert set(ROOMS[room]) <= set(order[: order.index(room)])


def test_imports_point_down() -> None:
    for module in MODULES:
        room = name(module).split("/")[0]
        below = set(("cli",) if room == "__main__.py" else ROOMS.get(room, ()))
        assert rooms_of(module) <= below, name(module)


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("stages", "cli")])
def test_no_room_is_named_that_is_not_imported(room: str) -> None:
    assert set[str]().union(*map(rooms_of, (PACKAGE / room).glob("*.py"))) == set(ROOMS[room])


def test_modules_and_functions_stay_small() -> None:
    for module in MODULES:
        assert module.read_text().count("\n") <= 300, name(module)
        for function in functions(module):
            assert (function.end_lineno or 0) - function.lineno < 60, f"{name(module)}: {function.name}"


def test_modules_and_public_functions_say_what_they_are_for() -> None:
    for module in MODULES:
        assert ast.get_docstring(tree(module)) or module.name == "__init__.py", name(module)
        for node in tree(module).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name(module)}: {node.name}"


@cache
def defined(module: Path) -> set[str]:
    """The names that a module gives itself, private ones too."""
    names = set[str]()
    for node in tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return {name for name in names if not name.startswith("__")}


def test_a_variable_says_what_it_is() -> None:
    """A number, rows, a header: not that something was found, asked or shown."""
    for module in MODULES:
        variables = {node.id for node in nodes(module) if isinstance(node, ast.Name)}
        parameters = {node.arg for node in nodes(module) if isinstance(node, ast.arg)}
        assert not {"found", "asked", "shown"} & (variables | parameters), name(module)


def test_no_name_is_defined_in_two_modules() -> None:
    """Nor a private one. But a command may be called as its stage; an option as what it chooses; what each kind of
    source has alike."""
    modules: dict[str, list[str]] = {}
    for module in MODULES:
        for named in defined(module):
            if named.startswith("_") or name(module).split("/")[0] != "cli":
                modules.setdefault(named, []).append(name(module))
    assert {named: found for named, found in modules.items() if len(found) > 1 and named not in ALIKE} == {}
    for named in ALIKE:
        assert {module.split("/")[0] for module in modules[named]} == {"sources"}


@pytest.mark.parametrize(("word", "means"), ONE_MEANING.items())
def test_a_word_has_one_meaning(word: str, means: str) -> None:
    """Classes, functions and constants of this name are those of one module, and imports agree."""
    owners = {name(module) for module in MODULES if word in defined(module) and name(module).split("/")[0] != "cli"}
    assert owners == {means}


def test_code_calls_a_mammogram_a_scan() -> None:
    """Text may call it a film, as radiologists do."""
    for module in MODULES:
        fields = ("name", "id", "attr", "arg", "asname")
        words = {module.stem, *(getattr(node, field, None) for node in nodes(module) for field in fields)}
        said = {word for word in words if word and "film" in word.lower()}
        assert said == SAYS_FILM.get(name(module), set()), name(module)


def functions(module: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in nodes(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_functions_take_few_parameters_and_no_two_booleans_by_place() -> None:
    for module in MODULES:
        for function in functions(module):
            arguments = function.args
            by_place = arguments.posonlyargs + arguments.args
            assert len(by_place + arguments.kwonlyargs) <= 12, function.name
            for one, other in pairwise(by_place):
                assert not (is_boolean(one) and is_boolean(other)), f"{function.name}: {one.arg}, {other.arg}"


def is_boolean(argument: ast.arg) -> bool:
    kind = ast.unparse(argument.annotation) if argument.annotation else ""
    return kind.startswith(("bool", "Annotated[bool"))


def test_no_function_passes_on_whatever_it_holds() -> None:
    for module in MODULES:
        calls = (node.func for node in nodes(module) if isinstance(node, ast.Call))
        assert "locals" not in {call.id for call in calls if isinstance(call, ast.Name)}, name(module)


def spelled_in_python(text: str) -> set[str]:
    """The names of classes that stand as strings in a module; in a sentence they are words."""
    strings = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    return {*TAKEN, NORMAL} & {word for word in strings if isinstance(word, str)}


def spelled_in_sql(text: str) -> set[str]:
    """The names of classes that a statement has in quotes or as the name of a column, comments left out."""
    code = re.sub(r"--[^\n]*", "", text)
    quoted = " ".join(re.findall(r"'([^']*)'", code))
    return ({NORMAL} if f"'{NORMAL}'" in code else set()) | (set(re.findall(r"[a-z]+(?:_[a-z]+)*", quoted)) & TAKEN)


def test_no_module_and_no_statement_spells_the_name_of_a_class() -> None:
    spelling = {name(module) for module in MODULES if spelled_in_python(module.read_text())}
    statements = {file.relative_to(ROOT).as_posix(): file for file in (ROOT / "sql").rglob("*.sql")}
    spelling |= {file for file, path in statements.items() if spelled_in_sql(path.read_text())}
    assert len(statements) > 200 and spelling <= set(SPELLED)


def test_no_file_speaks_of_mammograms_to_users_of_another_field() -> None:
    """Comments and pages included: whose words a page has, its domain says."""
    texts = [*MODULES, *(ROOT / "jobs").glob("*.py"), *(ROOT / "sql").rglob("*.sql")]
    texts += [file for part in ("survey", "report") for file in (PACKAGE / part).rglob("*.*") if file.suffix in PAGES]
    speaking = {file.relative_to(ROOT).as_posix() for file in texts if OF_MAMMOGRAMS.search(file.read_text())}
    assert len(texts) > 400
    unknown = {file for file in speaking if not file.startswith(MAY_SPEAK)}
    assert not unknown
    assert all(any(file.startswith(one) for file in speaking) for one in MAY_SPEAK), "no exception that is not needed"


def test_names_of_classes_are_found() -> None:
    assert spelled_in_python('x = {"malignant": 1}\ny = ("benign", "a normal film")') == {"malignant", "benign"}
    assert spelled_in_sql("-- 'benign'\nwhere class in ('normal', 'x: not_malignant') and malignant") == {
        "normal",
        "not_malignant",
    }
    spelling = {file: (PACKAGE if file.endswith("py") else ROOT) / file for file in SPELLED}
    found = {
        file
        for file, path in spelling.items()
        if (spelled_in_python if file.endswith("py") else spelled_in_sql)(path.read_text())
    }
    assert found == set(SPELLED), "no exception that is not needed"


def test_jobs_are_a_docstring_and_one_call() -> None:
    jobs = sorted((ROOT / "jobs").glob("*.py"))
    assert jobs
    for job in jobs:
        docstring, imports, call = ast.parse(job.read_text()).body
        assert isinstance(docstring, ast.Expr)
        assert isinstance(imports, ast.ImportFrom)
        assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)


def test_help_loads_neither_ray_nor_torch_nor_duckdb() -> None:
    """Heavy imports would make every `--help` wait."""
    code = (
        "import sys; from deepminer_ray.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print({'ray', 'torch', 'duckdb', 'numpy', 'pyarrow'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
