"""One training with Ray Train, resuming what an interrupted one left, and ending in one sentence if it must."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from deepminer_ray.errors import DISK, BadInput, Unreachable
from deepminer_ray.files.bucket import bucket_failure
from deepminer_ray.files.location import Place, arrow_folder
from deepminer_ray.workers.cluster import KEEP_MEMORY, connect, here
from deepminer_ray.workers.feed import dataset
from deepminer_ray.workers.nodes import check_nodes, sight
from deepminer_ray.workers.shortage import KILLED, LESS, OUT_OF_MEMORY, is_shortage
from deepminer_ray.workers.task import Orders, Task, TrainingScan
from deepminer_ray.workers.train_worker import SCORE, train_worker
from deepminer_ray.workers.watch import Watch, watching

HELD_SHARE = 0.3
"""Patches that take no more than this share of Ray's object store are read once, others in every epoch."""
FAILURES = 3
"""Workers may be lost this often before the command gives up; called again, it goes on."""
FALSE_STARTS = 10
"""So often new workers may not start: one try waits a minute for the place of a lost node, and Ray would never end."""
REFUSED = re.compile(r"^\S*BadInput: (.+)", re.MULTILINE)
"""How a worker's traceback has a sentence for the user, of which Ray Data keeps no more than the text."""


def fit(task: Task, folder: Place, key: str, workers: int, gpu: bool, watch: Watch) -> dict[str, Any]:
    """The state of the kept epoch: `network`, and `epochs` with `kept` set; checkpoints of a key are under `folder`.

    The number of workers is not part of the key: a training may go on with fewer or more of them.
    """
    ray = connect()
    _refuse_too_many(ray, workers, gpu, task.recipe.batch)
    from ray import train as ray_train
    from ray.train.torch import TorchTrainer
    from ray.util.queue import Queue

    wanted = check_nodes(ray, sight(task.shards))
    validation = [scan for scan in task.scans if scan["validation"]]
    shortage = folder / f"{key}.shortage"
    needed = sum(len(scan["patches"]) for scan in task.scans) * task.patch_bytes
    held = needed < HELD_SHARE * ray.cluster_resources().get("object_store_memory", 0)
    learned = [scan for scan in task.scans if not scan["validation"]]
    _refuse_unfilled_batch(learned, task.recipe.batch)
    start = ray.put(task.start)  # no node but this one needs the file of the weights
    orders = Orders(
        task=replace(task, start=start, scans=learned),
        wanted=wanted,
        held=held,
        validated=bool(validation),
        shortage=shortage,
    )
    datasets = _datasets(ray, orders, validation)
    told = Queue(actor_options=here(ray))
    shortage.unlink(missing_ok=True)
    best = task.keep == "best"
    filesystem, path = arrow_folder(folder)
    trainer: Any = TorchTrainer(
        train_worker,  # type: ignore[arg-type]
        train_loop_config={"orders": replace(orders, told=told)},
        scaling_config=ray_train.ScalingConfig(num_workers=workers, use_gpu=gpu),
        datasets=datasets,
        dataset_config=ray_train.DataConfig(datasets_to_split=[]),
        run_config=ray_train.RunConfig(  # type: ignore[call-arg]
            name=key,
            storage_path=path,
            storage_filesystem=filesystem,
            checkpoint_config=ray_train.CheckpointConfig(
                num_to_keep=1, checkpoint_score_attribute=SCORE if best else None
            ),
            failure_config=ray_train.FailureConfig(FAILURES, controller_failure_limit=FALSE_STARTS),  # type: ignore[call-arg]
            worker_runtime_env={"env_vars": KEEP_MEMORY},
        ),
    )
    try:
        with watching(told, task.recipe.epochs, watch):
            result: Any = trainer.fit()
    except ray_train.TrainingFailedError as error:
        alone = {0: getattr(error, "controller_failure", error)}
        raise BadInput(failure_sentence(getattr(error, "worker_failures", None) or alone)) from error
    finally:
        told.shutdown()
        shortage.unlink(missing_ok=True)
    if result.return_value is not None:
        raise BadInput(result.return_value)
    return _kept_state(result, folder, best)


