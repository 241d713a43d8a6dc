"""A state dict from a file into the features of a network, saying what was loaded and what was not."""

import pickle
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, place
from deepminer_ray.network.family import HEADS, Family

if TYPE_CHECKING:
    from deepminer_ray.network.backbone import Network

LEAST_FITTING = 0.5
"""A file of which fewer of the network's tensors come is of another network."""
TENSORS_NAMED = 3
"""Tensors named in a sentence before it only counts them."""


def fill_features(network: "Network", family: Family, weights: str) -> str:
    """Load what fits by name and shape; a sentence on what was and was not loaded.

    The file holds a state dict under torchvision's names, or is a checkpoint of this program. BadInput where it
    cannot be loaded safely, is of another network, or too little fits.
    """
    file = place(weights)
    state = _features_of_file(file, network.name)
    held = {name: value for name, value in network.features.state_dict().items() if value.dim()}
    state = {_feature(name, family, held): value for name, value in state.items()}
    fitting = {name: value for name, value in state.items() if name in held and value.shape == held[name].shape}
    if len(fitting) < LEAST_FITTING * len(held):
        few = f"only {len(fitting)} of its {len(held)} tensors fit in name and shape"
        raise BadInput(f"{file} holds no weights of {network.name}: {few}.")
    counters = {name: value for name, value in state.items() if not value.dim() and name not in held}
    network.features.load_state_dict(fitting | counters, strict=False)
    misshapen = [name for name in state if name in held and name not in fitting]
    said = [
        f"{network.name} with {len(fitting)} of {len(held)} tensors from {file.name}, the last layer new",
        _count_and_names(
            "left as they were made, for the file lacks them", [name for name in held if name not in state]
        ),
        _count_and_names("left as they were made, for the file has them in another shape", misshapen),
        _count_and_names(
            "of the file not used",
            [name for name in state if name not in held and name not in counters and not name.startswith(HEADS)],
        ),
    ]
    return "; ".join(filter(None, said))


def _feature(published: str, family: Family, held: Mapping[str, torch.Tensor]) -> str:
    """What a tensor of a file is called here; one of the head stays there where these features end before it."""
    name = family.name_of(published)
    return published if published.startswith(HEADS) and name not in held else name


def _count_and_names(what: str, names: list[str]) -> str:
    if not names:
        return ""
    listed = ", ".join(names[:TENSORS_NAMED]) + (" ..." if len(names) > TENSORS_NAMED else "")
    return f"{len(names)} {what} ({listed})"


def _features_of_file(file: Place, network: str) -> dict[str, torch.Tensor]:
    """The tensors of a file under the names they have among the features."""
    if not file.is_file():
        raise BadInput(f"There is no weights file {file}.")
    try:
        state = plain(file.read_bytes())
    except Exception as error:
        raise BadInput(f"{file} holds no state dict that can be loaded safely: {why(error)}.") from error
    if isinstance(state, Mapping) and {"network", "state"} <= set(state):
        if state["network"] != network:
            raise BadInput(f"{file} is a checkpoint of {state['network']}, not of {network}: use --network.")
        own = tensors(state["state"], str(file))
        return {name.removeprefix("features."): value for name, value in own.items() if name.startswith("features.")}
    return tensors(state, str(file))


def plain(written: bytes) -> Any:
    """What torch wrote, of which nothing is run; whatever torch raises where it is damaged or holds anything else."""
    return torch.load(BytesIO(written), weights_only=True, map_location="cpu")


def why(error: Exception) -> str:
    """Why a file of torch's cannot be used, in words; its own advise to load what could execute."""
    if isinstance(error, pickle.UnpicklingError):
        return "it is damaged, or holds more than weights and plain values"
    return ((str(error).splitlines() or [""])[0] or "it is empty or ends too soon").rstrip(".")


def tensors(state: Any, file: str) -> dict[str, torch.Tensor]:
    """A state dict; BadInput where something else is in it, or a tensor that is not wholly in the file."""
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise BadInput(f"{file} holds no state dict: it must map names to tensors.")
    for name, value in state.items():
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized or value.is_complex():
            raise BadInput(f"{file} holds {str(name)!r}, which is not a plain tensor of numbers.")
        if not isinstance(name, str) or value.untyped_storage().nbytes() < value.numel() * value.element_size():
            raise BadInput(f"{file} holds {str(name)!r}, a tensor without its values.")
    return dict(state)
