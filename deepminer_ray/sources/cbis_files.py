"""Where the films and masks of CBIS-DDSM lie: downloads name their folders in three ways.

By patient, side and view, as the tables do; by the UIDs in the tables' paths alone; or, as in its JPEG copy, by UIDs
that a table of its own gives the other names of.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from deepminer_ray.files.location import Place, Remote, place
from deepminer_ray.sources.bounds import read_csv
from deepminer_ray.sources.finding import JPEG_SUFFIXES

READABLE = ("Mass-", "Calc-")
UID = re.compile(r"(?:.*_)?(\d+(?:\.\d+){5,})")
"""How folders are named that are named by a UID: the modality may stand before it."""
DICOM_SUFFIX = ".dcm"
LISTING = "dicom_info.csv"
"""The table of the JPEG copy, a row a file."""
PATH_COLUMN, NAME_COLUMN = "image_path", "PatientID"
"""Its columns: a file, and the folder that the other downloads have it in. SeriesDescription is often empty."""


@dataclass
class Downloaded:
    """Folders by their readable names, files by the UIDs of their folders, and files by the names a table gives."""

    folders: dict[str, str] = field(default_factory=dict)
    series: dict[str, list[str]] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)

    def names(self) -> dict[str, str]:
        """Every readable name, with what it names first."""
        return {name: next(iter(files), name) for name, files in self.listed.items()} | self.folders

    def of(self, *paths: str) -> list[str]:
        """The folder, or else the files, that the tables' paths of one film or of one finding mean."""
        names = dict.fromkeys(first_folder(path) for path in paths)
        if folders := [self.folders[name] for name in names if name in self.folders]:
            return folders
        if files := [file for name in names for file in self.listed.get(name, ())]:
            return list(dict.fromkeys(files))
        return list(dict.fromkeys(file for path in paths for file in self._of_uid(path)))

    def _of_uid(self, path: str) -> list[str]:
        """The files in the folder of a path's series, or where there is none of its study."""
        known = (self.series[part] for part in reversed(PurePosixPath(path).parts) if part in self.series)
        return next(known, [])


def find_files(directory: Place, tables: Place) -> Downloaded:
    """What lies below a directory; BadInput where the listing of the JPEG copy beside the tables cannot be read."""
    downloaded = Downloaded()
    for file in _walk(directory, downloaded.folders):
        for folder in file.removeprefix(str(directory)).split("/")[:-1]:
            if uid := UID.fullmatch(folder):
                downloaded.series.setdefault(uid[1], []).append(file)
    if (tables / LISTING).is_file():
        for name, path in _listing(tables / LISTING):
            named = PurePosixPath(path.replace("\\", "/"))
            of_folder = downloaded.series.get(named.parent.name, ())
            downloaded.listed.setdefault(name, []).extend(
                file for file in of_folder if PurePosixPath(file).name == named.name
            )
    return downloaded


def _walk(directory: Place, folders: dict[str, str]) -> Iterator[str]:
    """The images below a directory that are not in a folder with a readable name; those folders are added."""
    if isinstance(directory, Remote):
        yield from _walk_bucket(directory, folders)
        return
    for folder, names, files in os.walk(directory):
        for name in names:
            if name.startswith(READABLE):
                folders[name] = str(Path(folder) / name)
        names[:] = [name for name in names if name not in folders]
        yield from (str(Path(folder) / name) for name in sorted(files) if _is_image(name))


def _walk_bucket(directory: Remote, folders: dict[str, str]) -> Iterator[str]:
    for file in directory.rglob("*"):
        readable, folder = False, file.parent
        while _is_image(file.name) and str(folder) != str(directory):
            if folder.name.startswith(READABLE):
                folders[folder.name], readable = str(folder), True
            folder = folder.parent
        if _is_image(file.name) and not readable:
            yield str(file)


def _is_image(name: str) -> bool:
    return name.lower().endswith((DICOM_SUFFIX, *JPEG_SUFFIXES))


def _listing(file: Place) -> Iterator[tuple[str, str]]:
    """The readable name and the path of each file that the listing has."""
    table = read_csv(file)
    table.need(PATH_COLUMN, NAME_COLUMN)
    for path, name in table.select(PATH_COLUMN, NAME_COLUMN).iter_rows():
        if path and name:
            yield name, path


def images_of(paths: Iterable[str]) -> list[Place]:
    """The images that are meant by paths: files, and the DICOM files anywhere in folders."""
    images: list[Place] = []
    for path in paths:
        one = place(path)
        images += [one] if _is_image(one.name) else sorted(one.rglob(f"*{DICOM_SUFFIX}"))
    return images


def first_folder(path: str) -> str:
    """The first folder of a path in the csv files, e.g. Mass-Training_P_00001_LEFT_CC_1: the rest differs on disk."""
    parts = PurePosixPath(path).parts
    return parts[0] if parts else ""
