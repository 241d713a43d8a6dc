"""A run that may be read and not written: what only reads works, the rest is one sentence."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepminer_ray.database.run import Run

ANYONE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if shutil.which("setpriv") else []
"""As root may write everywhere, without what lets it."""
COMMANDS = [
    (["status", "{run}"], 0),
    (["audit", "{run}"], 0),
    (["sql", "{run}", "from stage", "--csv"], 0),
    (["export", "{run}", "{other}/tables"], 0),
    (["annotations", "{run}", "{other}/names.csv"], 0),
    (["export", "{run}", "{run}/tables"], 2),
    (["annotations", "{run}", "{run}/names.csv"], 2),
    (["annotate", "{run}", "--from-lesions"], 2),
    (["evaluate", "{run}", "--partitions", "all", "--again"], 2),
    (["rank", "{run}", "--partitions", "all", "--again"], 2),
    (["explain", "{run}", "--partitions", "all", "--again"], 2),
    (["survey", "{run}", "--port", "0"], 2),
    (["catalog", "{run}/new", "{other}"], 2),
]
ALL = """
import contextlib, io, json, sys
from deepminer_ray.cli import main
from deepminer_ray.progress.bars import console
for command in json.loads(sys.argv[1]):
    said, status = io.StringIO(), None
    console.file = said
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            main(command)
        except SystemExit as ended:
            status = ended.code
    print(json.dumps([status, said.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def sealed(explained: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished run that nobody may write."""
    folder = tmp_path_factory.mktemp("sealed") / "run"
    shutil.copytree(explained.folder, folder)
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in everything:
        path.chmod(0o755)


def test_a_sealed_run_is_read_and_a_command_that_writes_says_so(sealed: Path, tmp_path: Path) -> None:
    commands = [[word.format(run=sealed, other=tmp_path) for word in words] for words, _ in COMMANDS]
    done = subprocess.run(
        [*ANYONE, sys.executable, "-c", ALL, json.dumps(commands)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(COMMANDS), done.stderr
    for (words, wanted), (status, said) in zip(COMMANDS, answers, strict=True):
        assert status == wanted and "Traceback" not in said, (words, said)
        if wanted:
            assert len([line for line in said.splitlines() if line.startswith("deepminer:")]) == 1, (words, said)
