"""One expert's answer about one unit: what a browser may send, and the rows of `annotation` it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deepminer_ray.annotation.sent import SentAnswer, SentPhenomenon
from deepminer_ray.annotation.vocabulary import CONFIDENCES, phenomenon_name
from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput

SEPARATOR = "; "
"""Between the terms of a phenomenon."""


@dataclass(frozen=True, slots=True)
class Phenomenon:
    """What an expert sees: free text, category and terms of the domain, and the class it is associated with."""

    text: str = ""
    category: str | None = None
    terms: tuple[str, ...] = ()
    association: str | None = None

    @property
    def name(self) -> str | None:
        """The text, or else what was chosen."""
        return self.text or phenomenon_name(self.category, self.terms)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the images show recognizable phenomena, and which; `recognizable` is None where nothing is said (yet)."""

    recognizable: bool | None = None
    phenomena: tuple[Phenomenon, ...] = ()
    confidence: str | None = None

    def plain(self) -> dict[str, Any]:
        """As it is shown to a page and sent by it."""
        phenomena = [
            {"text": one.text, "category": one.category, "terms": list(one.terms), "association": one.association}
            for one in self.phenomena
        ]
        return {"recognizable": self.recognizable, "phenomena": phenomena, "confidence": self.confidence}


def read_answer(sent: SentAnswer, domain: Domain) -> Answer:
    """An answer out of what a browser sent; BadInput where it is not what the page could have sent."""
    named = tuple(one for phenomenon in sent.phenomena if (one := _phenomenon(phenomenon, domain)).name)
    if sent.recognizable is False:
        named = ()
    return Answer(True if named else sent.recognizable, named, _one_of("confidence", sent.confidence, CONFIDENCES))


def _phenomenon(sent: SentPhenomenon, domain: Domain) -> Phenomenon:
    terms, of_category = sent.terms or [], domain.terms
    category = _one_of("category", sent.category, tuple(of_category))
    known = of_category[category] if category else ()
    if not set(terms) <= set(known):
        raise BadInput(f"The terms of {category or 'no category'} are: {', '.join(known) or 'none'}.")
    ordered = tuple(term for term in known if term in terms)
    typed = sent.text or ""
    clean = " ".join("".join(letter for letter in typed if letter.isprintable() or letter.isspace()).split())
    return Phenomenon(clean, category, ordered, _one_of("association", sent.association, domain.associations))


def _one_of(name: str, value: str | None, choices: tuple[str, ...]) -> str | None:
    if value is not None and value not in choices:
        raise BadInput(f"`{name}` is one of: {', '.join(choices)}.")
    return value


def rows_of(
    answer: Answer, unit: int, annotator: str, version: int, repeat: bool, checkpoint: str, saved_at: datetime
) -> list[dict[str, Any]]:
    """The rows of `annotation`: one a phenomenon, one without where there is none."""
    about = {"unit": unit, "annotator": annotator, "version": version, "recognizable": answer.recognizable}
    about |= {"confidence": answer.confidence, "repeat": repeat, "checkpoint": checkpoint, "saved_at": saved_at}
    return [
        about
        | {
            "position": position,
            "phenomenon": one.name,
            "category": one.category,
            "terms": SEPARATOR.join(one.terms) or None,
            "association": one.association,
        }
        for position, one in enumerate(answer.phenomena or (Phenomenon(),), 1)
    ]


def answer_of(rows: list[dict[str, Any]], domain: Domain) -> Answer:
    """The answer that rows of `annotation` in the order of `position` hold."""
    phenomena = tuple(_read_row(row, domain) for row in rows if row["phenomenon"])
    return Answer(rows[0]["recognizable"], phenomena, rows[0]["confidence"])


def _read_row(row: Mapping[str, Any], domain: Domain) -> Phenomenon:
    """What was imported from elsewhere may use other words: they are kept as text."""
    category = row["category"] if row["category"] in domain.lexicon else None
    known = domain.terms[category] if category else ()
    terms = tuple(term for term in (row["terms"] or "").split(SEPARATOR) if term in known)
    text = "" if row["phenomenon"] == phenomenon_name(category, terms) else row["phenomenon"]
    return Phenomenon(text, category, terms, row["association"] if row["association"] in domain.associations else None)
