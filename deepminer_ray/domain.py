"""What a run's images are of: their classes, the words for what they show, and how they are looked at.

A domain is read from a TOML file (`domain_file.py`); a run keeps that file's text in its table `domain`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from deepminer_ray.classes import Classes, class_rows
from deepminer_ray.errors import BadInput

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\s:;|,](?:[^:;|,\n\r\t]*[^\s:;|,])?$")]
"""What separates or ends names elsewhere cannot be in one: a concept is "attribute: term"."""
Share = Annotated[float, Field(ge=0, le=1)]

MAMMOGRAPHY = "mammography"
"""The paper's domain, whose file is in this package."""

EITHER, NONE = "either", "none"
"""What an expert answers of a phenomenon that speaks for no single class."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What keywords say of a finding in one respect: its name in concepts, and its field in a report."""

    name: str
    field: str

    @property
    def column(self) -> str:
        """The column of a table of findings."""
        return self.name.replace(" ", "_")


class Table(BaseModel):
    """A table of a domain's file: a key is known, and a value has the type that is wanted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Columns(Table):
    """The columns of a manifest that say whose image it is, and which: None where the domain has no such thing."""

    patient: Name | None = None
    side: Name | None = None
    view: Name | None = None


class Looked(Table):
    """How images are looked at: channels (1 grey, 3 colour), the region, and the grid of patches on it.

    The region is the breast, the whole image, what is not plain background, or what a mask of each image shows.
    """

    channels: Literal[1, 3] = 1
    region: Literal["breast", "all", "foreground", "mask"] = "all"
    patches_across: Annotated[int, Field(ge=1, le=64)] = 4
    places_per_patch: Annotated[int, Field(ge=1, le=8)] = 2


class LabelRule(Table):
    """Shares that decide a patch: of region in it, of it that findings cover, of a finding that lies in it."""

    region: Share = 0.5
    cover: Share = 0.3
    within: Share = 0.3


class DomainWords(Table):
    """What figures, pages and questions call an image, a finding and the region, and a patch without any finding.

    `category` and `association` are what an expert is asked of a phenomenon beside its terms.
    """

    image: Name = "image"
    finding: Name = "finding"
    region: Name = "image"
    nothing: Name | None = None
    category: Name = "category"
    association: Name = "association with a class"


@dataclass(frozen=True, slots=True)
class Domain:
    """A field of images. `lexicon` has the terms by category and attribute, in the order in which experts see them.

    `order` is that of the attributes in a name, the noun last, `said` what a term becomes in one, and `scored` the
    attributes in which explanations are compared with reports. `synonyms` are other words for a class, read as if the
    class stood there. `objects` are what COCO and Pascal VOC call things, with the class and the terms that each means.
    `text` is the file that says all this.
    """

    name: str
    classes: Classes
    lexicon: Mapping[str, Mapping[str, tuple[str, ...]]]
    attributes: tuple[Attribute, ...]
    order: tuple[str, ...]
    scored: tuple[str, ...]
    said: Mapping[str, str]
    synonyms: Mapping[str, str]
    objects: Mapping[str, Mapping[str, str]]
    columns: Columns
    looked: Looked
    labels: LabelRule
    words: DomainWords
    text: str

    @property
    def noun(self) -> str | None:
        """The attribute that says what a finding is: the last in a name."""
        return self.order[-1] if self.order else None

    @property
    def of_paper(self) -> bool:
        """Whether the paper's numbers are of such images, and may stand beside a run's."""
        return self.name == MAMMOGRAPHY

    @property
    def nothing(self) -> str:
        """What a patch without any finding shows."""
        return self.words.nothing or self.classes.rest

    @property
    def fields(self) -> dict[str, str]:
        """The attributes by their field in a report."""
        return {attribute.field: attribute.name for attribute in self.attributes}

    @property
    def terms(self) -> dict[str, tuple[str, ...]]:
        """What an expert can choose of a phenomenon in each category; a category's own noun is not among it."""
        return {
            category: tuple(
                term
                for name, terms in of.items()
                if name != self.noun or not _is_category(category, terms)
                for term in terms
            )
            for category, of in self.lexicon.items()
        }

    @property
    def associations(self) -> tuple[str, ...]:
        """What an expert can associate a phenomenon with: the worst class first."""
        return (*reversed(self.classes.findings), EITHER, NONE)

    @property
    def answered(self) -> tuple[Classes, ...]:
        """What networks can answer: all classes, or the worst and the others together."""
        worst = self.classes.findings[-1]
        return tuple({len(one): one for one in (Classes((f"not_{worst}", worst)), self.classes)}.values())[::-1]

    def answers(self, number: int | None = None) -> Classes:
        """The classes of a network with so many outputs, by default all; BadInput where there is no such network."""
        if number is None:
            return self.classes
        for classes in self.answered:
            if len(classes) == number:
                return classes
        told = "; ".join(f"{len(one)}: {', '.join(one)}" for one in self.answered)
        raise BadInput(f"A network of {self.name} cannot have {number} classes: use {told}.")

    def shown(self) -> str:
        """What the domain says, for a reader."""
        looked, labels, words = self.looked, self.labels, self.words
        of = {"patient": self.columns.patient, "side": self.columns.side, "view": self.columns.view}
        columns = ", ".join(f"{what} in `{column}`" for what, column in of.items() if column)
        also = ", ".join(f"{word} is {known}" for word, known in (*self.synonyms.items(), *self.counts_as().items()))
        lines = [
            f"{self.name}: {len(self.classes)} classes, the least severe first: {', '.join(self.classes)}",
            f"{self.classes.rest} is what shows no {words.finding}; {self.classes.unproven} is not known"
            + (f"; {also}" if also else ""),
            f"images in {'colour' if looked.channels > 1 else 'grey'}, {columns or 'each of a patient of its own'}",
            f"{looked.patches_across} patches across, {looked.places_per_patch} places a patch, on {looked.region}",
            f"a patch is of a class if {labels.cover:.0%} of it is, or if it has {labels.within:.0%} of a finding",
            *(
                f"an object {name} is {', '.join(f'{what}: {word}' for what, word in means.items())}"
                for name, means in self.objects.items()
            ),
            *(
                f"{category}: {'; '.join(f'{name}: ' + ', '.join(terms) for name, terms in of_category.items())}"
                for category, of_category in self.lexicon.items()
            ),
        ]
        return "\n".join(lines)

    def counts_as(self) -> dict[str, str]:
        """Pathologies that have another name than the class that they count as."""
        return {name: of for name, of in self.classes.pathologies if name != of}

    def rows(self) -> list[dict[str, Any]]:
        """The row of the table `domain`."""
        said = [{"term": term, "said": words} for term, words in self.said.items()]
        row = {"name": self.name, "said": said, "nothing": self.nothing, "text": self.text}
        grid = {name: getattr(self.looked, name) for name in ("patches_across", "places_per_patch")}
        return [row | grid]

    def class_rows(self) -> list[dict[str, Any]]:
        """The rows of the table `class`."""
        return class_rows(self.classes, self.answered)

    def term_rows(self) -> list[dict[str, Any]]:
        """The rows of the table `term`, in the order of the lexicon."""
        places = {name: number for number, name in enumerate(self.order, 1)}
        terms = [(category, name, term) for category, of in self.lexicon.items() for name in of for term in of[name]]
        return [
            {"number": number, "category": category, "attribute": name, "term": term, "place": places.get(name)}
            for number, (category, name, term) in enumerate(terms, 1)
        ]


def _is_category(category: str, terms: tuple[str, ...]) -> bool:
    """Whether a category's own name is all that its noun can be."""
    return terms == (category.lower(),)
