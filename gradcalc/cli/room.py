"""Where addresses are limited: libraries reserve fewer, and one that falls for want of memory ends with a word.

Imports errors; loaded only under a limit, as it takes longer than a small answer. Where Python would raise, flint, LLVM
and what C++ throws across C abort, and others follow a null pointer: no `except` hears it.
"""

import os
import signal
from contextlib import suppress

from gradcalc.errors import ExitCode

_AMPLE = 4_000_000_000
"""Bytes of addresses with which nothing needs to be saved."""
_M_ARENA_MAX = -8  # of glibc

code = ExitCode.NO
"""How the process ends if a library falls; once the answer is written, as the answer says."""
_kept: list[object] = []
"""What C holds no reference to."""


def save_room(limit: int) -> None:
    """Prepare for work with `limit` bytes of addresses; what cannot be prepared is left as it is."""
    if limit <= _AMPLE:
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"):
            os.environ.setdefault(name, "1")
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        libc = ctypes.CDLL(None)
        if limit <= _AMPLE:
            libc.mallopt(_M_ARENA_MAX, 1)
        if not _kept:
            _kept.append(ctypes.CFUNCTYPE(None, ctypes.c_int)(_fallen))
            for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGTRAP, signal.SIGILL):
                libc.signal(int(number), _kept[0])  # Python's own handlers wait until the library returns


def _fallen(number: int) -> None:
    """A library falls: end as all else that memory is missing for."""
    if code == ExitCode.NO:
        os.write(2, b"error: not enough memory: a library fell\n")
    os._exit(code)
