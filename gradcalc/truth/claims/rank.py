"""The rank of a Jacobian, as far as it can be proved, and its condition. Imports arithmetic, certify and identities.

From below: Gaussian elimination in balls, each pivot of which is not 0, so that a minor is not. From above: rationals,
balls that are exactly 0, and determinants that are 0 as polynomials. What neither settles stays open.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget, OutOfBudget
from gradcalc.arithmetic.marks import Unknown
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.certify import Inputs
from gradcalc.truth.claims.identities import Field, GivenUp, Quotient, field_at
from gradcalc.truth.curvature import is_rational, rational

Place = tuple[int, int]
Shape = tuple[int, int]

_PRECISIONS = (128, 1024)
_RATIONAL, _FOLLOWED, _ELIMINATED, _IDENTICAL = 40_000, 400, 2_000_000, 400
"""Entries of a matrix of rationals, of one whose exact numbers are followed, steps of an elimination, and entries of a
matrix of polynomials, at most."""
_LONG_BITS, _LONG_ROWS = (256, 1024, 8192), 150
_DOUBTFUL, _PLAIN_LIMIT = 1e6, 1_000_000
"""The condition above which floats are not trusted; entries of a matrix of floats, at most."""


@dataclass(frozen=True, slots=True)
class Rank:
    """What is proved of a rank: it lies between two numbers."""

    least: int
    most: int

    @property
    def proved(self) -> int | None:
        """The rank where it is known."""
        return self.least if self.least == self.most else None


def rank(graph: Graph, entries: Mapping[Place, int], shape: Shape, inputs: Inputs, budget: Budget) -> Rank:
    """The rank of a matrix of nodes, of which those that are left out are 0."""
    most, least = min(shape), 0
    for precision in _PRECISIONS:
        balls = Balls(precision)
        try:
            values = balls.evaluate(graph, inputs(balls), tuple(dict.fromkeys(entries.values())), budget)
        except OutOfBudget:
            break
        found = {place: values[node] for place, node in entries.items()}
        if any(isinstance(ball, Unknown) or not ball.is_finite() for ball in found.values()):
            continue
        if math.prod(shape) <= _RATIONAL and all(map(is_rational, found.values())):
            exactly: int = _rationals(found, shape).rank()
            return Rank(exactly, exactly)
        pivots, rest = _eliminated(found, shape, balls)
        least = max(least, len(pivots))
        if rest is False or len(pivots) == most:
            return Rank(len(pivots), len(pivots))
        if precision == _PRECISIONS[0] and math.prod(shape) <= _IDENTICAL:
            for at_point in (False, True):
                if vanish(graph, values, entries, pivots, shape[0], at_point):
                    return Rank(len(pivots), len(pivots))
    return Rank(least, most)


def vanish(
    graph: Graph,
    balls: Sequence[Any],
    entries: Mapping[Place, int],
    pivots: Sequence[Place],
    size: int,
    at_point: bool,
) -> bool:
    """Whether a matrix of nodes has no rank above the number of its pivots, which are not 0 at the point.

    Elimination by these pivots in normal forms, each row without the common factor of its entries: as the pivots are
    not 0, each row is a sum of multiples of those of the pivots where nothing is left of it.

    Args:
        balls: the ball or truth of every node at the point.
        size: how many rows there are.
        at_point: whether numbers that are exact at the point stand for themselves; else variables are unknowns.
    """
    field = field_at(graph, balls, at_point)
    try:
        forms = dict(zip(entries, field.forms(entries.values()), strict=True))
        rows = {i: _whole(field, {j: form for (k, j), form in forms.items() if k == i}) for i in range(size)}
        for i, column in pivots:
            pivot_row = rows.pop(i)
            pivot = pivot_row.pop(column)
            for k, other in rows.items():
                factor = other.pop(column, None)
                if factor is not None:
                    rows[k] = _less(field, other, factor, pivot_row, pivot)
        return not any(rows.values())
    except (GivenUp, KeyError, ZeroDivisionError):
        return False


def _whole(field: Field, row: Mapping[int, Quotient]) -> dict[int, Any]:
    """A row times the denominators of its entries."""
    common = field.one
    for entry in row.values():
        common = field.times(common, entry.bottom // common.gcd(entry.bottom))
    return _primitive(field, {j: field.times(entry.top, common // entry.bottom) for j, entry in row.items()})


def _less(
    field: Field, row: Mapping[int, Any], factor: Any, pivot_row: Mapping[int, Any], pivot: Any
) -> dict[int, Any]:
    """A row without the column of a pivot."""
    return _primitive(field, {
        j: field.times(pivot, row.get(j, field.zero)) - field.times(factor, pivot_row.get(j, field.zero))
        for j in row.keys() | pivot_row.keys()
    })  # fmt: skip


def _primitive(field: Field, row: Mapping[int, Any]) -> dict[int, Any]:
    """A row without the common factor of its entries, and without what is 0."""
    left = {j: entry for j, entry in row.items() if not entry.is_zero()}
    common = reduce(lambda one, other: one.gcd(other), left.values(), field.zero)
    return {j: entry // common for j, entry in left.items()}


def _rationals(found: Mapping[Place, arb], shape: Shape) -> fmpq_mat:
    rows, columns = shape
    items = [rational(found[i, j]) if (i, j) in found else fmpq(0) for i in range(rows) for j in range(columns)]
    return fmpq_mat(rows, columns, items)


def _eliminated(found: Mapping[Place, arb], shape: Shape, balls: Balls) -> tuple[list[Place], bool | None]:
    """The places of pivots that are not 0, and whether anything is left beside them; None where that is not known."""
    functions = balls.functions
    followed = math.prod(shape) <= _FOLLOWED

    def less(x: Any, a: Any, b: Any, pivot: Any) -> Any:
        """`x - a b / pivot`, in exact numbers where those are followed."""
        if not followed:
            return x - a * b / pivot
        return functions[ops.sub](x, functions[ops.div](functions[ops.mul](a, b), pivot))

    rows: dict[int, dict[int, Any]] = {}
    for (i, j), ball in found.items():
        if not ball.is_zero():
            rows.setdefault(i, {})[j] = ball
    pivots, work = [], 0
    with ctx.workprec(balls.precision):
        while work < _ELIMINATED and (place := _pivot(rows)) is not None:
            pivots.append(place)
            row = rows.pop(place[0])
            pivot = row.pop(place[1])
            for i, other in list(rows.items()):
                factor = other.pop(place[1], None)
                if factor is not None:
                    work += len(row)
                    for j, b in row.items():
                        other[j] = less(other.get(j, _ZERO), factor, b, pivot)
                        if isinstance(other[j], arb) and other[j].is_zero():
                            del other[j]
                if not other:
                    del rows[i]
    return pivots, None if rows else False


_ZERO = arb(0)


def _pivot(rows: Mapping[int, Mapping[int, Any]]) -> Place | None:
    """The place of a number that is not 0: in the row of fewest entries the largest."""
    for i in sorted(rows, key=lambda i: len(rows[i])):
        known = [(abs(x).abs_lower(), j) for j, x in rows[i].items() if isinstance(x, arb) and x != 0]
        if known:
            return i, max(known, key=lambda pair: float(pair[0]))[1]
    return None


def condition(
    graph: Graph, entries: Mapping[Place, int], floats: Mapping[Place, float], shape: Shape, inputs: Inputs, most: int
) -> float | None:
    """The condition in the 2-norm: infinite below full rank, by floats where it is moderate, else by long numbers.

    None where the matrix is empty, too large, or not finite.
    """
    if not all(shape) or math.prod(shape) > _PLAIN_LIMIT:
        return None
    if most < min(shape):
        return math.inf
    if not all(map(math.isfinite, floats.values())):
        return _by_long_numbers(graph, entries, shape, inputs)
    import numpy as np

    matrix = np.zeros(shape)
    for place, value in floats.items():
        matrix[place] = value
    largest = float(np.abs(matrix).max())
    values = np.linalg.svd(matrix / (largest or 1.0), compute_uv=False)
    if values[-1] * _DOUBTFUL > values[0]:
        return float(values[0] / values[-1])
    return _by_long_numbers(graph, entries, shape, inputs)


def _by_long_numbers(graph: Graph, entries: Mapping[Place, int], shape: Shape, inputs: Inputs) -> float | None:
    """The norms of the matrix and of its inverse, at a precision that proves that there is one.

    Of a matrix that is not square the square roots of those of its product with its transpose.
    """
    rows, columns = shape
    if not entries or min(shape) > _LONG_ROWS:
        return None
    for precision in _LONG_BITS:
        balls = Balls(precision)
        values = balls.evaluate(graph, inputs(balls), tuple(entries.values()))
        items = [values[entries[i, j]] if (i, j) in entries else _ZERO for i in range(rows) for j in range(columns)]
        if any(isinstance(ball, Unknown) for ball in items):
            return None
        with ctx.workprec(precision), suppress(ZeroDivisionError):
            matrix = arb_mat(rows, columns, items)
            square = matrix if rows == columns else _product(matrix)
            found = _norm(square) * _norm(square.inv())
            double = float(found if rows == columns else found.sqrt())
            return double if math.isfinite(double) else None
    return None


def _product(matrix: arb_mat) -> arb_mat:
    """The smaller one of the products with the transpose."""
    turned = matrix.transpose()
    return matrix * turned if matrix.nrows() <= matrix.ncols() else turned * matrix


def _norm(matrix: arb_mat) -> arb:
    """The largest singular value: that of the floats, as nothing cancels in it, of a matrix over its largest entry."""
    import numpy as np

    largest: arb = max((abs(ball).mid() for ball in matrix.entries()), default=_ZERO)
    floats = [[float((ball / largest).mid()) for ball in row] for row in matrix.tolist()]
    return largest * float(np.linalg.norm(np.asarray(floats), 2))
