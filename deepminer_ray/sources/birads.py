"""BI-RADS categories as tables write them, and the class of a finding of which only its category is known."""

import re

from deepminer_ray.classes import UNPROVEN
from deepminer_ray.errors import BadInput
from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL

CATEGORY = re.compile(
    r"(?:BI[\W_]?RADS[\W_]*)?(?:CATEGORY[\W_]*)?(?:([0-6])(?:[.,]0)?|(4)\W?[abc])", re.ASCII | re.IGNORECASE
)
INCOMPLETE, NEGATIVE = 0, 1


def category(text: str) -> int:
    """The BI-RADS category, 0 to 6, of `4`, `4a` or `BI-RADS 4`; BadInput for anything else."""
    match = CATEGORY.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text[:40]!r} is not a BI-RADS category (0 to 6, 4a to 4c).")
    return int(match[1] or match[2])


def class_by_category(of: int, suspicious_from: int) -> str:
    """The class of a mammogram or finding without pathology: a rule, not what a biopsy said.

    1 is normal, from `suspicious_from` on it is malignant, between them benign; 0 says that more images are needed.
    """
    if of == INCOMPLETE:
        return UNPROVEN
    if of == NEGATIVE:
        return NORMAL
    return MALIGNANT if of >= suspicious_from else BENIGN
