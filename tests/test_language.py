"""The pages and the help are in plain English: short sentences and usual words."""

import ast
import re
import tokenize
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deepminer_ray.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

PACKAGE = ROOT / "deepminer_ray"
MODULES = sorted(PACKAGE.rglob("*.py"))
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]

HALF, NINE_TENTHS = 16, 30
"""Words that half of a page's sentences, and nine tenths of them, have at most."""

UNUSUAL = {
    r"mend(s|ed|ing)?": "correct, repair",
    r"anew": "again",
    r"(?<!\bthere )(is|are|was|were) no (?!longer\b|more\b|less\b|faster\b|slower\b|better\b)": "is not a",
    r"for want of|want of memory": "because of, out of memory",
    r"whose (\w+ ){1,5}weighs?": "with weights",
    r"as good as never": "almost never",
    r"silent heads?": "unreachable head",
    r"reckon(s|ed|ing)?": "calculate",
    r"(would|must|could|will|can|which|that) else": "otherwise",
    r"(goes?|going|went) on (from|where)": "resume",
    r"from chance": "random",
    r"strays?": "differs",
    r"of one's own": "your own",
    r"leaves? a rest": "stops short of the edge",
    r"one \w+ dies after the other": "repeatedly",
    r"by so (many|much)|so many degrees": "that many",
}
"""Words and phrases that cost a reader time, and what is usual."""


def without_code(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)


def paragraphs(page: str) -> list[str]:
    """Running text: no code, tables, headings or pictures; an item of a list is a paragraph."""
    lines = ["" if re.match(r"\s*(\||#|!\[)", line) else line for line in without_code(page).splitlines()]
    text = re.sub(r"^\s*([-*]|\d+\.) ", "\n", "\n".join(lines), flags=re.MULTILINE)
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph; a link is its text, a piece of code one word."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "Code", paragraph))
    text = re.sub(r"\b(Secs?|Figs?|et al|Dr|e\.g|i\.e)\.", r"\1", text)
    return [part for part in re.split(r"(?<=[.?!])[)*]*\s+(?=[\W_]*[A-Z0-9])", text) if re.search(r"\w", part)]


def lengths(page: str) -> list[int]:
    """Words of each sentence of a page, the shortest first."""
    return sorted(
        sum(1 for word in sentence.split() if re.search(r"\w", word))
        for paragraph in paragraphs(page)
        for sentence in sentences(paragraph)
    )


def at_most(counts: list[int], percent: int) -> int:
    """Words that so many percent of the sentences have at most."""
    return counts[-(-len(counts) * percent // 100) - 1]


def unusual(page: str) -> list[str]:
    """What a page says in unusual words, each with the usual one."""
    text = re.sub(r"`[^`]*`", "`", without_code(page))
    text = " ".join(text.split())
    return [
        f"{text[max(0, hit.start() - 30) : hit.end() + 20]!r}: {better}"
        for words, better in UNUSUAL.items()
        for hit in re.finditer(rf"\b({words})", text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sentences_are_short(page: Path) -> None:
    counts = lengths(page.read_text())
    assert at_most(counts, 50) <= HALF
    assert at_most(counts, 90) <= NINE_TENTHS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_are_usual(page: Path) -> None:
    assert unusual(page.read_text()) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_plain(command: str) -> None:
    """Short sentences in usual words, and a help text for every option."""
    asked = COMMANDS[command] if command else typer.main.get_command(app)
    for text in (asked.help, *(parameter.help for parameter in asked.params if parameter.name != "help")):
        assert text, command
        assert unusual(text) == []
        assert lengths(text)[-1] <= NINE_TENTHS, text


def test_help_lists_whole_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 80 columns no command's line is cut, nor ends at an abbreviation's full stop."""
    monkeypatch.setenv("COLUMNS", "80")
    listed = CliRunner().invoke(app, ["--help"]).output.split("Commands:")[1].strip().splitlines()
    assert len(listed) == len(COMMANDS)
    for line in listed:
        assert line.endswith(".") and not line.endswith("...") and line.count("(") == line.count(")"), line


def test_readme_is_short() -> None:
    assert (ROOT / "README.md").read_text().count("\n") <= 120


def test_long_sentences_and_unusual_words_are_found() -> None:
    long = "A film whose units the head weighs is no figure (Sec. 2.1), " + "and is read anew, " * 8 + "as `a b` says."
    page = f"# A heading is left out\n\n{long} Short.\n\n| a table | too |\n\n- An item.\n- Another [one](no.md).\n"
    assert lengths(page) == [1, 2, 2, 47]
    assert at_most([1, 2, 2, 47], 50) == 2 and at_most([1, 2, 2, 47], 90) == 47
    assert len(unusual(page)) == 8 + 2


def strings(module: Path) -> list[str]:
    """The docstrings, messages and comments of a module."""
    text = module.read_text()
    constants = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [value for value in constants if isinstance(value, str)] + comments


def test_messages_and_docstrings_are_in_usual_words() -> None:
    for module in MODULES:
        assert [hit for text in strings(module) for hit in unusual(text)] == [], module


def docstrings(module: Path) -> list[str]:
    """What stands by itself in a module: its docstrings, also those of constants."""
    bodies = [getattr(node, "body", ()) for node in ast.walk(ast.parse(module.read_text()))]
    alone = [line.value for body in bodies if isinstance(body, list) for line in body if isinstance(line, ast.Expr)]
    return [one.value for one in alone if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def messages(module: Path) -> list[str]:
    """What a module says to the user, a word for each value that it puts in."""
    calls = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call) and node.args]
    said = [call.args[0] for call in calls if getattr(call.func, "id", "") in ("BadInput", "Unreachable", "say")]
    parts = [text.values if isinstance(text, ast.JoinedStr) else [text] for text in said]
    return ["".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in text) for text in parts]


@pytest.mark.parametrize("read", [docstrings, messages])
def test_sentences_of_the_code_are_short(read: Callable[[Path], list[str]]) -> None:
    counts = sorted(words for module in MODULES for text in read(module) for words in lengths(text))
    assert len(counts) > 250
    assert at_most(counts, 50) <= HALF
    assert at_most(counts, 90) <= NINE_TENTHS
