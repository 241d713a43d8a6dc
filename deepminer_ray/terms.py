"""The words of radiologists, in one place: what keywords say of a lesion, and the terms that experts choose from.

Code and SQL take them from here: SQL by the table `term` of a run, whose rows `term_rows` makes.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Attribute:
    """What keywords say of a lesion in one respect: its name in concepts, and its field in a DDSM report."""

    name: str
    field: str

    @property
    def column(self) -> str:
        """The column of `lesion`, and of a csv file of lesions."""
        return self.name.replace(" ", "_")


LESION_TYPE = Attribute("lesion type", "LESION_TYPE")
SHAPE, MARGINS = Attribute("shape", "SHAPE"), Attribute("margins", "MARGINS")
CALCIFICATION_TYPE = Attribute("calcification type", "TYPE")
DISTRIBUTION = Attribute("distribution", "DISTRIBUTION")

ATTRIBUTES = (LESION_TYPE, SHAPE, MARGINS, CALCIFICATION_TYPE, DISTRIBUTION)
DESCRIBED = {"MASS": (SHAPE, MARGINS), "CALCIFICATION": (CALCIFICATION_TYPE, DISTRIBUTION)}
"""The lesion types, as DDSM calls them, and what is said of each."""
IN_A_NAME = (SHAPE, MARGINS, DISTRIBUTION, CALCIFICATION_TYPE, LESION_TYPE)
"""The order in which a name has them: irregular spiculated mass, clustered pleomorphic calcifications."""
SAYS_NOTHING = "N/A"
"""A keyword of which a radiologist said nothing."""

LEXICON: dict[str, dict[str, tuple[str, ...]]] = {
    "Mass": {
        LESION_TYPE.name: ("mass",),
        SHAPE.name: ("oval", "round", "irregular"),
        MARGINS.name: ("circumscribed", "obscured", "microlobulated", "indistinct", "spiculated"),
        "density": ("high density", "equal density", "low density", "fat-containing"),
    },
    "Calcification": {
        LESION_TYPE.name: ("calcification",),
        CALCIFICATION_TYPE.name: (
            *("skin", "vascular", "coarse", "large rod-like", "round", "rim", "dystrophic", "milk of calcium"),
            *("suture", "amorphous", "coarse heterogeneous", "fine pleomorphic", "fine linear"),
        ),
        DISTRIBUTION.name: ("diffuse", "regional", "grouped", "linear", "segmental"),
    },
    "Asymmetry": {"asymmetry": ("asymmetry", "global", "focal", "developing")},
    "Architectural distortion": {},
    "Associated features": {
        "associated features": (
            *("skin retraction", "nipple retraction", "skin thickening", "trabecular thickening"),
            "axillary adenopathy",
        ),
    },
    "Normal": {
        "density of the breast": ("fatty", "scattered fibroglandular", "heterogeneously dense", "extremely dense"),
        "normal structure": ("vessel", "lymph node"),
    },
    "Other": {"other": ("nipple", "skin edge", "pectoral muscle", "film edge", "marker or label", "artefact")},
}
"""Terms by BI-RADS category and attribute: the lexicon's fifth edition, and what is not a finding."""

TERMS: dict[str, tuple[str, ...]] = {
    category: tuple(term for name, terms in of.items() if name != LESION_TYPE.name for term in terms)
    for category, of in LEXICON.items()
}
"""What an expert can choose of a phenomenon in each category; the category itself says the type of a lesion."""


def term_rows() -> list[dict[str, Any]]:
    """The rows of the table `term`, in the order of the lexicon."""
    order = {attribute.name: number for number, attribute in enumerate(IN_A_NAME, 1)}
    terms = [(category, name, term) for category, of in LEXICON.items() for name, terms in of.items() for term in terms]
    return [
        {"number": number, "category": category, "attribute": name, "term": term, "place": order.get(name)}
        for number, (category, name, term) in enumerate(terms, 1)
    ]
