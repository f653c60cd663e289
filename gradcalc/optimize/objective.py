"""What is minimised: a formula as value, gradient and Hessian at points, or its mean over the rows of a data set.

Imports problem, derive and the arithmetics of generated source and arrays; NumPy when a Hessian or data is met.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from gradcalc import derive
from gradcalc.arithmetic import source
from gradcalc.arithmetic.floats import exact_sum
from gradcalc.problem import Problem

if TYPE_CHECKING:
    import numpy as np

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
        self._value = source.function(graph, inputs, [problem.output])
        self._slope = source.function(graph, inputs, [problem.output, *problem.gradient])

    def value(self, x: Point) -> float:
        """The value."""
        return self._value(*x)[0]

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        value, *gradient = self._slope(*x)
        return value, gradient

    @cached_property
    def _second(self) -> tuple[source.Function, Sequence[tuple[int, int]]]:
        problem = self.problem
        entries = problem.hessian
        if entries is None:
            entries = derive.hessian(problem.graph, problem.gradient, problem.inputs)
        return source.function(problem.graph, problem.inputs, list(entries.values())), list(entries)

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


class DataObjective:
    """The mean (or sum) of a formula over the rows of columns, which are inputs of its graph beside the variables.

    Rows are computed in blocks and the sums of blocks added exactly, so the result does not depend on their order in
    memory; `rows` picks those of a batch.
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

    def value(self, x: Point) -> float:
        """The value."""
        return self._reduced(x, [self.problem.output])[0]

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        value, *gradient = self._reduced(x, [self.problem.output, *self.problem.gradient])
        return value, gradient

    @cached_property
    def _entries(self) -> Mapping[tuple[int, int], int]:
        return derive.hessian(self.problem.graph, self.problem.gradient, self.problem.inputs)

    def hessian(self, x: Point) -> "np.ndarray[Any, Any]":
        """The Hessian."""
        import numpy as np

        matrix = np.zeros((len(x), len(x)))
        for place, entry in zip(self._entries, self._reduced(x, list(self._entries.values())), strict=True):
            matrix[place] = entry
        return matrix

    def _reduced(self, x: Point, outputs: Sequence[int]) -> list[float]:
        """The outputs, summed over the rows."""
        import numpy as np

        columns = self.columns
        if self.rows is not None:
            columns = {index: array[self.rows] for index, array in columns.items()}
        count = self.size if self.rows is None else len(self.rows)
        point = dict(zip(self.problem.inputs, map(np.float64, x), strict=True))
        parts: list[list[float]] = []
        for start in range(0, count, _BLOCK):
            block = {index: array[start : start + _BLOCK] for index, array in columns.items()}
            rows = min(_BLOCK, count - start)
            values = self._arrays.evaluate(self.problem.graph, point | block, outputs)
            parts.append([_total(values[i], rows) for i in outputs])
        scale = count if self._mean else 1
        return [exact_sum(column) / scale for column in zip(*parts, strict=True)]


def _total(values: Any, rows: int) -> float:
    """The sum over the rows of a block; what no column enters is the same in each."""
    return float(values.sum()) if getattr(values, "ndim", 0) else float(values) * rows
