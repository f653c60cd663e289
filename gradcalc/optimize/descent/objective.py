"""What is minimised: a formula as value, gradient and Hessian at points, or its mean over the rows of a data set.

The kernel, and with it llvmlite, is imported where there are many rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any, Protocol

import numpy as np
from flint import arb

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.floats import exact_sum
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Ball, Unknown
from gradcalc.arithmetic.native import function
from gradcalc.arithmetic.native.kernel import Kernel, Total
from gradcalc.errors import installed
from gradcalc.language.formula import Formula
from gradcalc.optimize.descent.columns import Columns, chunks, mapped, rows_of

Point = Sequence[float]


class Objective(Protocol):
    """A function of several variables that can be asked at points; nan and infinities are answers."""

    @property
    def formula(self) -> Formula:
        """What it is made of."""

    @property
    def names(self) -> Sequence[str]:
        """The variables, flat."""

    @property
    def work(self) -> int:
        """What one value costs: nodes times rows."""

    @property
    def rows(self) -> int:
        """How many rows it is reduced over; 1 without data."""

    def value(self, x: Point) -> float:
        """The value."""

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""

    def hessian(self, x: Point) -> np.ndarray[Any, Any]:
        """The Hessian, `(n, n)`, symmetric."""

    def in_balls(self, balls: Balls, x: Sequence[arb], outputs: Sequence[int]) -> list[Ball]:
        """Nodes of the formula, the value or its derivatives, enclosed."""


class FormulaObjective:
    """The formula of a problem, in floats."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.names, self.rows = formula.names, 1
        graph, inputs = formula.graph, formula.inputs
        self._value = function.function(graph, inputs, [formula.output])
        self._slope = function.function(graph, inputs, [formula.output, *formula.gradient])

    def __reduce__(self) -> tuple[Any, ...]:
        """It pickles as its formula: the functions are made anew."""
        return FormulaObjective, (self.formula,)

    def value(self, x: Point) -> float:
        """The value."""
        return self._value(*x)[0]

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        value, *gradient = self._slope(*x)
        return value, gradient

    @cached_property
    def work(self) -> int:
        """The nodes of a value."""
        return len(self.formula.graph.needed([self.formula.output]))

    def in_balls(self, balls: Balls, x: Sequence[arb], outputs: Sequence[int]) -> list[Ball]:
        """Nodes of the formula, enclosed."""
        values = balls.evaluate(self.formula.graph, dict(zip(self.formula.inputs, x, strict=True)), outputs)
        return [values[index] for index in outputs]

    @cached_property
    def _second(self) -> function.Function:
        formula = self.formula
        return function.function(formula.graph, formula.inputs, list(formula.hessian.values()))

    def hessian(self, x: Point) -> np.ndarray[Any, Any]:
        """The Hessian."""
        return _matrix(len(x), self.formula.hessian, self._second(*x))


_BLOCK = 8_192
"""Rows that are computed together: what they need stays in the processor's cache."""

NATIVE = 50_000
"""From this many rows on, compiling a kernel is worth its time."""


