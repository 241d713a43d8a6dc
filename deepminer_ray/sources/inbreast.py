"""INbreast (Moreira et al. 2012, doi:10.1016/j.acra.2011.09.014): DICOM, contours of OsiriX, BI-RADS in a csv file."""

import re
from collections.abc import Iterator, Mapping, Sequence

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, files_in, place
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL
from deepminer_ray.sources import image
from deepminer_ray.sources.air import beside_the_breast
from deepminer_ray.sources.birads import category, class_by_category
from deepminer_ray.sources.bounds import read_table
from deepminer_ray.sources.image_case import inside, read_image_case
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.osirix import Contour, read_contours
from deepminer_ray.sources.rows import Case, Rejected, Repair
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells, ImageCells, named_once
from deepminer_ray.sources.values import LATERALITIES

SOURCE_KIND = "inbreast"

TABLE = "INbreast.csv"
DICOM_FOLDER, CONTOUR_FOLDER = "AllDICOMs", "AllXML"
SCAN_NAME = re.compile(r"(\d+)_([^_]+)_MG_([LR])_([A-Z]+)_ANON\.dcm", re.ASCII)
"""The number in the table, the patient, side and view."""
VIEW_IN_NAME = {"ML": "MLO"}
"""Names of files say ML for the view that the table has as MLO."""
COLUMNS_OF_TABLE = ("laterality", "view", "file_name", "acr", "bi-rads")

CALCIFICATION = {"lesion_type": "CALCIFICATION"}
SPICULATED = {"lesion_type": "MASS", "margins": "SPICULATED"}
ASYMMETRY = {"lesion_type": "ASYMMETRY"}
KINDS_OF_CONTOUR: dict[str, Cells] = {
    "mass": {"lesion_type": "MASS"},
    "calcification": CALCIFICATION,
    "calcifications": CALCIFICATION,
    "cluster": CALCIFICATION | {"distribution": "CLUSTERED"},
    "spiculated_region": SPICULATED,
    "espiculated_region": SPICULATED,
    "distortion": {"lesion_type": "ARCHITECTURAL_DISTORTION"},
    "asymmetry": ASYMMETRY,
    "assymetry": ASYMMETRY,
    "point": {},
    "unnamed": {},
}
"""What the names of contours say, however they are spelled, a number at their end left out."""
NO_FINDINGS = ("pectoral_muscle",)
SINGLE = ("calcification", "point", "unnamed")
"""What is named so is a single calcification or a mark, of which a suspicious film may have any number."""
OFF = 0.02
"""Of the longer side of a film: a contour that leaves it by more has x and y exchanged, or is of another film."""
TURNED_ROUND = "has contours with x and y exchanged: they were taken the other way round"


def recognise(directory: Place) -> bool:
    """Whether the directory holds INbreast's table."""
    return (directory / TABLE).is_file()


def find_scans_of_inbreast(directory: Place, suspicious_from: int, remarks: list[str]) -> list[dict[str, str]]:
    """The films that are there or that the table names, in the form of the two tables, without their contours.

    BadInput where the table cannot be read, or lacks a column.
    """
    scans, contours = _by_number(directory / DICOM_FOLDER, ".dcm"), _by_number(directory / CONTOUR_FOLDER, ".xml")
    images: dict[str, ImageCells] = {}
    for number, row in _rows_of_table(directory / TABLE):
        name, files = row["file_name"].removesuffix(".0"), scans.get(row["file_name"].removesuffix(".0"), [])
        one = _image_of(row, files, contours.get(name, []), suspicious_from)
        if not name:
            one = ImageCells(f"{TABLE}, line {number}", {}, [], "The row names no film.")
        known = images.setdefault(name or f"line {number}", one)
        if known != one:
            images[name] = ImageCells(known.image, {}, [], f"Several rows of {TABLE} say different things of it.")
    for name, files in scans.items():
        doubt = f"No row of {TABLE} names it: what it shows is not known."
        images.setdefault(name, ImageCells(f"{DICOM_FOLDER}/{files[0]}", {}, [], doubt))
    if lost := sorted(contours.keys() - images.keys()):
        remarks.append(
            f"{len(lost)} files in {CONTOUR_FOLDER} are of no film, such as {lost[0][:40]}.xml: they are not used"
        )
    remarks.append(
        f"classes follow BI-RADS, as there is no pathology: from {suspicious_from} on a film's findings are {MALIGNANT}"
    )
    return named_once(images.values())


def _by_number(folder: Place, suffix: str) -> dict[str, list[str]]:
    """The names of the files in a folder, by what stands before the first `_`."""
    names: dict[str, list[str]] = {}
    for file in files_in(folder) if folder.is_dir() else ():
        if file.suffix.lower() == suffix and not file.name.startswith("."):
            names.setdefault(file.stem.split("_")[0], []).append(file.name)
    return names


def _rows_of_table(file: Place) -> Iterator[tuple[int, Cells]]:
    """The rows of the table that are not blank, and their lines."""
    table = read_table(file)
    table.columns = [level(name) for name in table.columns]
    table.need(*COLUMNS_OF_TABLE)
    if twice := [name for name in COLUMNS_OF_TABLE if table.columns.count(name) > 1]:
        raise BadInput(f"{file} has the column {twice[0]!r} twice.")
    return zip(table.lines, table.iter_rows(named=True), strict=True)


