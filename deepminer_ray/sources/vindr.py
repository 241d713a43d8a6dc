"""VinDr-Mammo (Nguyen et al. 2023, doi:10.1038/s41597-023-02100-7): boxes and BI-RADS categories, no pathology."""

import re
from dataclasses import dataclass, field
from typing import Any

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.mammography import MALIGNANT, NORMAL
from deepminer_ray.sources.birads import category, class_by_category
from deepminer_ray.sources.data_set import (
    DICOM_SUFFIXES,
    PNG_SUFFIXES,
    REPAIRED,
    box_of_corners,
    by_stem,
    density_number,
    has_columns,
    images_below,
    only_image,
    table_rows,
    worst_of,
)
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells, ImageCells, named_once

SOURCE_KIND = "vindr"

TABLE_OF_FINDINGS = "finding_annotations.csv"
OF_BREAST = ("study_id", "laterality")
CORNERS = ("xmin", "ymin", "xmax", "ymax")
OF_IMAGE_IN_TABLE = {
    "study_id": "patient",
    "laterality": "laterality",
    "view_position": "view",
    "breast_density": "density",
    "width": "columns",
    "height": "rows",
}
"""The columns that say the same in all rows of an image, and our names; a study is a patient, as each has one."""
COLUMNS_NEEDED = (
    "image_id",
    *OF_IMAGE_IN_TABLE,
    "breast_birads",
    "finding_categories",
    "finding_birads",
    *CORNERS,
    "split",
)
LISTS = {"training": "train", "test": "test"}

NO_CATEGORY = "No Finding"
LESION_TYPES = {
    "mass": "MASS",
    "suspicious calcification": "CALCIFICATION",
    "asymmetry": "ASYMMETRY",
    "focal asymmetry": "FOCAL_ASYMMETRY",
    "global asymmetry": "GLOBAL_ASYMMETRY",
    "architectural distortion": "ARCHITECTURAL_DISTORTION",
    "skin thickening": "SKIN_THICKENING",
    "skin retraction": "SKIN_RETRACTION",
    "nipple retraction": "NIPPLE_RETRACTION",
    "suspicious lymph node": "AXILLARY_ADENOPATHY",
}
"""The lesion types that the words of a list of categories, in small letters, mean."""
QUOTED_WORD = r"""\s*(?:'([^'"\\]*)'|"([^'"\\]*)")\s*"""
LONGEST_LIST = 1000
LIST_OF_WORDS = re.compile(rf"\[({QUOTED_WORD})(,{QUOTED_WORD})*,?\s*\]")


@dataclass
class _Marked:
    """A row with a finding: its words and box, and its own BI-RADS category, if it has one."""

    cells: Cells
    own: int | None


@dataclass
class _Image:
    """An image of the table, its breast's BI-RADS category, and its findings."""

    said: ImageCells
    breast: tuple[str, ...]
    of_breast: int
    findings: list[_Marked] = field(default_factory=list)


def recognise(directory: Place) -> bool:
    """Whether the directory has VinDr-Mammo's table of findings."""
    return has_columns(directory / TABLE_OF_FINDINGS, ("image_id", "breast_birads", "finding_categories"))


def find_images_of_vindr(directory: Place, suspicious_from: int, remarks: list[str]) -> list[dict[str, str]]:
    """The images of the table with their findings, in the form of the two tables; a row that is wrong puts its image
    in doubt. BadInput where the table cannot be read, or lacks a column."""
    files = by_stem(images_below(directory, (*DICOM_SUFFIXES, *PNG_SUFFIXES)))
    images: dict[str, _Image] = {}
    doubts: dict[str, ImageCells] = {}
    for number, row in table_rows(directory / TABLE_OF_FINDINGS, COLUMNS_NEEDED):
        name = row["image_id"]
        published = f"images/{row['study_id']}/{name}{DICOM_SUFFIXES[0]}"
        try:
            if not name:
                raise BadInput("The row names no image.")
            _add_row(images, row, only_image(files.get(name, []), published))
        except BadInput as error:
            where = images[name].said.image if name in images else only_image(files.get(name, []), published).image
            doubts.setdefault(
                name or f"line {number}", ImageCells(where, {}, [], f"{TABLE_OF_FINDINGS}, line {number}: {error}")
            )
    suspicious = {
        one.breast
        for one in images.values()
        if any(
            known.own is not None and class_by_category(known.own, suspicious_from) == MALIGNANT
            for known in one.findings
        )
    }
    remarks.append(
        f"classes follow BI-RADS, as there is no pathology: from {suspicious_from} on a finding is {MALIGNANT}, "
        "`--suspicious-from` changes it"
    )
    items = [
        doubts.pop(name) if name in doubts else _with_classes(one, suspicious_from, one.breast in suspicious)
        for name, one in images.items()
    ]
    return named_once([*items, *doubts.values()])


