"""The gradient of a table whose rows were looked up, as TensorFlow's `IndexedSlices`. Imports tensor and NumPy.

It is an array as any other, but it knows its terms, one for each time that a row was looked up. Keras's optimizers
square them (or take their absolute values) before they are summed, where TensorFlow's gradient is such slices. (Its
Adadelta squares the terms of its moves, too; ours, their sum.)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import Array
from gradcalc.tape.tensor import SCATTER, ArrayOp, Tensor

_Terms = tuple[tuple[Array, Array], ...]
"""Numbers of rows, each with as many rows."""


class Gathered(np.ndarray[Any, np.dtype[Any]]):
    """The sum of the terms, at their rows of a table."""

    terms: _Terms | None

    def __array_finalize__(self, other: Any) -> None:
        """What NumPy makes of it has no terms."""
        self.terms = None

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        """Sums and multiples keep the terms, and so does `clip`; square and absolute value are those of the terms.

        All else is a plain array's.
        """
        if method == "__call__" and not settings:
            first, second = inputs[0], inputs[-1]
            if ufunc is np.add and all(isinstance(x, Gathered) and x.terms for x in inputs):
                return _gathered(first.terms + second.terms, self.shape)
            if ufunc is np.absolute or (ufunc is np.multiply and first is second):
                return np.asarray(self._of_terms(lambda rows: ufunc(*(rows,) * len(inputs))))
            if ufunc.__name__ in ("multiply", "divide", "clip") and not any(map(np.ndim, inputs[1:])):
                return self._of_terms(lambda rows: ufunc(rows, *inputs[1:]))
        plain = [np.asarray(x) if isinstance(x, Gathered) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **settings)

    def _of_terms(self, function: Callable[[Array], Array]) -> Any:
        """The sum of a function of each term; of an array without terms, the function of it."""
        if self.terms is None:
            return function(np.asarray(self))
        return _gathered(tuple((numbers, function(rows)) for numbers, rows in self.terms), self.shape)


def _gathered(terms: _Terms, shape: tuple[int, ...]) -> Gathered:
    array = np.zeros(shape, terms[0][1].dtype)
    for numbers, rows in terms:
        np.add.at(array, numbers, rows)
    result = array.view(Gathered)
    result.terms = terms
    return result


def _back(g: Any, y: Any, table: Any, numbers: Any) -> Any:
    """The adjoint of a table: on plain arrays with its terms."""
    if type(g) is not np.ndarray or not numbers.size:
        return SCATTER(g, index=numbers, shape=table.shape)
    return _gathered(((numbers, g),), table.shape)


LOOKUP: ArrayOp = ArrayOp("lookup", lambda table, numbers: table[numbers], _back, passes=True)
"""Rows of a table, by an array of their numbers."""


class IndexedSlices(Tensor):
    """A gradient that knows its terms: a tensor as any other, with `values`, `indices` and `dense_shape` besides."""

    __slots__ = ("gathered",)

    def __init__(self, gathered: Gathered) -> None:
        super().__init__(np.asarray(gathered))
        self.gathered = gathered

    @property
    def values(self) -> Tensor:
        """The terms, `(how many, *shape of a row)`."""
        terms = [rows.reshape(-1, *self.shape[1:]) for _, rows in self.gathered.terms or ()]
        return Tensor(np.concatenate(terms))

    @property
    def indices(self) -> Tensor:
        """For each term, the number of its row."""
        return Tensor(np.concatenate([numbers.ravel() for numbers, _ in self.gathered.terms or ()]))

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the table."""
        return Tensor(np.array(self.shape, np.int32))
