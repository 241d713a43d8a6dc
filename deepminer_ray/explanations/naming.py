"""Does an explanation name what the report says: the kind of lesion, its shape, its margins?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.explanations.chance import Matrix, Pairs, Scans

if TYPE_CHECKING:
    from nltk.stem import PorterStemmer

WORDS_OF_NOTHING = {"n", "a"}
"""What is left of N/A."""


def said(report: str, fields: Iterable[str]) -> dict[str, frozenset[str]]:
    """The stems of what a keyword report says in each of its fields; of several lesions all together."""
    terms: dict[str, set[str]] = {field: set() for field in fields}
    current = ""
    for token in report.split():
        if token in terms:
            current = token
        elif current in terms:
            terms[current] |= stems(token)
    return {field: frozenset(of) for field, of in terms.items()}


def stems(text: str) -> frozenset[str]:
    """The stems of all words of a text, in lower case."""
    words = set(re.findall(r"[a-z]+", text.lower())) - WORDS_OF_NOTHING
    return frozenset(_stem(word) for word in words)


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@cache
def _stemmer() -> "PorterStemmer":
    from nltk.stem import PorterStemmer

    return PorterStemmer()


def naming(
    explanations: Sequence[str], reports: Sequence[str], fields: Mapping[str, str], scored: Sequence[str]
) -> dict[str, tuple[Pairs, Pairs]]:
    """For each attribute precision and recall, explanation against report, of the terms that any of these reports uses.

    `fields` are all attributes by their field in a report, `scored` those that are compared.

    Precision is nan where the explanation names no term of the field, recall where the report does not.
    """
    of_reports = [said(report, fields) for report in reports]
    of_explanations = [stems(text) for text in explanations]
    return {
        attribute: _precision_and_recall(of_explanations, of_reports, field)
        for field, attribute in fields.items()
        if attribute in scored
    }


def _precision_and_recall(
    explanations: Sequence[frozenset[str]], reports: Sequence[Mapping[str, frozenset[str]]], name: str
) -> tuple[Pairs, Pairs]:
    terms = sorted(frozenset().union(*(report[name] for report in reports)))
    named = _indicated(explanations, terms)
    true = _indicated([report[name] for report in reports], terms)

    def precision(scans: Scans) -> Matrix:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(named[scans] @ true[scans].T / named[scans].sum(1)[:, np.newaxis])

    def recall(scans: Scans) -> Matrix:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(named[scans] @ true[scans].T / true[scans].sum(1)[np.newaxis, :])

    return precision, recall


def _indicated(texts: Sequence[frozenset[str]], terms: Sequence[str]) -> NDArray[np.float64]:
    """[texts, terms]: 1 where a text has the term."""
    indicated = np.array([[term in words for term in terms] for words in texts], dtype=np.float64)
    return indicated.reshape(len(texts), len(terms))
