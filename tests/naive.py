"""The paper's definitions written slowly, one loop a sentence: what the SQL is held against."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from random import Random
from typing import Any

Row = dict[str, Any]

CLASSES = ("normal", "benign", "malignant")
FROM_BEST_TO_WORST = ("normal", "unproven", "benign", "malignant")


def class_of(pathology: str) -> str:
    """A benign lesion without callback counts as benign."""
    return "benign" if pathology == "benign_without_callback" else pathology


def worst(pathologies: Sequence[str]) -> str:
    """The worst of some lesions; normal without any."""
    return max([class_of(pathology) for pathology in pathologies] + ["normal"], key=FROM_BEST_TO_WORST.index)


def quotas(patients: int, shares: Sequence[Fraction]) -> list[int]:
    """Whole numbers nearest to the shares: rounded down, what is left to the largest remainders, the first in a tie."""
    exact = [share * patients for share in shares]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(shares)), key=lambda part: (whole[part] - exact[part], part))
    for part in by_remainder[: patients - sum(whole)]:
        whole[part] += 1
    return whole


def partition(
    pathology: Mapping[str, str], train: str, test: str, validation: str, seed: int
) -> dict[str, tuple[str, bool]]:
    """Partition and validation of each patient, from the worst pathology of each; shares as decimals in text."""
    found = {}
    shares = [Fraction(train), Fraction(test), 1 - Fraction(train) - Fraction(test)]
    for stratum in FROM_BEST_TO_WORST:
        patients = [patient for patient in pathology if pathology[patient] == stratum]
        patients.sort(key=lambda patient: hashlib.md5(f"{seed}{patient}".encode()).hexdigest())
        training, testing, _ = quotas(len(patients), shares)
        validating = int(Fraction(validation) * training + Fraction(1, 2))
        for place, patient in enumerate(patients):
            if place < training:
                found[patient] = ("train", place >= training - validating)
            else:
                found[patient] = ("test" if place < training + testing else "holdout", False)
    return found


def label(lesions: Sequence[tuple[str, float, float]], cover: float = 0.3, within: float = 0.3) -> str | None:
    """Class of a patch from the (pathology, cover, within) of the lesions it meets; None of an unproven finding."""
    shown = ["normal"]
    for name in ("unproven", "benign", "malignant"):
        covers = [lesion[1] for lesion in lesions if class_of(lesion[0]) == name]
        withins = [lesion[2] for lesion in lesions if class_of(lesion[0]) == name]
        if covers and (min(1.0, round(sum(covers), 9)) >= cover or max(withins) >= within):
            shown.append(name)
    return None if worst(shown) == "unproven" else worst(shown)


def influence(
    maxima: Mapping[str, Mapping[int, float]], weights: Mapping[str, Mapping[int, float]], top: int
) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """For each scan and class the `top` units of largest maximum x weight, the strongest first."""
    found = {}
    for scan, of_scan in maxima.items():
        for name, of_class in weights.items():
            every = [(unit, of_scan[unit] * of_class[unit]) for unit in of_scan]
            every.sort(key=lambda pair: (-pair[1], pair[0]))
            found[scan, name] = every[:top]
    return found


def frequencies(tops: Mapping[tuple[str, str], Sequence[int]], name: str) -> list[tuple[int, int]]:
    """The units in the top places of a class with the number of scans, the most frequent first."""
    scans: dict[int, int] = {}
    for (_, of_class), units in tops.items():
        for unit in units if of_class == name else ():
            scans[unit] = scans.get(unit, 0) + 1
    return sorted(scans.items(), key=lambda pair: (-pair[1], pair[0]))


def coverage(tops: Mapping[tuple[str, str], Sequence[int]], name: str, units: int) -> float:
    """Share of all top places of a class that its most frequent `units` take."""
    chosen = {unit for unit, _ in frequencies(tops, name)[:units]}
    places = [unit for (_, of_class), top in tops.items() for unit in top if of_class == name]
    return sum(unit in chosen for unit in places) / len(places)


def top_patches(maxima: Mapping[int, float], top: int) -> list[int]:
    """The patches where a unit's maximum is largest, the smaller patch first in a tie."""
    return sorted(maxima, key=lambda patch: (-maxima[patch], patch))[:top]


