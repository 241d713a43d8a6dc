"""The greedy matching score between explanation and report, and its shuffled null (Sec. 3.2, reference [21])."""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput

# gensim and nltk take seconds to import, so they are imported where they are used.
if TYPE_CHECKING:
    from gensim.models import KeyedVectors
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.tokenize.punkt import PunktSentenceTokenizer

MODES = ("paper", "fixed")
FIELD_NAMES = {"LESION_TYPE", "SHAPE", "MARGINS", "TYPE", "DISTRIBUTION", "N/A"}
"""What a DDSM report says of every lesion, whatever it is."""
ABBREVIATIONS = {"e.g", "i.e", "vs", "dr", "approx"}
"""Their full stop ends no sentence."""
VECTOR_SIZE = 50
EPOCHS = 20
OCCURRENCES = 2
"""A word seen less often gets no vector."""
TIE = 1e-9
"""A shuffled mean this little below the observed one differs by rounding alone."""


@dataclass(frozen=True, eq=False)
class Words:
    """Word vectors; a word that has none is `unknown`, the mean of all, as in the evaluation the authors used."""

    vectors: "KeyedVectors"
    unknown: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unknown", np.asarray(self.vectors.vectors.mean(axis=0), dtype=np.float64))

    def __contains__(self, word: str) -> bool:
        return word in self.vectors.key_to_index

    def directions(self, words: Sequence[str]) -> NDArray[np.float64]:
        """[words, vector size], each of length one, so that products are cosines; a zero vector stays zero."""
        vectors = np.array([self.vectors[word] if word in self else self.unknown for word in words], dtype=np.float64)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        directions = np.zeros_like(vectors)
        np.divide(vectors, length, out=directions, where=length > 0)
        return directions


def load_words(path: Path) -> Words:
    """Word vectors as word2vec text or binary (.bin) or GloVe text, plain or gzipped.

    gensim's own format is refused: it is a pickle, and a pickle runs the code of whoever wrote it.
    """
    from gensim.models import KeyedVectors

    binary = ".bin" in path.suffixes
    try:
        has_header = _has_header(path, binary)
        vectors = KeyedVectors.load_word2vec_format(str(path), binary=binary, no_header=not has_header)
    except (OSError, EOFError, ValueError, MemoryError, zlib.error) as error:
        raise BadInput(f"{path} holds no word vectors in word2vec or GloVe format: {error}.") from error
    if not vectors.vectors.size or not np.isfinite(vectors.vectors).all():
        raise BadInput(f"{path} holds no word vectors, or some that are not numbers.")
    return Words(vectors)


def train_words(corpus: Path, out: Path) -> None:
    """Train Word2Vec on a text with one sentence a line and save word2vec text; equal corpora give equal bytes."""
    from gensim.models import Word2Vec

    try:
        sentences = [tokens(line, "fixed") for line in corpus.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{corpus} cannot be read as UTF-8 text ({error}).") from error
    model = Word2Vec(
        vector_size=VECTOR_SIZE,
        min_count=OCCURRENCES,
        epochs=EPOCHS,
        seed=1,
        workers=1,
        hashfxn=_stable_hash,
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise BadInput(f"{corpus} holds no word that occurs {OCCURRENCES} times: word vectors need a larger text.")
    model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    model.wv.save_word2vec_format(str(out), binary=out.suffix == ".bin")


def tokens(text: str, mode: str) -> list[str]:
    """The words that are compared.

    `paper`: NLTK's tokens as they stand, so the upper-case reports miss every lower-case vocabulary. `fixed`: lower
    case, keywords split at `_` and `-`, without the field names of DDSM's reports and without punctuation.
    """
    if mode not in MODES:
        raise BadInput(f"There is no scoring mode {mode!r}: choose {' or '.join(MODES)}.")
    sentences, words = _tokenizers()
    found = [str(token) for sentence in sentences.tokenize(text) for token in words.tokenize(sentence)]
    if mode == "paper":
        return found
    keywords = [token for token in found if token not in FIELD_NAMES]
    parts = [part.lower() for keyword in keywords for part in keyword.replace("_", "-").split("-")]
    return [part for part in parts if any(letter.isalnum() for letter in part)]


def unknown_share(texts: Sequence[str], words: Words, mode: str) -> float:
    """Share of all tokens that have no vector; nan where there is no token."""
    known = [token in words for text in texts for token in tokens(text, mode)]
    return 1 - sum(known) / len(known) if known else float("nan")


def greedy_matching(candidate: str, reference: str, words: Words, mode: str) -> float | None:
    """Each word's largest cosine with a word of the other text, averaged over a text's words, then over both texts.

    None where a text has no word to compare. In mode `fixed` words without a vector are left out.
    """
    score = float(score_matrix([candidate], [reference], words, mode)[0, 0])
    return None if np.isnan(score) else score


def score_matrix(candidates: Sequence[str], references: Sequence[str], words: Words, mode: str) -> NDArray[np.float64]:
    """[candidates, references]: every greedy matching score, nan where there is none; equal texts are scored once."""
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
    matrix: NDArray[np.float64], patients: Sequence[str], shuffles: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """[shuffles] means of scores after reports went from patient to patient; row and column k of matrix are scan k.

    Every patient receives one other's reports (or, by chance, the own), beginning with a random one and repeating them
    when there are fewer of them than scans: scans of one patient resemble each other and must move together.
    """
    names, owner, count = np.unique(np.asarray(patients, dtype=str), return_inverse=True, return_counts=True)
    by_patient = np.argsort(owner, kind="stable")
    first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
    place = np.empty(len(owner), dtype=np.int64)
    place[by_patient] = np.arange(len(owner)) - first[owner[by_patient]]
    draw = np.random.default_rng(seed)
    null = np.full(shuffles, np.nan)
    for shuffle in range(shuffles):
        donor = draw.permutation(len(names))[owner]
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


def _has_header(path: Path, binary: bool) -> bool:
    """word2vec's first line is the number of words and the vector size; GloVe's is already a word.

    A ValueError where this cannot be a file of vectors; gensim itself would fill a short line with what it has.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        first = file.readline(1_000_000).split()
        has_header = len(first) == 2 and all(part.isdigit() for part in first)
        if binary and not has_header:
            raise ValueError("a binary file begins with the number of words and the vector size")
        size = int(first[1]) if has_header else len(first) - 1
        if not binary and (size < 1 or {line.count(b" ") for line in map(bytes.rstrip, file) if line} - {size}):
            raise ValueError("its lines are not one word and equally many numbers each")
        return has_header


def _stable_hash(word: str) -> int:
    """Python's own hash of a word changes from process to process."""
    return zlib.crc32(word.encode())


@cache
def _tokenizers() -> tuple["PunktSentenceTokenizer", "NLTKWordTokenizer"]:
    """What NLTK's word_tokenize is made of, without its trained sentence model, which is a download."""
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(ABBREVIATIONS)
    return PunktSentenceTokenizer(parameters), NLTKWordTokenizer()


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
