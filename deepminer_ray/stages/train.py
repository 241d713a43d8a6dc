"""`train`: fine-tune a network on the training patches with Ray Train, fed by Ray Data (Sec. 2.1)."""

import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from deepminer_ray import paper
from deepminer_ray.database.digests import pixels
from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import remove, resolved
from deepminer_ray.network import checkpoint
from deepminer_ray.network.appearance import NORMALISATION
from deepminer_ray.network.augmentation import Augmentation
from deepminer_ray.network.backbone import POOLS, Network, build, refuse_too_small
from deepminer_ray.network.family import family_of
from deepminer_ray.network.training import OPTIMIZERS, SCHEDULES, Recipe, validation_auc
from deepminer_ray.option import shared, takes
from deepminer_ray.options import TrainingOptions
from deepminer_ray.patches.whole import Framing
from deepminer_ray.progress.bars import say
from deepminer_ray.progress.running import Running, anyone_at_work
from deepminer_ray.report.curves import class_colours, draw_training
from deepminer_ray.workers.fit import fit
from deepminer_ray.workers.task import Task, TrainingScan
from deepminer_ray.workers.watch import Watch

KEPT = {"best": "the best by mean AUC on the validation patients", "last": "the last"}
CHOICES = {
    "balance": ("none", "weights", "sampling"),
    "keep": tuple(KEPT),
    "normalisation": tuple(NORMALISATION),
    "optimizer": OPTIMIZERS,
    "pool": POOLS,
    "schedule": SCHEDULES,
}

EPOCH = pa.schema(
    [("epoch", pa.int32())]
    + [(name, pa.float64()) for name in ("loss", "learning_rate", "patches_per_second", "validation_loss")]
    + [("kept", pa.bool_())]
)
EPOCH_AUC = pa.schema([("epoch", pa.int32()), ("class", pa.string()), ("auc", pa.float64())])


@takes(TrainingOptions)
def train(run: Run, options: TrainingOptions) -> None:
    """Fill `epoch`, `epoch_auc`, `weight`, `bias` and `RUN/checkpoint/`; draw `RUN/curves/training.png`.

    `preset` gives what is left open: the paper's one learning rate, or its authors' schedule. `classes` are all of the
    domain, or 2: the most severe one or not. `until` is the network's last layer, `pool` what is taken of a map: its
    mean, or its maximum. `keep` is the best epoch (by mean AUC on the training partition's validation patients) or the
    last. `normals` limits the patches of the rest to so many for each with a finding. With shuffled labels a network
    has nothing to learn, which its AUC must show. An interrupted training goes on, also one that was begun `again`.
    """
    recipe = recipe_of(options)
    answers = run.domain.answers(options.classes)
    stored = options.stored() | asdict(recipe) | _weights_parameters(options.weights) | {"classes": len(answers)}
    workers = max(1, options.workers)  # without any no epoch would outlive a kill
    folder = run.storage / "checkpoint" / "epochs"
    if run.finished("train", stored | {"workers": workers}, options.again):
        if not anyone_at_work(run.folder):
            remove(folder)  # of a repetition that was interrupted
        return
    started, task = time.time(), _task(run, options, stored, recipe, answers.names)
    if options.again and any(row["stage"] == "train" for row in run.rows("status")):
        remove(folder)
    state = fit(task, folder, _key(run, stored, task), workers, options.gpu, _new_watch(run, recipe, options))
    trained = build(**task.network)[0]
    trained.load_state_dict(state["network"])
    form = task.side, recipe.normalisation, task.whole, task.channels
    kept = checkpoint.save(run.folder / "checkpoint" / "network.pt", trained, *form)
    draw_training(run.folder / "curves" / "training.png", state["epochs"], class_colours(run.domain))
    with run.finishing("train", stored | {"workers": workers, "checkpoint": kept}, started) as tables:
        for table, rows in (epoch_tables(state["epochs"]) | head_rows(trained)).items():
            tables.insert(table, rows)
    remove(folder)
    say(f"train: epoch {_kept_epoch(state['epochs'], options.keep)}")


