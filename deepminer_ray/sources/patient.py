"""Who is a patient in a table: what stands where nobody may know it names none."""

import re

from deepminer_ray.errors import BadInput
from deepminer_ray.files.table import MISSING

PLACEHOLDERS = re.compile(
    "anon|anonym|anonymi[sz](ed|iert)|anonymous|deidentified|pseudonymi[sz]ed|removed|redacted|deleted|withheld|hidden"
    "|masked|blinded|confidential|private|unknown|unnamed|noname|notavailable|notgiven|notknown|missing|patient|name|xx+"
)
"""What tables without names have in the place of every one, letters alone."""
NOT_LETTERS = re.compile(r"[\W_]+")


def is_nobody(name: str) -> bool:
    """Whether a cell names no patient: it is empty, or a placeholder, which many patients have."""
    return name.upper() in MISSING or PLACEHOLDERS.fullmatch(NOT_LETTERS.sub("", name.lower())) is not None


def refuse_nobody(name: str) -> None:
    """BadInput where a cell names no patient: what one image is trained on, another might be tested on."""
    if is_nobody(name):
        said = f" ({name[:40]!r} stands for any)" if name else ""
        raise BadInput(
            f"The row names no patient{said}: its scan would have no partition. Where nobody knows who it is, and no "
            "patient has several images, write the image's name."
        )
