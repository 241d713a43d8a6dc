"""The kinds of directories that hold mammograms, and how each is listed, read and decoded."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput, reason
from deepminer_ray.files.location import Place
from deepminer_ray.sources import cbis, ddsm, image, manifest
from deepminer_ray.sources.bounds import read_text
from deepminer_ray.sources.rows import Case


class SourceKind(Protocol):
    """A kind of source: its items are small, are read independently and hold no pixels."""

    @property
    def name(self) -> str: ...

    def recognise(self, directory: Place) -> bool: ...

    def items(self, directory: Place) -> list[dict[str, Any]]: ...

    def case(self, directory: Place, item: dict[str, Any]) -> Case: ...

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        """What an item is called where it is rejected."""
        ...

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]: ...


@dataclass(frozen=True)
class Ddsm:
    """DDSM's own tree: one item a case."""

    name: str = "ddsm"

    def recognise(self, directory: Place) -> bool:
        return ddsm.recognise(directory)

    def items(self, directory: Place) -> list[dict[str, Any]]:
        return [{"ics": path} for path in ddsm.find_cases(directory)]

    def case(self, directory: Place, item: dict[str, Any]) -> Case:
        return ddsm.read_case(item["ics"])

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        return str(item["ics"])

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        return ddsm.decode_scan(scan["file"], scan["rows"], scan["columns"], scan["digitizer"], scan["bits"])


@dataclass(frozen=True)
class Manifest:
    """A manifest.csv beside images and masks: one item a row."""

    name: str = "manifest"

    def recognise(self, directory: Place) -> bool:
        return manifest.recognise(directory)

    def items(self, directory: Place) -> list[dict[str, Any]]:
        return list(manifest.find_rows(directory))

    def case(self, directory: Place, item: dict[str, Any]) -> Case:
        return manifest.read_row(str(directory), item)

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        return f"{directory}/{item['image'] or manifest.MANIFEST_FILE}"

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        return image.read_image(scan["file"])


@dataclass(frozen=True)
class Cbis:
    """CBIS-DDSM's csv files, films and masks: one item a film."""

    name: str = cbis.SOURCE_KIND

    def recognise(self, directory: Place) -> bool:
        return cbis.recognise(directory)

    def items(self, directory: Place) -> list[dict[str, Any]]:
        return list(cbis.find_scans(directory))

    def case(self, directory: Place, item: dict[str, Any]) -> Case:
        return cbis.read_case(str(directory), item)

    def file(self, directory: Place, item: dict[str, Any]) -> str:
        return f"{directory}/{item['listed']}"

    def pixels(self, scan: dict[str, Any]) -> NDArray[np.uint16]:
        return image.read_image(scan["file"])


SOURCE_KINDS: dict[str, SourceKind] = {kind.name: kind for kind in (Manifest(), Cbis(), Ddsm())}


def domain_of_file(file: Place) -> Domain:
    """The domain that a file says; BadInput where it cannot be read, or has a mistake."""
    try:
        text = read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {reason(error)}") from error
    return read_domain(text, str(file))


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
    raise BadInput(
        f"{directory} holds no DDSM cases (.ics), no manifest.csv and no csv of CBIS-DDSM: give the folder that does."
    )
