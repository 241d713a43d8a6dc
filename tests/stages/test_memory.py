"""No stage brings pixels or activations to the driver."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from deepminer_ray.database.run import Run
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import save
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe

SCANS, ROWS, COLUMNS, SIDE = 64, 1800, 1500, 32
MEGABYTE = 2**20


def growth(work: Callable[[], None]) -> float:
    """How far this process's memory rises above what it had, in MB."""
    process, done = psutil.Process(), threading.Event()
    before = process.memory_info().rss
    peak = [before]

    def watch() -> None:
        while not done.wait(0.02):
            peak.append(process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        work()
    finally:
        done.set()
        watching.join()
    return (max(peak) - before) / MEGABYTE


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Sixty-four films of 2.7 MPixel, a quarter of each air."""
    directory = tmp_path / "films"
    directory.mkdir()
    pixels = np.linspace(8_000, 40_000, ROWS * COLUMNS).reshape(ROWS, COLUMNS).astype(np.uint16)
    pixels[:, : COLUMNS // 4] = 0
    lines = ["image,mask,patient,laterality,view,pathology"]
    for number in range(SCANS):
        Image.fromarray(pixels).save(directory / f"film{number:02d}.png", compress_level=1)
        lines.append(f"film{number:02d}.png,,P_{number:05d},LEFT,CC,normal")
    (directory / "manifest.csv").write_text("\n".join(lines) + "\n")
    return directory


@pytest.mark.slow
def test_the_driver_sees_neither_pixels_nor_activations(ray: object, source: Path, tmp_path: Path) -> None:
    run = Run.created(tmp_path / "run")
    torch.manual_seed(0)
    network, _ = build("shufflenet_v2_x0_5")
    save(tmp_path / "network.pt", network.eval(), SIDE, "imagenet")
    catalog(run, str(source))
    partition(run, train=0.01, test=0.98)
    decoded = SCANS * ROWS * COLUMNS * 2 / MEGABYTE
    assert growth(lambda: cut(run, side=SIDE)) < decoded / 4
    assert growth(lambda: probe(run, checkpoint=str(tmp_path / "network.pt"))) < 100
    (patches,) = run.ask("select count(*) as n from activation").to_pylist()
    row_bytes = 28
    assert patches["n"] * row_bytes / MEGABYTE > 80, "too few activations to tell"
