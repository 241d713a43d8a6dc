"""What a browser may send, and what becomes of it in `annotation`."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.annotation.answer import Answer, answer_of, rows_of
from deepminer_ray.annotation.answer import read_answer as read_sent
from deepminer_ray.annotation.sent import LONGEST_DESCRIPTION, MOST, Adjudication, Save, SentAnswer, read_message
from deepminer_ray.annotation.vocabulary import CONFIDENCES, LETTERS, phenomenon_name
from deepminer_ray.errors import BadInput
from tests.domains import ASSOCIATIONS, MAMMOGRAPHY, TERMS

SCRIPT = "<script>alert(1)</script>'; drop table"
NOW = datetime(2020, 1, 2, 3, 4, 5, 6, UTC)


def read_answer(sent: Any) -> Answer:
    return read_sent(read_message(SentAnswer, sent), MAMMOGRAPHY)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ([], "valid dictionary"),
        ("yes", "valid dictionary"),
        ({"recognizable": "yes"}, "`recognizable`: .*valid boolean"),
        ({"recognizable": 2}, "`recognizable`: .*valid boolean"),
        ({"recognizable": 1}, "`recognizable`: .*valid boolean"),
        ({"recognizable": 0}, "`recognizable`: .*valid boolean"),
        ({"recognizable": 1.0}, "`recognizable`: .*valid boolean"),
        ({"phenomena": {}}, "`phenomena`: .*valid list"),
        ({"phenomena": [{}] * (MOST + 1)}, f"`phenomena`: .*at most {MOST} items"),
        ({"phenomena": ["mass"]}, r"`phenomena\.0`"),
        ({"phenomena": [{"text": 7}]}, r"`phenomena\.0\.text`: .*valid string"),
        ({"phenomena": [{"text": "x" * (LONGEST_DESCRIPTION + 1)}]}, f"at most {LONGEST_DESCRIPTION} characters"),
        ({"phenomena": [{"text": "\ud800"}]}, r"`phenomena\.0\.text`"),
        ({"phenomena": [{"category": "Tumour"}]}, "`category` is one of: Mass"),
        ({"phenomena": [{"category": ["Mass"]}]}, r"`phenomena\.0\.category`: .*valid string"),
        ({"phenomena": [{"terms": ["oval"]}]}, "The terms of no category are: none"),
        ({"phenomena": [{"category": "Mass", "terms": ["amorphous"]}]}, "The terms of Mass are: oval"),
        ({"phenomena": [{"category": "Mass", "terms": "oval"}]}, r"`phenomena\.0\.terms`: .*valid list"),
        ({"phenomena": [{"category": "Mass", "terms": [{}]}]}, r"`phenomena\.0\.terms\.0`: .*valid string"),
        ({"phenomena": [{"text": "a", "association": "cancer"}]}, "`association` is one of: malignant"),
        ({"confidence": 3}, "`confidence`: .*valid string"),
        ({"confidence": "certain"}, "`confidence` is one of: low"),
    ],
)
def test_what_no_page_could_have_sent_is_refused(sent: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_answer(sent)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Save, b'{"place": true, "order": "a", "answer": {}}'),
        (Save, b'{"place": 1.0, "order": "a", "answer": {}}'),
        (Save, b'{"place": -1, "order": "a", "answer": {}}'),
        (Save, b'{"place": 4294967296, "order": "a", "answer": {}}'),
        (Save, b'{"place": 1e400, "order": "a", "answer": {}}'),
        (Save, b'{"place": 1, "order": "a"}'),
        (Save, b'{"place": 1, "order": "\\ud800", "answer": {}}'),
        (Save, b'{"place": 1, "order": "a", "answer": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
        (Save, b"\xff\xfe"),
        (Save, b""),
        (Adjudication, b'{"unit": "1", "annotator": "Anna"}'),
        (Adjudication, b'{"unit": 1, "annotator": 2}'),
        (Adjudication, b'{"unit": 1}'),
    ],
)
def test_bytes_that_are_no_answer_are_refused_in_a_sentence(kind: Any, sent: bytes) -> None:
    with pytest.raises(BadInput, match=r"\.$"):
        read_message(kind, sent)


@pytest.mark.parametrize(
    ("sent", "recognizable", "names"),
    [
        ({}, None, []),
        ({"recognizable": True}, True, []),
        ({"recognizable": False}, False, []),
        ({"recognizable": False, "phenomena": [{"text": "a mass"}]}, False, []),
        ({"phenomena": [{"text": " a \n mass\x00 "}]}, True, ["a mass"]),
        ({"phenomena": [{}, {"text": "edge"}]}, True, ["edge"]),
        ({"phenomena": [{"category": "Mass"}]}, True, ["mass"]),
        ({"phenomena": [{"category": "Mass", "terms": ["spiculated", "round"]}]}, True, ["mass: round, spiculated"]),
        ({"phenomena": [{"category": "Mass", "terms": ["round"], "text": "star"}]}, True, ["star"]),
        (
            {"phenomena": [{"text": "<script>alert(1)</script>'; drop table"}]},
            True,
            ["<script>alert(1)</script>'; drop table"],
        ),
    ],
)
def test_an_answer_says_what_was_typed_or_else_chosen(sent: Any, recognizable: bool | None, names: list[str]) -> None:
    answer = read_answer(sent)
    assert answer.recognizable is recognizable
    assert [one.name for one in answer.phenomena] == names


@st.composite
def phenomena(draw: st.DrawFn) -> dict[str, Any]:
    category = draw(st.sampled_from([None, *TERMS]))
    terms = [term for term in TERMS.get(category or "", ()) if draw(st.booleans())]
    text = draw(st.sampled_from(["", "star", " two  words ", "mass", "a; b", "<b>"]))
    return {"text": text, "category": category, "terms": terms, "association": draw(st.sampled_from(ASSOCIATIONS))}


@given(
    st.fixed_dictionaries(
        {
            "recognizable": st.sampled_from([None, True, False]),
            "phenomena": st.lists(phenomena(), max_size=3),
            "confidence": st.sampled_from([None, *CONFIDENCES]),
        }
    )
)
def test_an_answer_comes_back_from_its_rows(sent: dict[str, Any]) -> None:
    answer = read_answer(sent)
    rows = rows_of(answer, 7, "Anna", 3, False, "hash", NOW)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    back = answer_of(rows, MAMMOGRAPHY)
    assert [one.name for one in back.phenomena] == [one.name for one in answer.phenomena]
    assert (back.recognizable, back.confidence) == (answer.recognizable, answer.confidence)
    assert read_answer(back.plain()) == back


def test_every_term_has_a_key_and_a_name() -> None:
    assert all(len(terms) <= len(LETTERS) for terms in TERMS.values())
    assert len(TERMS) <= 9
    assert phenomenon_name("Calcification", ["fine linear"]) == "calcification: fine linear"
    assert phenomenon_name(None, []) is None
