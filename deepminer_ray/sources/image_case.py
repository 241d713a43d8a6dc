"""One image of two tables, or of what was brought into their form, as a scan with its findings."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.files.table import slashed
from deepminer_ray.sources import image
from deepminer_ray.sources.bounds import age, finite, refuse_many, whole_number
from deepminer_ray.sources.density import COLOUR, DISPLAY
from deepminer_ray.sources.finding import (
    KEYWORDS,
    Finding,
    lesion_of,
    mask_values,
    read_finding,
    read_number,
)
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.patient import refuse_nobody
from deepminer_ray.sources.rows import Case, Keyword, RegionMask, Rejected, Repair, Ring, Scan
from deepminer_ray.sources.shape import rings_said
from deepminer_ray.sources.two_tables import CLASS_COLUMN, Cells, ImageCells
from deepminer_ray.sources.values import mammogram_side_and_view, read_density


def read_image_case(directory: str, said: ImageCells, vocabulary: Vocabulary, source_kind: str) -> Case:
    """An image's scan and findings, or why it is rejected; of images only headers are read, masks wholly."""
    try:
        if said.doubt:
            raise BadInput(said.doubt)
        return _ImageReader(place(directory), said, vocabulary, source_kind).case()
    except BadInput as error:
        file, line = place(directory).absolute() / (said.image or "."), "".join(said.told[:1])
        return Case(rejected=[Rejected(str(file), f"{line[:1].upper()}{line[1:]}{line and ': '}{error}")])


def inside(directory: Place, name: str, what: str) -> Place:
    """A file of a source by the name that the source gives it; BadInput where that leads elsewhere."""
    if not name:
        raise BadInput(f"The row names no {what}.")
    name = slashed(name)
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise BadInput(f"The {what} {name} lies outside the directory of the manifest.")
    return directory.absolute() / name


