"""Training with Ray Train: alike after any kill, watched while it runs, refused where it makes no sense."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.training import Recipe, validate
from deepminer_ray.report.curves import class_colours, draw_training
from deepminer_ray.stages.train import epoch_tables, shuffled_labels, train
from deepminer_ray.workers import fit
from deepminer_ray.workers.feed import Feed, dataset
from deepminer_ray.workers.fit import KEEP_MEMORY, failure_sentence
from deepminer_ray.workers.nodes import NO_REQUIREMENTS, NodeRequirements, VisiblePath
from deepminer_ray.workers.task import Task
from tests.domains import CANCER_OR_NOT, MAMMOGRAPHY

EPOCHS = 8
OPTIONS: dict[str, Any] = {"network": "squeezenet1_1", "weights": "none", "epochs": EPOCHS, "batch": 8}
OPTIONS |= {"learning_rate": 0.01, "normals": 2, "jitter": 0.1}
TOO_LARGE: dict[str, Any] = {"network": "densenet121", "batch": 500, "normals": None}
"""What a worker cannot do within ALLOWED bytes, most of which torch takes to be imported."""
ALLOWED = 3500 * 2**20
LABELS = ["normal"] * 1000 + ["malignant", "benign"] * 150 + ["benign"] * 100


@pytest.fixture(scope="module")
def run(ray: object, cut_run: Run) -> Run:
    """A run that is ready to train: three patients, one of each class, all of them in the training partition."""
    return cut_run


def copied(run: Run, folder: Path) -> Run:
    return Run(shutil.copytree(run.folder, folder))


def training(run: Run, workers: int) -> "subprocess.Popen[str]":
    """The command in a process of its own, with a Ray of its own."""
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "train", str(run.folder)]
    for name, value in (OPTIONS | {"workers": workers}).items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)


def workers_of(pid: int) -> list[psutil.Process]:
    """The training workers that a process has at the moment."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):
            found += [child] if "RayTrainWorker" in " ".join(child.cmdline()) else []
    return found


@contextmanager
def struck(pid: int, strike: Callable[[psutil.Process], object]) -> Iterator[set[int]]:
    """Do something to each training worker of a process as it appears; their ids."""
    seen, done = set[int](), threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            with suppress(psutil.Error):
                for worker in workers_of(pid):
                    if worker.pid not in seen:
                        seen.add(worker.pid)
                        strike(worker)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        done.set()
        looking.join()


def epochs_of(run: Run) -> list[dict[str, Any]]:
    return run.ask("from epoch order by epoch").to_pylist()


def wait_for_epoch(run: Run, epoch: int, process: "subprocess.Popen[str]") -> None:
    """Until another process sees that the epoch is done, while training goes on."""
    until = time.monotonic() + 400
    while len(epochs_of(run)) < epoch:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < until
        time.sleep(0.05)


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    state = torch.load(run.folder / "checkpoint" / "network.pt", weights_only=True)["state"]
    assert isinstance(state, dict)
    return state


def losses(run: Run) -> list[tuple[int, float, float]]:
    return [(row["epoch"], row["loss"], row["learning_rate"]) for row in epochs_of(run)]


@pytest.fixture(scope="module", params=[2, pytest.param(3, marks=pytest.mark.slow)])
def workers(request: pytest.FixtureRequest) -> int:
    """Also three, for a sum of two gradients is the same in any order."""
    return int(request.param)


