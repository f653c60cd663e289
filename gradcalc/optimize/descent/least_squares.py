"""Least squares: sums of squares are minimised by their residuals' exact Jacobian, to the last digits.

Steps of Levenberg and Marquardt within a trust region: the model is the square of the linear residuals, and it is
solved by QR, block of rows by block of rows, so the condition of the Jacobian is never squared and memory stays small.
Where they get slow, as at large residuals, Newton's method goes on. The last steps take residuals and Jacobian from
balls: in floats, residuals that are small beside what they are the difference of have lost their digits.
Sources: Moré, The Levenberg-Marquardt algorithm (1978); Björck, Numerical Methods for Least Squares Problems (1996).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce
from typing import Any, Protocol

import numpy as np

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.native import function
from gradcalc.errors import UsageError
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.language.formula import Formula
from gradcalc.optimize.descent.columns import Columns, chunks, mapped, rows_of
from gradcalc.optimize.descent.newton import (
    Array,
    Mask,
    Place,
    Trail,
    advanced,
    finite_hessian,
    first_radius,
    follow,
    limits,
    shortened,
)
from gradcalc.optimize.descent.objective import DataObjective, FormulaObjective, Objective, blocks
from gradcalc.optimize.descent.watch import Watch

_EXACT = 100_000
"""The most numbers, rows times nodes, that are computed in balls for one step."""

_JACOBIAN, _WORK = 20_000, 20_000_000
"""The most derivatives of one row, and numbers of a Jacobian, for which `auto` takes this method."""

_BITS = (128, 256)
_EPSILON = 2.0**-52

_DEPENDENT = 1e-13
"""Columns of a Jacobian that differ from each other by no more than this part depend on each other."""

_CONDITION = 1e8
"""Above this, normal equations lose more than half of the digits."""

_PATIENCE, _LITTLE = 30, 0.01
"""Steps in which the value has to fall by this part, or Newton's method goes on."""


@dataclass(frozen=True)
class Linear:
    """What is kept of residuals `r` and their Jacobian `J`: `r'r`, `2 J'r`, and R of the QR decomposition of `[J, r]`.

    What a block of rows comes to does not depend on who has the others.
    """

    value: float
    gradient: Array
    triangle: Array

    def plus(self, more: "Linear") -> "Linear":
        """That of these residuals and others below them."""
        stacked: Array = np.vstack([self.triangle, more.triangle])
        return Linear(self.value + more.value, self.gradient + more.gradient, _triangle(stacked))


def _linear(r: Array, jacobian: Array) -> Linear:
    """What is kept of some residuals."""
    stacked: Array = np.column_stack([jacobian, r])
    return Linear(float(r @ r), 2 * r @ jacobian, _triangle(stacked))


class Residuals(Protocol):
    """What is squared and summed."""

    def linear(self, x: Sequence[float]) -> Iterator["Linear"]:
        """Residuals and Jacobian, block of rows by block of rows."""

    def exact(self, x: Sequence[float]) -> tuple[Array, Array] | None:
        """All residuals and their Jacobian, rounded correctly; None where that takes too long or cannot be had."""


def squares(formula: Formula) -> tuple[tuple[int, int], ...] | None:
    """The terms of a formula that is visibly a sum of squares: nodes of a factor and of what is squared.

    None if it is none. No factor depends on what the formula is differentiated for.
    """
    graph = formula.graph
    flags = graph.live(formula.inputs).flags()
    one = graph.constant(1)
    found, open_ = [], [(formula.output, graph.ref(one))]
    while open_:
        index, factor = open_.pop()
        op, operands, _ = graph.nodes[index]
        live = [i for i in operands if flags[i]]
        for i in operands if op is ops.mul else operands[1:] if op is ops.div else ():
            if i not in live:
                factor = factor * graph.ref(i) if op is ops.mul else factor / graph.ref(i)
        if op is ops.add:
            open_ += [(i, factor) for i in operands]
        elif op in (ops.mul, ops.div) and len(live) == 1 and live[0] in operands[: 1 if op is ops.div else None]:
            open_.append((live[0], factor))
        elif (graph.number(index) or 0) > 0:
            found.append(((factor * graph.ref(index)).index, one))
        elif (roots := _roots(graph, index)) is not None:
            found += [(factor.index, root) for root in roots]
        else:
            return None
    return tuple(reversed(found))


