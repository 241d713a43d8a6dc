"""Who the phantom patients are: class, digitizer, density, laterality and findings, none of which tells another.

Pathology goes round by patient; whatever it must not depend on goes round by threes of patients.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from deepminer_ray.phantom.finding import BENIGN_KINDS, MALIGNANT_KINDS, FindingKind

CASE_FOLDERS = ("normals", "benigns", "cancers")
"""DDSM's folders, in the order of the patients."""

DENSITIES = (2, 3, 1, 2, 4, 3, 2, 3)
"""ACR densities, as often as they are seen, roughly."""

SECOND = 1 / 2
"""Share of patients with a finding who have another of its pathology."""
BENIGN_BESIDE = 1 / 4
"""Share of patients with cancer who have a benign finding too."""
FLIPPED = 0.2
"""Share of patients whose films lie the other way round."""

# What a stream of random numbers is for: patients must not change where one of them draws more.
PATIENT, SITE, DENSITY, LATERALITY, FINDINGS = range(5)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital's letter, digitizer and lowest case number, and its volume of each category."""

    letter: str
    digitizer: str
    first: int
    volumes: tuple[str, str, str]


SITES = (
    Site("A", "DBA", 1001, ("normal_01", "benign_02", "cancer_03")),
    Site("A", "HOWTEK_MGH", 1001, ("normal_11", "benign_03", "cancer_06")),
    Site("B", "LUMISYS", 3001, ("normal_09", "benign_13", "cancer_15")),
    Site("C", "LUMISYS", 101, ("normal_10", "benign_06", "cancer_05")),
    Site("D", "HOWTEK_ISMD", 4001, ("normal_07", "benign_09", "cancer_12")),
)


@dataclass(frozen=True, slots=True)
class Patient:
    """What is decided about a patient before anything is drawn; findings lie in the breast of `laterality`."""

    number: int
    category: str
    volume: str
    letter: str
    case: int
    digitizer: str
    density: int
    laterality: str
    flipped: bool
    age: int
    kinds: tuple[FindingKind, ...]

    @property
    def directory(self) -> str:
        """Where the case lies below the phantom's directory."""
        return f"{self.category}/{self.volume}/case{self.case:04d}"

    @property
    def stem(self) -> str:
        """How the names of its films begin."""
        return f"{self.letter}_{self.case:04d}_1"

    def scan(self, laterality: str, view: str) -> str:
        """A film's name, its volume first."""
        return f"{self.volume}-{self.stem}.{laterality}_{view}"


def planned_patient(number: int, seed: int) -> Patient:
    """Patient `number`, counted from 0, of the phantom of a seed; the same however many there are."""
    category, three = number % len(CASE_FOLDERS), number // len(CASE_FOLDERS)
    rng = random_numbers(seed, PATIENT, number, 0)
    site = in_turn(SITES, three, seed, SITE)
    return Patient(
        number=number,
        category=CASE_FOLDERS[category],
        volume=site.volumes[category],
        letter=site.letter,
        case=site.first + number,
        digitizer=site.digitizer,
        density=in_turn(DENSITIES, three, seed, DENSITY),
        laterality=in_turn(("LEFT", "RIGHT"), three, seed, LATERALITY),
        flipped=bool(rng.random() < FLIPPED),
        age=int(np.clip(rng.normal(56, 11), 32, 88)),
        kinds=_kinds(CASE_FOLDERS[category], three, seed, rng),
    )


def random_numbers(seed: int, *purpose: int) -> np.random.Generator:
    """The random numbers of one purpose, whatever others draw."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=purpose))


def _kinds(category: str, three: int, seed: int, rng: np.random.Generator) -> tuple[FindingKind, ...]:
    """The findings of a patient: one, sometimes a second, and with some cancers a benign one."""
    if category == "normals":
        return ()
    own = BENIGN_KINDS if category == "benigns" else MALIGNANT_KINDS
    kinds = [in_turn(own, three, seed, FINDINGS)]
    if rng.random() < SECOND:
        kinds.append(own[rng.integers(len(own))])
    if category == "cancers" and rng.random() < BENIGN_BESIDE:
        kinds.append(BENIGN_KINDS[rng.integers(len(BENIGN_KINDS))])
    return tuple(kinds)


def in_turn(values: tuple[T, ...], index: int, seed: int, purpose: int) -> T:
    """Deal values like cards: each once before any comes again, every round newly shuffled."""
    deal, card = divmod(index, len(values))
    order = random_numbers(seed, purpose, deal, len(values)).permutation(len(values))
    return values[int(order[card])]
