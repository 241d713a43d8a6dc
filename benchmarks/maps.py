"""Where maps peak, and what moves them: the demo's network taught again, each time with one thing otherwise.

    python benchmarks/maps.py runs/demo [--seeds 0 1] [--epochs 10]       # two minutes a line and seed

A line a way of training: the AUC of malignant against benign patches of test; of the films of holdout with one finding,
how many of the most influential units and of the class activation maps peak inside its outline; how far the latter
peak is from the finding's middle, across and down (px of the stored film: mean, standard deviation); and from the
middle of the map's cell to the centroid of its gradient, which geometry alone would make 0. Training is that of
`deepminer train`, in one process, without Ray.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.path import Path as Ring
from numpy.typing import NDArray
from shuffled import labelled, taught, tested, training
from sklearn.metrics import roc_auc_score

from deepminer_ray.database.run import Run
from deepminer_ray.mammography import CLASSES
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.backbone import Network
from deepminer_ray.network.checkpoint import Checkpoint
from deepminer_ray.network.explanation import explained
from deepminer_ray.network.probe import Probe
from deepminer_ray.patches.shard import read_scan

Row = dict[str, Any]
Point = NDArray[np.float64]

SQUEEZENET: Row = {"network": "squeezenet1_1", "learning_rate": 0.002}
WAYS: dict[str, Row] = {
    "as the demo": {},
    "not mirrored": {"flips": False},
    "mean of a map": {"pool": "avg"},
    "until stage3": {"until": "stage3"},
    "SqueezeNet until features.7": SQUEEZENET | {"until": "features.7"},
    "all of SqueezeNet": SQUEEZENET | {"until": None},
    "all of SqueezeNet, mean of a map": SQUEEZENET | {"until": None, "pool": "avg"},
    "all of SqueezeNet, mean of a map, not mirrored": SQUEEZENET | {"until": None, "pool": "avg", "flips": False},
}

SCANS = """
select scan_number, rows, columns, outline, pathology
from scan
join (select scan, any_value(outline) as outline, any_value(pathology) as pathology from lesion group by scan
    having count(*) = 1) using (scan)
join partition using (patient)
where partition = 'holdout' and pathology in ('benign', 'malignant')
order by scan_number
"""


def centroid(network: Network, image: torch.Tensor, cell: tuple[int, int], answer: int) -> Point:
    """Where on an image [1, 3, rows, columns] a class's value at a cell (y, x) looks: across and down, px."""
    image = image.clone().requires_grad_()
    network.class_maps(network.features(image))[0, answer, *cell].backward()  # type: ignore[no-untyped-call]
    assert image.grad is not None
    weight = image.grad.abs().sum((0, 1)).numpy()
    return np.array([weight.sum(axis) @ np.arange(weight.shape[1 - axis]) for axis in (0, 1)]) / weight.sum()


def peaks(run: Run, network: Network, side: int, normalisation: str) -> list[Row]:
    """Of each film with one finding: whether unit and class activation map peak inside it, and how far off."""
    probe = Probe(Checkpoint(network.eval(), side, normalisation, ""))
    where = probe.last_geometry
    found = []
    for scan in run.ask(SCANS).to_pylist():
        pixels = read_scan(run.storage / "scan", scan["scan_number"])
        one = explained(probe, pixels)
        scale = np.array(pixels.shape[::-1]) / [scan["columns"], scan["rows"]]
        ring = np.array([[at["x"] + 0.5, at["y"] + 0.5] for at in scan["outline"][0]]) * scale
        row: Row = {"right": CLASSES[one.decided] == scan["pathology"]}
        for name, cells in (("unit", one.maps[one.order()[0]]), ("map", one.class_activation_map())):
            y, x = divmod(int(cells.argmax()), cells.shape[1])
            middle = np.array([x, y]) * where.stride + where.offset + 0.5
            row[name] = bool(Ring(ring).contains_point(middle))
        row["offset"] = middle - (ring.min(0) + ring.max(0)) / 2
        image = network_input(torch.from_numpy(pixels[np.newaxis].copy()), normalisation)
        row["looks"] = centroid(network, image, (y, x), one.decided) + 0.5 - middle
        found.append(row)
    return found


def line(name: str, network: Network, run: Run, said: Row, test: tuple[NDArray[Any], NDArray[Any]], side: int) -> str:
    """What is printed of a way of training."""
    findings = test[1] > 0
    with torch.inference_mode():
        parts = torch.from_numpy(test[0][findings]).split(64)
        logits = torch.cat([network.eval()(network_input(part, said["normalisation"])) for part in parts])
    auc = roc_auc_score(test[1][findings] == 2, (logits[:, 2] - logits[:, 1]).numpy())
    rows = peaks(run, network, side, said["normalisation"])
    far = np.array([row["offset"] for row in rows if row["right"]])
    looks = np.array([row["looks"] for row in rows if row["right"]])
    unit, cam = (np.mean([row[which] for row in rows]) for which in ("unit", "map"))
    spread = [", ".join(f"{value:.1f}" for value in of) for of in (far.mean(0), far.std(0), looks.mean(0))]
    cells = [name, f"{auc:.3f}", f"{unit:.2f}", f"{cam:.2f}", *spread, f"{len(far)} of {len(rows)}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Train and look in every way, with every seed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path)
    options.add_argument("--seeds", nargs="+", type=int, default=[0])
    options.add_argument("--epochs", type=int, default=10)
    given = options.parse_args()
    run = Run.existing(given.run)
    said, scans = training(run)
    patches, test = labelled(run, scans), tested(run)
    side = run.rows("cut_side")[0]["side"]
    torch.set_num_threads(2)
    print("| | AUC | unit's peak inside | map's peak inside | offset, mean | sd | gradient's centroid | films, right |")
    print("| --- " * 8 + "|")
    for name, changed in WAYS.items():
        how = said | {key: value for key, value in changed.items() if key != "flips"}
        how["augmentation"] = said["augmentation"] | {key: value for key, value in changed.items() if key == "flips"}
        for seed in given.seeds:
            network, _ = taught(how, patches, given.epochs, seed)
            print(line(f"{name}, seed {seed}", network, run, how, test, side), flush=True)


if __name__ == "__main__":
    main()
