"""Who takes part in a survey: each expert has a personal link, kept in `RUN/survey/experts.json`."""

import json
import re
import secrets
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import written_whole
from deepminer_ray.sources.bounds import read_json

ADJUDICATION = "adjudication by "
"""What the annotator of an adjudicated answer begins with."""
LONGEST_NAME = 80
TOKEN = re.compile(r"[\w-]{16,}", re.ASCII)


def expert_name(given: str) -> str:
    """A name as it is kept: one way to write each letter (NFKC), single blanks; BadInput where it is none."""
    name = _normal(given[: 2 * LONGEST_NAME])
    adjudicates = (name + " ").casefold().startswith(ADJUDICATION)
    if not name or max(len(name), len(given)) > LONGEST_NAME or not given.isprintable() or adjudicates:
        raise BadInput(
            f"{given[:LONGEST_NAME]!r} is not a name for an expert: use up to {LONGEST_NAME} printable characters."
        )
    return name


def experts(file: Path, names: Sequence[str]) -> dict[str, str]:
    """Token by name of everyone who takes part, the named ones added to those there were; BadInput where `file` is
    damaged, or a name is none."""
    known = _read_links(file)
    kept = set(map(_normal, known))
    for name in dict.fromkeys(map(expert_name, names)):
        if name not in kept:
            known[name] = secrets.token_urlsafe(16)
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as partial:
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(known, indent=1))
    return known


def _read_links(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    known = read_json(file)
    links = isinstance(known, dict) and all(isinstance(one, str) and TOKEN.fullmatch(one) for one in known.values())
    if not links or not all(map(str.isprintable, known)):
        raise BadInput(f"{file} holds no links: it must map names to tokens. Remove it to have new links made.")
    by_token: dict[str, str] = known
    return by_token


def _normal(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split())


def expert_of(token: str, known: dict[str, str]) -> str | None:
    """Whose link a token belongs to; compared in constant time."""
    expert = None
    for name, own in known.items():
        if secrets.compare_digest(own.encode(), token.encode()):
            expert = name
    return expert
