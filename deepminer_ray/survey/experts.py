"""Who takes part in a survey: each expert has a personal link, kept in `RUN/survey/experts.json`."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from deepminer_ray.errors import BadInput

ADJUDICATION = "adjudication by "
"""What the annotator of an adjudicated answer begins with."""
LONGEST = 80


def experts(file: Path, names: Sequence[str]) -> dict[str, str]:
    """Token by name of everyone who takes part, the named ones added to those there were."""
    known: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}
    for name in names:
        if not name.strip() or len(name) > LONGEST or not name.isprintable() or name.startswith(ADJUDICATION):
            raise BadInput(f"{name!r} is no name for an expert: use up to {LONGEST} printable characters.")
        known.setdefault(name.strip(), secrets.token_urlsafe(16))
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(".partial")
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(known, out, indent=1)
    written.replace(file)
    return known


def expert_of(token: str, known: dict[str, str]) -> str | None:
    """Whose link a token belongs to; compared in constant time."""
    found = None
    for name, own in known.items():
        if secrets.compare_digest(own.encode(), token.encode()):
            found = name
    return found
