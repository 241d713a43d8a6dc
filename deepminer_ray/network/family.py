"""What is particular about each family of torchvision's networks, a row a family; a new family is one row."""

import inspect
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from deepminer_ray.errors import BadInput
from deepminer_ray.network.vision import models

PLAIN = (("aux_logits", False), ("init_weights", False))
"""How a network with auxiliary classifiers is made: torchvision calls its own initialisation, of seconds, a mistake."""
THREE_LINEAR = "has three linear layers and keeps places apart before them"
WINDOWED = "attends within windows, whose places decide what a unit sees"


@dataclass(frozen=True, slots=True)
class Family:
    """Networks of one class of torchvision's, and why they are refused, where they are.

    `pooling` and `head` are the outermost layers that are not features; all others are, and those that `added` makes
    of the model follow them. `renamed` are patterns of names in published weights, with what features are called.
    """

    name: str
    models: tuple[type[nn.Module], ...]
    pooling: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    added: tuple[tuple[str, Callable[[Any], nn.Module]], ...] = ()
    normalisation: str = "imagenet"
    made_with: tuple[tuple[str, Any], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    refused: str | None = None

    def features(self, model: nn.Module) -> nn.Sequential:
        """All layers of a model before global pooling, under torchvision's names."""
        after = {*self.pooling, *self.head}
        kept = OrderedDict((name, layer) for name, layer in model.named_children() if name not in after)
        return nn.Sequential(kept | OrderedDict((name, make(model)) for name, make in self.added))

    def name_of(self, published: str) -> str:
        """What a tensor of published weights is called among the features."""
        for pattern, name in self.renamed:
            published = re.sub(pattern, name, published, count=1)
        return published


FAMILIES = (
    Family("ResNet", (models.ResNet,), pooling=("avgpool",), head=("fc",)),
    Family("RegNet", (models.RegNet,), pooling=("avgpool",), head=("fc",)),
    Family(
        "DenseNet",
        (models.DenseNet,),
        head=("classifier",),
        added=(("relu", lambda _: nn.ReLU()),),
        renamed=((r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),),
    ),
    Family("SqueezeNet", (models.SqueezeNet,), head=("classifier",)),
    Family("MobileNetV2", (models.MobileNetV2,), head=("classifier",)),
    Family("MNASNet", (models.MNASNet,), head=("classifier",)),
    Family("EfficientNet", (models.EfficientNet,), pooling=("avgpool",), head=("classifier",)),
    Family("ShuffleNet", (models.ShuffleNetV2,), head=("fc",)),
    Family(
        "ConvNeXt",
        (models.ConvNeXt,),
        pooling=("avgpool",),
        head=("classifier",),
        # Its layer norm after pooling works on each place by itself, so it can stand before: the linear layer then
        # follows the pooling at once.
        added=(("norm", lambda model: model.classifier[0]),),
        renamed=((r"classifier\.0\.", "norm."),),
    ),
    Family(
        "GoogLeNet",
        (models.GoogLeNet, models.Inception3),
        pooling=("avgpool", "dropout"),
        head=("fc", "aux1", "aux2", "AuxLogits"),
        normalisation="inception",
        made_with=PLAIN,
    ),
    Family("AlexNet", (models.AlexNet,), refused=THREE_LINEAR),
    Family("VGG", (models.VGG,), refused=THREE_LINEAR),
    Family("MobileNetV3", (models.MobileNetV3,), refused="has two linear layers after pooling"),
    Family(
        "VisionTransformer",
        (models.VisionTransformer,),
        refused="attends over the whole image and pools by a token of its own",
    ),
    Family("SwinTransformer", (models.SwinTransformer,), refused=WINDOWED),
    Family("MaxVit", (models.MaxVit,), refused=WINDOWED),
)

HEADS = ("head.", *sorted({f"{layer}." for family in FAMILIES for layer in family.head}))
"""How names of tensors begin that come after the features, here or in other programs' files: these layers are new."""


def family_of(name: str) -> Family:
    """The family of a network by name; BadInput with the reason for one not accepted, before any is made or fetched."""
    try:
        made = inspect.signature(models.get_model_builder(name)).return_annotation
    except ValueError as error:
        raise BadInput(f"torchvision knows no network {name!r}: {error}.") from error
    family = next((family for family in FAMILIES if issubclass(made, family.models)), None)
    reason = f"is a {made.__name__}" if family is None else family.refused
    if family is None or reason:
        *others, last = (family.name for family in FAMILIES if not family.refused)
        raise BadInput(
            f"{name} {reason}, not features, global average pooling and one linear layer: "
            f"use a {', '.join(others)} or {last}."
        )
    return family
