"""The SQL files: one named statement each."""

from pathlib import Path


def sql_folder() -> Path:
    """The folder of the SQL files: beside the package in a checkout, inside it when installed."""
    here = Path(__file__).parents[1]
    return next(folder for folder in (here / "sql", here.parent / "sql") if folder.is_dir())


def statement(name: str) -> str:
    """The text of `sql/NAME.sql`."""
    return (sql_folder() / f"{name}.sql").read_text()
