"""Word vectors from files of every kind, trained ones, and the words of a text."""

import gzip
import pickle
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from nltk.tokenize import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.matching import matching
from deepminer_ray.explanations.words import Words, load_words, tokens, train_words
from tests.domains import MAMMOGRAPHY

VOCABULARY = ["mass", "masses", "edge", "spiculated", "calcification", "vessels", "oval", "benign"]


@pytest.fixture(scope="module")
def words() -> Words:
    vectors = KeyedVectors(6)
    vectors.add_vectors(VOCABULARY, np.random.default_rng(7).normal(size=(len(VOCABULARY), 6)).astype(np.float32))
    return Words(vectors)


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("LESION_TYPE MASS SHAPE OVAL", "paper", ["LESION_TYPE", "MASS", "SHAPE", "OVAL"]),
        (
            "LESION_TYPE MASS SHAPE OVAL MARGINS ILL_DEFINED-OBSCURED",
            "fixed",
            ["mass", "oval", "ill", "defined", "obscured"],
        ),
        ("LESION_TYPE CALCIFICATION TYPE COARSE DISTRIBUTION N/A", "fixed", ["calcification", "coarse"]),
        ('Masses with "lumpy" calcs. Edge', "paper", ["Masses", "with", "``", "lumpy", "''", "calcs", ".", "Edge"]),
        ('Masses with "lumpy" calcs. Edge', "fixed", ["masses", "with", "lumpy", "calcs", "edge"]),
        ("Edge, e.g. of a mass", "paper", ["Edge", ",", "e.g.", "of", "a", "mass"]),
        ("irregularly-shaped margins", "fixed", ["irregularly", "shaped", "margins"]),
        ("", "paper", []),
        (" -- ...", "fixed", []),
    ],
)
def test_tokens(text: str, mode: str, expected: list[str]) -> None:
    assert tokens(text, mode, frozenset(MAMMOGRAPHY.fields)) == expected


def test_sentences_end_where_nltk_ends_them_however_often_it_is_asked() -> None:
    """What is kept of one text decides nothing of another."""
    parameters = PunktParameters()
    parameters.abbrev_types = {"e.g", "i.e", "vs", "dr", "approx"}
    chance = random.Random(0)
    parts = ["mass", "Mass.", "e.g.", "vs.", "Dr.", "1.", "2.5", "A.", "(b)", "!", "?", "...", ". ", "x.y", '"Edge."']
    for _ in range(500):
        text = " ".join(chance.choice(parts) for _ in range(chance.randint(0, 14)))
        sentences = PunktSentenceTokenizer(parameters).tokenize(text)
        slow = [token for sentence in sentences for token in NLTKWordTokenizer().tokenize(sentence)]
        assert tokens(text, "paper") == slow


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(BadInput, match="'honest'"):
        tokens("mass", "honest")


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.vec", "vectors.bin", "vectors.txt.gz", "vectors.bin.gz"])
def test_word2vec_files_are_read_back(tmp_path: Path, words: Words, name: str) -> None:
    path = tmp_path / name
    words.vectors.save_word2vec_format(str(path), binary=".bin" in name)
    read = load_words(path)
    assert read.directions(VOCABULARY) == pytest.approx(words.directions(VOCABULARY), abs=1e-6)
    assert "MASS" not in read


