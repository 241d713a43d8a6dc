"""A request that cannot be carried out ends in one sentence and exit status 2."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ray.exceptions import RayTaskError

from deepminer_ray.cli import main
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Remote
from tests.bucket import Between

DEEPMINER = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: `fresh`, and `ready`, in which patients are split and films are cut, as far as its stages say."""
    folder = tmp_path_factory.mktemp("made")
    Run.created(folder / "fresh")
    run = Run(shutil.copytree(folder / "fresh", folder / "ready"))
    for stage in ("catalog", "partition", "cut"):
        with run.finishing(stage, {"side": 64}, time.time()):
            pass
    return folder


@pytest.fixture
def ready(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "fresh", tmp_path / "fresh")
    return shutil.copytree(made / "ready", tmp_path / "ready")


REFUSED = {
    "no run": ["status", "{tmp}/none"],
    "no directory": ["catalog", "{tmp}/new", "{tmp}/none"],
    "empty directory": ["catalog", "{tmp}/new", "{tmp}/empty"],
    "unknown kind": ["catalog", "{tmp}/new", "{tmp}/empty", "--source-kind", "nope"],
    "run inside a file": ["catalog", "{tmp}/file/run", "{tmp}/empty"],
    "empty directory, all stages": ["run", "{tmp}/new", "{tmp}/empty"],
    "nothing to resume": ["run", "{tmp}/none"],
    "nothing remembered": ["run", "{fresh}", "--epochs", "1"],
    "nothing to plan": ["plan", "{tmp}/empty"],
    "plan of a patch too small": ["plan", "{tmp}/empty", "--side", "8"],
    "plan with shares of more than all": ["plan", "{tmp}/empty", "--train", "0.9", "--test", "0.3"],
    "before cut": ["train", "{tmp}/fresh"],
    "before probe": ["rank", "{tmp}/fresh"],
    "before rank": ["explain", "{tmp}/fresh"],
    "nothing to annotate": ["annotate", "{tmp}/fresh", "--from-lesions"],
    "unknown network": ["train", "{ready}", "--network", "resnet51", "--weights", "none"],
    "network of another form": ["train", "{ready}", "--network", "vgg16", "--weights", "none"],
    "missing weights": ["train", "{ready}", "--network", "resnet18", "--weights", "{tmp}/none.pt"],
    "no labelled patch": ["train", "{ready}", "--network", "resnet18", "--weights", "none"],
    "no checkpoint": ["probe", "{ready}"],
    "shares of more than all": ["partition", "{ready}", "--train", "0.9", "--test", "0.3"],
    "a patch too small": ["cut", "{ready}", "--side", "8"],
    "other parameters": ["cut", "{ready}", "--side", "128"],
    "lists that are none": ["partition", "{ready}", "--again", "--lists", "{tmp}/file"],
    "no vectors": ["score", "{ready}"],
    "wrong statement": ["sql", "{fresh}", "select nothing from nowhere"],
    "nothing cut to draw": ["breast", "{fresh}", "{tmp}/out.png"],
    "missing film": ["decode", "{tmp}/none.LJPEG", "{tmp}/out.png"],
    "film that is none": ["decode", "{tmp}/file", "{tmp}/out.png"],
    "unknown image": ["decode", "{tmp}/file", "{tmp}/out.bmp"],
    "full disk": ["words", "{tmp}/text", "/dev/full"],
    "missing corpus": ["words", "{tmp}/none.txt", "{tmp}/out.txt"],
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_requests_are_refused_in_one_sentence(
    case: str, tmp_path: Path, ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("some text")
    (tmp_path / "text").write_text("a round mass lies in dense tissue\n" * 20)
    arguments = [part.format(tmp=tmp_path, ready=ready, fresh=tmp_path / "fresh") for part in REFUSED[case]]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("deepminer: ")]
    assert ended.value.code == 2
    assert len(said) == 1 and len(said[0]) > 30


NO_BUCKET = {
    "source": ["catalog", "{tmp}/new", "s3://no-such-bucket/ddsm"],
    "source to plan": ["plan", "s3://no-such-bucket/ddsm"],
    "pixels": ["cut", "{ready}", "--side", "64", "--storage", "s3://no-such-bucket/run", "--again"],
    "checkpoint": ["probe", "{ready}", "--checkpoint", "s3://no-such-bucket/network.pt"],
    "weights": ["train", "{ready}", "--network", "resnet18", "--weights", "s3://no-such-bucket/weights.pt"],
}


@pytest.mark.parametrize("case", NO_BUCKET)
def test_a_bucket_that_does_not_exist_is_named(
    case: str, between: Between, tmp_path: Path, ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([part.format(tmp=tmp_path, ready=ready) for part in NO_BUCKET[case]])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    missing = "(bucket no-such-bucket: correct the address|weights file) s3://no-such-bucket/"
    assert re.match(f"deepminer: There is no {missing}", said)
    assert said.count("\n") == 1


def test_missing_credentials_are_asked_for(bucket: Remote, between: Between, tmp_path: Path) -> None:
    """In a process that has none, of a bucket that gives nothing to who signs nothing."""
    between.signed = True
    environment = {name: value for name, value in os.environ.items() if "KEY" not in name} | {"HOME": str(tmp_path)}
    asked = [*DEEPMINER, "catalog", str(tmp_path / "run"), str(bucket / "ddsm")]
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith(f"deepminer: {bucket}/ddsm cannot be ")
    assert "the bucket refuses: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_cluster_that_does_not_answer_is_named(phantoms: Path, tmp_path: Path) -> None:
    asked = [*DEEPMINER, "catalog", str(tmp_path / "run"), str(phantoms)]
    environment = os.environ | {"RAY_ADDRESS": "127.0.0.1:1"}
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("deepminer: No Ray cluster answers at 127.0.0.1:1 (")
    assert ended.stderr.count("\n") == 1


def test_what_a_worker_refuses_is_said_without_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Ray hands it on: an error that is a BadInput too."""
    wrapped = RayTaskError("work", "Traceback ...", BadInput("The node is another.")).as_instanceof_cause()
    assert isinstance(wrapped, BadInput)

    def failing(*_: object, **__: object) -> None:
        raise wrapped

    monkeypatch.setattr(sys.modules["deepminer_ray.cli.app"], "app", failing)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "deepminer: The node is another.\n"