@pytest.fixture(scope="module")
def undisturbed(run: Run, workers: int, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Trained without a break, with patches that are read again in every epoch."""
    made = copied(run, tmp_path_factory.mktemp("undisturbed") / "run")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fit, "HELD_SHARE", 0.0)
        train(made, **OPTIONS, workers=workers, tensorboard=True)
    return made


@pytest.fixture(scope="module")
def broken_off(run: Run, workers: int, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Its command and all its workers were killed after the second epoch."""
    made = copied(run, tmp_path_factory.mktemp("broken_off") / "run")
    process = training(made, workers)
    wait_for_epoch(made, 2, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert 2 <= len(epochs_of(made)) < EPOCHS, "the kill struck before the end"
    assert not (made.folder / "checkpoint" / "network.pt").is_file()
    return made


def test_training_writes_epochs_weights_curves_and_a_checkpoint(undisturbed: Run) -> None:
    rows = epochs_of(undisturbed)
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert [row["kept"] for row in rows] == [False] * (EPOCHS - 1) + [True], "without validation patients the last"
    assert undisturbed.audit() == {}
    figure = undisturbed.folder / "curves" / "training.png"
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert not (undisturbed.folder / "checkpoint" / "epochs").exists()
    held = {row["unit"]: row["weight"] for row in undisturbed.ask("from weight where class = 'benign'").to_pylist()}
    assert held[7] == pytest.approx(float(weights_of(undisturbed)["head.weight"][1, 7]), abs=1e-7)


def test_tensorboard_is_told_on_request(undisturbed: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    told = EventAccumulator(str(undisturbed.folder / "tensorboard"))
    told.Reload()
    at_ends = {event.step: event.value for event in told.Scalars("loss")}
    assert at_ends == {1000 * epoch: pytest.approx(loss, rel=1e-5) for epoch, loss, _ in losses(undisturbed)}
    assert told.Scalars("loss_so_far")


@pytest.mark.slow
def test_a_training_that_lost_its_command_and_a_worker_ends_with_the_same_weights(
    undisturbed: Run, broken_off: Run, workers: int, tmp_path: Path
) -> None:
    """SIGKILL of everything after an epoch, then the same command; SIGKILL of a worker after another.

    Its patches are held in Ray's object store, those of the undisturbed training were read in every epoch.
    """
    run = copied(broken_off, tmp_path / "run")
    done_before = len(epochs_of(run))
    killed: list[int] = []

    def strike() -> None:
        until = time.monotonic() + 400
        while len(epochs_of(run)) <= done_before and time.monotonic() < until:
            time.sleep(0.05)
        found = workers_of(os.getpid())
        assert all(KEEP_MEMORY.items() <= worker.environ().items() for worker in found)
        found[1].kill()
        killed.append(len(epochs_of(run)))
        killed.append(len(found))

    striking = threading.Thread(target=strike)
    striking.start()
    train(run, **OPTIONS, workers=workers)
    striking.join()
    assert killed[0] < EPOCHS and killed[1] == workers, "the kill struck before the end"
    assert losses(run) == losses(undisturbed)
    ours, theirs = weights_of(run), weights_of(undisturbed)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.slow
def test_a_training_goes_on_with_another_number_of_workers(undisturbed: Run, broken_off: Run, tmp_path: Path) -> None:
    run = copied(broken_off, tmp_path / "run")
    done_before = losses(run)
    train(run, **OPTIONS, workers=1)
    assert losses(run)[: len(done_before)] == done_before, "what three workers finished is not done again"
    assert [row["epoch"] for row in epochs_of(run)] == list(range(1, EPOCHS + 1))
    assert losses(run) != losses(undisturbed)


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_diverging_loss_ends_in_one_sentence_without_another_try(run: Run, processes: int, tmp_path: Path) -> None:
    diverging = copied(run, tmp_path / "run")
    before = diverging.database.read_bytes()
    started = time.monotonic()
    with pytest.raises(
        BadInput, match=r"The loss is not a number at step \d of epoch 1: use a smaller --learning-rate"
    ):
        train(diverging, **OPTIONS | {"learning_rate": 1e30}, workers=processes)
    assert diverging.database.read_bytes() == before
    assert time.monotonic() - started < 200, "no other worker group was tried"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"workers": 9}, "CPUs to read patches: use fewer"),
        ({"workers": 3, "batch": 2}, "cannot be shared by 3 workers"),
        ({"gpu": True}, "leave --gpu out"),
        ({"balance": "both"}, "There is no balance 'both': use none, weights, sampling"),
        ({"keep": "worst"}, "There is no keep 'worst'"),
        ({"optimizer": "adam"}, "There is no optimizer 'adam': use sgd, adamw"),
        ({"pool": "median"}, "There is no pool 'median': use avg, max"),
        ({"schedule": "cosine"}, "There is no schedule 'cosine': use steps, one-cycle"),
        ({"normalisation": "zscore"}, "use imagenet, inception, caffe"),
        ({"preset": "authors"}, "The authors trained on patches of 227 px, this run was cut into 64"),
        ({"preset": "others"}, "There is no preset 'others'"),
        ({"preset": "others", "decay_from_epoch": 2}, "There is no preset 'others'"),
        ({"weights": "no/such/file.pt"}, r"There is no weights file .*no/such/file\.pt"),
        ({"network": "inception_v3"}, "Patches of 64 px are too small for inception_v3"),
        ({"batch": 5000}, "use a smaller --batch"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence_and_changes_nothing(
    run: Run, options: dict[str, Any], sentence: str
) -> None:
    before = run.database.read_bytes()
    with pytest.raises(BadInput, match=sentence):
        train(run, **OPTIONS | options)
    assert run.database.read_bytes() == before


@pytest.mark.parametrize(
    ("workers", "gpu", "refused"), [(7, False, False), (8, False, True), (8, True, False), (9, True, True)]
)
def test_workers_leave_a_cpu_to_read_patches_unless_they_are_on_gpus(workers: int, gpu: bool, refused: bool) -> None:
    """Ray takes no CPU for a worker with a GPU."""

    class EightOfEach:
        def cluster_resources(self) -> dict[str, float]:
            return {"CPU": 8.0, "GPU": 8.0}

    with pytest.raises(BadInput, match="use fewer") if refused else nullcontext():
        fit._refuse_too_many(EightOfEach(), workers, gpu, 32)


def test_a_class_without_patches_and_a_single_patient_are_refused_by_name(run: Run, tmp_path: Path) -> None:
    alone = copied(run, tmp_path / "run")
    with alone.appending() as tables:
        tables.connection.execute("delete from partition where patient <> (select min(patient) from partition)")
    with pytest.raises(BadInput, match=r"No benign and no malignant patch is in the training .*larger --train"):
        train(alone, **OPTIONS | {"normals": None})


@pytest.mark.parametrize("workers", [1, 3])
def test_patches_come_in_one_order_whether_held_or_read(ray: Any, run: Run, workers: int) -> None:
    """From the object store and from the files: the same batches, and those that the order says."""
    scans = run.rows("training", normals=2, seed="0", balanced=False, answers=["normal", "benign", "malignant"])
    patches, recipe = run.folder / "patch", Recipe(2, 8, 0.01, None, seed=5)
    task = Task({}, None, ("normal", "benign", "malignant"), recipe, 64, patches, patches, scans, "best")
    rows = dataset(ray, scans, patches, task.classes).materialize()
    seen = Counter[int]()
    for rank in range(workers):
        held, read = (Feed(task, NO_REQUIREMENTS, rank, workers, given) for given in (rows, None))
        held.window = read.window = 10 * held.size
        both = list(zip(held.batches(2), read.batches(2), strict=True))
        assert len(both) == held.steps == sum(len(scan["patches"]) for scan in scans) // 8
        for (pixels, classes), (other_pixels, other_classes) in both:
            assert np.array_equal(pixels, other_pixels) and np.array_equal(classes, other_classes)
            seen.update(pixel.tobytes().__hash__() for pixel in pixels)
        assert any(not np.array_equal(a[0], b[0]) for a, b in zip(held.batches(2), held.batches(3), strict=True))
    assert max(seen.values()) <= 2 and sum(seen.values()) == sum(len(scan["patches"]) for scan in scans) // 8 * 8


@pytest.mark.parametrize("normals", [1, 3])
def test_normal_patches_are_limited_of_training_and_of_validation_patients(
    run: Run, tmp_path: Path, normals: int
) -> None:
    whole = copied(run, tmp_path / "run")
    with whole.appending() as tables:
        ill = "(select min(patient) from scan semi join lesion using (scan))"
        tables.connection.execute(f"update partition set partition = 'train', validation = (patient = {ill})")
    answers = ["normal", "benign", "malignant"]
    scans, everything = (
        whole.rows("training", normals=limit, seed="0", balanced=False, answers=answers) for limit in (normals, None)
    )
    for kept in (False, True):
        counts, all_counts = (
            Counter(name == "normal" for scan in rows if scan["validation"] is kept for name in scan["classes"])
            for rows in (scans, everything)
        )
        assert counts[False] == all_counts[False]
        assert counts[True] == min(normals * counts[False], all_counts[True]) > 0


def test_rarer_classes_are_listed_until_all_have_as_many(run: Run) -> None:
    answers = ["normal", "benign", "malignant"]
    plain, balanced = (
        run.rows("training", normals=None, seed="0", balanced=way, answers=answers) for way in (False, True)
    )
    counts = Counter(name for scan in balanced for name in scan["classes"])
    assert len(set(counts.values())) == 1
    for before, after in zip(plain, balanced, strict=True):
        assert set(before["patches"]) == set(after["patches"])
    times = Counter(patch for scan in balanced for patch in scan["patches"])
    of_class = {patch: name for scan in balanced for patch, name in zip(scan["patches"], scan["classes"], strict=True)}
    for name in answers:
        repeated = {times[patch] for patch in of_class if of_class[patch] == name}
        assert max(repeated) - min(repeated) <= 1, "patches of a class are shown equally often, give or take one"
    cancer = run.rows("training", normals=None, seed="0", balanced=True, answers=["not_malignant", "malignant"])
    counts = Counter(name == "malignant" for scan in cancer for name in scan["classes"])
    assert counts[True] == counts[False]


def test_want_of_memory_is_said_as_such() -> None:
    for provoked in (lambda: torch.empty(2**48), lambda: np.empty(2**48)):
        with pytest.raises((RuntimeError, MemoryError)) as raised:
            provoked()
        assert "--at-once" in failure_sentence({0: raised.value})
    assert "correct that" in failure_sentence({1: OSError("disk is gone")})


def test_a_killed_worker_is_said_to_lack_memory_most_likely(ray: Any) -> None:
    """Whatever the other workers say of it."""

    @ray.remote
    class Worker:
        def end(self) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ray.exceptions.RayActorError) as raised:
        ray.get(Worker.remote().end.remote())
    said = failure_sentence({0: RuntimeError("Connection closed by peer"), 1: raised.value})
    assert "because memory ran short" in said and "--at-once" in said and "\n" not in said


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_the_system_refuses_memory_end_in_one_sentence(run: Run, tmp_path: Path, workers: int) -> None:
    """At once where there is one; of several, those that Ray starts again end before they try the same."""
    short = copied(run, tmp_path / "run")
    before = short.database.read_bytes()

    def limit(worker: psutil.Process) -> None:
        worker.rlimit(psutil.RLIMIT_DATA, (ALLOWED, ALLOWED))

    with struck(os.getpid(), limit) as limited, pytest.raises(BadInput, match=r"ran out of memory: .*--at-once"):
        train(short, **OPTIONS | TOO_LARGE, workers=workers)
    assert len(limited) == {1: 1, 2: 4}[workers]
    assert short.database.read_bytes() == before


def test_what_a_worker_refuses_is_the_sentence() -> None:
    refused = BadInput("The node is another.")
    for failure in (refused, RuntimeError(f"Traceback ...\n{BadInput.__module__}.BadInput: {refused}\n\nmore")):
        assert failure_sentence({0: OSError("the other worker is gone"), 1: failure}) == str(refused)


def test_a_node_that_cannot_see_the_patches_is_named(ray: Any, run: Run, tmp_path: Path) -> None:
    scans = run.rows("training", normals=2, seed="0", balanced=False, answers=["normal", "benign", "malignant"])
    wanted = NodeRequirements((VisiblePath(tmp_path / "elsewhere"),))
    with pytest.raises(BadInput, match=rf"^The node \S+ does not see {tmp_path}/elsewhere: mount it"):
        fit._materialized(dataset(ray, scans, run.folder / "patch", ("normal", "benign", "malignant"), wanted))


@pytest.mark.parametrize("seed", range(5))
def test_every_class_gets_each_label_in_the_same_share(seed: int) -> None:
    dealt = shuffled_labels(LABELS, seed)
    assert Counter(dealt) == Counter(LABELS)
    for true in ("normal", "benign", "malignant"):
        mix = Counter(new for old, new in zip(LABELS, dealt, strict=True) if old == true)
        for name in mix:
            assert abs(mix[name] - LABELS.count(true) * LABELS.count(name) / len(LABELS)) <= 2


def test_another_seed_deals_otherwise() -> None:
    first, again, other = (shuffled_labels(LABELS, seed) for seed in (0, 0, 1))
    assert first == again
    agreeing = sum(a == b for a, b in zip(first, other, strict=True)) / len(LABELS)
    chance = sum((count / len(LABELS)) ** 2 for count in Counter(LABELS).values())
    assert abs(agreeing - chance) < 0.05


def test_each_class_of_a_network_of_two_has_its_auc_in_every_epoch(tmp_path: Path) -> None:
    """Also what is left of the other, and null where the patches are all of one class."""
    torch.manual_seed(0)
    network = build("squeezenet1_1", classes=CANCER_OR_NOT.names)[0]
    pixels = np.random.default_rng(0).integers(500, 30_000, (8, 64, 64)).astype(np.uint16)
    epochs = []
    for epoch, classes in enumerate((np.arange(8) % 2, np.zeros(8, np.int64)), 1):
        row = {"epoch": epoch, "loss": 1.0, "learning_rate": 0.1, "patches_per_second": 1.0, "kept": epoch == 1}
        epochs.append(row | validate(network, "imagenet", [(pixels, classes)], torch.device("cpu")))
    run = Run.created(tmp_path / "run")
    with run.appending() as tables:
        for table, rows in epoch_tables(epochs).items():
            tables.insert(table, rows)
    found = run.ask("select epoch, class, auc from epoch_auc order by epoch, severity(class)").to_pylist()
    assert [(row["epoch"], row["class"]) for row in found] == [(e, name) for e in (1, 2) for name in CANCER_OR_NOT]
    assert [row["auc"] for row in found[2:]] == [None, None]
    assert 0 <= found[0]["auc"] <= 1 and found[1]["auc"] == pytest.approx(found[0]["auc"]), (
        "of two, one tells the other"
    )
    assert [list(dict(row["auc"])) for row in run.rows("report/epoch")] == [list(CANCER_OR_NOT)] * 2
    draw_training(tmp_path / "training.png", epochs, class_colours(MAMMOGRAPHY))
    assert (tmp_path / "training.png").is_file()