def _roots(graph: Graph, index: int) -> list[int] | None:
    """Nodes whose squares make up a node; None if there are none."""
    op, operands, _ = graph.nodes[index]
    if op is ops.mul and len(operands) == 2 and operands[0] == operands[1]:
        return [operands[0]]
    power = graph.number(operands[1]) if op is ops.powi else None
    if power is None or power < 2 or power % 2:
        return None
    base = graph.nodes[operands[0]]
    if power == 2 and base.op in (ops.hypot, ops.abs):
        return list(base.operands)
    return [operands[0] if power == 2 else (graph.ref(operands[0]) ** (power // 2)).index]


@dataclass(frozen=True, eq=False)
class FormulaResiduals:
    """The residuals of a formula that is a sum of squares, or of its sum over the rows of columns.

    Attributes:
        terms: of `squares`.
        share: by which every square is multiplied: 1/rows of a mean.
    """

    formula: Formula
    terms: tuple[tuple[int, int], ...]
    columns: Columns = field(default_factory=dict)
    share: float = 1.0

    @cached_property
    def outputs(self) -> list[int]:
        """Factor, residual and its derivatives of every term."""
        graph, inputs = self.formula.graph, self.formula.inputs
        return [i for factor, root in self.terms for i in (factor, root, *derive.gradient(graph, root, inputs))]

    @cached_property
    def size(self) -> int:
        """How many rows there are."""
        return rows_of(self.columns) if self.columns else 1

    @property
    def has_weights(self) -> bool:
        """Whether no factor is negative or nan."""
        graph, factors = self.formula.graph, [factor for factor, _ in self.terms]
        needed = set(graph.needed(factors))
        known = not any(graph.inputs[name] in needed for name in self.columns)
        return all(mapped({} if known else self.columns, partial(_none_negative, graph, factors)))

    @cached_property
    def _point(self) -> function.Function:
        return function.function(self.formula.graph, self.formula.inputs, self.outputs)

    def linear(self, x: Sequence[float]) -> Iterator[Linear]:
        """As in `Residuals`."""
        if not self.columns:
            yield _linear(*_weighted(np.array(self._point(*x)).reshape(len(self.terms), -1), self.share))
        else:
            work = partial(_linear_blocks, self.formula, len(self.terms), self.outputs, self.share, x)
            yield from mapped(self.columns, work)

    def exact(self, x: Sequence[float]) -> tuple[Array, Array] | None:
        """As in `Residuals`."""
        nodes = len(self.formula.graph.needed(self.outputs))
        if self.size * nodes > _EXACT:
            return None
        for bits in _BITS:
            balls = Balls(bits)
            rows = [
                self._exact_row(balls, x, columns, row)
                for columns in chunks(self.columns)
                for row in range(rows_of(columns) if columns else 1)
            ]
            if all(None not in row for row in rows):
                return _weighted(np.array(rows, dtype=float).reshape(self.size * len(self.terms), -1), self.share)
        return None

    def _exact_row(self, balls: Balls, x: Sequence[float], columns: Mapping[str, Any], row: int) -> list[float | None]:
        """The outputs of one row."""
        graph = self.formula.graph
        inputs = dict(zip(self.formula.inputs, x, strict=True))
        inputs |= {graph.inputs[name]: float(column[row]) for name, column in columns.items()}
        known = {index: balls.constant(value.hex()) for index, value in inputs.items()}
        values = balls.evaluate(graph, known, self.outputs)
        return [nearest_double(values[i]) for i in self.outputs]


def _weighted(found: Array, share: float) -> tuple[Array, Array]:
    """Residuals and Jacobian of rows of factor, residual and derivatives; nan where a factor is negative."""
    root = np.sqrt(found[:, 0] * share)
    return found[:, 1] * root, found[:, 2:] * root[:, None]


def _linear_blocks(
    formula: Formula, terms: int, outputs: Sequence[int], share: float, x: Sequence[float], columns: Mapping[str, Any]
) -> Iterator[Linear]:
    """What is kept of each block of the rows of columns."""
    for _, values in blocks(formula, x, outputs, columns):
        yield _linear(*_weighted(np.stack(values, axis=1).reshape(len(values[0]) * terms, -1), share))


def _none_negative(graph: Graph, factors: Sequence[int], columns: Mapping[str, Any]) -> Iterator[bool]:
    """Whether no factor is negative or nan in some rows."""
    values = Arrays().evaluate(graph, {graph.inputs[name]: each for name, each in columns.items()}, factors)
    yield all(bool(np.all(values[i] >= 0)) for i in factors)


def residuals_of(objective: Objective) -> FormulaResiduals | None:
    """The residuals of an objective that is visibly a sum of squares; None if it is none."""
    if not isinstance(objective, DataObjective | FormulaObjective):
        return None
    terms = squares(objective.formula)
    if terms is None:
        return None
    if isinstance(objective, FormulaObjective):
        return FormulaResiduals(objective.formula, terms)
    share = 1 / objective.size if objective.reduce == "mean" else 1.0
    return FormulaResiduals(objective.formula, terms, objective.columns, share)


def suits(objective: Objective) -> bool:
    """Whether an objective is a sum of squares, no fewer than its variables, and not too large for this method."""
    residuals = residuals_of(objective)
    if residuals is None or not residuals.has_weights:
        return False
    variables, count = len(objective.names), len(residuals.terms) * residuals.size
    return count >= variables and len(residuals.terms) * variables <= _JACOBIAN and count * variables <= _WORK


def warning(objective: Objective, x: Sequence[float]) -> str | None:
    """What the normal equations lost, where Newton's method solved them for data too large for QR; None if little.

    Newton's Hessian is twice J'J there, but for what the curvature of the residuals adds.
    """
    variables = len(objective.names)
    residuals = residuals_of(objective)
    if residuals is None or len(residuals.terms) * residuals.size * variables <= _WORK or not residuals.has_weights:
        return None
    matrix = finite_hessian(objective, np.asarray(x))
    diagonal = np.diag(matrix)
    if not np.all(diagonal > 0):
        return None
    curvatures = np.abs(np.linalg.eigvalsh(matrix / np.sqrt(np.outer(diagonal, diagonal))))
    condition = float(curvatures.max() / max(float(curvatures.min()), _EPSILON / 4 * float(curvatures.max())))
    if condition <= _CONDITION:
        return None
    return (
        f"the data are too large for QR: the steps solved normal equations (J'J) whose condition is {condition:.1g}, "
        f"so some {min(16, round(math.log10(condition)))} of 16 digits of the variables may be lost"
    )


def least_squares(objective: Objective, start: Sequence[float], watch: Watch) -> None:
    """Minimise an objective that is visibly a sum of squares."""
    residuals = residuals_of(objective)
    if residuals is None:
        raise UsageError("the formula is no sum of squares", hint="--optimizer newton, or squares: (a*x - y)^2")
    fit(residuals, objective, start, watch)


def fit(residuals: Residuals, objective: Objective, start: Sequence[float], watch: Watch) -> None:
    """Minimise the sum of the squares of residuals; the objective is that sum."""
    with np.errstate(all="ignore"):
        first = Squares(residuals, np.asarray(start, dtype=float), limits(watch, len(start)))
        place: Place | None = first
        last: Place = first
        trail, values = Trail(watch), [math.inf] * _PATIENCE
        trail.add(first.x, first.value, first.gradient)
        radius = first_radius(first)
        while place is not None and trail.still < 2:
            if place is not first:
                trail.add(place.x, place.value, place.gradient)
            last = place
            values.append(place.value)
            if place.value > (1 - _LITTLE) * values[-1 - _PATIENCE]:
                break
            place, radius = advanced(place, radius, _EPSILON**2 * trail.typical)
        end = follow(Place(objective, last.x, last.limits), trail)
        if end.free.all():
            _finish(residuals, end, trail)


def _finish(residuals: Residuals, place: Place, trail: Trail) -> None:
    """The last steps, from correctly rounded residuals: Newton's, and as long as each is far shorter than the last."""
    x, last, least = place.x, math.inf, math.inf
    curvature = Place(place.objective, x, place.limits).hessian
    while (found := residuals.exact(x.tolist())) is not None:
        r, jacobian = found
        value = math.fsum(r * r)
        if not value <= least * (1 + 4 * _EPSILON):
            break
        trail.begin_again()  # of equal values the later one is nearer
        if not (x is place.x and value == place.value):
            trail.add(x, value, 2 * r @ jacobian)
        step = _last_step(r, jacobian, curvature)
        length = float(np.max(np.abs(step) / np.maximum(np.abs(x), _EPSILON * trail.typical)))
        if not length < 0.5 * last or np.all(np.abs(step) <= _EPSILON / 2 * np.abs(x)):
            break
        x, last, least = np.clip(x + step, *place.limits), length, value


def _last_step(r: Array, jacobian: Array, curvature: Array) -> Array:
    """Newton's step, its Hessian given in floats, by QR; that of Gauss and Newton where that Hessian is no help."""
    norms: Array = np.sqrt(np.sum(jacobian * jacobian, axis=0))
    scale: Array = np.where(norms > 0, norms, 1.0)
    found: Any = np.linalg.qr(jacobian / scale)
    q, triangle = found
    sizes = np.abs(np.diag(triangle))
    if len(sizes) < len(scale) or not sizes.min() > _DEPENDENT * sizes.max():
        shortest: Array = np.linalg.lstsq(jacobian / scale, -r, rcond=_DEPENDENT)[0] / scale
        return shortest
    rest = curvature / 2 / scale / scale[:, None] - triangle.T @ triangle
    whole = np.linalg.solve(triangle.T, np.linalg.solve(triangle.T, rest).T) + np.eye(len(scale))
    along = -q.T @ r
    if np.linalg.eigvalsh(whole)[0] > 0.01:
        along = np.linalg.solve(whole, along)
    return np.asarray(np.linalg.solve(triangle, along) / scale, dtype=np.float64)


def _triangle(matrix: Array) -> Array:
    """R of the QR decomposition."""
    found: Any = np.linalg.qr(matrix, mode="r")
    return np.asarray(found)


class Squares(Place):
    """A point with the square of the linear residuals as its model, which holds far: the first radius is large."""

    first = 1.0
    is_convex = True

    def __init__(self, residuals: Residuals, x: Array, limits: Array, scale: Array | float = 0.0) -> None:
        self.residuals, self.limits = residuals, limits
        self.x = np.clip(x, *limits)
        whole = reduce(Linear.plus, residuals.linear(self.x.tolist()))
        self.value, self.gradient = whole.value, whole.gradient
        self._linear, self._residual = whole.triangle[:, :-1], whole.triangle[:, -1]
        norms: Array = np.maximum(scale, np.asarray(np.linalg.norm(self._linear, axis=0), dtype=np.float64))
        self._scale: Array = np.where(norms > 0, norms, 1.0)

    @property
    def scale(self) -> Array:
        """The largest norms that the columns of the Jacobian had."""
        return self._scale

    def moved(self, step: Array) -> "Squares":
        """The place a step away."""
        return Squares(self.residuals, self.x + step, self.limits, self._scale)

    def fall(self, step: Array) -> float:
        """How far a step lowers the model."""
        change = self._linear @ step
        return -float((2 * self._residual + change) @ change)

    def _part(self, step: Array, free: Mask, radius: float) -> Array:
        residual = self._residual + self._linear @ np.where(free, 0.0, step)
        scale = self._scale[free]
        left, sizes, axes = np.linalg.svd(self._linear[:, free] / scale, full_matrices=False)
        cut = len(scale) * _EPSILON * sizes[0]
        curvatures, along = sizes[::-1] ** 2, np.where(sizes > cut, sizes * (residual @ left), 0.0)[::-1]
        noise = cut**2
        found, _ = shortened(curvatures, along, radius, float(noise))
        return np.asarray(found @ axes[::-1] / scale)
