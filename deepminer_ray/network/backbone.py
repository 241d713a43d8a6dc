"""Networks of features, global pooling and one linear layer, also fully convolutional (Sec. 2.3)."""

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from deepminer_ray.errors import BadInput
from deepminer_ray.mammography import CLASSES
from deepminer_ray.network.family import Family, family_of
from deepminer_ray.network.vision import models
from deepminer_ray.network.weights import fill_features

LEAST_SIDE = 96
"""px; the pooling layers of every network accepted here leave something of an image of this side."""


POOLS = ("avg", "max")
"""What the linear layer takes of a unit's map: its mean (the paper's), or its maximum."""


class Network(nn.Module):
    """Features, global pooling, one linear layer; the units are the channels of the last feature map."""

    def __init__(
        self,
        name: str,
        features: nn.Module,
        units: int,
        classes: Sequence[str] = CLASSES,
        pool: str = POOLS[0],
        until: str | None = None,
    ):
        super().__init__()
        self.name = name
        self.pool = pool
        self.until = until
        self.classes = tuple(classes)
        self.features = features
        self.head = nn.Linear(units, len(self.classes))

    @property
    def units(self) -> int:
        return self.head.in_features

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits [n, classes] of patches [n, 3, rows, columns]."""
        maps = self.features(image)
        logits: torch.Tensor = self.head(maps.amax((2, 3)) if self.pool == "max" else maps.mean((2, 3)))
        return logits

    def class_maps(self, response: torch.Tensor) -> torch.Tensor:
        """Logits at every cell [n, classes, h, w] of response maps [n, units, h, w]: the head as a 1 x 1 convolution.

        Without the bias these are the class activation maps (reference [12] of the paper).
        """
        return torch.einsum("cu,nuhw->nchw", self.head.weight, response) + self.head.bias.view(1, -1, 1, 1)


def build(
    name: str,
    weights: str = "none",
    classes: Sequence[str] = CLASSES,
    pool: str = POOLS[0],
    until: str | None = None,
) -> tuple[Network, str]:
    """A torchvision network by name with a new linear layer, and a sentence on where its weights come from.

    `weights` is `none`, `default` (torchvision's own, from its cache or its site) or the file of a state dict. The
    features end with the layer `until`, so that units see less of an image (Brendel and Bethge 2019, arXiv 1904.00760).
    BadInput, by name and with the reason, for networks that are not features, global average pooling and one linear
    layer, for weights that cannot be had, and for files that hold none of them.
    """
    family = family_of(name)
    try:
        features = family.features(_model(name, family, weights))
    except OSError as error:
        raise BadInput(f"The default weights of {name} could not be fetched ({error}): give --weights FILE.") from error
    if until is not None:
        features = _ended(features, until, name)
    with torch.no_grad():
        units = features.eval()(torch.zeros(1, 3, LEAST_SIDE, LEAST_SIDE)).shape[1]
    network = Network(name, features, units, classes, pool, until)
    origin = f"{name}{f' until {until}' if until else ''} with {weights} weights"
    if weights not in ("none", "default"):
        origin = fill_features(network, family, weights)
    return network, origin


def _ended(features: nn.Module, layer: str, name: str) -> nn.Sequential:
    """The features up to a layer and with it; BadInput where they have none of this name, or it is inside another."""
    children = OrderedDict(features.named_children())
    outer, _, inner = layer.partition(".")
    if not isinstance(features, nn.Sequential) or outer not in children:
        known = f"use {', '.join(children)}" if isinstance(features, nn.Sequential) else "it is inside another layer"
        raise BadInput(f"{name} cannot end with the layer {layer!r}: {known}.")
    kept = list(children)[: list(children).index(outer) + 1]
    ended = OrderedDict((child, children[child]) for child in kept)
    if inner:
        ended[outer] = _ended(children[outer], inner, name)
    return nn.Sequential(ended)


def _model(name: str, family: Family, weights: str) -> nn.Module:
    """torchvision's own model; its default weights come through torchvision's own loader and cache."""
    builder = models.get_model_builder(name)
    if weights == "default":
        own_weights = models.get_model_weights(name).DEFAULT
        try:
            model: nn.Module = builder(weights=own_weights)
        except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            file = Path(torch.hub.get_dir()) / "checkpoints" / Path(own_weights.url).name
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise BadInput(f"{file} cannot be loaded ({reason}): delete it to have it fetched again.") from error
        return model
    own: nn.Module = builder(weights=None, **dict(family.made_with))
    return own


def refuse_too_small(network: Network, rows: int, columns: int) -> None:
    """BadInput where patches of so many px are smaller than the network's windows."""
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, rows, columns))
    except RuntimeError as error:
        raise BadInput(
            f"Patches of {min(rows, columns)} px are too small for {network.name}: "
            "use a larger --side in `cut` or another network."
        ) from error
