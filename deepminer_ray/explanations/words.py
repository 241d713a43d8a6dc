"""Word vectors from any file gensim reads, or trained by gensim; and the words of a text (Sec. 3.2)."""

import gzip
import pickle
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.vector_lines import read_vector_lines

# gensim and nltk take seconds to import, so they are imported where they are used.
if TYPE_CHECKING:
    from gensim.models import KeyedVectors
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.tokenize.punkt import PunktSentenceTokenizer

SCORING_MODES = ("paper", "fixed")
SAYS_NOTHING = "N/A"
"""A keyword of which a report says nothing."""
ABBREVIATIONS = {"e.g", "i.e", "vs", "dr", "approx"}
"""Their full stop ends no sentence."""
VECTOR_SIZE = 50
VECTOR_EPOCHS = 20
OCCURRENCES = 2
"""A word seen less often gets no vector."""
BYTES_OF_NUMBER = 4
"""In a binary file."""
MOST_UNPACKED = 1100
"""No packed file holds more than so many times its bytes."""
PLAIN_UNPICKLER: Any = vars(pickle)["_Unpickler"]
BUFFERS = {code[0] for code in (pickle.BYTEARRAY8, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER)}
"""What no word vectors were ever saved with."""
PICKLE = b"\x80"
"""The first byte of gensim's own format."""
ARRAYS = {("numpy", "ndarray"), ("numpy", "dtype")} | {
    (f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")
}
"""What a pickle of arrays asks for."""


@dataclass(frozen=True, eq=False)
class Words:
    """Word vectors; a word that has none is `unknown`, the mean of all, as in the evaluation the authors used.

    `fields` are the names of a report's fields, which are not compared; `remark` is what their file needs said of it.
    """

    vectors: "KeyedVectors"
    fields: frozenset[str] = frozenset()
    remark: str = ""
    unknown: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unknown", np.asarray(self.vectors.vectors.mean(axis=0), dtype=np.float64))

    def __contains__(self, word: str) -> bool:
        return word in self.vectors.key_to_index

    def directions(self, words: Sequence[str]) -> NDArray[np.float64]:
        """[words, vector size], each of length one, so that products are cosines; a zero vector stays zero."""
        vectors = np.array([self.vectors[word] if word in self else self.unknown for word in words], dtype=np.float64)
        vectors = vectors.reshape(len(words), len(self.unknown))
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        directions = np.zeros_like(vectors)
        np.divide(vectors, length, out=directions, where=length > 0)
        return directions


def load_words(path: Path, fields: Iterable[str] = ()) -> Words:
    """Word vectors: word2vec text or binary (.bin), GloVe text, plain or gzipped, or what `KeyedVectors.save` wrote.

    Of text a line that holds no vector is left out, which `remark` says. The last kind is a pickle, which would run the
    code of whoever wrote it: of that nothing is run.
    """
    from gensim.models import KeyedVectors

    remark = ""
    try:
        if _first_byte(path) == PICKLE:
            vectors = _saved_by_gensim(path)
        elif ".bin" in path.suffixes:
            _check_binary(path)
            vectors = KeyedVectors.load_word2vec_format(str(path), binary=True)
        else:
            vectors, remark = _of_lines(path)
    except Exception as error:  # a damaged file makes its reader raise nearly anything
        raise BadInput(f"{path} holds no word vectors in word2vec, GloVe or gensim's format: {error}.") from error
    if not vectors.vectors.size or not np.isfinite(vectors.vectors).all():
        raise BadInput(f"{path} holds no word vectors, or some that are not numbers.")
    return Words(vectors, frozenset(fields), remark)


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
        epochs=VECTOR_EPOCHS,
        seed=1,
        workers=1,
        hashfxn=_stable_hash,
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise BadInput(f"{corpus} holds no word that occurs {OCCURRENCES} times: word vectors need a larger text.")
    model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    model.wv.save_word2vec_format(str(out), binary=out.suffix == ".bin")


def tokens(text: str, mode: str, fields: frozenset[str] = frozenset()) -> list[str]:
    """The words that are compared; `fields` are the names of a report's fields.

    `paper`: NLTK's tokens as they stand, so the upper-case reports miss every lower-case vocabulary. `fixed`: lower
    case, keywords split at `_` and `-`, without the names of fields, which every report has, and without
    punctuation.
    """
    if mode not in SCORING_MODES:
        raise BadInput(f"There is no scoring mode {mode!r}: choose {' or '.join(SCORING_MODES)}.")
    words = _tokens(text)
    return (
        list(words) if mode == "paper" else [part for token in words if token not in fields for part in _parts(token)]
    )


@lru_cache(maxsize=100_000)
def _parts(token: str) -> tuple[str, ...]:
    """What of a token is compared in mode `fixed`."""
    parts = () if token == SAYS_NOTHING else token.replace("_", "-").split("-")
    return tuple(part.lower() for part in parts if any(letter.isalnum() for letter in part.lower()))


@lru_cache(maxsize=50_000)
def _tokens(text: str) -> tuple[str, ...]:
    """NLTK's tokens; kept, for both modes and all depths ask for the same texts."""
    return tuple(token for sentence in _tokenizers()[0].tokenize(text) for token in _tokens_of_sentence(sentence))


@lru_cache(maxsize=50_000)
def _tokens_of_sentence(sentence: str) -> tuple[str, ...]:
    """The tokens of a sentence; kept, for an explanation's are names of units, and NLTK takes long."""
    return tuple(str(token) for token in _tokenizers()[1].tokenize(sentence))


def _check_binary(path: Path) -> None:
    """ValueError where this cannot be a binary file of vectors: gensim would take memory for what it announces."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        first = file.readline(1_000_000).split()
    if len(first) != 2 or not all(part.isdigit() for part in first):
        raise ValueError("a binary file begins with the number of words and the vector size")
    words, size = map(int, first)
    if size < 1:
        raise ValueError("its vectors have no numbers")
    most = path.stat().st_size * (MOST_UNPACKED if path.suffix == ".gz" else 1)
    if words * (size * BYTES_OF_NUMBER + 1) > most:
        raise ValueError(f"it announces {words} vectors of {size} numbers, more than its bytes can hold")


def _of_lines(path: Path) -> tuple["KeyedVectors", str]:
    """What a file of text holds, and what is to be said of lines that were left out."""
    from gensim.models import KeyedVectors

    read = read_vector_lines(path)
    vectors = KeyedVectors(read.vectors.shape[1], dtype=np.float32)
    vectors.index_to_key, vectors.vectors = read.words, read.vectors
    vectors.key_to_index = {word: place for place, word in enumerate(read.words)}
    return vectors, read.remark


def _first_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1)


def _saved_by_gensim(path: Path) -> "KeyedVectors":
    """What `KeyedVectors.save` wrote: a pickle, of which nothing is run but numpy's own making of arrays.

    Every class of gensim is replaced by one that only keeps what it is given; anything else is refused unopened.
    """
    from gensim.models import KeyedVectors

    # Of what is in memory nobody reads more than there is, whatever length a pickle announces.
    saved = _Arrays(BytesIO(path.read_bytes())).load()
    state = getattr(saved, "state", None)
    words = state.get("index_to_key", state.get("index2word")) if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(words, list):
        raise ValueError("gensim did not save these as KeyedVectors (of a whole model save `model.wv`)")
    array = state.get("vectors")
    if "vectors" in state.get("__numpys", ()):
        array = np.load(f"{path}.vectors.npy", allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.ndim != 2 or len(array) != len(words) or array.dtype.kind != "f":
        raise ValueError("its words and vectors do not belong together")
    vectors = KeyedVectors(array.shape[1], dtype=array.dtype)
    vectors.add_vectors([str(word) for word in words], array)
    return vectors


class _StateAlone:
    """Stands for whatever class of gensim: it keeps its state and does nothing."""

    def __init__(self, *_: object) -> None:
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


def _empty(kind: type, shape: object, code: object) -> object:
    """As numpy begins every array that it reads, whose shape comes with its values."""
    if kind is not np.ndarray or shape != (0,):
        raise pickle.UnpicklingError("an array begins with a shape")
    return np.ndarray((0,), np.int8)


class _Arrays(PLAIN_UNPICKLER):  # type: ignore[misc]
    """Reads arrays, containers and plain values; raises UnpicklingError where a pickle asks for anything else.

    The one that is written in Python, as the other takes memory for what a damaged pickle only announces.
    """

    dispatch: ClassVar[dict[int, Any]] = {
        code: method for code, method in PLAIN_UNPICKLER.dispatch.items() if code not in BUFFERS
    }

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "gensim":
            return _StateAlone
        if (module, name) in ARRAYS:
            return _empty if name == "_reconstruct" else {"ndarray": np.ndarray, "dtype": np.dtype}[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no word vectors need")


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
    sentences = PunktSentenceTokenizer(parameters)
    # Whether a sentence ends depends on the words beside the full stop alone, which are few, and NLTK takes long.
    sentences.text_contains_sentbreak = lru_cache(maxsize=50_000)(sentences.text_contains_sentbreak)
    return sentences, NLTKWordTokenizer()
