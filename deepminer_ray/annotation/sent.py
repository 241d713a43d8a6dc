"""What a page may send, by type, length and range: whatever else arrives is refused before anything looks at it."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deepminer_ray.errors import BadInput

LONGEST_DESCRIPTION = 1000
"""Characters of one description."""
MOST = 20
"""Phenomena of one answer."""
LONGEST_WORD, MOST_WORDS = 100, 50
"""Characters of what is chosen from a list, and how many things are."""

Word = Annotated[str, Field(max_length=LONGEST_WORD)]


class Sent(BaseModel):
    """Types are as JSON has them: 1 is not `true`, and "1" is not a number."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class SentPhenomenon(Sent):
    """A phenomenon as a page sends it."""

    text: Annotated[str, Field(max_length=LONGEST_DESCRIPTION)] | None = None
    category: Word | None = None
    terms: Annotated[list[Word], Field(max_length=MOST_WORDS)] | None = None
    association: Word | None = None


class SentAnswer(Sent):
    """An answer as a page sends it."""

    recognizable: bool | None = None
    phenomena: Annotated[list[SentPhenomenon], Field(max_length=MOST)] = []
    confidence: Word | None = None


class Save(Sent):
    """An answer to the question at a place of the order that the page shows."""

    place: Annotated[int, Field(ge=0, lt=2**31)]
    order: Word
    answer: SentAnswer


class Adjudication(Sent):
    """Whose answer about a unit is to count."""

    unit: Annotated[int, Field(ge=0, lt=2**31)]
    annotator: Annotated[str, Field(max_length=LONGEST_WORD)]


SentKind = TypeVar("SentKind", bound=Sent)


def read_message(kind: type[SentKind], sent: Any) -> SentKind:
    """What was sent (bytes of JSON, or values as JSON has them) as a kind; BadInput says where it is something else."""
    try:
        return kind.model_validate_json(sent) if isinstance(sent, bytes) else kind.model_validate(sent)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{f'`{where}`: ' if where else ''}{first['msg']}.") from error
