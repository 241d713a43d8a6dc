"""Networks by name, their weights and their geometry."""

import re
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torchvision import models

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save
from deepminer_ray.network.geometry import LayerAndLast, geometry
from deepminer_ray.units.receptive_field import Geometry
from tests.domains import CANCER_OR_NOT


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("resnet18", 512),
        ("squeezenet1_1", 512),
        ("densenet121", 1024),
        ("mobilenet_v2", 1280),
        ("mnasnet0_5", 1280),
        ("regnet_x_400mf", 400),
        ("convnext_tiny", 768),
        ("googlenet", 1024),
        ("inception_v3", 2048),
        ("efficientnet_b0", 1280),
        ("shufflenet_v2_x0_5", 1024),
    ],
)
def test_networks_are_features_pooling_and_a_linear_layer(name: str, units: int) -> None:
    network, _ = build(name)
    assert network.units == units
    assert network.eval()(torch.zeros(2, 3, 96, 96)).shape == (2, 3)


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "densenet121",
        "mobilenet_v2",
        "efficientnet_b0",
        "shufflenet_v2_x0_5",
        "mnasnet0_5",
        "regnet_x_400mf",
        "googlenet",
        "convnext_tiny",
    ],
)
def test_features_pooling_and_the_linear_layer_are_torchvisions_own(name: str, tmp_path: Path) -> None:
    """Fed through a state dict, the features answer as torchvision's; for ConvNeXt up to its layer norm's place."""
    torch.manual_seed(0)
    plain = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    own = models.get_model(name, **plain).eval()
    torch.save(own.state_dict(), tmp_path / "own.pt")
    network, said = build(name, str(tmp_path / "own.pt"))
    network.eval()
    assert "left as" not in said and "not used" not in said
    pooled: list[torch.Tensor] = []
    last = [module for module in own.modules() if isinstance(module, torch.nn.Linear)][-1]
    last.register_forward_pre_hook(lambda _, given: pooled.append(given[0]))
    image = torch.randn(2, 3, 96, 128)
    with torch.inference_mode():
        own(image)
        if name == "convnext_tiny":
            torch.testing.assert_close(network.features.features(image), own.features(image))
            return
        torch.testing.assert_close(network.features(image).mean((2, 3)), pooled[0], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network(image), network.head(pooled[0]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("vgg11", "three linear layers"),
        ("alexnet", "three linear layers"),
        ("mobilenet_v3_small", "two linear layers"),
        ("vit_b_16", "attends"),
        ("swin_t", "attends"),
        ("maxvit_t", "attends"),
        ("no_such_network", "knows no network"),
    ],
)
def test_other_networks_are_refused_by_name_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(BadInput, match=f"{name}.*{reason}|{reason}.*{name}"):
        build(name)


def test_default_weights_are_taken_from_torchvisions_own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded cache under the name torchvision gives the file: nothing is fetched, and these weights are used."""
    torch.manual_seed(7)
    own = models.squeezenet1_1()
    weights = models.get_model_weights("squeezenet1_1").DEFAULT
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(own.state_dict(), cache / Path(weights.url).name)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network, said = build("squeezenet1_1", "default")
    assert "default weights" in said
    held = network.features.state_dict()
    assert all(torch.equal(held[name], value) for name, value in own.state_dict().items() if name in held)
    assert len(held) == len([name for name in own.state_dict() if name.startswith("features.")])


def test_default_weights_that_cannot_be_fetched_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights = models.get_model_weights("squeezenet1_1")
    monkeypatch.setattr(torch.hub, "download_url_to_file", _unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", torch.hub.load_state_dict_from_url)
    assert weights.DEFAULT.url
    with pytest.raises(BadInput, match=r"could not be fetched.*--weights FILE"):
        build("squeezenet1_1", "default")


def test_other_networks_are_refused_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", _unreachable)
    with pytest.raises(BadInput, match="three linear layers"):
        build("vgg16", "default")


def test_a_damaged_file_in_the_cache_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    name = Path(models.get_model_weights("squeezenet1_1").DEFAULT.url).name
    (cache / name).write_bytes(b"PK\x03\x04 half a download")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(BadInput, match=rf"{name} cannot be loaded .*: delete it"):
        build("squeezenet1_1", "default")


def test_densenets_published_names_are_understood(tmp_path: Path) -> None:
    """The files on torchvision's site say `norm.1` for `norm1`."""
    torch.manual_seed(2)
    own = models.densenet121()
    published = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", name): value for name, value in own.state_dict().items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in published
    torch.save(published, tmp_path / "own.pt")
    network, said = build("densenet121", str(tmp_path / "own.pt"))
    assert "left as" not in said and "not used" not in said
    image = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(network.features.eval().features(image), own.eval().features(image))


