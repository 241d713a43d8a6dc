"""mini-MIAS (Suckling et al. 1994): digitized films of 1024 x 1024 px, and Info.txt with a circle for each finding."""

import re
from collections.abc import Mapping, Sequence

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput, reason
from deepminer_ray.files.location import Place, files_in, place
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL
from deepminer_ray.sources import image
from deepminer_ray.sources.air import beside_the_breast
from deepminer_ray.sources.bounds import finite, read_text
from deepminer_ray.sources.image_case import inside, read_image_case
from deepminer_ray.sources.meaning import Vocabulary
from deepminer_ray.sources.rows import Case, Rejected, Repair
from deepminer_ray.sources.shape import CIRCLE
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells, ImageCells, named_once

SOURCE_KIND = "mias"

INFO = "Info.txt"
FOLDERS_OF_SCANS = ("", "all-mias/")
"""Where the films lie below the folder of Info.txt."""
SCANS = "mdb*.pgm"
NAME = re.compile(r"mdb(\d{3})", re.ASCII)
TISSUES = ("F", "G", "D")
"""Fatty, fatty-glandular and dense-glandular: three words that are not the four densities of BI-RADS."""
NO_FINDING = "NORM"
KINDS_OF_FINDING: dict[str, Cells] = {
    "CALC": {"lesion_type": "CALCIFICATION"},
    "CIRC": {"lesion_type": "MASS", "margins": "CIRCUMSCRIBED"},
    "SPIC": {"lesion_type": "MASS", "margins": "SPICULATED"},
    "MISC": {"lesion_type": "MASS", "margins": "ILL_DEFINED"},
    "ARCH": {"lesion_type": "ARCHITECTURAL_DISTORTION"},
    "ASYM": {"lesion_type": "ASYMMETRY"},
}
"""What the words of Info.txt's third column say of a finding."""
SEVERITIES = {"B": BENIGN, "M": MALIGNANT}
PUBLISHED_SIDE = 1024
"""px of the films, which lie in the middle of a square."""
PUBLISHED_RESOLUTION = "200"
"""um a px."""
ABOVE = "above"
"""How far, in px, the middle of a circle lies above the lower edge, until the film's height is known."""


def recognise(directory: Place) -> bool:
    """Whether Info.txt lies beside the films, or beside their folder."""
    return (directory / INFO).is_file() and any(
        next(iter((directory / folder).glob(SCANS)), None) for folder in FOLDERS_OF_SCANS
    )


def find_scans_of_mias(directory: Place) -> list[dict[str, str]]:
    """The films that Info.txt names or that are there, with their findings, in the form of the two tables.

    BadInput where Info.txt cannot be read, or names no film.
    """
    files = _scans(directory)
    try:
        lines = read_text(directory / INFO, "latin-1").splitlines()
    except OSError as error:
        raise BadInput(f"{directory / INFO} cannot be read: {reason(error)}") from error
    images: dict[str, ImageCells] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        # What the file says before and after its table is not of a film.
        if words and words[0].startswith("mdb"):
            _add_line(images, words, files.get(words[0], [f"{words[0]}.pgm"]), number)
        elif words[1:2] and words[1] in TISSUES and words[2:3] and words[2] in (*KINDS_OF_FINDING, NO_FINDING):
            raise BadInput(
                f"{directory / INFO}, line {number} is a row of {words[0][:40]!r}: films are named mdb001 and so on."
            )
    if not images:
        raise BadInput(f"{directory / INFO} names no film of mini-MIAS: its rows begin with mdb001 and so on.")
    for name, of_name in files.items():
        if name not in images:
            images[name] = ImageCells(of_name[0], {}, [], f"No row of {INFO} names it: what it shows is not known.")
        elif len(of_name) > 1:
            doubt = f"{len(of_name)} files have its name: keep one."
            images[name] = ImageCells(of_name[0], images[name].cells, [], doubt)
    missing = "There is no such file beside Info.txt or in all-mias."
    return named_once(
        one if name in files or one.doubt else ImageCells(one.image, {}, [], missing) for name, one in images.items()
    )


def _scans(directory: Place) -> dict[str, list[str]]:
    """The names in the source of the files of each film."""
    scans: dict[str, list[str]] = {}
    for folder in FOLDERS_OF_SCANS:
        below = directory / folder if folder else directory
        for file in files_in(below) if below.is_dir() else ():
            if file.name.startswith("mdb") and file.suffix == ".pgm":
                scans.setdefault(file.stem, []).append(folder + file.name)
    return scans