def test_glove_text_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "glove.6B.2d.txt"
    path.write_text("the 1.0 0.0\nmass 0.5 0.5\n", encoding="utf-8")
    assert load_words(path).unknown == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not vectors\nat all, not one\n",
        b"3 2\nmass 1 2\n",
        b"mass 1 2\nedge 1\n",
        b"\xff\xfe\x00\x01" * 20,
        b"mass 1 nan\nedge 1 2\n",
        b"99999999999999 300\nmass 1 2\n",
        b"0 5\n",
        b"mass edge oval\n",
        b"mass\nedge\n",
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_a_file_without_word_vectors_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="vectors"):
        load_words(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        load_words(tmp_path / "absent.txt")


@pytest.mark.parametrize("apart", [False, True])
def test_what_gensim_saved_is_read_back(tmp_path: Path, words: Words, apart: bool) -> None:
    path = tmp_path / "vectors.kv"
    words.vectors.save(str(path), sep_limit=1 if apart else 10**9)
    assert (tmp_path / "vectors.kv.vectors.npy").exists() == apart
    assert (load_words(path).directions(VOCABULARY) == words.directions(VOCABULARY)).all()
    if apart:
        (tmp_path / "vectors.kv.vectors.npy").unlink()
        with pytest.raises(BadInput, match="vectors"):
            load_words(path)


def test_a_whole_model_and_a_damaged_file_are_refused(tmp_path: Path, words: Words) -> None:
    path = tmp_path / "model.kv"
    Word2Vec([VOCABULARY] * 5, vector_size=4, min_count=1).save(str(path))
    with pytest.raises(BadInput, match=r"model\.kv"):
        load_words(path)
    words.vectors.save(str(path))
    content = path.read_bytes()
    for length in range(1, len(content) - 1, 7):
        path.write_bytes(content[:length])
        with pytest.raises(BadInput, match=r"model\.kv"):
            load_words(path)


class Planted:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path, str]]:
        return (Path.write_text, (self.path, "run"))


@pytest.mark.parametrize("name", ["vectors.kv", "vectors.bin", "vectors.txt"])
@pytest.mark.parametrize("protocol", [0, 5])
def test_no_code_of_a_pickle_is_run(tmp_path: Path, name: str, protocol: int) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Planted(tmp_path / "trace"), protocol))
    with pytest.raises(BadInput):
        load_words(path)
    assert not (tmp_path / "trace").exists()


def test_trained_words_repeat_and_know_company(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    draw = np.random.default_rng(3)
    groups = [["Mass", "spiculated", "irregular", "margins"], ["calcification", "fine", "branching", "clustered"]]
    lines = [" ".join(draw.permutation(groups[line % 2])) for line in range(300)]
    corpus.write_text("\n".join([*lines, "hapax legomenon"]), encoding="utf-8")
    train_words(corpus, tmp_path / "one.txt")
    train_words(corpus, tmp_path / "two.txt")
    assert (tmp_path / "one.txt").read_bytes() == (tmp_path / "two.txt").read_bytes()
    words = load_words(tmp_path / "one.txt")
    assert words.unknown.shape == (50,)
    assert "mass" in words
    assert "hapax" not in words
    near, far = matching(["mass"] * 2, ["SPICULATED", "BRANCHING"], words, "fixed")(np.arange(2))[0]
    assert near > far + 0.2


@pytest.mark.parametrize("content", [b"", b"once each word\n", b"\xff\xfe\xfa"])
def test_a_corpus_without_words_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "corpus.txt").write_bytes(content)
    with pytest.raises(BadInput, match=r"corpus\.txt"):
        train_words(tmp_path / "corpus.txt", tmp_path / "out.txt")


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.bin", "vectors.bin.gz", "vectors.txt.gz"])
def test_a_file_that_announces_more_than_it_has_takes_no_memory(tmp_path: Path, words: Words, name: str) -> None:
    path = tmp_path / name
    words.vectors.save_word2vec_format(str(path), binary=".bin" in name)
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    content = b"20000000 60\n" + content.partition(b"\n")[2]
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(BadInput, match=r"more than its bytes can hold|equally many numbers"):
        load_words(path)


