"""What made-up images of a domain show: class, patient and findings of each, dealt in turn: all terms come up."""

from dataclasses import dataclass, field

import numpy as np

from deepminer_ray.domain import Domain
from deepminer_ray.phantom.plan import in_turn, random_numbers
from deepminer_ray.phantom.trait import terms_by_attribute

COLUMNS_OF_IMAGE, LEAST_PATCH = 320, 24
"""Columns of an image, and the least side of a patch for which they are enough, in px."""
ROWS_A_COLUMN = (0.75, 0.75, 0.9, 1.2)
"""Rows for each column, by turns."""
PER_PATIENT = 2
ANOTHER = 0.5
"""Share of images with a finding that have one more, and of those the share with a third."""
CONCEPT_BESIDE = 0.4
"""Share of images with a concept without a class, where the domain has any."""
SCENE, DECK = 20, 21
"""What a stream of random numbers is for, after those of the patients of `plan.py`."""


@dataclass(frozen=True, slots=True)
class PlantedFinding:
    """A finding's class, which may be the rest, and its terms by attribute."""

    class_name: str
    terms: dict[str, str]


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """An image before anything is drawn; `patient` is None where the domain names none."""

    number: int
    patient: str | None
    side: str
    view: str
    rows: int
    columns: int
    class_name: str
    findings: tuple[PlantedFinding, ...]

    @property
    def name(self) -> str:
        """The image's file without suffix."""
        return f"image_{self.number:05d}"


def nouns_by_class(domain: Domain) -> dict[str, tuple[str, ...]]:
    """The terms of the noun that go with each class: term k with finding class k mod n.

    Where there are fewer terms than classes, class k has term k mod their number, and a trait of its own besides.
    Where there are more, the last one goes with the rest class: it is a concept without a class.
    """
    findings, rest = domain.classes.findings, domain.classes.rest
    nouns = terms_by_attribute(domain).get(domain.noun or "", ())
    if not nouns:
        return {name: () for name in domain.classes}
    if len(nouns) <= len(findings):
        own = {name: (nouns[place % len(nouns)],) for place, name in enumerate(findings)}
        return {rest: (), **own}
    return {
        rest: nouns[-1:],
        **{name: nouns[:-1][place :: len(findings)] for place, name in enumerate(findings)},
    }


def said_with(domain: Domain, noun: str | None) -> dict[str, tuple[str, ...]]:
    """The other attributes that a finding of a noun's term can have, with their terms: those of the noun's categories,
    and of categories that say nothing of the noun."""
    fitting: dict[str, dict[str, None]] = {}
    keywords = [attribute.name for attribute in domain.attributes if attribute.name != domain.noun]
    for of in domain.lexicon.values():
        if noun not in of.get(domain.noun or "", (noun,)):
            continue
        for name in keywords:
            fitting.setdefault(name, {}).update(dict.fromkeys(of.get(name, ())))
    return {name: tuple(terms) for name, terms in fitting.items() if terms}


@dataclass
class _Decks:
    """Terms are dealt like cards: each once before any comes again."""

    seed: int
    dealt: dict[tuple[str, ...], int] = field(default_factory=dict)
    numbers: dict[tuple[str, ...], int] = field(default_factory=dict)

    def deal(self, deck: tuple[str, ...], cards: tuple[str, ...]) -> str:
        """The next card of a deck."""
        number = self.numbers.setdefault(deck, len(self.numbers))
        index = self.dealt.get(deck, 0)
        self.dealt[deck] = index + 1
        return in_turn(cards, index, self.seed, DECK + number)


def planned_images(domain: Domain, number: int, seed: int) -> list[PlannedImage]:
    """What so many images show; the first ones are the same however many there are.

    Each class has as many images as any other, but for one; an image of the rest has no finding of a class. Where the
    domain names patients, each has two images, of one class.
    """
    nouns, decks, images = nouns_by_class(domain), _Decks(seed), []
    columns = max(COLUMNS_OF_IMAGE, LEAST_PATCH * domain.looked.patches_across)
    for index in range(number):
        rng = random_numbers(seed, SCENE, index, 0)
        patient, which = divmod(index, PER_PATIENT) if domain.columns.patient else (index, 0)
        place = patient % len(domain.classes)
        images.append(
            PlannedImage(
                number=index,
                patient=f"P{patient:05d}" if domain.columns.patient else None,
                side=("left", "right")[patient % 2],
                view=("first", "second")[which],
                rows=round(columns * ROWS_A_COLUMN[patient % len(ROWS_A_COLUMN)]),
                columns=columns,
                class_name=domain.classes.names[place],
                findings=tuple(_planted(domain, place, nouns, decks, rng)),
            )
        )
    return images


def _planted(
    domain: Domain, place: int, nouns: dict[str, tuple[str, ...]], decks: _Decks, rng: np.random.Generator
) -> list[PlantedFinding]:
    """The findings of an image of the class at a place: one of its own, others no more severe."""
    classes = [domain.classes.names[place]] if place else []
    while classes and len(classes) < 3 and rng.random() < ANOTHER:
        classes.append(domain.classes.names[int(rng.integers(1, place + 1))])
    if nouns[domain.classes.rest] and rng.random() < CONCEPT_BESIDE:
        classes.append(domain.classes.rest)
    return [_finding_of(domain, name, nouns[name], decks) for name in classes]


def _finding_of(domain: Domain, name: str, nouns: tuple[str, ...], decks: _Decks) -> PlantedFinding:
    noun = decks.deal(("noun", name), nouns) if nouns else None
    terms = {domain.noun: noun} if domain.noun and noun else {}
    for attribute, of in said_with(domain, noun).items():
        terms[attribute] = decks.deal((attribute, *of), of)
    return PlantedFinding(name, terms)
