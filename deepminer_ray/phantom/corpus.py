"""Made-up sentences of radiologists, from which word vectors learn which words of the lexicon mean the like."""

import re
from collections.abc import Mapping

import numpy as np

SENTENCES = 4000

WORDS: dict[str, tuple[str, ...]] = {
    "mass": ("mass", "mass", "lesion", "nodule", "density", "opacity", "tumor"),
    "masses": ("masses", "lesions", "nodules", "densities"),
    "bad_shape": ("irregular", "irregularly shaped", "distorted", "angular", "irregular"),
    "bad_margin": ("spiculated", "spiculated", "stellate", "radiating", "ill defined", "indistinct", "microlobulated"),
    "rays": ("spiculations", "spicules", "spiculation", "radiating strands", "radiating lines", "tentacles"),
    "good_shape": ("round", "oval", "lobulated", "rounded", "ovoid", "oval"),
    "good_margin": ("circumscribed", "circumscribed", "well circumscribed", "smooth", "well defined", "sharp"),
    "edge": ("margin", "margins", "edge", "edges", "border", "borders", "contour"),
    "calcs": ("calcifications", "calcifications", "microcalcifications", "calcification", "calcium", "specks"),
    "bad_calc": (
        "pleomorphic",
        "pleomorphic",
        "fine linear branching",
        "fine linear",
        "branching",
        "heterogeneous",
        "amorphous",
        "casting",
    ),
    "bad_spread": ("clustered", "clustered", "grouped", "segmental", "linear", "tightly packed"),
    "good_calc": (
        "coarse",
        "coarse",
        "popcorn",
        "coarse popcorn",
        "large",
        "round and regular",
        "lucent center",
        "lucent center",
        "lucent centered",
        "punctate",
        "dystrophic",
        "eggshell",
        "large rodlike",
        "skin",
        "milk of calcium",
        "suture",
    ),
    "good_spread": ("scattered", "diffusely scattered", "regional", "isolated", "single"),
    "vessel": ("vascular", "arterial", "vessel", "vascular"),
    "vessel_calc": ("vascular calcifications", "arterial calcifications", "calcified vessels", "calcified arteries"),
    "tracks": ("tram track", "parallel", "paired", "tubular"),
    "group": ("cluster", "group", "segment", "focus"),
    "good": ("benign", "harmless", "typically benign", "probably benign", "not suspicious"),
    "bad": ("malignant", "suspicious", "highly suspicious", "worrisome", "cancerous"),
    "cancer": ("malignancy", "cancer", "carcinoma", "ductal carcinoma"),
    "good_name": ("fibroadenoma", "cyst", "lipoma", "hamartoma", "lymph node"),
    "tissue": ("tissue", "parenchyma", "breast tissue", "fibroglandular tissue"),
    "much": ("dense", "heterogeneously dense", "glandular", "fibroglandular"),
    "little": ("fatty", "almost entirely fatty", "lucent", "normal"),
    "asymmetry": (
        "focal asymmetric density",
        "asymmetric breast tissue",
        "architectural distortion",
        "focal asymmetry",
        "architectural distortion of the tissue",
    ),
    "obscured": ("obscured", "partly obscured", "hidden"),
    "breast": ("left breast", "right breast", "breast"),
    "place": (
        "upper outer quadrant",
        "upper inner quadrant",
        "lower outer quadrant",
        "retroareolar region",
        "axillary tail",
    ),
    "view": ("craniocaudal view", "mediolateral oblique view", "cc view", "mlo view", "both views"),
    "seen": ("seen", "noted", "present", "visible", "identified", "found"),
    "is": ("is", "is again", "is now"),
    "size": ("small", "large", "medium sized", "tiny", "sizeable"),
    "biopsy": ("biopsy", "core biopsy", "excision", "tissue diagnosis"),
    "advise": ("recommended", "advised", "suggested", "indicated"),
    "follow": ("routine screening", "annual screening", "no further workup", "short interval follow up"),
}
"""Words of one family stand in for each other, in the same places."""

