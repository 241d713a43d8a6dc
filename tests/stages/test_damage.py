"""A finished run that was mailed, or changed behind its back: what can be done without is, else a sentence says which
file is missing or another."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from deepminer_ray.cli import main
from deepminer_ray.database.digests import mailed_alone, wrong_files
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.patches.proof import SHARDS
from deepminer_ray.patches.shard import MADE_FROM, read_patches, read_scan, shard
from deepminer_ray.report.page import write_report
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.probe import probe
from deepminer_ray.survey.desk import Desk, Settings
from deepminer_ray.survey.gallery import Gallery
from deepminer_ray.survey.server import application


def gone(name: str) -> Callable[[Path], None]:
    """Lose a file or a folder of a run."""

    def lose(run: Path) -> None:
        shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()

    return lose


def every(kind: str, change: Callable[[Path, Path], None]) -> Callable[[Path], None]:
    """Change every shard of a kind, given with its neighbour: whichever a command reads, it meets one."""

    def changed(run: Path) -> None:
        files = sorted((run / kind).glob("*.parquet"))
        contents = [file.read_bytes() for file in files]
        for place, file in enumerate(files):
            neighbour = file.with_suffix(".neighbour")
            neighbour.write_bytes(contents[place - 1])
            change(file, neighbour)
            neighbour.unlink()

    return changed


def cut_short(file: Path, _: Path) -> None:
    content = file.read_bytes()
    file.unlink()  # copies share it with the run they were made of
    file.write_bytes(content[: len(content) // 2])


def another(file: Path, neighbour: Path) -> None:
    file.unlink()
    shutil.copyfile(neighbour, file)


def negated(name: str) -> Callable[[Path], None]:
    """Negate the linear layer of a network, which then says the contrary."""

    def negate(run: Path) -> None:
        file = run / "checkpoint" / name
        described = torch.load(file, weights_only=True)
        head = [key for key in described["state"] if key.startswith("head")]
        assert head
        for key in head:
            described["state"][key] = -described["state"][key]
        file.unlink()
        torch.save(described, file)

    return negate


def lone(run: Path) -> None:
    """Only run.duckdb was mailed."""
    for left in run.iterdir():
        if left.name != "run.duckdb":
            shutil.rmtree(left) if left.is_dir() else left.unlink()


DAMAGE: dict[str, Callable[[Path], None]] = {
    "nothing": lambda _: None,
    "only run.duckdb": lone,
    "patch/ gone": gone("patch"),
    "scan/ gone": gone("scan"),
    "patches cut short": every("patch", cut_short),
    "films cut short": every("scan", cut_short),
    "patches of another film": every("patch", another),
    "films of another": every("scan", another),
    "probed.pt gone": gone("checkpoint/probed.pt"),
    "probed.pt negated": negated("probed.pt"),
    "network.pt negated": negated("network.pt"),
    "figures/ gone": gone("figures"),
    "curves/ gone": gone("curves"),
    "list gone": gone(f"patch/{SHARDS}"),
    "list cut short": lambda run: cut_short(run / "patch" / SHARDS, run),
}
COMMANDS = {
    "status": ["status"],
    "questions": ["questions", "{out}/asked"],
    "export": ["export", "{out}/tables"],
    "report": ["report", "--out", "{out}/report.html"],
    "survey": ["survey", "--static", "{out}/survey"],
    "breast": ["breast", "{out}/breast.png"],
    "image": ["explain", "--image", "{out}/own.png"],
    "explain": ["explain", "--partitions", "all", "--again"],
    "rank": ["rank", "--partitions", "all", "--ranked", "4", "--again"],
    "dissect": ["dissect", "--permuted", "9", "--patients", "1"],
    "probe": ["probe", "--partitions", "all", "--again"],
    "evaluate": ["evaluate", "--partitions", "all", "--again"],
    "train": ["train", "--network", "squeezenet1_1", "--weights", "none", "--epochs", "1", "--batch", "4"],
}
PATCHES = {"report", "survey", "rank", "dissect", "probe", "train"}
SCANS = {"survey", "breast", "explain", "probe"}
LIST = PATCHES | {"explain"}
"""Which need the list of shards before anything else."""
NETWORK = {"image", "explain", "rank", "dissect"}
REFUSED: dict[str, tuple[set[str], str]] = {
    "only run.duckdb": (PATCHES | SCANS | NETWORK, rf"patch/{SHARDS}|scan/\d+\.parquet|network\.pt|probed\.pt"),
    "patch/ gone": (LIST, rf"patch/{SHARDS}"),
    "scan/ gone": (SCANS, r"scan/\d+\.parquet"),
    "patches cut short": (PATCHES, r"patch/\d+\.parquet"),
    "films cut short": (SCANS, r"scan/\d+\.parquet"),
    "patches of another film": (PATCHES, r"patch/\d+\.parquet"),
    "films of another": (SCANS, r"scan/\d+\.parquet"),
    "probed.pt gone": (NETWORK, r"checkpoint/probed\.pt"),
    "probed.pt negated": (NETWORK, r"checkpoint/probed\.pt"),
    "network.pt negated": ({"probe"}, r"checkpoint/network\.pt"),
    "list gone": (LIST, rf"patch/{SHARDS}"),
    "list cut short": (LIST | SCANS, rf"patch/{SHARDS}"),
}
"""By damage: which commands need what is missing, and how its name is said. `report` ends well without pixels."""
STAGES = {"explain", "rank", "dissect", "probe", "train"}
"""Not called where nothing would stop them: they would be done, which other tests see to."""
WORKING = {
    "patches cut short": {"train", "probe", "dissect"},
    "patches of another film": {"rank"},
    "films cut short": {"explain"},
    "films of another": {"probe"},
}
"""Which of them meet a shard only at work, in processes of Ray: each with one damage of a kind, for they take long."""


@pytest.fixture(scope="module")
def finished(explained: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The explained run as if it had trained its network, without pictures kept from earlier."""
    run = Run(shutil.copytree(explained.folder, tmp_path_factory.mktemp("finished") / "run"))
    shutil.rmtree(run.folder / "survey", ignore_errors=True)
    parameters = {row["stage"]: json.loads(row["parameters"]) for row in run.rows("status")}
    with run.appending() as tables:
        asked = json.dumps({"checkpoint": parameters["probe"]["checkpoint"]})
        tables.connection.execute(
            "insert into stage by name (select 'train' as stage, $asked::json as parameters, now()::timestamp as "
            "started_at, 1.0 as seconds, '' as version)",
            {"asked": asked},
        )
    return run


