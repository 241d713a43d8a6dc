"""`train`: fine-tune a network on the training patches with Ray Train, fed by Ray Data (Sec. 2.1)."""

import hashlib
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from deepminer_ray import paper
from deepminer_ray.cluster import connect
from deepminer_ray.errors import BadInput
from deepminer_ray.network import checkpoint
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.training import Batch, Recipe, class_auc, train_epoch
from deepminer_ray.paper import CLASSES
from deepminer_ray.patches.shard import read_labelled
from deepminer_ray.progress import say
from deepminer_ray.run import Run

SHUFFLED_BYTES = 256 * 2**20
"""Patches are drawn from a window of this size in every worker, over films whose order changes with each epoch."""
FILMS_A_BLOCK = 8
HELD_SHARE = 0.3
"""Patches that take no more than this share of Ray's object store are read once, others in every epoch."""

EPOCH = pa.schema(
    [("epoch", pa.int32())]
    + [(name, pa.float64()) for name in ("loss", "learning_rate", "patches_per_second")]
    + [(f"auc_{name}", pa.float64()) for name in CLASSES]
)


def train_worker(config: dict[str, Any]) -> None:
    """What every worker of Ray Train does: epochs from the last checkpoint on, reporting one after each."""
    from ray import train as ray_train
    from ray.train.torch import get_device, prepare_model

    torch.set_num_threads(1)
    recipe = Recipe(**config["recipe"])
    torch.manual_seed(recipe.seed)
    network = build(config["network"], config["weights"])[0].to(memory_format=torch.channels_last)
    rank, workers = ray_train.get_context().get_world_rank(), ray_train.get_context().get_world_size()
    device = get_device()
    model = prepare_model(network)
    optimizer = recipe.optimizer(model)
    epochs = _resume(ray_train.get_checkpoint(), network, optimizer)

    def batches(name: str, size: int, **shuffled: Any) -> Iterator[Batch]:
        rows = ray_train.get_dataset_shard(name).iter_batches(batch_size=size, batch_format="numpy", **shuffled)
        return ((batch["pixels"], batch["class"]) for batch in rows)

    for epoch in range(len(epochs) + 1, recipe.epochs + 1):
        started = time.monotonic()
        window = max(recipe.batch, SHUFFLED_BYTES // (2 * config["side"] ** 2))
        shuffled = {
            "local_shuffle_buffer_size": window,
            "local_shuffle_seed": recipe.seed * 1000 + epoch * workers + rank,
            "drop_last": True,
        }
        loss, patches = train_epoch(
            model, optimizer, recipe, epoch, batches("train", recipe.batch // workers, **shuffled), device
        )
        row: dict[str, Any] = {"epoch": epoch, "loss": loss, "learning_rate": recipe.rate(epoch)}
        row["patches_per_second"] = patches * workers / (time.monotonic() - started)
        if rank == 0:
            seen = batches("validation", recipe.batch) if config["validated"] else ()
            auc = class_auc(network, recipe.normalisation, seen, device)
            epochs.append(row | {f"auc_{name}": value for name, value in auc.items()})
        _report(ray_train, rank, network, optimizer, epochs, row)


def _resume(kept: Any, network: Network, optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Load the last epoch's state, if there is one, and return the epochs that are done."""
    if kept is None:
        return []
    with kept.as_directory() as folder:
        state = torch.load(Path(folder) / "state.pt", weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["epochs"])


def _report(ray_train: Any, rank: int, network: Network, optimizer: Any, epochs: Any, row: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = None
        if rank == 0:
            state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs}
            torch.save(state, Path(folder) / "state.pt")
            kept = ray_train.Checkpoint.from_directory(folder)
        ray_train.report(row, checkpoint=kept)


def train(
    run: Run,
    network: str = paper.NETWORK,
    weights: str = "default",
    epochs: int = paper.EPOCHS,
    batch: int = paper.BATCH,
    learning_rate: float = paper.LEARNING_RATE,
    decay_from_epoch: int = paper.DECAY_FROM_EPOCH,
    normalisation: str = "imagenet",
    workers: int = 1,
    gpu: bool = False,
    seed: int = 0,
    normals: int | None = None,
    shuffle_labels: bool = False,
    again: bool = False,
) -> None:
    """Fill `epoch`, `weight`, `bias` and `RUN/checkpoint/`.

    `normals` limits the normal patches to so many for each patch with a finding. With shuffled labels a network has
    nothing to learn, which its AUC must show.
    """
    if weights not in ("none", "default"):
        weights = str(Path(weights).resolve())
    recipe = Recipe(
        epochs, batch, learning_rate, decay_from_epoch, paper.MOMENTUM, paper.WEIGHT_DECAY, normalisation, seed
    )
    parameters = {"network": network, "weights": weights, "workers": workers, "normals": normals}
    parameters["shuffle_labels"] = shuffle_labels
    parameters |= asdict(recipe)
    if run.finished("train", parameters, again):
        return
    started = time.time()
    _, origin = build(network, weights)
    say(f"train: {origin}")
    side = run.rows("cut_side")[0]["side"]
    films = run.rows("training", normals=normals, seed=str(seed))
    if shuffle_labels:
        _shuffle(films, seed)
    folder = run.folder / "checkpoint" / "epochs"
    key = hashlib.sha256(json.dumps([parameters, films]).encode()).hexdigest()[:16]
    if again:
        shutil.rmtree(folder, ignore_errors=True)
    config = {"network": network, "weights": weights, "recipe": asdict(recipe), "side": side}
    config["validated"] = any(film["validation"] for film in films)
    state = _fit(films, run.folder / "patch", config, folder, key, workers, gpu)
    trained, _ = build(network)
    trained.load_state_dict(state["network"])
    checkpoint.save(run.folder / "checkpoint" / "network.pt", trained, side, normalisation)
    with run.finishing("train", parameters, started) as tables:
        tables.insert("epoch", pa.Table.from_pylist(state["epochs"], EPOCH))
        for table, rows in head_rows(trained).items():
            tables.insert(table, rows)
    shutil.rmtree(folder, ignore_errors=True)
    for row in state["epochs"]:
        say("epoch {epoch}: loss {loss:.4f}, {patches_per_second:.0f} patches/s".format(**row))


def _shuffle(films: list[dict[str, Any]], seed: int) -> None:
    """Give every film's patches shuffled labels in place of their own."""
    dealt = iter(shuffled_labels([name for film in films for name in film["classes"]], seed))
    for film in films:
        film["classes"] = [next(dealt) for _ in film["classes"]]


def shuffled_labels(labels: Sequence[str], seed: int) -> list[str]:
    """The labels dealt out anew, so that patches of every true class get each label in the same share.

    A plain shuffle leans a little one way, and patches with findings are so unlike the others that a network learns
    even this: its AUC is then far from 0.5 on either side.
    """
    random_numbers = random.Random(seed)
    places = sorted(range(len(labels)), key=lambda place: (labels[place], random_numbers.random()))
    counts, seen = Counter(labels), Counter[str]()
    spread = []
    for label in labels:
        spread.append(((seen[label] + 0.5) / counts[label], random_numbers.random(), label))
        seen[label] += 1
    dealt = [""] * len(labels)
    for place, (_, _, label) in zip(places, sorted(spread), strict=True):
        dealt[place] = label
    return dealt


def _fit(
    films: list[dict[str, Any]], patches: Path, config: dict[str, Any], folder: Path, key: str, workers: int, gpu: bool
) -> dict[str, Any]:
    """Train with Ray Train, going on from what an interrupted call with the same key left; the last epoch's state."""
    ray = connect()
    from ray import train as ray_train
    from ray.data import RandomSeedConfig
    from ray.train.torch import TorchTrainer

    cores = ray.cluster_resources().get("CPU", 0)
    if workers >= cores:
        raise BadInput(f"{workers} workers leave none of the cluster's {cores:.0f} CPUs to read patches: use fewer.")

    needed = sum(len(film["patches"]) for film in films) * 2 * config["side"] ** 2
    held = needed < HELD_SHARE * ray.cluster_resources().get("object_store_memory", 0)

    def dataset(validation: bool) -> Any:
        rows = [
            {"scan_number": film["scan_number"], "labelled": json.dumps([film["patches"], film["classes"]])}
            for film in films
            if film["validation"] == validation
        ]
        listed = ray.data.from_items(rows, override_num_blocks=max(workers, -(-len(rows) // FILMS_A_BLOCK)))
        read = listed.map_batches(partial(read_labelled, folder=patches), batch_size=FILMS_A_BLOCK)
        if held:
            read = read.materialize()
        if validation:
            return read
        again = RandomSeedConfig(seed=config["recipe"]["seed"], reseed_after_execution=True)
        return read.randomize_block_order(seed=again)

    if all(film["validation"] for film in films):
        raise BadInput("No patch of the training partition has a label: give `partition` a larger --train.")
    datasets = {"train": dataset(False)} | ({"validation": dataset(True)} if config["validated"] else {})
    result = TorchTrainer(
        train_worker,
        train_loop_config=config,
        scaling_config=ray_train.ScalingConfig(num_workers=workers, use_gpu=gpu),
        datasets=datasets,
        dataset_config=ray_train.DataConfig(datasets_to_split=["train"]),
        run_config=ray_train.RunConfig(
            name=key,
            storage_path=str(folder),
            checkpoint_config=ray_train.CheckpointConfig(num_to_keep=1),
            failure_config=ray_train.FailureConfig(max_failures=3),
        ),
    ).fit()
    if result.checkpoint is None:
        raise BadInput("Training ended without an epoch: use at least --epochs 1.")
    with result.checkpoint.as_directory() as kept:
        state: dict[str, Any] = torch.load(Path(kept) / "state.pt", weights_only=True, map_location="cpu")
    return state


def head_rows(network: Network) -> dict[str, pa.Table]:
    """The rows of `weight` and `bias`: a network's linear layer."""
    weight = network.head.weight.detach().double().numpy()
    classes, units = np.indices(weight.shape)
    names = pa.array(CLASSES)
    return {
        "weight": pa.table(
            {"class": names.take(pa.array(classes.ravel())), "unit": units.ravel(), "weight": weight.ravel()}
        ),
        "bias": pa.table({"class": names, "bias": network.head.bias.detach().double().numpy()}),
    }
