"""Ray's cluster launcher against sshd on this machine's loopback, and every job by `ray job submit`.

    make test-cluster

As root, on Debian with openssh-server, rsync and netcat-openbsd: a user `deepminer` is made for it and removed again.
"""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from deepminer_ray.errors import BadInput
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.workers.cluster_file import checked_cluster_file
from tests.bucket import free_port

ROOT = Path(__file__).parents[1]
RAY = Path(sys.executable).parent / "ray"
USER = "deepminer"
INSTALLERS = re.compile("PIP_|UV_|SSL_CERT_FILE$")
"""What lets pip and uv reach a registry from here, they need as that user too."""
SECONDS_KEPT = 11
"""Ray's ssh keeps a connection for 10 s after its last use (`ControlPersist`)."""
CLUSTERS = [ROOT / "cluster.yaml", ROOT / "cluster-local.yaml"]


@pytest.mark.parametrize("file", CLUSTERS, ids=lambda file: file.stem)
def test_cluster_files_are_what_ray_expects(file: Path) -> None:
    described = yaml.safe_load(file.read_text())
    described["auth"].pop("ssh_private_key", None)  # which need not be on this machine
    prepared = prepare_config(described)
    validate_config(prepared)  # raises where a word is unknown, as the next test shows
    assert prepared["cluster_name"] == described["cluster_name"]
    assert any("ray start --head" in command for command in prepared["head_start_ray_commands"])


def test_a_cluster_file_with_a_wrong_word_is_refused() -> None:
    described = yaml.safe_load(CLUSTERS[0].read_text()) | {"headnode": "head"}
    with pytest.raises(Exception, match="headnode"):
        validate_config(described)


