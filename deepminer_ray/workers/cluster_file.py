"""What is wrong with a cluster file, in a sentence and before Ray's launcher meets it."""

import logging
import subprocess
from pathlib import Path
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import read_start, refuse_special

MOST_CLUSTER_BYTES, MOST_NODES, MOST_DEEP = 2**18, 100_000, 50
"""Bytes of a cluster file, its values with every alias written out, and how deep they lie: Ray's examples have 9 KB."""
LONGEST_QUOTE = 300
"""Characters of what others say of a file."""
NOBODY = "192.0.2."
"""Addresses of examples (RFC 5737), as `cluster-local.yaml` comes with."""
SECONDS_TO_REACH = 10
LOCAL = "local"
AS_RAY_DOES = {
    "BatchMode": "yes",
    "ConnectTimeout": str(SECONDS_TO_REACH),
    "ControlPath": "none",
    "IdentitiesOnly": "yes",
    "LogLevel": "ERROR",
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
}
"""Options of ssh: with no other key and over no connection that is open already."""


def checked_cluster_file(file: Path) -> str:
    """What a cluster file describes, in a line; BadInput where Ray would not take it or its head does not answer.

    A head that exists already (provider `local`) is asked by ssh, as Ray asks it; it alone can tell of its workers.
    Of a cloud there is none yet.
    """
    described = _read_description(file)
    prepared = _prepared(file, described)
    provider, auth = prepared["provider"], prepared["auth"]
    if provider["type"] != LOCAL or "head_ip" not in provider:
        return f"{file}: Ray takes it; whether it gets its machines, only `ray up` can tell."
    head = str(provider["head_ip"])
    if not provider.get("use_internal_ips"):
        head = str(provider.get("external_head_ip") or head)
    _refuse_silent(file, head, auth)
    others = len(provider["worker_ips"])
    return f"{file}: Ray takes it, and its head {head} answers; the other {others} the head asks itself."


def _read_description(file: Path) -> dict[str, Any]:
    described = _described(file)
    provider = described.get("provider") if isinstance(described, dict) else None
    if not isinstance(described, dict) or not isinstance(provider, dict):
        raise BadInput(f"{file} describes no cluster: it names no provider; start from cluster-local.yaml.")
    machines = {"head_ip", "worker_ips"} <= provider.keys() or "coordinator_address" in provider
    if provider.get("type") == LOCAL and not machines:
        raise BadInput(f"{file} names no machines: give the provider `head_ip` and `worker_ips`.")
    return described


def _described(file: Path) -> Any:
    """What a file of YAML says; BadInput where it is none, or larger or deeper than any that describes a cluster."""
    import yaml

    refuse_special(file)
    try:
        content = read_start(file, MOST_CLUSTER_BYTES + 1)
        if len(content) > MOST_CLUSTER_BYTES:
            raise BadInput(f"{file} has more than {MOST_CLUSTER_BYTES} bytes: it describes no cluster.")
        loader = yaml.SafeLoader(content.decode())
        node = loader.get_single_node()
        if node is not None and _count_values(node, {}) > MOST_NODES:
            raise BadInput(f"{file} has more than {MOST_NODES} values with its aliases: it describes no cluster.")
        return None if node is None else loader.construct_document(node)
    except FileNotFoundError as error:
        raise BadInput(f"There is no cluster file {file}: give one such as cluster-local.yaml.") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise BadInput(f"{file} is nested too deeply to describe a cluster.") from error
    except BadInput:
        raise
    except Exception as error:  # a value of YAML raises whatever its first wrong letter leads to
        raise BadInput(f"{file} is not YAML: {' '.join(str(error).split())[:LONGEST_QUOTE]}.") from error


def _count_values(node: Any, known: dict[int, float], depth: int = 0) -> float:
    """Values below a node with every alias written out; RecursionError where they lie too deep or in a ring."""
    if depth > MOST_DEEP:
        raise RecursionError
    if id(node) not in known:
        below = node.value if isinstance(node.value, list) else []
        parts = [part for one in below for part in (one if isinstance(one, tuple) else (one,))]
        known[id(node)] = 1.0 + sum(_count_values(part, known, depth + 1) for part in parts)
    return known[id(node)]


def _prepared(file: Path, described: dict[str, Any]) -> dict[str, Any]:
    """The file as Ray completes it."""
    from click import ClickException
    from jsonschema import ValidationError
    from ray.autoscaler._private.util import prepare_config, validate_config

    logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)  # it tells what it fills in
    try:
        key = (described.get("auth") or {}).get("ssh_private_key")
        if key and not Path(key).expanduser().is_file():
            raise BadInput(f"{file} names a key that is not here, {key}: make it, or correct `ssh_private_key`.")
        prepared: dict[str, Any] = prepare_config(described)
        validate_config(prepared)
    except BadInput:
        raise
    except ValidationError as error:
        said = " ".join(error.message.split())[:LONGEST_QUOTE]
        raise BadInput(f"{file} is not what Ray expects at {error.json_path[:LONGEST_QUOTE]}: {said}.") from error
    except (ArithmeticError, AssertionError, AttributeError, ClickException, LookupError, OSError) as error:
        raise _unexpected(file, error) from error
    except (ImportError, RuntimeError, TypeError, ValueError) as error:
        raise _unexpected(file, error) from error
    return prepared


def _unexpected(file: Path, error: Exception) -> BadInput:
    reason = f"{type(error).__name__} {' '.join(str(error).split())[:LONGEST_QUOTE]}"
    return BadInput(f"{file} is not what Ray expects ({reason}): start from cluster-local.yaml.")


def _refuse_silent(file: Path, head: str, auth: dict[str, Any]) -> None:
    if head.startswith(NOBODY):
        raise BadInput(f"{file} still names {head}, nobody's address: put one of yours there.")
    if "ssh_user" not in auth:
        raise BadInput(f"{file} does not say who logs in: give `auth` an `ssh_user`.")
    options = AS_RAY_DOES | ({"ProxyCommand": auth["ssh_proxy_command"]} if "ssh_proxy_command" in auth else {})
    command = ["ssh", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    if "ssh_private_key" in auth:
        command += ["-i", str(Path(auth["ssh_private_key"]).expanduser())]
    command += ["--", f"{auth['ssh_user']}@{head}", "true"]
    quietly: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 2 * SECONDS_TO_REACH}
    try:
        done = subprocess.run(command, text=True, errors="replace", **quietly)
    except FileNotFoundError as error:
        raise BadInput("There is no ssh here, which Ray's launcher needs: install openssh-client.") from error
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{head} does not answer within {error.timeout:.0f} s: is it on, and its sshd?") from error
    if done.returncode:
        said = [*done.stdout.split("\n"), *done.stderr.split("\n")]
        last = next((line.strip() for line in reversed(said) if line.strip()), f"ssh: status {done.returncode}")
        raise BadInput(
            f"{head} cannot be reached as {auth['ssh_user']} ({last}): correct {file}, or repair the machine."
        )
