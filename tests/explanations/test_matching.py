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

from deepminer_ray.explanations.matching import (
    matching_null,
    mean_score,
    p_value,
    score_matrix,
    unknown_share,
)
from deepminer_ray.explanations.words import Words

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
VOCABULARY = ["mass", "masses", "edge", "spiculated", "calcification", "vessels", "oval", "benign"]


def vectors_of(entries: dict[str, list[float]]) -> KeyedVectors:
    vectors = KeyedVectors(len(next(iter(entries.values()))), dtype=np.float64)
    vectors.add_vectors(list(entries), np.array(list(entries.values())))
    return vectors


@pytest.fixture(scope="module")
def words() -> Words:
    draw = np.random.default_rng(7)
    return Words(vectors_of({word: draw.normal(size=6).tolist() for word in VOCABULARY}))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other) / (math.sqrt(float(one @ one)) * math.sqrt(float(other @ other)))


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
    paper = score_matrix(["oval mass"], reports, words, "paper")[0]
    fixed = score_matrix(["oval mass"], reports, words, "fixed")[0]
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
    assert score_matrix([], references, words, mode).shape == (0, 6)
    assert np.isnan(score_matrix([""], references, words, mode)).all()


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
    matrix = score_matrix([row["pred"] for row in top], [row["gt"] for row in top], words, "paper")
    assert np.diag(matrix) == pytest.approx([float(row["greedy"]) for row in top], abs=1e-6)
    null = matching_null(matrix, [row["image"] for row in top], shuffles=50)
    assert p_value(mean_score(np.diag(matrix)), null) == 1, "the paper's score does not depend on the report"


def planted(matched: bool) -> tuple[list[str], list[str], list[str]]:
    """Explanations, reports and patients: reports say what the explanation says, or what another patient's says."""
    draw = np.random.default_rng(1)
    patients = [f"A_{scan // 2}" for scan in range(60)]
    finding = draw.choice(VOCABULARY, 30)[np.arange(60) // 2]
    reported = finding if matched else np.roll(draw.permutation(finding), 7)
    return [f"{word} edge" for word in finding], [f"LESION_TYPE {word.upper()}" for word in reported], patients


def test_matching_reports_stand_above_their_null_and_shuffled_ones_do_not(words: Words) -> None:
    candidates, references, patients = planted(matched=True)
    matrix = score_matrix(candidates, references, words, "fixed")
    null = matching_null(matrix, patients, shuffles=300)
    assert mean_score(np.diag(matrix)) > null.max() + 0.1
    assert p_value(mean_score(np.diag(matrix)), null) == 1 / 301

    candidates, references, patients = planted(matched=False)
    matrix = score_matrix(candidates, references, words, "fixed")
    null = matching_null(matrix, patients, shuffles=300)
    assert p_value(mean_score(np.diag(matrix)), null) > 0.05


def test_reports_move_in_blocks() -> None:
    """With column number as score, a mean tells which reports were given."""
    patients = ["a", "b", "a", "b"]
    matrix = np.tile([1.0, 10, 100, 1000], (4, 1))
    assert np.unique(matching_null(matrix, patients, shuffles=50)) == pytest.approx([1111 / 4])

    owner = np.array(["a", "b", "a", "c", "b", "a"])
    given = np.equal.outer(owner, owner).astype(float)
    within = matching_null(given, list(owner), shuffles=400)
    kept = {round(float(value) * 6) for value in within}
    assert kept == {0, 1, 2, 3, 6}, "a patient keeps all of the own reports or none"


def test_a_patient_with_fewer_reports_lends_them_all() -> None:
    patients = ["a", "a", "a", "b", "b"]
    matrix = np.zeros((5, 5))
    matrix[0:3, 3], matrix[0:3, 4] = 1, 10
    null = matching_null(matrix, patients, shuffles=200)
    assert {round(float(value) * 5) for value in null} == {0, 12, 21}


def test_scans_without_a_score_stay_out_of_the_null() -> None:
    matrix = np.full((3, 3), 0.5)
    matrix[1] = np.nan
    assert matching_null(matrix, ["a", "b", "c"], shuffles=20) == pytest.approx(np.full(20, 0.5))
    assert np.isnan(matching_null(np.full((2, 2), np.nan), ["a", "b"], shuffles=3)).all()
    assert np.isnan(matching_null(np.zeros((0, 0)), [], shuffles=3)).all()
    assert math.isnan(mean_score(np.array([math.nan])))


@pytest.mark.parametrize(
    ("null", "expected"), [([0.5, 0.6, 0.7, 0.4], 4 / 5), ([0.5 - 1e-13] * 4, 1), ([0.49] * 4, 1 / 5), ([0.51] * 4, 1)]
)
def test_p_counts_the_shuffles_that_reach_the_observed_mean(null: list[float], expected: float) -> None:
    assert p_value(0.5, np.array(null)) == expected


def test_the_null_repeats_by_seed() -> None:
    matrix = np.random.default_rng(0).random((8, 8))
    patients = list("aabbccdd")
    assert (matching_null(matrix, patients, 30, seed=1) == matching_null(matrix, patients, 30, seed=1)).all()
    assert (matching_null(matrix, patients, 30, seed=1) != matching_null(matrix, patients, 30, seed=2)).any()


def test_the_second_null_keeps_reports_within_a_group() -> None:
    """Explanations that know the group alone beat the first null and not the second; those that know more beat both."""
    patients = [f"P{number // 2}" for number in range(40)]
    groups = ["benign" if number < 20 else "malignant" for number in range(40)]
    same_group = np.equal.outer(np.array(groups), np.array(groups)).astype(float)
    same_patient = np.equal.outer(np.array(patients), np.array(patients)).astype(float)
    for matrix, beaten in ((same_group, False), (same_group + same_patient, True)):
        observed = float(matrix.diagonal().mean())
        assert p_value(observed, matching_null(matrix, patients)) < 0.01
        within = matching_null(matrix, patients, groups=groups)
        assert (p_value(observed, within) < 0.01) is beaten
    assert matching_null(same_group, patients, groups=groups) == pytest.approx(1)
    one_group = matching_null(same_patient, patients, 50, 3, ["all"] * 40)
    assert one_group == pytest.approx(matching_null(same_patient, patients, 50, 3)), "one group is the first null"
