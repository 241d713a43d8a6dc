"""What every worker of Ray Train does: epochs from the last checkpoint on, each reported with a checkpoint."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.training import Diverged, LabelledBatch, train_epoch, validate, validation_auc
from deepminer_ray.workers.feed import Feed
from deepminer_ray.workers.nodes import refuse_unlike
from deepminer_ray.workers.shortage import OUT_OF_MEMORY, is_shortage
from deepminer_ray.workers.task import Orders

SECONDS_BETWEEN_TELLING = 0.5
EARLIER = 1e-9
"""Of two epochs that do equally well on the validation patients, the earlier one is kept."""

SCORE = "score"
"""By what Ray Train tells the best checkpoint."""


def train_worker(config: dict[str, Orders]) -> str | None:
    """Train; None, or in one sentence why it makes no sense to go on.

    Only what every worker finds at the same step may end it so: where one stops alone, the others wait for it. One of
    several that runs out of memory leaves a mark for those that Ray starts in their place.
    """
    from ray import train as ray_train

    orders = config["orders"]
    if orders.shortage.exists():
        return OUT_OF_MEMORY
    try:
        _train(orders)
    except Diverged as error:
        return str(error)
    except (MemoryError, RuntimeError) as error:
        if not is_shortage(error):
            raise
        if ray_train.get_context().get_world_size() > 1:
            orders.shortage.write_bytes(b"")
            raise
        return OUT_OF_MEMORY
    return None


def _train(orders: Orders) -> None:
    import ray
    from ray import train as ray_train
    from ray.train.torch import get_device, prepare_model

    refuse_unlike(orders.wanted)
    torch.set_num_threads(1)
    task, recipe = orders.task, orders.task.recipe
    rank, workers = ray_train.get_context().get_world_rank(), ray_train.get_context().get_world_size()
    device = get_device()
    torch.manual_seed(recipe.seed)
    network, _ = build(**task.network)
    network.load_state_dict(ray.get(task.start))
    network = network.to(memory_format=torch.channels_last)
    # Torch regroups gradients after a first step, sums of three or more would then differ in a continued training;
    # it does not where it looks for unused parameters.
    model = prepare_model(network, parallel_strategy_kwargs={"find_unused_parameters": device.type == "cpu"})
    optimizer = recipe.optimizer_of(model)
    epochs = _resume(ray_train.get_checkpoint(), network, optimizer)
    held = ray_train.get_dataset_shard("train") if orders.held else None
    feed = Feed(task, orders.wanted, rank, workers, held)
    cycle = recipe.cycle(optimizer, feed.steps, len(epochs))
    for epoch in range(len(epochs) + 1, recipe.epochs + 1):
        started = time.monotonic()
        # Drawn again for each epoch, so that an interrupted training goes on with the same random numbers.
        torch.manual_seed((recipe.seed * 10_000 + epoch) * 1_000 + rank)
        batches = _Waited(feed.batches(epoch))
        told = _Telling(orders.told, epochs, epoch, feed.steps, workers, batches) if rank == 0 else None
        loss, patches = train_epoch(model, optimizer, recipe, epoch, batches, device, workers, told, cycle)
        row: dict[str, Any] = {"epoch": epoch, "loss": loss, "learning_rate": optimizer.param_groups[0]["lr"]}
        row["patches_per_second"] = patches / (time.monotonic() - started)
        if rank == 0:
            seen = _validation(ray_train, recipe.at_once or feed.size) if orders.validated else ()
            epochs.append(row | validate(network, recipe.normalisation, seen, device))
        _report_epoch(ray_train, network, optimizer, epochs if rank == 0 else None)
        if rank == 0:
            # What others see as done must outlive a kill: not before the checkpoint is on disk and known to Ray.
            ray_train.get_all_reported_checkpoints(ray_train.CheckpointConsistencyMode.COMMITTED)
            orders.told.actor.put_nowait.remote({"epochs": epochs})


def _validation(ray_train: Any, size: int) -> Any:
    rows = ray_train.get_dataset_shard("validation").iter_batches(batch_size=size, batch_format="numpy")
    return ((batch["pixels"].copy(), batch["class"].copy()) for batch in rows)


class _Waited:
    """Batches, and how long the loop waited for them."""

    def __init__(self, batches: Iterator[LabelledBatch]):
        self.batches, self.seconds = batches, 0.0

    def __iter__(self) -> Iterator[LabelledBatch]:
        return self

    def __next__(self) -> LabelledBatch:
        started = time.monotonic()
        try:
            return next(self.batches)
        finally:
            self.seconds += time.monotonic() - started


class _Telling:
    """Tells the command how far the epoch is, now and then; a GPU is asked for its loss no more often than that."""

    def __init__(
        self, told: Any, epochs: list[dict[str, Any]], epoch: int, steps: int, workers: int, batches: "_Waited"
    ):
        self.told, self.workers, self.batches = told, workers, batches
        self.steps = steps
        self.where = {"epochs": list(epochs), "epoch": epoch, "steps": steps}
        self.started = self.last = time.monotonic()

    def __call__(self, step: int, patches: int, total: torch.Tensor) -> None:
        now = time.monotonic()
        if now - self.last < SECONDS_BETWEEN_TELLING and step < self.steps:
            return
        self.last = now
        rate = patches * self.workers / (now - self.started)
        so_far = {"step": step, "loss": float(total) / patches, "patches_per_second": rate}
        so_far["waited"] = self.batches.seconds / (now - self.started)
        self.told.actor.put_nowait.remote(self.where | so_far)


def _resume(kept: Any, network: Network, optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Load the last epoch's state, if there is one, and return the epochs that are done."""
    if kept is None:
        return []
    with kept.as_directory() as folder:
        state = torch.load(Path(folder) / "state.pt", weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["epochs"])


def _report_epoch(ray_train: Any, network: Network, optimizer: Any, epochs: list[dict[str, Any]] | None) -> None:
    """Report an epoch with its checkpoint and its score; the workers that keep none report nothing."""
    if epochs is None:
        ray_train.report({})
        return
    auc = validation_auc(epochs[-1])
    with tempfile.TemporaryDirectory() as folder:
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs}
        torch.save(state, Path(folder) / "state.pt")
        score = len(epochs) if auc is None else auc - EARLIER * len(epochs)
        ray_train.report({SCORE: score}, checkpoint=ray_train.Checkpoint.from_directory(folder))
