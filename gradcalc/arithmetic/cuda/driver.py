"""The driver of NVIDIA's cards by ctypes: contexts, memory, code, streams. Standard library only.

Everything runs in a card's primary context, the one that CuPy, PyTorch, JAX and Numba use. See the CUDA Driver API.
"""

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from functools import cache
from typing import Any

from gradcalc.errors import UsageError

LEGACY = 1
"""The handle of the default stream, which waits for the streams that others made and they for it."""

_DEVICE_ORDINAL = 9  # CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
_LOG, _LOG_SIZE = 5, 6  # CU_JIT_ERROR_LOG_BUFFER and its size in bytes
_NO_TIMING = 2  # CU_EVENT_DISABLE_TIMING
_NO_DEVICE, _OUT_OF_MEMORY = 100, 2


class Driver:
    """The driver's functions; each raises what went wrong.

    Args:
        library: the driver as ctypes loads it.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._contexts: dict[int, c_void_p] = {}
        self._call("cuInit", c_uint(0))

    def _call(self, name: str, *arguments: Any) -> None:
        """Call a function of the driver.

        Raises:
            MemoryError: the card has no room left.
            UsageError: it failed otherwise.
        """
        code = getattr(self._library, name)(*arguments)
        if code == _OUT_OF_MEMORY:
            raise MemoryError("the card has no room left")
        if code == _NO_DEVICE:
            raise UsageError("the driver of NVIDIA finds no card", hint=_WITHOUT)
        if code:
            raise UsageError(f"the card's driver failed in {name}: {self._told(code)}")

    def _told(self, code: int) -> str:
        texts = []
        for name in ("cuGetErrorString", "cuGetErrorName"):
            text = c_char_p()
            getattr(self._library, name)(c_int(code), byref(text))
            texts.append((text.value or b"").decode("utf-8", "replace") or f"error {code}")
        return f"{texts[0]} ({texts[1]})"

    @contextmanager
    def on(self, device: int) -> Iterator[None]:
        """What runs within runs on this card."""
        if device not in self._contexts:
            number, context = c_int(), c_void_p()
            self._call("cuDeviceGet", byref(number), c_int(device))
            self._call("cuDevicePrimaryCtxRetain", byref(context), number)
            self._contexts[device] = context
        self._call("cuCtxPushCurrent_v2", self._contexts[device])
        try:
            yield
        finally:
            self._call("cuCtxPopCurrent_v2", byref(c_void_p()))

    def device_of(self, address: int) -> int | None:
        """The card whose memory an address is of; None of an address that is of none."""
        device = c_int(-1)
        code = self._library.cuPointerGetAttribute(byref(device), c_int(_DEVICE_ORDINAL), c_void_p(address))
        return None if code or device.value < 0 else device.value

    def allocate(self, size: int) -> int:
        """Memory on the card, of so many bytes."""
        address = c_void_p()
        if size:
            self._call("cuMemAlloc_v2", byref(address), c_size_t(size))
        return address.value or 0

    def free(self, device: int, address: int) -> None:
        """Give memory back once all work on it is done."""
        with self.on(device):
            self._call("cuMemFree_v2", c_void_p(address))

    def load(self, text: str) -> tuple[c_void_p, c_void_p]:
        """Code from PTX: the module, and its function `run`."""
        module, function = c_void_p(), c_void_p()
        log = ctypes.create_string_buffer(8192)
        names = (c_int * 2)(_LOG, _LOG_SIZE)
        values = (c_void_p * 2)(ctypes.addressof(log), len(log))
        try:
            self._call("cuModuleLoadDataEx", byref(module), c_char_p(text.encode()), c_uint(2), names, values)
        except UsageError as error:
            told = log.value.decode("utf-8", "replace").strip()
            raise UsageError(f"{error.message}{': ' if told else ''}{told}") from None
        self._call("cuModuleGetFunction", byref(function), module, c_char_p(b"run"))
        return module, function

    def unload(self, device: int, module: c_void_p) -> None:
        """Give code back."""
        with self.on(device):
            self._call("cuModuleUnload", module)

    def launch(self, function: c_void_p, blocks: int, threads: int, stream: int, arguments: Sequence[Any]) -> None:
        """Queue a kernel; the arguments are ctypes' values."""
        places = (c_void_p * len(arguments))(*(ctypes.addressof(argument) for argument in arguments))
        sizes = [c_uint(n) for n in (blocks, 1, 1, threads, 1, 1, 0)]
        self._call("cuLaunchKernel", function, *sizes, c_void_p(stream), places, None)

    def wait(self, stream: int) -> None:
        """Wait until a stream has done what is queued."""
        self._call("cuStreamSynchronize", c_void_p(stream))

    def follow(self, stream: int, first: int) -> None:
        """A stream goes on once another has done what is queued there now."""
        event = c_void_p()
        self._call("cuEventCreate", byref(event), c_uint(_NO_TIMING))
        try:
            self._call("cuEventRecord", event, c_void_p(first))
            self._call("cuStreamWaitEvent", c_void_p(stream), event, c_uint(0))
        finally:
            self._call("cuEventDestroy_v2", event)


_WITHOUT = 'compile without target="cuda": that runs on the processor'
_NAMES = {"win32": "nvcuda.dll"}


@cache
def driver() -> Driver:
    """The driver of this machine.

    Raises:
        UsageError: there is none, or it finds no card.
    """
    name = _NAMES.get(sys.platform, "libcuda.so.1")
    try:
        library = ctypes.CDLL(name)
    except OSError:
        raise UsageError(f"this machine has no driver of an NVIDIA card ({name})", hint=_WITHOUT) from None
    return Driver(library)
