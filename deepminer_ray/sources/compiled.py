"""Functions in machine code, kept on disk where a disk can keep them."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache

Cache: Any = FunctionCache
Function = TypeVar("Function", bound=Callable[..., Any])


class _ForgivingCache(Cache):  # type: ignore[misc]
    """numba's own cache, which is not a reason to fail: it may be damaged, its disk full, its folder another user's."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged pickle raises nearly anything
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(Exception):  # it reads the index first
            super().save_overload(sig, data)


def compiled(function: Function) -> Function:
    """A function that is compiled at its first call and holds no lock of Python's; kept on disk where it can be."""
    made: Any = njit(nogil=True)(function)
    with suppress(RuntimeError):  # neither the package's folder nor the user's can be written
        made._cache = _ForgivingCache(function)
    compiled_function: Function = made
    return compiled_function