def auc(scores: Sequence[tuple[float, bool]]) -> float | None:
    """Chance that a positive scores higher than a negative, a tie counting half; None without both."""
    positives = [score for score, positive in scores if positive]
    negatives = [score for score, positive in scores if not positive]
    if not positives or not negatives:
        return None
    won = sum((hit > alarm) + (hit == alarm) / 2 for hit in positives for alarm in negatives)
    return won / (len(positives) * len(negatives))


def curve(scores: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """The points (false-positive rate, true-positive rate) of the ROC curve, one a threshold, from (0, 0)."""
    positives = sum(positive for _, positive in scores)
    negatives = len(scores) - positives
    points = [(0.0, 0.0)]
    for threshold in sorted({score for score, _ in scores}, reverse=True):
        above = [positive for score, positive in scores if score >= threshold]
        points.append(((len(above) - sum(above)) / negatives, sum(above) / positives))
    return points


def pauc(scores: Sequence[tuple[float, bool]], start: float = 0.8) -> float:
    """Area between the curve and the true-positive rate `start`, the crossing interpolated."""
    area = 0.0
    points = curve(scores)
    for (left, low), (right, high) in pairwise(points):
        if low < start < high:
            left, low = left + (right - left) * (start - low) / (high - low), start
        if low >= start:
            area += (right - left) * ((low + high) / 2 - start)
    return area


def pauc_paper(scores: Sequence[tuple[float, bool]], start: float = 0.8) -> float:
    """The authors' formula: trapezoids under the points from true-positive rate `start` on, times 1 - start."""
    kept = [point for point in curve(scores) if point[1] >= start]
    area = 0.0
    for (left, low), (right, high) in pairwise(kept):
        area += (right - left) * (low + high) / 2
    return area * (1 - start)


def decided(probabilities: Mapping[str, float]) -> str:
    """The class of the largest probability, the worse of two that are equal."""
    return max(CLASSES, key=lambda name: (probabilities[name], CLASSES.index(name)))


def contribution(
    values: Mapping[int, float], weights: Mapping[tuple[str, int], float], name: str, unit: int
) -> dict[str, float]:
    """A unit's term of a class's logit at the cell that decided, and its share of all terms above 0 there."""
    terms = {one: value * weights[name, one] for one, value in values.items()}
    return {"contribution": terms[unit], "share": terms[unit] / sum(term for term in terms.values() if term > 0)}


def phenomena(annotations: Sequence[Row], checkpoint: str) -> dict[int, str]:
    """The names of each unit: of every annotator's latest answer about the network, each once, joined by "; "."""
    names: dict[int, list[str]] = {}
    ours = [row for row in annotations if row["checkpoint"] == checkpoint and not row["repeat"]]
    for row in sorted(ours, key=lambda row: (row["annotator"], row["position"])):
        answers = [other for other in ours if (other["unit"], other["annotator"]) == (row["unit"], row["annotator"])]
        latest = row["version"] == max(other["version"] for other in answers)
        of_unit = names.setdefault(row["unit"], [])
        if latest and row["recognizable"] and row["phenomenon"] and row["phenomenon"] not in of_unit:
            of_unit.append(row["phenomenon"])
    return {unit: "; ".join(of_unit) for unit, of_unit in names.items() if of_unit}


def exceeded_by(cells: Sequence[float], share: float) -> float:
    """The smallest of some values that at most a share of them exceeds."""
    return min(value for value in cells if sum(cell > value for cell in cells) <= share * len(cells))


def logits(
    means: Mapping[int, float],
    weights: Mapping[str, Mapping[int, float]],
    biases: Mapping[str, float],
    silent: Iterable[int] = (),
) -> dict[str, float]:
    """Each class's bias + sum over the units that are not silent of mean x weight."""
    heard = [unit for unit in means if unit not in set(silent)]
    return {name: biases[name] + math.fsum(means[unit] * weights[name][unit] for unit in heard) for name in weights}


def probabilities(of_classes: Mapping[str, float]) -> dict[str, float]:
    """Softmax of the classes' logits."""
    largest = max(of_classes.values())
    odds = {name: math.exp(logit - largest) for name, logit in of_classes.items()}
    return {name: odds[name] / sum(odds.values()) for name in odds}


def smallest_flips(
    means: Mapping[int, float], weights: Mapping[str, Mapping[int, float]], biases: Mapping[str, float]
) -> list[tuple[set[int], str, float]]:
    """All smallest sets of units whose silence changes the decision: the set, the new class, its lead over the old."""
    before = decided(logits(means, weights, biases))
    for size in range(1, len(means) + 1):
        found = []
        for silent in combinations(means, size):
            without = logits(means, weights, biases, silent)
            after = decided(without)
            if after != before:
                found.append((set(silent), after, without[after] - without[before]))
        if found:
            return found
    return []


def similarity(of_scan: str, other: str, maxima: Mapping[str, Mapping[int, float]]) -> float:
    """Cosine of two scans' maxima, each unit standardised over all scans; units that never differ do not count."""
    profiles: dict[str, list[float]] = {scan: [] for scan in maxima}
    for unit in maxima[of_scan]:
        values = [maxima[scan][unit] for scan in maxima]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
        for scan in maxima if deviation else ():
            profiles[scan].append((maxima[scan][unit] - mean) / deviation)
    one, two = profiles[of_scan], profiles[other]
    return dot(one, two) / math.sqrt(dot(one, one) * dot(two, two))


def dot(one: Sequence[float], two: Sequence[float]) -> float:
    """Sum of products."""
    return math.fsum(a * b for a, b in zip(one, two, strict=True))


def upsampled(cells: Sequence[Sequence[float]], stride: float, offset: float, x: int, y: int) -> float:
    """A response map at pixel (x, y): bilinear between centres at offset + j * stride, the nearest cell beyond them."""
    column = min(max((x - offset) / stride, 0), len(cells[0]) - 1)
    row = min(max((y - offset) / stride, 0), len(cells) - 1)
    value = 0.0
    for i, line in enumerate(cells):
        for j, cell in enumerate(line):
            value += cell * max(0.0, 1 - abs(row - i)) * max(0.0, 1 - abs(column - j))
    return value


def permuted_area(patches: Sequence[tuple[str, str, float, str]], receiver: Mapping[str, str]) -> float | None:
    """Area when each patient's positives are laid on the receiver's films, place by place.

    A patch is (patient, place, maximum, "positive" | "negative" | "left out").
    """
    laid = {(receiver[patient], place) for patient, place, _, shown in patches if shown == "positive"}
    return auc(
        [(maximum, (patient, place) in laid) for patient, place, maximum, shown in patches if shown != "left out"]
    )


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """For each p the least false discovery rate at which it is among those rejected."""
    found = []
    for value in p:
        above = sorted({other for other in p if other >= value})
        found.append(min(1.0, *(other * len(p) / sum(rival <= other for rival in p) for other in above)))
    return found


def shuffled_mean(
    score: Mapping[tuple[int, int], float], patients: Sequence[str], random: Random, groups: Sequence[str] | None = None
) -> float:
    """The mean over scans that have a score after every patient got the reports of one of all patients (of a group).

    `score` holds every pair of scans that has one. The reports of a patient begin with a random one and go round.
    """
    scans_of: dict[str, list[int]] = {}
    for scan, patient in enumerate(patients):
        scans_of.setdefault(patient, []).append(scan)
    gives: dict[str, str] = {}
    for group in set(groups or [""]):
        members = [patient for patient, scans in scans_of.items() if not groups or groups[scans[0]] == group]
        gives |= zip(members, random.sample(members, len(members)), strict=True)
    found = []
    for patient, scans in scans_of.items():
        reports = scans_of[gives[patient]]
        turn = random.randrange(len(reports))
        pairs = [(scan, reports[(place + turn) % len(reports)]) for place, scan in enumerate(scans)]
        found += [score[pair] for pair in pairs if pair in score]
    return sum(found) / len(found) if found else math.nan
