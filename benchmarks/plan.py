"""What `deepminer plan` predicts beside what then happens, for sources of different size.

    python benchmarks/plan.py [PATIENTS ...]

For each number of phantom patients: `plan` in a process of its own, then the stages in another, with the same options.
Patches and bytes are facts of the run's folder, seconds those of its table `stage`, memory the most that any of Ray's
workers of a stage ever held, as Linux counts it. Seconds depend on what else the machine does: its load is printed.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from deepminer_ray.database.run import Run
from deepminer_ray.options import PlanOptions
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.planning.counts import Shares
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.plan import plan
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.stages.train import train

PATIENTS = (12, 48)
COLUMNS, SIDE, NETWORK, EPOCHS, SCANS = 512, 64, "squeezenet1_1", 2, 12
SHARES = Shares(train=0.5, test=0.25)
WORKERS = {
    "catalog": "ray::MapBatches(read_cases",
    "cut": "ray::Map(cut_scan",
    "train": "ray::RayTrainWorker",
    "probe": "ray::ProbeActor",
    "rank": "ray::ProbeActor",
    "explain": "ray::FigureActor",
}
"""How the workers of a stage are called while they work."""
SECONDS_BETWEEN_LOOKS = 0.2
GOAL = 0.25
UNITS = {"bytes": (1e6, "MB"), "s": (1.0, "s"), "": (1.0, "")}


@dataclass(frozen=True)
class Compared:
    """A prediction and what came of it."""

    name: str
    unit: str
    predicted: float
    real: float

    def __str__(self) -> str:
        size, unit = UNITS[self.unit]
        off = "" if abs(self.predicted / self.real - 1) <= GOAL else "  more than 25 % off"
        both = f"{self.predicted / size:10,.1f} {self.real / size:10,.1f} {unit:3}"
        return f"  {self.name:24} {both} {self.predicted / self.real:6.2f}{off}"


class Peaks:
    """The most memory that a worker of each stage ever held, looked at while the stages run."""

    def __init__(self) -> None:
        self.stage, self.found = "", dict.fromkeys(WORKERS, 0)
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self.done.wait(SECONDS_BETWEEN_LOOKS):
            stage = self.stage
            for process in psutil.Process().children(recursive=True) if stage in WORKERS else ():
                with suppress(psutil.Error, OSError):
                    if process.name().startswith(WORKERS[stage][:15]):
                        self.found[stage] = max(self.found[stage], _highest(process.pid))


def _highest(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def real(source: Path, folder: Path) -> dict[str, Any]:
    """Run the stages and say what they made and took."""
    run, peaks = Run.created(folder), Peaks()
    peaks.thread.start()
    stages = {
        "catalog": lambda: catalog(run, str(source)),
        "partition": lambda: partition(run, train=SHARES.train, test=SHARES.test),
        "cut": lambda: cut(run, side=SIDE),
        "train": lambda: train(run, network=NETWORK, weights="none", epochs=EPOCHS),
        "probe": lambda: probe(run),
        "evaluate": lambda: evaluate(run),
        "rank": lambda: rank(run),
    }
    for stage, act in stages.items():
        peaks.stage = stage
        act()
    size = run.database.stat().st_size
    peaks.stage = "explain"
    explain(run)
    peaks.done.set()
    seconds = {row["stage"]: row["seconds"] for row in run.ask("from stage").to_pylist()}
    patches = "select partition, validation, count(*) as n from label join patch using (patch) join scan using (scan) "
    rows = run.ask(patches + "join partition using (patient) group by all").to_pylist()
    all_patches = run.ask("select count(*) as n from patch").to_pylist()[0]["n"]
    trained = sum(row["n"] for row in rows if row["partition"] == "train" and not row["validation"])
    probed = sum(row["n"] for row in rows if row["partition"] == "test")
    counted = {"patches": all_patches, "patches to train on": trained, "patches to probe": probed}
    made = {
        f"RUN/{name}": sum(file.stat().st_size for file in (folder / name).rglob("*") if file.is_file())
        for name in ("scan", "patch", "checkpoint", "figures")
    }
    return {"counts": counted, "artefacts": made | {"RUN/run.duckdb": size}, "seconds": seconds, "memory": peaks.found}


def planned(source: Path) -> dict[str, Any]:
    """What is predicted."""
    asked = PlanOptions(str(source), side=SIDE, network=NETWORK, epochs=EPOCHS, films=SCANS, **asdict(SHARES))
    return plan(asked).rows()


def compared(predicted: dict[str, Any], happened: dict[str, Any]) -> list[Compared]:
    """Each prediction beside what came of it."""
    rows = []
    for group in ("counts", "artefacts"):
        for line in predicted[group]:
            if line["name"] in happened[group]:
                rows.append(Compared(line["name"], line["unit"], line["value"], happened[group][line["name"]]))
    for line in predicted["stages"]:
        rows.append(Compared(f"{line['name']}, seconds", "s", line["value"], happened["seconds"][line["name"]]))
    both = [sum(line["value"] for line in predicted["stages"])]
    both.append(sum(happened["seconds"][line["name"]] for line in predicted["stages"]))
    rows.append(Compared("all stages, seconds", "s", *both))
    for line in predicted["stages"]:
        if happened["memory"][line["name"]]:
            name = f"{line['name']}, a worker's memory"
            rows.append(Compared(name, "bytes", line["memory"], happened["memory"][line["name"]]))
    return rows


def alone(what: str, *arguments: Path) -> dict[str, Any]:
    """The answer of this file in a process of its own."""
    command = [sys.executable, __file__, what, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main(sizes: list[int]) -> None:
    """Plan and run each source."""
    off = []
    for patients in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_phantom(folder / "source", patients, seed=0, columns=COLUMNS)
            loads = [os.getloadavg()[0]]
            predicted = alone("--plan", folder / "source")
            loads.append(os.getloadavg()[0])
            happened = alone("--real", folder / "source", folder / "run")
            loads.append(os.getloadavg()[0])
        between = ", ".join(f"{load:.1f}" for load in loads)
        print(f"{patients} patients; load before, between and after on {os.cpu_count()} cores: {between}")
        print(f"  {'':24} {'predicted':>10} {'real':>10} {'':3} {'ratio':>6}")
        rows = compared(predicted, happened)
        print("\n".join(map(str, rows)), flush=True)
        off += [abs(row.predicted / row.real - 1) for row in rows]
    print(
        f"median error {statistics.median(off):.0%}; {sum(one <= GOAL for one in off)} of {len(off)} within {GOAL:.0%}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plan"]:
        print(json.dumps(planned(Path(sys.argv[2]))))
    elif sys.argv[1:2] == ["--real"]:
        print(json.dumps(real(*map(Path, sys.argv[2:]))))
    else:
        main([int(word) for word in sys.argv[1:]] or list(PATIENTS))
