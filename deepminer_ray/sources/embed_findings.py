"""What EMBED's clinical table says of a breast: its findings, their classes, and whose the regions of an image are."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.errors import BadInput
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL
from deepminer_ray.sources.data_set import worst_of
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells

SEVERITIES_OF_PATHOLOGY = {
    "0": MALIGNANT,  # invasive
    "1": MALIGNANT,  # in situ
    "2": BENIGN,  # high risk
    "3": BENIGN,  # borderline
    "4": BENIGN,
    "5": BENIGN,  # a biopsy of normal tissue: something was seen there
    "6": MALIGNANT,  # cancer of another organ
}
"""The class of each path_severity."""
ASSESSMENTS = {
    "A": ("0", UNPROVEN),
    "N": ("1", NORMAL),
    "B": ("2", BENIGN),
    "P": ("3", BENIGN),
    "S": ("4", UNPROVEN),
    "M": ("5", UNPROVEN),
    "K": ("6", MALIGNANT),
    "X": ("", UNPROVEN),
    "": ("", UNPROVEN),
}
"""The BI-RADS category of each letter of asses, and the class of a finding with it of which there is no pathology."""
BOTH = ("L", "R")
SIDES_OF_ROW = {"L": ("L",), "R": ("R",), "B": BOTH, "": BOTH}

SHAPES_OF_MASS = {"G": "", "R": "ROUND", "O": "OVAL", "X": "IRREGULAR"}
OTHER_SHAPES = {
    "A": "ARCHITECTURAL_DISTORTION",
    "T": "SOLITARY_DILATED_DUCT",
    "N": "INTRAMAMMARY_LYMPH_NODE",
    "Y": "LYMPH_NODE",
    "B": "GLOBAL_ASYMMETRY",
    "F": "FOCAL_ASYMMETRY",
    "S": "ASYMMETRY",
    "V": "DEVELOPING_ASYMMETRY",
}
"""What massshape says of findings that are not a mass."""
MARGINS_OF_MASS = {"D": "CIRCUMSCRIBED", "U": "OBSCURED", "M": "MICROLOBULATED", "I": "INDISTINCT", "S": "SPICULATED"}
TYPES_OF_CALCIFICATION = {
    "A": "AMORPHOUS",
    "B": "FINE_LINEAR_BRANCHING",
    "C": "COARSE",
    "D": "DYSTROPHIC",
    "E": "RIM",
    "F": "FINE_LINEAR",
    "H": "COARSE_HETEROGENEOUS",
    "I": "FINE_PLEOMORPHIC",
    "K": "PLEOMORPHIC",
    "L": "LARGE_RODLIKE",
    "M": "MILK_OF_CALCIUM",
    "O": "LUCENT_CENTERED",
    "P": "PUNCTATE",
    "Q": "COARSE",
    "R": "ROUND",
    "S": "SKIN",
    "U": "SUTURE",
    "V": "VASCULAR",
}
DISTRIBUTIONS = {
    "C": "CLUSTERED",
    "D": "DIFFUSE",
    "G": "GROUPED",
    "L": "LINEAR",
    "R": "REGIONAL",
    "S": "SEGMENTAL",
}


def refuse_unknown_codes(row: Mapping[str, str]) -> None:
    """BadInput for a row of the clinical table that says a side, an assessment or a severity that there is not."""
    known: dict[str, Collection[str]] = {"side": SIDES_OF_ROW, "bside": SIDES_OF_ROW, "asses": ASSESSMENTS}
    for name, codes in known.items():
        if (code := row.get(name, "").upper()) not in codes:
            raise BadInput(f"Its {name} is {code[:40]!r}, which is none of {', '.join(filter(None, codes))}.")
    severity = _severity(row)
    if severity and severity not in SEVERITIES_OF_PATHOLOGY:
        raise BadInput(f"Its path_severity is {severity[:40]!r}, which is not 0 to 6.")


def findings_of_breast(rows: Iterable[Mapping[str, str]], side: str) -> list[Cells] | None:
    """The findings of a breast, L or R, that rows of its exam say; None where no row is of it.

    Rows with one number are of one finding: each specimen has a row. A breast that is negative has none.
    """
    numbered: dict[tuple[str, ...], list[tuple[Mapping[str, str], bool]]] = {}
    for place, row in enumerate(rows):
        told, taken = (SIDES_OF_ROW[row.get(name, "").upper()] for name in ("side", "bside"))
        # A specimen may be of the other breast than its row; where it has no side it is of the row's.
        proven = bool(_severity(row)) and side in (taken if row.get("bside") else told)
        if side in told or (proven and row.get("bside")):
            number = (row["numfind"], row.get("side", "")) if row.get("numfind") else ("", str(place))
            numbered.setdefault(number, []).append((row, proven))
    if not numbered:
        return None
    findings = [_joined_rows(of_one, side) for of_one in numbered.values()]
    return [finding for finding in findings if finding[CLASS_COLUMN] != NORMAL]


def _joined_rows(rows: Sequence[tuple[Mapping[str, str], bool]], side: str) -> Cells:
    """The finding that rows are of, each with whether its pathology is of the breast."""
    proven = [_class_of_specimen(row) for row, of_breast in rows if of_breast]
    first = rows[0][0]
    category, otherwise = ASSESSMENTS[first["asses"].upper()]
    sides = SIDES_OF_ROW[first["side"].upper()]
    if otherwise == MALIGNANT and len(sides) > 1:
        otherwise = UNPROVEN  # a cancer is known, but not in which breast
    cells = {CLASS_COLUMN: worst_of(proven) if proven else otherwise}
    # What a row of the other breast describes is not seen here.
    return cells | ({"assessment": category} | _keywords_of_codes(first) if side in sides else {})


def _class_of_specimen(row: Mapping[str, str]) -> str:
    """The class of a specimen; unproven where nobody knows of which breast it is."""
    sides = SIDES_OF_ROW[(row.get("bside") or row.get("side", "")).upper()]
    return SEVERITIES_OF_PATHOLOGY[_severity(row)] if len(sides) == 1 else UNPROVEN


def _severity(row: Mapping[str, str]) -> str:
    return row["path_severity"].removesuffix(".0")


def _keywords_of_codes(row: Mapping[str, str]) -> Cells:
    """The keywords that codes of the clinical table mean; codes that its legend does not have say nothing."""
    shape, margins, kind, spread = (
        row.get(name, "").upper() for name in ("massshape", "massmargin", "calcfind", "calcdistri")
    )
    types = [OTHER_SHAPES[shape]] if shape in OTHER_SHAPES else []
    types += ["MASS"] if shape in SHAPES_OF_MASS or (margins in MARGINS_OF_MASS and not types) else []
    types += ["CALCIFICATION"] if kind or spread else []
    said = {
        "lesion_type": ";".join(types),
        "shape": SHAPES_OF_MASS.get(shape, ""),
        "margins": MARGINS_OF_MASS.get(margins, ""),
        "calcification_type": TYPES_OF_CALCIFICATION.get(kind, ""),
        "distribution": DISTRIBUTIONS.get(spread, ""),
    }
    return {name: cell for name, cell in said.items() if cell}


def with_regions(findings: Sequence[Cells], boxes: Sequence[Cells], repairs: list[str]) -> list[Cells]:
    """The findings of a breast on an image on which some regions were drawn; what is not known is appended to repairs.

    Nothing says whose a region is. Where all findings are of one class, so is each region, and where there are more
    findings than regions the others have no place. Where they are of several classes none has.
    """
    if not boxes:
        return list(findings)
    if not findings:
        return [{CLASS_COLUMN: UNPROVEN} | box for box in boxes]
    if len({finding[CLASS_COLUMN] for finding in findings}) > 1:
        repairs.append(
            f"has {len(boxes)} regions, and findings of several classes: whose they are is not known, none has a place"
        )
        return list(findings)
    same = {name: cell for name, cell in findings[0].items() if all(other.get(name) == cell for other in findings)}
    unplaced = [{CLASS_COLUMN: same[CLASS_COLUMN]}] * max(0, len(findings) - len(boxes))
    return [same | box for box in boxes] + unplaced
