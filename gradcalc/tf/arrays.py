"""Making, reshaping, joining and selecting: TensorFlow's functions of whole arrays. Imports tape and NumPy."""
# ruff: noqa: I001

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from gradcalc.tape.errors import told
from gradcalc.tape.custom import identity as _identity
from gradcalc.tape.rules.segments import EXTREME_AT
from gradcalc.tape.tensor import SCATTER, Array, Tensor, cast
from gradcalc.tf.defaults import (
    Function, Result, alike, as_axes, as_index, as_shape, as_tensor, as_tensors, only, row, telling,
)  # fmt: skip

__all__ = [
    "argsort", "boolean_mask", "broadcast_to", "concat", "dynamic_partition", "dynamic_stitch", "expand_dims", "fill",
    "gather", "gather_nd", "histogram_fixed_width", "identity", "linspace", "meshgrid", "one_hot", "ones", "ones_like",
    "pad", "range", "rank", "repeat", "reshape", "reverse", "reverse_sequence", "roll", "scatter_nd", "searchsorted",
    "sequence_mask", "shape", "size", "sort", "split", "squeeze", "stack", "strided_slice", "tensor_scatter_nd_add",
    "tensor_scatter_nd_max", "tensor_scatter_nd_min", "tensor_scatter_nd_sub", "tensor_scatter_nd_update", "tile",
    "transpose", "unique", "unique_with_counts", "unravel_index", "unstack", "where", "zeros", "zeros_like",
]  # fmt: skip
"""What `tf` itself has of these."""

# -- making ------------------------------------------------------------------------------------------------------------


def _made(make: Function) -> Function:
    return lambda shape, dtype: Tensor(make(shape, dtype)[()])


zeros = row(_made(np.zeros), "shape, dtype=np.float32, name=None, !layout=None", "A tensor of zeros.")
ones = row(_made(np.ones), "shape, dtype=np.float32, name=None, !layout=None", "A tensor of ones.")
zeros_like = row(np.zeros_like, "input | dtype=None, name=None, !layout=None", "Zeros of a tensor's shape and dtype.")
ones_like = row(np.ones_like, "input | dtype=None, name=None, !layout=None", "Ones of a tensor's shape and dtype.")
fill = row(
    lambda dims, value: np.broadcast_to(as_tensor(value), as_shape(dims)), "dims, value, name=None, !layout=None",
    "One value in every place of a shape.",
)  # fmt: skip


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Result:
    """The numbers from `start` (or 0) up to below `limit`, `delta` apart."""
    if limit is None:
        start, limit = 0, start
    plain = [x.array if isinstance(x, Tensor) else x for x in (start, limit, delta)]
    if not plain[2]:
        raise ValueError("range: delta is 0, so that no limit is reached")
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


shape = row(
    lambda x, dtype: Tensor(np.array(x.shape, dtype or np.int32)), "input | out_type=None, name=None",
    "The shape, as a tensor of ints.",
)  # fmt: skip
size = row(lambda x, dtype: as_tensor(x.size, dtype), "input | out_type=None, name=None", "The number of elements.")
rank = row(lambda x: as_tensor(x.ndim), "input | name=None", "The number of axes.")


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Result:
    """The elements in another shape; -1 stands for what is left over."""
    sizes = as_shape(shape)
    if min(sizes, default=0) < -1:
        raise ValueError(f"reshape: sizes are from 0 on, or -1 for what is left over, not {sizes}")
    return np.reshape(as_tensor(tensor), sizes)


transpose = row(
    np.transpose, "a | perm=None, ~conjugate=False, name='transpose'", "The axes in another order; reversed by default."
)
expand_dims = row(np.expand_dims, "input | axis, name=None", "A new axis of length 1.")
squeeze = row(
    lambda x, axis: np.squeeze(x, None if axis == () else axis), "input | axis=None, name=None",
    "The tensor without its axes of length 1, or without some of them.",
)  # fmt: skip
broadcast_to = row(
    np.broadcast_to, "input | shape, name=None", "The tensor repeated along new axes and those of length 1."
)


