"""Runs of images in colour, catalogued by the test: discs of two colours on white, each a finding of its class."""

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import fill_of_domain
from deepminer_ray.domain_file import read_domain
from deepminer_ray.sources.density import COLOUR
from deepminer_ray.sources.fingerprint import fingerprint

DOMAIN = """name = "discs"
classes = ["paper", "blue", "red"]
rest = "paper"

[image]
channels = 3
region = "all"
patches_across = 3
places_per_patch = 2

[terms]
hue = ["blue", "red"]
"""
WHITE = (60_000, 60_000, 60_000)
HUES = {"red": (52_000, 14_000, 16_000), "blue": (14_000, 18_000, 52_000)}
Row = dict[str, Any]


def discs(hue: str | None, seed: int, rows: int = 96, columns: int = 128) -> tuple[NDArray[np.uint16], Row | None]:
    """An image [rows, columns, 3] and the box of its disc, if it has one."""
    chance = np.random.default_rng(seed)
    pixels = np.full((rows, columns, 3), WHITE, np.float64)
    box = None
    if hue is not None:
        radius = 14
        x, y = (int(chance.integers(radius + 1, px - radius - 1)) for px in (columns, rows))
        down, across = np.mgrid[:rows, :columns]
        pixels[(down - y) ** 2 + (across - x) ** 2 <= radius**2] = HUES[hue]
        box = {"x": x - radius, "y": y - radius, "width": 2 * radius + 1, "height": 2 * radius + 1}
    return np.clip(pixels + chance.normal(0, 900, pixels.shape), 0, 65_535).astype(np.uint16), box


def catalogued(folder: Path, domain: str, scans: list[Row], lesions: list[Row], regions: list[Row] = []) -> Run:  # noqa: B006
    """A run whose tables say what `catalog` would have said of images."""
    run = Run.created(folder)
    with run.finishing("catalog", {"source": str(folder.parent)}, time.time()) as tables:
        fill_of_domain(tables, read_domain(domain, "domain.toml"))
        for table, rows in (("scan", scans), ("lesion", lesions), ("region", regions)):
            if rows:
                tables.insert(table, pa.Table.from_pylist(rows))
    return run


def scan_row(file: Path, number: int, rows: int, columns: int, digitizer: str = COLOUR) -> Row:
    """A row of `scan`."""
    about = {"laterality": "", "view": "", "source_kind": "manifest", "bits": 16, "digitizer": digitizer}
    named = {"scan": file.stem, "scan_number": number, "patient": f"P{number}", "file": str(file)}
    return about | named | {"rows": rows, "columns": columns, "fingerprint": fingerprint(str(file))}


def lesion_row(scan: str, pathology: str, box: Row, number: int = 1) -> Row:
    """A row of `lesion` whose outline is the edge of a box."""
    x, y = box["x"], box["y"]
    right, bottom = x + box["width"] - 1, y + box["height"] - 1
    ring = [{"x": one, "y": y} for one in range(x, right + 1)] + [
        {"x": right, "y": one} for one in range(y + 1, bottom)
    ]
    ring += [{"x": one, "y": bottom} for one in range(right, x - 1, -1)]
    ring += [{"x": x, "y": one} for one in range(bottom - 1, y, -1)]
    about = {"lesion": f"{scan}#{number}", "scan": scan, "abnormality": number, "pathology": pathology}
    return about | {"report": f"HUE {pathology.upper()}", "outline": [ring]} | box


def written(file: Path, pixels: NDArray[np.uint16]) -> Path:
    """An image of 16 bits, grey or in colour."""
    assert cv2.imwrite(str(file), pixels if pixels.ndim == 2 else pixels[..., ::-1])
    return file


def disc_run(folder: Path, images: int = 18, domain: str = DOMAIN, outlined: bool = True, tall: bool = False) -> Run:
    """Images of a red disc, a blue one and none in turn; where each lies is known or not, each second one is `tall`."""
    (folder / "images").mkdir(parents=True)
    scans, lesions = [], []
    for number in range(images):
        hue = ("red", "blue", None)[number % 3]
        pixels, box = discs(hue, number, *((150, 60) if tall and number % 2 else (96, 128)))
        file = written(folder / "images" / f"image_{number:02d}.png", pixels)
        scans.append(scan_row(file, number, *pixels.shape[:2]))
        if hue is not None and box is not None:
            row = lesion_row(file.stem, hue, box)
            lesions.append(row if outlined else {name: row[name] for name in row.keys() - {*box, "outline"}})
    return catalogued(folder / "run", domain, scans, lesions)
