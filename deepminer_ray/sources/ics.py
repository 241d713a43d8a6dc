"""The .ics of a DDSM case: its patient, its digitizer and the sizes of its films."""

from dataclasses import dataclass, field
from itertools import pairwise

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.bounds import age, finite, first_number

ICS_VIEWS = ("LEFT_CC", "LEFT_MLO", "RIGHT_CC", "RIGHT_MLO")

HOWTEK_SITES = {"A": "HOWTEK_MGH", "D": "HOWTEK_ISMD"}
"""Two hospitals had a HOWTEK, with calibrations of their own; the case's letter tells them apart."""

DIGITIZER_WORDS = {
    "DBA": "DBA M2100 ImageClear",
    "HOWTEK_MGH": "HOWTEK 43.5",
    "HOWTEK_ISMD": "HOWTEK 43.5",
    "LUMISYS": "LUMISYS LASER",
}


@dataclass(frozen=True, slots=True)
class View:
    """One film's size in px, bits a pixel and, where given, pixel size in um; `overlay` is what the .ics announces."""

    lines: int
    pixels_per_line: int
    bits: int
    resolution: float | None
    overlay: bool


@dataclass(frozen=True, slots=True)
class Ics:
    """What an .ics says; dates as written, since the order of day and month varies."""

    filename: str
    digitizer: str
    density: int | None = None
    age: int | None = None
    date_of_study: str | None = None
    date_digitized: str | None = None
    views: dict[str, View] = field(default_factory=dict)


def parse_ics(text: str, letter: str | None = None) -> Ics:
    """Read an .ics, of the case's letter or that of the name inside; a view with a zero or no size is absent.

    BadInput where it is none or its digitizer has no known calibration.
    """
    lines = {words[0].upper(): words[1:] for words in map(str.split, text.splitlines()) if words}
    if "ICS_VERSION" not in lines:
        raise BadInput("Not an .ics: it has no ics_version.")
    filename = " ".join(lines.get("FILENAME", []))
    return Ics(
        filename=filename,
        digitizer=_digitizer(" ".join(lines.get("DIGITIZER", [])), letter or filename[:1].upper()),
        # DENSITY 0 says that none was given; three cases have no age.
        density=first_number(lines.get("DENSITY", [])) or None,
        age=_age(lines.get("PATIENT_AGE", [])),
        date_of_study=" ".join(lines.get("DATE_OF_STUDY", [])) or None,
        date_digitized=" ".join(lines.get("DATE_DIGITIZED", [])) or None,
        views={name: view for name in ICS_VIEWS if (view := _view(lines.get(name, []))) is not None},
    )


def _digitizer(words: str, letter: str) -> str:
    maker = words.upper()
    if maker.startswith("DBA"):
        return "DBA"
    if maker.startswith("LUMISYS"):
        return "LUMISYS"
    if maker.startswith("HOWTEK") and letter in HOWTEK_SITES:
        return HOWTEK_SITES[letter]
    raise BadInput(f"The .ics names the digitizer {words!r} for a case of letter {letter!r}: no calibration is known.")


def _age(words: list[str]) -> int | None:
    try:
        return age(words[0]) or None if words else None
    except ValueError:
        return None


def _view(words: list[str]) -> View | None:
    """Look the keywords up in the line, whatever their order."""
    value = dict(pairwise(words))
    lines, pixels, bits = (
        first_number([value.get(keyword, "")]) or 0 for keyword in ("LINES", "PIXELS_PER_LINE", "BITS_PER_PIXEL")
    )
    if not lines or not pixels or not bits:
        return None
    try:
        resolution = finite(value.get("RESOLUTION", "")) or None
    except ValueError:
        resolution = None
    return View(lines, pixels, bits, resolution, "OVERLAY" in words)


def format_ics(case: Ics) -> str:
    """Write an .ics as DDSM's are, its first line blank."""
    lines = [
        "",
        "ics_version 1.0",
        f"filename {case.filename}",
        f"DATE_OF_STUDY {case.date_of_study or ''}",
        f"PATIENT_AGE {case.age or ''}",
        "FILM ",
        "FILM_TYPE REGULAR",
        f"DENSITY {case.density or 0}",
        f"DATE_DIGITIZED {case.date_digitized or ''} ",
        f"DIGITIZER {DIGITIZER_WORDS[case.digitizer]}",
        "SEQUENCE",
    ]
    lines += [
        f"{name} LINES {view.lines} PIXELS_PER_LINE {view.pixels_per_line} BITS_PER_PIXEL {view.bits} "
        f"RESOLUTION {view.resolution or 0:g} {'OVERLAY' if view.overlay else 'NON_OVERLAY'}"
        for name, view in case.views.items()
    ]
    return "\n".join(lines) + "\n"
