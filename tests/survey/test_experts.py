"""Everyone has one link, which stays the same, and nobody else's opens anything."""

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


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", ADJUDICATION + "Anna"])
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="is no name for an expert"):
        experts(tmp_path / "experts.json", [name])