@dataclass
class _ImageReader:
    """Reads one image of a source; what was repaired is gathered."""

    directory: Place
    said: ImageCells
    vocabulary: Vocabulary
    source_kind: str
    repairs: list[str] = field(default_factory=list)
    last_mask: tuple[str, NDArray[np.generic]] | None = None

    def case(self) -> Case:
        """The scan and its findings; BadInput where one of them cannot be used."""
        path = inside(self.directory, self.said.image, "image")
        scan = self._scan(path)
        case = Case(scans=[scan], regions=self._regions(scan))
        refuse_many(len(self.said.findings), f"findings of {path.name}")
        for number, cells in enumerate(self.said.findings, 1):
            try:
                self._add_finding(case, scan, cells, number)
            except BadInput as error:
                line = "".join(self.said.told[number : number + 1])
                where = f"{number} of {len(self.said.findings)}{line and ', '}{line}"
                raise BadInput(f"Finding {where}: {error}") from error
        self._compare(case, scan)
        case.repairs += [Repair(scan.file, what) for what in self.repairs]
        return case

    def _scan(self, path: Place) -> Scan:
        cells, domain = self.said.cells, self.vocabulary.domain
        patient = cells.get("patient", self.said.image)
        if "patient" in cells:
            refuse_nobody(patient)
        laterality, view = cells.get("laterality"), cells.get("view")
        if domain.of_paper and (laterality or view):
            laterality, view = mammogram_side_and_view(laterality or "", view or "")
        header = image.scan_header(path, domain.looked.channels)
        self._refuse_other_size(header)
        return Scan(
            scan=self.said.scan,
            patient=patient,
            laterality=laterality,
            view=view,
            source_kind=self.source_kind,
            file=str(path),
            rows=header.rows,
            columns=header.columns,
            bits=header.bits,
            digitizer=COLOUR if domain.looked.channels > 1 else DISPLAY,
            resolution=read_number(cells.get("resolution", ""), "resolution", finite, self.repairs),
            density=read_number(cells.get("density", ""), "density", read_density, self.repairs),
            age=read_number(cells.get("age", ""), "age", age, self.repairs),
        )

    def _refuse_other_size(self, header: image.ImageHeader) -> None:
        """BadInput where the source says another size of the image: its findings would lie elsewhere."""
        for name, px in (("columns", header.columns), ("rows", header.rows)):
            told = self.said.cells.get(name)
            if told is not None and told != str(px):
                raise BadInput(
                    f"It is said to have {told[:40]} {name}, and has {px}: its findings would lie elsewhere."
                )

    def _regions(self, scan: Scan) -> list[RegionMask]:
        if self.vocabulary.domain.looked.region != "mask":
            return []
        file = inside(self.directory, self.said.cells.get("region", ""), "region")
        header = image.read_header(file, "region")
        if (header.rows, header.columns) != (scan.rows, scan.columns):
            size = f"{header.columns} x {header.rows} px, the image {scan.columns} x {scan.rows} px"
            raise BadInput(f"The region is {size}.")
        told = self.said.cells.get("region_value")
        try:
            value = None if told is None else whole_number(told)
        except ValueError as error:
            raise BadInput(f"The region's value is {told!r}, which is not a whole number.") from error
        return [RegionMask(scan.scan, str(file), value)]

    def _add_finding(self, case: Case, scan: Scan, cells: Cells, number: int) -> None:
        """Add what columns say of one finding; the rest class without a word or place says that there is none."""
        domain = self.vocabulary.domain
        if not cells.get(CLASS_COLUMN):
            raise BadInput(f"It has no class: give it one, {domain.classes.rest} where it counts as none.")
        pathology = self.vocabulary.pathology(cells[CLASS_COLUMN])
        repairs: list[str] = []
        rings = rings_said(cells, (scan.columns, scan.rows), lambda name: self._mask(name, scan), repairs)
        keywords = self.vocabulary.keywords(cells if not domain.of_paper else _without_columns(cells))
        if domain.of_paper:
            finding = read_finding(_of_mammogram(cells) | {"pathology": pathology}, repairs)
        else:
            finding = Finding(
                pathology,
                dict.fromkeys(KEYWORDS),
                self.vocabulary.report(keywords),
                read_number(cells.get("assessment", ""), "assessment", whole_number, repairs),
                read_number(cells.get("subtlety", ""), "subtlety", whole_number, repairs),
            )
        self.repairs += [f"finding {number} {what}" for what in repairs]
        if pathology != domain.classes.rest or rings or finding.report or keywords:
            self._add(case, scan, finding, rings, keywords)

    def _add(
        self, case: Case, scan: Scan, finding: Finding, rings: list[Ring], keywords: list[tuple[str, str]]
    ) -> None:
        lesion = lesion_of(scan.scan, len(case.lesions) + 1, finding, rings)
        case.lesions.append(lesion)
        case.keywords += [Keyword(lesion.lesion, *keyword) for keyword in keywords]

    def _mask(self, name: str, scan: Scan) -> NDArray[np.generic]:
        """The values of a mask; several findings in a row may be of one."""
        if self.last_mask is None or self.last_mask[0] != name:
            file = inside(self.directory, name, "mask")
            self.last_mask = name, mask_values(file, scan.columns, scan.rows)
        return self.last_mask[1]

    def _compare(self, case: Case, scan: Scan) -> None:
        """The class of the whole image beside its findings: one that no finding has is a finding of unknown place.

        BadInput where a finding is more severe than the image is said to be: one of them is wrong.
        """
        if not self.said.cells.get(CLASS_COLUMN):
            return
        classes, pathology = self.vocabulary.domain.classes, self.vocabulary.pathology(self.said.cells[CLASS_COLUMN])
        of_image = self.vocabulary.counts_as(pathology)
        known = [self.vocabulary.counts_as(lesion.pathology) for lesion in case.lesions]
        worst = classes.worst(known)
        if classes.worst([worst, of_image]) != of_image:
            raise BadInput(f"It is said to be {of_image}, and a finding of it is {worst}: one of them is wrong.")
        if of_image not in (classes.rest, *known):
            self._add(case, scan, Finding(pathology, dict.fromkeys(KEYWORDS), "", None, None), [], [])


def _of_mammogram(cells: Cells) -> Cells:
    """The columns of a lesion that `lesion` has, several terms joined as DDSM joins them."""
    said = {name: "-".join(map(str.strip, cells.get(name, "").split(";"))) for name in KEYWORDS}
    return said | {name: cells.get(name, "") for name in ("assessment", "subtlety")}


def _without_columns(cells: Cells) -> Cells:
    return {name: cell for name, cell in cells.items() if level(name) not in KEYWORDS}
