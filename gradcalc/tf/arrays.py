"""Making, reshaping, joining and selecting: TensorFlow's functions of whole arrays. Imports tape and NumPy."""

from typing import Any

import numpy as np

from gradcalc.tape.custom import identity as _identity
from gradcalc.tape.tensor import SCATTER, Array, Tensor
from gradcalc.tf.defaults import Result, alike, as_axes, as_shape, as_tensor, as_tensors

__all__ = [
    "argsort", "boolean_mask", "broadcast_to", "concat", "expand_dims", "fill", "gather", "gather_nd",
    "identity", "linspace", "meshgrid", "one_hot", "ones", "ones_like", "pad", "range", "rank", "repeat",
    "reshape", "reverse", "roll", "scatter_nd", "shape", "size", "sort", "split", "squeeze", "stack",
    "tensor_scatter_nd_update", "tile", "transpose", "unstack", "where", "zeros",
    "zeros_like",
]  # fmt: skip
"""What `tf` itself has of these."""

# -- making ------------------------------------------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = np.float32, name: str | None = None) -> Result:
    """A tensor of zeros."""
    return Tensor(np.zeros(as_shape(shape), dtype)[()])


def ones(shape: Any, dtype: Any = np.float32, name: str | None = None) -> Result:
    """A tensor of ones."""
    return Tensor(np.ones(as_shape(shape), dtype)[()])


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Result:
    """Zeros of the shape and dtype of a tensor."""
    return np.zeros_like(as_tensor(input), dtype)


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Result:
    """Ones of the shape and dtype of a tensor."""
    return np.ones_like(as_tensor(input), dtype)


def fill(dims: Any, value: Any, name: str | None = None) -> Result:
    """One value in every place of a shape."""
    return broadcast_to(value, dims)


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Result:
    """The numbers from `start` (or 0) up to below `limit`, `delta` apart."""
    if limit is None:
        start, limit = 0, start
    plain = [x.array if isinstance(x, Tensor) else x for x in (start, limit, delta)]
    typed = any(isinstance(x, np.generic | np.ndarray) for x in plain)
    values = np.arange(*plain, dtype=dtype)
    return Tensor(values) if typed or dtype is not None else as_tensor(values.tolist())


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Result:
    """`num` numbers from `start` to `stop`, both included, at equal distances."""
    return np.linspace(*as_tensors(start, stop), int(num), axis=axis)  # type: ignore[call-overload]


def one_hot(
    indices: Any, depth: Any, on_value: Any = 1.0, off_value: Any = 0.0, axis: int = -1, dtype: Any = np.float32,
    name: str | None = None,
) -> Result:  # fmt: skip
    """For each index a vector of `depth`, `on_value` at that place and `off_value` elsewhere."""
    hot = np.expand_dims(as_tensor(indices).array, -1) == np.arange(int(depth))
    return Tensor(np.moveaxis(np.where(hot, on_value, off_value).astype(dtype), -1, axis))


# -- shapes ------------------------------------------------------------------------------------------------------------


def shape(input: Any, out_type: Any = np.int32, name: str | None = None) -> Result:
    """The shape, as a tensor of ints."""
    return Tensor(np.array(as_tensor(input).shape, out_type))


def size(input: Any, out_type: Any = np.int32, name: str | None = None) -> Result:
    """The number of elements."""
    return as_tensor(as_tensor(input).size, out_type)


def rank(input: Any, name: str | None = None) -> Result:
    """The number of axes."""
    return as_tensor(as_tensor(input).ndim)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Result:
    """The elements in another shape; -1 stands for what is left over."""
    return np.reshape(as_tensor(tensor), as_shape(shape))


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str | None = None) -> Result:
    """The axes in another order; reversed by default."""
    return np.transpose(as_tensor(a), as_axes(perm))


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Result:
    """A new axis of length 1."""
    return np.expand_dims(as_tensor(input), as_axes(axis))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Result:
    """The tensor without its axes of length 1, or without some of them."""
    return np.squeeze(as_tensor(input), as_axes(axis))


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Result:
    """The tensor repeated along new axes and those of length 1."""
    return np.broadcast_to(as_tensor(input), as_shape(shape))


def tile(input: Any, multiples: Any, name: str | None = None) -> Result:
    """Copies of the tensor beside each other, so many along each axis."""
    return np.tile(as_tensor(input), as_shape(multiples))


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Result:
    """Each element repeated."""
    return np.repeat(as_tensor(input), as_shape(repeats) if np.ndim(repeats) else int(repeats), axis)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None
) -> Result:
    """More elements before and after along each axis: constant, or mirrored (`REFLECT`, `SYMMETRIC`)."""
    values = {"constant_values": constant_values} if mode.upper() == "CONSTANT" else {}
    return np.pad(as_tensor(tensor), np.asarray(paddings).tolist(), mode.lower(), **values)  # type: ignore[call-overload]


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Result:
    """The elements in reverse order along axes."""
    return np.flip(as_tensor(tensor), as_axes(axis))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Result:
    """The elements moved along axes, those that fall out coming in at the other end."""
    return np.roll(as_tensor(input), as_axes(shift), as_axes(axis))


