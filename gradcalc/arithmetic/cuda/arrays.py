"""Arrays on a card: others' as they lend them, and gradcalc's own. Imports the driver and DLPack's structures.

What has `__dlpack__` is asked for that, so that its stream is waited for as the protocol has it; Numba's arrays have
`__cuda_array_interface__` alone. Nothing is copied.
"""

import math
import sys
import weakref
from collections.abc import Mapping
from typing import Any

from gradcalc.arithmetic.cuda import dlpack
from gradcalc.arithmetic.cuda.dlpack import View
from gradcalc.arithmetic.cuda.driver import LEGACY, driver
from gradcalc.errors import UsageError
from gradcalc.graph.shapes import Shape

_KINDS = {"<f8": "f64", "=f8": "f64", "<f4": "f32", "=f4": "f32"}
_LENT = (BufferError, RuntimeError, TypeError, ValueError, AttributeError)
"""What libraries raise for an array that they do not lend."""


def view(name: str, given: Any, stream: int, written: bool = False) -> View:
    """An array as its library lends it, ready on a stream.

    Args:
        name: what errors call it.
        written: it is to be written.

    Raises:
        UsageError: it is not on a card, not contiguous, not of floats, or read-only and to be written.
    """
    if isinstance(given, CudaArray):
        return given.view(stream)
    lends = getattr(given, "__dlpack__", None)
    lent = _interface(name, given) if written or lends is None else None  # a capsule does not tell what is read-only
    if written and lent is not None and lent["data"][1]:
        raise UsageError(f"{name} is read-only", hint="leave out= away: the answer is an array of its own")
    if lends is not None:
        found = _of_dlpack(name, given, stream)
    elif lent is not None:
        found = _of_interface(name, lent, given, stream)
    else:
        raise _elsewhere(name, given)
    if found.kind not in ("f64", "f32"):
        raise UsageError(f"{name} is of dtype {found.kind}: columns on a card are of float64 or float32")
    if not found.contiguous:
        hint = "a contiguous copy, as `.contiguous()` of PyTorch or `cupy.ascontiguousarray` makes it"
        raise UsageError(f"{name} is strided: columns on a card are contiguous", hint=hint)
    if found.device is None:
        raise UsageError(f"{name} does not point into a card's memory")
    return found


def _interface(name: str, given: Any) -> Any:
    try:
        return getattr(given, "__cuda_array_interface__", None)
    except _LENT as error:
        raise UsageError(f"{name} is not lent by its library: {error}") from None


def _of_interface(name: str, lent: Any, given: Any, stream: int) -> View:
    """What `__cuda_array_interface__` says; the stream that it names is waited for."""
    if lent.get("mask") is not None:
        raise UsageError(f"{name} is masked: columns on a card have all their numbers")
    shape, text, strides, address = tuple(lent["shape"]), lent["typestr"], lent.get("strides"), lent["data"][0] or 0
    size = int(text[2:]) if text[2:].isdecimal() else 1
    contiguous = not strides or dlpack.is_contiguous(shape, [stride / size for stride in strides])
    device, busy = driver().device_of(address) if address else 0, lent.get("stream")
    if busy is not None and busy != stream and address and device is not None:
        with driver().on(device):
            driver().wait(busy)
    return View(address, shape, _KINDS.get(text, text), device, given, contiguous)


def _of_dlpack(name: str, given: Any, stream: int) -> View:
    """What `__dlpack__` lends, ready on the stream."""
    try:
        if given.__dlpack_device__()[0] not in dlpack.ON_CARD:
            raise _elsewhere(name, given)
        return dlpack.read(given.__dlpack__(stream=stream))
    except _LENT as error:
        raise UsageError(f"{name} is not lent by its library: {error}") from None


def _elsewhere(name: str, given: Any) -> UsageError:
    """An array, a list or a number that is in the computer's memory."""
    kind = "a NumPy array" if type(given).__module__ == "numpy" else f"of type {type(given).__name__}"
    return UsageError(
        f"{name} is {kind}, in the computer's memory: copying it to the card costs more than computing there saves",
        hint='compile without target="cuda" for it; for the card an array that lives there, as of CuPy or PyTorch',
    )


