"""Every query has one shape: its grain on the first line, one statement, lower case, short."""

import re
from pathlib import Path

from deepminer_ray.database.statement import OF_A_FOLDER, statement

SQL = Path(__file__).parents[2] / "sql"
FILES = sorted(SQL.rglob("*.sql"))


def code(text: str) -> str:
    """The query without comments and quoted text."""
    return re.sub(r"--[^\n]*|'[^']*'|\"[^\"]*\"", "", text)


def test_a_query_has_the_house_shape() -> None:
    for file in FILES:
        text = file.read_text()
        first = text.splitlines()[0]
        assert re.match(r"-- [A-Z].{10,}[.:]", first), f"{file}: no grain on the first line: {first}"
        assert ";" not in code(text), f"{file}: one statement, without semicolon"
        assert code(text) == code(text).lower(), f"{file}: lower case"
        assert len(text.splitlines()) <= 40, f"{file}: at most 40 lines"
        assert all(len(line) <= 120 for line in text.splitlines()), f"{file}: at most 120 characters a line"
        assert "\t" not in text and text.endswith("\n") and not re.search(r" +$", text, re.MULTILINE), file
        assert all((len(line) - len(line.lstrip())) % 4 == 0 for line in text.splitlines()), f"{file}: four spaces"
        assert not re.search(r"[{}]{2}|{%|%s|\?", code(text)), f"{file}: values are parameters"


def test_selects_say_what_a_row_is() -> None:
    selects = [file for file in FILES if code(file.read_text()).lstrip().startswith(("select", "with"))]
    assert len(selects) > 20
    assert [file.name for file in selects if not file.read_text().startswith("-- One ")] == []


def test_a_table_is_named_as_its_file() -> None:
    for folder, kind in (("table", "table"), ("view", "(view|macro)")):
        for file in (SQL / folder).glob("*.sql"):
            assert re.search(rf"^create {kind} {file.stem}\b", file.read_text(), re.MULTILINE), file


def test_every_view_has_its_place_in_the_order() -> None:
    order = (SQL / "view" / "order.txt").read_text().split()
    assert sorted(order) == sorted(file.stem for file in (SQL / "view").glob("*.sql"))


def test_every_statement_has_one_name() -> None:
    assert not list(SQL.glob("*.sql")), "a question lies in the folder of who asks it"
    asked = [file for file in FILES if file.parent.name not in OF_A_FOLDER]
    assert len(asked) == len({file.stem for file in asked}) > 50
    for file in asked:
        assert statement(file.stem) == statement(f"{file.parent.name}/{file.stem}") == file.read_text()