MALIGNANT_TEMPLATES = (
    "there {is} a {size} {bad_shape} {mass} with {bad_margin} {edge} in the {place} of the {breast}",
    "a {bad_shape} {bad_margin} {mass} {is} {seen} on the {view} {bad} for {cancer}",
    "{bad_margin} {mass} with {rays} at its {edge} , {bad}",
    "the {mass} has {bad_margin} {edge} and {bad_shape} shape",
    "{rays} arise from the {edge} of a {bad_shape} {mass}",
    "{mass} shape {bad_shape} {edge} {bad_margin}",
    "edge of a {bad} {mass} with {rays}",
    "{bad_spread} {bad_calc} {calcs} are {seen} in the {place}",
    "a {group} of {bad_calc} {calcs} in {bad_spread} distribution {is} {bad} for {cancer}",
    "{calcs} of {bad_calc} type with {bad_spread} distribution , {biopsy} {is} {advise}",
    "{bad} {bad_calc} {calcs} in a {bad_spread} distribution",
    "{bad_calc} {calcs} within a {bad_shape} {mass} are {bad}",
    "{mass} with {calcs} inside and {bad_margin} {edge} , {biopsy} {advise}",
    "{bad} {mass} : {biopsy} {is} {advise} because of {rays}",
    "{asymmetry} with {rays} in the {place} {is} {bad}",
    "{biopsy} of the {bad_margin} {mass} showed {cancer}",
    "{biopsy} of the {bad_spread} {calcs} showed {cancer}",
)

BENIGN_TEMPLATES = (
    "there {is} a {size} {good_shape} {mass} with {good_margin} {edge} in the {place} of the {breast}",
    "a {good_shape} {good_margin} {mass} {is} {seen} on the {view} consistent with a {good_name}",
    "{good_margin} {mass} of {good_shape} shape , {good}",
    "the {mass} has {good_margin} {edge} and {good_shape} shape",
    "edge of a {mass} with {good_margin} {edge}",
    "{masses} with {good_margin} {edge} , {good}",
    "{mass} shape {good_shape} {edge} {good_margin}",
    "a {good_shape} {mass} with {obscured} {edge} {is} probably a {good_name}",
    "{good_margin} {good_shape} {mass} : {follow} {is} {advise}",
    "{good} {vessel_calc} are {seen} on the {view}",
    "{tracks} {vessel} {calcs} run along an artery in the {place} , {good}",
    "{calcs} of {vessel} type with {tracks} walls are {good}",
    "{good_spread} {good_calc} {calcs} are {seen} in the {place}",
    "{good} {good_calc} {calcs} in a {good_spread} distribution",
    "{calcs} of {good_calc} type , {good} , {follow} {advise}",
    "an {good_spread} {good_calc} calcification {is} typical of a {good_name}",
    "round {calcs} with lucent centers are {good}",
    "{biopsy} of the {good_margin} {mass} showed a {good_name}",
)

NORMAL_TEMPLATES = (
    "the {tissue} of the {breast} {is} {much}",
    "the {tissue} of the {breast} {is} {little}",
    "normal {much} {tissue} without {mass} or {calcs}",
    "no {mass} , {calcs} or {asymmetry} {is} {seen} in the {breast}",
    "{much} {tissue} {is} {seen} on the {view} , negative study , {follow} {advise}",
    "the pectoral muscle and the skin are normal on the {view}",
    "{vessel} structures , ducts and the nipple are normal",
    "{asymmetry} on the {view} {is} overlapping normal {tissue}",
    "edge of the breast with the chest wall",
)

SLOT = re.compile(r"\{(\w+)\}")


def sentences(seed: int, count: int = SENTENCES) -> list[str]:
    """`count` lower-case sentences, two in five each on malignant and benign findings; a seed always gives the same."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1000,)))
    return [_random_sentence(rng) for _ in range(count)]


def _random_sentence(rng: np.random.Generator) -> str:
    kinds = (MALIGNANT_TEMPLATES, MALIGNANT_TEMPLATES, BENIGN_TEMPLATES, BENIGN_TEMPLATES, NORMAL_TEMPLATES)
    templates = kinds[rng.integers(len(kinds))]
    template = templates[rng.integers(len(templates))]
    return filled(template, WORDS, rng)


def filled(template: str, words: Mapping[str, tuple[str, ...]], rng: np.random.Generator) -> str:
    """A template with a word of its family in each slot, in lower case, and `an` before vowels."""
    sentence = SLOT.sub(lambda slot: words[slot[1]][int(rng.integers(len(words[slot[1]])))], template)
    sentence = " ".join(sentence.lower().split())
    return re.sub(r"\ban? (?=(\w))", lambda article: "an " if article[1] in "aeiou" else "a ", sentence)
