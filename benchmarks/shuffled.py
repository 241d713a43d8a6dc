"""What a network owes to chance: AUC on test patches after training with shuffled labels, over several shuffles.

    python benchmarks/shuffled.py runs/demo [SHUFFLES [EPOCHS]]

Labels are dealt out in equal numbers, and two classes at a time are told apart by the difference of their logits. Then
to exchange the two names changes nothing but the side of 0.5, so that the AUC is 0.5 on average, whatever else the
network has learned. With the shares of the true labels it is not: more than half of them are normal, a network
learns to give that label to what excites its units, and findings excite more of them.

One shuffle says little. Patches with findings are so unlike the others that whatever slope a network is left with ranks
them all high or all low. Training is that of `deepminer train`, in one process: same patches, order of steps and
learning rate, without Ray.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from sklearn.metrics import roc_auc_score

from deepminer_ray.database.run import Run
from deepminer_ray.mammography import CLASSES
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.augmentation import Augmentation
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.training import LabelledBatch, Recipe, train_epoch
from deepminer_ray.paper import MOMENTUM, WEIGHT_DECAY
from deepminer_ray.patches.shard import read_labelled

SHUFFLES, EPOCHS = 8, 6
LEVEL = 0.95


def labelled(run: Run, scans: list[tuple[int, list[int], list[str]]]) -> LabelledBatch:
    """All patches of some films (scan_number, patches, classes) and their classes."""
    rows = {
        "scan_number": [number for number, _, _ in scans],
        "labelled": [json.dumps([patches, classes]) for _, patches, classes in scans],
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
    scans = run.rows("training", answers=CLASSES, balanced=False, **drawn_as)
    return said, [(scan["scan_number"], scan["patches"], scan["classes"]) for scan in scans if not scan["validation"]]


def tested(run: Run) -> LabelledBatch:
    """The labelled patches of test."""
    scans = run.ask(
        "select scan_number, list(patch order by patch) as patches, list(class order by patch) as classes "
        "from label join patch using (patch) join scan using (scan) join partition using (patient) "
        "where partition = 'test' group by scan_number order by scan_number"
    ).to_pylist()
    return labelled(run, [(scan["scan_number"], scan["patches"], scan["classes"]) for scan in scans])


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


def dealt(names: Sequence[str], seed: int) -> list[str]:
    """Labels in equal numbers, also among the patches of each true class, else at random."""
    chance = np.random.default_rng(seed)
    drawn_by = chance.random(len(names))
    order = sorted(range(len(names)), key=lambda patch: (names[patch], drawn_by[patch]))
    labels = [""] * len(names)
    for place, patch in enumerate(order):
        if place % len(CLASSES) == 0:
            three = chance.permutation(CLASSES).tolist()
        labels[patch] = three[place % len(three)]
    return labels


def areas(network: Network, normalisation: str, test: LabelledBatch) -> dict[tuple[str, str], float]:
    """The AUC of the first class of each pair against the second, by the difference of their logits."""
    network.eval()
    with torch.inference_mode():
        logits = torch.cat(
            [
                network(network_input(torch.from_numpy(part), normalisation))
                for part in np.array_split(test[0], -(-len(test[0]) // 64))
            ]
        ).numpy()
    pairs = {}
    for one, other in combinations(range(len(CLASSES)), 2):
        of_both = np.isin(test[1], (one, other))
        area = roc_auc_score(test[1][of_both] == one, (logits[:, one] - logits[:, other])[of_both])
        pairs[CLASSES[one], CLASSES[other]] = float(area)
    return pairs


def main(folder: Path, shuffles: int, epochs: int) -> None:
    """Train once with the true labels, then with shuffled ones, and print every AUC."""
    run = Run.existing(folder)
    said, scans = training(run)
    pixels, classes = labelled(run, scans)
    test = tested(run)
    torch.set_num_threads(1)
    names = [CLASSES[index] for index in classes]
    shuffled: dict[tuple[str, str], list[float]] = defaultdict(list)
    for seed in range(shuffles + 1):
        labels = names if seed == 0 else dealt(names, seed)
        network, loss = taught(said, (pixels, np.array([CLASSES.index(name) for name in labels])), epochs, seed)
        auc = areas(network, said["normalisation"], test)
        what = "true labels" if seed == 0 else f"shuffle {seed}"
        shown = ", ".join(f"{one} against {other} {value:.3f}" for (one, other), value in auc.items())
        print(f"{what:12} {shown}; loss {loss:.3f}", flush=True)
        for pair, value in auc.items() if seed else ():
            shuffled[pair].append(value)
    print(f"mean of {shuffles} shuffles, {len(names)} patches, {len(test[1])} of test ({LEVEL:.0%} interval):")
    for (one, other), values in shuffled.items():
        low, high = stats.t.interval(LEVEL, len(values) - 1, np.mean(values), stats.sem(values))
        print(f"  {one} against {other}: {np.mean(values):.3f} ({low:.3f} to {high:.3f}), by chance 0.5")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:]]
    main(Path(sys.argv[1]), *numbers, *(SHUFFLES, EPOCHS)[len(numbers) :])
