"""Your own images: a directory with a manifest.csv that names them and says what is known of them.

Mammograms may stand in one table with a lesion mask each, which is read here; all other images, and mammograms with a
lesions.csv beside the manifest, are read as two tables.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.files.table import TextTable, slashed
from deepminer_ray.mammography import NORMAL, PATHOLOGIES
from deepminer_ray.sources import image
from deepminer_ray.sources.bounds import age, finite, read_table, refuse_many, whole_number
from deepminer_ray.sources.density import DISPLAY
from deepminer_ray.sources.finding import (
    KEYWORDS,
    Finding,
    components,
    joined,
    lesion_of,
    outlines_by_value,
    read_finding,
    read_number,
)
from deepminer_ray.sources.image_case import inside, read_image_case
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.patient import refuse_nobody
from deepminer_ray.sources.rows import NOT_OUTLINED, Case, Rejected, Repair, Ring, Scan
from deepminer_ray.sources.two_tables import CELLS, LESIONS_FILE, ImageCells, find_images, is_there
from deepminer_ray.sources.values import codes_two, mammogram_side_and_view, pathology_said, read_density

SOURCE_KIND = "manifest"

MANIFEST_FILE = "manifest.csv"
REQUIRED = ("image", "mask", "patient", "laterality", "view", "pathology")
OF_LESION = ("pathology", *KEYWORDS, "assessment", "subtlety")
OPTIONAL = (*OF_LESION[1:], "lesions", "density", "age", "resolution")
TAKEN_BY, ON_LINE, CODED = OF_TABLE = ("taken_by", "line", "coded")
"""What a row says that the file does not hold: the earlier image of the same name, its line, and whether the column of
pathologies has 1 and 0."""


def recognise(directory: Place) -> bool:
    """Whether the directory holds a manifest.csv."""
    return (directory / MANIFEST_FILE).is_file()


def items_of_manifest(directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, str]]:
    """The rows of a manifest of mammograms that stands alone, else the images of the two tables."""
    file = directory / MANIFEST_FILE
    if _of_mammograms(domain) and not is_there(directory / LESIONS_FILE):
        return find_rows(directory)
    return find_images(file, domain, remarks)


def read_item(directory: str, item: Mapping[str, str], domain: Domain) -> Case:
    """What an item says, in either form."""
    if CELLS in item:
        return read_image_case(directory, ImageCells.of(item), Vocabulary.of(domain), SOURCE_KIND)
    return read_row(directory, item)


def _of_mammograms(domain: Domain) -> bool:
    """Whether a domain has the classes and columns that the single table of mammograms has."""
    usual = mammography()
    return domain.of_paper and (domain.classes, domain.columns) == (usual.classes, usual.columns)


def find_rows(directory: Place) -> list[dict[str, str]]:
    """The rows of the manifest, all columns present and "" where nothing is said; BadInput where it cannot be read.

    A scan is named by its image's stem; a row whose name an earlier row has says so in `taken_by`, and so does each of
    the rows that say different things of one image.
    """
    table = levelled(read_table(directory / MANIFEST_FILE))
    table.need(*REQUIRED)
    names = [*REQUIRED, *(name for name in OPTIONAL if name in table.columns)]
    unsaid = dict.fromkeys(OPTIONAL, "")
    rows = [unsaid | dict(zip(names, cells, strict=True)) for cells in table.select(*names).rows]
    said: dict[str, dict[str, str]] = {}
    for row in rows:
        row["image"], row["mask"] = slashed(row["image"]), slashed(row["mask"])
    doubtful = {row["image"] for row in rows if said.setdefault(row["image"], row) != row}  # one of them is wrong
    taken: dict[str, str] = {}
    coded = "yes" if codes_two(word.strip() for row in rows for word in row["pathology"].split("|")) else ""
    for line, row in zip(table.lines, rows, strict=True):
        row[ON_LINE], row[CODED] = str(line), coded
        stem = PurePosixPath(row["image"]).stem
        row[TAKEN_BY] = row["image"] if row["image"] in doubtful else taken.get(stem, "")
        if stem:
            taken.setdefault(stem, row["image"])
    return rows


def levelled(table: TextTable) -> TextTable:
    """A table whose columns' names are `level`; BadInput where two are then the same."""
    names = [level(name) for name in table.columns]
    if twice := [name for place, name in enumerate(names) if name and name in names[:place]]:
        raise BadInput(f"{table.name} has a column twice: {twice[0]!r}.")
    return replace(table, columns=names)


