"""What `deepminer cluster` says of a cluster file; machines that answer are asked in test_launcher."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from deepminer_ray.cli import main
from deepminer_ray.errors import BadInput
from deepminer_ray.workers.cluster_file import checked_cluster_file

ROOT = Path(__file__).parents[2]
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
    said = checked_cluster_file(ROOT / "cluster.yaml")
    assert said.endswith("cluster.yaml: Ray takes it; whether it gets its machines, only `ray up` can tell.")


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
        ({"provider": {"type": "local"}}, "names no machines"),
        ({"provider": {"type": "local", "head_ip": "127.0.0.1"}}, "names no machines"),
        ({"provider": {"type": "local", "head_ip": "x", "worker_ips": None}}, "is not what Ray expects"),
        ({"provider": None}, "names no provider"),
        ({"auth": {"ssh_user": "x", "ssh_private_key": "/no/key"}}, "names a key that is not here, /no/key"),
        ({"auth": {"ssh_user": "x", "ssh_private_key": "~nobody-here/key"}}, "is not what Ray expects .RuntimeError"),
        ({"auth": {"ssh_user": "x", "ssh_private_key": 7}}, "is not what Ray expects .TypeError"),
        ({"auth": {}}, "does not say who logs in"),
        ({"auth": "word"}, "is not what Ray expects .AttributeError"),
        ({"auth": None}, "is not what Ray expects"),
    ],
)
def test_a_wrong_file_gets_a_sentence(changes: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        checked_cluster_file(written(tmp_path, changes))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("text", "sentence"), [("a: [b", "is not YAML"), ("words", "describes no cluster")])
def test_what_is_no_cluster_file_gets_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=sentence):
        checked_cluster_file(file)


BOMB = "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefg"))
MERGED = "a: &a {k: v}\n" + "".join(f"{b}: &{b}\n  <<: [{', '.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefg"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "is nested too deeply"),
        ("a: " + "{a: " * 60 + "1" + "}" * 60, "is nested too deeply"),
        ("a: &a [*a]", "is nested too deeply"),
        (BOMB, "has more than 100000 values with its aliases"),
        (MERGED, "has more than 100000 values with its aliases"),
        ("a: b\n" * 100_000, "has more than 262144 bytes"),
        ("a: " + "9" * 5000, "is not YAML: Exceeds the limit"),
        ("a: 2001-99-99", "is not YAML: month must be in"),
        ("!!python/object/apply:os.system [true]", "is not YAML"),
        ("a: \ud800".encode("utf-8", "surrogatepass"), "is not YAML"),
        ("a: b\n--- \nc: d", "is not YAML"),
        ("", "describes no cluster"),
    ],
)
def test_what_would_never_end_gets_a_sentence_soon(text: str | bytes, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.monotonic()
    with pytest.raises(BadInput, match=sentence) as refused:
        checked_cluster_file(file)
    assert time.monotonic() - begun < 10 and len(str(refused.value)) < 500 + len(str(file))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_ends_with_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cluster", str(tmp_path / "none.yaml")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said == f"deepminer: There is no cluster file {tmp_path}/none.yaml: give one such as cluster-local.yaml.\n"


def test_a_head_is_asked_as_ray_asks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    provider = {"type": "local", "head_ip": "10.0.0.1", "external_head_ip": "127.0.0.1", "worker_ips": ["10.0.0.2"]}
    file = written(tmp_path, {"provider": provider})
    assert (
        checked_cluster_file(file)
        == f"{file}: Ray takes it, and its head 127.0.0.1 answers; the other 1 the head asks itself."
    )
    asked = (tmp_path / "asked").read_text()
    assert asked.endswith(f"-i {tmp_path}/key -- deepminer@127.0.0.1 true\n") and "BatchMode=yes" in asked
    file = written(tmp_path, {"provider": provider | {"use_internal_ips": True}})
    assert "its head 10.0.0.1 answers" in checked_cluster_file(file)


@pytest.mark.parametrize(
    ("ssh", "sentence"),
    [
        (REFUSED, "127.0.0.1 cannot be reached as deepminer .ssh: connect .*Connection refused"),
        ("exit 255", r"127.0.0.1 cannot be reached as deepminer \(ssh: status 255\)"),
        (
            "echo This account is closed.; exit 1",
            r"127.0.0.1 cannot be reached as deepminer \(This account is closed.\)",
        ),
        (None, "There is no ssh here"),
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
        checked_cluster_file(written(tmp_path, {}))