def damaged(finished: Run, folder: Path, damage: str) -> Run:
    run = Run(shutil.copytree(finished.folder, folder / "run"))
    DAMAGE[damage](run.folder)
    return run


def done(command: str, run: Run, out: Path) -> int:
    """The exit status of a command in this process, where Ray is there already; anything else that it raises fails."""
    name, *more = (part.format(out=out) for part in COMMANDS[command])
    if command == "train":
        more.append("--again")
    if command == "image":
        Image.effect_noise((300, 400), 40).save(out / "own.png")
    try:
        main([name, str(run.folder), *more])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.mark.chaos
@pytest.mark.parametrize("damage", DAMAGE)
def test_each_command_does_without_or_names_the_file(
    ray: object, finished: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: str
) -> None:
    needed, named = REFUSED.get(damage, (set(), ""))
    for command in COMMANDS:
        if command in STAGES - (needed & WORKING.get(damage, STAGES)):
            continue
        out = tmp_path / command
        out.mkdir()
        run = damaged(finished, out, damage)
        capfd.readouterr()
        status = done(command, run, out)
        said = capfd.readouterr().err
        assert "Traceback" not in said, (command, said)
        refused = re.findall(r"^deepminer: (.+)$", said, re.MULTILINE)
        if command not in needed or command == "report":
            assert status == 0 and not refused, (command, said)
        else:
            assert status == 2 and len(refused) == 1 and re.search(named, refused[0]), (command, said)
            assert str(run.folder) in refused[0]
        shutil.rmtree(out)


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_audit_names_what_is_wrong(
    finished: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: str
) -> None:
    run = damaged(finished, tmp_path, damage)
    status = 0
    try:
        main(["audit", str(run.folder)])
    except SystemExit as ended:
        status = int(ended.code or 0)
    said = capfd.readouterr().out
    _, named = REFUSED.get(damage, (set(), ""))
    if damage == "only run.duckdb":
        named = ""
        assert f"rows alone were checked: images, patches and networks are not here ({run.folder})" in said
    assert status == (1 if named else 0), said
    assert not named or re.search(named, said)


