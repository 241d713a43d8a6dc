"""torchvision's networks, imported without torch's compiler, which takes a third of the time a worker needs to start.

torchvision 0.28 asks the compiler one question, for region pooling, which no network here has. While it is imported the
answer is no; whoever needs the compiler afterwards gets torch's own.
"""

import sys
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"


def _without_compiler() -> Any:
    known = {COMPILER, f"{COMPILER}.utils"} & set(sys.modules)
    if not known:
        utils = ModuleType(f"{COMPILER}.utils")
        utils.is_compile_supported = lambda device: False  # type: ignore[attr-defined]
        sys.modules |= {COMPILER: ModuleType(COMPILER), utils.__name__: utils}
    try:
        from torchvision import models
    finally:
        if not known:
            del sys.modules[COMPILER], sys.modules[f"{COMPILER}.utils"]
    return models


models = _without_compiler()
