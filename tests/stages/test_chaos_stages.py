"""SIGKILL at seeded moments over every stage: the tables, the files and the answers are those of a quiet run.

    make chaos                     # 40 kills
    KILLS=200 make chaos

A kill strikes the command, or one of Ray's workers of it, at a moment drawn within the time that the stage took in the
quiet run; then the command is called again, and in the end once more until it is done.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest

from deepminer_ray.annotation.journal import Journal, journaled
from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import STAGES
from deepminer_ray.phantom.patient import write_phantom

pytestmark = pytest.mark.chaos

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]
KILLS = int(os.environ.get("KILLS", "40"))
SEED = 0
TRAINING = "--network squeezenet1_1 --weights none --epochs 3 --batch 8 --learning-rate 0.01 --normals 2 --keep last"
COMMANDS = {
    "catalog": "catalog {run} {source}",
    "partition": "partition {run} --train 0.4 --test 0.3",
    "cut": "cut {run} --side 32",
    "train": "train {run} --workers 2 " + TRAINING,
    "probe": "probe {run} --workers 2",
    "evaluate": "evaluate {run}",
    "rank": "rank {run} --workers 2",
    "dissect": "dissect {run} --permuted 99 --patients 1",
    "annotate": "annotate {run} --from-lesions --naming frequent",
    "explain": "explain {run} --workers 2",
    "score": "score {run} --vectors {source}/words.txt",
    "export": "export {run} {run}/exported",
    "report": "report {run}",
}
ONCE = ("annotate", "export", "report")
"""What is done again without being told so."""
WITH_WORKERS = ("cut", "train", "probe", "rank", "explain")
SHARE_WITH_WORKERS = 0.3
WORKERS = ("ray::Probe", "ray::Figure", "ray::RayTrain", "ray::_map", "ray::Map")
"""How Ray calls the processes that work for these."""
ALWAYS = ("annotation", "rejected", "repair", "stage")
"""Tables that belong to no stage alone."""
CLOCKS = {"stage": ["started_at", "seconds"], "epoch": ["patches_per_second"], "annotation": ["saved_at"]}
"""Columns that say when, or how fast."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve patients, with the word vectors of their corpus."""
    directory = tmp_path_factory.mktemp("source")
    write_phantom(directory, patients=12, seed=SEED, columns=160)
    subprocess.run([*DEEPMINER, "words", str(directory / "corpus.txt"), str(directory / "words.txt")], check=True)
    return directory


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    """A Ray that outlives the commands."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 3})
    yield cluster
    cluster.shutdown()


@dataclass
class Chain:
    """A run and how its stages are called."""

    run: Run
    source: Path
    head: Any
    seconds: dict[str, float] = field(default_factory=dict)

    def begun(self, stage: str, again: bool = False) -> "subprocess.Popen[str]":
        words = COMMANDS[stage].format(run=self.run.folder, source=self.source).split()
        more = ["--again"] if again and stage not in ONCE else []
        return subprocess.Popen(
            [*DEEPMINER, *words, *more],
            env=os.environ | {"RAY_ADDRESS": self.head.address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def done(self, stage: str) -> None:
        started = time.monotonic()
        process = self.begun(stage)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, f"{stage}: {said[-2000:]}"
        self.seconds[stage] = time.monotonic() - started

    def workers(self) -> list[psutil.Process]:
        """Ray's processes that work for a command."""
        found = []
        raylet = psutil.Process(self.head.head_node.all_processes["raylet"][0].process.pid)
        for one in raylet.children(recursive=True):
            with suppress(psutil.Error):  # one that ends meanwhile
                if one.cmdline()[:1] and one.cmdline()[0].startswith(WORKERS):
                    found.append(one)
        return found


def struck(process: "subprocess.Popen[str]", workers: Sequence[psutil.Process], chance: np.random.Generator) -> bool:
    """SIGKILL to a command, or to one of some workers; whether there was anything left to kill."""
    if workers:
        with suppress(psutil.Error):
            workers[chance.integers(len(workers))].kill()
        return True
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


