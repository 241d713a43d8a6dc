"""What experts choose from beside the words of the domain, and what their choice is called."""

from collections.abc import Sequence

CONFIDENCES = ("low", "medium", "high")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""The keys of a category's terms, in order."""


TAKEN_KEYS = "TOVWRUD"
"""Keys of a survey's page that do something else, together with Shift."""


def association_keys(associations: Sequence[str]) -> list[str]:
    """The key of each association, together with Shift: its first letter that is free; none where all are taken."""
    keys: list[str] = []
    for word in associations:
        free = [letter for letter in word.upper() if letter.isascii() and letter.isalpha() and letter not in keys]
        keys.append(next((letter for letter in free if letter not in TAKEN_KEYS), ""))
    return keys


def phenomenon_name(category: str | None, terms: Sequence[str]) -> str | None:
    """What a phenomenon is called where the expert chose terms and typed nothing; None where nothing was chosen."""
    if category is None:
        return None
    return f"{category.lower()}: {', '.join(terms)}" if terms else category.lower()
