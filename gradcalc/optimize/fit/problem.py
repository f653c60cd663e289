"""A model beside its rows: what is minimised, the residuals, the model's values. Imports the descents' objectives.

Many rows are computed by kernels, chunk by chunk; a step of the fit is one pass over them, in which the value, J'r and
J'J are summed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.native.kernel import Kernel, Total
from gradcalc.errors import installed
from gradcalc.optimize.descent.least_squares import FormulaResiduals
from gradcalc.optimize.descent.objective import NATIVE, DataObjective
from gradcalc.optimize.fit.model import Model
from gradcalc.optimize.rows import Array, Rows

Bounds = Mapping[str, tuple[float, float]]

_BLOCK, _CHUNK = 8_192, 1 << 18
"""Rows that are computed together, by NumPy and by a kernel."""
_MOST = 40
"""Parameters for which J'J is summed by a kernel, at most."""


@dataclass(frozen=True, eq=False)
class SquareSums(DataObjective):
    """A sum of squares, whose Hessian is told to be twice J'J: one pass of a kernel gives all that is asked."""

    _last: dict[tuple[float, ...], Total] = field(default_factory=dict, repr=False)

    def _natively(self, x: Sequence[float], order: int) -> Total | None:
        """As of the objective; the last point is remembered."""
        place = tuple(map(float, x))
        if place not in self._last:
            found = super()._natively(x, 2)
            assert found is not None
            self._last.clear()
            self._last[place] = found
        return self._last[place]


@dataclass(frozen=True, eq=False)
class Problem:
    """What is fitted: a model, the rows of its columns, the bounds of its parameters."""

    model: Model
    rows: Rows
    bounds: Bounds | None = None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows.numbers)

    @cached_property
    def columns(self) -> dict[str, Array]:
        """The columns of the model."""
        return {name: self.rows.values[name] for name in self.model.columns}

    @cached_property
    def objective(self) -> DataObjective:
        """What is minimised."""
        return DataObjective(self.model.term, self.columns, "sum")

    @cached_property
    def squares(self) -> SquareSums | None:
        """The same with J'J for the Hessian, where there are so many rows that a kernel sums them; else None."""
        model = self.model
        if not model.is_square or not _is_native(self.count) or len(model.names) > _MOST:
            return None
        residual, slopes = model.graph.ref(model.residual), list(map(model.graph.ref, model.slopes))
        gradient = [(2 * residual * slope).index for slope in slopes]
        products = {(i, j): (2 * slopes[i] * slopes[j]).index for i in range(len(slopes)) for j in range(i + 1)}
        names = model.names
        kernel = Kernel(model.graph, model.term.output, [*names, *self.columns], names, gradient, products)
        return SquareSums(model.term, self.columns, "sum", {2: kernel})

    @cached_property
    def residuals(self) -> FormulaResiduals:
        """The weighted residuals whose squares are summed."""
        one = self.model.graph.constant(1)
        return FormulaResiduals(self.model.term, ((one, self.model.residual),), self.columns)

    def holding(self, held: Mapping[str, float]) -> "Problem":
        """The same with some parameters held where they are."""
        if not held:
            return self
        values = {name: np.full(self.count, value) for name, value in held.items()}
        rows = replace(self.rows, values={**self.rows.values, **values})
        bounds = {name: pair for name, pair in (self.bounds or {}).items() if name not in held}
        return Problem(self.model.held(held), rows, bounds)

    def only(self, which: Any) -> "Problem":
        """The same with some of the rows."""
        return Problem(self.model, self.rows.kept(which), self.bounds)

    def evaluated(self, x: Sequence[float], nodes: Sequence[int]) -> Array:
        """Nodes at every row, `(rows, nodes)`."""
        found = np.empty((self.count, len(nodes)), order="F")
        start = 0
        for block in self.blocks(x, nodes):
            found[start : start + len(block)] = block
            start += len(block)
        return found

    def blocks(self, x: Sequence[float], nodes: Sequence[int]) -> Iterator[Array]:
        """The same, block of rows by block of rows."""
        yield from blocks(self.model, self.columns, self.count, x, nodes)


def blocks(
    model: Model, columns: Mapping[str, Array], count: int, x: Sequence[float], nodes: Sequence[int]
) -> Iterator[Array]:
    """Nodes of a model at the rows of some columns, block of rows by block of rows."""
    if _is_native(count):
        yield from _native_blocks(model, columns, count, x, nodes)
        return
    arrays, graph = Arrays(), model.graph
    point = dict(zip(model.inputs, map(np.float64, x), strict=True))
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        block = {graph.inputs[name]: column[start : start + size] for name, column in columns.items()
                 if name in graph.inputs}  # fmt: skip
        values = arrays.evaluate(graph, point | block, nodes)
        yield np.stack([np.broadcast_to(np.asarray(values[i], float), size) for i in nodes], axis=1)


def _is_native(count: int) -> bool:
    """Whether so many rows are computed by kernels."""
    return count >= NATIVE and installed("llvmlite")


def _native_blocks(
    model: Model, columns: Mapping[str, Array], count: int, x: Sequence[float], nodes: Sequence[int]
) -> Iterator[Array]:
    """The same by a kernel."""
    used = {name: column for name, column in columns.items() if name in model.graph.inputs}
    kernel = Kernel(model.graph, nodes[0], [*model.names, *used], extra=nodes[1:])
    point = dict(zip(model.names, x, strict=True))
    for start in range(0, count, _CHUNK):
        found = kernel(**point, **{name: column[start : start + _CHUNK] for name, column in used.items()})
        rows = min(_CHUNK, count - start)
        parts = [found.value, *(() if found.extra is None else found.extra)]
        yield np.stack([np.broadcast_to(part, rows) for part in parts]).T
