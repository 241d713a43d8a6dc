"""DDSM on disk: a case is an .ics with its LJPEGs and OVERLAYs in one folder of a volume."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput, Unreachable, reason
from deepminer_ray.files.location import Place, Remote, files_in, place, read_start
from deepminer_ray.sources import bounds, density, ics, ljpeg, overlay
from deepminer_ray.sources.rows import NOT_OUTLINED, Case, Lesion, Rejected, Repair, Scan

SOURCE_KIND = "ddsm"
ICS, LJPEG = ".ics", ".LJPEG"

CASE_NAME = re.compile(r"([A-Z])-(\d+)-(\d+)\.ics")

WITH_FINDINGS = re.compile(r"(cancer|benign)(s|_without_callbacks?)?(_.*)?", re.IGNORECASE)
"""How DDSM calls the volumes of patients who have a finding."""

HEADER_BYTES = 4096
"""More than PVRG's headers ever take: a catalog reads no pixels."""


def recognise(directory: Place) -> bool:
    """Whether there is an .ics somewhere below the directory."""
    return any(path.endswith(ICS) for path in _case_paths(directory))


def find_cases(directory: Place) -> list[str]:
    """The paths of all .ics below the directory, and of folders of films without one; BadInput where a folder cannot
    be listed.

    Sorted; the films of a case that has lost its .ics would otherwise be missing unseen.
    """
    return sorted(_case_paths(directory))


def _case_paths(directory: Place) -> Iterator[str]:
    """Every .ics, also below links to folders on other disks, each of which is entered once; or the folder of films."""
    if isinstance(directory, Remote):
        inside: dict[str, list[str]] = {}
        for file in directory.rglob("*"):
            inside.setdefault(str(file.parent), []).append(file.name)
        for folder, names in inside.items():
            yield from _cases_in(folder, names)
        return
    entered: set[Path] = set()
    for folder, below, files in os.walk(directory, onerror=_refuse_unlisted, followlinks=True):
        path = Path(folder).resolve()
        if path in entered:
            below.clear()
            continue
        entered.add(path)
        below.sort()
        yield from _cases_in(folder, files)


def _cases_in(folder: str, names: list[str]) -> list[str]:
    cases = [f"{folder}/{name}" for name in names if name.endswith(ICS)]
    return cases or ([folder] if any(name.endswith(LJPEG) for name in names) else [])


def _refuse_unlisted(error: OSError) -> None:
    raise BadInput(f"{error.filename} cannot be listed: {error.strerror}.") from error


def decode_scan(file: str, rows: int, columns: int, digitizer: str, bits: int) -> NDArray[np.uint16]:
    """Decode a whole film into density units [rows, columns]; BadInput where it cannot be decoded exactly.

    The header's precision does not measure a digitizer's levels: films of 12 bits are coded with 16.
    """
    grey = ljpeg.decode(place(file).read_bytes(), rows=rows, columns=columns)
    brightest = int(grey.max())
    if brightest >> bits:
        raise BadInput(f"The LJPEG is damaged: it holds grey level {brightest}, more than the {bits} bits of the .ics.")
    return density.to_density(grey, digitizer)


def read_case(ics_path: str) -> Case:
    """Read a case without its pixels; what cannot be used is a row of `rejected`, what was repaired of `repairs`."""
    path, case = place(ics_path), Case()
    if path.suffix != ICS:
        files = [file for file in files_in(path) if file.suffix == LJPEG]
        return Case(rejected=[Rejected(str(file), "Its case has no .ics: nothing says what it is.") for file in files])
    name = CASE_NAME.fullmatch(path.name)
    if name is None:
        case.rejected.append(Rejected(ics_path, "The file is not named as a case of DDSM is, such as C-0820-1.ics."))
        return case
    try:
        form = ics.parse_ics(bounds.read_text(path, "latin-1"), name[1])
    except Unreachable:
        raise
    except Exception as error:
        case.rejected.append(Rejected(ics_path, reason(error)))
        return case
    if form.filename != path.stem:
        case.repairs.append(Repair(ics_path, f"names the case {form.filename!r}: the name of the file was taken"))
    stem = path.stem.replace("-", "_")
    if form.age is None:
        case.repairs.append(Repair(ics_path, "has no PATIENT_AGE: it stays unknown"))
    there = {file.name: file for file in files_in(path.parent)}
    for view in form.views:
        _read_view(case, path.parent / f"{stem}.{view}", form, f"{name[1]}_{name[2]:0>4}", there.keys())
    volume = path.absolute().parent.parent.name
    if WITH_FINDINGS.fullmatch(volume) and not case.lesions:
        why = f"Its case lies in {volume}, and none of its films has an outline: {NOT_OUTLINED}"
        case.rejected += [Rejected(scan.file, why) for scan in case.scans]
        case.scans = []
    for file in there.values():
        _account_for(case, file, stem, form)
    return case