def _image_of(row: Cells, files: Sequence[str], contours: Sequence[str], suspicious_from: int) -> ImageCells:
    """A film as its row and the name of its file say it, or why that cannot be trusted."""
    number = row["file_name"].removesuffix(".0")
    if len(files) != 1:
        return ImageCells(
            f"{DICOM_FOLDER}/{number}", {}, [], f"{len(files)} files in {DICOM_FOLDER} have its number, instead of one."
        )
    scan, match = f"{DICOM_FOLDER}/{files[0]}", SCAN_NAME.fullmatch(files[0])
    if match is None:
        return ImageCells(scan, {}, [], "Its name has no patient: it is not NUMBER_PATIENT_MG_SIDE_VIEW_ANON.dcm.")
    if len(contours) > 1:
        return ImageCells(scan, {}, [], f"{len(contours)} files in {CONTOUR_FOLDER} have its number: keep one.")
    try:
        assessment = category(row["bi-rads"])
    except BadInput as error:
        return ImageCells(scan, {}, [], str(error))
    cells = {
        "patient": match[2],
        "laterality": row["laterality"],
        "view": row["view"],
        "density": row["acr"],
        "assessment": str(assessment),
        CLASS_COLUMN: class_by_category(assessment, suspicious_from),
        "contours": f"{CONTOUR_FOLDER}/{contours[0]}" if contours else "",
    }
    return ImageCells(scan, cells)


def read_scan_of_inbreast(directory: str, item: Mapping[str, str], domain: Domain) -> Case:
    """A film and its contours, or why it is rejected; its pixels tell whether a contour lies beside the breast."""
    said, vocabulary = ImageCells.of(item), Vocabulary.of(domain)
    if said.doubt:
        return read_image_case(directory, said, vocabulary, SOURCE_KIND)
    path = place(directory).absolute() / said.image
    try:
        contours = _findings_of(place(directory), said.cells["contours"])
        case, what = _read_either_way(directory, said, contours, vocabulary)
    except BadInput as error:
        return Case(rejected=[Rejected(str(path), str(error))])
    if case.scans:
        case.repairs += [Repair(str(path), text) for text in (what, _other_in_name(said)) if text]
    return case


def _findings_of(directory: Place, name: str) -> list[Contour]:
    contours = read_contours(inside(directory, name, "file of contours")) if name else []
    contours = [contour for contour in contours if _kind_of(contour) not in NO_FINDINGS]
    for contour in contours:
        if _kind_of(contour) not in KINDS_OF_CONTOUR:
            known = ", ".join(KINDS_OF_CONTOUR)
            raise BadInput(f"A contour is named {contour.name[:40]!r}, which is none of {known}.")
    return contours


def _kind_of(contour: Contour) -> str:
    return level(re.sub(r"[\s\d]+$", "", contour.name))


def _read_either_way(
    directory: str, said: ImageCells, contours: Sequence[Contour], vocabulary: Vocabulary
) -> tuple[Case, str]:
    """The film with its contours as they are, or exchanged where only so they lie in the breast, which is said.

    BadInput where they lie beside the breast either way.
    """
    file = place(directory).absolute() / said.image
    case = read_image_case(directory, _with_findings(said, contours), vocabulary, SOURCE_KIND)
    if not any(contour.points for contour in contours):
        return case, ""
    header = image.scan_header(file)
    most = OFF * max(header.columns, header.rows)
    off = max(contour.outside(header.columns, header.rows) for contour in contours)
    if not case.scans and off <= most:
        return case, ""
    grey = image.read_pixels(file)[0]
    lost = beside_the_breast(case.lesions, grey)
    if not lost and off <= most:
        return case, ""
    if max(contour.outside(header.rows, header.columns) for contour in contours) <= most:
        turned = _with_findings(said, [contour.exchanged() for contour in contours])
        other = read_image_case(directory, turned, vocabulary, SOURCE_KIND)
        if other.scans and not beside_the_breast(other.lesions, grey):
            return other, TURNED_ROUND
    if lost:
        raise BadInput(f"Contour {lost[0]} lies beside the breast: where its finding is, is not known.")
    if case.scans:
        raise BadInput(f"A contour leaves the film by {off:.0f} px: where its finding is, is not known.")
    return case, ""


def _with_findings(said: ImageCells, contours: Sequence[Contour]) -> ImageCells:
    """The film with a finding for each contour, or one without a place where it has none and is not normal.

    The category is the film's. Of a suspicious film with masses, clusters and the like, nobody knows it of the single
    calcifications beside them: they are unproven.
    """
    of_scan = said.cells[CLASS_COLUMN]
    leading = any(_kind_of(contour) not in SINGLE for contour in contours)
    findings: list[Cells] = []
    for contour in contours:
        single = leading and _kind_of(contour) in SINGLE
        # A contour on a film that is said to be normal contradicts it, which read_image_case refuses.
        pathology = UNPROVEN if single and of_scan == MALIGNANT else BENIGN if of_scan == NORMAL else of_scan
        assessment = {} if pathology == UNPROVEN else {"assessment": said.cells["assessment"]}
        finding = {CLASS_COLUMN: pathology} | assessment | KINDS_OF_CONTOUR[_kind_of(contour)] | contour.cells()
        if finding not in findings:
            findings.append(finding)
    if not contours and of_scan != NORMAL:
        findings.append({name: said.cells[name] for name in (CLASS_COLUMN, "assessment")})
    return ImageCells(said.image, said.cells, findings)


def _other_in_name(said: ImageCells) -> str:
    """What is to be said where the name of a file says another side or view than the table."""
    match = SCAN_NAME.fullmatch(said.image.rpartition("/")[2])
    side, view = (match[3], VIEW_IN_NAME.get(match[4], match[4])) if match else ("", "")
    told = said.cells["laterality"].upper(), said.cells["view"].upper()
    if (LATERALITIES.get(told[0]), told[1]) == (LATERALITIES.get(side), view):
        return ""
    return f"is {side} {view} by its name and {' '.join(told)} by {TABLE}: the table was taken"
