"""Whole published data sets of mammograms with one damaged file."""

import plistlib
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.fuzzing.whole import Said, Source
from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography
from tests.dicom import write_dicom
from tests.made_up import breast

SQUARE = [(20.0, 60.0), (35.0, 60.0), (35.0, 75.5), (20.0, 75.0)]


class Numbered(Source):
    """A data set whose films have a number that stands in every file's name and every row."""

    @property
    def domain(self) -> Domain:
        """What the images are of."""
        return mammography()

    def number(self, name: str) -> str:
        """The number of a film by its name or that of a file of its."""
        return PurePath(name).stem.split("_")[0]

    def _named(self, scan: str, path: str, after: Said) -> bool:
        return any(self.number(file) == self.number(scan) for file, _ in after.rejected)

    def _listed(self, scan: str) -> bool:
        tables = (file for file in self.files if file.suffix in (".csv", ".txt"))
        return any(self._names(line.decode("latin-1"), scan) for file in tables for line in self._lines(file))

    def _lines(self, file: Path) -> list[bytes]:
        """The lines of a table that are as they were."""
        now = file.read_bytes().splitlines() if file.is_file() else []
        return [line for line in self.contents[self.files.index(file)].splitlines() if line in now]

    def _scans_of(self, file: Path, damage: dict[str, Any]) -> set[str]:
        scans = set(self.before.scans)
        if file.suffix not in (".csv", ".txt"):
            other = damage.get("name", file.name)
            return {scan for scan in scans if self.number(scan) in (self.number(file.name), self.number(other))}
        before = self.contents[self.files.index(file)].splitlines()
        now = damage.get("content", "").encode("latin-1").splitlines()
        if file.suffix == ".csv" and now[:1] != before[:1]:
            return scans
        changed = [line.decode("latin-1") for line in {*before} ^ {*now}]
        return {scan for scan in scans if any(self._names(line, scan) for line in changed)}

    def _names(self, line: str, scan: str) -> bool:
        return self.number(scan) in line


def inbreast_source(folder: Path) -> None:
    """Four films of two patients: masses, a cluster with a calcification, one that is benign, one normal."""
    contours = {
        "20000001": ("L;CC", "2;5", [("Mass", SQUARE), ("Spiculated Region", SQUARE[:3])]),
        "20000002": ("L;MLO", ";4a", [("Cluster", SQUARE), ("Calcification", [(30.5, 80.5)])]),
        "20000003": ("R;CC", "4;2", [("Mass", SQUARE)]),
        "20000004": ("R;MLO", "4;1", []),
    }
    (folder / "AllXML").mkdir(parents=True)
    table = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads\r\n"
    for place, (number, (told, last, regions)) in enumerate(contours.items()):
        table += f"removed;removed;{told};201001;{number};{last}\r\n"
        name = f"{number}_p{place // 2}_MG_{told.replace(';', '_').replace('MLO', 'ML')}_ANON.dcm"
        write_dicom(folder / "AllDICOMs" / name, breast(160, 120, white=4000 + place), stored=12)
        rois = [
            {"Name": name, "NumberOfPoints": len(points), "Point_px": [f"({x}, {y})" for x, y in points]}
            for name, points in regions
        ]
        if rois:
            said = {"Images": [{"ImageIndex": 0, "NumberOfROIs": len(rois), "ROIs": rois}]}
            (folder / "AllXML" / f"{number}.xml").write_bytes(plistlib.dumps(said))
    (folder / "INbreast.csv").write_bytes(table.encode())


def mias_source(folder: Path) -> None:
    """Five films of three patients: a mass, two findings, one without a place, and two normal ones."""
    folder.mkdir(parents=True)
    (folder / "Info.txt").write_text(
        "REFNUM BG CLASS SEVERITY X Y RADIUS\nmdb001 G CIRC B 30 90 20\nmdb002 D NORM\nmdb003 F SPIC M 30 80 10\n"
        "mdb003 F CALC B 40 60 8\nmdb004 G CALC M *NOTE 3*\nmdb005 F NORM\n"
    )
    for number in range(1, 6):
        grey = breast(160, 120, white=200 + number)
        Image.fromarray(grey.astype(np.uint8)).save(folder / f"mdb{number:03d}.pgm")


def published_sources() -> list[Source]:
    """One of each."""
    return [
        Numbered("source-inbreast", "inbreast", inbreast_source),
        Numbered("source-mias", "mias", mias_source),
    ]
