"""What a run will take, from what a sample of its films took: counts of films and patches."""

import hashlib
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from deepminer_ray import paper
from deepminer_ray.classes import Classes
from deepminer_ray.statistics.confidence import share_interval


class CountEstimate(NamedTuple):
    """A number and its 95 % interval over the sampled patients; both bounds are the number where it is counted."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "CountEstimate":
        """The same in another unit."""
        return CountEstimate(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, more: "CountEstimate | float") -> "CountEstimate":
        """The sum; the errors of what comes from one sample go the same way, so bounds add up."""
        other = more if isinstance(more, CountEstimate) else CountEstimate(more, more, more)
        return CountEstimate(self.value + other.value, self.low + other.low, self.high + other.high)


@dataclass(frozen=True, slots=True)
class PlannedScan:
    """What a film's header says: its size at full resolution and as stored in px, its places, those of a finding."""

    scan: str
    patient: str
    pathology: str
    pixels: int
    stored: int
    places: int
    findings: int = 0
    unproven: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """What cutting a sampled film gave: patches, bytes in RUN/scan and RUN/patch, seconds of a warm worker."""

    scan: PlannedScan
    patches: int
    scan_bytes: int
    patch_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Shares:
    """How patients are divided."""

    train: float = paper.TRAIN_SHARE
    test: float = paper.TEST_SHARE
    validation: float = paper.VALIDATION_SHARE
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is to do: films and patches of a whole source, by what is done with them."""

    scans: CountEstimate
    patches: CountEstimate
    trained: CountEstimate
    validated: CountEstimate
    probed: CountEstimate
    probed_scans: float
    explained: float
    unseen: CountEstimate
    """Patches of patients that neither ranking nor naming sees."""


def spread(count: int, wanted: int, seed: int = 0) -> list[int]:
    """Places in a list of `count`: one at random in each of `wanted` equal parts, so that no rhythm of it is met."""
    parts = min(count, wanted)
    drawn = random.Random(seed)
    bounds = [part * count // parts for part in range(parts + 1)] if parts else []
    return [drawn.randrange(low, high) for low, high in pairwise(bounds)]


def partition_of_patients(pathology: Mapping[str, str], shares: Shares) -> dict[str, str]:
    """The partition of each patient, `validation` for those of train that are kept for it: as `partition.sql`."""
    partitions: dict[str, str] = {}
    for kind in sorted(set(pathology.values())):
        patients = [patient for patient, of in pathology.items() if of == kind]
        patients.sort(key=lambda patient: (hashlib.md5(f"{shares.seed}{patient}".encode()).hexdigest(), patient))
        train, test, _ = _quotas(len(patients), (shares.train, shares.test, 1 - shares.train - shares.test))
        validation = math.floor(shares.validation * train + 0.5)
        names = ["train"] * (train - validation) + ["validation"] * validation + ["test"] * test
        names += ["holdout"] * (len(patients) - len(names))
        partitions |= dict(zip(patients, names, strict=True))
    return partitions


def _quotas(patients: int, shares: Sequence[float]) -> list[int]:
    """Whole patients by shares: rounded down, what is left to the largest remainders, the first in a tie."""
    exact = [round(share * patients, 9) for share in shares]
    quotas = [math.floor(part) for part in exact]
    turns = sorted(range(len(exact)), key=lambda part: (-(exact[part] % 1), part))
    for part in turns[: patients - sum(quotas)]:
        quotas[part] += 1
    return quotas


def total(
    cuts: Sequence[Cut],
    value: Callable[[Cut], float],
    size: Callable[[PlannedScan], int],
    scans: Sequence[PlannedScan],
    scale: float = 1.0,
) -> CountEstimate:
    """The sum of `value` over films: what was cut is known, the rest has as much for its `size` as the cut films.

    `scans` stand for `scale` times as many; nothing of those is known but their size.
    """
    chosen = {scan.scan for scan in scans}
    known = [cut for cut in cuts if cut.scan.scan in chosen]
    rest = max(0.0, sum(size(scan) for scan in scans) * scale - sum(size(cut.scan) for cut in known))
    values, sizes = [value(cut) for cut in cuts], [size(cut.scan) for cut in cuts]
    ratio = sum(values) / max(1, sum(sizes))
    low, high = share_interval(values, sizes, [cut.scan.patient for cut in cuts])
    counted = sum(value(cut) for cut in known)
    if not rest:
        return CountEstimate(counted, counted, counted)
    return CountEstimate(*(counted + rest * each for each in (ratio, low, high)))


def patches_of(cuts: Sequence[Cut], scans: Sequence[PlannedScan], scale: float = 1.0) -> CountEstimate:
    """How many patches films have: as large a share of their places as in the sample."""
    return total(cuts, lambda cut: cut.patches, lambda scan: scan.places, scans, scale)


def labelled(cuts: Sequence[Cut], scans: Sequence[PlannedScan], scale: float, normals: int | None) -> CountEstimate:
    """Patches that can be trained on: without unproven ones, of the normal ones at most `normals` for each finding.

    Places of a finding are taken for breast.
    """
    findings = sum(scan.findings for scan in scans) * scale
    normal = patches_of(cuts, scans, scale).plus(-findings - sum(scan.unproven for scan in scans) * scale)
    most = math.inf if normals is None else normals * findings
    return CountEstimate(*(max(0.0, min(value, most)) + findings for value in normal))


def counts(
    scans: Sequence[PlannedScan],
    cuts: Sequence[Cut],
    scale: float,
    shares: Shares,
    normals: int | None,
    classes: Classes,
    probed: Sequence[str],
    scanned: Sequence[str],
    explained: Sequence[str] = ("holdout",),
) -> Counts:
    """How much there is to do, `scans` standing for `scale` times as many, and `cuts` those that were cut."""
    part = partition_of_patients(worst(scans, classes), shares)

    def of(*names: str) -> list[PlannedScan]:
        wanted = {*names, "validation"} if "train" in names else set(names)
        return [scan for scan in scans if part[scan.patient] in wanted]

    trained = [scan for scan in scans if part[scan.patient] == "train"]
    validated = [scan for scan in scans if part[scan.patient] == "validation"]
    known = CountEstimate(len(scans) * scale, len(scans) * scale, len(scans) * scale)
    return Counts(
        known,
        patches_of(cuts, scans, scale),
        labelled(cuts, trained, scale, normals),
        labelled(cuts, validated, scale, normals),
        patches_of(cuts, of(*probed), scale),
        len(of(*scanned)) * scale,
        len(of(*explained)) * scale,
        patches_of(cuts, of(*(name for name in ("test", "holdout") if name not in probed)), scale),
    )


def worst(scans: Sequence[PlannedScan], classes: Classes) -> dict[str, str]:
    """The worst pathology on any film of each patient."""
    pathologies: dict[str, str] = {}
    for scan in scans:
        pathologies[scan.patient] = classes.worst([pathologies.get(scan.patient, classes.rest), scan.pathology])
    return pathologies
