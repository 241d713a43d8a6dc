"""Networks by name, their weights and their geometry."""

from pathlib import Path

import pytest
import torch
from torchvision import models

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.geometry import geometry
from deepminer_ray.units.receptive_field import Geometry


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("resnet18", 512),
        ("squeezenet1_1", 512),
        ("densenet121", 1024),
        ("mobilenet_v3_small", 576),
        ("efficientnet_b0", 1280),
        ("shufflenet_v2_x0_5", 1024),
    ],
)
def test_networks_are_features_pooling_and_a_linear_layer(name: str, units: int) -> None:
    network, _ = build(name)
    assert network.units == units
    assert network.eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 3)


def test_a_resnet_answers_as_torchvisions_own() -> None:
    torch.manual_seed(0)
    network = build("resnet18")[0].eval()
    own = models.resnet18(num_classes=3).eval()
    features = {
        key.removeprefix("features."): value for key, value in network.features.state_dict(prefix="features.").items()
    }
    own.load_state_dict(features | {"fc.weight": network.head.weight, "fc.bias": network.head.bias})
    image = torch.randn(2, 3, 96, 64)
    torch.testing.assert_close(network(image), own(image), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["vgg16", "no_such_network", "vit_b_16"])
def test_other_networks_are_refused_by_name(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        build(name)


def test_a_state_dict_fills_the_features(tmp_path: Path) -> None:
    torch.manual_seed(3)
    own = models.squeezenet1_1()
    torch.save(own.state_dict(), tmp_path / "own.pt")
    network, origin = build("squeezenet1_1", str(tmp_path / "own.pt"))
    assert "own.pt" in origin
    image = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(network.features.eval()(image), own.features.eval()(image))


@pytest.mark.parametrize("content", ["text", "other"])
def test_a_file_without_fitting_weights_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "weights.pt"
    if content == "text":
        file.write_text("no weights")
    else:
        torch.save(models.resnet18().state_dict(), file)
    with pytest.raises(BadInput, match=r"weights\.pt"):
        build("squeezenet1_1", str(file))


def test_a_missing_weights_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no weights file"):
        build("resnet18", str(tmp_path / "none.pt"))


def test_resnet152_sees_1451_pixels() -> None:
    assert geometry(build("resnet152")[0].features) == Geometry(stride=32, field=1451, offset=0.0)


@pytest.mark.parametrize("name", ["squeezenet1_1", "shufflenet_v2_x0_5"])
def test_a_cell_sees_its_receptive_field_and_nothing_else(name: str) -> None:
    """Change one pixel: the cells that notice are those whose field holds it."""
    torch.manual_seed(0)
    features = build(name)[0].features.eval()
    where = geometry(features)
    height, width = features(torch.zeros(1, 3, 64, 512)).shape[2:]
    image = torch.randn(1, 3, 64, 512)
    with torch.inference_mode():
        before = features(image)
        for pixel in (100, 250, 380):
            changed = image.clone()
            changed[..., pixel] += 3.0
            noticed = (features(changed) != before).any(dim=1)[0].any(dim=0).nonzero().flatten().tolist()
            for cell in range(width):
                centre = where.offset + cell * where.stride
                if abs(pixel - centre) > where.field / 2:
                    assert cell not in noticed
            assert any(abs(where.offset + cell * where.stride - pixel) <= where.stride for cell in noticed)
    assert height >= 1
