"""TensorFlow's names of dtypes, which are NumPy's dtypes. Imports tape and NumPy."""

from typing import Any

import numpy as np

from gradcalc.tape.tensor import Tensor
from gradcalc.tape.tensor import cast as _cast
from gradcalc.tf.defaults import as_tensor

DType = np.dtype
bool = np.dtype("bool")
float16 = half = np.dtype("float16")
float32 = np.dtype("float32")
float64 = double = np.dtype("float64")
int8 = np.dtype("int8")
int16 = np.dtype("int16")
int32 = np.dtype("int32")
int64 = np.dtype("int64")
uint8 = np.dtype("uint8")
uint16 = np.dtype("uint16")
uint32 = np.dtype("uint32")
uint64 = np.dtype("uint64")
as_dtype = np.dtype


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """The values in another dtype: differentiable from one floating dtype to another, else a cut."""
    return _cast(as_tensor(x), dtype)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """The values in another dtype, those that it cannot hold as its least or largest."""
    x, kind = as_tensor(value), np.dtype(dtype)
    if kind.kind == "b":
        return _cast(x, kind)
    bounds = [(float if x.dtype.kind == "f" else int)(bound) for bound in _bounds(kind)]
    least, most = (_held(bound, x.dtype) for bound in bounds)
    return _cast(np.clip(x, least, most), kind)


def _bounds(dtype: DType[Any]) -> tuple[Any, Any]:
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return info.min, info.max


def _held(bound: Any, dtype: DType[Any]) -> Any:
    """The number of a dtype that is nearest to a bound, but not beyond it."""
    least, most = _bounds(dtype)
    if not float(least) <= bound <= float(most):
        return least if bound < 0 else most
    near = dtype.type(bound)
    return near if abs(int(near)) <= abs(int(bound)) else np.nextafter(near, dtype.type(0))
