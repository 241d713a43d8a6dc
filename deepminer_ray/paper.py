"""Every number the paper or its authors' code fixes, once, under its section; stages take their defaults from here."""

from deepminer_ray.mammography import BENIGN, MALIGNANT, NORMAL

PARTITIONS = ("train", "test", "holdout")
"""Sec. 2.1: metrics and unit pictures come from test, explanations from holdout."""

# Sec. 2.1, dataset
TRAIN_SHARE = 0.8
TEST_SHARE = 0.1
PATCHES_ACROSS = 4
"""A patch is 25 % of the width of the mammogram."""
PLACES_PER_PATCH = 2
"""The stride is 50 % of the patch."""
BREAST_SHARE = 0.5
"""A patch with less breast tissue is not a patch."""
COVER = 0.3
"""At least this share of the patch is finding."""
WITHIN = 0.3
"""Or at least this share of a finding lies in the patch."""

# Sec. 2.1, training
NETWORK = "resnet152"
LEARNING_RATE = 1e-4
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
BATCH = 32

# Sec. 2.2, units
TOP = 8
"""The most influential units of an image that coverage counts and explanations draw from."""
RANKED = 20
"""The most frequently influential units of a class that experts annotate."""
NAMED = 45
"""Of the 60 units, those at least one expert named."""

# Sec. 2.3 and Figs. 4 and 5
NAMED_IN_FIGURE = 5

# Sec. 3, results
COVERAGE = {NORMAL: 0.5927, BENIGN: 0.6977, MALIGNANT: 0.7582}
AUC = {NORMAL: 0.838, BENIGN: 0.802, MALIGNANT: 0.872}
PAUC_PAPER = {NORMAL: 0.133, BENIGN: 0.121, MALIGNANT: 0.144}
PAUC_PAPER_BEST, PAUC_PAPER_CHANCE = 0.2, 0.036
"""Of the authors' formula."""
TEST_SCANS = 1040
PAUC_FROM = 0.8
"""True-positive rate above which the partial area counts."""
GREEDY = {1: 0.627, 8: 0.533}
"""Greedy matching score on the hold-out scans, by number of units considered."""

# The authors' code, where the paper is silent
SIDE = 227
"""Patch side in px; a whole mammogram is resized so that its shorter side is 4 of them."""
EPOCHS = 5
DECAY_FROM_EPOCH = 4
"""The learning rate is a tenth from this epoch (counted from 1) on; the paper speaks of one rate only."""
TOP_PATCHES = 64
"""Patches kept for a unit."""
SEGMENTATION_THRESHOLD = 0.2
"""Share of a unit's largest response above which its map is drawn."""

# Network Dissection, whose units these are (Bau et al. 2017, doi 10.1109/CVPR.2017.354)
EXCEEDED_SHARE = 0.005
"""Of all cells of a unit's maps, those that exceed its threshold."""

# Ours, where both are silent
VALIDATION_SHARE = 0.1
"""Of the training patients; which epoch is best is judged on them, never on test."""
