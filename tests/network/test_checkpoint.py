"""Checkpoints hold all that is needed to use a network, and nothing that could execute."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save
from tests.domains import CANCER_OR_NOT


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    network = build("resnet18")[0].eval()
    file = tmp_path / "checkpoint" / "network.pt"
    save(file, network, 64, "caffe")
    found = load(tmp_path)
    image = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(found.network(image), network(image))
    assert (found.side, found.normalisation, len(found.hash)) == (64, "caffe", 16)
    assert found.hash == load(file).hash


class Trap:
    """A pickle that would execute."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('executed')",)


@pytest.mark.parametrize("content", [b"", b"\0", b"PK", b"text", pickle.dumps(Trap()), pickle.dumps(None)])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "network.pt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"network\.pt is not a checkpoint") as refused:
        load(file)
    assert "\n" not in str(refused.value)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a checkpoint holds."""
    file = tmp_path_factory.mktemp("checkpoint") / "network.pt"
    save(file, build("squeezenet1_1")[0], 64, "caffe")
    found: dict[str, Any] = torch.load(file, weights_only=True)
    return found


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "normalisation",
            "imagenet2",
            "has the normalisation 'imagenet2', which this version does not know: imagenet, ",
        ),
        ("normalisation", None, "has the normalisation None"),
        ("normalisation", ["caffe"], r"has the normalisation \['caffe'\]"),
        ("pool", 3, "has the pool 3"),
        ("classes", 3, "has the classes 3"),
        ("classes", [], r"has the classes \[\]"),
        ("classes", ["a", "b", "a"], r"has the classes \['a', 'b', 'a'\]: they are 2 to 50 different names"),
        ("classes", "normal", "has the classes 'normal'"),
        ("classes", [["normal"], 2, {}], "has the classes"),
        ("side", "64", "is of patches of '64' px"),
        ("side", 64.5, "is of patches of 64.5 px"),
        ("side", True, "is of patches of True px"),
        ("side", 0, "is of patches of 0 px"),
        ("side", -64, "is of patches of -64 px"),
        ("side", 10**9, "is of patches of 1000000000 px"),
        ("side", None, "is of patches of None px"),
        ("channels", 2, "has the channels 2"),
        ("channels", "3", "has the channels '3'"),
        ("whole", [64], r"is of inputs of \[64\] px"),
        ("whole", "64x64", "is of inputs of '64x64' px"),
        ("whole", [32, 64.5], "is of inputs of"),
        ("whole", [10**9, 64], "is of inputs of"),
        ("whole", [1, 2], "is of inputs of"),
        ("network", 7, "has as network 7, which is not a name"),
        ("network", "resnet51", "torchvision knows no network 'resnet51'"),
        ("network", "resnet18", "its weights are not those of resnet18"),
        ("until", 3, "has as until 3"),
        ("until", "nowhere", "cannot end with the layer 'nowhere'"),
        ("state", None, "must map names to tensors"),
        ("state", {"head.weight": 3}, "must map names to tensors"),
        ("state", {}, "its weights are not those of squeezenet1_1"),
    ],
)
def test_a_wrong_value_is_named(
    tmp_path: Path, described: dict[str, Any], name: str, value: Any, sentence: str
) -> None:
    torch.save(described | {name: value}, tmp_path / "network.pt")
    with pytest.raises(BadInput, match=sentence) as refused:
        load(tmp_path / "network.pt")
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


@pytest.mark.parametrize("name", ["network", "side", "normalisation", "state"])
def test_what_is_missing_is_named(tmp_path: Path, described: dict[str, Any], name: str) -> None:
    torch.save({key: value for key, value in described.items() if key != name}, tmp_path / "network.pt")
    with pytest.raises(BadInput, match=f"it has no {name}"):
        load(tmp_path / "network.pt")


@pytest.mark.parametrize("held", [None, 3, [], torch.zeros(2), {}, {3: torch.zeros(2)}, {"network": 3, "state": 4}])
def test_other_contents_are_neither_checkpoint_nor_weights(tmp_path: Path, held: Any) -> None:
    file = tmp_path / "network.pt"
    torch.save(held, file)
    with pytest.raises(BadInput, match=r"network\.pt"):
        load(file)
    with pytest.raises(BadInput, match=r"network\.pt"):
        build("squeezenet1_1", weights=str(file))


@pytest.mark.parametrize("content", [b"", b"\0" * 9])
def test_an_empty_file_holds_no_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(BadInput, match=r"w\.pt holds no state dict") as refused:
        build("squeezenet1_1", weights=str(tmp_path / "w.pt"))
    assert "\n" not in str(refused.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "network.pt")
    with pytest.raises(BadInput, match="is not a regular file"):
        load(tmp_path / "network.pt")


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no checkpoint"):
        load(tmp_path)


def changed(file: Path, values: dict[str, Any]) -> None:
    """A checkpoint as it would be with other values; None leaves one out."""
    save(file, build("squeezenet1_1", until="features.3")[0], 64, "imagenet")
    described = torch.load(file, weights_only=True) | values
    torch.save({name: value for name, value in described.items() if value is not None}, file)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"classes": list(CANCER_OR_NOT)}, "its weights are not those"),
        ({"until": None}, "its weights are not those"),
        ({"network": "regnet_y_128gf", "until": None}, "its weights are not those of regnet_y_128gf"),
        ({"network": "no\0network"}, r"no network 'no\\x00network'"),
    ],
)
def test_a_checkpoint_whose_values_do_not_fit_is_refused(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    changed(tmp_path / "network.pt", values)
    with pytest.raises(BadInput, match=said):
        load(tmp_path / "network.pt")


def test_weights_take_no_memory_that_the_file_does_not_have(tmp_path: Path) -> None:
    """A tensor of one number may claim any shape."""
    file = tmp_path / "network.pt"
    save(file, build("squeezenet1_1", until="features.3")[0], 64, "imagenet")
    state = torch.load(file, weights_only=True)["state"]
    name = next(iter(state))
    for odd in (torch.zeros(1).expand(state[name].shape), state[name].to_sparse(), state[name].to("meta")):
        changed(file, {"state": state | {name: odd}})
        with pytest.raises(BadInput, match=r"not a plain tensor|without its values"):
            load(file)
        with pytest.raises(BadInput, match=r"not a plain tensor|without its values"):
            build("squeezenet1_1", str(file))


def test_a_number_in_place_of_a_tensor_is_another_shape(tmp_path: Path) -> None:
    network = build("squeezenet1_1", until="features.3")[0]
    state = network.features.state_dict()
    name = next(iter(state))
    torch.save(state | {name: torch.tensor(1.0)}, tmp_path / "weights.pt")
    assert f"another shape ({name})" in build("squeezenet1_1", str(tmp_path / "weights.pt"), until="features.3")[1]


@pytest.mark.parametrize("content", [b"", b"\x80", pickle.dumps(Trap())])
def test_nobody_is_told_to_load_what_could_execute(tmp_path: Path, content: bytes) -> None:
    """torch's own sentence does."""
    (tmp_path / "weights.pt").write_bytes(content)
    for read in (load, lambda file: build("squeezenet1_1", str(file))):
        with pytest.raises(BadInput) as refused:
            read(tmp_path / "weights.pt")
        assert "still be loaded" not in str(refused.value) and "weights_only" not in str(refused.value)
