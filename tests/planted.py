"""Patients whose findings differ by brightness alone, and a network whose units are set to see exactly that.

Every kind of finding is a disc of its own grey; the weights of SqueezeNet are written by hand so that eight units
answer to each grey and to nothing else. Whatever is then said of units, names and scores has a known answer.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from deepminer_ray.network.appearance import NORMALISATION
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.checkpoint import save

MASS, CALCIFICATION = ("lesion_type", "shape", "margins"), ("lesion_type", "calcification_type", "distribution")
KINDS = (
    ("benign", dict(zip(MASS, ("MASS", "ROUND", "CIRCUMSCRIBED"), strict=True))),
    ("benign", dict(zip(MASS, ("MASS", "OVAL", "OBSCURED"), strict=True))),
    ("benign", dict(zip(CALCIFICATION, ("CALCIFICATION", "COARSE", "REGIONAL"), strict=True))),
    ("benign", dict(zip(CALCIFICATION, ("CALCIFICATION", "VASCULAR", "LINEAR"), strict=True))),
    ("malignant", dict(zip(MASS, ("MASS", "IRREGULAR", "SPICULATED"), strict=True))),
    ("malignant", dict(zip(MASS, ("MASS", "LOBULATED", "MICROLOBULATED"), strict=True))),
    ("malignant", dict(zip(CALCIFICATION, ("CALCIFICATION", "PLEOMORPHIC", "CLUSTERED"), strict=True))),
    ("malignant", dict(zip(CALCIFICATION, ("CALCIFICATION", "FINE_LINEAR_BRANCHING", "SEGMENTAL"), strict=True))),
)
"""Pathology and keywords."""
COPIES = 8
SIDE, ROWS, COLUMNS = 64, 320, 256
AIR, TISSUE, FIRST, STEP, WIDTH = 0.0, 0.35, 0.45, 0.065, 0.028
"""Brightness (0 to 1) of air and breast, of the first kind and from kind to kind, and half the width of its band.

Tissue must be nearer to the findings than to air, or they alone would be taken for breast.
"""
WEIGHT, NORMAL_BIAS = 1.0, 2.0


def brightness(kind: int) -> float:
    return FIRST + STEP * kind


def write_patients(folder: Path, patients: int, seed: int = 0) -> None:
    """A manifest of one film a patient: every fifth is normal, the others show one kind each, in turn."""
    chance = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    rows = []
    for patient in range(patients):
        kind = None if patient % 5 == 4 else (patient - patient // 5) % len(KINDS)
        pixels, mask = _drawn(kind, chance)
        Image.fromarray((pixels * 65535).round().astype(np.uint16)).save(folder / f"film_{patient:03d}.png")
        row = {"image": f"film_{patient:03d}.png", "patient": f"P{patient:03d}", "laterality": "LEFT", "view": "CC"}
        if kind is None:
            rows.append(row | {"mask": "", "pathology": "normal"})
            continue
        Image.fromarray(mask).save(folder / f"mask_{patient:03d}.png")
        pathology, keywords = KINDS[kind]
        rows.append(row | keywords | {"mask": f"mask_{patient:03d}.png", "pathology": pathology})
    names = list(dict.fromkeys(["image", "mask", "patient", "laterality", "view", "pathology", *MASS, *CALCIFICATION]))
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _drawn(kind: int | None, chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    y, x = np.mgrid[:ROWS, :COLUMNS]
    breast = (x / (0.85 * COLUMNS)) ** 2 + ((y - ROWS / 2) / (0.45 * ROWS)) ** 2 < 1
    pixels = np.where(breast, TISSUE, AIR) + chance.normal(0, 0.003, (ROWS, COLUMNS))
    across, down = chance.uniform(50, 130), chance.uniform(ROWS / 2 - 60, ROWS / 2 + 60)
    disc = (x - across) ** 2 + (y - down) ** 2 < chance.uniform(18, 24) ** 2
    if kind is not None:
        pixels[disc] = brightness(kind) + chance.normal(0, 0.003, int(disc.sum()))
    pixels[4:8, -8:-4] = 1  # a label: without any white an image of 16 bits would be taken for one of 14
    return np.clip(pixels, 0, 1), (255 * disc).astype(np.uint8)


def write_network(file: Path) -> None:
    """SqueezeNet whose unit 8 k + m answers to the grey of kind k, the later copies a little less."""
    network = build("squeezenet1_1")[0]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        _set(network)
    save(file, network, SIDE, "imagenet")


def _set(network: Network) -> None:
    convolutions = [layer for layer in network.features.modules() if isinstance(layer, torch.nn.Conv2d)]
    fires = [layer for layer in network.features.modules() if type(layer).__name__ == "Fire"]
    _see_levels(convolutions[0])
    _see_kinds(fires[0])
    carried = fires[0].expand1x1.out_channels
    for fire in fires[1:]:
        for kind in range(len(KINDS)):
            fire.squeeze.weight[kind, carried + kind] = 1
            if fire is fires[-1]:
                for copy in range(COPIES):
                    fire.expand1x1.weight[COPIES * kind + copy, kind] = 1 - 0.02 * copy
            elif fire is fires[-2]:
                # A mean over 48 px, so that whole findings excite a unit more than a corner of one.
                fire.expand3x3.weight[kind, kind] = 1 / 9
            else:
                fire.expand1x1.weight[kind, kind] = 1
        carried = fire.expand1x1.out_channels if fire is fires[-2] else 0
    for kind, (pathology, _) in enumerate(KINDS):
        network.head.weight[network.classes.index(pathology), COPIES * kind : COPIES * (kind + 1)] = WEIGHT
    network.head.bias[0] = NORMAL_BIAS


def _see_levels(first: torch.nn.Conv2d) -> None:
    """Brightness above three levels of each kind: a mean of 3 x 3 px and three channels, which undoes normalisation."""
    means, deviations = (np.array(values) for values in NORMALISATION["imagenet"])
    assert first.bias is not None
    levels = [brightness(kind) + offset for kind in range(len(KINDS)) for offset in (-WIDTH, 0, WIDTH)]
    for channel, level in enumerate(levels):
        for colour in range(3):
            first.weight[channel, colour] = deviations[colour] / 27
        first.bias[channel] = means.mean() - level


def _see_kinds(fire: Any) -> None:
    """A tent over each kind's grey, 1 at its top; then only where most of 3 x 3 cells agree, which edges never do."""
    for kind in range(len(KINDS)):
        for place, slope in enumerate((1, -2, 1)):
            fire.squeeze.weight[kind, 3 * kind + place] = slope / WIDTH
        fire.expand3x3.weight[kind, kind] = 1 / 9 / 0.4
        fire.expand3x3.bias[kind] = -0.6 / 0.4
