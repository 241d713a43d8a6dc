"""The .OVERLAY of a DDSM film: its abnormalities, their keywords and their outlines as chain codes."""

import re
from dataclasses import dataclass
from itertools import pairwise

from deepminer_ray.errors import BadInput
from deepminer_ray.mammography import DISTRIBUTION, KEYWORD_COLUMNS, LESION_TYPE, MARGINS, PATHOLOGIES, SHAPE, TYPE
from deepminer_ray.sources.bounds import first_number, refuse_many
from deepminer_ray.sources.rows import Ring

STEPS = ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))
"""(columns, rows) of chain codes 0 to 7, clockwise from up."""

CODES = {step: str(code) for code, step in enumerate(STEPS)}

OVERLAY_PATHOLOGIES = tuple(name.upper() for name in PATHOLOGIES)

CHAIN = re.compile(r" *(-?\d{1,9}) +(-?\d{1,9})([ 0-7]*)", re.ASCII)

OVERLAY_KEYS = frozenset(
    ("LESION_TYPE", "ASSESSMENT", "SUBTLETY", "PATHOLOGY", "TOTAL_OUTLINES", "BOUNDARY", "CORE", "ABNORMALITY")
)
NUMBERS = ("ASSESSMENT", "SUBTLETY")
DETAILS = frozenset(KEYWORD_COLUMNS)


@dataclass(frozen=True, slots=True)
class Abnormality:
    """One abnormality: its keyword lines joined by blanks, BI-RADS assessment, DDSM's subtlety (1-5), and outline."""

    report: str
    pathology: str
    assessment: int | None
    subtlety: int | None
    outline: Ring

    @property
    def lesion_type(self) -> str | None:
        return self._values(LESION_TYPE)

    @property
    def shape(self) -> str | None:
        return self._values(SHAPE)

    @property
    def margins(self) -> str | None:
        return self._values(MARGINS)

    @property
    def calcification_type(self) -> str | None:
        return self._values(TYPE)

    @property
    def distribution(self) -> str | None:
        return self._values(DISTRIBUTION)

    def _values(self, keyword: str) -> str | None:
        """Join the values of all keyword lines with '-', as DDSM joins several values of one."""
        words = self.report.split()
        values = [value for word, value in pairwise(words) if word == keyword]
        return "-".join(value for value in values if value != "N/A" and value not in DETAILS) or None


def parse_overlay(text: str, width: int, height: int) -> tuple[list[Abnormality], list[str]]:
    """Read the abnormalities of a film of `width` x `height` px, and say what had to be repaired to do so.

    BadInput where an abnormality has no pathology or no outline that lies on the film.
    """
    words = text.split()
    if words[:1] != ["TOTAL_ABNORMALITIES"]:
        raise BadInput("Not an OVERLAY: it does not begin with TOTAL_ABNORMALITIES.")
    starts = [index for index, word in enumerate(words) if word == "ABNORMALITY"]
    if not starts:
        raise BadInput("The OVERLAY holds no abnormality.")
    refuse_many(len(starts), "abnormalities in the OVERLAY")
    repairs = []
    if words[1] != str(len(starts)):
        repairs.append(f"announces {words[1]} abnormalities, holds {len(starts)}: all were read")
    abnormalities = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(words)], strict=True), 1):
        abnormality, faults = _abnormality(words[start + 1 : end], number, width, height)
        abnormalities.append(abnormality)
        repairs += faults
    return abnormalities, repairs


def _abnormality(words: list[str], number: int, width: int, height: int) -> tuple[Abnormality, list[str]]:
    sections = _sections(words)
    named = dict(sections)
    pathology = " ".join(named.get("PATHOLOGY", []))
    if pathology not in OVERLAY_PATHOLOGIES:
        raise BadInput(f"Abnormality {number} of the OVERLAY has the pathology {pathology!r}: none of DDSM's.")
    boundaries = [chain for section, chain in sections if section == "BOUNDARY"]
    if not boundaries:
        raise BadInput(f"Abnormality {number} of the OVERLAY has no BOUNDARY.")
    outline, repairs = _read_outline(boundaries[0], width, height)
    drawn = sum(section in ("BOUNDARY", "CORE") for section, _ in sections)
    announced = named.get("TOTAL_OUTLINES", [])
    if announced != [str(drawn)]:
        repairs.append(f"announces {' '.join(announced) or 'no number of'} outlines, holds {drawn}")
    repairs += [
        f"has no {keyword}: it stays unknown" for keyword in NUMBERS if first_number(named.get(keyword, [])) is None
    ]
    if len(boundaries) > 1:
        repairs.append(f"has {len(boundaries)} boundaries: the first was read")
    report = " ".join(" ".join([section, *values]) for section, values in sections if section == "LESION_TYPE")
    abnormality = Abnormality(
        report=report,
        pathology=pathology.lower(),
        assessment=first_number(named.get("ASSESSMENT", [])),
        subtlety=first_number(named.get("SUBTLETY", [])),
        outline=outline,
    )
    return abnormality, [f"abnormality {number} {fault}" for fault in repairs]