# -- joining and taking apart ------------------------------------------------------------------------------------------


def concat(values: Any, axis: Any, name: str = "concat") -> Result:
    """Tensors one after the other along an axis."""
    return np.concatenate(alike(values), axis=int(axis))


def stack(values: Any, axis: int = 0, name: str = "stack") -> Result:
    """Tensors of one shape beside each other along a new axis."""
    return np.stack(alike(values), axis=axis)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Result]:
    """The parts of a tensor along an axis, without it."""
    return list(np.moveaxis(as_tensor(value), axis, 0))  # type: ignore[type-var]


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split"
) -> list[Result]:
    """A tensor cut along an axis in equal parts, or in parts of these sizes, one of which may be -1."""
    x = as_tensor(value)
    if np.ndim(num_or_size_splits) == 0:
        return np.split(x, int(num_or_size_splits), axis)
    sizes = list(as_shape(num_or_size_splits))
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(sizes) - 1
    if sum(sizes) != x.shape[axis] or min(sizes, default=0) < 0:
        raise ValueError(f"split: sizes {num_or_size_splits} do not add up to {x.shape[axis]}, the size of axis {axis}")
    return np.split(x, np.cumsum(sizes)[:-1].tolist(), axis)


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> list[Result]:
    """The coordinates of a grid, from those along each axis."""
    return list(np.meshgrid(*alike(args), indexing=indexing))  # type: ignore[call-overload]


# -- selecting ---------------------------------------------------------------------------------------------------------


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Result:
    """`x` where the condition holds, `y` elsewhere; the indices of the true elements, in rows, if neither is given."""
    condition = as_tensor(condition).array
    if x is None and y is None:
        return Tensor(np.argwhere(condition))
    return np.where(condition, *as_tensors(x, y))


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int = 0, batch_dims: int = 0, name: str | None = None
) -> Result:
    """The parts of a tensor at indices along an axis."""
    if batch_dims:
        raise NotImplementedError("gather takes no batch_dims here: np.take_along_axis does this")
    return np.take(as_tensor(params), as_tensor(indices).array, axis)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Result:
    """The parts of a tensor at positions: the last axis of `indices` holds the index along each axis of `params`."""
    if batch_dims:
        raise NotImplementedError("gather_nd takes no batch_dims here: indexing by arrays does this")
    return as_tensor(params)[_positions(indices)]


def _positions(indices: Any) -> tuple[Any, ...]:
    """The index along each axis, from the last axis of `indices`."""
    return tuple(np.moveaxis(as_tensor(indices).array, -1, 0))


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "boolean_mask") -> Result:
    """The elements, or parts along `axis`, where the mask holds."""
    return as_tensor(tensor)[(slice(None),) * (axis or 0) + (as_tensor(mask).array.astype(bool),)]


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Result:
    """The block that begins at `begin`, of this size; -1 takes all that is left along an axis."""
    return as_tensor(input_)[
        tuple(slice(b, None if n == -1 else b + n) for b, n in zip(as_shape(begin), as_shape(size), strict=True))
    ]


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Result:
    """A tensor with other values at positions, as `gather_nd` has them."""
    x, new = as_tensors(tensor, updates)
    source = np.full(x.shape, -1)
    source[_positions(indices)] = np.arange(new.size).reshape(new.shape)
    return np.where(source < 0, x, np.take(np.reshape(new, -1), np.maximum(source, 0)))


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Result:
    """Zeros of a shape with values added at positions, as `gather_nd` has them."""
    return SCATTER(as_tensor(updates), index=_positions(indices), shape=as_shape(shape))


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Result:
    """The elements in order along an axis."""
    ordered = np.sort(as_tensor(values), axis)
    return np.flip(ordered, axis) if direction == "DESCENDING" else ordered


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Result:
    """Where the elements in order along an axis stand."""
    x = as_tensor(values).array
    order = descending(x, axis) if direction == "DESCENDING" else np.argsort(x, axis, kind="stable")
    return Tensor(order.astype(np.int32))


def descending(x: Array, axis: int) -> Array:
    """Where the elements of an array stand from largest to smallest, the first of equals first, of any dtype."""
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


def identity(input: Any, name: str | None = None) -> Result:
    """The same values as a tensor of its own."""
    return _identity(as_tensor(input))
