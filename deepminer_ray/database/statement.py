"""The SQL files: one named statement each."""

from functools import cache
from pathlib import Path

OF_A_FOLDER = ("table", "view", "store", "audit", "report")
"""Folders whose files are named after tables or sections, so that the folder belongs to the name."""


def sql_folder() -> Path:
    """The folder of the SQL files: beside the package in a checkout, inside it when installed."""
    here = Path(__file__).parents[1]
    return next(folder for folder in (here / "sql", here.parent / "sql") if folder.is_dir())


def statement(name: str) -> str:
    """The text of `sql/NAME.sql`, or of `sql/FOLDER/NAME.sql` for a question by its name alone.

    Questions lie in folders by who asks them; no two have one name.
    """
    file = sql_folder() / f"{name}.sql" if "/" in name else _questions()[name]
    return file.read_text()


@cache
def _questions() -> dict[str, Path]:
    files = sorted(sql_folder().glob("*/*.sql"))
    return {file.stem: file for file in files if file.parent.name not in OF_A_FOLDER}
