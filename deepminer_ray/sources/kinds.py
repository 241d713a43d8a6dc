"""The kinds of directories that hold images, and how each is listed, read and decoded."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography, read_domain
from deepminer_ray.errors import BadInput, reason
from deepminer_ray.files.location import Place, resolved
from deepminer_ray.mammography import SUSPICIOUS_FROM
from deepminer_ray.sources import cbis, coco, ddsm, image, inbreast, manifest, mias, voc
from deepminer_ray.sources.bounds import read_text
from deepminer_ray.sources.data_set import DataSet
from deepminer_ray.sources.density import COLOUR
from deepminer_ray.sources.dicom_grey import Reading
from deepminer_ray.sources.image_case import read_image_case
from deepminer_ray.sources.meaning import Vocabulary
from deepminer_ray.sources.published import DATA_SETS
from deepminer_ray.sources.rows import Case
from deepminer_ray.sources.two_tables import ImageCells, is_there


class SourceKind(Protocol):
    """A kind of source: its items are small, are read independently and hold no pixels."""

    @property
    def name(self) -> str: ...

    def recognise(self, directory: Place) -> bool: ...

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        """The items; what is to be said once of the whole source is appended to remarks."""
        ...

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case: ...

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        """What an item is called where it is rejected."""
        ...

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        """A scan in density units [rows, columns]; where its digitizer is COLOUR, its colours [rows, columns, 3]."""
        ...


@dataclass(frozen=True)
class Ddsm:
    """DDSM's own tree: one item a case."""

    name: str = "ddsm"

    def recognise(self, directory: Place) -> bool:
        return ddsm.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        refuse_other_domain(self.name, domain)
        return [{"ics": path} for path in ddsm.find_cases(directory)]

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return ddsm.read_case(item["ics"])

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        return str(item["ics"])

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        return ddsm.decode_scan(scan["file"], scan["rows"], scan["columns"], scan["digitizer"], scan["bits"])


@dataclass(frozen=True)
class Manifest:
    """A manifest.csv beside images and masks: one item a row, or an image where there are two tables."""

    name: str = "manifest"

    def recognise(self, directory: Place) -> bool:
        return manifest.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        return list(manifest.items_of_manifest(directory, domain, remarks))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return manifest.read_item(str(directory), item, domain)

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        return f"{directory}/{item['image'] or manifest.MANIFEST_FILE}"

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        reading = Reading.of(scan)
        return image.read_image(scan["file"], image.RGB if scan["digitizer"] == COLOUR else 1, reading)


@dataclass(frozen=True)
class Assessed(Manifest):
    """Mammograms with BI-RADS categories, but no pathology: from which category on a finding counts as malignant."""

    suspicious_from: int = SUSPICIOUS_FROM


@dataclass(frozen=True)
class Cbis:
    """CBIS-DDSM's csv files, films and masks: one item a film."""

    name: str = cbis.SOURCE_KIND

    def recognise(self, directory: Place) -> bool:
        return cbis.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        refuse_other_domain(self.name, domain)
        return list(cbis.find_scans(directory))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return cbis.read_case(str(directory), item)

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        return f"{directory}/{item['listed']}"

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        return image.read_graded(scan["file"])


@dataclass(frozen=True)
class Coco(Manifest):
    """COCO's JSON: one item an image."""

    name: str = coco.SOURCE_KIND

    def recognise(self, directory: Place) -> bool:
        return coco.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        return list(coco.find_images_of_coco(directory, domain, remarks))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return read_image_case(str(directory), ImageCells.of(item), Vocabulary.of(domain), self.name)


@dataclass(frozen=True)
class Voc(Manifest):
    """The folders of Pascal VOC: one item an image with its file of annotations."""

    name: str = voc.SOURCE_KIND

    def recognise(self, directory: Place) -> bool:
        return voc.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        return list(voc.find_annotations(directory, domain, remarks))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return voc.read_annotation(str(directory), item, domain)


@dataclass(frozen=True)
class Inbreast(Assessed):
    """INbreast: one item a film with its file of contours."""

    name: str = inbreast.SOURCE_KIND

    def recognise(self, directory: Place) -> bool:
        return inbreast.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        refuse_other_domain(self.name, domain)
        return list(inbreast.find_scans_of_inbreast(directory, self.suspicious_from, remarks))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return inbreast.read_scan_of_inbreast(str(directory), item, domain)


