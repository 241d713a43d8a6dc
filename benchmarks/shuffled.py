"""What a network owes to chance: AUC on test patches after training with shuffled labels, over several shuffles.

    python benchmarks/shuffled.py runs/demo [SHUFFLES [EPOCHS]]

One shuffle says little. Patches with findings are so unlike the others that whatever slope a network is left with ranks
them all high or all low; only over many shuffles must the AUC be 0.5. Training is that of `deepminer train`, in one
process: same patches, labels, order of steps and learning rate, without Ray.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats

from deepminer_ray.classes import THREE_CLASSES
from deepminer_ray.database.run import Run
from deepminer_ray.network.augmentation import Augmentation
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.training import LabelledBatch, Recipe, train_epoch, validate
from deepminer_ray.paper import MOMENTUM, WEIGHT_DECAY
from deepminer_ray.patches.shard import read_labelled
from deepminer_ray.stages.train import shuffled_labels

SHUFFLES, EPOCHS = 8, 6
LEVEL = 0.95


def labelled(run: Run, films: list[tuple[int, list[int], list[str]]]) -> LabelledBatch:
    """All patches of some films (scan_number, patches, classes) and their classes."""
    rows = {
        "scan_number": [number for number, _, _ in films],
        "labelled": [json.dumps([patches, classes]) for _, patches, classes in films],
    }
    read = read_labelled(rows, run.folder / "patch")
    return read["pixels"], read["class"]


def drawn(patches: LabelledBatch, batch: int, seed: int) -> Iterator[LabelledBatch]:
    """Whole batches in a random order."""
    order = np.random.default_rng(seed).permutation(len(patches[1]))
    for start in range(0, len(order) - batch + 1, batch):
        chosen = order[start : start + batch]
        yield patches[0][chosen], patches[1][chosen]


def training(run: Run) -> tuple[dict[str, Any], list[tuple[int, list[int], list[str]]]]:
    """What `train` was told, and the patches it learned from: scan_number, patches and classes of each film."""
    given = run.ask("select parameters from stage where stage = 'train'").to_pylist()[0]["parameters"]
    said = json.loads(given)
    drawn_as = {"normals": said["normals"], "seed": str(said["seed"])}
    films = run.rows("training", answers=THREE_CLASSES.names, balanced=False, **drawn_as)
    return said, [(film["scan_number"], film["patches"], film["classes"]) for film in films if not film["validation"]]


def tested(run: Run) -> LabelledBatch:
    """The labelled patches of test."""
    films = run.ask(
        "select scan_number, list(patch order by patch) as patches, list(class order by patch) as classes "
        "from label join patch using (patch) join scan using (scan) join partition using (patient) "
        "where partition = 'test' group by scan_number order by scan_number"
    ).to_pylist()
    return labelled(run, [(film["scan_number"], film["patches"], film["classes"]) for film in films])


def taught(said: dict[str, Any], patches: LabelledBatch, epochs: int, seed: int) -> tuple[Network, float]:
    """A network that learned patches as `train` was told, in one process; and its last epoch's loss."""
    torch.manual_seed(seed)
    network = build(said["network"], pool=said["pool"], until=said["until"])[0].to(memory_format=torch.channels_last)
    recipe = Recipe(
        epochs,
        said["batch"],
        said["learning_rate"],
        epochs,
        MOMENTUM,
        WEIGHT_DECAY,
        said["normalisation"],
        seed,
        optimizer=said["optimizer"],
        schedule=said["schedule"],
        augmentation=Augmentation(**said["augmentation"]),
    )
    optimizer = recipe.optimizer_of(network)
    cycle = recipe.cycle(optimizer, len(patches[1]) // recipe.batch)
    loss = np.nan
    for epoch in range(1, epochs + 1):
        batches = drawn(patches, recipe.batch, 1000 * seed + epoch)
        loss, _ = train_epoch(network, optimizer, recipe, epoch, batches, torch.device("cpu"), cycle=cycle)
    return network, loss


def areas(network: Network, normalisation: str, test: LabelledBatch) -> dict[str, float | None]:
    """Each class's AUC."""
    parts = ((test[0][start : start + 64], test[1][start : start + 64]) for start in range(0, len(test[1]), 64))
    seen = validate(network, normalisation, parts, torch.device("cpu"))
    return {name: seen["auc"][name] for name in THREE_CLASSES}


def main(folder: Path, shuffles: int, epochs: int) -> None:
    """Train once with the true labels, then with shuffled ones, and print every AUC."""
    run = Run.existing(folder)
    said, films = training(run)
    pixels, classes = labelled(run, films)
    test = tested(run)
    torch.set_num_threads(1)
    names = [THREE_CLASSES.names[index] for index in classes]
    found: dict[str, list[float]] = {name: [] for name in THREE_CLASSES}
    for seed in range(shuffles + 1):
        dealt = names if seed == 0 else shuffled_labels(names, seed)
        network, loss = taught(said, (pixels, np.array([THREE_CLASSES.index(name) for name in dealt])), epochs, seed)
        auc = areas(network, said["normalisation"], test)
        what = "true labels" if seed == 0 else f"shuffle {seed}"
        print(
            f"{what:12}", " ".join(f"{name} {value:.3f}" for name, value in auc.items()), f"loss {loss:.3f}", flush=True
        )
        for name, value in auc.items():
            if seed and value is not None:
                found[name].append(value)
    print(f"mean of {shuffles} shuffles, {len(names)} patches, {len(test[1])} of test ({LEVEL:.0%} interval):")
    for name, values in found.items():
        low, high = stats.t.interval(LEVEL, len(values) - 1, np.mean(values), stats.sem(values))
        print(f"  {name:10} {np.mean(values):.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:]]
    main(Path(sys.argv[1]), *numbers, *(SHUFFLES, EPOCHS)[len(numbers) :])