def tile(input: Any, multiples: Any, name: str | None = None) -> Result:
    """Copies of the tensor beside each other, so many along each axis."""
    x, copies = as_tensor(input), as_shape(multiples)
    if len(copies) != x.ndim:
        raise ValueError(f"tile takes one number of copies for each of {x.ndim} axes, not multiples={list(copies)}")
    return np.tile(x, copies)


repeat = row(np.repeat, "input | repeats, axis=None, name=None", "Each element repeated.", repeats=as_axes)

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


reverse = row(np.flip, "tensor | axis, name=None", "The elements in reverse order along axes.")
roll = row(
    np.roll, "input | shift, axis, name=None",
    "The elements moved along axes, those that fall out coming in at the other end.", shift=as_axes,
)  # fmt: skip


# -- joining and taking apart ------------------------------------------------------------------------------------------


def concat(values: Any, axis: Any, name: str = "concat") -> Result:
    """Tensors one after the other along an axis."""
    parts = alike(values) if isinstance(values, list | tuple) else [as_tensor(values)]
    return np.concatenate(parts, axis=int(axis))


stack = row(np.stack, "[values] | axis=0, name='stack'", "Tensors of one shape beside each other along a new axis.")


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Result]:
    """The parts of a tensor along an axis, without it."""
    x = as_tensor(value)
    axis = normalize_axis_index(axis, x.ndim)
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
        raise told(IndexError(f"{what}: {np.min(indices)} to {np.max(indices)} are not all from 0 to {size - 1}"))


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


def _placed(indices: Any, updates: Tensor, shape: tuple[int, ...], what: str) -> tuple[Array, ...]:
    """The positions of updates in a tensor of a shape, as `gather_nd` has them.

    Raises:
        ValueError: the updates have another shape than what stands there.
        IndexError: an index is not one of its axis.
    """
    at = as_tensor(indices).array
    if not at.ndim or not 0 < at.shape[-1] <= len(shape) or updates.shape != at.shape[:-1] + shape[at.shape[-1] :]:
        raise ValueError(f"{what}: updates of shape {updates.shape} at indices of shape {at.shape} of shape {shape}")
    return _positions(at, shape)


def _scattered(change: Function, policy: str = "!bad_indices_policy='', ") -> Function:
    """A function of a tensor, and of updates at positions in it, which may be named more than once."""

    def scattered(x: Tensor, indices: Any, updates: Any) -> Result:
        new = as_tensor(updates, None if hasattr(updates, "dtype") else x.dtype)
        if new.dtype.kind != x.dtype.kind:
            raise TypeError(f"{made.__name__}: updates of {new.dtype} do not go into a tensor of {x.dtype}: tf.cast")
        return change(x, _placed(indices, new, x.shape, made.__name__), new)

    made = row(scattered, f"tensor | indices, updates, {policy}name=None", change.__doc__ or "")
    return made


@_scattered
def tensor_scatter_nd_add(x: Tensor, at: Any, new: Tensor) -> Any:
    """A tensor with values added at positions, as `gather_nd` has them."""
    return x + SCATTER(new, index=at, shape=x.shape)


@_scattered
def tensor_scatter_nd_sub(x: Tensor, at: Any, new: Tensor) -> Any:
    """A tensor with values taken from it at positions."""
    return x - SCATTER(new, index=at, shape=x.shape)


@_scattered
def tensor_scatter_nd_max(x: Tensor, at: Any, new: Tensor) -> Any:
    """A tensor with values at positions where they are larger; equal ones share the gradient."""
    return EXTREME_AT(x, new, index=at, ufunc=np.maximum)


@_scattered
def tensor_scatter_nd_min(x: Tensor, at: Any, new: Tensor) -> Any:
    """A tensor with values at positions where they are smaller; equal ones share the gradient."""
    return EXTREME_AT(x, new, index=at, ufunc=np.minimum)


def _update(x: Tensor, at: Any, new: Tensor) -> Any:
    """A tensor with other values at positions, of those for one place the last, which alone has a gradient."""
    source = np.full(x.shape, -1)
    source[at] = np.arange(new.size).reshape(new.shape)
    if not new.size:
        return _identity(x)
    return np.where(source < 0, x, np.take(np.reshape(new, -1), np.maximum(source, 0)))


