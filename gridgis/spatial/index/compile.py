"""How the kernels are compiled: once per machine, kept on disk, never served for another source.

numba keeps a compiled kernel beside its source (``__pycache__``) or, where that folder cannot be
written, in the user's cache folder; ``NUMBA_CACHE_DIR`` names another. Where no folder can be
written, every process compiles anew: it starts some ten seconds later and answers the same.
"""

from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])

_KERNEL_FILES = (
    "border.py",
    "compile.py",
    "draw.py",
    "layout.py",
    "pairs.py",
    "query.py",
    "records.py",
)


def _digest_sources() -> int:
    digest = sha256()
    for name in _KERNEL_FILES:
        digest.update(files(__package__).joinpath(name).read_bytes())
    return int.from_bytes(digest.digest()[:4], "little")


SOURCES = _digest_sources()
"""Default argument of every kernel, and so part of the key under which numba keeps it.

By itself numba looks only at the file of the kernel: after an upgrade that changed the layout but
not the file of a query, it would serve machine code that reads the old layout.
"""


def kernel(function: _Function) -> _Function:
    """Compile an entry point on its first call, or load it from disk; it releases the GIL."""
    try:
        compiled: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # no folder can be written
        compiled = njit(nogil=True, error_model="numpy")(function)
    return cast("_Function", compiled)


def part(function: _Function) -> _Function:
    """Compile a piece of kernels, into the machine code of each kernel that calls it."""
    compiled: Any = njit(error_model="numpy")(function)
    return cast("_Function", compiled)


def inline_part(function: _Function) -> _Function:
    """Write a piece of kernels out in its caller before it is compiled, where speed asks for it."""
    compiled: Any = njit(inline="always", error_model="numpy")(function)
    return cast("_Function", compiled)
