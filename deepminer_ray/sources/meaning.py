"""What the words of a table mean in a domain: its classes, and the terms of its lexicon."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import nearest
from deepminer_ray.errors import BadInput
from deepminer_ray.files.table import MISSING
from deepminer_ray.sources.values import pathology_of_word

SHOWN_WORDS = 300
"""Letters of known words that a sentence lists."""


def level(name: str) -> str:
    """A name as its variants have it in common: small letters, and `_` for blanks."""
    return "_".join(name.lower().replace("_", " ").split())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that a domain knows: classes by name and synonym, and terms by the column of their attribute."""

    domain: Domain
    classes: Mapping[str, str]
    attributes: Mapping[str, str]
    terms: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, domain: Domain) -> "Vocabulary":
        """The words of a domain."""
        classes = domain.classes
        known = {name: name for name in (classes.rest, classes.unproven, *dict(classes.pathologies))}
        terms: dict[str, list[str]] = {attribute.name: [] for attribute in domain.attributes}
        for of in domain.lexicon.values():
            for attribute in terms.keys() & of.keys():
                terms[attribute].extend(of[attribute])
        return cls(
            domain,
            {**known, **domain.synonyms},
            {level(attribute): attribute for attribute in terms},
            {attribute: {word: word for word in words} for attribute, words in terms.items()},
        )

    def pathology(self, word: str) -> str:
        """The pathology that a word means, the rest class included; BadInput where it means none."""
        return self._spoken(word) or self._known(word, self.classes, "a class")

    def has_class(self, word: str) -> bool:
        """Whether a word means a class."""
        return _levelled(self.classes).get(level(word), self.classes.get(word)) is not None or bool(self._spoken(word))

    def _spoken(self, word: str) -> str | None:
        """The pathology that a word means which tables of mammograms use, where the domain has no other for it."""
        means = pathology_of_word(word) if self.domain.of_paper else None
        return means if means in self.classes and level(word) not in _levelled(self.classes) else None

    def counts_as(self, pathology: str) -> str:
        """The class of a pathology, also of the rest."""
        rest = self.domain.classes.rest
        return rest if pathology == rest else self.domain.classes.class_of(pathology)

    def term_of_noun(self, word: str) -> str | None:
        """The term of the noun that a word is, if it is one."""
        terms = self.terms.get(self.domain.noun or "", {})
        return terms.get(word) or _levelled(terms).get(level(word))

    def category(self, word: str) -> dict[str, str]:
        """The cells of a finding of one word: what the domain says of it, else a class, a term of the noun, or both.

        What is only a term is a concept without a class. A word that is neither is left as a class, to be refused.
        """
        objects = self.domain.objects
        name = word if word in objects else _levelled({name: name for name in objects}).get(level(word))
        if name is not None:
            return {"class": self.domain.classes.rest} | {level(what): term for what, term in objects[name].items()}
        term, noun = self.term_of_noun(word), level(self.domain.noun or "")
        if self.has_class(word):
            return {"class": word} | ({noun: term} if term else {})
        return {"class": self.domain.classes.rest, noun: term} if term else {"class": word}

    def keywords(self, said: Mapping[str, str]) -> list[tuple[str, str]]:
        """The attributes and terms that columns say, in the order of the domain, the noun first.

        A cell may hold several, joined by ";". BadInput for a term that the lexicon does not have.
        """
        first = [self.domain.noun] if self.domain.noun else []
        words: dict[tuple[str, str], None] = {}
        for attribute in dict.fromkeys([*first, *self.terms]):
            known = self.terms[attribute]
            for word in map(str.strip, said.get(level(attribute), "").split(";")):
                if word in known or word.upper() not in MISSING:
                    words[attribute, self._known(word, known, f"a term of {attribute!r}")] = None
        return list(words)

    def report(self, keywords: Iterable[tuple[str, str]]) -> str:
        """The keyword line of a finding, as DDSM has them: the field and the term of each keyword."""
        fields = {attribute.name: attribute.field for attribute in self.domain.attributes}
        said = [(fields[attribute], term) for attribute, term in keywords if attribute in fields]
        return " ".join(f"{field} {term.upper().replace(' ', '_')}" for field, term in said)

    def _known(self, word: str, known: Mapping[str, str], what: str) -> str:
        means = known.get(word) or _levelled(known).get(level(word))
        if means is None:
            raise BadInput(f"{word[:60]!r} is not {what} in {self.domain.name}{_near(word, known)}")
        return means


def _levelled(known: Mapping[str, str]) -> dict[str, str]:
    """What words mean however they are written; those left out that then mean two things."""
    meanings: dict[str, set[str]] = {}
    for word, means in known.items():
        meanings.setdefault(level(word), set()).add(means)
    return {word: min(of) for word, of in meanings.items() if len(of) == 1}


def _near(word: str, known: Iterable[str]) -> str:
    near = nearest(word[:60], known)
    return near if len(near) <= SHOWN_WORDS else "; `deepminer domain FILE` lists them."
