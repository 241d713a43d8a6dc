"""Networks of features, global pooling and one linear layer, also fully convolutional (Sec. 2.3)."""

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import nn
from torchvision import models

from deepminer_ray.errors import BadInput
from deepminer_ray.network.weights import fill
from deepminer_ray.paper import CLASSES

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
    try:
        if weights == "default":
            _refuse_before_fetching(name)
        features = _features(_model(name, weights), name)
        if until is not None:
            features = _ended(features, until, name)
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"torchvision knows no network {name!r}: {error}.") from error
    except OSError as error:
        raise BadInput(f"The default weights of {name} could not be fetched ({error}): give --weights FILE.") from error
    with torch.no_grad():
        units = features.eval()(torch.zeros(1, 3, LEAST_SIDE, LEAST_SIDE)).shape[1]
    network = Network(name, features, units, classes, pool, until)
    origin = f"{name}{f' until {until}' if until else ''} with {weights} weights"
    if weights not in ("none", "default"):
        origin = fill(network, weights)
    return network, origin


def _refuse_before_fetching(name: str) -> None:
    """BadInput for a network of another form, before hundreds of megabytes are fetched."""
    # Without memory or time for weights. Networks that compute while they are made cannot be, all of them accepted.
    with torch.device("meta"), suppress(NotImplementedError, RuntimeError):
        _features(_model(name, "none"), name)


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


def _model(name: str, weights: str) -> nn.Module:
    """torchvision's own model; its default weights come through torchvision's own loader and cache."""
    builder = models.get_model_builder(name)
    if weights == "default":
        own_weights = models.get_model_weights(name).DEFAULT
        try:
            model: nn.Module = builder(weights=own_weights)
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            file = Path(torch.hub.get_dir()) / "checkpoints" / Path(own_weights.url).name
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise BadInput(f"{file} cannot be loaded ({reason}): delete it to have it fetched again.") from error
        return model
    # Seconds are spent on an initialisation that torchvision itself calls a mistake.
    plain = {"init_weights": False, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    own: nn.Module = builder(weights=None, **plain)
    return own


def _features(model: nn.Module, name: str) -> nn.Module:
    """All layers before global average pooling, under torchvision's names."""
    children = OrderedDict(model.named_children())
    match model:
        case models.ResNet() | models.RegNet():
            left_out = {"avgpool", "fc"}
        case models.ShuffleNetV2():
            left_out = {"fc"}
        case models.GoogLeNet() | models.Inception3():
            left_out = {"avgpool", "dropout", "fc", "aux1", "aux2", "AuxLogits"}
        case models.DenseNet():
            return nn.Sequential(OrderedDict(features=children["features"], relu=nn.ReLU()))
        case models.ConvNeXt():
            # Its layer norm after pooling works on each place by itself, so it can stand before: the linear layer
            # then follows the pooling at once.
            return nn.Sequential(OrderedDict(features=children["features"], norm=model.classifier[0]))
        case models.SqueezeNet() | models.MobileNetV2() | models.EfficientNet() | models.MNASNet():
            left_out = set(children) - {"features", "layers"}
        case _:
            raise BadInput(
                f"{name} {_reason(model)}, not features, global average pooling and one linear layer: use a ResNet, "
                "RegNet, DenseNet, SqueezeNet, MobileNetV2, MNASNet, EfficientNet, ShuffleNet, ConvNeXt or GoogLeNet."
            )
    return nn.Sequential(OrderedDict((child, children[child]) for child in children if child not in left_out))


def _reason(model: nn.Module) -> str:
    match model:
        case models.AlexNet() | models.VGG():
            return "has three linear layers and keeps places apart before them"
        case models.MobileNetV3():
            return "has two linear layers after pooling"
        case models.VisionTransformer():
            return "attends over the whole image and pools by a token of its own"
        case models.SwinTransformer() | models.MaxVit():
            return "attends within windows, whose places decide what a unit sees"
    return f"is a {type(model).__name__}"


def normalisation_of(name: str) -> str:
    """What torchvision's own weights of a network expect."""
    return "inception" if name in ("googlenet", "inception_v3") else "imagenet"


def refuse_too_small(network: Network, side: int) -> None:
    """BadInput where patches of `side` px are smaller than the network's windows."""
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, side, side))
    except RuntimeError as error:
        raise BadInput(
            f"Patches of {side} px are too small for {network.name}: use a larger --side in `cut` or another network."
        ) from error
