"""Greedy matching against its definition, the authors' cached scores, and planted reports."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from deepminer_ray.explanations.chance import chances, p_value
from deepminer_ray.explanations.matching import matching, unknown_share
from deepminer_ray.explanations.words import Words
from tests.domains import MAMMOGRAPHY

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
VOCABULARY = ["mass", "masses", "edge", "spiculated", "calcification", "vessels", "oval", "benign"]


def vectors_of(entries: dict[str, list[float]]) -> KeyedVectors:
    vectors = KeyedVectors(len(next(iter(entries.values()))), dtype=np.float64)
    vectors.add_vectors(list(entries), np.array(list(entries.values())))
    return vectors


@pytest.fixture(scope="module")
def words() -> Words:
    draw = np.random.default_rng(7)
    return Words(vectors_of({word: draw.normal(size=6).tolist() for word in VOCABULARY}), frozenset(MAMMOGRAPHY.fields))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other) / (math.sqrt(float(one @ one)) * math.sqrt(float(other @ other)))


def score_matrix(candidates: list[str], references: list[str], words: Words, mode: str) -> np.ndarray:
    """Every pair of all scans."""
    return matching(candidates, references, words, mode)(np.arange(len(candidates)))


def greedy_matching(candidate: str, reference: str, words: Words, mode: str) -> float | None:
    """The score of one pair, None where there is none."""
    score = float(score_matrix([candidate], [reference], words, mode)[0, 0])
    return None if math.isnan(score) else score


def naive_greedy_matching(one: list[str], other: list[str], words: Words) -> float:
    """Two loops: for every word the best word of the other sentence; the mean of both means."""

    def vector(word: str) -> np.ndarray:
        return np.asarray(words.vectors[word] if word in words else words.unknown)

    def one_way(from_: list[str], to: list[str]) -> float:
        best = [max(cosine(vector(word), vector(against)) for against in to) for word in from_]
        return sum(best) / len(best)

    return (one_way(one, other) + one_way(other, one)) / 2


sentences = st.lists(st.sampled_from([*VOCABULARY, "MASS", "lobulated"]), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(sentences, sentences)
def test_greedy_matching_equals_two_loops(words: Words, one: list[str], other: list[str]) -> None:
    score = greedy_matching(" ".join(one), " ".join(other), words, "paper")
    assert score is not None
    assert score == pytest.approx(naive_greedy_matching(one, other, words))
    assert score == pytest.approx(greedy_matching(" ".join(other), " ".join(one), words, "paper"))
    assert -1 <= score <= 1 + 1e-12

    known, known_other = ([word.lower() for word in text if word.lower() in words] for text in (one, other))
    score = greedy_matching(" ".join(one), " ".join(other), words, "fixed")
    assert score == (pytest.approx(naive_greedy_matching(known, known_other, words)) if known and known_other else None)


def test_texts_without_a_word_have_no_score(words: Words) -> None:
    assert greedy_matching("", "mass", words, "paper") is None
    assert greedy_matching("mass", "...", words, "fixed") is None
    assert greedy_matching("lobulated", "mass", words, "fixed") is None
    assert greedy_matching("lobulated", "mass", words, "paper") is not None


def test_in_mode_paper_an_upper_case_report_does_not_matter_and_in_mode_fixed_it_does(words: Words) -> None:
    reports = [
        "LESION_TYPE MASS SHAPE OVAL MARGINS SPICULATED",
        "LESION_TYPE CALCIFICATION TYPE BENIGN DISTRIBUTION N/A",
    ]
    paper = score_matrix(["oval mass"] * 2, reports, words, "paper")[0]
    fixed = score_matrix(["oval mass"] * 2, reports, words, "fixed")[0]
    assert paper[0] == pytest.approx(paper[1])
    assert fixed[0] > fixed[1] + 0.1
    assert unknown_share(reports, words, "paper") == 1
    assert unknown_share(reports, words, "fixed") == 0
    assert unknown_share(["mass of lobulated edge"], words, "fixed") == 0.5
    assert math.isnan(unknown_share([""], words, "fixed"))


def test_a_zero_vector_matches_nothing() -> None:
    words = Words(vectors_of({"mass": [1, 0], "none": [0, 0]}))
    assert greedy_matching("none", "mass", words, "fixed") == 0


@pytest.mark.parametrize("mode", ["paper", "fixed"])
def test_the_matrix_holds_every_pair(words: Words, mode: str) -> None:
    candidates = ["oval mass", "", "edge", "oval mass", "lobulated", "benign vessels. Calcification"]
    references = ["MASS OVAL", "N/A", "calcification", "...", "MASS OVAL", "edge-mass"]
    matrix = score_matrix(candidates, references, words, mode)
    for row, candidate in enumerate(candidates):
        for column, reference in enumerate(references):
            single = greedy_matching(candidate, reference, words, mode)
            assert matrix[row, column] == pytest.approx(math.nan if single is None else single, nan_ok=True)
    some = np.array([5, 0, 2])
    of_some = matching(candidates, references, words, mode)(some)
    np.testing.assert_allclose(of_some, matrix[np.ix_(some, some)], rtol=1e-12)
    assert score_matrix([], [], words, mode).shape == (0, 0)
    assert np.isnan(score_matrix([""] * 6, references, words, mode)).all()


@pytest.mark.skipif(
    not (SHARED / "authors").is_dir(), reason="the authors' published scores are not beside the repository"
)
def test_the_authors_clean_rows_are_reproduced() -> None:
    """Vectors in a plane: a word's cosine with the mean of all is what the authors' scores imply."""
    cosines = json.loads((SHARED / "authors" / "unk_cosines.json").read_text())["cos_with_unk"]
    entries = {word: [value, math.sqrt(1 - value**2)] for word, value in cosines.items()}
    # One more word, in no sentence, brings the mean of all onto (1, 0).
    x, y = np.sum(list(entries.values()), axis=0)
    entries["\0"] = [100 - x, -y]
    words = Words(vectors_of(entries))
    with (SHARED / "authors" / "greedy_reference.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "clean"]
    assert len(rows) == 702
    differences = [
        abs((greedy_matching(row["pred"], row["gt"], words, "paper") or 0) - float(row["greedy"])) for row in rows
    ]
    assert max(differences) < 1e-6

    top = [row for row in rows if row["top_units"] == "1"]
    pairs = matching([row["pred"] for row in top], [row["gt"] for row in top], words, "paper")
    (found,) = chances([pairs], [row["image"] for row in top], shuffles=50)
    assert found.observed == pytest.approx([float(row["greedy"]) for row in top], abs=1e-6)
    assert p_value(found.observed.mean(), found.null) == 1, "the paper's score does not depend on the report"


def planted(matched: bool) -> tuple[list[str], list[str], list[str]]:
    """Explanations, reports and patients: reports say what the explanation says, or what another patient's says."""
    draw = np.random.default_rng(1)
    patients = [f"A_{scan // 2}" for scan in range(60)]
    finding = draw.choice(VOCABULARY, 30)[np.arange(60) // 2]
    reported = finding if matched else np.roll(draw.permutation(finding), 7)
    return [f"{word} edge" for word in finding], [f"LESION_TYPE {word.upper()}" for word in reported], patients


def test_matching_reports_stand_above_their_null_and_shuffled_ones_do_not(words: Words) -> None:
    for matched in (True, False):
        candidates, references, patients = planted(matched)
        (found,) = chances([matching(candidates, references, words, "fixed")], patients, shuffles=300)
        p = p_value(found.observed.mean(), found.null)
        if matched:
            assert found.observed.mean() > found.null.max() + 0.1 and p == 1 / 301
        else:
            assert p > 0.05
