"""A network whose units are known detectors, by weights set by hand: the concept that was planted must win."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from deepminer_ray.network.appearance import NORMALISATION
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.checkpoint import Checkpoint
from deepminer_ray.network.probe import Probe
from deepminer_ray.patches.ahead import ahead
from deepminer_ray.patches.shard import write_patches
from deepminer_ray.units.detection import Patches, Ranking, detect, permutations

SIDE, PATIENTS, PLACES, RADIUS = 64, 24, 9, 14
MASS, SPECKS, MARKS = range(3)
"""Units: blurred discs, bright specks, and dark marks that are dealt out at random."""
OF_UNIT = {MASS: "lesion type: mass", SPECKS: "lesion type: calcification"}


def detectors() -> Network:
    """SqueezeNet whose first layer holds three detectors, which all others pass on."""
    network, _ = build("squeezenet1_1")
    around = torch.full((3, 3), -1 / 8)
    around[1, 1] = 1
    dark = torch.zeros(3, 3)  # not darker than around: gaps between specks are that, too
    dark[1, 1] = -1
    mean, deviation = (channel[0] for channel in NORMALISATION["imagenet"])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        layers = next(iter(network.features.children()))
        for unit, (kernel, least) in enumerate(((torch.full((3, 3), 1 / 9), 0.7), (around, 0.25), (dark, -0.25))):
            layers[0].weight[unit, 0] = kernel * deviation
            layers[0].bias[unit] = kernel.sum() * mean - least
            for fire in (layer for layer in layers if hasattr(layer, "squeeze")):
                fire.squeeze.weight[unit, unit] = fire.expand1x1.weight[unit, unit] = 1
    return network.eval()


def patch_of(kind: str, rng: np.random.Generator) -> np.ndarray:
    """[side, side] density units: tissue, perhaps with a finding in its middle, perhaps with marks anywhere."""
    shown = np.full((SIDE, SIDE), 0.4, np.float32)
    if kind == "mass":
        disc = cv2.circle(np.zeros_like(shown), (SIDE // 2, SIDE // 2), RADIUS, 1.0, -1)
        shown += 0.55 * cv2.GaussianBlur(disc, (0, 0), 3)
    if kind == "calcification":
        for x, y in rng.integers(SIDE // 2 - 8, SIDE // 2 + 8, (10, 2)):
            shown[y : y + 2, x : x + 2] = 1
    if rng.random() < 0.3:
        for x, y in rng.integers(2, SIDE - 4, (3, 2)):
            shown[y : y + 2, x : x + 2] = 0
    shown += rng.normal(0, 0.01, shown.shape)
    return np.clip(10_000 * (3 - 2.95 * shown), 0, 30_000).astype(np.uint16)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A film a patient, a third with masses, a third with calcifications at three places; half of these malignant."""
    folder, rng, scans = tmp_path_factory.mktemp("run"), np.random.default_rng(0), []
    for patient in range(PATIENTS):
        kind = ("mass", "calcification", "none")[patient % 3]
        shown = set(rng.permutation(PLACES)[:3].tolist()) if kind != "none" else set()
        rows = [{"patch": patient * 65536 + place, "x": place * SIDE, "y": 0, "size": SIDE} for place in range(PLACES)]
        pixels = np.array([patch_of(kind if place in shown else "none", rng) for place in range(PLACES)])
        stored = [row | {"scan": str(patient), "breast": 1.0, "overlap": []} for row in rows]
        write_patches(folder / "patch", patient, stored, pixels)
        concepts = [f"lesion type: {kind}", f"pathology: {('benign', 'malignant')[patient // 3 % 2]}"]
        scans.append({"scan_number": patient, "patches": rows, "lesions": [lesion(p, concepts) for p in sorted(shown)]})
    return folder, scans


def lesion(place: int, concepts: list[str]) -> dict[str, Any]:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = place * SIDE + SIDE // 2, SIDE // 2
    ring = [[round(x + RADIUS * np.cos(a)), round(y + RADIUS * np.sin(a))] for a in angle]
    box = {"x": x - RADIUS, "y": y - RADIUS, "width": 2 * RADIUS + 1, "height": 2 * RADIUS + 1}
    return box | {"outline": [ring], "concepts": concepts}


def test_planted_concepts_are_recovered(scans: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, rows = scans
    probe = Probe(Checkpoint(detectors(), SIDE, "imagenet", "hash"))
    chosen = [(scan["scan_number"], [row["patch"] for row in scan["patches"]]) for scan in rows]
    table = probe.patches(ahead("patches", chosen, folder))["activation"]
    maxima = table["maximum"].to_numpy().reshape(PATIENTS * PLACES, -1).T[:3]
    assert (maxima.max(1) > 0).all(), "every detector answers to something"
    thresholds = [float(value) / 2 for value in maxima.max(1)] + [0.0] * (probe.network.units - 3)
    found = probe.dissection(ahead("dissection", rows, folder), thresholds)
    above = dict(zip(*(found["unit_pixels"][name].to_pylist() for name in ("unit", "pixels")), strict=True))
    outlined = dict(zip(*(found["concept_pixels"][name].to_pylist() for name in ("concept", "pixels")), strict=True))
    common = {(row["unit"], row["concept"]): row["pixels"] for row in found["common_pixels"].to_pylist()}
    iou = {key: both / (above[key[0]] + outlined[key[1]] - both) for key, both in common.items()}
    patches = Patches(*np.indices((PATIENTS, PLACES)).reshape(2, -1))
    order, p = permutations(PATIENTS, 1999, 0), {}
    for concept in outlined:
        has = [any(o["x"] // SIDE == place and concept in o["concepts"] for o in scan["lesions"])
               for scan in rows for place in range(PLACES)]  # fmt: skip
        shows = np.array(has)
        for unit, value in enumerate(detect(Ranking(maxima), patches, shows, ~shows, order).p):
            p[unit, concept] = value
    for unit, planted in OF_UNIT.items():
        assert max(outlined, key=lambda concept: iou[unit, concept]) == planted
        (other,) = set(OF_UNIT.values()) - {planted}
        assert iou[unit, planted] > 2 * iou[unit, other], "and not by a hair"
        assert p[unit, planted] * len(p) < 0.05
    assert all(value > 0.02 for (unit, _), value in p.items() if unit == MARKS)
