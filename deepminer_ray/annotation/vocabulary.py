"""What experts choose from: BI-RADS categories and terms, association with breast cancer, confidence."""

from collections.abc import Sequence

TERMS: dict[str, tuple[str, ...]] = {
    "Mass": (
        *("oval", "round", "irregular"),
        *("circumscribed", "obscured", "microlobulated", "indistinct", "spiculated"),
        *("high density", "equal density", "low density", "fat-containing"),
    ),
    "Calcification": (
        *("skin", "vascular", "coarse", "large rod-like", "round", "rim", "dystrophic", "milk of calcium", "suture"),
        *("amorphous", "coarse heterogeneous", "fine pleomorphic", "fine linear"),
        *("diffuse", "regional", "grouped", "linear", "segmental"),
    ),
    "Asymmetry": ("asymmetry", "global", "focal", "developing"),
    "Architectural distortion": (),
    "Associated features": (
        *("skin retraction", "nipple retraction", "skin thickening", "trabecular thickening"),
        "axillary adenopathy",
    ),
    "Normal": ("fatty", "scattered fibroglandular", "heterogeneously dense", "extremely dense", "vessel", "lymph node"),
    "Other": ("nipple", "skin edge", "pectoral muscle", "film edge", "marker or label", "artefact"),
}
"""Terms by category: shape, margin and density; morphology and distribution; the lexicon's fifth edition, and what is
not a finding."""

ASSOCIATIONS = ("malignant", "benign", "either", "none")
CONFIDENCES = ("low", "medium", "high")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""The keys of a category's terms, in order."""


def phenomenon_name(category: str | None, terms: Sequence[str]) -> str | None:
    """What a phenomenon is called where the expert chose terms and typed nothing; None where nothing was chosen."""
    if category is None:
        return None
    return f"{category.lower()}: {', '.join(terms)}" if terms else category.lower()
