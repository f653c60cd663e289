"""A model beside its rows: what is minimised, the residuals, the model's values. Imports the descents' objectives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.optimize.descent.least_squares import FormulaResiduals
from gradcalc.optimize.descent.objective import DataObjective
from gradcalc.optimize.fit.model import Model
from gradcalc.optimize.rows import Array, Rows

Bounds = Mapping[str, tuple[float, float]]

_BLOCK = 8_192
"""Rows that are computed together."""


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
    arrays, graph = Arrays(), model.graph
    point = dict(zip(model.inputs, map(np.float64, x), strict=True))
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        block = {graph.inputs[name]: column[start : start + size] for name, column in columns.items()
                 if name in graph.inputs}  # fmt: skip
        values = arrays.evaluate(graph, point | block, nodes)
        yield np.stack([np.broadcast_to(np.asarray(values[i], float), size) for i in nodes], axis=1)