def _add_line(images: dict[str, ImageCells], words: Sequence[str], files: Sequence[str], number: int) -> None:
    """Add what a line of Info.txt says; a film of which a line cannot be read, or two differ, is in doubt."""
    known = images.get(words[0])
    try:
        cells, findings = _said_of_line(words)
    except BadInput as error:
        images[words[0]] = ImageCells(files[0], {}, [], f"{INFO}, line {number}: {error}")
        return
    if known is None:
        images[words[0]] = ImageCells(files[0], cells, findings)
    elif not known.doubt and (known.cells != cells or not findings):
        images[words[0]] = ImageCells(files[0], cells, [], f"Several rows of {INFO} say different things of it.")
    elif not known.doubt:
        known.findings.extend(finding for finding in findings if finding not in known.findings)


def _said_of_line(words: Sequence[str]) -> tuple[Cells, list[Cells]]:
    """What a line says of a film, and its finding; BadInput where it says anything else than such lines do."""
    match = NAME.fullmatch(words[0])
    if match is None:
        raise BadInput(f"{words[0][:40]!r} is not mdb and three digits.")
    tissue, kind, *rest = [*words[1:3], "", ""][:2] + list(words[3:])
    if tissue not in TISSUES:
        raise BadInput(f"The background tissue {tissue[:40]!r} is none of {', '.join(TISSUES)}.")
    number = int(match[1])
    # Films lie in pairs of a patient: the odd one is of the right breast, the even one of the left.
    first = number - 1 + number % 2
    cells = {
        "patient": f"mdb{first:03d}-mdb{first + 1:03d}",
        "laterality": "RIGHT" if number % 2 else "LEFT",
        "view": "MLO",
        "tissue": tissue,
    }
    if kind == NO_FINDING:
        if rest:
            raise BadInput(f"It is {NO_FINDING}, and has {' '.join(rest)[:40]!r}: one of them is wrong.")
        return cells | {CLASS_COLUMN: NORMAL}, []
    if kind not in KINDS_OF_FINDING:
        raise BadInput(f"The class {kind[:40]!r} is none of {', '.join((*KINDS_OF_FINDING, NO_FINDING))}.")
    if not rest or rest[0] not in SEVERITIES:
        raise BadInput(f"The severity {' '.join(rest[:1])[:40]!r} is none of {', '.join(SEVERITIES)}.")
    return cells, [{CLASS_COLUMN: SEVERITIES[rest[0]]} | KINDS_OF_FINDING[kind] | _circle_said(rest[1:])]


def _circle_said(words: Sequence[str]) -> Cells:
    """The middle and radius of a circle; nothing where a row has none, or a note instead (calcifications all over)."""
    if not words or words[0].startswith("*NOTE"):
        return {}
    if len(words) != 3:
        raise BadInput(f"The circle {' '.join(words)[:60]!r} is not x, y and a radius.")
    for word in words:
        try:
            finite(word)
        except ValueError as error:
            raise BadInput(f"The circle has {word[:40]!r}, which is not a number.") from error
    return dict(zip((CIRCLE[0], ABOVE, CIRCLE[2]), words, strict=True))


def read_scan_of_mias(directory: str, item: Mapping[str, str], domain: Domain) -> Case:
    """A film and its findings, or why it is rejected; its pixels tell whether a circle lies beside the breast."""
    said = ImageCells.of(item)
    path, repairs = place(directory).absolute() / said.image, list[str]()
    try:
        if not said.doubt:
            said = _from_above(said, inside(place(directory), said.image, "image"), repairs)
        case = read_image_case(directory, said, Vocabulary.of(domain), SOURCE_KIND)
        if any(lesion.outline for lesion in case.lesions):
            lost = beside_the_breast(case.lesions, image.read_pixels(path)[0])
            if lost:
                raise BadInput(f"The circle of finding {lost[0]} lies beside the breast: where it is, is not known.")
    except BadInput as error:
        return Case(rejected=[Rejected(str(path), str(error))])
    case.repairs += [Repair(scan.file, what) for scan in case.scans for what in repairs]
    return case


def _from_above(said: ImageCells, file: Place, repairs: list[str]) -> ImageCells:
    """The findings with y counted from the upper edge of the film.

    BadInput where a film with circles is a square of another size, as are copies that were scaled.
    """
    header = image.scan_header(file)
    size = f"is {header.columns} x {header.rows} px, not {PUBLISHED_SIDE} x {PUBLISHED_SIDE}"
    published = header.columns == header.rows == PUBLISHED_SIDE
    circles = [finding for finding in said.findings if ABOVE in finding]
    if circles and not published:
        if header.columns == header.rows:
            raise BadInput(f"It {size}: circles of {INFO} lie elsewhere on a copy that was scaled.")
        repairs.append(f"{size}: circles are taken in px of this size")
    findings = [
        {name: cell for name, cell in finding.items() if name != ABOVE}
        | ({CIRCLE[1]: repr(header.rows - finite(finding[ABOVE]))} if finding in circles else {})
        for finding in said.findings
    ]
    return ImageCells(said.image, said.cells | ({"resolution": PUBLISHED_RESOLUTION} if published else {}), findings)
