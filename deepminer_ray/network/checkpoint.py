"""A trained network as one file: weights and what is needed to use them, nothing that could execute."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import Network, build
from deepminer_ray.paper import CLASSES


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network with the patch side (px) and normalisation it was trained for, and the hash that names it."""

    network: Network
    side: int
    normalisation: str
    hash: str


def save(file: Path, network: Network, side: int, normalisation: str) -> None:
    """Write a checkpoint, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    described = {"network": network.name, "side": side, "normalisation": normalisation, "state": network.state_dict()}
    described["classes"] = list(network.classes)
    torch.save(described, partial)
    partial.replace(file)


def checkpoint_file(place: Path) -> Path:
    """The checkpoint of a run's folder, or the file itself."""
    return place / "checkpoint" / "network.pt" if place.is_dir() else place


def load(place: str | Path) -> Checkpoint:
    """The checkpoint of a run or a file, in evaluation mode; BadInput where it is none."""
    file = checkpoint_file(Path(place))
    if not file.is_file():
        raise BadInput(f"There is no checkpoint {file}: train one with `deepminer train`, or give --checkpoint.")
    try:
        described = torch.load(file, weights_only=True, map_location="cpu")
        network, _ = build(described["network"], classes=described.get("classes", CLASSES))
        network.load_state_dict(described["state"])
        side, normalisation = described["side"], described["normalisation"]
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{file} is not a checkpoint of this program: {str(error).splitlines()[0]}") from error
    return Checkpoint(network.eval(), side, normalisation, checkpoint_hash(file))


def checkpoint_hash(file: Path) -> str:
    """The name of a checkpoint's content: 16 hexadecimal digits of its SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