@dataclass(frozen=True, eq=False)
class DataObjective:
    """The mean (or sum) of a formula over the rows of columns, which are inputs of its graph beside the variables.

    Many rows are summed by a kernel, a few by NumPy, which does all where llvmlite is absent; the sums of blocks are
    added exactly.
    """

    formula: Formula
    columns: Columns
    reduce: str = "mean"
    _kernels: dict[int, Kernel] = field(default_factory=dict, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """It pickles without its kernels."""
        return DataObjective, (self.formula, self.columns, self.reduce)

    def batch(self, rows: Any) -> "DataObjective":
        """The same over some of the rows."""
        held = next(chunks(self.columns))
        return replace(self, columns={name: column[rows] for name, column in held.items()})

    @property
    def names(self) -> Sequence[str]:
        """The variables, flat."""
        return self.formula.names

    @cached_property
    def size(self) -> int:
        """How many rows there are."""
        return rows_of(self.columns)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.size

    @cached_property
    def work(self) -> int:
        """The nodes of a value, times the rows."""
        return self.size * len(self.formula.graph.needed([self.formula.output]))

    def in_balls(self, balls: Balls, x: Sequence[arb], outputs: Sequence[int]) -> list[Ball]:
        """Nodes of the formula, reduced over the rows, enclosed; a mark where a row has one."""
        graph, totals = self.formula.graph, [_ZERO] * len(outputs)
        names = [graph.inputs[name] for name in self.columns]
        rows = (zip(*(column.tolist() for column in part.values()), strict=True) for part in chunks(self.columns))
        for row in chain.from_iterable(rows):
            point = dict(zip((*self.formula.inputs, *names), (*x, *map(arb, row)), strict=True))
            values = balls.evaluate(graph, point, outputs)
            totals = [_added(total, values[i]) for total, i in zip(totals, outputs, strict=True)]
        return [total if isinstance(total, Unknown) else total / self._scale for total in totals]

    @property
    def _scale(self) -> int:
        return self.size if self.reduce == "mean" else 1

    def value(self, x: Point) -> float:
        """The value."""
        total = self._natively(x, 0)
        return self._reduced(x, [self.formula.output])[0] if total is None else total.value / self._scale

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        total = self._natively(x, 1)
        if total is not None and total.gradient is not None:
            return total.value / self._scale, (total.gradient / self._scale).tolist()
        value, *gradient = self._reduced(x, [self.formula.output, *self.formula.gradient])
        return value, gradient

    def _natively(self, x: Point, order: int) -> Total | None:
        """The sums by a kernel; None for a few rows, and without the extra `fast`."""
        if self.size < NATIVE or not installed("llvmlite"):
            return None
        formula, names = self.formula, self.names
        if order not in self._kernels:
            self._kernels[order] = Kernel(
                formula.graph, formula.output, [*names, *self.columns], names if order else (),
                formula.gradient if order else None, formula.hessian if order == 2 else None,
            )  # fmt: skip
        kernel, point = self._kernels[order], dict(zip(names, x, strict=True))
        return kernel.total(list(mapped(self.columns, partial(_parts, kernel, point))))

    def hessian(self, x: Point) -> np.ndarray[Any, Any]:
        """The Hessian."""
        total = self._natively(x, 2)
        if total is not None and total.hessian is not None:
            return total.hessian / self._scale
        return _matrix(len(x), self.formula.hessian, self._reduced(x, list(self.formula.hessian.values())))

    def _reduced(self, x: Point, outputs: Sequence[int]) -> list[float]:
        """The outputs, summed over the rows."""
        parts = list(mapped(self.columns, partial(_sums, self.formula, x, outputs)))
        return [exact_sum(column) / self._scale for column in zip(*parts, strict=True)]

    def bad_row(self, x: Point) -> tuple[int, dict[int, float]] | None:
        """The first row, from 1, whose value or gradient is not finite, and its columns by input; None if none is."""
        first = 1
        for rows, bad, columns in mapped(self.columns, partial(_bad, self.formula, x)):
            if bad is not None:
                return first + bad, columns
            first += rows
        return None


def at_home(objective: Objective) -> Objective:
    """The same objective with columns that are here."""
    if not isinstance(objective, DataObjective) or isinstance(objective.columns, Mapping):
        return objective
    return replace(objective, columns=objective.columns.brought())


_Block = tuple[Mapping[int, Any], Sequence[Any]]


def _parts(kernel: Kernel, point: Mapping[str, float], columns: Mapping[str, Any]) -> Iterator[Any]:
    """What the sums of a kernel at a point are made of."""
    yield kernel.parts(**point, **columns)


def blocks(formula: Formula, x: Point, outputs: Sequence[int], columns: Mapping[str, Any]) -> Iterator[_Block]:
    """Block by block of rows: the columns by input, and the outputs there."""
    arrays, graph = Arrays(), formula.graph
    point = dict(zip(formula.inputs, map(np.float64, x), strict=True))
    for start in range(0, size := rows_of(columns), _BLOCK):
        rows = min(_BLOCK, size - start)
        block = {graph.inputs[name]: array[start : start + rows] for name, array in columns.items()}
        values = arrays.evaluate(graph, point | block, outputs)
        yield block, [np.broadcast_to(values[i], rows) for i in outputs]


def _sums(formula: Formula, x: Point, outputs: Sequence[int], columns: Mapping[str, Any]) -> Iterator[list[float]]:
    """The outputs, summed over each block of rows."""
    for _, values in blocks(formula, x, outputs, columns):
        yield [_total(column) for column in values]


def _bad(formula: Formula, x: Point, columns: Mapping[str, Any]) -> Iterator[tuple[int, int | None, dict[int, float]]]:
    """Of each block its rows, the first of them that is not finite, and the columns there."""
    for block, values in blocks(formula, x, [formula.output, *formula.gradient], columns):
        finite = np.logical_and.reduce([np.isfinite(column) for column in values])
        bad = None if finite.all() else int(np.argmin(finite))
        yield len(finite), bad, {} if bad is None else {index: float(each[bad]) for index, each in block.items()}


_ZERO: Ball = arb(0)


def _added(total: Ball, part: Ball) -> Ball:
    """The sum of two balls; a mark beats a ball."""
    if isinstance(total, Unknown) or isinstance(part, Unknown):
        return UNDEFINED if total is UNDEFINED or part is UNDEFINED else UNDECIDED
    return total + part


def _total(values: Any) -> float:
    """The sum over the rows of a block; what no column enters is the same in each."""
    return float(values.sum() if values.strides[0] else values[0] * len(values))


def _matrix(size: int, places: Iterable[tuple[int, int]], entries: Iterable[float]) -> np.ndarray[Any, Any]:
    """The Hessian of its entries that are not structurally zero."""
    matrix = np.zeros((size, size))
    for place, entry in zip(places, entries, strict=True):
        matrix[place] = entry
    return matrix
