"""The segments of `tf.math`: rows that have a number in common made one. Imports rules.segments and the defaults.

`segment_*` take numbers in order, and one for each row; `unsorted_segment_*` any numbers below how many there are, in
the shape of the first axes, those below 0 for rows that are left out.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.tape.rules import segments
from gradcalc.tape.tensor import Array, Tensor, cast
from gradcalc.tf.defaults import Function, Result, as_index, as_tensor, described, telling

Rule = Callable[[Tensor, Array, int], Any]
"""One row for each number, of rows, their numbers, and how many numbers there are."""


def _numbers(segment_ids: Any, data: Tensor, what: str) -> Array:
    ids = as_tensor(segment_ids).array
    if data.dtype.kind == "b":
        raise TypeError(f"{what} takes numeric tensors, not bool: tf.cast(x, tf.float32) makes one")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{what}: segment_ids are integers, not {ids.dtype}")
    if data.shape[: ids.ndim] != ids.shape:
        raise ValueError(f"{what}: segment_ids of shape {ids.shape} are not for the first axes of data, {data.shape}")
    return np.asarray(ids)


def _in_order(rule: Rule) -> Function:
    """A function of rows whose numbers are in order."""

    def alias(data: Any, segment_ids: Any, name: str | None = None) -> Result:
        x = as_tensor(data)
        ids = _numbers(segment_ids, x, alias.__name__)
        if ids.ndim != 1 or np.any(ids[:1] < 0) or np.any(ids[1:] < ids[:-1]):
            raise ValueError(f"{alias.__name__}: segment_ids are one for each row, from 0 on and in order, not {ids}")
        return rule(x, ids, int(ids[-1]) + 1 if ids.size else 0)

    return described(alias, rule)


def _in_any_order(rule: Rule) -> Function:
    """A function of rows with any numbers."""

    def alias(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Result:
        x, count = as_tensor(data), as_index(num_segments)
        ids = _numbers(segment_ids, x, alias.__name__)
        if count < 0 or np.any(ids >= count):
            raise ValueError(f"{alias.__name__}: segment_ids are below num_segments={count}, not {ids}")
        return rule(x, ids, count)

    return described(alias, rule)


def _shared(data: Tensor, numbers: Array, count: int, power: float) -> Any:
    """The sum of the rows of each number over a power of how many there are."""
    shares = np.maximum(segments.counts(numbers, count, data.ndim - numbers.ndim), 1) ** power
    total = segments.summed(data, numbers, count)
    return total / (shares.astype(data.dtype) if data.dtype.kind == "f" else shares)


def _extreme(data: Tensor, numbers: Array, count: int, ufunc: np.ufunc, sign: int, finite: bool) -> Any:
    """The extreme of the rows of each number; where there are none the `finite` one of the dtype, or 0."""
    kind = np.finfo if data.dtype.kind == "f" else np.iinfo
    bounds: Any = kind(data.dtype)
    worst = bounds.min if sign > 0 else bounds.max
    endless = data.dtype.kind == "f" and not finite
    y = segments.extreme(data, numbers, count, ufunc, -sign * np.inf if endless else worst)
    there = segments.counts(numbers, count, data.ndim - numbers.ndim) > 0
    return y if finite else np.where(there, y, cast(0, data.dtype))


@_in_order
def segment_sum(data: Tensor, numbers: Array, count: int) -> Any:
    """The sum of the rows of each number."""
    return segments.summed(data, numbers, count)


@_in_order
def segment_mean(data: Tensor, numbers: Array, count: int) -> Any:
    """The mean of the rows of each number, 0 of none; integers are cut off."""
    return cast(_shared(data, numbers, count, 1), data.dtype)


@_in_order
def segment_max(data: Tensor, numbers: Array, count: int) -> Any:
    """The largest of the rows of each number, 0 of none; equal ones share the gradient."""
    return _extreme(data, numbers, count, np.maximum, 1, finite=False)


@_in_order
def segment_min(data: Tensor, numbers: Array, count: int) -> Any:
    """The smallest of the rows of each number, 0 of none; equal ones share the gradient."""
    return _extreme(data, numbers, count, np.minimum, -1, finite=False)


@_in_order
def segment_prod(data: Tensor, numbers: Array, count: int) -> Any:
    """The product of the rows of each number, 1 of none."""
    return segments.multiplied(data, numbers, count)


@_in_any_order
def unsorted_segment_sum(data: Tensor, numbers: Array, count: int) -> Any:
    """The sum of the rows of each number."""
    return segments.summed(data, numbers, count)


@_in_any_order
def unsorted_segment_mean(data: Tensor, numbers: Array, count: int) -> Any:
    """The mean of the rows of each number, 0 of none."""
    return _shared(data, numbers, count, 1)


@_in_any_order
def unsorted_segment_sqrt_n(data: Tensor, numbers: Array, count: int) -> Any:
    """The sum of the rows of each number over the root of how many there are."""
    return _shared(data, numbers, count, 0.5)


@_in_any_order
def unsorted_segment_max(data: Tensor, numbers: Array, count: int) -> Any:
    """The largest of the rows of each number, the least finite number of none; equal ones share the gradient."""
    return _extreme(data, numbers, count, np.maximum, 1, finite=True)


@_in_any_order
def unsorted_segment_min(data: Tensor, numbers: Array, count: int) -> Any:
    """The smallest of the rows of each number, the largest finite number of none; equal ones share the gradient."""
    return _extreme(data, numbers, count, np.minimum, -1, finite=True)


@_in_any_order
def unsorted_segment_prod(data: Tensor, numbers: Array, count: int) -> Any:
    """The product of the rows of each number, 1 of none."""
    return segments.multiplied(data, numbers, count)


telling(globals())
