"""What experts choose from beside the terms of the lexicon: association with breast cancer, confidence."""

from collections.abc import Sequence

from deepminer_ray.classes import BENIGN, MALIGNANT

ASSOCIATIONS = (MALIGNANT, BENIGN, "either", "none")
CONFIDENCES = ("low", "medium", "high")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""The keys of a category's terms, in order."""


def phenomenon_name(category: str | None, terms: Sequence[str]) -> str | None:
    """What a phenomenon is called where the expert chose terms and typed nothing; None where nothing was chosen."""
    if category is None:
        return None
    return f"{category.lower()}: {', '.join(terms)}" if terms else category.lower()
