"""Networks come without torch's compiler, and leave it to others as it is."""

import subprocess
import sys

import pytest

LOADS = """
import sys
from deepminer_ray.workers import probe_actor
assert not [name for name in sys.modules if name.startswith("torch._dynamo")], "a worker waits for the compiler"
assert not {"pandas", "matplotlib"} & set(sys.modules), "it waits for what it does not use"
import torch._dynamo.utils
assert torch._dynamo.utils.__file__ and torch._dynamo.utils is sys.modules["torch._dynamo.utils"]
assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2)).tolist() == [2, 2]
from torchvision.ops import roi_align
assert roi_align(torch.ones(1, 1, 4, 4), torch.tensor([[0.0, 0, 0, 4, 4]]), 2).tolist() == [[[[1, 1], [1, 1]]]]
"""
COMPILES = """
import torch._dynamo.utils
from deepminer_ray.network.vision import models
import sys
region = sys.modules["torchvision.ops.roi_align"]
assert region.is_compile_supported is torch._dynamo.utils.is_compile_supported and models.resnet18
"""


@pytest.mark.parametrize("code", [LOADS, pytest.param(COMPILES, marks=pytest.mark.slow)], ids=["loads", "compiles"])
def test_a_worker_starts_without_the_compiler_and_can_have_it_later(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