class Machine:
    """This machine as one that is reached by ssh: a user, a key, an sshd on a port of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port, self.ray_port = free_port(), free_port()
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", USER], check=True)
        subprocess.run(["usermod", "--password", "*", USER], check=True)  # a locked account is refused keys too
        self.home = Path(pwd.getpwnam(USER).pw_dir)
        for name in ("host", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        (folder / "authorized").write_text((folder / "key.pub").read_text())
        (folder / "authorized").chmod(0o644)
        Path("/run/sshd").mkdir(exist_ok=True)
        options = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized",
            "UsePAM": "no",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "AllowUsers": USER,
            "PidFile": folder / "pid",
        }
        if installers := [f"{name}={value}" for name, value in os.environ.items() if INSTALLERS.match(name)]:
            options["SetEnv"] = " ".join(installers)
        (folder / "sshd").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        self.answer()
        self.cluster = folder / "cluster.yaml"
        self.cluster.write_text(self.changed((ROOT / "cluster-local.yaml").read_text()))

    def answer(self) -> None:
        """Take who comes by ssh."""
        self.sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", self.folder / "sshd"])

    def fall_silent(self) -> None:
        """Take nobody any more, and let go of who is there: Ray keeps a connection for a while."""
        self.sshd.terminate()
        self.sshd.wait()
        time.sleep(SECONDS_KEPT)

    def changed(self, text: str) -> str:
        """The repository's file with what is marked in it changed, and with ports that nobody else has."""
        changes = {
            "head_ip: 192.0.2.1": "head_ip: 127.0.0.1",
            "ssh_private_key: ~/.ssh/id_ed25519": f"ssh_private_key: {self.folder / 'key'}",
            "# For another port than 22, here 2222: ssh_proxy_command: nc %h 2222": (
                f"ssh_proxy_command: nc %h {self.port}"
            ),
            "RAY_ADDRESS=127.0.0.1:6379": f"RAY_ADDRESS=127.0.0.1:{self.ray_port}",
            "ray start --head --port=6379": (
                f"ray start --head --port={self.ray_port} --include-dashboard=false --num-cpus=4"
            ),
        }
        for marked, own in changes.items():
            assert text.count(marked) == 1, marked
            text = text.replace(marked, own)
        return text

    def ray(self, *arguments: object, seconds: float = 900) -> "subprocess.CompletedProcess[str]":
        """A command of Ray's launcher, in the repository as its user would give it."""
        return subprocess.run(
            [str(RAY), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=seconds
        )

    def raylets(self) -> int:
        """How many nodes of Ray the user has running."""
        return sum(
            process.info["username"] == USER and process.info["name"] == "raylet"
            for process in psutil.process_iter(["username", "name"])
        )

    def close(self) -> None:
        self.sshd.terminate()
        self.sshd.wait()
        subprocess.run(["pkill", "-KILL", "-u", USER])
        time.sleep(1)
        subprocess.run(["userdel", "--remove", USER], check=True, capture_output=True)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """In a folder of its own: pytest's is closed to other users, and again whenever another pytest starts."""
    wanted = [name for name in ("sshd", "rsync", "nc", "useradd") if not shutil.which(name, path="/usr/sbin:/usr/bin")]
    if wanted or os.getuid():
        pytest.skip(f"needs root and {', '.join(wanted)}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        made = Machine(Path(folder))
        yield made
        made.close()


@pytest.mark.launcher
def test_ray_up_submit_exec_and_down(machine: Machine) -> None:
    """What the README's section on clusters says, command by command."""
    patients = machine.home / "patients"
    write_phantom(patients, patients=3, seed=1, columns=320)
    shutil.chown(machine.home, USER)
    run, cluster = machine.home / "run", machine.cluster
    assert (
        checked_cluster_file(cluster)
        == f"{cluster}: Ray takes it, and its head 127.0.0.1 answers; the other 0 the head asks itself."
    )
    up = machine.ray("up", "-y", cluster)
    assert up.returncode == 0, up.stdout + up.stderr
    assert (machine.home / "deepminer_ray" / "jobs" / "train.py").is_file()
    assert not (machine.home / "deepminer_ray" / "runs").exists()

    refused = machine.ray("submit", cluster, "jobs/train.py", run)
    assert refused.returncode and "There is no run in" in refused.stdout + refused.stderr
    training = "--network squeezenet1_1 --weights none --epochs 1 --batch 8 --workers 2"
    for job, arguments in {
        "catalog": [patients],
        "partition": [],
        "cut": ["--side", "64"],
        "train": training.split(),
    }.items():
        submitted = machine.ray("submit", cluster, f"jobs/{job}.py", run, *arguments)
        assert submitted.returncode == 0, f"{job}: {submitted.stdout}{submitted.stderr}"
    assert (run / "checkpoint" / "network.pt").is_file()
    assert machine.raylets() == 1, "a job started a Ray of its own"

    asked = machine.ray("exec", cluster, f"deepminer status {run}")
    assert asked.returncode == 0 and re.search(r"^train +\d+\.\d s", asked.stdout, re.MULTILINE), asked.stdout
    assert re.search(r"^probe +to do", asked.stdout, re.MULTILINE)
    machine.fall_silent()
    started = time.monotonic()
    gone = machine.ray("exec", cluster, "true", seconds=300)
    assert gone.returncode and "Command failed" in gone.stderr and "Traceback" not in gone.stderr, gone.stderr
    assert time.monotonic() - started < 60
    with pytest.raises(BadInput, match=rf"^127.0.0.1 cannot be reached as {USER} \(.+\): correct {cluster}"):
        checked_cluster_file(cluster)
    machine.answer()
    down = machine.ray("down", "-y", cluster)
    assert down.returncode == 0, down.stdout + down.stderr
    assert machine.raylets() == 0


@pytest.mark.launcher
def test_a_cluster_that_is_not_up_and_a_file_that_is_wrong_end_soon(machine: Machine) -> None:
    """Ray's own sentences: the launcher is Ray's. `deepminer cluster` has shorter ones (test_cluster_file)."""
    missing = machine.ray("submit", "no-such.yaml", "jobs/train.py", seconds=60)
    assert missing.returncode and "no-such.yaml" in missing.stdout + missing.stderr
    wrong = machine.folder / "wrong.yaml"
    wrong.write_text(machine.cluster.read_text() + "headnode: head\n")
    refused = machine.ray("up", "-y", wrong, seconds=60)
    assert refused.returncode and "headnode" in refused.stdout + refused.stderr
    early = machine.ray("exec", machine.cluster, "true", seconds=60)
    assert early.returncode and "Head node of cluster (deepminer-local) not found" in early.stderr