tensor_scatter_nd_update = _scattered(_update, "")


def scatter_nd(indices: Any, updates: Any, shape: Any, bad_indices_policy: str = "", name: str | None = None) -> Result:
    """Zeros of a shape with values added at positions, as `gather_nd` has them."""
    only("", bad_indices_policy=bad_indices_policy)
    new, size = as_tensor(updates), as_shape(shape)
    return SCATTER(new, index=_placed(indices, new, size, "scatter_nd"), shape=size)


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> list[Result]:
    """The parts of a tensor that have the numbers 0, 1, 2, ..., one number for each place of the first axes."""
    x, number = as_tensor(data), as_tensor(partitions).array
    if number.shape != x.shape[: number.ndim]:
        raise ValueError(f"dynamic_partition: partitions of shape {number.shape} for data of shape {x.shape}")
    _check_indices("dynamic_partition", number, int(num_partitions))
    return [x[number == i] for i in np.arange(int(num_partitions))]


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Result:
    """The parts of tensors, each at its place along the first axis; of those for one place, the last."""
    places = [as_tensor(at).array for at in indices]
    parts = [np.reshape(x, (at.size, *x.shape[at.ndim :])) for at, x in zip(places, alike(data), strict=True)]
    order = np.concatenate([np.ravel(at) for at in places])
    size = int(np.max(order, initial=-1)) + 1
    _check_indices("dynamic_stitch", order, size)
    source = np.zeros(size, int)
    source[order] = np.arange(order.size)
    there = np.zeros((size, *(1,) * (parts[0].ndim - 1)), bool)
    there[order] = True
    return np.where(there, np.take(np.concatenate(parts), source, axis=0), 0)


def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: int | None = None, batch_axis: int | None = None, name: str | None = None
) -> Result:
    """For each place along `batch_axis` (the first) the first so many along `seq_axis` in reverse order."""
    if seq_axis is None:
        raise ValueError("reverse_sequence: which is the seq_axis?")
    x = as_tensor(input)
    along, batch = normalize_axis_index(seq_axis, x.ndim), normalize_axis_index(batch_axis or 0, x.ndim)
    lengths = as_tensor(seq_lengths).array
    if along == batch or lengths.shape != (x.shape[batch],):
        raise ValueError(f"reverse_sequence: lengths of shape {lengths.shape} for axis {batch} of shape {x.shape}")
    _check_indices("reverse_sequence", lengths, x.shape[along] + 1)
    places = np.arange(x.shape[along])
    order = np.where(places < lengths[:, np.newaxis], lengths[:, np.newaxis] - 1 - places, places)
    order = order if batch < along else order.T
    ones = [n if i in (along, batch) else 1 for i, n in enumerate(x.shape)]
    return np.take_along_axis(x, order.reshape(ones), along)


def strided_slice(
    input_: Any, begin: Any, end: Any, strides: Any = None, begin_mask: int = 0, end_mask: int = 0,
    ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0, var: Any = None,
    name: str | None = None,
) -> Result:  # fmt: skip
    """`input_[begin:end:strides]` along the first axes; a bit of a mask leaves an end out, or takes one element."""
    only(0, ellipsis_mask=ellipsis_mask, new_axis_mask=new_axis_mask)
    only(None, var=var)
    first, last = as_shape(begin), as_shape(end)
    steps = (1,) * len(first) if strides is None else as_shape(strides)

    def part(i: int) -> Any:
        if shrink_axis_mask >> i & 1:
            return first[i]
        return slice(None if begin_mask >> i & 1 else first[i], None if end_mask >> i & 1 else last[i], steps[i])

    return as_tensor(input_)[tuple(map(part, np.arange(len(first)).tolist()))]


# -- ordering and finding ----------------------------------------------------------------------------------------------