def _add_row(images: dict[str, _Image], row: Cells, file: ImageCells) -> None:
    """Add what a row says; BadInput where it cannot be right, or says something else of its image than another."""
    cells = {ours: row[theirs] for theirs, ours in OF_IMAGE_IN_TABLE.items()}
    cells["density"] = density_number(cells["density"])
    said = ImageCells(file.image, cells, [], file.doubt)
    one = _Image(said, tuple(row[name] for name in OF_BREAST), category(row["breast_birads"]))
    known = images.setdefault(row["image_id"], one)
    if (known.said, known.of_breast) != (one.said, one.of_breast):
        raise BadInput("It says something else of its image than another row.")
    words = words_of_list(row["finding_categories"])
    corners = [row[name] for name in CORNERS]
    if words == [NO_CATEGORY]:
        if any(corners) or row["finding_birads"]:
            raise BadInput(f"It is {NO_CATEGORY!r}, and has a box or a category: one of them is wrong.")
        return
    marked = _Marked(
        {"lesion_type": _types_of_words(words)}, category(row["finding_birads"]) if row["finding_birads"] else None
    )
    if any(corners):
        marked.cells.update(box_of_corners(corners))
    if marked not in known.findings:
        known.findings.append(marked)


def words_of_list(text: str) -> list[str]:
    """The words of a list as Python writes it: `['Mass', 'Skin Retraction']`; BadInput where it is anything else."""
    if len(text) > LONGEST_LIST or LIST_OF_WORDS.fullmatch(text) is None:
        raise BadInput(f"{text[:60]!r} is not a list of categories, such as ['Mass'].")
    return [one or other for one, other in re.findall(QUOTED_WORD, text[1:-1])]


def _types_of_words(words: list[str]) -> str:
    """The lesion types of a finding with some categories, joined as a table has several."""
    for word in words:
        if word.strip().lower() not in LESION_TYPES:
            raise BadInput(f"{word[:40]!r} is none of VinDr-Mammo's categories of findings.")
    return ";".join(dict.fromkeys(LESION_TYPES[word.strip().lower()] for word in words))


def _with_classes(one: _Image, suspicious_from: int, explained: bool) -> ImageCells:
    """The image with the classes of its findings and its own, the worst of these and of its breast.

    A finding without a category has its breast's, but not where that is negative, nor where another finding of the
    breast explains why it is suspicious: then it is unproven.
    """
    breast = class_by_category(one.of_breast, suspicious_from)
    findings = []
    for known in one.findings:
        if known.own is not None:
            pathology, assessment = class_by_category(known.own, suspicious_from), str(known.own)
        elif breast == NORMAL or (breast == MALIGNANT and explained):
            pathology, assessment = UNPROVEN, ""
        else:
            pathology, assessment = breast, str(one.of_breast)
        # An outlined finding that is called negative contradicts itself: nobody knows what it is.
        pathology = UNPROVEN if pathology == NORMAL else pathology
        findings.append({CLASS_COLUMN: pathology, "assessment": assessment} | known.cells)
    if not findings and breast != NORMAL:
        findings = [{CLASS_COLUMN: breast, "assessment": str(one.of_breast)}]
    worst = worst_of([breast, *(known[CLASS_COLUMN] for known in findings)])
    cells = one.said.cells | {CLASS_COLUMN: worst}
    if worst != breast and any(known.own is not None for known in one.findings):
        cells[REPAIRED] = f"has a finding that is {worst} in a breast that is {breast} by the table: the finding counts"
    return ImageCells(one.said.image, cells, findings, one.said.doubt)


def read_official_lists(directory: Place) -> list[dict[str, Any]]:
    """Patients and the official lists they are in; BadInput where the table names another list."""
    pairs: dict[tuple[str, str], None] = {}
    for number, row in table_rows(directory / TABLE_OF_FINDINGS, ("study_id", "split")):
        if row["split"] not in LISTS:
            raise BadInput(
                f"{directory / TABLE_OF_FINDINGS}, line {number}: {row['split'][:40]!r} is not training or test."
            )
        pairs[row["study_id"], LISTS[row["split"]]] = None
    return [{"patient": patient, "list": name} for patient, name in pairs]