def test_the_audit_of_rows_alone_still_finds_rows(
    finished: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = damaged(finished, tmp_path, "only run.duckdb")
    with run.appending() as tables:
        tables.connection.execute("update prediction set probability = 2")
    with pytest.raises(SystemExit) as ended:
        main(["audit", str(run.folder)])
    said = capfd.readouterr().out
    assert ended.value.code == 1 and "rows alone" in said and "probability_not_one" in said


@pytest.mark.parametrize("left", ["checkpoint/probed.pt", "scan"])
def test_a_run_that_is_not_alone_lacks_what_is_missing(finished: Run, tmp_path: Path, left: str) -> None:
    run = damaged(finished, tmp_path, "nothing")
    lost = [name for name in ("scan", "patch", "checkpoint/network.pt", "checkpoint/probed.pt") if name != left]
    for name in lost:
        gone(name)(run.folder)
    assert not mailed_alone(run)
    assert {row["why"] for row in wrong_files(run)} & {"missing"}


def test_the_audit_names_one_of_many(finished: Run, tmp_path: Path) -> None:
    run = damaged(finished, tmp_path, "nothing")
    assert wrong_files(run) == []
    first, second, third = sorted((run.folder / "patch").glob("*.parquet"))[:3]
    another(first, second)
    cut_short(second, second)
    third.unlink()
    assert wrong_files(run) == [
        {"file": str(first), "why": "another than `cut` made"},
        {"file": str(second), "why": "damaged or cut short"},
        {"file": str(third), "why": "missing"},
    ]


def test_a_report_without_pixels_says_so_and_has_the_rest(finished: Run, tmp_path: Path) -> None:
    run = damaged(finished, tmp_path, "only run.duckdb")
    page = write_report(run).read_text()
    assert f"There is no {run.folder / 'patch' / SHARDS}" in page
    assert "unit_" in page and "data:image" not in page


def test_a_survey_answers_that_a_picture_is_missing(finished: Run, tmp_path: Path) -> None:
    desk = Desk(damaged(finished, tmp_path, "patches cut short"), Settings())
    try:
        token = "a" * 22
        web = TestClient(application(desk, {"Anna": token}, ["testserver"]))
        assert web.get(f"/{token}/1").status_code == 200
        answer = web.get(f"/{token}/1/authors.png")
        assert answer.status_code == 503 and re.search(r"patch/\d+\.parquet is not the one", answer.text)
    finally:
        desk.close()


def test_a_shard_that_is_read_again_is_compared_once(finished: Run, tmp_path: Path) -> None:
    """And once more where it has changed, though its size and time are the same."""
    run = damaged(finished, tmp_path, "nothing")
    (number, patches) = next(
        (row["scan_number"], row["patches"]) for row in run.rows("probe_patch", partitions=["train", "test", "holdout"])
    )
    file = shard(run.folder / "patch", number)
    before = read_patches(file, patches)
    assert (read_patches(file, patches[:1]) == before[:1]).all()
    content, told = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 2] ^= 1
    time.sleep(0.01)
    file.write_bytes(content)
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    with pytest.raises(BadInput, match=re.escape(f"{file} is not the one that `cut` made")):
        read_patches(file, patches)


def test_cut_makes_damaged_shards_anew_and_stages_go_on(ray: object, finished: Run, tmp_path: Path) -> None:
    run = damaged(finished, tmp_path, "nothing")
    files = sorted((run.folder / "patch").glob("*.parquet"))
    before = [file.read_bytes() for file in files]
    told = (run.folder / "patch" / SHARDS).read_bytes()
    cut_short(files[0], files[0])
    another(files[1], files[2])
    (run.folder / "scan" / files[2].name).unlink()
    cut(run, side=64, again=True)
    assert [file.read_bytes() for file in files] == before
    assert (run.folder / "patch" / SHARDS).read_bytes() == told
    assert wrong_files(run) == []


def test_a_run_of_another_version_has_nothing_to_be_compared_with(ray: object, finished: Run, tmp_path: Path) -> None:
    run = damaged(finished, tmp_path, "nothing")
    (run.folder / "patch" / SHARDS).unlink()
    with run.appending() as tables:
        tables.connection.execute("update stage set parameters = '{\"side\": 64}' where stage = 'cut'")
    assert [row["file"] for row in wrong_files(run)] == []
    assert Gallery(run, ["test"]).storage == run.folder
    assert read_scan(run.folder / "scan", 0).size
    (run.folder / "patch" / MADE_FROM).unlink()
    with pytest.raises(BadInput, match=MADE_FROM):
        Gallery(run, ["test"])


def test_the_same_probe_puts_its_network_back(ray: object, finished: Run, tmp_path: Path) -> None:
    run = damaged(finished, tmp_path, "probed.pt negated")
    kept = run.folder / "checkpoint" / "probed.pt"
    probe(run, partitions=["all"])
    assert kept.read_bytes() == (finished.folder / "checkpoint" / "probed.pt").read_bytes()
    assert wrong_files(run) == []