class CudaArray:
    """An array of float64 on a card, contiguous, which CuPy, PyTorch, JAX and Numba take without a copy.

    `cupy.asarray(a)`, `torch.from_dlpack(a)`, `jax.dlpack.from_dlpack(a)`, `numba.cuda.as_cuda_array(a)`. The memory is
    given back once nobody holds the array.

    Attributes:
        shape: its lengths.
        device: the number of its card.
        stream: the stream that writes it; None once it is written.
    """

    def __init__(self, shape: Shape, device: int) -> None:
        self.shape, self.device = shape, device
        self.stream: int | None = None
        own = driver()
        with own.on(device):
            self.address = own.allocate(8 * math.prod(shape))
        if self.address:
            weakref.finalize(self, own.free, device, self.address).atexit = False

    def __repr__(self) -> str:
        return f"CudaArray(shape {self.shape}, float64, on card {self.device})"

    def __len__(self) -> int:
        return self.shape[0]

    def __reduce__(self) -> Any:
        """It is neither copied nor pickled: its memory is on the card, and given back once."""
        raise TypeError("a CudaArray is on a card: take it to a library first, as by torch.from_dlpack")

    def view(self, stream: int) -> View:
        """The array, ready on a stream."""
        self._ready(stream)
        return View(self.address, self.shape, "f64", self.device, self)

    def _ready(self, stream: int) -> None:
        """Let a stream wait until the array is written."""
        if self.stream is not None and stream not in (-1, self.stream):
            with driver().on(self.device):
                driver().follow(stream, self.stream)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Where it is, as version 3 of the protocol says it."""
        return {
            "shape": self.shape, "typestr": "<f8", "data": (self.address, False), "version": 3, "strides": None,
            "stream": self.stream,
        }  # fmt: skip

    def __dlpack_device__(self) -> tuple[int, int]:
        """CUDA's number among kinds of devices, and the card's."""
        return dlpack.CUDA, self.device

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A capsule that lends the array, once for each call; `stream` waits until it is written.

        Raises:
            BufferError: a copy or another device is asked for.
        """
        if copy or (dl_device is not None and tuple(dl_device) != self.__dlpack_device__()):
            raise BufferError("an array of gradcalc is lent where it is")
        self._ready(LEGACY if stream is None else stream)
        return dlpack.lend(self, self.address, self.shape, self.device)


def new_like(given: Any, shape: Shape, device: int, stream: int) -> tuple[Any, int]:
    """An array for an answer, and its address: of PyTorch or CuPy where the column is, from their memory; else our own.

    The stream waits for what they have queued on that memory.

    Raises:
        MemoryError: the card has no room for it.
    """
    name = type(given).__module__.partition(".")[0]
    library = sys.modules.get(name)
    if name not in ("torch", "cupy") or library is None:
        own = CudaArray(shape, device)
        return own, own.address
    try:
        if name == "torch":
            array = library.empty(shape, dtype=library.float64, device=given.device)
        else:
            with library.cuda.Device(device):
                array = library.empty(shape)
    except RuntimeError as error:
        raise MemoryError(f"the card has no room left: {error}") from None
    return array, view("the answer", array, stream).address


def stream_of(given: Any) -> int | None:
    """The handle of a stream of CuPy, PyTorch, Numba or CUDA's own package, or of a number; None for None.

    Raises:
        UsageError: it is none of these.
    """
    if given is None:
        return None
    protocol = getattr(given, "__cuda_stream__", None)
    if protocol is not None:
        return int(protocol()[1]) or LEGACY
    for name in ("cuda_stream", "ptr", "handle"):
        given = getattr(given, name, given)
    value = getattr(given, "value", given)
    given = 0 if value is None else value
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise UsageError(f"stream is {given!r}", hint="a stream of CuPy, PyTorch or Numba, or its handle as a number")
    return given or LEGACY


def same_card(views: Mapping[str, View]) -> int:
    """The card that all arrays are on.

    Raises:
        UsageError: they are on several.
    """
    first, here = next(iter(views.items()))
    for name, each in views.items():
        if each.device != here.device:
            raise UsageError(f"{first} is on card {here.device}, {name} on card {each.device}")
    return here.device or 0


def disjoint(read: Mapping[str, View], written: Mapping[str, View]) -> None:
    """Refuse arrays that are written where others are read or written.

    Raises:
        UsageError: two overlap.
    """
    taken = [(name, *_interval(each)) for name, each in read.items()]
    for name, each in written.items():
        first, last = _interval(each)
        for other, start, end in taken:
            if first < end and start < last:
                raise UsageError(f"{name} overlaps {other}: rows are written while others are read")
        taken.append((name, first, last))


def _interval(view: View) -> tuple[int, int]:
    """Where an array begins and ends."""
    return view.address, view.address + math.prod(view.shape) * (8 if view.kind == "f64" else 4)
