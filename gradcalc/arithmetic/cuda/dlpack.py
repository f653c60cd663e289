"""DLPack's capsules by ctypes: reading one of another library, lending an array of our own. Standard library only.

The structures are those of `dlpack.h` (DLManagedTensor, unversioned), which all libraries read.
"""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from dataclasses import dataclass
from typing import Any

from gradcalc.graph.shapes import Shape

CUDA = 2
ON_CARD = (CUDA, 13)
"""The kinds of devices whose memory a kernel reads: CUDA's, and CUDA's managed memory."""
_FLOAT, _BFLOAT, _COMPLEX, _BOOL = 2, 4, 5, 6
_CODES = {0: "int", 1: "uint", _FLOAT: "float", _BFLOAT: "bfloat", _COMPLEX: "complex", _BOOL: "bool"}
_NAME = b"dltensor"


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32), ("ndim", c_int32), ("code", c_uint8),
        ("bits", c_uint8), ("lanes", c_uint16), ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    )  # fmt: skip


class _Managed(ctypes.Structure):
    _fields_ = (("tensor", _Tensor), ("context", c_void_p), ("deleter", c_void_p))


@dataclass(frozen=True, slots=True)
class View:
    """An array as its library lends it.

    Attributes:
        kind: `f64`, `f32`, or another type by its name.
        device: the number of its card; None where no card has its memory.
        owner: what keeps its memory.
    """

    address: int
    shape: Shape
    kind: str
    device: int | None
    owner: Any
    contiguous: bool = True


_api = ctypes.pythonapi
_get = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(("PyCapsule_GetPointer", _api))
_get_bare = ctypes.PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", _api))
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", _api))
_new = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", _api))


def read(capsule: Any) -> View:
    """The array that a capsule lends; it is lent as long as the capsule lives."""
    tensor = _Managed.from_address(_get(capsule, _NAME)).tensor
    shape = tuple(tensor.shape[: tensor.ndim]) if tensor.ndim else ()
    contiguous = not tensor.strides or is_contiguous(shape, tensor.strides[: tensor.ndim])
    wide = tensor.code == _FLOAT and tensor.lanes == 1 and tensor.bits in (32, 64)
    kind = f"f{tensor.bits}" if wide else f"{_CODES.get(tensor.code, 'unknown')}{tensor.bits}"
    address = tensor.data + tensor.byte_offset if tensor.data else 0
    return View(address, shape, kind, tensor.device_id, capsule, contiguous)


def is_contiguous(shape: Sequence[int], strides: Sequence[float]) -> bool:
    """Whether the last axis is without gaps, and each before it is; strides are counted in elements."""
    expected = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length > 1 and stride != expected:
            return 0 in shape
        expected *= length
    return True


_lent: dict[int, tuple[Any, ...]] = {}
"""What is lent, by the address of its structure: it lives until who borrowed it gives it back."""


def _give_back(managed: int | None, lent: Any = _lent) -> None:
    """What is lent at an address is given back."""
    lent.pop(managed or 0, None)


def _destroyed(
    capsule: int | None, is_valid: Any = _is_valid, get: Any = _get_bare, give_back: Any = _give_back
) -> None:
    """The end of a capsule: one that nobody took gives back itself."""
    if is_valid(capsule, b"dltensor"):
        give_back(get(capsule, b"dltensor"))


_deleter = ctypes.CFUNCTYPE(None, c_void_p)(_give_back)
_destructor = ctypes.PYFUNCTYPE(None, c_void_p)(_destroyed)
for _function in (_deleter, _destructor):  # they are called while Python ends, when this module is gone
    _api.Py_IncRef(ctypes.py_object(_function))


def lend(owner: Any, address: int, shape: Shape, device: int) -> Any:
    """A capsule that lends an array of float64 on a card and keeps its owner."""
    lengths = (c_int64 * max(len(shape), 1))(*shape)
    managed = _Managed()
    tensor = managed.tensor
    tensor.data, tensor.device_type, tensor.device_id = address or None, CUDA, device
    tensor.ndim, tensor.code, tensor.bits, tensor.lanes = len(shape), _FLOAT, 64, 1
    tensor.shape, tensor.strides, tensor.byte_offset = lengths, None, 0
    managed.deleter = ctypes.cast(_deleter, c_void_p)
    place = ctypes.addressof(managed)
    _lent[place] = (managed, lengths, owner)
    return _new(place, _NAME, ctypes.cast(_destructor, c_void_p))
