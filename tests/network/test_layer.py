"""Any layer's maps, from one pass with the last, and where its cells lie on the image."""

from typing import Any

import pytest
import torch
from torch import nn

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.geometry import LAYER, LayerAndLast, geometry, map_shape

LAYERS = [
    ("resnet18", "conv1", 2, 7),
    ("resnet18", "bn1", 2, 7),
    ("resnet18", "layer1.0.bn2", 4, 27),
    ("resnet18", "layer1.0.relu", 4, 27),  # called twice: the last answer counts
    ("resnet18", "layer3", 16, 211),
    ("squeezenet1_1", "features.3", 4, 15),
    ("shufflenet_v2_x0_5", "stage2", 8, 63),
    ("densenet121", "features.denseblock1.denselayer2", 4, 27),
    ("efficientnet_b0", "features.2.1", 4, None),
    ("mobilenet_v2", "features.4", 8, None),
]
"""Network, layer, stride and field in px, the latter by hand where it takes few layers."""


def hooked(features: nn.Module, layer: str, image: torch.Tensor) -> torch.Tensor:
    """The slow way: the last answer of the module itself, kept before anyone can write into it."""
    kept: list[torch.Tensor] = []
    hook = features.get_submodule(layer).register_forward_hook(lambda *answered: kept.append(answered[2].clone()))
    features(image)
    hook.remove()
    return kept[-1]


@pytest.mark.parametrize(("name", "layer", "stride", "field"), LAYERS)
def test_a_layer_gives_what_its_module_answers(name: str, layer: str, stride: int, field: int | None) -> None:
    torch.manual_seed(0)
    features = build(name)[0].features.eval()
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        maps, last = LayerAndLast(features, layer)(image)
        assert torch.equal(maps, hooked(features, layer, image))
        assert torch.equal(last, features(image))
    assert map_shape(features, layer, 64, 64) == maps.shape[1:]
    where = geometry(features, layer)
    assert where.stride == stride == 64 // maps.shape[2]
    assert field in (None, where.field)


@pytest.mark.parametrize(("name", "layer"), [("resnet18", "layer1.0.bn2"), ("squeezenet1_1", "features.4")])
def test_a_cell_of_a_layer_sees_its_receptive_field_and_nothing_else(name: str, layer: str) -> None:
    """Change one pixel: the cells that notice are those whose field holds it."""
    torch.manual_seed(0)
    features = build(name)[0].features.eval()
    module, where = LayerAndLast(features, layer), geometry(features, layer)
    image = torch.randn(1, 3, 64, 256)
    with torch.inference_mode():
        before = module(image)[0]
        for pixel in (50, 101, 180):
            changed = image.clone()
            changed[..., pixel] += 3.0
            noticed = (module(changed)[0] != before).any(dim=1)[0].any(dim=0)
            for cell, seen in enumerate(noticed.tolist()):
                distance = abs(where.offset + cell * where.stride - pixel)
                assert not seen or distance <= where.field / 2
                assert seen or distance > where.field / 4


@pytest.mark.parametrize(
    ("name", "layer", "sentence"),
    [
        ("resnet18", "layer9", "no layer layer9: use conv1, bn1, relu, maxpool, layer1, layer2, layer3, layer4"),
        ("squeezenet1_1", "fire", "use features.0, features.1"),
        ("efficientnet_b0", "features.2.1.block.2.avgpool", "pools the whole image"),
        ("efficientnet_b0", "features.2.1.block.2.fc2", "pools the whole image"),
    ],
)
def test_what_has_no_map_is_refused(name: str, layer: str, sentence: str) -> None:
    features: Any = build(name)[0].features.eval()
    with pytest.raises(BadInput, match=sentence):
        geometry(features, layer)


def test_the_default_is_all_of_the_features() -> None:
    features = build("squeezenet1_1")[0].features.eval()
    assert map_shape(features, LAYER, 64, 64) == features(torch.zeros(1, 3, 64, 64)).shape[1:]
    assert geometry(features, LAYER) == geometry(features)
