"""What is minimised: a formula as value, gradient and Hessian at points, or its mean over the rows of a data set.

Imports problem, derive, kernel and the arithmetics of generated source and arrays; NumPy when a Hessian or data is met.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from gradcalc.arithmetic.floats import exact_sum
from gradcalc.arithmetic.native import function
from gradcalc.errors import installed
from gradcalc.graph import derive
from gradcalc.language.formula import Problem

if TYPE_CHECKING:
    import numpy as np

    from gradcalc.arithmetic.native.kernel import Kernel, Total

Point = Sequence[float]


class Objective(Protocol):
    """A function of several variables that can be asked at points; nan and infinities are answers."""

    @property
    def names(self) -> Sequence[str]:
        """The variables, flat."""

    def value(self, x: Point) -> float:
        """The value."""

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""

    def hessian(self, x: Point) -> "np.ndarray[Any, Any]":
        """The Hessian, `(n, n)`, symmetric."""


class FormulaObjective:
    """The formula of a problem, in floats."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.names = problem.names
        graph, inputs = problem.graph, problem.inputs
        self._value = function.function(graph, inputs, [problem.output])
        self._slope = function.function(graph, inputs, [problem.output, *problem.gradient])

    def value(self, x: Point) -> float:
        """The value."""
        return self._value(*x)[0]

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        value, *gradient = self._slope(*x)
        return value, gradient

    @cached_property
    def _second(self) -> tuple[function.Function, Sequence[tuple[int, int]]]:
        problem = self.problem
        entries = problem.hessian
        if entries is None:
            entries = derive.hessian(problem.graph, problem.gradient, problem.inputs)
        return function.function(problem.graph, problem.inputs, list(entries.values())), list(entries)

    def hessian(self, x: Point) -> "np.ndarray[Any, Any]":
        """The Hessian."""
        import numpy as np

        function, places = self._second
        matrix = np.zeros((len(x), len(x)))
        for place, entry in zip(places, function(*x), strict=True):
            matrix[place] = entry
        return matrix


_BLOCK = 8_192
"""Rows that are computed together: what they need stays in the processor's cache."""

_NATIVE = 50_000
"""From this many rows on, compiling a kernel is worth its time."""


class DataObjective:
    """The mean (or sum) of a formula over the rows of columns, which are inputs of its graph beside the variables.

    Many rows are summed by a kernel, a few by NumPy, which does all where llvmlite is absent; the sums of blocks are
    added exactly. `rows` picks those of a batch.
    """

    def __init__(self, problem: Problem, columns: Mapping[str, Any], reduce: str = "mean") -> None:
        from gradcalc.arithmetic.arrays import Arrays

        self.problem = problem
        self.names = problem.names
        self.columns = {problem.graph.input(name): array for name, array in columns.items()}
        self.size = len(next(iter(columns.values())))
        self.rows: Any = None
        self._mean = reduce == "mean"
        self._arrays = Arrays()
        self._kernels: dict[int, Kernel] = {}

    def value(self, x: Point) -> float:
        """The value."""
        total = self._natively(x, 0)
        return self._reduced(x, [self.problem.output])[0] if total is None else total.value / self._scale

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        total = self._natively(x, 1)
        if total is not None and total.gradient is not None:
            return total.value / self._scale, (total.gradient / self._scale).tolist()
        value, *gradient = self._reduced(x, [self.problem.output, *self.problem.gradient])
        return value, gradient

    @property
    def _count(self) -> int:
        return self.size if self.rows is None else len(self.rows)

    @property
    def _scale(self) -> int:
        return self._count if self._mean else 1

    def _picked(self) -> Mapping[int, Any]:
        """The columns, or their rows of the batch, by input."""
        return self.columns if self.rows is None else {i: array[self.rows] for i, array in self.columns.items()}

    def _natively(self, x: Point, order: int) -> "Total | None":
        """The sums by a kernel; None for a few rows, and without the extra `fast`."""
        if self._count < _NATIVE or not installed("llvmlite"):
            return None
        from gradcalc.arithmetic.native.kernel import Kernel

        graph, names = self.problem.graph, self.problem.names
        if order not in self._kernels:
            columns = [graph.nodes[index].parameter or "" for index in self.columns]
            wrt = names if order else []
            self._kernels[order] = Kernel(graph, self.problem.output, [*names, *columns], wrt, order)
        values = [*x, *self._picked().values()]
        return self._kernels[order].sum(**dict(zip(self._kernels[order].names, values, strict=True)))

    @cached_property
    def _entries(self) -> Mapping[tuple[int, int], int]:
        return derive.hessian(self.problem.graph, self.problem.gradient, self.problem.inputs)

    def hessian(self, x: Point) -> "np.ndarray[Any, Any]":
        """The Hessian."""
        import numpy as np

        total = self._natively(x, 2)
        if total is not None and total.hessian is not None:
            return total.hessian / self._scale
        matrix = np.zeros((len(x), len(x)))
        for place, entry in zip(self._entries, self._reduced(x, list(self._entries.values())), strict=True):
            matrix[place] = entry
        return matrix

    def _reduced(self, x: Point, outputs: Sequence[int]) -> list[float]:
        """The outputs, summed over the rows."""
        import numpy as np

        columns, count = self._picked(), self._count
        point = dict(zip(self.problem.inputs, map(np.float64, x), strict=True))
        parts: list[list[float]] = []
        for start in range(0, count, _BLOCK):
            block = {index: array[start : start + _BLOCK] for index, array in columns.items()}
            rows = min(_BLOCK, count - start)
            values = self._arrays.evaluate(self.problem.graph, point | block, outputs)
            parts.append([_total(values[i], rows) for i in outputs])
        return [exact_sum(column) / self._scale for column in zip(*parts, strict=True)]

    def bad_row(self, x: Point) -> tuple[int, dict[int, float]] | None:
        """The first row, from 1, whose value or gradient is not finite, and its columns by input; None if none is."""
        import numpy as np

        point = dict(zip(self.problem.inputs, map(np.float64, x), strict=True))
        outputs = [self.problem.output, *self.problem.gradient]
        for start in range(0, self.size, _BLOCK):
            block = {index: array[start : start + _BLOCK] for index, array in self.columns.items()}
            values = self._arrays.evaluate(self.problem.graph, point | block, outputs)
            rows = min(_BLOCK, self.size - start)
            finite = np.logical_and.reduce([np.broadcast_to(np.isfinite(values[i]), rows) for i in outputs])
            if not finite.all():
                bad = int(np.argmin(finite))
                return start + bad + 1, {index: float(column[bad]) for index, column in block.items()}
        return None


def _total(values: Any, rows: int) -> float:
    """The sum over the rows of a block; what no column enters is the same in each."""
    return float(values.sum()) if getattr(values, "ndim", 0) else float(values) * rows
