"""What people write for the facts of a mammogram: BI-RADS categories, densities, sides, views and pathologies."""

import re
from collections.abc import Iterable

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.errors import BadInput
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL, PATHOLOGIES
from deepminer_ray.sources.birads import category
from deepminer_ray.sources.bounds import whole_number

DENSITY_SAID = re.compile(r"(?:BI[\W_]?RADS[\W_]*|ACR[\W_]*|BREAST[\W_]*|DENSITY[\W_]*){0,3}([A-D1-4])", re.IGNORECASE)
LETTERS_OF_DENSITY = "ABCD"

LATERALITIES = {"LEFT": "LEFT", "L": "LEFT", "RIGHT": "RIGHT", "R": "RIGHT"}
VIEWS = ("CC", "MLO", "ML", "LM", "LMO", "XCCL", "XCCM", "XCC", "FB", "SIO", "ISO", "AT", "CV")
"""As DICOM has them (PS3.16, CID 4014), and XCC, which does not say to which side, axillary tail and cleavage."""
SPELLED_VIEWS = {
    "CRANIOCAUDAL": "CC",
    "MEDIOLATERALOBLIQUE": "MLO",
    "OBLIQUE": "MLO",
    "MEDIOLATERAL": "ML",
    "LATEROMEDIAL": "LM",
    "LATEROMEDIALOBLIQUE": "LMO",
    "EXAGGERATEDCRANIOCAUDAL": "XCC",
}

PATHOLOGY_WORDS = {
    **{name: name for name in (NORMAL, *PATHOLOGIES)},
    **dict.fromkeys(("m", "malign", "cancer"), MALIGNANT),
    **dict.fromkeys(("b", "benigne", "benign_finding"), BENIGN),
    **dict.fromkeys(("n", "negative"), NORMAL),
    **dict.fromkeys(("unknown", "not_proven"), UNPROVEN),
}
"""What words of a table, levelled, say of a mammogram or lesion; M, B and N are those that tables of classes have."""
NUMBER_CODES = frozenset("0123456789")
POSITIVE, NOT_POSITIVE = "1", "0"


def read_assessment(text: str) -> int:
    """A BI-RADS category, also written as BI-RADS 4 or 4a, whose letter is left out; else a whole number."""
    try:
        return category(text)
    except BadInput:
        return whole_number(text)


def read_density(text: str) -> int:
    """A breast's density from 1 to 4, also written as A to D, DENSITY C or ACR 3; else a whole number."""
    said = DENSITY_SAID.fullmatch(text)
    if said is None:
        return whole_number(text)
    return LETTERS_OF_DENSITY.index(said[1].upper()) + 1 if said[1].isalpha() else int(said[1])


def mammogram_side_and_view(laterality: str, view: str) -> tuple[str, str]:
    """LEFT or RIGHT, and one of VIEWS; BadInput for any other word."""
    side = LATERALITIES.get(laterality.upper().removesuffix("BREAST").strip())
    spelled = re.sub(r"[\W_]", "", view.upper())
    known_view = SPELLED_VIEWS.get(spelled, spelled)
    if side is None or known_view not in VIEWS:
        raise BadInput(
            f"{laterality!r}, {view!r} are not a laterality (LEFT, RIGHT) and view (CC, MLO, {', '.join(VIEWS[2:])})."
        )
    return side, known_view


def pathology_said(word: str, *, of_two: bool, outlined: bool) -> str:
    """The pathology that a cell's word means; BadInput where it means none, or more than one.

    Numbers are understood only where a column has 1 and 0 and no other (`of_two`): 1 is malignant, 0 is not, which is
    benign where a lesion is outlined.
    """
    means = pathology_of_word(word)
    if means is not None:
        return means
    if of_two and word == POSITIVE:
        return MALIGNANT
    if of_two and word == NOT_POSITIVE and outlined:
        return BENIGN
    if word in NUMBER_CODES:
        why = f"may mean {NORMAL} as well as {BENIGN}" if of_two else "does not say what it counts"
        raise BadInput(f"The pathology {word!r} {why}: write {NORMAL}, {BENIGN} or {MALIGNANT}.")
    raise BadInput(f"The pathology {word[:60]!r} is none of {NORMAL}, {', '.join(PATHOLOGIES)}.")


def pathology_of_word(word: str) -> str | None:
    """The pathology that one of PATHOLOGY_WORDS means, in capitals or not, with blanks or hyphens."""
    return PATHOLOGY_WORDS.get("_".join(word.lower().replace("-", " ").replace("_", " ").split()))


def codes_two(words: Iterable[str]) -> bool:
    """Whether the numbers among a column's words are 1 and 0, both, and no other."""
    return {word for word in words if word in NUMBER_CODES} == {POSITIVE, NOT_POSITIVE}
