"""What a unit tells from the other findings, term by term, and the name that follows from it.

A unit that finds everything tells nothing apart. So the patches that show a term are set against patches of *other
findings*, not against all others. Patches of one patient count together throughout.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.statistics.confidence import Floats
from deepminer_ray.units.detection import Ranking, areas, interval_of

DRAWS = 19_999
"""Exchanges of labels behind p: two-sided, it is a multiple of 1 / 10,000."""
LEAST_PATIENTS = 3
"""A term that fewer patients show, or fewer lack, is left out."""
FALSE_DISCOVERY_RATE = 0.05
"""q below which a unit tells a term from the other findings."""
FOLDS = 5
"""Parts of the patients, each left out once, on which a longer name must fit better."""
NO_NAME = "pathology"
"""What a unit tells of this attribute is said of it, but is not a name."""

Selection = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Term:
    """Patches that show a term and those that show nothing of it [N] each; neither: it is grazed."""

    concept: str
    shows: Selection
    lacks: Selection

    @property
    def attribute(self) -> str:
        return self.concept.split(": ")[0]

    def within(self, other: "Term") -> "Term":
        """Both terms together: patches that show both, against those that lack one."""
        return Term(f"{self.concept} AND {other.concept}", self.shows & other.shows, self.lacks | other.lacks)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Of each unit: the area under the ROC curve, its interval by patient, p in either direction [units]."""

    auroc: Floats
    low: Floats
    high: Floats
    p: Floats


def shown_by_enough(term: Term, patient: NDArray[np.int64], least: int = LEAST_PATIENTS) -> bool:
    """Whether enough patients [N] show the term, and enough others show nothing of it."""
    return min(len(set(patient[term.shows])), len(set(patient[term.lacks]))) >= least


def contrast(ranking: Ranking, term: Term, patient: NDArray[np.int64], draws: int = DRAWS, seed: int = 0) -> Contrast:
    """How well each unit's maximum tells the patches that show a term from those that lack it.

    p exchanges the labels of whole patients: what one patient shows of the term, and what it shows of other findings,
    are one item each. The interval is clustered DeLong (Obuchowski 1997, doi 10.2307/2533958).
    """
    kept = term.shows | term.lacks
    ranked = areas(ranking, patient, term.shows, term.lacks)
    low, high = interval_of(ranked.auroc, ranked.deviation)
    rank = (ranked.beaten + 0.5)[:, kept]
    more, less = _count_exchanges(ranked.auroc, rank, patient[kept], term.shows[kept], draws, seed)
    return Contrast(ranked.auroc, low, high, np.minimum(1, 2 * (1 + np.minimum(more, less)) / (1 + draws)))


