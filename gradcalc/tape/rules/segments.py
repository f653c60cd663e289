"""Rows put together by number: sums, means, extremes and products of segments. Imports rules.shapes and NumPy.

    rows, a number for each, how many there are ──SCATTER, EXTREME_AT, pairs──> one row for each number

A number below 0 drops its row. All are written in ops with rules, so they have derivatives of every order.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.tape.rules.shapes import RESHAPE, plain_of
from gradcalc.tape.tensor import GETITEM, SCATTER, Array, ArrayOp, cast

# -- extremes at places ------------------------------------------------------------------------------------------------


def _extreme_at(x: Array, updates: Array, index: Any, ufunc: np.ufunc, counts: bool = True) -> Array:
    result = np.array(x)
    with np.errstate(invalid="ignore"):  # nan stays
        ufunc.at(result, index, updates)
    return result


def _extreme_rule(
    g: Any, y: Any, wanted: Sequence[bool], x: Any, updates: Any, index: Any, ufunc: np.ufunc, counts: bool = True
) -> list[Any]:
    """The adjoint shared equally by all that are the result, as of `max`."""
    top = plain_of(y)
    stays, comes = plain_of(x) == top, plain_of(updates) == top[index]
    ties = stays * counts + SCATTER(comes.astype(g.dtype), index=index, shape=top.shape)
    share = g / np.maximum(ties, 1)
    return [share * stays if wanted[0] else None, GETITEM(share, index=index) * comes if wanted[1] else None]


EXTREME_AT: ArrayOp = ArrayOp("extreme_at", _extreme_at, _extreme_rule, variadic=True, steps=True)
"""`x` with what is larger (`numpy.maximum`) or smaller (`numpy.minimum`) of `updates` at an index.

Where `x` equals them it has a share of the gradient, if it `counts`.
"""

# -- segments ----------------------------------------------------------------------------------------------------------


def counts(numbers: Array, count: int, ndim: int) -> Array:
    """How many rows each number has, with axes of size 1 behind, as many as the rows have."""
    return np.bincount(numbers[numbers >= 0], minlength=count).reshape(-1, *(1,) * ndim)


def kept_rows(data: Any, numbers: Array) -> tuple[Any, Array]:
    """The rows of data whose first axes are those of the numbers, and the numbers, along one axis: those from 0 on."""
    rows, flat = RESHAPE(data, shape=(numbers.size, *data.shape[numbers.ndim :])), numbers.ravel()
    return (rows, flat) if np.all(flat >= 0) else (rows[flat >= 0], flat[flat >= 0])


def summed(data: Any, numbers: Array, count: int) -> Any:
    """The sum of the rows of each number."""
    rows, numbers = kept_rows(data, numbers)
    return SCATTER(rows, index=numbers, shape=(count, *rows.shape[1:]))


def extreme(data: Any, numbers: Array, count: int, ufunc: np.ufunc, start: Any) -> Any:
    """The largest or smallest of the rows of each number, and `start` of none."""
    rows, numbers = kept_rows(data, numbers)
    starts = np.full((count, *rows.shape[1:]), start, rows.dtype)
    return EXTREME_AT(starts, rows, index=numbers, ufunc=ufunc, counts=False)


def multiplied(data: Any, numbers: Array, count: int) -> Any:
    """The product of the rows of each number, found by pairs: no division, and a record for each doubling."""
    rows, numbers = kept_rows(data, numbers)
    order = np.argsort(numbers, kind="stable")
    rows, numbers = rows[order], numbers[order]
    while np.any(again := numbers[1:] == numbers[:-1]):
        place = np.arange(len(numbers)) - np.searchsorted(numbers, numbers)
        first = np.flatnonzero(place % 2 == 0)
        paired = np.append(again, False)[first].reshape(-1, *(1,) * (rows.ndim - 1))
        second = rows[np.minimum(first + 1, len(numbers) - 1)]
        rows, numbers = rows[first] * np.where(paired, second, cast(1, rows.dtype)), numbers[first]
    ones = np.ones((count, *rows.shape[1:]), rows.dtype)
    there = np.zeros((count, *(1,) * (rows.ndim - 1)), bool)
    there[numbers] = True
    return np.where(there, SCATTER(rows, index=numbers, shape=ones.shape), ones)
