"""A model beside its rows: what is minimised, the residuals, the model's values. Imports the descents' objectives.

Many rows are computed by kernels, chunk by chunk; a step of the fit is one pass over them, in which the value, J'r and
J'J are summed. Rows that are not held come in chunks of which a block is a part, so that all sums are the same. What
is found in a block is found where the rows are (`folded`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar, cast

import numpy as np

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.native.kernel import Kernel, Total
from gradcalc.data.passes import chunk_rows
from gradcalc.errors import installed
from gradcalc.optimize.descent.columns import Chunked, Columns
from gradcalc.optimize.descent.least_squares import FormulaResiduals
from gradcalc.optimize.descent.objective import NATIVE, DataObjective
from gradcalc.optimize.fit.model import Model
from gradcalc.optimize.rows import AnyRows, Array, Rows

Bounds = Mapping[str, tuple[float, float]]
T = TypeVar("T")

_BLOCK = 8_192
"""Rows that NumPy computes together."""
_MOST, _POINTS = 40, 4
"""Parameters for which J'J is summed by a kernel, at most; points whose sums are remembered."""


@dataclass(frozen=True, eq=False)
class Remembered(DataObjective):
    """A sum over rows: one pass of a kernel gives all that is asked at a point, and the last points are remembered."""

    _last: dict[tuple[float, ...], Total | None] = field(default_factory=dict, repr=False)

    def _natively(self, x: Sequence[float], order: int) -> Total | None:
        """As of the objective."""
        place = tuple(map(float, x))
        if place not in self._last:
            found = super()._natively(x, 2)
            while len(self._last) >= _POINTS:
                del self._last[next(iter(self._last))]
            self._last[place] = found
        return self._last[place]


@dataclass(frozen=True, eq=False)
class Problem:
    """What is fitted: a model, the rows of its columns, the bounds of its parameters."""

    model: Model
    rows: AnyRows
    bounds: Bounds | None = None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.rows.size

    @cached_property
    def columns(self) -> Columns:
        """The columns of the model."""
        return self.rows.values if isinstance(self.rows, Rows) else cast(Chunked, self.rows)

    @cached_property
    def objective(self) -> DataObjective:
        """What is minimised."""
        kind = Remembered if len(self.model.names) <= _MOST else DataObjective
        return kind(self.model.term, self.columns, "sum")

    @cached_property
    def squares(self) -> Remembered | None:
        """The same with J'J for the Hessian, where there are so many rows that a kernel sums them; else None."""
        model = self.model
        if not model.is_square or not _is_native(self.count) or len(model.names) > _MOST:
            return None
        residual, slopes = model.graph.ref(model.residual), list(map(model.graph.ref, model.slopes))
        gradient = [(2 * residual * slope).index for slope in slopes]
        products = {(i, j): (2 * slopes[i] * slopes[j]).index for i in range(len(slopes)) for j in range(i + 1)}
        names = model.names
        kernel = Kernel(model.graph, model.term.output, [*names, *self.columns], names, gradient, products)
        return Remembered(model.term, self.columns, "sum", {2: kernel})

    @cached_property
    def residuals(self) -> FormulaResiduals:
        """The weighted residuals whose squares are summed."""
        one = self.model.graph.constant(1)
        return FormulaResiduals(self.model.term, ((one, self.model.residual),), self.columns)

    def holding(self, held: Mapping[str, float]) -> "Problem":
        """The same with some parameters held where they are."""
        if not held:
            return self
        bounds = {name: pair for name, pair in (self.bounds or {}).items() if name not in held}
        return Problem(self.model.held(held), self.rows.holding(held), bounds)

    def only(self, which: Any) -> "Problem":
        """The same without some of the rows."""
        return Problem(self.model, self.rows.kept(which), self.bounds)

    @property
    def held(self) -> "Problem":
        """The same with its rows in memory."""
        return self if isinstance(self.rows, Rows) else Problem(self.model, self.rows.held(), self.bounds)

    @property
    def home(self) -> "Problem":
        """The same without what is elsewhere."""
        home = self.rows.home()
        return self if home is self.rows else replace(self, rows=home)

    def some(self, places: Any) -> "Problem":
        """The same with the rows at some places, which rise, in memory."""
        return Problem(self.model, self.rows.some(places), self.bounds)

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
        for _, block in self.numbered(x, nodes):
            yield block

    def numbered(self, x: Sequence[float], nodes: Sequence[int]) -> Iterator[tuple[Array, Array]]:
        """The same, beside the numbers of the rows."""
        return self.folded(_as_it_is, x, nodes)

    def folded(self, found: Callable[[Array, Array], T], x: Sequence[float], nodes: Sequence[int]) -> Iterator[T]:
        """What a function, which may be pickled, finds in the numbers of each block of rows, and nodes there."""
        return self.rows.over(partial(_folded, self.model, _is_native(self.count), x, nodes, found))


def blocks(model: Model, rows: AnyRows, x: Sequence[float], nodes: Sequence[int]) -> Iterator[tuple[Array, Array]]:
    """Nodes of a model at some rows, block of rows by block of rows: the numbers of the rows, and the nodes."""
    return rows.over(partial(_folded, model, _is_native(rows.size), x, nodes, _as_it_is))


def _as_it_is(numbers: Array, block: Array) -> tuple[Array, Array]:
    return numbers, block


def _folded(
    model: Model, native: bool, x: Sequence[float], nodes: Sequence[int], found: Callable[[Array, Array], T], rows: Rows
) -> Iterator[T]:
    """What a function finds in each block of some rows."""
    names = [name for name in rows if name in model.graph.inputs]
    evaluated, size = (_by_kernel if native else _by_numpy)(model, names, x, nodes)
    for start in range(0, rows.size, size):
        numbers = rows.numbers[start : start + size]
        values = evaluated({name: rows.values[name][start : start + size] for name in names})
        yield found(numbers, np.stack([np.broadcast_to(np.asarray(each, float), len(numbers)) for each in values]).T)


def _is_native(count: int) -> bool:
    """Whether so many rows are computed by kernels."""
    return count >= NATIVE and installed("llvmlite")


_Evaluated = Callable[[Mapping[str, Array]], Sequence[Any]]


def _by_numpy(model: Model, names: Sequence[str], x: Sequence[float], nodes: Sequence[int]) -> tuple[_Evaluated, int]:
    """What computes nodes of a block of columns, and how many rows such a block has."""
    arrays, graph = Arrays(), model.graph
    point = dict(zip(model.inputs, map(np.float64, x), strict=True))

    def evaluated(columns: Mapping[str, Array]) -> Sequence[Any]:
        values = arrays.evaluate(graph, point | {graph.inputs[name]: each for name, each in columns.items()}, nodes)
        return [values[i] for i in nodes]

    return evaluated, _BLOCK


def _by_kernel(model: Model, names: Sequence[str], x: Sequence[float], nodes: Sequence[int]) -> tuple[_Evaluated, int]:
    """The same by a kernel."""
    kernel = Kernel(model.graph, nodes[0], [*model.names, *names], extra=nodes[1:])
    point = dict(zip(model.names, x, strict=True))

    def evaluated(columns: Mapping[str, Array]) -> Sequence[Any]:
        found = kernel(**point, **columns)
        return [found.value, *(() if found.extra is None else found.extra)]

    return evaluated, chunk_rows(len(names) + len(nodes))
