"""Everyone has one link, which stays the same, and nobody else's opens anything."""

import json
from pathlib import Path

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.survey.experts import ADJUDICATION, expert_of, experts


def test_links_stay_and_experts_are_added(tmp_path: Path) -> None:
    file = tmp_path / "survey" / "experts.json"
    first = experts(file, ["Anna", "Ben"])
    assert len(set(first.values())) == 2 and all(len(token) >= 20 for token in first.values())
    later = experts(file, ["Ben", "Çelik Ö."])
    assert {name: later[name] for name in first} == first and list(later) == ["Anna", "Ben", "Çelik Ö."]
    assert file.stat().st_mode & 0o077 == 0, "nobody else may read it"


def test_only_whole_tokens_open(tmp_path: Path) -> None:
    known = experts(tmp_path / "experts.json", ["Anna"])
    assert expert_of(known["Anna"], known) == "Anna"
    for token in ("", "Anna", known["Anna"][:-1], known["Anna"] + "x", "é", "*"):
        assert expert_of(token, known) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * 81,
        "a\nb",
        ADJUDICATION + "Anna",
        " adjudication by Anna",
        "adjudication  by\u3000Anna",
        "Adjudication by Anna",
        "adjudication by",
        "\ud800",
        "\ufdfa" * 10,
        "Anna\u200b",
    ],
)
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="is not a name for an expert"):
        experts(tmp_path / "experts.json", [name])


def test_one_name_in_two_encodings_is_one_expert(tmp_path: Path) -> None:
    file = tmp_path / "experts.json"
    first = experts(file, [" C\u0327elik  O\u0308. "])
    assert list(first) == ["Çelik Ö."] and experts(file, ["Çelik Ö."]) == first
    file.write_text(json.dumps({"C\u0327elik": "x" * 22}))
    assert experts(file, ["Çelik"]) == {"C\u0327elik": "x" * 22}, "who was there before keeps name and link"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        '{"Anna": 3}',
        '{"Anna": ""}',
        '["Anna"]',
        '{"Anna": "\\ud800"}',
        "\udcff",
        "3" * 5000,
        '{"Anna": "../assets"}',
        '{"\\ud800": "' + "x" * 22 + '"}',
    ],
)
def test_damaged_links_are_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "experts.json"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(BadInput, match=r"experts\.json (holds no links|is not JSON|is nested too deeply)"):
        experts(file, ["Anna"])
