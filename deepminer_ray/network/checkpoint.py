"""A trained network as one file: weights and what is needed to use them, nothing that could execute."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from deepminer_ray.classes import MOST_CLASSES
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place, refuse_special, written_whole
from deepminer_ray.mammography import CLASSES
from deepminer_ray.network.appearance import NORMALISATION
from deepminer_ray.network.backbone import POOLS, Network, build
from deepminer_ray.network.vision import models
from deepminer_ray.network.weights import plain, tensors, why
from deepminer_ray.patches.whole import LARGEST_INPUT, InputSize

LARGEST_SIDE = 4096
"""px of a patch; a film of the largest digitizer is as wide."""
UNASKED, MOST_LEFT_OUT = 50_000_000, 20
"""Parameters of a network that is made to see whether weights are its own; how many times its weights a larger one has,
where it ends early."""
BACK = "bring that back, or begin again with another by `deepminer probe RUN --checkpoint FILE --again`"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network with the patch side (px) and normalisation it was trained for, and the hash that names it.

    `whole` is the size of its inputs where these are whole images; `side` is then the shorter one. `channels` is 3
    where they are in colour.
    """

    network: Network
    side: int
    normalisation: str
    hash: str
    whole: InputSize | None = None
    channels: int = 1


def save(
    file: Path, network: Network, side: int, normalisation: str, whole: InputSize | None = None, channels: int = 1
) -> str:
    """Write a checkpoint, whole or not at all; its hash."""
    file.parent.mkdir(parents=True, exist_ok=True)
    described = {"network": network.name, "side": side, "normalisation": normalisation, "state": network.state_dict()}
    described |= {"classes": list(network.classes), "pool": network.pool, "until": network.until}
    described |= {"whole": list(whole)} if whole else {}
    described |= {"channels": channels} if channels > 1 else {}
    with written_whole(file) as partial:
        torch.save(described, partial)
        named = checkpoint_hash(partial.read_bytes())
    return named


def checkpoint_file(given: Place) -> Place:
    """The checkpoint of a run's folder, or the file itself."""
    return given / "checkpoint" / "network.pt" if given.is_dir() else given


def content(given: str | Place, wanted: str | None = None) -> bytes:
    """The file of a run's checkpoint, or of a path or URI; BadInput where there is none, or not of hash `wanted`."""
    file = checkpoint_file(place(given))
    refuse_special(file)
    try:
        written = file.read_bytes()
    except FileNotFoundError as error:
        what = "train one with `deepminer train`, or give --checkpoint" if wanted is None else BACK
        raise BadInput(f"There is no checkpoint {file}: {what}.") from error
    except OSError as error:
        raise BadInput(f"The checkpoint {file} cannot be read: {error.strerror or error}.") from error
    if wanted is not None and checkpoint_hash(written) != wanted:
        raise BadInput(f"{file} is not the network of hash {wanted} that the run was probed with: {BACK}.")
    return written


def load(given: str | Place) -> Checkpoint:
    """The checkpoint of a run or a file, in evaluation mode; BadInput where it is none."""
    return read(content(given), str(checkpoint_file(place(given))))


def read(written: bytes, file: str = "what was sent") -> Checkpoint:
    """The checkpoint that a file's content is, in evaluation mode; BadInput where it is none."""
    try:
        described = plain(written)
        _refuse_unknown_description(described, file)
        state = tensors(described["state"], file)
        network = _built(described, state)
        network.load_state_dict(state)
    except BadInput:
        raise
    except Exception as error:  # a damaged file raises whatever its first wrong value leads to
        raise BadInput(f"{file} is not a checkpoint of this program: {why(error)}.") from error
    whole = described.get("whole")
    size = (whole[0], whole[1]) if whole else None
    form = size, described.get("channels", 1)
    return Checkpoint(network.eval(), described["side"], described["normalisation"], checkpoint_hash(written), *form)


def _refuse_unknown_description(described: Any, file: str) -> None:
    """BadInput where a checkpoint lacks something, or has a value of another kind than this program writes."""
    if not isinstance(described, Mapping):
        raise BadInput(f"{file} is not a checkpoint of this program: it holds a {type(described).__name__}.")
    missing = [name for name in ("network", "side", "normalisation", "state") if name not in described]
    if missing:
        raise BadInput(f"{file} is not a checkpoint of this program: it has no {missing[0]}.")
    known: dict[str, tuple[Any, ...]] = {"pool": POOLS, "normalisation": tuple(NORMALISATION), "channels": (1, 3)}
    for name, values in known.items():
        value = described.get(name, values[0])
        if value not in values:
            raise BadInput(f"{file} has the {name} {_short(value)}, which this version does not know: {_or(values)}.")
    classes, side, until = described.get("classes", CLASSES), described["side"], described.get("until")
    named = list(classes) if isinstance(classes, list | tuple) else []
    if (
        not all(isinstance(name, str) and name for name in named)
        or not 2 <= len(set(named)) == len(named) <= MOST_CLASSES
    ):
        raise BadInput(f"{file} has the classes {_short(classes)}: they are 2 to {MOST_CLASSES} different names.")
    if type(side) is not int or not 1 <= side <= LARGEST_SIDE:
        raise BadInput(f"{file} is of patches of {_short(side)} px: a side is a number up to {LARGEST_SIDE}.")
    whole = described.get("whole")
    numbers = whole if isinstance(whole, list) else [whole]
    if whole is not None and (
        len(numbers) != 2
        or not all(type(px) is int and 1 <= px <= LARGEST_INPUT for px in numbers)
        or min(numbers) != side
    ):
        raise BadInput(f"{file} is of inputs of {_short(whole)} px: they are a width and a height.")
    texts = {"network": described["network"], "until": "" if until is None else until}
    wrong = next((name for name, value in texts.items() if not isinstance(value, str)), None)
    if wrong:
        raise BadInput(f"{file} has as {wrong} {_short(texts[wrong])}, which is not a name.")


def _are_classes(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
        return False
    return 2 <= len(set(value)) == len(value) <= MOST_CLASSES


def _short(value: Any) -> str:
    return repr(value)[:60] if isinstance(value, str | int | float | list | tuple | None) else type(value).__name__


def _or(values: tuple[Any, ...]) -> str:
    return ", ".join(map(str, values))


def _built(described: Mapping[str, Any], state: dict[str, torch.Tensor]) -> Network:
    """The network that is described; ValueError where the weights are not its own, before memory is taken for it."""
    how: dict[str, Any] = {"classes": CLASSES, "until": None, "pool": POOLS[0]}
    how |= {name: described[name] for name in how if name in described}
    name, held = described["network"], sum(value.numel() for value in state.values())
    try:
        with torch.device("meta"):
            fitting = _shapes(build(name, **how)[0].state_dict()) == _shapes(state)
    except NotImplementedError:  # some compute while they are made
        whole = models.get_model_weights(name).DEFAULT.meta["num_params"]
        fitting = whole <= max(UNASKED, MOST_LEFT_OUT * held)
    if not fitting:
        raise ValueError(f"its weights are not those of {name}")
    return build(name, **how)[0]


def _shapes(state: dict[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in state.items()}


def checkpoint_hash(written: bytes) -> str:
    """The name of a checkpoint's content: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(written).hexdigest()[:16]