def test_a_saved_file_takes_no_memory_that_it_only_announces(tmp_path: Path) -> None:
    """A number of a memo, and a buffer, of 2 GB, in pickles of a few bytes."""
    path = tmp_path / "vectors.kv"
    for announced in (b"\x80\x04]r" + b"\xff\xff\xff\x7f.", b"\x80\x05\x96" + (2**31).to_bytes(8, "little") + b"."):
        path.write_bytes(announced)
        tracemalloc.start()
        with pytest.raises(BadInput, match=r"vectors\.kv"):
            load_words(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**26


def test_a_saved_array_whose_shape_is_damaged_is_refused(tmp_path: Path, words: Words) -> None:
    path = tmp_path / "vectors.kv"
    words.vectors.save(str(path))
    content = path.read_bytes()
    assert content.count(b"_reconstruct") == 1 and b"K\x00\x85" in content
    path.write_bytes(content.replace(b"K\x00\x85", b"J\xff\xff\xff\x7f\x85"))
    with pytest.raises(BadInput, match="begins with a shape"):
        load_words(path)


LINES = [
    "the 0.25 -0.5 1e-3",
    ". . . 0.5 0.25 0.125",
    "at name@domain.com 1 2 3",
    "2 4 5 6",
    "mass 7 8 9",
    "caf\u00e9 1 1 1",
    "non\u00a0breaking 2 2 2",
    "edge 3 3 3 ",
]
WORDS = ["the", ". . .", "at name@domain.com", "2", "mass", "caf\u00e9", "non\u00a0breaking", "edge"]


@pytest.mark.parametrize("header", ["", "8 3\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_words_may_have_blanks(tmp_path: Path, header: str, packed: bool) -> None:
    """Some of GloVe's 840 billion have; the numbers are those at the end of the line."""
    path = tmp_path / ("glove.840B.txt.gz" if packed else "glove.840B.txt")
    content = (header + "\n".join(LINES)).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    words = load_words(path)
    assert words.vectors.index_to_key == WORDS and not words.remark
    assert words.vectors["at name@domain.com"].tolist() == [1, 2, 3] and words.vectors["the"].tolist()[:2] == [
        0.25,
        -0.5,
    ]


BAD = {
    "too few numbers": b"odd 1 2",
    "no number": b"odd 1 x 3",
    "not finite": b"odd 1 nan 3",
    "decimal commas": b"odd 1,5 2,5 3,5",
    "not UTF-8": b"od\xffd 1 2 3",
    "no word": b" 1 2 3",
    "one letter": b"x",
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("header", [b"", b"9 3\n"])
def test_one_bad_line_is_named_and_not_the_file_refused(tmp_path: Path, bad: str, header: bytes) -> None:
    path = tmp_path / "vectors.txt"
    lines = [line.encode() for line in LINES]
    path.write_bytes(header + b"\n".join([*lines[:4], BAD[bad], *lines[4:]]) + b"\n")
    words = load_words(path)
    assert words.vectors.index_to_key == WORDS
    assert words.remark.startswith(f"vectors.txt: line {6 if header else 5} (")
    assert words.remark.endswith("which is not a word and 3 numbers: left out")


@pytest.mark.parametrize("header", [b"", b"10 3\n"])
def test_a_file_of_many_bad_lines_is_refused(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "vectors.txt"
    lines = [line.encode() for line in LINES]
    path.write_bytes(header + b"\n".join([*lines, BAD["no number"], BAD["too few numbers"]]) + b"\n")
    with pytest.raises(BadInput, match=r"line 9 .*, line 10 " if not header else r"line 10 .*, line 11 "):
        load_words(path)
    path.write_bytes(b"12 3\n" + b"\n".join(lines))
    with pytest.raises(BadInput, match="announces 12 vectors, and has 8: it was cut off"):
        load_words(path)


def test_text_is_read_as_gensim_reads_it(tmp_path: Path, words: Words) -> None:
    """To the bit, the first of two equal words, and no more lines than announced."""
    path = tmp_path / "vectors.txt"
    words.vectors.save_word2vec_format(str(path))
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, lines[0], "mass 1 1 1 1 1 1", *lines[1:]]))
    read, gensims = load_words(path).vectors, KeyedVectors.load_word2vec_format(str(path))
    assert [*read.index_to_key, None] == gensims.index_to_key  # which keeps a place for the word that is there twice
    assert (read.vectors == gensims.vectors[: len(read)]).all() and read.vectors.dtype == gensims.vectors.dtype