def _read_view(case: Case, path: Place, form: ics.Ics, patient: str, there: Collection[str]) -> None:
    """Add the scan at `path`, which is without suffix, and its lesions to the case, or say why not.

    `there` are the names of the files in the case's folder.
    """
    file, drawing = path.with_name(f"{path.name}.LJPEG"), path.with_name(f"{path.name}.OVERLAY")
    laterality, _, view = path.suffix[1:].partition("_")
    size = form.views[path.suffix[1:]]
    try:
        reshaped = _check_header(file, size, there)
    except Unreachable:
        raise
    except Exception as error:
        case.rejected.append(Rejected(str(file), reason(error)))
        return
    abnormalities: list[overlay.Abnormality] = []
    repairs: list[str] = []
    announced, drawn = size.overlay, drawing.name in there
    if drawn:
        try:
            text = bounds.read_text(drawing, "latin-1")
            abnormalities, repairs = overlay.parse_overlay(text, size.pixels_per_line, size.lines)
        except Unreachable:
            raise
        except Exception as error:
            case.rejected.append(Rejected(str(drawing), reason(error)))
            case.rejected.append(Rejected(str(file), "Its OVERLAY cannot be read: its labels would be wrong."))
            return
    if announced and not drawn:
        case.rejected.append(Rejected(str(file), f"The .ics announces an OVERLAY, there is none: {NOT_OUTLINED}"))
        return
    if drawn and not announced:
        repairs = ["the .ics announces no OVERLAY, there is one: it was read", *repairs]
    if size.resolution is None:
        repairs = ["the .ics has no RESOLUTION of this film: it stays unknown", *repairs]
    case.repairs += [Repair(str(file), what) for what in reshaped]
    case.repairs += [Repair(str(drawing), what) for what in repairs]
    scan = f"{path.absolute().parent.parent.name}-{path.name}"
    case.scans.append(
        Scan(
            scan=scan,
            patient=patient,
            laterality=laterality,
            view=view,
            source_kind=SOURCE_KIND,
            file=str(file),
            rows=size.lines,
            columns=size.pixels_per_line,
            bits=size.bits,
            digitizer=form.digitizer,
            resolution=size.resolution,
            density=form.density,
            age=form.age,
        )
    )
    case.lesions += [_lesion(scan, number, abnormality) for number, abnormality in enumerate(abnormalities, 1)]


def _check_header(file: Place, size: ics.View, there: Collection[str]) -> list[str]:
    """Compare the header with the .ics; exchanged rows and columns are DDSM's habit and no fault."""
    bounds.refuse_size(size.lines, size.pixels_per_line)
    packed = f"{file.name}.gz"
    if file.name not in there:
        raise BadInput(f"The film is packed: unpack {packed}." if packed in there else "The film is missing.")
    header = ljpeg.header(read_start(file, HEADER_BYTES))
    expected = (size.lines, size.pixels_per_line)
    if header.rows * header.columns != size.lines * size.pixels_per_line:
        raise BadInput(
            f"The LJPEG holds {header.rows} x {header.columns} pixels, the .ics says {expected[0]} x {expected[1]}."
        )
    odd = ljpeg.reshaping(header, *expected)
    return [f"{odd} of the .ics"] if odd else []


def _lesion(scan: str, number: int, abnormality: overlay.Abnormality) -> Lesion:
    columns, rows = zip(*abnormality.outline, strict=True)
    return Lesion(
        lesion=f"{scan}#{number}",
        scan=scan,
        abnormality=number,
        pathology=abnormality.pathology,
        lesion_type=abnormality.lesion_type,
        shape=abnormality.shape,
        margins=abnormality.margins,
        calcification_type=abnormality.calcification_type,
        distribution=abnormality.distribution,
        assessment=abnormality.assessment,
        subtlety=abnormality.subtlety,
        report=abnormality.report,
        x=min(columns),
        y=min(rows),
        width=max(columns) - min(columns) + 1,
        height=max(rows) - min(rows) + 1,
        outline=[abnormality.outline],
    )


def _account_for(case: Case, file: Place, stem: str, form: ics.Ics) -> None:
    """Name every file of the folder that is not read, so that nothing goes missing unseen."""
    own = [f"{stem}.{view}" for view in form.views]
    if file.suffix == ".ics" or file.name == f"TAPE_{stem}.COMB.16_PGM":
        return
    if file.suffix in (".LJPEG", ".OVERLAY"):
        if file.stem in own:
            return
        if file.suffix == ".LJPEG" and file.stem.startswith(f"{stem}."):
            case.rejected.append(Rejected(str(file), "The .ics has no size for this film."))
            return
        why = "it belongs to no film of this case"
    elif file.suffix == ".16_PGM":
        why = "it is the preview of another case"
    elif ".LJPEG." in file.name:
        why = "it is a copy or a leftover of a film"
    else:
        why = "it is not a file of DDSM's layout"
    case.repairs.append(Repair(str(file), f"ignored: {why}"))