@pytest.fixture(scope="module")
def quiet(source: Path, head: Any, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """A run that nobody disturbs."""
    chain = Chain(Run(tmp_path_factory.mktemp("quiet") / "run"), source, head)
    for stage in COMMANDS:
        chain.done(stage)
    return chain


def plan(chance: np.random.Generator) -> list[str]:
    """Which stage each kill strikes: all in turn, in an order that is drawn."""
    stages = list(COMMANDS)
    drawn = [stage for _ in range(-(-KILLS // len(stages))) for stage in chance.permutation(stages)]
    return drawn[:KILLS]


def test_kills_over_every_stage_leave_what_a_quiet_run_has(
    quiet: Chain, source: Path, head: Any, tmp_path: Path
) -> None:
    chance = np.random.default_rng(SEED)
    kills = plan(chance)
    chain, hits = Chain(Run(tmp_path / "run"), source, head, dict(quiet.seconds)), 0
    for stage in COMMANDS:
        for _ in range(kills.count(stage)):
            done = chain.run.database.is_file() and stage in {row["stage"] for row in chain.run.rows("status")}
            process = chain.begun(stage, again=done)
            moment = chance.uniform(0.1, 1.0) * chain.seconds[stage]
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
                chain.seconds[stage] = moment  # the quiet run was on a busier machine, and took longer
            worker = stage in WITH_WORKERS and chance.random() < SHARE_WITH_WORKERS
            hits += struck(process, chain.workers() if worker else [], chance)
            if process.poll() is None:
                process.communicate(timeout=300)
        chain.done(stage)
    assert hits >= 0.7 * KILLS, f"only {hits} of {KILLS} kills struck anything"
    assert_same(chain.run, quiet.run)


def assert_same(run: Run, quiet: Run) -> None:
    """Equal rows in every table but for clocks, no row that should not exist, and the same files."""
    assert run.audit() == {}
    for table in sorted(
        {name for names in STAGES.values() for name in names} | {"annotation", "rejected", "repair", "stage"}
    ):
        left_out = ", ".join(CLOCKS.get(table, ()))
        text = f"select * {f'exclude ({left_out})' if left_out else ''} from {table} order by all"
        found, expected = (plain(one.ask(text), one) for one in (run, quiet))
        assert found == expected, table
    # Pictures of patches are kept by the state of the run that they show, which no two runs share.
    files = (
        {str(file.relative_to(one.folder)) for file in one.folder.rglob("*") if "survey" not in file.parts}
        for one in (run, quiet)
    )
    found_files, expected_files = files
    assert found_files == expected_files, "what a killed command leaves behind goes away"
    for file in sorted((quiet.folder / "exported").glob("*.parquet")):
        assert (run.folder / "exported" / file.name).stat().st_size > 0


def plain(table: pa.Table, run: Run) -> str:
    """A table's rows as text, without the folder of the run."""
    return str(table.to_pylist()).replace(str(run.folder), "RUN")


def test_two_commands_on_one_run_leave_what_one_does(quiet: Chain, source: Path, head: Any, tmp_path: Path) -> None:
    """Each stage is begun twice at once: both end well, or one says in a sentence that the other is at work."""
    chain = Chain(Run(tmp_path / "run"), source, head)
    for stage in COMMANDS:
        both = [chain.begun(stage), chain.begun(stage)]
        said = [process.communicate(timeout=600)[1] for process in both]
        assert {process.returncode for process in both} <= {0, 2} and 0 in [process.returncode for process in both], (
            said
        )
        assert not any("Traceback" in text for text in said), said
    assert_same(chain.run, quiet.run)


ANSWERS = 300
FOLD = "import sys; from deepminer_ray.database.run import Run; Run(sys.argv[1]).fold()"


def test_a_killed_fold_loses_no_answer_and_doubles_none(tmp_path: Path) -> None:
    from datetime import datetime

    chance = np.random.default_rng(SEED)
    run = Run.created(tmp_path / "run")
    about = {"annotator": "Anna", "version": 1, "position": 1, "recognizable": True, "phenomenon": "mass"}
    rows = [about | {"unit": unit, "checkpoint": "now", "saved_at": datetime(2020, 1, 1)} for unit in range(ANSWERS)]
    journal = Journal(run.journal)
    for row in rows:
        journal.append([row])
    journal.close()
    command = [sys.executable, "-c", FOLD, str(run.folder)]
    started = time.monotonic()
    kept = run.journal.read_bytes()
    subprocess.run(command, check=True)
    whole = time.monotonic() - started
    for _ in range(max(5, KILLS // 8)):
        run.journal.write_bytes(kept)
        process = subprocess.Popen(command)
        time.sleep(chance.uniform(0.2, 1.0) * whole)
        process.kill()
        process.wait()
        assert run.ask("select unit from annotation order by unit")["unit"].to_pylist() == list(range(ANSWERS))
    subprocess.run(command, check=True)
    assert not run.journal.exists() and journaled(run.journal).rows is None
    assert run.ask("select count(*) as n from annotation").to_pylist() == [{"n": ANSWERS}]
