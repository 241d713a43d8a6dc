"""The greedy matching score between explanation and report, and its shuffled null (Sec. 3.2, reference [21])."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.explanations.words import Words, tokens

TIE = 1e-9
"""A shuffled mean this little below the observed one differs by rounding alone."""


def unknown_share(texts: Sequence[str], words: Words, mode: str) -> float:
    """Share of all tokens that have no vector; nan where there is no token."""
    known = [token in words for text in texts for token in tokens(text, mode)]
    return 1 - sum(known) / len(known) if known else float("nan")


def score_matrix(candidates: Sequence[str], references: Sequence[str], words: Words, mode: str) -> NDArray[np.float64]:
    """[candidates, references]: every greedy matching score; equal texts are scored once.

    Each word's largest cosine with a word of the other text, averaged over a text's words, then over both texts; nan
    where a text has no word to compare. In mode `fixed` words without a vector are left out.
    """
    score = np.full((len(candidates), len(references)), np.nan)
    of_candidates, candidate_row = _scorable(candidates, words, mode)
    of_references, reference_row = _scorable(references, words, mode)
    if not of_candidates or not of_references:
        return score
    one, one_vocabulary = _numbered(of_candidates)
    other, other_vocabulary = _numbered(of_references)
    cosine = words.directions(one_vocabulary) @ words.directions(other_vocabulary).T
    forth = _best(cosine, other)
    forth = np.stack([forth[text].mean(axis=0) for text in one])
    back = _best(cosine.T, one)
    back = np.stack([back[text].mean(axis=0) for text in other])
    distinct = (forth + back.T) / 2
    has_score = np.ix_(candidate_row >= 0, reference_row >= 0)
    score[has_score] = distinct[np.ix_(candidate_row[candidate_row >= 0], reference_row[reference_row >= 0])]
    return score


def matching_null(
    matrix: NDArray[np.float64],
    patients: Sequence[str],
    shuffles: int = 1000,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> NDArray[np.float64]:
    """[shuffles] means of scores after reports went from patient to patient; row and column k of matrix are scan k.

    Every patient receives one other's reports (or, by chance, the own), beginning with a random one and repeating them
    when there are fewer of them than scans: scans of one patient resemble each other and must move together. With
    `groups`, one of each scan and the same for all scans of a patient, reports go round within a group only.
    """
    names, first_scan, owner, count = np.unique(
        np.asarray(patients, dtype=str), return_index=True, return_inverse=True, return_counts=True
    )
    by_patient = np.argsort(owner, kind="stable")
    first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
    place = np.empty(len(owner), dtype=np.int64)
    place[by_patient] = np.arange(len(owner)) - first[owner[by_patient]]
    group = np.zeros(len(names), dtype=np.int64)
    if groups is not None:
        group = np.unique(np.asarray(groups, dtype=str)[first_scan], return_inverse=True)[1]
    members = [np.flatnonzero(group == number) for number in range(int(group.max(initial=0)) + 1)]
    draw = np.random.default_rng(seed)
    null = np.full(shuffles, np.nan)
    for shuffle in range(shuffles):
        gives = np.arange(len(names))
        for of_group in members:
            gives[of_group] = draw.permutation(of_group)
        donor = gives[owner]
        turn = draw.integers(0, count)[donor] if len(names) else place
        report = by_patient[first[donor] + (place + turn) % count[donor]]
        null[shuffle] = mean_score(matrix[np.arange(len(owner)), report])
    return null


def mean_score(score: NDArray[np.float64]) -> float:
    """Mean over the scans that have a score; nan where none has."""
    scored = score[~np.isnan(score)]
    return float(scored.mean()) if scored.size else float("nan")


def p_value(observed: float, null: NDArray[np.float64]) -> float:
    """(1 + shuffles that reach the observed mean) / (1 + shuffles): small where reports match their own scans."""
    return float((1 + np.count_nonzero(null >= observed - TIE)) / (1 + len(null)))


def _scorable(texts: Sequence[str], words: Words, mode: str) -> tuple[list[list[str]], NDArray[np.int64]]:
    """The words of every distinct text that has any, and for each text its place among them (-1: it has none)."""
    place: dict[str, int] = {}
    scorable: list[list[str]] = []
    for text in dict.fromkeys(texts):
        found = [token for token in tokens(text, mode) if mode == "paper" or token in words]
        place[text] = len(scorable) if found else -1
        scorable.extend([found] if found else [])
    return scorable, np.array([place[text] for text in texts], dtype=np.int64)


def _numbered(texts: list[list[str]]) -> tuple[list[list[int]], list[str]]:
    """Each text's words as numbers into a vocabulary."""
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(word for text in texts for word in text))}
    return [[vocabulary[word] for word in text] for text in texts], list(vocabulary)


def _best(cosine: NDArray[np.float64], texts: list[list[int]]) -> NDArray[np.float64]:
    """[words, texts]: each word's largest cosine with a word of the text."""
    return np.stack([cosine[:, text].max(axis=1) for text in texts], axis=1)
