"""Static surveys: each expert has a folder of their own, the same each time, on any disk."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deepminer_ray.database.lock import ANNOTATE, held
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.survey.desk import Settings
from deepminer_ray.survey.static import folder_name, write_survey

ALIKE = ["Dr. A", "Dr A", "Dr/A", "Dr_A", "Dr-A", "dr a", "DR A", "Dr A.", "Dr\\A", ".Dr A", "Dr..A"]
CASES = ["Anna", "anna", "ANNA", "expert", "Expert", "EXPERT"]
ODD = ["...", "..", ".", "?!", "/", "-", "_", "*", "~", ".hidden", "-rf", "Ä" * 80, "名前", "é", "É", "a:b", "a|b"]
WINDOWS = ["CON", "con", "Con", "Nul", "Com1", "COM1.txt", "Lpt9", "Aux ", "Prn."]


def test_every_name_has_a_folder_of_its_own_on_any_disk() -> None:
    names = [*ALIKE, *CASES, *ODD, *WINDOWS]
    folders = [folder_name(name) for name in names]
    assert len({folder.casefold() for folder in folders}) == len(names)
    assert folders == [folder_name(name) for name in names], "the same each time"
    for folder in folders:
        assert re.fullmatch(r"\w[\w-]*", folder) and len(folder.encode()) <= 200
        assert not re.fullmatch(r"(?i)(con|prn|aux|nul|(com|lpt)[0-9])", folder)
    assert (folder_name("Anna"), folder_name("expert")) == ("Anna", "expert")


def test_nobodys_pages_are_overwritten(run: Run, tmp_path: Path) -> None:
    names = ["Dr. A", "Dr A", "Dr/A", "dr a", "..."]
    pages = write_survey(run, tmp_path / "out", names, Settings())
    assert len({page.parent for page in pages}) == len(list((tmp_path / "out").iterdir())) == len(names)
    for name, page in zip(names, pages, strict=True):
        assert page.parent.parent == tmp_path / "out"
        assert f'"expert": "{name}"' in page.read_text().replace("\\u002f", "/")
    assert write_survey(run, tmp_path / "out", ["Dr A", " Dr  A", "dr a"], Settings()) == [pages[1], pages[3]]
    with pytest.raises(BadInput, match="is not a name for an expert"):
        write_survey(run, tmp_path / "out", ["x" * 5000], Settings())


def test_a_command_in_the_way_is_named(run: Run, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("unit,phenomenon\n1,mass\n")
    holding = held(run, ANNOTATE)
    with pytest.raises(BadInput, match=rf"`annotate` is at work on .* \(process {os.getpid()}\)"):
        annotate(run, str(names))
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey", str(run.folder)]
    done = subprocess.run([*command, "--port", "0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "`annotate` is at work on" in done.stderr
    holding.close()
    holding = held(run)
    with pytest.raises(BadInput, match=r"A survey of .* is being held: stop it first"):
        annotate(run, str(names))
    holding.close()
    annotate(run, str(names))
