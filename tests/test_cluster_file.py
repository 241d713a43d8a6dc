"""What `deepminer cluster` says of a cluster file; machines that answer are asked in test_launcher."""

from pathlib import Path

import pytest
import yaml

from deepminer_ray.cli import main
from deepminer_ray.cluster_file import checked
from deepminer_ray.errors import BadInput

ROOT = Path(__file__).parents[1]
REFUSED = 'echo "ssh: connect to host $1 port 22: Connection refused" >&2; exit 255'


def written(folder: Path, changes: dict[str, object]) -> Path:
    """`cluster-local.yaml` of one machine with a key that is there, and changes."""
    described = yaml.safe_load((ROOT / "cluster-local.yaml").read_text())
    (folder / "key").write_text("")
    described["provider"]["head_ip"] = "127.0.0.1"
    described["auth"]["ssh_private_key"] = str(folder / "key")
    file = folder / "cluster.yaml"
    file.write_text(yaml.safe_dump(described | changes))
    return file


def test_a_cloud_is_left_to_ray_up() -> None:
    assert checked(ROOT / "cluster.yaml").endswith(
        "cluster.yaml: Ray takes it; what aws says of it, only `ray up` can tell."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"headnode": "head"}, r"is not what Ray expects at \$: Additional properties .*'headnode' was unexpected"),
        ({"cluster_name": 3}, r"is not what Ray expects at \$.cluster_name: 3 is not of type 'string'"),
        ({"provider": {"type": "nowhere"}}, "is not what Ray expects"),
        (
            {"provider": {"type": "local", "head_ip": "192.0.2.1", "worker_ips": []}},
            "still names 192.0.2.1, nobody's",
        ),
        ({"provider": {"type": "local"}}, "is not what Ray expects"),
        ({"provider": None}, "names no provider"),
        ({"auth": {"ssh_user": "x", "ssh_private_key": "/no/key"}}, "names a key that is not here, /no/key"),
        ({"auth": None}, "is not what Ray expects"),
    ],
)
def test_a_wrong_file_gets_a_sentence(changes: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        checked(written(tmp_path, changes))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("text", "sentence"), [("a: [b", "is no YAML"), ("words", "describes no cluster")])
def test_what_is_no_cluster_file_gets_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=sentence):
        checked(file)


def test_a_file_that_is_not_there_ends_with_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cluster", str(tmp_path / "none.yaml")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said == f"deepminer: There is no cluster file {tmp_path}/none.yaml: No such file or directory.\n"


@pytest.mark.parametrize(
    ("ssh", "sentence"),
    [
        (REFUSED, "127.0.0.1 cannot be reached as deepminer .ssh: connect .*Connection refused"),
        ("exit 255", "127.0.0.1 cannot be reached as deepminer .ssh says nothing"),
        (None, "There is no ssh on this machine"),
    ],
)
def test_a_machine_that_does_not_answer_gets_a_sentence(
    ssh: str | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ssh is not None:
        (tmp_path / "ssh").write_text(f"#!/bin/sh\n{ssh}\n")
        (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=sentence):
        checked(written(tmp_path, {}))