def _count_exchanges(
    auroc: Floats, rank: Floats, patient: NDArray[np.int64], shows: Selection, draws: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each unit how many exchanges of labels give at least its area, and how many at most."""
    _, item = np.unique(2 * patient + shows, return_inverse=True)
    items, showing = int(item.max()) + 1, len(set(item[shows]))
    size = np.bincount(item, minlength=items).astype(np.float64)
    sums = np.zeros((items, len(auroc)))
    np.add.at(sums, item, rank.T)
    random = np.random.default_rng(seed)
    more, less = np.zeros(len(auroc), np.int64), np.zeros(len(auroc), np.int64)
    for some in np.array_split(np.arange(draws), -(-draws * max(items, len(auroc)) // 4_000_000)):
        order = np.argsort(random.random((len(some), items)), axis=1)[:, :showing]
        chosen = np.zeros((len(some), items))
        np.put_along_axis(chosen, order, 1.0, axis=1)
        count = (chosen @ size)[:, np.newaxis]
        area = (chosen @ sums - count * (count + 1) / 2) / (count * (len(item) - count))
        more += (area >= auroc - 1e-12).sum(0)
        less += (area <= auroc + 1e-12).sum(0)
    return more, less


def area(maximum: NDArray[np.floating], positive: Selection, negative: Selection) -> float:
    """The area under the ROC curve of one unit's maxima [N], ties counting half; nan without positives or negatives."""
    high, low = maximum[positive], np.sort(maximum[negative])
    if not len(high) or not len(low):
        return float("nan")
    beaten = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(beaten.mean() / (2 * len(low)))


def name_of(
    told: Mapping[str, tuple[float, float]],
    terms: Mapping[str, Term],
    together: Set[tuple[str, str]],
    maximum: NDArray[np.floating],
    patient: NDArray[np.int64],
    noun: str | None,
) -> list[str]:
    """The terms of a unit's name, of those it tells from the other findings: `told` has of each by how much it does so
    more than other units, and the area.

    It begins with the term that it tells more than other units do: what all tell says least of one. Of each other
    attribute its best term is added where all patches of the name show it anyway, or where the longer name fits
    patients left out better: every fifth of the patients in turn says by how much, of the term that was best on the
    others, and the mean gain must exceed its standard error. Only terms of one lesion are one name: of each two of them
    some lesion must have both (`together`, in alphabetical order); a patch may show two lesions. A name holds what all
    its patches are of the attribute `noun`: a small one is a small disc where all of them are discs.
    """
    best: dict[str, str] = {}
    for concept in sorted(told, key=lambda one: (-told[one][0], -told[one][1], one)):
        if terms[concept].attribute != NO_NAME:
            best.setdefault(terms[concept].attribute, concept)
    if not best:
        return []
    first, *rest = best.values()
    chosen, name = [first], terms[first]
    while rest := [one for one in rest if all(tuple(sorted((one, other))) in together for other in chosen)]:
        implied = [one for one in rest if _all_show(name, terms[one])]
        added = implied[0] if implied else _better(name, [terms[one] for one in rest], maximum, patient)
        if added is None:
            break
        chosen.append(added)
        rest.remove(added)
        name = name.within(terms[added])
    if all(terms[one].attribute != noun for one in chosen):
        chosen += [one for one in terms if terms[one].attribute == noun and _all_show(name, terms[one])]
    return chosen


def _all_show(name: Term, term: Term) -> bool:
    return bool(term.shows[name.shows].all())


def _better(
    name: Term, candidates: Sequence[Term], maximum: NDArray[np.floating], patient: NDArray[np.int64]
) -> str | None:
    """The term that makes the name fit better on patients left out, if one does."""
    longer = {one.concept: name.within(one) for one in candidates}
    longer = {concept: both for concept, both in longer.items() if shown_by_enough(both, patient)}
    if not longer:
        return None

    def fits(term: Term, among: Selection) -> float:
        return area(maximum, term.shows & among, term.lacks & among)

    # Patients that show the name go round by fives, and so do the others: each part has some where there are enough.
    showing = list(dict.fromkeys(patient[name.shows].tolist()))
    others = sorted(set(patient.tolist()) - set(showing))
    order = {one: number for group in (showing, others) for number, one in enumerate(group)}
    part = np.array([order[one] % FOLDS for one in patient.tolist()])
    gains = []
    for fold in range(FOLDS):
        kept, left_out = part != fold, part == fold
        pick = max(longer.values(), key=lambda both: np.nan_to_num(fits(both, kept), nan=-1.0))
        gains.append(fits(pick, left_out) - fits(name, left_out))
    known = np.array(gains)[np.isfinite(gains)]
    if len(known) < 2 or known.mean() <= known.std(ddof=1) / np.sqrt(len(known)):
        return None
    return max(longer, key=lambda concept: fits(longer[concept], np.ones(len(patient), np.bool_)))


def beside_other_units(areas: Floats) -> Floats:
    """[units]: by how many standard deviations each unit's area for a term is above the mean of all; 0 where all tell
    it alike."""
    spread = float(areas.std())
    deviations: Floats = (areas - areas.mean()) / spread if spread > 0 else np.zeros_like(areas)
    return deviations
