"""The words of DDSM's files and of the paper; all else of mammograms is in the domain's own file."""

from deepminer_ray.classes import UNPROVEN

NORMAL, BENIGN, MALIGNANT = "normal", "benign", "malignant"
CLASSES = (NORMAL, BENIGN, MALIGNANT)
"""Sec. 2: what the paper's network answers."""

PATHOLOGIES = (MALIGNANT, BENIGN, "benign_without_callback", UNPROVEN)
"""What a case is, the worst first: an unproven one is not known to be worse than a benign one (`Classes.order`)."""

SUSPICIOUS_FROM = 4
"""BI-RADS category 4 is suspicious, and a biopsy is taken; 3 is probably benign, and followed."""

LESION_TYPE, SHAPE, MARGINS, TYPE, DISTRIBUTION = "LESION_TYPE", "SHAPE", "MARGINS", "TYPE", "DISTRIBUTION"
"""The fields of a lesion's keywords."""
KEYWORD_COLUMNS = {
    LESION_TYPE: "lesion_type",
    SHAPE: "shape",
    MARGINS: "margins",
    TYPE: "calcification_type",
    DISTRIBUTION: "distribution",
}
"""What `lesion` and tables of lesions call them."""
DESCRIBED = {"MASS": (SHAPE, MARGINS), "CALCIFICATION": (TYPE, DISTRIBUTION)}
"""The lesion types, and what is said of each."""