@dataclass(frozen=True)
class Mias(Manifest):
    """mini-MIAS: one item a film."""

    name: str = mias.SOURCE_KIND

    def recognise(self, directory: Place) -> bool:
        return mias.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        refuse_other_domain(self.name, domain)
        return list(mias.find_scans_of_mias(directory))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return mias.read_scan_of_mias(str(directory), item, domain)


@dataclass(frozen=True)
class Published(Manifest):
    """A data set whose tables say what each image shows: one item an image."""

    data_set: DataSet = field(kw_only=True)

    def recognise(self, directory: Place) -> bool:
        return self.data_set.recognise(directory)

    def items(self, directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, Any]]:
        refuse_other_domain(self.name, domain)
        suspicious_from = self.suspicious_from if isinstance(self, Assessed) else SUSPICIOUS_FROM
        return list(self.data_set.find(directory, suspicious_from, remarks))

    def case(self, directory: Place, item: dict[str, Any], domain: Domain) -> Case:
        return self.data_set.read(str(directory), item, domain)


@dataclass(frozen=True)
class PublishedAssessed(Published, Assessed):
    """One without pathology."""


def kind_of_data_set(of: DataSet) -> SourceKind:
    """A published data set as a kind of source."""
    return (PublishedAssessed if of.assessed else Published)(of.name, data_set=of)


_OF_TABLES = tuple(map(kind_of_data_set, DATA_SETS))
_OTHERS: tuple[SourceKind, ...] = (Cbis(), Ddsm(), Coco(), Voc(), Inbreast(), Mias())
SOURCE_KINDS: dict[str, SourceKind] = {kind.name: kind for kind in (Manifest(), *_OF_TABLES, *_OTHERS)}


DOMAIN_FILE = "domain.toml"
"""What says in a source what its images are of."""


def domain_of_source(directory: Place, file: str | None, remarks: list[str]) -> Domain:
    """The domain of a file that was named, else of domain.toml in the source, else that of mammograms.

    If there are both, the one that was named counts, which is appended to remarks.
    """
    own = directory / DOMAIN_FILE
    if file is None:
        return domain_of_file(own) if is_there(own) else mammography()
    domain = domain_of_file(resolved(file))
    if is_there(own) and str(own) != str(resolved(file)):
        remarks.append(f"the domain is that of {file}: {own} is not used")
    return domain


def refuse_other_domain(source_kind: str, domain: Domain) -> None:
    """BadInput where a data set of mammograms is to be read as anything else."""
    if not (domain.of_paper and domain.classes == mammography().classes):
        raise BadInput(
            f"A source of kind {source_kind} holds mammograms, and the domain is {domain.name}: leave out the file of "
            "the domain, or give the folder that holds its images."
        )


def domain_of_file(file: Place) -> Domain:
    """The domain that a file says; BadInput where it cannot be read, or has a mistake."""
    try:
        text = read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {reason(error)}") from error
    return read_domain(text, str(file))


def with_rule(kind: SourceKind, suspicious_from: int) -> SourceKind:
    """A kind with the rule for its classes; BadInput where another than the usual one is given and it needs none."""
    if isinstance(kind, Assessed):
        return replace(kind, suspicious_from=suspicious_from)
    if suspicious_from != SUSPICIOUS_FROM:
        raise BadInput(f"A source of kind {kind.name} says the class of its findings: leave out `--suspicious-from`.")
    return kind


def kind_of_source(directory: Place, source_kind: str | None = None) -> SourceKind:
    """The kind asked for, or the one that recognises the directory; BadInput where there is none."""
    if source_kind is not None:
        if source_kind not in SOURCE_KINDS:
            raise BadInput(f"There is no source kind {source_kind!r}: use one of {', '.join(SOURCE_KINDS)}.")
        return SOURCE_KINDS[source_kind]
    if not directory.is_dir():
        raise BadInput(f"{directory} is not a directory: give the folder that holds the mammograms.")
    for kind in SOURCE_KINDS.values():
        if kind.recognise(directory):
            return kind
    others = "".join(f", no {one.table} of {one.title}" for one in DATA_SETS)
    raise BadInput(
        f"{directory} holds no DDSM cases (.ics), no manifest.csv, no csv of CBIS-DDSM, no JSON of COCO, no "
        f"Annotations of Pascal VOC, no INbreast.csv, no Info.txt of mini-MIAS{others}: give the folder that does."
    )
