"""The segments of `tf.math`: rows that have a number in common made one. Imports rules.segments and the defaults.

`segment_*` take numbers in order, and one for each row; `unsorted_segment_*` any numbers below how many there are, in
the shape of the first axes, those below 0 for rows that are left out.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcalc.tape.rules import segments
from gradcalc.tape.tensor import Array, Tensor, cast
from gradcalc.tf.defaults import Function, Result, as_index, as_tensor, row, telling

Rule = Callable[[Tensor, Array, int], Any]
"""One row for each number, of rows, their numbers, and how many numbers there are."""


def _numbers(segment_ids: Any, data: Tensor) -> Array:
    ids = as_tensor(segment_ids).array
    if data.dtype.kind == "b":
        raise TypeError("segments are of numeric tensors, not bool: tf.cast(x, tf.float32) makes one")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"segment_ids are integers, not {ids.dtype}")
    if data.shape[: ids.ndim] != ids.shape:
        raise ValueError(f"segment_ids of shape {ids.shape} are not for the first axes of data, {data.shape}")
    return np.asarray(ids)


def _in_order(rule: Rule, doc: str) -> Function:
    """A function of rows whose numbers are in order."""

    def applied(x: Tensor, segment_ids: Any) -> Result:
        ids = _numbers(segment_ids, x)
        if ids.ndim != 1 or np.any(ids[:1] < 0) or np.any(ids[1:] < ids[:-1]):
            raise ValueError(f"segment_ids are one for each row, from 0 on and in order, not {ids}")
        return rule(x, ids, int(ids[-1]) + 1 if ids.size else 0)

    return row(applied, "data | segment_ids, name=None", doc)


def _in_any_order(rule: Rule, doc: str) -> Function:
    """A function of rows with any numbers."""

    def applied(x: Tensor, segment_ids: Any, count: int) -> Result:
        ids = _numbers(segment_ids, x)
        if count < 0 or np.any(ids >= count):
            raise ValueError(f"segment_ids are below num_segments={count}, not {ids}")
        return rule(x, ids, count)

    return row(applied, "data | segment_ids, num_segments, name=None", doc, num_segments=as_index)


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


def _mean(data: Tensor, numbers: Array, count: int) -> Any:
    return cast(_shared(data, numbers, count, 1), data.dtype)


_SUM, _PRODUCT = "The sum of the rows of each number.", "The product of the rows of each number, 1 of none."
_LARGEST, _SMALLEST = (
    f"The {which} of the rows of each number; equal ones share the gradient" for which in ("largest", "smallest")
)
_up, _down = partial(_extreme, ufunc=np.maximum, sign=1), partial(_extreme, ufunc=np.minimum, sign=-1)

segment_sum = _in_order(segments.summed, _SUM)
segment_mean = _in_order(_mean, "The mean of the rows of each number, 0 of none; integers are cut off.")
segment_max = _in_order(partial(_up, finite=False), f"{_LARGEST}. 0 of none.")
segment_min = _in_order(partial(_down, finite=False), f"{_SMALLEST}. 0 of none.")
segment_prod = _in_order(segments.multiplied, _PRODUCT)
unsorted_segment_sum = _in_any_order(segments.summed, _SUM)
unsorted_segment_mean = _in_any_order(partial(_shared, power=1), "The mean of the rows of each number, 0 of none.")
unsorted_segment_sqrt_n = _in_any_order(
    partial(_shared, power=0.5), "The sum of the rows of each number over the root of how many there are."
)
unsorted_segment_max = _in_any_order(partial(_up, finite=True), f"{_LARGEST}. The least finite number of none.")
unsorted_segment_min = _in_any_order(partial(_down, finite=True), f"{_SMALLEST}. The largest finite number of none.")
unsorted_segment_prod = _in_any_order(segments.multiplied, _PRODUCT)

telling(globals())