def test_a_file_with_little_of_a_network_is_refused(tmp_path: Path) -> None:
    state = models.squeezenet1_1().state_dict()
    torch.save(dict(list(state.items())[:20]), tmp_path / "part.pt")
    with pytest.raises(BadInput, match="20 of its 50 tensors fit"):
        build("squeezenet1_1", str(tmp_path / "part.pt"))


def _unreachable(*_: object, **__: object) -> None:
    raise URLError("no route to host")


def test_a_state_dict_fills_the_features(tmp_path: Path) -> None:
    torch.manual_seed(3)
    own = models.squeezenet1_1()
    torch.save(own.state_dict(), tmp_path / "own.pt")
    network, origin = build("squeezenet1_1", str(tmp_path / "own.pt"))
    assert origin == "squeezenet1_1 with 50 of 50 tensors from own.pt, the last layer new"
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


def test_what_was_not_loaded_is_said(tmp_path: Path) -> None:
    state = models.squeezenet1_1().state_dict()
    del state["features.0.weight"]
    state["features.3.squeeze.weight"] = torch.zeros(2, 2)
    state["surplus.weight"] = torch.zeros(1, 1)
    torch.save(state, tmp_path / "part.pt")
    _, said = build("squeezenet1_1", str(tmp_path / "part.pt"))
    assert "48 of 50 tensors" in said
    assert "1 left as they were made, for the file lacks them (features.0.weight)" in said
    assert "1 left as they were made, for the file has them in another shape (features.3.squeeze.weight)" in said
    assert "1 of the file not used (surplus.weight)" in said


def test_a_checkpoint_of_this_program_is_a_start_too_but_not_of_another_network(tmp_path: Path) -> None:
    torch.manual_seed(1)
    saved = build("squeezenet1_1")[0]
    save(tmp_path / "network.pt", saved, 64, "caffe")
    network, said = build("squeezenet1_1", str(tmp_path / "network.pt"))
    assert "50 of 50" in said
    held = network.features.state_dict()
    assert all(torch.equal(held[name], value) for name, value in saved.features.state_dict().items())
    with pytest.raises(BadInput, match="checkpoint of squeezenet1_1, not of resnet18"):
        build("resnet18", str(tmp_path / "network.pt"))


def test_a_network_for_cancer_or_not_has_two_answers(tmp_path: Path) -> None:
    network, _ = build("squeezenet1_1", classes=CANCER_OR_NOT.names)
    assert network.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
    save(tmp_path / "network.pt", network, 64, "imagenet")
    assert load(tmp_path / "network.pt").network.classes == ("not_malignant", "malignant")


def test_a_checkpoint_keeps_how_it_pools_and_an_older_one_takes_the_mean(tmp_path: Path) -> None:
    file = tmp_path / "network.pt"
    save(file, build("squeezenet1_1", pool="max")[0], 64, "imagenet")
    assert load(file).network.pool == "max"
    described = torch.load(file, weights_only=True)
    torch.save(described | {"pool": "median"}, file)
    with pytest.raises(BadInput, match="has the pool 'median', which this version does not know: avg, max"):
        load(file)
    torch.save({name: value for name, value in described.items() if name != "pool"}, file)
    assert load(file).network.pool == "avg"


@pytest.mark.parametrize(
    ("name", "until", "units", "stride"),
    [
        ("squeezenet1_1", "features.7", 256, 8),
        ("resnet18", "layer3", 256, 16),
        ("resnet18", "layer3.0", 256, 16),
        ("densenet121", "features.transition2", 256, 16),
        ("googlenet", "inception4e", 832, 16),
    ],
)
def test_a_network_ends_with_the_layer_asked_for(
    name: str, until: str, units: int, stride: int, tmp_path: Path
) -> None:
    """Its units are those that probing this layer of the whole network shows, also after it was saved."""
    torch.manual_seed(2)
    whole = build(name)[0].eval()
    torch.save(whole.features.state_dict(), tmp_path / "own.pt")
    ended = build(name, str(tmp_path / "own.pt"), pool="max", until=until)[0].eval()
    assert ended.units == units and geometry(ended.features).stride == stride
    image = torch.randn(2, 3, 128, 96)
    with torch.no_grad():
        torch.testing.assert_close(ended.features(image), LayerAndLast(whole.features, until)(image)[0])
        save(tmp_path / "network.pt", ended, 96, "imagenet")
        again = load(tmp_path / "network.pt").network
        assert (again.until, again.pool) == (until, "max")
        torch.testing.assert_close(again(image), ended(image))


@pytest.mark.parametrize(
    ("name", "until", "sentence"),
    [
        ("resnet18", "layer9", "resnet18 cannot end with the layer 'layer9': use conv1, bn1, relu, maxpool, layer1"),
        ("resnet18", "layer3.0.conv1", "resnet18 cannot end with the layer 'conv1': it is inside another layer"),
        ("squeezenet1_1", "", "squeezenet1_1 cannot end with the layer '': use features"),
    ],
)
def test_a_layer_to_end_with_that_is_none_is_refused(name: str, until: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        build(name, until=until)


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
