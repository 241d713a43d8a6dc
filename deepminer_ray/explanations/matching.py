"""The greedy matching score between explanation and report (Sec. 3.2, reference [21])."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from deepminer_ray.explanations.chance import Matrix, Pairs, Scans
from deepminer_ray.explanations.words import Words, tokens


def unknown_share(texts: Sequence[str], words: Words, mode: str) -> float:
    """Share of all tokens that have no vector; nan where there is no token."""
    known = [token in words for text in texts for token in tokens(text, mode, words.fields)]
    return 1 - sum(known) / len(known) if known else float("nan")


def matching(candidates: Sequence[str], references: Sequence[str], words: Words, mode: str) -> Pairs:
    """Greedy matching scores of one scan's text with the other's.

    Each word's largest cosine with a word of the other text, averaged over a text's words, then over both texts; nan
    where a text has no word to compare. In mode `fixed` words without a vector are left out.
    """
    of_candidates, candidate = _scorable(candidates, words, mode)
    of_references, reference = _scorable(references, words, mode)
    numbered, vocabulary = _numbered([*of_candidates, *of_references])
    direction = words.directions(vocabulary)
    one, other = numbered[: len(of_candidates)], numbered[len(of_candidates) :]

    def of(scans: Scans) -> Matrix:
        score = np.full((len(scans), len(scans)), np.nan)
        scored, report = candidate[scans] >= 0, reference[scans] >= 0
        if scored.any() and report.any():
            # Equal texts are compared once.
            of_rows, row = np.unique(candidate[scans][scored], return_inverse=True)
            of_columns, column = np.unique(reference[scans][report], return_inverse=True)
            matched = _greedy_scores([one[text] for text in of_rows], [other[text] for text in of_columns], direction)
            score[np.ix_(scored, report)] = matched[np.ix_(row, column)]
        return score

    return of


def _greedy_scores(candidates: list[Scans], references: list[Scans], direction: NDArray[np.float64]) -> Matrix:
    """[candidates, references]: the scores of texts with words."""
    one, one_word = _among_these(candidates)
    other, other_word = _among_these(references)
    cosine = direction[one_word] @ direction[other_word].T
    forth = _shares(one, len(one_word)) @ _best(cosine, other)
    back = _shares(other, len(other_word)) @ _best(cosine.T, one)
    return np.asarray((forth + back.T) / 2)


def _among_these(texts: list[Scans]) -> tuple[list[Scans], Scans]:
    """Each text's words as numbers into the words that these have, and those words."""
    known, inverse = np.unique(np.concatenate(texts), return_inverse=True)
    return np.split(inverse, np.cumsum([len(text) for text in texts])[:-1]), known


def _scorable(texts: Sequence[str], words: Words, mode: str) -> tuple[list[list[str]], NDArray[np.int64]]:
    """The words of every distinct text that has any, and for each text its place among them (-1: it has none)."""
    index: dict[str, int] = {}
    scorable: list[list[str]] = []
    for text in dict.fromkeys(texts):
        scored = [token for token in tokens(text, mode, words.fields) if mode == "paper" or token in words]
        index[text] = len(scorable) if scored else -1
        scorable.extend([scored] if scored else [])
    return scorable, np.array([index[text] for text in texts], dtype=np.int64)


def _numbered(texts: list[list[str]]) -> tuple[list[Scans], list[str]]:
    """Each text's words as numbers into a vocabulary."""
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(word for text in texts for word in text))}
    return [np.array([vocabulary[word] for word in text], dtype=np.int64) for text in texts], list(vocabulary)


def _best(cosine: NDArray[np.float64], texts: list[Scans]) -> NDArray[np.float64]:
    """[words, texts]: each word's largest cosine with a word of the text."""
    best = np.empty((len(cosine), len(texts)))
    for index, text in enumerate(texts):
        cosine[:, text].max(axis=1, out=best[:, index])
    return best


def _shares(texts: list[Scans], vocabulary: int) -> csr_array:
    """[texts, words]: the share of a text's words that each is."""
    share = np.concatenate([np.full(len(text), 1 / len(text)) for text in texts])
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    return csr_array((share, (row, np.concatenate(texts))), shape=(len(texts), vocabulary))
