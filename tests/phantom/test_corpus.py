"""The corpus: deterministic, lower case, and rich in every keyword of the planted findings."""

import re
from collections import Counter

from deepminer_ray.explanations.words import SAYS_NOTHING
from deepminer_ray.phantom.corpus import SENTENCES, SLOT, WORDS, sentences
from deepminer_ray.phantom.finding import BENIGN_KINDS, MALIGNANT_KINDS
from tests.domains import MAMMOGRAPHY


def test_a_seed_gives_the_same_sentences() -> None:
    assert sentences(0, 200) == sentences(0, 200)
    assert sentences(0, 200) != sentences(1, 200)
    assert sentences(0, 200)[:50] == sentences(0, 50)


def test_sentences_are_plain_lower_case_lines() -> None:
    corpus = sentences(0)
    assert len(corpus) == SENTENCES
    assert all(line and line == line.lower() and "\n" not in line and not SLOT.search(line) for line in corpus)
    assert len(set(corpus)) > 0.8 * SENTENCES


def test_all_words_of_reports_and_names_occur_often() -> None:
    seen = Counter(word for line in sentences(0) for word in line.split())
    for kind in (*BENIGN_KINDS, *MALIGNANT_KINDS):
        keywords = [keyword for keyword in kind.report.split() if keyword not in {*MAMMOGRAPHY.fields, SAYS_NOTHING}]
        for word in re.findall("[a-z]+", " ".join([*keywords, kind.name]).lower().replace("_", " ")):
            assert seen[word] >= 20, word


def test_no_family_of_words_is_unused() -> None:
    corpus = " | ".join(sentences(0))
    assert all(any(word in corpus for word in family) for family in WORDS.values())
