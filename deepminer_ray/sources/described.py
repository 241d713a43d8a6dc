"""What is known of every film beside its source: the unit of its values, how it was acquired; for DICOM, its header."""

from dataclasses import replace
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.sources.cbis import SOURCE_KIND as CBIS
from deepminer_ray.sources.density import COLOUR, DIGITIZERS
from deepminer_ray.sources.dicom import Layout, is_dicom, layout_of, read_dataset, words_of
from deepminer_ray.sources.dicom_grey import Reading, scale_of
from deepminer_ray.sources.dicom_raw import is_raw
from deepminer_ray.sources.dicom_views import DIGITIZED, acquisition_of, kinds_of_view, side_of, view_of
from deepminer_ray.sources.grey_range import extent_row, range_of
from deepminer_ray.sources.mias import SOURCE_KIND as MIAS
from deepminer_ray.sources.patient import is_nobody
from deepminer_ray.sources.rows import Case, Rejected, Repair, Scan, Unsaid

OF_DENSITY, OF_DISPLAY, OF_COLOUR = "density", "display", "colour"
"""Units of scans: optical density of calibrated films, brightness as displayed, colours."""

DIGITIZED_SOURCES = (MIAS,)
"""Sources of digitized films without calibration."""


def describe(case: Case, reading: Reading) -> Case:
    """A case with what is known of its scans beside what its source says; those that are not to be taken are rejected.

    Where the header of a DICOM file says something else than the source's table, the table counts, and a repair says
    it.
    """
    scans, case.scans = case.scans, []
    for scan in scans:
        try:
            case.scans.append(_as_known(case, scan, reading))
        except BadInput as error:
            case.rejected.append(Rejected(scan.file, str(error)))
            case.repairs = [repair for repair in case.repairs if repair.file != scan.file]
    return case


def _as_known(case: Case, scan: Scan, reading: Reading) -> Scan:
    calibrated = scan.digitizer in DIGITIZERS or scan.source_kind == CBIS
    if calibrated or scan.source_kind in DIGITIZED_SOURCES:
        scan = replace(scan, unit=OF_DENSITY if calibrated else scan.unit, acquisition=DIGITIZED)
    if scan.digitizer == COLOUR:
        return replace(scan, unit=OF_COLOUR)
    if scan.digitizer in DIGITIZERS or not is_dicom(place(scan.file)):
        return replace(scan, unit=scan.unit or OF_DISPLAY)
    dataset = read_dataset(place(scan.file), "image")
    layout = layout_of(dataset, scan.file.rpartition("/")[2], "image")
    if not calibrated:
        _refuse_unwanted(dataset, layout, reading)
    scale = scale_of(dataset, layout, reading)
    # The patient of CBIS-DDSM's headers is the name of the folder.
    oddities = [*([] if calibrated else scale.oddities), *contradictions(dataset, scan, patients=not calibrated)]
    case.repairs += [Repair(scan.file, what) for what in oddities]
    if not calibrated and not scale.says_white and not is_raw(dataset):
        case.unsaid.append(Unsaid(scan.scan, scan.file, layout.stored, layout.signed))
    return replace(
        scan,
        unit=OF_DENSITY if scale.density else scan.unit or OF_DISPLAY,
        modality=next(iter(words_of(dataset, "Modality")), None),
        acquisition=scan.acquisition or acquisition_of(dataset),
    )


def reading_of_own(file: Place, reading: Reading, unit: str | None) -> tuple[Reading, list[str]]:
    """How an image of a user's own is read beside those of a run, whose values have this unit; and what is odd of it.

    Where its header does not say what is white, black and white are those of the run, else of its own if it needs them.
    """
    if not is_dicom(file):
        differing = unit == OF_DENSITY
        return reading, [_other_unit(file.name, OF_DISPLAY, unit)] if differing else []
    dataset = read_dataset(file, "image")
    layout = layout_of(dataset, file.name, "image")
    scale = scale_of(dataset, layout, reading)
    oddities = [f"{file.name} {oddity}." for oddity in scale.oddities]
    kinds = [kind for kind in kinds_of_view(dataset, layout) if kind not in reading.views]
    oddities += [f"{file.name} is a view of the kind {' and '.join(kinds)}."] if kinds else []
    own_unit = OF_DENSITY if scale.density else OF_DISPLAY
    oddities += [_other_unit(file.name, own_unit, unit)] if unit not in (own_unit, None) else []
    if scale.says_white or is_raw(dataset) or reading.white is not None:
        return reading, oddities
    ends = range_of([extent_row({"file": str(file)}, reading)])
    if ends and ends[2]:
        oddities.append(f"{file.name} does not say what is white, and uses little of its range: {ends[1]:g} is white.")
        reading = replace(reading, black=ends[0], white=ends[1])
    return reading, oddities


def _other_unit(name: str, own: str, of_run: str | None) -> str:
    return f"{name} is of the unit {own}, the run's images of {of_run}: the network may not know such images."


def _refuse_unwanted(dataset: Any, layout: Layout, reading: Reading) -> None:
    """BadInput for an image for processing, or of a kind of view, that was not asked for."""
    if is_raw(dataset) and not reading.raw:
        raise BadInput("It is for processing, not for presentation: what the detector counted. --raw converts it.")
    kinds = [kind for kind in kinds_of_view(dataset, layout) if kind not in reading.views]
    if kinds:
        wanted = " ".join(f"--views {kind}" for kind in kinds)
        raise BadInput(f"It is a view of the kind {' and '.join(kinds)}: {wanted} takes it.")


def contradictions(dataset: Any, scan: Scan, patients: bool = True) -> list[str]:
    """In which ways a header says something else of a scan than the source's table, in words.

    A patient's number is not repeated, and is not looked at where the header says that it was taken out.
    """
    said = [("the side", side_of(dataset), scan.laterality), ("the view", view_of(dataset), scan.view)]
    differing = [
        f"has a header that says {what} {header}: {table} of the table was taken"
        for what, header, table in said
        if header and table and header != table
    ]
    patient = "".join(words_of(dataset, "PatientID")[:1])
    removed = [word.upper() for word in words_of(dataset, "PatientIdentityRemoved")[:1]] == ["YES"]
    told = patients and not scan.file.endswith(f"/{scan.patient}")  # else the image stands for its patient
    named = told and patient != "0" and not is_nobody(patient) and not removed
    if named and _levelled_patient(patient) != _levelled_patient(scan.patient):
        differing.append("has a header that says another patient: that of the table was taken")
    return differing


def _levelled_patient(patient: str) -> str:
    """A patient's name without what spreadsheets and people change of it."""
    return patient.strip().upper().removesuffix(".0").lstrip("0")
