"""Checkpoints hold all that is needed to use a network, and nothing that could execute."""

import pickle
from pathlib import Path

import pytest
import torch

from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save


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


@pytest.mark.parametrize("content", [b"text", pickle.dumps(Trap())])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "network.pt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"network\.pt"):
        load(file)


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no checkpoint"):
        load(tmp_path)
