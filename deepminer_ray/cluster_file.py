"""What is wrong with a cluster file, in a sentence and before Ray's launcher meets it."""

import logging
import subprocess
from pathlib import Path
from typing import Any

from deepminer_ray.errors import BadInput

NOBODY = "192.0.2."
"""Addresses of examples (RFC 5737), as `cluster-local.yaml` comes with."""
SECONDS_TO_ANSWER = 10
LOCAL, SSH_FAILED = "local", 255
QUIETLY = {
    "BatchMode": "yes",
    "ConnectTimeout": str(SECONDS_TO_ANSWER),
    "LogLevel": "ERROR",
    "StrictHostKeyChecking": "no",  # as Ray does
    "UserKnownHostsFile": "/dev/null",
}


def checked(file: Path) -> str:
    """What a cluster file describes, in a line; BadInput where Ray would not take it or a machine does not answer.

    Machines that exist already (provider `local`) are asked by ssh, as Ray asks them; of a cloud's there are none yet.
    """
    described = _read(file)
    _refuse_what_ray_refuses(file, described)
    kind = described["provider"]["type"]
    if kind != LOCAL:
        return f"{file}: Ray takes it; what {kind} says of it, only `ray up` can tell."
    head, others = described["provider"]["head_ip"], described["provider"].get("worker_ips") or []
    for machine in (head, *others):
        _refuse_silent(file, machine, described["auth"])
    return f"{file}: Ray takes it; its head {head} and {len(others)} others answer."


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        described = yaml.safe_load(file.read_text())
    except OSError as error:
        raise BadInput(f"There is no cluster file {file}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(described, dict) or not isinstance(described.get("provider"), dict):
        raise BadInput(f"{file} describes no cluster: it names no provider; start from cluster-local.yaml.")
    return described


def _refuse_what_ray_refuses(file: Path, described: dict[str, Any]) -> None:
    from click import ClickException
    from jsonschema import ValidationError
    from ray.autoscaler._private.util import prepare_config, validate_config

    logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)  # it tells what it fills in
    key = (described.get("auth") or {}).get("ssh_private_key")
    if key and not Path(key).expanduser().is_file():
        raise BadInput(f"{file} names a key that is not here, {key}: make it, or mend `ssh_private_key`.")
    try:
        validate_config(prepare_config(described))
    except ValidationError as error:
        raise BadInput(f"{file} is not what Ray expects at {error.json_path}: {error.message}.") from error
    except (AttributeError, ClickException, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__} {' '.join(str(error).split())}"
        raise BadInput(f"{file} is not what Ray expects ({reason}): start from cluster-local.yaml.") from error


def _refuse_silent(file: Path, machine: str, auth: dict[str, Any]) -> None:
    if machine.startswith(NOBODY):
        raise BadInput(f"{file} still names {machine}, nobody's address: put one of yours there.")
    options = QUIETLY | ({"ProxyCommand": auth["ssh_proxy_command"]} if "ssh_proxy_command" in auth else {})
    command = ["ssh", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    if "ssh_private_key" in auth:
        command += ["-i", str(Path(auth["ssh_private_key"]).expanduser())]
    try:
        asked = subprocess.run(
            [*command, f"{auth['ssh_user']}@{machine}", "true"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS_TO_ANSWER,
        )
    except FileNotFoundError as error:
        raise BadInput(
            "There is no ssh on this machine, which Ray's launcher needs: install openssh-client."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{machine} does not answer within {error.timeout:.0f} s: is it on, and its sshd?") from error
    if asked.returncode == SSH_FAILED:
        said = (asked.stderr.strip().splitlines() or ["ssh says nothing"])[-1]
        raise BadInput(f"{machine} cannot be reached as {auth['ssh_user']} ({said}): mend {file}, or the machine.")