def _sections(words: list[str]) -> list[tuple[str, list[str]]]:
    """Cut the words at the keywords that begin a line, whatever the line ends are."""
    places = [index for index, word in enumerate(words) if word in OVERLAY_KEYS]
    ends = [*places[1:], len(words)] if places else []
    return [(words[index], words[index + 1 : end]) for index, end in zip(places, ends, strict=True)]


def _read_outline(words: list[str], width: int, height: int) -> tuple[Ring, list[str]]:
    repairs = []
    chain, mark, _ = " ".join(words).partition("#")
    if not mark:
        raise BadInput("An outline of the OVERLAY has no # at its end: the file is cut off.")
    fields = CHAIN.fullmatch(chain)
    if fields is None:
        raise BadInput(f"An outline of the OVERLAY is not a column, row and codes 0 to 7, but {chain[:40]!r}.")
    ring = [(int(fields[1]), int(fields[2]))]
    for code in fields[3].replace(" ", ""):
        columns, rows = STEPS[int(code)]
        ring.append((ring[-1][0] + columns, ring[-1][1] + rows))
    closing = _straight(ring[-1], ring[0])
    if closing:
        repairs.append(f"has an outline open by {len(closing)} px: its ends were joined by a straight line")
    # The last point is the first again, but in an outline of one point.
    ring = (ring + closing)[:-1] or ring
    clipped, outside = _clip(ring, width, height)
    if outside:
        repairs.append(f"has an outline that leaves the film by up to {outside} px: it was clipped")
    return clipped, repairs


def _straight(start: tuple[int, int], end: tuple[int, int]) -> Ring:
    """The 8-connected pixels after `start` up to and with `end`."""
    columns, rows = end[0] - start[0], end[1] - start[1]
    count = max(abs(columns), abs(rows))
    return [
        (start[0] + round(columns * step / count), start[1] + round(rows * step / count))
        for step in range(1, count + 1)
    ]


def _clip(ring: Ring, width: int, height: int) -> tuple[Ring, int]:
    """Move each point to the nearest on the film, which keeps neighbours neighbours; return the farthest move in px."""
    moved = [(min(max(x, 0), width - 1), min(max(y, 0), height - 1)) for x, y in ring]
    moves = [max(abs(x - old_x), abs(y - old_y)) for (x, y), (old_x, old_y) in zip(moved, ring, strict=True)]
    if all(moves):
        raise BadInput(f"An outline of the OVERLAY lies wholly outside the film of {width} x {height} px.")
    # Points that fell together are one; the ring's last point precedes its first.
    kept = [point for index, point in enumerate(moved) if point != moved[index - 1]]
    return kept or moved[:1], max(moves)


def chain_codes(ring: Ring) -> str:
    """The codes from each point to the next and back to the first; BadInput where two are not neighbours."""
    codes = []
    for (x, y), (next_x, next_y) in zip(ring, ring[1:] + ring[:1], strict=True):
        step = (next_x - x, next_y - y)
        if step in CODES:
            codes.append(CODES[step])
        elif step != (0, 0):
            raise BadInput(f"The points ({x}, {y}) and ({next_x}, {next_y}) of an outline are not neighbours.")
    return " ".join(codes)


def format_overlay(abnormalities: list[Abnormality]) -> str:
    """Write an .OVERLAY as DDSM's are, each abnormality with its boundary and no core."""
    lines = [f"TOTAL_ABNORMALITIES {len(abnormalities)}"]
    for number, abnormality in enumerate(abnormalities, 1):
        x, y = abnormality.outline[0]
        types = [f"LESION_TYPE{values}" for values in abnormality.report.split("LESION_TYPE")[1:]]
        lines += [
            f"ABNORMALITY {number} ",
            *(values.rstrip() for values in types),
            f"ASSESSMENT {'' if abnormality.assessment is None else abnormality.assessment} ",
            f"SUBTLETY {'' if abnormality.subtlety is None else abnormality.subtlety} ",
            f"PATHOLOGY {abnormality.pathology.upper()}",
            "TOTAL_OUTLINES 1 ",
            "BOUNDARY",
            f"{x} {y}  {chain_codes(abnormality.outline)} #",
        ]
    return "\n".join(lines) + "\n"
