"""A trained network as one file: weights and what is needed to use them, nothing that could execute."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import POOLS, Network, build
from deepminer_ray.paper import CLASSES
from deepminer_ray.place import Place, place


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
    described |= {"classes": list(network.classes), "pool": network.pool, "until": network.until}
    torch.save(described, partial)
    partial.replace(file)


def checkpoint_file(given: Place) -> Place:
    """The checkpoint of a run's folder, or the file itself."""
    return given / "checkpoint" / "network.pt" if given.is_dir() else given


def content(given: str | Place) -> bytes:
    """The file of a run's checkpoint, or of a path or URI; BadInput where there is none."""
    file = checkpoint_file(place(given))
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise BadInput(
            f"There is no checkpoint {file}: train one with `deepminer train`, or give --checkpoint."
        ) from error


def load(given: str | Place) -> Checkpoint:
    """The checkpoint of a run or a file, in evaluation mode; BadInput where it is none."""
    return read(content(given), str(checkpoint_file(place(given))))


def read(written: bytes, file: str = "what was sent") -> Checkpoint:
    """The checkpoint that a file's content is, in evaluation mode; BadInput where it is none."""
    try:
        described = torch.load(BytesIO(written), weights_only=True, map_location="cpu")
        pool = described.get("pool", POOLS[0])
        if pool not in POOLS:
            raise BadInput(f"{file} pools by {str(pool)[:20]!r}, which this version does not know: {', '.join(POOLS)}.")
        classes, until = described.get("classes", CLASSES), described.get("until")
        network, _ = build(described["network"], classes=classes, pool=pool, until=until)
        network.load_state_dict(described["state"])
        side, normalisation = described["side"], described["normalisation"]
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{file} is not a checkpoint of this program: {str(error).splitlines()[0]}") from error
    return Checkpoint(network.eval(), side, normalisation, checkpoint_hash(written))


def checkpoint_hash(written: bytes) -> str:
    """The name of a checkpoint's content: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(written).hexdigest()[:16]
