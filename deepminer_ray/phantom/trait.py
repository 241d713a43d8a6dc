"""How made-up images show the terms of a domain: each attribute has a family of visible traits, each term one of it.

Families are dealt in this order, the noun first, then the attributes as the domain lists them; each takes the first
free family that can show all its terms. The classes take one like an attribute where terms do not tell them apart.

1. outline: the shape; from the 21st term on as two, three ... small ones of the shape in a row
2. surface: stripes, checks, dots, rings, grain ...; from the 21st on of the inner, outer, left or right part only
3. hue, in colour: ten that colour-blind people tell apart; from the 11th on with a core of another
4. edge: sharp, soft, rims; from the 7th on with a band, a core or beads inside
5. glyph: a bright shape in the middle; from the 21st on a dark one
6. size; from the 6th on with brightness
7. tilt of a finding that is made longer; from the 5th on longer still
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput

CLASS_TRAIT = "class"
"""The classes among the attributes; no attribute of a domain is called so."""

OUTLINES = (
    *("disc", "star", "square", "crescent", "triangle", "cross", "bar", "open ring", "lobed", "diamond"),
    *("hourglass", "arrow", "hexagon", "L", "half disc", "T", "gear", "wedge", "S", "U"),
)
SURFACES = (
    *("smooth", "stripes across", "checks", "dots", "rings", "stripes down", "spokes", "fine grain", "slanted stripes"),
    *("coarse grain", "grid", "back-slanted stripes", "broad stripes across", "dark left", "dark top", "broad checks"),
    *("sparse dots", "waves", "broad stripes down", "spiral"),
)
SURFACE_PARTS = ("all", "inside", "outside", "left", "right")
HUES = {
    "rose": (204, 102, 119),
    "indigo": (51, 34, 136),
    "sand": (221, 204, 119),
    "green": (17, 119, 51),
    "cyan": (136, 204, 238),
    "wine": (136, 34, 85),
    "teal": (68, 170, 153),
    "olive": (153, 153, 51),
    "purple": (170, 68, 153),
    "pale grey": (221, 221, 221),
}
"""Paul Tol's muted scheme, red, green and blue."""
EDGES = ("sharp", "soft", "bright rim", "dark rim", "double rim", "beaded rim")
INNER = ("nothing", "bright band", "dark band", "beaded band", "bright core", "dark core", "beaded core")
SIZES = (1.3, 0.7, 1.0, 0.85, 1.15)
BRIGHTNESSES = (0.8, 0.08, 0.6)
TILTS = (0, 90, 45, 135)
STRETCHES = (0.6, 0.42, 0.3)


@dataclass(frozen=True, slots=True)
class Look:
    """How a finding looks, as places in the lists of this module.

    `copies` of the outline lie in a row. `hue` and `core` are hues, `glyph` an outline or None, `size` a factor,
    `level` the brightness 0..1, `stretch` the width as a share of the height, `tilt` degrees.
    """

    outline: int = 0
    copies: int = 1
    surface: int = 0
    part: int = 0
    hue: int | None = None
    core: int | None = None
    edge: int = 0
    inner: int = 0
    glyph: int | None = None
    dark_glyph: bool = False
    size: float = 1.0
    level: float = BRIGHTNESSES[0]
    stretch: float = 1.0
    tilt: int = 0


@dataclass(frozen=True, slots=True)
class Trait:
    """What one term changes in a look, and that in words."""

    family: str
    words: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TraitFamily:
    """Traits that one attribute can have: how many, and the one of a term's place."""

    name: str
    number: int
    trait: Callable[[int], tuple[str, dict[str, Any]]]


def _outline(place: int) -> tuple[str, dict[str, Any]]:
    more, kind = divmod(place, len(OUTLINES))
    return f"{more + 1} x {OUTLINES[kind]}" if more else OUTLINES[kind], {"outline": kind, "copies": more + 1}