def recipe_of(options: TrainingOptions) -> Recipe:
    """How the network is fine-tuned, with what the options leave open; BadInput for a preset or network there is not.

    Each field of a recipe or of an augmentation that has an option's name gets its value.
    """
    filled: dict[str, Any] = {"epochs": options.epochs or paper.EPOCHS, "decay_from_epoch": _decay(options)}
    filled |= {"normalisation": options.normalisation or family_of(options.network).normalisation}
    augmentation = Augmentation(**shared(options, Augmentation))
    return Recipe(**shared(options, Recipe) | filled | {"augmentation": augmentation})


def _kept_epoch(epochs: list[dict[str, Any]], keep: str) -> str:
    """Which epoch is kept, and why."""
    kept = next(row["epoch"] for row in epochs if row["kept"])
    reason = KEPT[keep if any(validation_auc(row) is not None for row in epochs) else "last"]
    return f"{kept} of {len(epochs)} is kept, {reason}"


def _key(run: Run, stored: dict[str, Any], task: Task) -> str:
    """What checkpoints of an interrupted training are found by: all that its weights depend on."""
    made = hashlib.sha256(json.dumps([stored, task.scans], sort_keys=True).encode())
    made.update(task.shards.read_bytes())
    return f"{run.name}-{made.hexdigest()[:16]}"


def _task(run: Run, options: TrainingOptions, stored: dict[str, Any], recipe: Recipe, answers: tuple[str, ...]) -> Task:
    """What is to be trained; BadInput where a choice is unknown, or network, weights or patches do not do."""
    framing = _framing(run, options.preset)
    side, (width, height) = framing.side, framing.whole or (framing.side, framing.side)
    for name, choices in CHOICES.items():
        if stored[name] not in choices:
            raise BadInput(f"There is no {name} {stored[name]!r}: use {', '.join(choices)}.")
    drawn = {"normals": options.normals, "seed": str(recipe.seed), "balanced": options.balance == "sampling"}
    scans = run.rows("training", answers=answers, **drawn)
    counts = _patches_by_class(scans, answers, options.keep)
    if options.shuffle_labels:
        _shuffle(scans, recipe.seed)
    torch.manual_seed(recipe.seed)
    built: dict[str, Any] = {"name": options.network, "classes": answers, "pool": options.pool, "until": options.until}
    network, origin = build(**built, weights=stored["weights"])
    refuse_too_small(network, height, width)
    say(f"train: {origin}; " + ", ".join(f"{count} {name}" for name, count in counts.items()) + " patches")
    if options.balance == "weights":
        weights = tuple(sum(counts.values()) / len(counts) / count for count in counts.values())
        recipe = replace(recipe, class_weights=weights)
    shards, patches = pixels(run), run.storage / "patch"
    form = run.domain.looked.channels, framing.whole
    return Task(built, network.state_dict(), answers, recipe, side, patches, shards, scans, options.keep, *form)


