"""One local Ray for the whole session, phantom patients, and runs made from them."""

import json
import os
import re
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from deepminer_ray.files.location import Remote
from tests.bucket import ENVIRONMENT, Between, serving, serving_google

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from deepminer_ray.database.run import Run

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
HOSTILE = "</script><script>document.title='changed'</script>"
"""What nobody should name a unit."""

# Ray's processes have what is there before Ray starts. They are as urgent as the tests of other processes, else those
# that wait for Ray end last.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.update(ENVIRONMENT)

LONGEST = ["stages/test_train.py", "stages/test_chain.py", "stages/test_probe.py", "stages/test_plan.py"]
LONGEST += ["stages/test_colour.py", "stages/test_whole.py", "survey/test_server.py"]
"""Files that take a process for a minute or more: they begin, so that none of them ends alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those that need Ray, so that no process is left alone at the end."""
    heavy = {"ray", "made_once"}
    needing = {item.path for item in items if heavy & set(getattr(item, "fixturenames", ()))}
    place = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (place.get(item.path, len(place)), item.path not in needing))


@pytest.fixture(scope="session")
def ray() -> Iterator[object]:
    """A local Ray, shared by all tests that need one."""
    from deepminer_ray.workers.cluster import connect

    connected = connect()
    yield connected
    connected.shutdown()


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Fill a folder `run` once for all of this session's processes: the first that asks fills it, others wait."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def filled(name: str, fill: Callable[[Path], None]) -> Path:
        with FileLock(shared / f"{name}.lock"):
            if not (shared / name).exists():
                begun = shared / f"{name}.begun"
                begun.mkdir()
                fill(begun / "run")
                begun.rename(shared / name)
        return shared / name / "run"

    return filled


@pytest.fixture(scope="session")
def phantoms(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Three phantom patients, one of each class."""
    from deepminer_ray.phantom.patient import write_phantom

    return once("phantoms", partial(write_phantom, patients=3, seed=1, columns=320))


@pytest.fixture(scope="session")
def made_once(
    request: pytest.FixtureRequest,
    once: Callable[[str, Callable[[Path], None]], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> "Callable[[str, Callable[[Path], None]], Run]":
    """The same of a run, for which Ray may be needed; each process has a copy of its own."""
    from deepminer_ray.database.run import Run

    def made(name: str, fill: Callable[[Path], None]) -> Run:
        def filled(folder: Path) -> None:
            request.getfixturevalue("ray")
            fill(folder)

        return Run(shutil.copytree(once(name, filled), tmp_path_factory.mktemp(name) / "run"))

    return made


@pytest.fixture(scope="session")
def cut_run(made_once: "Callable[[str, Callable[[Path], None]], Run]", phantoms: Path) -> "Run":
    """Three phantom patients, cut into patches of 64 px; shares leave all of them to training. To be copied."""
    return made_once("cut", partial(_cut, phantoms))


def _cut(phantoms: Path, folder: Path) -> None:
    from deepminer_ray.database.run import Run
    from deepminer_ray.stages.catalog import catalog
    from deepminer_ray.stages.cut import cut
    from deepminer_ray.stages.partition import partition

    run = Run.created(folder)
    catalog(run, str(phantoms))
    partition(run)
    cut(run, side=64)


@pytest.fixture(scope="session")
def ranked(made_once: "Callable[[str, Callable[[Path], None]], Run]", cut_run: "Run") -> "Run":
    """The same, probed and ranked with a network of chance: a run whose units can be named."""
    return made_once("ranked", partial(_rank, cut_run))


def _rank(cut_run: "Run", folder: Path) -> None:
    import torch

    from deepminer_ray.database.run import Run
    from deepminer_ray.network.backbone import build
    from deepminer_ray.network.checkpoint import save
    from deepminer_ray.stages.evaluate import evaluate
    from deepminer_ray.stages.probe import probe
    from deepminer_ray.stages.rank import rank

    run = Run(shutil.copytree(cut_run.folder, folder))
    torch.manual_seed(0)
    save(run.folder / "checkpoint" / "network.pt", build("squeezenet1_1")[0], 64, "imagenet")
    probe(run, partitions=["all"], workers=0)
    evaluate(run, partitions=["all"])
    rank(run, partitions=["all"], ranked=4, workers=0)


@pytest.fixture(scope="session")
def explained(made_once: "Callable[[str, Callable[[Path], None]], Run]", ranked: "Run") -> "Run":
    """A run whose units have names, one of them hostile, and whose every scan is explained."""
    return made_once("explained", partial(_explain, ranked))


def _explain(ranked: "Run", folder: Path) -> None:
    from deepminer_ray.database.run import Run
    from deepminer_ray.stages.annotate import annotate
    from deepminer_ray.stages.explain import explain

    run = Run(shutil.copytree(ranked.folder, folder))
    units = [row["unit"] for row in run.ask("from unit_rank order by class, rank").to_pylist()]
    names = run.folder / "names.json"
    said = [(units[0], HOSTILE), (units[1], "spiculated edge"), (units[-1], "vessel")]
    names.write_text(json.dumps([{"unit": u, "annotator": "Anna", "phenomenon": name} for u, name in said]))
    annotate(run, str(names))
    explain(run, partitions=["all"], workers=0)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    """A server of buckets that can be told to fail."""
    with serving(tmp_path_factory.mktemp("bucket") / "log") as standing:
        yield standing


@pytest.fixture
def between(server: Between) -> Iterator[Between]:
    """The same, well again after the test."""
    yield server
    server.well_again()


@pytest.fixture
def bucket(between: Between) -> Remote:
    """An empty bucket."""
    name = f"bucket-{os.urandom(4).hex()}"
    between.make(name)
    return Remote("s3", PurePosixPath(name))


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that speaks Google's protocol."""
    with serving_google(tmp_path_factory.mktemp("google") / "log") as address:
        yield address


@pytest.fixture
def google_bucket(google: str) -> Remote:
    """An empty bucket of Google's."""
    name = f"bucket-{os.urandom(4).hex()}"
    wanted = urllib.request.Request(f"{google}/storage/v1/b", json.dumps({"name": name}).encode())
    wanted.add_header("Content-Type", "application/json")
    urllib.request.urlopen(wanted).close()
    return Remote("gs", PurePosixPath(name))


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "`make test-browser` needs Debian's chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A page that fails its test where a script fails or anything is asked of another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("request", lambda request: _outside(request.url) and wrong.append(request.url))
    made.set_default_timeout(20_000)
    yield made
    context.close()
    assert wrong == []


def _outside(url: str) -> bool:
    return not re.match(r"http://127\.0\.0\.1:|file:|data:|blob:", url)