def _surface(place: int) -> tuple[str, dict[str, Any]]:
    # Smooth is the same in any part, so the combined ones leave it out.
    if place < len(SURFACES):
        return SURFACES[place], {"surface": place}
    part, kind = divmod(place - len(SURFACES), len(SURFACES) - 1)
    return f"{SURFACES[kind + 1]}, {SURFACE_PARTS[part + 1]}", {"surface": kind + 1, "part": part + 1}


def _hue(place: int) -> tuple[str, dict[str, Any]]:
    names = tuple(HUES)
    if place < len(names):
        return names[place], {"hue": place}
    shift, outer = divmod(place - len(names), len(names))
    core = (outer + shift + 1) % len(names)
    return f"{names[outer]} with a core of {names[core]}", {"hue": outer, "core": core}


def _edge(place: int) -> tuple[str, dict[str, Any]]:
    inner, edge = divmod(place, len(EDGES))
    return f"{EDGES[edge]} with {INNER[inner]}" if inner else EDGES[edge], {"edge": edge, "inner": inner}


def _glyph(place: int) -> tuple[str, dict[str, Any]]:
    dark, kind = divmod(place, len(OUTLINES))
    return f"{'dark' if dark else 'bright'} {OUTLINES[kind]} in it", {"glyph": kind, "dark_glyph": bool(dark)}


def _size(place: int) -> tuple[str, dict[str, Any]]:
    level, size = divmod(place, len(SIZES))
    more = f", brightness {BRIGHTNESSES[level]}" if level else ""
    return f"size {SIZES[size]}{more}", {"size": SIZES[size], "level": BRIGHTNESSES[level]}


def _tilt(place: int) -> tuple[str, dict[str, Any]]:
    longer, tilt = divmod(place, len(TILTS))
    return f"{TILTS[tilt]} degrees, width {STRETCHES[longer]}", {"tilt": TILTS[tilt], "stretch": STRETCHES[longer]}


FAMILIES_OF_TRAITS = (
    TraitFamily("outline", 5 * len(OUTLINES), _outline),
    TraitFamily("surface", len(SURFACES) + (len(SURFACE_PARTS) - 1) * (len(SURFACES) - 1), _surface),
    TraitFamily("hue", len(HUES) ** 2, _hue),
    TraitFamily("edge", len(EDGES) * len(INNER), _edge),
    TraitFamily("glyph", 2 * len(OUTLINES), _glyph),
    TraitFamily("size", len(SIZES) * len(BRIGHTNESSES), _size),
    TraitFamily("tilt", len(TILTS) * len(STRETCHES), _tilt),
)


def traits_of(domain: Domain) -> dict[str, dict[str, Trait]]:
    """The trait of each term by attribute, that of each class with findings under `class` where it needs one.

    The same for the same domain. BadInput where an attribute has more terms than any family left can show.
    """
    terms = terms_by_attribute(domain)
    noun = domain.noun
    names = sorted(terms, key=lambda name: name != noun)
    if noun is None or len(terms[noun]) < len(domain.classes.findings):
        names.append(CLASS_TRAIT)
        terms[CLASS_TRAIT] = domain.classes.findings
    free = [family for family in FAMILIES_OF_TRAITS if family.name != "hue" or domain.looked.channels > 1]
    traits: dict[str, dict[str, Trait]] = {}
    for name in names:
        family = next((family for family in free if len(terms[name]) <= family.number), None)
        if family is None:
            most = max((family.number for family in free), default=0)
            raise BadInput(
                f"Made-up images cannot show the {len(terms[name])} terms of {name!r}: after the attributes before it "
                f"they can show at most {most}. Rehearse with fewer attributes or terms."
            )
        free.remove(family)
        traits[name] = {
            term: Trait(family.name, *family.trait(place)) for place, term in enumerate(dict.fromkeys(terms[name]))
        }
    return traits


def terms_by_attribute(domain: Domain) -> dict[str, tuple[str, ...]]:
    """The terms of all categories by attribute, of attributes that are keywords."""
    keywords = [attribute.name for attribute in domain.attributes]
    return {
        name: tuple(dict.fromkeys(term for of in domain.lexicon.values() for term in of.get(name, ())))
        for name in keywords
    }
