"""Small products by one thread of OpenBLAS, whose threads gain nothing there and cost much where the machine is busy.

Where `threadpoolctl` is installed, which finds the library; without it nothing changes. The number of threads is the
process's: what other Python threads multiply meanwhile may take one thread too, and is right as ever.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

Switch = tuple[Callable[[], int], Callable[[int], None]]

LEAST, MOST = 2**19, 2**22
"""How many multiplications and additions a product takes that OpenBLAS shares among threads, and one that is small."""


def alone(function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    """What a function returns, called while OpenBLAS has one thread."""
    if (switch := _switch()) is None or (before := switch[0]()) < 2:
        return function(*args, **settings)
    switch[1](1)
    try:
        return function(*args, **settings)
    finally:
        switch[1](before)


def of_matrices(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of matrices, as `inv`, that takes small ones alone."""

    def call(x: Any, *args: Any, **settings: Any) -> Any:
        small = LEAST // 16 <= x.shape[-2] * x.shape[-1] ** 2 <= MOST  # its products are more than one
        return alone(function, x, *args, **settings) if small else function(x, *args, **settings)

    return call


@cache
def _switch() -> Switch | None:
    """How to ask for and set the number of threads of NumPy's OpenBLAS; None where that is not known."""
    try:
        threadpoolctl = import_module("threadpoolctl")
    except ImportError:
        return None
    found = threadpoolctl.ThreadpoolController().select(internal_api="openblas").lib_controllers
    for library in sorted(found, key=lambda library: "numpy" not in library.filepath):  # SciPy may have its own
        for name in getattr(library, "check_symbols", ()):  # not before threadpoolctl 3.2
            get = getattr(library.dynlib, name, None)
            put = getattr(library.dynlib, name.replace("get_num", "set_num"), None)
            if get is not None and put is not None:
                get.argtypes, get.restype = (), ctypes.c_int
                put.argtypes, put.restype = (ctypes.c_int,), None
                return get, put
    return None
