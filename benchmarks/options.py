"""What each option of training does to the AUC on the validation patients, the test partition untouched.

    python benchmarks/options.py RUN WEIGHTS [SEED ...]

RUN is partitioned and cut (`deepminer partition RUN --validation 0.2`), WEIGHTS a state dict of SqueezeNet in Caffe's
normalisation. One thread. A seed (0 by default, or several) draws the last layer, the normal patches and the order of
all; each option is trained with each, and set beside training without it with the same one. Of the validation patients'
normal patches a third is looked at, always the same. The last epoch's AUC, with its interval over patients.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deepminer_ray.database.run import Run
from deepminer_ray.mammography import CLASSES
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.augmentation import NO_AUGMENTATION, Augmentation
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.training import Recipe, train_epoch, validate
from deepminer_ray.patches.shard import read_labelled
from deepminer_ray.statistics.confidence import Interval, auc_interval

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
    beside: str = "one normal patch for each with a finding"


OPTIONS = {
    "one normal patch for each with a finding": Option(),
    "flips": Option(Augmentation(flips=True)),
    "rotation 15": Option(Augmentation(rotation=15)),
    "jitter 0.1": Option(Augmentation(jitter=0.1)),
    "flips, rotation 15, jitter 0.1": Option(Augmentation(True, 15, 0.1)),
    "all normal patches": Option(NO_AUGMENTATION, "none", None, 5, 4, "all normal patches"),
    "all, balance weights": Option(NO_AUGMENTATION, "weights", None, 5, 4, "all normal patches"),
    "all, balance sampling": Option(NO_AUGMENTATION, "sampling", None, 5, 4, "all normal patches"),
}


@dataclass(frozen=True)
class Patches:
    """Patches [n, side, side] with their classes and patients."""

    pixels: NDArray[np.uint16]
    classes: NDArray[np.int64]
    patient: list[str]


def patches(run: Run, option: Option, validation: bool, seed: int = 0) -> Patches:
    """Those that an option trains on, or those of the validation patients."""
    listed = run.rows(
        "training",
        normals=option.normals,
        seed=str(seed),
        balanced=option.balance == "sampling",
        answers=CLASSES,
    )
    patient = {row["scan_number"]: row["patient"] for row in run.ask("from scan").to_pylist()}
    scans = [scan for scan in listed if scan["validation"] == validation]
    if validation:
        random = np.random.default_rng(0)
        for scan in scans:
            kept = [c != "normal" or random.random() < NORMALS_VALIDATED for c in scan["classes"]]
            for name in ("patches", "classes"):
                scan[name] = [value for value, keep in zip(scan[name], kept, strict=True) if keep]
        scans = [scan for scan in scans if scan["patches"]]
    labelled = [json.dumps([scan["patches"], scan["classes"]]) for scan in scans]
    numbers = [scan["scan_number"] for scan in scans]
    read = read_labelled({"scan_number": numbers, "labelled": labelled}, run.folder / "patch")
    owners = [patient[scan["scan_number"]] for scan in scans for _ in scan["patches"]]
    return Patches(read["pixels"], read["class"], owners)


def trained(option: Option, shown: Patches, weights: str, seed: int) -> Network:
    """A network trained with an option."""
    counts = np.bincount(shown.classes)
    recipe = Recipe(
        option.epochs,
        32,
        0.001,
        option.decay_from_epoch,
        normalisation="caffe",
        class_weights=tuple((len(shown.classes) / 3 / counts).tolist()) if option.balance == "weights" else None,
        augmentation=option.augmentation,
    )
    torch.manual_seed(seed)
    network = build("squeezenet1_1", weights)[0].to(memory_format=torch.channels_last)
    optimizer = recipe.optimizer_of(network)
    for epoch in range(1, option.epochs + 1):
        torch.manual_seed(1000 * seed + epoch)
        order = np.random.default_rng((seed, epoch)).permutation(len(shown.classes))
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


def main(folder: Path, weights: str, seeds: Sequence[int]) -> None:
    """Print a line for each option and seed, and then one for each option over all seeds."""
    torch.set_num_threads(1)
    run = Run.existing(folder)
    seen = patches(run, Option(), validation=True)
    areas: dict[str, list[list[float]]] = defaultdict(list)
    for seed in seeds:
        for name, option in OPTIONS.items():
            shown = patches(run, option, False, seed)
            network = trained(option, shown, weights, seed)
            found = validate(network, "caffe", [(seen.pixels, seen.classes)], CPU)
            low, high = malignant_interval(network, seen)
            areas[name].append([found["auc"][label] for label in CLASSES])
            said = ", ".join(f"{label} {area:.3f}" for label, area in zip(CLASSES, areas[name][-1], strict=True))
            print(
                f"seed {seed}, {name}: {said} ({low:.3f} to {high:.3f}), loss {found['validation_loss']:.3f}; "
                f"{len(shown.classes)} patches, {option.epochs} epochs; {len(seen.classes)} of validation",
                flush=True,
            )
    print(f"over {len(seeds)} seeds: mean, and by how much it is more than without, mean (least to most)")
    for name, option in OPTIONS.items():
        more = np.array(areas[name]) - np.array(areas[option.beside])
        for label, of_class, by in zip(CLASSES, np.transpose(areas[name]), more.T, strict=True):
            print(f"{name}, {label}: {of_class.mean():.3f}, {by.mean():+.3f} ({by.min():+.3f} to {by.max():+.3f})")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], [int(seed) for seed in sys.argv[3:]] or [0])