def _weights_parameters(weights: str) -> dict[str, str]:
    """What weights are asked for; those of a file by their digest too, for it may be written again."""
    if weights in ("none", "default"):
        return {"weights": weights}
    file = resolved(weights)
    if not file.is_file():
        raise BadInput(f"There is no weights file {file}.")
    return {"weights": str(file), "weights_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _decay(options: TrainingOptions) -> int | None:
    """From which epoch on the rate is a tenth: as asked for, else by the preset; BadInput for a preset that is none."""
    if options.preset not in ("paper", "authors"):
        raise BadInput(f"There is no preset {options.preset!r}: use paper or authors.")
    return options.decay_from_epoch or (paper.DECAY_FROM_EPOCH if options.preset == "authors" else None)


def _framing(run: Run, preset: str) -> Framing:
    """How patches of the run were cut; BadInput where there is none, or none of the authors' size is."""
    framing = framing_of(run)
    if framing is None:
        raise BadInput("There is no patch to train on: no image could be cut; see `from rejected`.")
    if preset == "authors" and (framing.side != paper.SIDE or framing.whole):
        raise BadInput(
            f"The authors trained on patches of {paper.SIDE} px, this run was cut into {framing.side}: "
            f"use `deepminer cut {run.folder} --side {paper.SIDE} --again` or another --preset."
        )
    return framing


def _patches_by_class(scans: list[TrainingScan], answers: Sequence[str], keep: str) -> dict[str, int]:
    """How many training patches each answer has; BadInput where one has none, a warning where validation lacks it."""
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for scan in scans:
        named = (name if name in answers else answers[0] for name in scan["classes"])
        counts[scan["validation"]].update(named)
    missing = [name for name in answers if not counts[False][name]]
    if missing:
        raise BadInput(
            f"No {' and no '.join(missing)} patch is in the training partition (without its validation patients): "
            "give `partition` a larger --train, a smaller --validation or another --seed."
        )
    absent = [name for name in answers if not counts[True][name]]
    if absent and keep == "best":
        rest = "the other classes decide which epoch is best" if len(absent) < len(answers) - 1 else "the last is kept"
        say(f"train: no {' and no '.join(absent)} patch of a validation patient: {rest}")
    return {name: counts[False][name] for name in answers}


def _new_watch(run: Run, recipe: Recipe, options: TrainingOptions) -> Watch:
    board = run.folder / "tensorboard" if options.tensorboard else None
    return Watch(partial(_write_epochs, run), board, Running(run.folder, "train", recipe.epochs, "epochs"))


def _write_epochs(run: Run, epochs: list[dict[str, Any]]) -> None:
    """Put the epochs so far into the run, for others to watch; what an earlier training left goes."""
    with run.appending() as tables:
        tables.drop_from("train")
        for table, rows in epoch_tables(epochs).items():
            tables.insert(table, rows)


def epoch_tables(epochs: list[dict[str, Any]]) -> dict[str, pa.Table]:
    """The rows of `epoch` and `epoch_auc`: what `train_epoch` and `validate` say of each epoch."""
    areas = [
        {"epoch": row["epoch"], "class": name, "auc": value}
        for row in epochs
        for name, value in row.get("auc", {}).items()
    ]
    return {"epoch": pa.Table.from_pylist(epochs, EPOCH), "epoch_auc": pa.Table.from_pylist(areas, EPOCH_AUC)}


def _shuffle(scans: list[TrainingScan], seed: int) -> None:
    """Give every film's patches shuffled labels in place of their own."""
    dealt = iter(shuffled_labels([name for scan in scans for name in scan["classes"]], seed))
    for scan in scans:
        scan["classes"] = [next(dealt) for _ in scan["classes"]]


def shuffled_labels(labels: Sequence[str], seed: int) -> list[str]:
    """The labels dealt out again, so that patches of every true class get each label in the same share.

    A plain shuffle leans a little one way, and patches with findings are so unlike the others that a network learns
    even this: its AUC is then far from 0.5 on either side.
    """
    random_numbers = random.Random(seed)
    places = sorted(range(len(labels)), key=lambda index: (labels[index], random_numbers.random()))
    counts, seen = Counter(labels), Counter[str]()
    spread = []
    for label in labels:
        spread.append(((seen[label] + 0.5) / counts[label], random_numbers.random(), label))
        seen[label] += 1
    dealt = [""] * len(labels)
    for index, (_, _, label) in zip(places, sorted(spread), strict=True):
        dealt[index] = label
    return dealt


def head_rows(network: Network) -> dict[str, pa.Table]:
    """The rows of `weight` and `bias`: a network's linear layer."""
    weight = network.head.weight.detach().double().numpy()
    classes, units = np.indices(weight.shape)
    names = pa.array(network.classes)
    return {
        "weight": pa.table(
            {"class": names.take(pa.array(classes.ravel())), "unit": units.ravel(), "weight": weight.ravel()}
        ),
        "bias": pa.table({"class": names, "bias": network.head.bias.detach().double().numpy()}),
    }