def read_row(directory: str, row: Mapping[str, str | None]) -> Case:
    """One row's scan and lesions, or why it is rejected; of the image only the header is read, the mask wholly."""
    values = {name: row.get(name) or "" for name in (*REQUIRED, *OPTIONAL, *OF_TABLE)}
    case = Case()
    try:
        _read_image_row(case, place(directory), values)
    except BadInput as error:
        file = place(directory).absolute() / (values["image"] or MANIFEST_FILE)
        line = f"Line {values[ON_LINE]} of {MANIFEST_FILE}: " if values[ON_LINE] else ""
        return Case(rejected=[Rejected(str(file), f"{line}{error}")])
    return case


def _read_image_row(case: Case, directory: Place, row: dict[str, str]) -> None:
    path = inside(directory, row["image"], "image")
    if row[TAKEN_BY]:
        if row[TAKEN_BY] == row["image"]:
            raise BadInput("Several rows are of this image: give every image one row.")
        raise BadInput(f"The name {path.stem} is taken by {row[TAKEN_BY]}: give every image a name of its own.")
    told = {"of_two": bool(row[CODED]), "outlined": bool(row["mask"])}
    pathologies = [pathology_said(value.strip(), **told) for value in row["pathology"].split("|")]
    if len(pathologies) > 1 and NORMAL in pathologies:
        raise BadInput(f"The pathology {row['pathology']!r} is of lesions, and none of {', '.join(PATHOLOGIES)}.")
    repairs: list[str] = []
    scan = _scan_of_row(path, row, repairs)
    mask = inside(directory, row["mask"], "mask") if row["mask"] else None
    rings = components(mask, scan.columns, scan.rows) if mask else []
    if pathologies == [NORMAL]:
        repairs += ["is normal, but has a mask that is not empty: it was ignored"] if rings else []
    elif not rings:
        raise BadInput(f"The film is {row['pathology'].lower()}, and {NOT_OUTLINED}")
    else:
        findings = _findings(row | {"pathology": "|".join(pathologies)}, repairs)
        outlines = outlines_by_value(mask, scan.columns, scan.rows, len(findings)) if mask else None
        if outlines is None:
            findings, outlines = _share_outlines(findings, rings)
        pairs = enumerate(zip(findings, outlines, strict=True), 1)
        case.lesions += [lesion_of(scan.scan, number, finding, outline) for number, (finding, outline) in pairs]
    case.scans.append(scan)
    case.repairs += [Repair(scan.file, what) for what in repairs]


def _scan_of_row(path: Place, row: dict[str, str], repairs: list[str]) -> Scan:
    laterality, view = mammogram_side_and_view(row["laterality"], row["view"])
    refuse_nobody(row["patient"])
    header = image.scan_header(path)
    return Scan(
        scan=path.stem,
        patient=row["patient"],
        laterality=laterality,
        view=view,
        source_kind=SOURCE_KIND,
        file=str(path),
        rows=header.rows,
        columns=header.columns,
        bits=header.bits,
        digitizer=DISPLAY,
        resolution=read_number(row["resolution"], "resolution", finite, repairs),
        density=read_number(row["density"], "density", read_density, repairs),
        age=read_number(row["age"], "age", age, repairs),
    )


def _findings(row: dict[str, str], repairs: list[str]) -> list[Finding]:
    """One finding a lesion announced, a column's single value being true of all; one for all where columns disagree."""
    columns = {name: [value.strip() for value in row[name].split("|")] for name in OF_LESION}
    announced = max(read_number(row["lesions"], "lesions", whole_number, repairs) or 1, *map(len, columns.values()))
    refuse_many(announced, "lesions announced")
    uneven = [name for name, values in columns.items() if len(values) not in (1, announced)]
    for name, values in columns.items():
        filler = values[0] if len(values) == 1 else ""
        columns[name] = values + [filler] * (announced - len(values))
    findings = [read_finding({name: columns[name][index] for name in columns}, repairs) for index in range(announced)]
    if not uneven:
        return findings
    repairs.append(f"announces {announced} lesions, but not one value of {', '.join(uneven)} each: taken as one lesion")
    return [joined(findings)]


def _share_outlines(findings: list[Finding], rings: list[Ring]) -> tuple[list[Finding], list[list[Ring]]]:
    """Give each finding its component, or a single one all; BadInput where their numbers differ otherwise."""
    if len(findings) == len(rings):
        return findings, [[ring] for ring in rings]
    if len(findings) > 1:
        raise BadInput(
            f"It has {len(findings)} lesions, and its mask {len(rings)} separate areas: nobody knows which is which. "
            f"Give the areas the values 1 to {len(findings)}, or write a row for each lesion into {LESIONS_FILE}."
        )
    return findings, [rings]
