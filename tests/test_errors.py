"""What is said to a user can be shown anywhere."""

import pickle

import pytest

from deepminer_ray.errors import LONGEST_SENTENCE, BadInput, reason


@pytest.mark.parametrize(
    "text", ["a\x1b[2Jb", "a\0b", "a\ud800b", "a\nb\r\nc", "a\x85b\u2028c\u202ed", "x" * 100_000, "\ud800" * 5000]
)
def test_a_sentence_is_one_line_that_prints(text: str) -> None:
    for said in (str(BadInput(text)), reason(ValueError(text)), reason(OSError(text))):
        assert said.isprintable() and len(said) <= LONGEST_SENTENCE + 5
        said.encode()


def test_a_long_sentence_keeps_its_beginning_and_its_end() -> None:
    said = str(BadInput("No digitizer " + "9" * 5000 + ": use one that is known."))
    assert said.startswith("No digitizer 9") and said.endswith("9: use one that is known.") and len(said) < 1000


def test_what_prints_stays_as_it_is_even_from_another_process() -> None:
    error = BadInput("Größe  'a b' {} %s: nimm 3 µm.")
    assert str(error) == str(pickle.loads(pickle.dumps(error))) == "Größe  'a b' {} %s: nimm 3 µm."
