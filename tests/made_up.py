"""Small made-up mammograms, and the shared cases, for tests of published data sets."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepminer_ray.files.location import Place
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.sources.rows import Case
from tests.domains import MAMMOGRAPHY

SHARED_CASES = Path(__file__).parents[2] / "shared" / "cases"
Disc = tuple[int, int, int]


def breast(rows: int, columns: int, lesions: Sequence[Disc] = (), white: int = 255) -> NDArray[np.uint16]:
    """Grey levels: air, tissue in a half-ellipse at the left edge, and brighter discs (x, y, radius)."""
    y, x = np.mgrid[0:rows, 0:columns]
    grey = np.where(((y - rows / 2) / (0.42 * rows)) ** 2 + (x / (0.72 * columns)) ** 2 < 1, 0.4, 0.02)
    for left, top, radius in lesions:
        grey[(x + 0.5 - left) ** 2 + (y + 0.5 - top) ** 2 < radius**2] = 0.7
    return np.asarray(np.rint(grey * white), np.uint16)


def read_source(folder: Place, source_kind: str, remarks: list[str] | None = None) -> dict[str, Case]:
    """By the name of its file what a folder holds, of the kind that it is recognised to be."""
    kind = kind_of_source(folder)
    assert kind.name == source_kind
    items = kind.items(folder, MAMMOGRAPHY, [] if remarks is None else remarks)
    return {Path(kind.file(folder, item)).name: kind.case(folder, item, MAMMOGRAPHY) for item in items}


def why(case: Case) -> str:
    """Why an image was rejected; nothing else is said of it."""
    assert not (case.scans or case.lesions or case.keywords or case.repairs)
    (rejected,) = case.rejected
    return rejected.reason


def shared_case(name: str, folder: Path) -> Path:
    """A copy of a shared case with its files; the test is skipped where there are none."""
    if not (SHARED_CASES / name).is_dir():
        pytest.skip("the shared cases are not beside the repository")
    for file in SHARED_CASES.glob("*.py"):
        shutil.copy(file, folder)
    shutil.copytree(SHARED_CASES / name, folder / name)
    subprocess.run([sys.executable, "make.py"], cwd=folder / name, check=True)
    return folder / name
