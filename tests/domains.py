"""The domain of mammograms, and domains of a test's own."""

from deepminer_ray.domain_file import mammography

MAMMOGRAPHY = mammography()
THREE_CLASSES, CANCER_OR_NOT = MAMMOGRAPHY.answered
"""What its networks answer: every class, or malignant or not."""
TERMS = MAMMOGRAPHY.terms
ASSOCIATIONS = MAMMOGRAPHY.associations
