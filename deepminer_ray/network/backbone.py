"""Networks of features, global average pooling and one linear layer, also fully convolutional (Sec. 2.3)."""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn
from torchvision import models

from deepminer_ray.errors import BadInput
from deepminer_ray.paper import CLASSES


class Network(nn.Module):
    """Features, global average pooling, one linear layer; the units are the channels of the last feature map."""

    def __init__(self, name: str, features: nn.Module, units: int):
        super().__init__()
        self.name = name
        self.features = features
        self.head = nn.Linear(units, len(CLASSES))

    @property
    def units(self) -> int:
        return self.head.in_features

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits [n, classes] of patches [n, 3, rows, columns]."""
        logits: torch.Tensor = self.head(self.features(image).mean((2, 3)))
        return logits

    def class_maps(self, response: torch.Tensor) -> torch.Tensor:
        """Logits at every cell [n, classes, h, w] of response maps [n, units, h, w]: the head as a 1 x 1 convolution.

        Without the bias these are the class activation maps (reference [12] of the paper).
        """
        return torch.einsum("cu,nuhw->nchw", self.head.weight, response) + self.head.bias.view(1, -1, 1, 1)


def build(name: str, weights: str = "none") -> tuple[Network, str]:
    """A torchvision network by name with a new linear layer, and a sentence on where its weights come from.

    `weights` is `none`, `default` (torchvision's own, from its cache or its site) or the file of a state dict.
    """
    try:
        model = models.get_model(name, weights=_torchvision_weights(name, weights))
    except ValueError as error:
        raise BadInput(f"torchvision knows no network {name!r}: {error}.") from error
    except OSError as error:
        raise BadInput(f"The default weights of {name} could not be fetched ({error}): give --weights FILE.") from error
    origin = f"{name} with {weights} weights"
    if weights not in ("none", "default"):
        origin = _load(model, name, Path(weights))
    features = _features(model, name)
    with torch.no_grad():
        units = features.eval()(torch.zeros(1, 3, 64, 64)).shape[1]
    return Network(name, features, units), origin


def _torchvision_weights(name: str, weights: str) -> object:
    return models.get_model_weights(name).DEFAULT if weights == "default" else None


def _load(model: nn.Module, name: str, file: Path) -> str:
    """Load the features of a state dict whose names and shapes fit; the head is made anew in any case."""
    if not file.is_file():
        raise BadInput(f"There is no weights file {file}.")
    try:
        state = torch.load(file, weights_only=True, map_location="cpu")
        held = model.state_dict()
        fitting = {key: value for key, value in state.items() if key in held and held[key].shape == value.shape}
    except Exception as error:
        raise BadInput(f"{file} holds no state dict that can be loaded safely: {str(error).splitlines()[0]}") from error
    if not any(key.startswith(("features", "layer", "conv")) for key in fitting):
        raise BadInput(f"{file} holds no weights of {name}: none of its names and shapes fit.")
    model.load_state_dict(fitting, strict=False)
    return f"{name} with {len(fitting)} of {len(held)} tensors from {file.name}, the last layer made anew"


def _features(model: nn.Module, name: str) -> nn.Module:
    """All layers before global average pooling; BadInput for networks that pool in another way."""
    children = OrderedDict(model.named_children())
    match model:
        case models.ResNet():
            kept = [child for child in children if child not in ("avgpool", "fc")]
        case models.ShuffleNetV2():
            kept = [child for child in children if child != "fc"]
        case models.DenseNet():
            return nn.Sequential(OrderedDict(features=children["features"], relu=nn.ReLU()))
        case models.SqueezeNet() | models.MobileNetV2() | models.MobileNetV3() | models.EfficientNet():
            kept = ["features"]
        case _:
            raise BadInput(
                f"{name} is not features, global average pooling and a linear layer: "
                "use a ResNet, DenseNet, SqueezeNet, MobileNet, EfficientNet or ShuffleNet."
            )
    return nn.Sequential(OrderedDict((child, children[child]) for child in kept))