def searchsorted(
    sorted_sequence: Any, values: Any, side: Any = "left", out_type: Any = np.int32, name: str | None = None
) -> Result:
    """Where values would stand along the last axis of numbers in order: before equal ones, or after (`right`)."""
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side is 'left' or 'right', not {side!r}")
    ordered, sought = (x.array for x in alike([sorted_sequence, values]))
    count = math.prod(ordered.shape[:-1])
    if not (ordered.ndim and sought.ndim) or count != math.prod(sought.shape[:-1]):
        raise ValueError(f"searchsorted: shapes {ordered.shape} and {sought.shape} have not as many rows")
    rows = zip(ordered.reshape(count, ordered.shape[-1]), sought.reshape(count, sought.shape[-1]), strict=True)
    found = np.array([np.searchsorted(row, one, side) for row, one in rows], np.intp).reshape(sought.shape)
    return Tensor(np.where((sought != sought) & (side == "left"), 0, found).astype(out_type))  # nan is below nothing


class Unique(NamedTuple):
    """The values, each once, in the order they come, and which of them stands at each place."""

    y: Result
    idx: Result


class UniqueWithCounts(NamedTuple):
    """As `Unique`, and how often each value comes."""

    y: Result
    idx: Result
    count: Result


unique = row(
    lambda x, kind: Unique(*unique_with_counts(x, kind)[:2]), "x | out_idx=np.int32, name=None",
    "The values of a vector, each once, in the order they come, and which of them stands at each place.",
)  # fmt: skip


def unique_with_counts(x: Any, out_idx: Any = np.int32, name: str | None = None) -> UniqueWithCounts:
    """As `unique`, and how often each value comes; nan is like no other."""
    x = as_tensor(x)
    if x.ndim != 1:
        raise ValueError(f"unique takes a vector, not shape {x.shape}")
    _, first, which, count = np.unique(
        x.array, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    order = np.argsort(first)
    places = np.empty_like(order)
    places[order] = np.arange(order.size)
    found = places[which.reshape(-1)], count[order]
    return UniqueWithCounts(x[first[order]], *(Tensor(numbers.astype(out_idx)) for numbers in found))


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Result:
    """The index along each axis of a shape, of numbers of elements: a row for each axis."""
    at, shape = as_tensor(indices).array, as_shape(dims)
    _check_indices("unravel_index", at, math.prod(shape))
    return Tensor(np.array(np.unravel_index(at, shape), at.dtype))


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = np.bool_, name: str | None = None) -> Result:
    """For each length a vector of `maxlen` (the largest by default), true at the first so many places."""
    numbers = as_tensor(lengths).array
    size = int(np.max(numbers, initial=0)) if maxlen is None else as_index(maxlen)
    if size < 0:
        raise ValueError(f"sequence_mask: maxlen is 0 or more, not {size}")
    return Tensor((np.arange(size) < np.expand_dims(numbers, -1)).astype(dtype))


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: int = 100, dtype: Any = np.int32, name: str | None = None
) -> Result:
    """How many values lie in each of `nbins` parts of a range; what lies outside counts at its ends."""
    x, (low, high) = as_tensor(values).array, as_tensor(value_range).array
    if not (low < high and nbins > 0) or np.isnan(x).any():
        raise ValueError(f"histogram_fixed_width: {nbins} parts from {low} to {high}, for numbers that are not nan")
    places = np.clip(np.floor((x - low) / (high - low) * nbins), 0, nbins - 1)
    return Tensor(np.bincount(np.ravel(places).astype(int), minlength=nbins).astype(dtype))


def _descends(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"the direction is ASCENDING or DESCENDING, not {direction}")
    return direction == "DESCENDING"


def _places(x: Tensor, axis: int, down: bool) -> Tensor:
    order = descending(x.array, axis) if down else np.argsort(x.array, axis, kind="stable")
    return Tensor(order.astype(np.int32))


sort = row(
    lambda x, axis, down: np.flip(np.sort(x, axis), axis) if down else np.sort(x, axis),
    "values | axis=-1, direction='ASCENDING', name=None", "The elements in order along an axis.", direction=_descends,
)  # fmt: skip
argsort = row(
    _places, "values | axis=-1, direction='ASCENDING', ~stable=False, name=None",
    "Where the elements in order along an axis stand.", direction=_descends,
)  # fmt: skip


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


identity = row(_identity, "input | name=None", "The same values as a tensor of its own.")


telling(globals())
