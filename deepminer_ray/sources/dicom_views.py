"""What a DICOM header says a mammogram is of: which breast, which view and what kind of view, film or detector."""

import re
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.dicom import Layout, items_of, numbers_of, of_frames, words_of

TOMOSYNTHESIS, MAGNIFICATION, SPOT, SPECIMEN = KINDS_OF_VIEW = ("tomosynthesis", "magnification", "spot", "specimen")
"""Views beside the usual ones, which show something else than a whole breast once."""
ALL_KINDS = "all"

CODED_KINDS = {
    **dict.fromkeys(("399163009", "R-102D6"), MAGNIFICATION),
    **dict.fromkeys(("399055006", "R-102D7"), SPOT),
    **dict.fromkeys(("127457009", "G-8310", "119376003", "G-8300"), SPECIMEN),
}
"""By SNOMED's codes of today and of before, as view and its modifiers have them (PS3.16, CID 4014 and 4015)."""
SPOKEN_KINDS = {
    **dict.fromkeys(("MAG", "MAGN", "MAGNIFICATION", "MAGNIFIED"), MAGNIFICATION),
    **dict.fromkeys(("SPOT", "SPOTCOMPRESSION"), SPOT),
    **dict.fromkeys(("SPECIMEN", "SPECIMENS"), SPECIMEN),
}
"""The same in free text."""
FREE_TEXT = ("SeriesDescription", "ViewPosition", "PaddleDescription")
MAGNIFIED = 1.3
"""Magnification from which a view is meant to magnify: a breast on its support is at most 1.1 times as large."""

TOMOSYNTHESIS_IMAGE = "1.2.840.10008.5.1.4.1.1.13.1.3"
OF_VOLUME = frozenset(("TOMO", "TOMO_PROJ", "TOMOSYNTHESIS", "VOLUME"))
OF_PLANE = frozenset(("TOMO_2D", "GENERATED_2D"))
"""What ImageType says of slices and projections, and of mammograms that were computed from them."""

LETTERS_OF_SIDES = {"L": "LEFT", "R": "RIGHT"}
CODED_VIEWS = {
    **dict.fromkeys(("399162004", "R-10242"), "CC"),
    **dict.fromkeys(("399368009", "R-10226"), "MLO"),
    **dict.fromkeys(("399260004", "R-10224"), "ML"),
    **dict.fromkeys(("399352003", "R-10228"), "LM"),
    **dict.fromkeys(("399099002", "R-10230"), "LMO"),
    **dict.fromkeys(("399192008", "R-1024A"), "XCCL"),
    **dict.fromkeys(("399101009", "R-1024B"), "XCCM"),
    **dict.fromkeys(("399196006", "R-10244"), "FB"),
    **dict.fromkeys(("399188001", "R-102D0"), "SIO"),
    **dict.fromkeys(("441555000", "R-40AAA"), "ISO"),
}
"""Views by SNOMED's codes (CID 4014)."""
BY_DETECTORS = ("1", "1.1", "1.1.1", "1.2", "1.2.1")
"""What follows 1.2.840.10008.5.1.4.1.1. in images of detectors: computed, digital and digital mammography X-ray."""
DIGITIZED, DIGITAL = "film", "digital"


def refuse_unknown_kinds(views: tuple[str, ...] | None) -> None:
    """BadInput for a kind of view that there is not."""
    for kind in views or ():
        if kind not in (*KINDS_OF_VIEW, ALL_KINDS):
            raise BadInput(f"There is no kind of view {kind!r}: use {', '.join(KINDS_OF_VIEW)} or {ALL_KINDS}.")


def kinds_of_view(dataset: Any, layout: Layout) -> list[str]:
    """Which of KINDS_OF_VIEW an image is; none for a usual view."""
    coded = {CODED_KINDS.get(code) for code in _codes(dataset)}
    spoken = {
        SPOKEN_KINDS.get(word)
        for tag in FREE_TEXT
        for text in words_of(dataset, tag)
        for word in re.findall("[A-Z]+", text.upper())
    }
    kinds = coded | spoken
    if any(factor >= MAGNIFIED for factor in numbers_of(dataset, "EstimatedRadiographicMagnificationFactor")):
        kinds.add(MAGNIFICATION)
    kinds |= {TOMOSYNTHESIS} if _is_of_volume(dataset, layout) else set()
    return [kind for kind in KINDS_OF_VIEW if kind in kinds]


def _is_of_volume(dataset: Any, layout: Layout) -> bool:
    """Whether an image is a volume, a slice or a projection, and not computed from these to be read as a mammogram."""
    words = {word.upper() for word in words_of(dataset, "ImageType")}
    said = words & OF_VOLUME or words_of(dataset, "SOPClassUID")[:1] == [TOMOSYNTHESIS_IMAGE]
    return layout.frames > 1 or bool(said and not words & OF_PLANE)


def _codes(dataset: Any) -> list[str]:
    """The codes of the view and of what modifies it."""
    views = items_of(dataset, "ViewCodeSequence")
    items = [*views, *items_of(dataset, "ViewModifierCodeSequence")]
    items += [modifier for view in views for modifier in items_of(view, "ViewModifierCodeSequence")]
    return [code for item in items for code in words_of(item, "CodeValue")]


def side_of(dataset: Any) -> str | None:
    """LEFT or RIGHT; None where a header says neither."""
    said = words_of(dataset, "ImageLaterality") or words_of(dataset, "Laterality")
    said = said or words_of(of_frames(dataset, "FrameAnatomySequence"), "FrameLaterality")
    return LETTERS_OF_SIDES.get(said[0].upper()[:1]) if said else None


def view_of(dataset: Any) -> str | None:
    """The view, CC or MLO or another of CODED_VIEWS; None where a header does not say it so."""
    said = [word.upper() for word in words_of(dataset, "ViewPosition")[:1]]
    known = [view for view in said if view in CODED_VIEWS.values()]
    return next(iter(known or [CODED_VIEWS[code] for code in _codes(dataset) if code in CODED_VIEWS]), None)


def acquisition_of(dataset: Any) -> str | None:
    """Whether a film was digitized or a detector read; None where a header does not say it."""
    if "FILM" in words_of(dataset, "DetectorType") or "DF" in words_of(dataset, "ConversionType"):
        return DIGITIZED
    kind = "".join(words_of(dataset, "SOPClassUID")[:1])
    detected = kind in (TOMOSYNTHESIS_IMAGE, *(f"1.2.840.10008.5.1.4.1.1.{one}" for one in BY_DETECTORS))
    return DIGITAL if detected or words_of(dataset, "DetectorType") else None
