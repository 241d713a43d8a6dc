"""Domains as TOML files: read, checked, and refused in a sentence that names the line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import Field, ValidationError

from deepminer_ray.classes import MOST_CLASSES, UNPROVEN, Classes
from deepminer_ray.domain import (
    EITHER,
    MAMMOGRAPHY,
    NONE,
    Attribute,
    Columns,
    Domain,
    DomainWords,
    LabelRule,
    Looked,
    Name,
    Table,
)
from deepminer_ray.errors import BadInput

LONGEST_FILE = 100_000
"""Characters of a file."""
NAMES = "it has no colon, semicolon, comma or bar, and no blank around; an attribute has small letters and digits"
CLASS_OF_OBJECT = "class"
"""What the class of an object is called beside its attributes."""
UNNAMED_CATEGORY = "Finding"
"""The category of terms that a file puts in none."""

Terms = Annotated[list[Name], Field(min_length=1, max_length=100)]


class _NameRules(Table):
    order: list[Name] | None = None
    scored: list[Name] | None = None
    said: dict[Name, Name] = Field(default_factory=dict)
    fields: dict[Name, Name] = Field(default_factory=dict)


class _File(Table):
    name: Name
    classes: Annotated[list[Name], Field(min_length=2, max_length=MOST_CLASSES)]
    rest: Name
    unproven: Name = UNPROVEN
    synonyms: dict[Name, Name] = Field(default_factory=dict)
    counts_as: dict[Name, Name] = Field(default_factory=dict)
    objects: dict[Name, dict[Name, Name]] = Field(default_factory=dict)
    image: Looked = Looked()
    labels: LabelRule = LabelRule()
    columns: Columns = Columns()
    words: DomainWords = DomainWords()
    terms: dict[Name, Any] = Field(default_factory=dict)
    names: _NameRules = _NameRules()


COLUMN_NAMES = frozenset(
    (
        *("image", "file", "patient", "laterality", "side", "view", "class", "pathology", "mask", "value"),
        *("x", "y", "width", "height", "cx", "cy", "radius", "polygon", "region", "region_value"),
        *("scan", "lesion", "report"),
        *("assessment", "subtlety", "resolution", "age", "label"),
    )
)
"""Columns that a manifest or a table of findings has for itself: no attribute is called so."""


@cache
def mammography() -> Domain:
    """The domain of mammograms."""
    return packaged(MAMMOGRAPHY)


def packaged(name: str) -> Domain:
    """A domain of this package."""
    text = (files("deepminer_ray") / "domains" / f"{name}.toml").read_text(encoding="utf-8")
    return read_domain(text, f"{name}.toml")


def read_domain(text: str, file: str) -> Domain:
    """The domain that a file's text says; BadInput, with the line, for the first mistake in it."""
    if len(text) > LONGEST_FILE:
        raise BadInput(f"{file} has {len(text)} characters: a domain has at most {LONGEST_FILE}.")
    lines = _Lines(text, file)
    try:
        said = tomllib.loads(text)
    except RecursionError as error:
        raise BadInput(f"{file} is nested too deeply.") from error
    except ValueError as error:  # also of a number of thousands of digits
        raise BadInput(f"{file} is not TOML: {error}.") from error
    try:
        read = _File.model_validate(said)
    except ValidationError as error:
        raise lines.unfit(error) from error
    if read.image.region == "breast" and read.image.channels > 1:
        raise lines.wrong(("image", "region"), "a breast is told from air by density: in colour use all or foreground")
    lexicon = _lexicon(read.terms, lines)
    _check_classes(read, lines)
    _check_objects(read, lexicon, lines)
    order = _order(read.names, lexicon, lines)
    pathologies = {name: name for name in reversed(read.classes) if name != read.rest}
    pathologies |= read.counts_as | {read.unproven: read.unproven}
    attributes = {name: None for of in lexicon.values() for name in of if name in order}
    return Domain(
        name=read.name,
        classes=Classes(tuple(read.classes), tuple(pathologies.items()), read.unproven),
        lexicon=lexicon,
        attributes=tuple(Attribute(name, read.names.fields.get(name, _field(name))) for name in attributes),
        order=order,
        scored=tuple(name for name in attributes if name in (read.names.scored or attributes)),
        said=read.names.said,
        synonyms=read.synonyms,
        objects=read.objects,
        columns=read.columns,
        looked=read.image,
        labels=read.labels,
        words=read.words,
        text=text,
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, "; did you mean benign?"; nothing where none is near."""
    near = get_close_matches(word.lower(), known := list(known), 1, 0.6)
    return f"; do you mean {near[0]!r}?" if near else f"; known are: {', '.join(known)}."


def _field(name: str) -> str:
    return name.upper().replace(" ", "_")


def _check_classes(read: _File, lines: "_Lines") -> None:
    """Each class has one name and one meaning, and the rest is the least severe."""
    twice = next((name for place, name in enumerate(read.classes) if name in read.classes[:place]), None)
    if twice:
        raise lines.wrong(("classes",), f"the class {twice!r} is there twice")
    if read.rest not in read.classes:
        raise lines.wrong(("rest",), f"{read.rest!r} is not a class{nearest(read.rest, read.classes)}")
    if read.rest != read.classes[0]:
        raise lines.wrong(("classes",), f"the rest, {read.rest!r}, is the least severe class: put it first")
    worst = read.classes[-1]
    if taken := {f"not_{worst}", EITHER, NONE, read.unproven} & set(read.classes[1:]):
        raise lines.wrong(("classes",), f"a class cannot be called {sorted(taken)[0]!r}, which means something else")
    for table, words, known in (
        ("synonyms", read.synonyms, [*read.classes, read.unproven, *read.counts_as]),
        ("counts_as", read.counts_as, [*read.classes[1:], read.unproven]),
    ):
        for word, means in words.items():
            if word in read.classes:
                raise lines.wrong((table, word), f"{word!r} is a class already")
            if means not in known:
                raise lines.wrong((table, word), f"{means!r} is not a class{nearest(means, known)}")


def _check_objects(read: _File, lexicon: Mapping[str, Mapping[str, Any]], lines: "_Lines") -> None:
    """What an object means are a class and terms that the file has; without a class it is of the rest."""
    known: dict[str, list[str]] = {CLASS_OF_OBJECT: [*read.classes, read.unproven, *read.counts_as]}
    for of in lexicon.values():
        for attribute, terms in of.items():
            known[attribute] = [*known.get(attribute, []), *terms]
    for name, means in read.objects.items():
        for what, word in means.items():
            at = ("objects", name, what)
            if what not in known:
                raise lines.wrong(at, f"{what!r} is neither `class` nor an attribute{nearest(what, known)}")
            if word not in known[what]:
                raise lines.wrong(at, f"{word!r} is not a {what}{nearest(word, known[what])}")


def _lexicon(terms: Mapping[str, Any], lines: "_Lines") -> dict[str, dict[str, tuple[str, ...]]]:
    """Terms by category and attribute; those right under `terms` are in one category."""
    lexicon: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, of in terms.items():
        category, attributes, at = (
            (name, of, ("terms", name)) if isinstance(of, dict) else (UNNAMED_CATEGORY, {name: of}, ("terms",))
        )
        known = lexicon.setdefault(category, {})
        for attribute, words in attributes.items():
            try:
                read = _Attribute.model_validate({"name": attribute, "terms": words})
            except ValidationError as error:
                raise lines.unfit(error, (*at, attribute)) from error
            if attribute.replace(" ", "_") in COLUMN_NAMES:
                raise lines.wrong((*at, attribute), f"an attribute cannot be called {attribute!r}, as a column is")
            if len(set(read.terms)) < len(read.terms):
                raise lines.wrong((*at, attribute), f"a term of {attribute!r} is there twice")
            known[attribute] = tuple(read.terms)
    return lexicon


class _Attribute(Table):
    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9]*(?: [a-z0-9]+)*$")]
    terms: Terms


def _order(names: _NameRules, lexicon: Mapping[str, Mapping[str, Any]], lines: "_Lines") -> tuple[str, ...]:
    known = list(dict.fromkeys(name for of in lexicon.values() for name in of))
    for key, said in (("order", names.order or ()), ("scored", names.scored or ()), ("fields", names.fields)):
        for name in said:
            if name not in known:
                raise lines.wrong(("names", key), f"{name!r} is not an attribute{nearest(name, known)}")
    if names.order is not None and len(set(names.order)) < len(names.order):
        raise lines.wrong(("names", "order"), "an attribute is there twice")
    return tuple(known if names.order is None else names.order)


class _Lines:
    """Where the keys of a TOML text stand: tomllib does not say."""

    def __init__(self, text: str, file: str):
        self.lines, self.file = text.splitlines(), file

    def wrong(self, path: tuple[str, ...], what: str) -> BadInput:
        """The error for a key's value."""
        end = "" if what.endswith((".", "?")) else "."
        return BadInput(f"{self.file}, line {self.line(path)}: {what}{end}")

    def unfit(self, error: ValidationError, below: tuple[str, ...] = ()) -> BadInput:
        """The error for what does not fit the file's form: its first one."""
        first = error.errors(include_url=False, include_context=False)[0]
        path = below or tuple(str(part) for part in first["loc"] if part != "[key]")
        if first["type"] == "extra_forbidden":
            known = _keys_of(path[:-1])
            return self.wrong(path, f"`{path[-1]}` is not a key{nearest(path[-1], known)}")
        if first["type"] == "missing":
            return BadInput(f"{self.file} does not say `{path[-1]}`.")
        if first["type"] == "string_pattern_mismatch":
            return self.wrong(path, f"{str(first['input'])[:60]!r} cannot be a name: {NAMES}")
        if first["type"] == "string_type" and "[key]" in first["loc"]:
            return self.wrong(path, "a name is text")
        what = first["msg"][0].lower() + first["msg"][1:]
        return self.wrong(path, f"`{'.'.join(path)}`: {what}, it is {str(first['input'])[:60]!r}")

    def line(self, path: tuple[str, ...]) -> int:
        """The number of the line with a key, from 1; that of its table where the key is not written by itself."""
        table: tuple[str, ...] = ()
        nearest_line, deepest = 1, 0
        for number, line in enumerate(self.lines, 1):
            at = table
            if header := re.match(r"\s*\[([^\[\]]+)\]", line):
                at = table = tuple(_key_parts(header[1]))
            elif key := re.match(r"\s*([^=#]+?)\s*=", line):
                at = (*table, *_key_parts(key[1]))
            if deepest < len(at) and path[: len(at)] == at:
                nearest_line, deepest = number, len(at)
        return nearest_line


def _key_parts(key: str) -> list[str]:
    """The parts of a dotted key."""
    return [quoted or bare for quoted, bare in re.findall(r"\"([^\"]*)\"|([^.\s\"]+)", key)]


def _keys_of(path: tuple[str, ...]) -> list[str]:
    kind: Any = _File
    for part in path:
        of = kind.model_fields.get(part)
        kind = of.annotation if of else _File
    return list(kind.model_fields)
