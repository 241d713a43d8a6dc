"""What each option of training does to the AUC on the validation patients, the test partition untouched.

    python benchmarks/options.py RUN WEIGHTS [NAME ...]

RUN is partitioned and cut (`deepminer partition RUN --validation 0.2`), WEIGHTS a state dict of SqueezeNet in Caffe's
normalisation, NAME one of the options below (all by default). One thread, one seed, batches in one order; of the
validation patients' normal patches a third, for speed. The last epoch's AUC, with its interval over patients.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deepminer_ray.confidence import Interval, auc_interval
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.augmentation import NO_AUGMENTATION, Augmentation
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.training import Recipe, train_epoch, validate
from deepminer_ray.paper import CLASSES
from deepminer_ray.patches.shard import read_labelled
from deepminer_ray.run import Run

NORMALS_VALIDATED = 0.35
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Option:
    """One way to train: the augmentation, the balance, the normal patches for each with a finding, the epochs."""

    augmentation: Augmentation = NO_AUGMENTATION
    balance: str = "none"
    normals: int | None = 1
    epochs: int = 8
    decay_from_epoch: int = 6


OPTIONS = {
    "one normal patch for each with a finding": Option(),
    "flips": Option(Augmentation(flips=True)),
    "rotation 15": Option(Augmentation(rotation=15)),
    "jitter 0.1": Option(Augmentation(jitter=0.1)),
    "flips, rotation 15, jitter 0.1": Option(Augmentation(True, 15, 0.1)),
    "all normal patches": Option(normals=None, epochs=5, decay_from_epoch=4),
    "all, balance weights": Option(balance="weights", normals=None, epochs=5, decay_from_epoch=4),
    "all, balance sampling": Option(balance="sampling", normals=None, epochs=5, decay_from_epoch=4),
}


@dataclass(frozen=True)
class Patches:
    """Patches [n, side, side] with their classes and patients."""

    pixels: NDArray[np.uint16]
    classes: NDArray[np.int64]
    patient: list[str]


def patches(run: Run, option: Option, validation: bool) -> Patches:
    """Those that an option trains on, or those of the validation patients."""
    listed = run.rows(
        "training", normals=option.normals, seed="0", balanced=option.balance == "sampling", answers=CLASSES
    )
    patient = {row["scan_number"]: row["patient"] for row in run.ask("from scan").to_pylist()}
    films = [film for film in listed if film["validation"] == validation]
    if validation:
        random = np.random.default_rng(0)
        for film in films:
            kept = [c != "normal" or random.random() < NORMALS_VALIDATED for c in film["classes"]]
            for name in ("patches", "classes"):
                film[name] = [value for value, keep in zip(film[name], kept, strict=True) if keep]
        films = [film for film in films if film["patches"]]
    labelled = [json.dumps([film["patches"], film["classes"]]) for film in films]
    numbers = [film["scan_number"] for film in films]
    read = read_labelled({"scan_number": numbers, "labelled": labelled}, run.folder / "patch")
    owners = [patient[film["scan_number"]] for film in films for _ in film["patches"]]
    return Patches(read["pixels"], read["class"], owners)


def trained(option: Option, shown: Patches, weights: str) -> Network:
    """A network trained with an option."""
    counts = np.bincount(shown.classes)
    recipe = Recipe(
        option.epochs,
        32,
        0.001,
        option.decay_from_epoch,
        normalisation="caffe",
        class_weights=tuple(len(shown.classes) / 3 / counts) if option.balance == "weights" else None,
        augmentation=option.augmentation,
    )
    torch.manual_seed(0)
    network = build("squeezenet1_1", weights)[0].to(memory_format=torch.channels_last)
    optimizer = recipe.optimizer(network)
    for epoch in range(1, option.epochs + 1):
        torch.manual_seed(epoch)
        order = np.random.default_rng((0, epoch)).permutation(len(shown.classes))
        parts = [order[start : start + 32] for start in range(0, len(order) // 32 * 32, 32)]
        batches = ((shown.pixels[part], shown.classes[part]) for part in parts)
        train_epoch(network, optimizer, recipe, epoch, batches, CPU)
    return network


@torch.inference_mode()
def malignant_interval(network: Network, seen: Patches) -> Interval:
    """Of the AUC of malignant against the rest, over the validation patients."""
    parts = [network_input(seen.pixels[start : start + 64], "caffe") for start in range(0, len(seen.classes), 64)]
    score = torch.cat([network(part).softmax(1)[:, 2] for part in parts]).numpy()
    return auc_interval(score, seen.classes == 2, seen.patient)


def main(folder: Path, weights: str, names: list[str]) -> None:
    """Print a line for each option."""
    torch.set_num_threads(1)
    run = Run.existing(folder)
    seen = patches(run, Option(), validation=True)
    for name in names or OPTIONS:
        shown = patches(run, OPTIONS[name], validation=False)
        network = trained(OPTIONS[name], shown, weights)
        found = validate(network, "caffe", [(seen.pixels, seen.classes)], CPU)
        low, high = malignant_interval(network, seen)
        areas = ", ".join(f"{label} {found[f'auc_{label}']:.3f}" for label in CLASSES)
        print(
            f"{name}: {areas} ({low:.3f} to {high:.3f}), loss {found['validation_loss']:.3f}; "
            f"{len(shown.classes)} patches, {OPTIONS[name].epochs} epochs; {len(seen.classes)} of validation",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
