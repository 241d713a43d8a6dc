"""What every source says about its films: the rows of `scan`, `lesion`, `keyword`, `region`, `rejected`, `repair`."""

from dataclasses import dataclass, field

NOT_OUTLINED = "nothing outlines its finding: its patches would count as normal."
"""Why a film is rejected that shows a finding nobody drew."""

Ring = list[tuple[int, int]]
"""A closed chain of boundary pixels (x, y), 8-connected, its first point not repeated."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One film: who, which view, where its pixels are and how they were digitized.

    Laterality and view are None where the domain has no such thing. What unit its values have, of which modality it is
    and how it was acquired is added to each source by `sources/described.py`, where the source does not say it.
    """

    scan: str
    patient: str
    laterality: str | None
    view: str | None
    source_kind: str
    file: str
    rows: int
    columns: int
    bits: int
    digitizer: str
    resolution: float | None = None
    density: int | None = None
    age: int | None = None
    unit: str | None = None
    modality: str | None = None
    acquisition: str | None = None


@dataclass(frozen=True, slots=True)
class Lesion:
    """One abnormality outlined on a scan; box and outline in px of the stored film.

    Where only is known that the scan shows it, there is no box, and the outline is empty.
    """

    lesion: str
    scan: str
    abnormality: int
    pathology: str
    lesion_type: str | None
    shape: str | None
    margins: str | None
    calcification_type: str | None
    distribution: str | None
    assessment: int | None
    subtlety: int | None
    report: str
    x: int | None
    y: int | None
    width: int | None
    height: int | None
    outline: list[Ring]


@dataclass(frozen=True, slots=True)
class Keyword:
    """A term that its source says of a lesion."""

    lesion: str
    attribute: str
    term: str


@dataclass(frozen=True, slots=True)
class RegionMask:
    """The mask of what is looked at on a scan: its px of a value, or all that are not zero where there is none."""

    scan: str
    file: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that is left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A file that was read in spite of a fault, and what was done."""

    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A scan whose file does not say which grey levels are black and white: that is decided for the whole source.

    Scans of equal bits and sign are decided together.
    """

    scan: str
    file: str
    bits: int
    signed: bool


@dataclass(slots=True)
class Case:
    """All that one unit of a source (a DDSM case, a manifest's row) holds."""

    scans: list[Scan] = field(default_factory=list)
    lesions: list[Lesion] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    keywords: list[Keyword] = field(default_factory=list)
    regions: list[RegionMask] = field(default_factory=list)
    unsaid: list[Unsaid] = field(default_factory=list)
