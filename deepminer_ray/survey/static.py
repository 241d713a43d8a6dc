"""The survey as files, for a hospital without a server: one folder an expert, answers come back as a file."""

import base64
import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.survey import pages
from deepminer_ray.survey.desk import Desk, Settings
from deepminer_ray.survey.experts import expert_name
from deepminer_ray.survey.gallery import RULES

ASSETS = Path(__file__).parent / "assets"
ONLY_EXPERT = "expert"
"""Who takes part where nobody is named."""
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)\d", re.ASCII)
"""What Windows gives to devices, in any case."""
LONGEST_FOLDER, FOLDER_DIGITS = 40, 10
"""Characters of a name that its folder shows, and hexadecimal digits that tell it from others."""


def write_survey(run: Run, directory: Path, names: Sequence[str], settings: Settings) -> list[Path]:
    """Write `DIR/EXPERT/index.html` for everyone, with all pictures; the files to open.

    Units do not come twice here: whoever holds the files could tell.
    """
    if settings.repeats:
        raise BadInput("Units come twice only where a server asks: leave --repeats out.")
    experts = list(dict.fromkeys(map(expert_name, names))) or [ONLY_EXPERT]
    desk = Desk(run, settings)
    try:
        return [_write_expert_folder(desk, directory, name) for name in experts]
    finally:
        desk.close()


def folder_name(name: str) -> str:
    """An expert's folder: the same for one name whoever else takes part, and no other's, on any disk.

    A name of plain letters with a capital is its own folder; others, which a disk that ignores case, or one without
    some characters, could take for each other, get digits of their SHA-256.
    """
    plain = name == ONLY_EXPERT or (name.lower() != ONLY_EXPERT and name == name.capitalize())
    if plain and re.fullmatch(r"[A-Za-z0-9]{1,40}", name) and not RESERVED.fullmatch(name.lower()):
        return name
    folder = re.sub(r"\W+", "_", name)[:LONGEST_FOLDER].strip("_") or ONLY_EXPERT
    return f"{folder}-{hashlib.sha256(name.encode()).hexdigest()[:FOLDER_DIGITS]}"


def _write_expert_folder(desk: Desk, directory: Path, name: str) -> Path:
    folder = directory / folder_name(name)
    try:
        shutil.copytree(ASSETS, folder / "assets", dirs_exist_ok=True)
        questions = desk.asked(name)
        data = [_data(desk, name, place) for place in range(len(questions))]
        for place, question in enumerate(questions):
            _pictures(desk, question.unit, folder / str(place + 1))
        for number in sorted({number for one in data for number in one["films"]}):
            _write_scan_script(desk, number, folder / "film")
        units = [{"data": one, "heading": pages.heading(desk, name, place)} for place, one in enumerate(data)]
        page = folder / "index.html"
        page.write_text(pages.static_page(desk, name, units))
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}.") from error
    return page


def _data(desk: Desk, name: str, place: int) -> dict[str, Any]:
    last = place + 1 == len(desk.asked(name))
    here = {"static": True, "films_at": "film/", "pictures": f"{place + 1}/", "query": "", "save_at": ""}
    here |= {"next": "#" if last else f"#{place + 2}", "back": f"#{place}" if place else "#"}
    return pages.unit_data(desk, name, place, "") | here | {"unit": desk.asked(name)[place].unit}


def _pictures(desk: Desk, unit: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "first.png").write_bytes(desk.gallery.picture(unit, 0))
    for rule in RULES:
        shutil.copyfile(desk.gallery.sheet(unit, rule), folder / f"{rule}.png")


def _write_scan_script(desk: Desk, number: int, folder: Path) -> None:
    """A script that holds the picture: a page opened from a folder may not read the pixels of a file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(desk.gallery.scan_file(number).read_bytes()).decode()
    holder = "(window.deepminerFilms ??= {})"
    (folder / f"{number}.js").write_text(f'{holder}[{number}] = "data:image/png;base64,{text}";\n')
