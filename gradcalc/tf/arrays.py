"""Making, reshaping, joining and selecting: TensorFlow's functions of whole arrays. Imports tape and NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from gradcalc.tape.custom import identity as _identity
from gradcalc.tape.tensor import SCATTER, Array, Tensor, cast
from gradcalc.tf.defaults import Result, alike, as_axes, as_shape, as_tensor, as_tensors, only

__all__ = [
    "argsort", "boolean_mask", "broadcast_to", "concat", "expand_dims", "fill", "gather", "gather_nd",
    "identity", "linspace", "meshgrid", "one_hot", "ones", "ones_like", "pad", "range", "rank", "repeat",
    "reshape", "reverse", "roll", "scatter_nd", "shape", "size", "sort", "split", "squeeze", "stack",
    "tensor_scatter_nd_update", "tile", "transpose", "unstack", "where", "zeros",
    "zeros_like",
]  # fmt: skip
"""What `tf` itself has of these."""

# -- making ------------------------------------------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = np.float32, name: str | None = None, layout: Any = None) -> Result:
    """A tensor of zeros."""
    only(None, layout=layout)
    return Tensor(np.zeros(as_shape(shape), dtype)[()])


def ones(shape: Any, dtype: Any = np.float32, name: str | None = None, layout: Any = None) -> Result:
    """A tensor of ones."""
    only(None, layout=layout)
    return Tensor(np.ones(as_shape(shape), dtype)[()])


def zeros_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Result:
    """Zeros of the shape and dtype of a tensor."""
    only(None, layout=layout)
    return np.zeros_like(as_tensor(input), dtype)


def ones_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Result:
    """Ones of the shape and dtype of a tensor."""
    only(None, layout=layout)
    return np.ones_like(as_tensor(input), dtype)


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Result:
    """One value in every place of a shape."""
    only(None, layout=layout)
    return broadcast_to(value, dims)


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Result:
    """The numbers from `start` (or 0) up to below `limit`, `delta` apart."""
    if limit is None:
        start, limit = 0, start
    plain = [x.array if isinstance(x, Tensor) else x for x in (start, limit, delta)]
    typed = any(isinstance(x, np.generic | np.ndarray) for x in plain)
    values = np.arange(*plain, dtype=dtype)
    return Tensor(values) if typed or dtype is not None else as_tensor(values.tolist())


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Result:
    """`num` numbers from `start` to `stop`, both included, at equal distances."""
    first, last = (x if x.dtype.kind == "f" else cast(x, float) for x in alike([start, stop]))
    return np.linspace(first, last, int(num), axis=axis)


def one_hot(
    indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: int | None = None, dtype: Any = None,
    name: str | None = None,
) -> Result:  # fmt: skip
    """For each index a vector of `depth`, `on_value` (1) at that place and `off_value` (0) elsewhere; float32."""
    given = [as_tensor(x).dtype for x in (on_value, off_value) if x is not None]
    values = [value if x is None else as_tensor(x).array for x, value in ((on_value, 1), (off_value, 0))]
    hot = np.expand_dims(as_tensor(indices).array, -1) == np.arange(int(depth))
    result = np.where(hot, *values).astype(dtype or (given or [np.dtype(np.float32)])[0])
    return Tensor(np.moveaxis(result, -1, -1 if axis is None else axis))


# -- shapes ------------------------------------------------------------------------------------------------------------


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Result:
    """The shape, as a tensor of ints."""
    return Tensor(np.array(as_tensor(input).shape, out_type or np.int32))


def size(input: Any, out_type: Any = None, name: str | None = None) -> Result:
    """The number of elements."""
    return as_tensor(as_tensor(input).size, out_type)


def rank(input: Any, name: str | None = None) -> Result:
    """The number of axes."""
    return as_tensor(as_tensor(input).ndim)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Result:
    """The elements in another shape; -1 stands for what is left over."""
    return np.reshape(as_tensor(tensor), as_shape(shape))


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Result:
    """The axes in another order; reversed by default."""
    return np.transpose(as_tensor(a), as_axes(perm))


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Result:
    """A new axis of length 1."""
    return np.expand_dims(as_tensor(input), as_axes(axis))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Result:
    """The tensor without its axes of length 1, or without some of them."""
    return np.squeeze(as_tensor(input), as_axes(axis) if np.size(axis) else None)  # an empty list is none


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Result:
    """The tensor repeated along new axes and those of length 1."""
    return np.broadcast_to(as_tensor(input), as_shape(shape))


def tile(input: Any, multiples: Any, name: str | None = None) -> Result:
    """Copies of the tensor beside each other, so many along each axis."""
    x, copies = as_tensor(input), as_shape(multiples)
    if len(copies) != x.ndim:
        raise ValueError(f"tile takes one number of copies for each of {x.ndim} axes, not multiples={list(copies)}")
    return np.tile(x, copies)


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Result:
    """Each element repeated."""
    return np.repeat(as_tensor(input), as_shape(repeats) if np.ndim(repeats) else int(repeats), axis)


_MOST = {"constant": np.inf, "reflect": -1, "symmetric": 0}
"""How many elements more than an axis has can be put before or after it."""


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None
) -> Result:
    """More elements before and after along each axis: constant, or mirrored (`REFLECT`, `SYMMETRIC`)."""
    x, kind = as_tensor(tensor), mode.lower()
    pairs = np.reshape(as_tensor(paddings).numpy(), (-1, 2)).astype(int)
    if kind not in _MOST:
        raise ValueError(f"pad knows the modes CONSTANT, REFLECT and SYMMETRIC, not {mode}")
    if len(pairs) != x.ndim or any(
        not 0 <= n <= m + _MOST[kind] for m, two in zip(x.shape, pairs, strict=True) for n in two
    ):
        raise ValueError(
            f"paddings={pairs.tolist()} do not fit shape {x.shape}: a pair for each axis, no larger than it"
        )
    values = {"constant_values": constant_values} if kind == "constant" else {}
    return np.pad(x, pairs.tolist(), kind, **values) if x.ndim else x  # type: ignore[call-overload]


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Result:
    """The elements in reverse order along axes."""
    return np.flip(as_tensor(tensor), as_axes(axis))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Result:
    """The elements moved along axes, those that fall out coming in at the other end."""
    return np.roll(as_tensor(input), as_axes(shift), as_axes(axis))


# -- joining and taking apart ------------------------------------------------------------------------------------------


def concat(values: Any, axis: Any, name: str = "concat") -> Result:
    """Tensors one after the other along an axis."""
    parts = alike(values) if isinstance(values, list | tuple) else [as_tensor(values)]
    return np.concatenate(parts, axis=int(axis))


def stack(values: Any, axis: int = 0, name: str = "stack") -> Result:
    """Tensors of one shape beside each other along a new axis."""
    return np.stack(alike(values), axis=axis)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Result]:
    """The parts of a tensor along an axis, without it."""
    x = as_tensor(value)
    if num not in (None, x.shape[axis]):
        raise ValueError(f"unstack: axis {axis} has {x.shape[axis]} parts, not num={num}")
    return list(np.moveaxis(x, axis, 0))  # type: ignore[type-var]


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
    if x is None or y is None:
        raise ValueError("where takes both x and y, or neither")
    return np.where(condition, *as_tensors(x, y))


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int | None = None, batch_dims: int = 0,
    name: str | None = None,
) -> Result:  # fmt: skip
    """The parts of a tensor at indices along an axis: the first, or that after the `batch_dims` that both begin with.

    Raises:
        IndexError: an index is not one of the axis.
    """
    x, at = as_tensor(params), as_tensor(indices).array
    batch = batch_dims + at.ndim if batch_dims < 0 else batch_dims
    axis = batch if axis is None else normalize_axis_index(axis, x.ndim)
    if batch > axis or x.shape[:batch] != at.shape[:batch]:
        raise ValueError(f"gather: batch_dims={batch_dims} of shapes {x.shape} and {at.shape} along axis {axis}")
    _check_indices("gather", at, x.shape[axis])
    if not batch:
        return np.take(x, at, axis)
    found = np.moveaxis(x, axis, batch)[(*_grid(at, batch), at)]  # type: ignore[type-var]
    rest = np.arange(at.ndim - batch)  # the axes that take the place of `axis`
    return np.moveaxis(found, (batch + rest).tolist(), (axis + rest).tolist())  # type: ignore[type-var]


def gather_nd(
    params: Any, indices: Any, batch_dims: int = 0, name: str | None = None, bad_indices_policy: str = ""
) -> Result:
    """The parts of a tensor at positions: the last axis of `indices` holds the index along each axis of `params`.

    Raises:
        IndexError: an index is not one of its axis.
    """
    only("", bad_indices_policy=bad_indices_policy)
    x = as_tensor(params)
    positions = _positions(indices, x.shape[batch_dims:])
    batch = _grid(as_tensor(indices).array[..., 0], batch_dims) if batch_dims else ()
    if not (batch or positions):
        return np.broadcast_to(x, as_tensor(indices).shape[:-1] + x.shape)
    return x[(*batch, *positions)]


def _grid(indices: Array, batch: int) -> list[Array]:
    """The number of each place along the first axes, of shapes that broadcast with the indices."""
    return list(np.ogrid[tuple(slice(n) for n in indices.shape)][:batch])


def _positions(indices: Any, shape: Sequence[int]) -> tuple[Array, ...]:
    """The index along each axis of an array of a shape, from the last axis of `indices`."""
    positions = tuple(np.moveaxis(as_tensor(indices).array, -1, 0))
    for at, size in zip(positions, shape, strict=False):
        _check_indices("an index", at, size)
    return positions


def _check_indices(what: str, indices: Array, size: int) -> None:
    if np.any((indices < 0) | (indices >= size)):
        raise IndexError(f"{what}: {np.min(indices)} to {np.max(indices)} are not all from 0 to {size - 1}")


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "boolean_mask") -> Result:
    """The elements, or parts along `axis`, where the mask holds."""
    chosen = as_tensor(mask).array.astype(bool)
    if not chosen.ndim:
        raise ValueError("boolean_mask takes a mask with axes, not a scalar")
    return as_tensor(tensor)[(slice(None),) * (axis or 0) + (chosen,)]


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Result:
    """The block that begins at `begin`, of this size; -1 takes all that is left along an axis."""
    x = as_tensor(input_)
    parts = []
    for n, first, count in zip(x.shape, as_shape(begin), as_shape(size), strict=True):
        last = n if count == -1 else first + count
        if not 0 <= first <= last <= n:
            raise ValueError(f"slice: {count} elements from {first} on are not in an axis of size {n}")
        parts.append(slice(first, last))
    return x[tuple(parts)]


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Result:
    """A tensor with other values at positions, as `gather_nd` has them."""
    x, new = as_tensors(tensor, updates)
    source = np.full(x.shape, -1)
    source[_positions(indices, x.shape)] = np.arange(new.size).reshape(new.shape)
    return np.where(source < 0, x, np.take(np.reshape(new, -1), np.maximum(source, 0)))


def scatter_nd(indices: Any, updates: Any, shape: Any, bad_indices_policy: str = "", name: str | None = None) -> Result:
    """Zeros of a shape with values added at positions, as `gather_nd` has them."""
    only("", bad_indices_policy=bad_indices_policy)
    return SCATTER(as_tensor(updates), index=_positions(indices, as_shape(shape)), shape=as_shape(shape))


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Result:
    """The elements in order along an axis."""
    ordered = np.sort(as_tensor(values), axis)
    return np.flip(ordered, axis) if _descends(direction) else ordered


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Result:
    """Where the elements in order along an axis stand."""
    x = as_tensor(values).array
    order = descending(x, axis) if _descends(direction) else np.argsort(x, axis, kind="stable")
    return Tensor(order.astype(np.int32))


def _descends(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"the direction is ASCENDING or DESCENDING, not {direction}")
    return direction == "DESCENDING"


def largest(x: Array, k: int) -> Array:
    """Where the largest elements along the last axis stand, largest first, the first of equals first.

    They are found without sorting the rest, unless equals of the k-th are left out, or it is nan.
    """
    start = x.shape[-1] - k
    if not 0 < k < x.shape[-1] // 4:
        return descending(x, -1)[..., :k]
    chosen = np.sort(np.argpartition(x, start, axis=-1)[..., start:], axis=-1)
    values = np.take_along_axis(x, chosen, -1)
    least = np.min(values, axis=-1, keepdims=True)
    if (least != least).any() or (np.sum(values == least, -1) != np.sum(x == least, -1)).any():
        return descending(x, -1)[..., :k]
    return np.take_along_axis(chosen, descending(values, -1), -1)


def descending(x: Array, axis: int) -> Array:
    """Where the elements of an array stand from largest to smallest, the first of equals first, of any dtype."""
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


def identity(input: Any, name: str | None = None) -> Result:
    """The same values as a tensor of its own."""
    return _identity(as_tensor(input))