def _datasets(ray: Any, orders: Orders, validation: list[TrainingScan]) -> dict[str, Any]:
    """What Ray Train gives the workers: the patches of validation, and those of training where all are held."""
    task = orders.task
    listed: dict[str, Sequence[TrainingScan]] = {"train": task.scans} if orders.held else {}
    listed |= {"validation": validation} if validation else {}
    datasets = {name: dataset(ray, scans, task.patches, task.classes, orders.wanted) for name, scans in listed.items()}
    return {name: _materialized(rows) for name, rows in datasets.items()} if orders.held else datasets


def _materialized(rows: Any) -> Any:
    """The same rows in Ray's object store; BadInput where the node that reads them cannot."""
    try:
        return rows.materialize()
    except Exception as error:
        if refused := REFUSED.search(str(error)):
            raise BadInput(refused[1]) from error
        raise


def _refuse_too_many(ray: Any, workers: int, gpu: bool, batch: int) -> None:
    cores, gpus = (int(ray.cluster_resources().get(kind, 0)) for kind in ("CPU", "GPU"))
    if not gpu and workers >= cores:
        raise BadInput(f"{workers} workers leave none of the cluster's {cores} CPUs to read patches: use fewer.")
    if gpu and workers > gpus:
        raise BadInput(f"Ray sees {gpus} GPUs here, {workers} workers need one each: use fewer, or leave --gpu out.")
    if workers > batch:
        raise BadInput(f"A batch of {batch} patches cannot be shared by {workers} workers: use fewer.")


def _refuse_unfilled_batch(scans: list[TrainingScan], batch: int) -> None:
    patches = sum(len(scan["patches"]) for scan in scans)
    if patches < batch:
        raise BadInput(f"A batch of {batch} cannot be filled with {patches} patches: use a smaller --batch.")


def _kept_state(result: Any, folder: Place, best: bool) -> dict[str, Any]:
    """The state of the kept epoch, its epochs those of the whole training."""
    if result.checkpoint is None:
        raise BadInput("Training ended without an epoch: use at least --epochs 1.")
    last = _state_of_checkpoint(result.checkpoint, folder)
    chosen = result.get_best_checkpoint(SCORE, "max") if best else result.checkpoint
    state = _state_of_checkpoint(chosen, folder) if best else last
    epochs = [row | {"kept": row["epoch"] == len(state["epochs"])} for row in last["epochs"]]
    return {"network": state["network"], "epochs": epochs}


def _state_of_checkpoint(kept: Any, folder: Place) -> dict[str, Any]:
    try:
        with kept.as_directory() as copy:
            state: dict[str, Any] = torch.load(Path(copy) / "state.pt", weights_only=True, map_location="cpu")
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise Unreachable(bucket_failure(str(folder), "read", str(error) or type(error).__name__)) from error
    return state


def failure_sentence(failures: Mapping[int, Exception]) -> str:
    """What stopped the workers, by rank, in one sentence that says what to change."""
    for failure in failures.values():
        if refused := REFUSED.search(str(failure)):
            return refused[1]
        if isinstance(failure, BadInput):
            return str(failure)
    causes = [str(error) for error in failures.values()]
    if any(is_shortage(cause) for cause in causes):
        return OUT_OF_MEMORY
    if any(KILLED in cause for cause in causes):
        return f"Workers were killed, most likely because memory ran short: {LESS}; what was finished is kept."
    lines = [line.strip() for line in causes[0].splitlines() if line.strip()]
    return (
        f"Training failed, last with: {lines[-1] if lines else failures}. What was finished is "
        "kept: correct that and run the command again to resume from the last epoch."
    )
