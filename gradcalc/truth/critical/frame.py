"""A function about a degenerate point, by variables along which it is flat to second order and others beside them.

    H(P) w = 0 for w in the kernel:   x = P + A v,   the columns of A a basis of the kernel, then unit vectors

With the others smaller than the flat ones by powers (v_j = s^w_j u_j) their terms of second order are as large as the
terms of higher order in the flat ones: of `(a + 10b)^2 + (b - 2c)^4` all are fourth powers of s. Sums of variables are
written by v with like terms gathered, so that `a + 10b` is one of them. H must be known exactly, by rationals.

Imports prove and system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from flint import ctx, fmpq, fmpq_mat

from gradcalc.arithmetic import exact_numbers
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op
from gradcalc.truth.critical.prove import evaluated, matrix
from gradcalc.truth.critical.search import Boxes
from gradcalc.truth.critical.system import System, of_gradient

_PRECISION = 256

Linear = Mapping[int | None, Fraction]
"""A sum of inputs times rationals, by input; under None the rational that stands alone."""


@dataclass(frozen=True)
class Frame:
    """A system by other variables, which are 0 at the point.

    Attributes:
        inverse: of A, row by row.
        flat: whether the second derivatives are 0 along a variable.
    """

    system: System
    point: tuple[Fraction, ...]
    inverse: tuple[tuple[Fraction, ...], ...]
    flat: tuple[bool, ...]

    def weights(self, one: int, other: int) -> tuple[int, ...]:
        """A weight for flat variables, and one for the others."""
        return tuple(one if each else other for each in self.flat)

    def around(self, hull: Boxes) -> Boxes:
        """A box by the new variables that holds one by the old."""
        far = [
            max(abs(Fraction(float(low)) - p), abs(Fraction(float(high)) - p))
            for low, high, p in zip(hull.low[:, 0], hull.high[:, 0], self.point, strict=True)
        ]
        reach = [sum((abs(a) * d for a, d in zip(row, far, strict=True)), Fraction(0)) for row in self.inverse]
        ends = np.array([[float(each) * (1 + 1e-12) + 1e-300] for each in reach])
        return Boxes(-ends, ends)


def by_kernel(system: System, point: Sequence[Fraction]) -> Frame | None:
    """The frame at a point; None where second derivatives are not known exactly, are all 0, or are not singular."""
    size, rows = system.size, _exactly(system, point)
    if rows is None or system.value is None:
        return None
    reduced, rank = fmpq_mat(size, size, [x for row in rows for x in row]).rref()
    if not 0 < rank < size:
        return None
    pivots = [next(k for k in range(size) if reduced[row, k] != 0) for row in range(rank)]
    columns = []
    for free in (k for k in range(size) if k not in pivots):
        column = [fmpq(int(k == free)) for k in range(size)]
        for row, pivot in enumerate(pivots):
            column[pivot] = -reduced[row, free]
        columns.append(column)
    columns += [[fmpq(int(k == pivot)) for k in range(size)] for pivot in pivots]
    inverse = fmpq_mat(size, size, [columns[j][i] for i in range(size) for j in range(size)]).inv()
    numbers = [tuple(_fraction(inverse[j, i]) for i in range(size)) for j in range(size)]
    moved = _Moved(system, point, [[_fraction(x) for x in column] for column in columns]).system()
    return Frame(moved, tuple(point), tuple(numbers), (True,) * (size - rank) + (False,) * rank)


def _fraction(number: Any) -> Fraction:
    return Fraction(int(number.p), int(number.q))


def _exactly(system: System, point: Sequence[Fraction]) -> list[list[Any]] | None:
    """The Jacobian at a point by rationals."""
    with ctx.workprec(_PRECISION):
        at = [exact_numbers.ball_of(exact_numbers.rational(fmpq(p.numerator, p.denominator))) for p in point]
        values = evaluated(system, _PRECISION, at, tuple(dict.fromkeys(system.jacobian.values())))
        entries = {place: values[node] for place, node in system.jacobian.items()}
        numbers = [[exact_numbers.exact(ball) for ball in row] for row in matrix(entries, system.size)]
    if any(number is None or number.base is not None for row in numbers for number in row):
        return None
    return [[number.value for number in row if number is not None] for row in numbers]


@dataclass
class _Moved:
    """The function of a system by variables v: x = P + A v."""

    old: System
    point: Sequence[Fraction]
    columns: Sequence[Sequence[Fraction]]

    def system(self) -> System:
        """Its gradient by v."""
        graph, linear, place = self.old.graph, dict[int, Linear](), dict[int, int]()
        self.inputs = [graph.input(f"along {k}") for k in range(self.old.size)]
        assert self.old.value is not None
        for node in graph.needed([self.old.value]):
            op, operands, parameter = graph.nodes[node]
            own: Linear = {node: Fraction(1)}
            found = own if node in self.old.inputs else _linear(graph, node, linear)
            if found is not None:
                linear[node] = found
                place[node] = self._written(found).index
            elif op is ops.add:
                parts = _added([linear[k] for k in operands if k in linear], op)
                rest = [graph.ref(place[k]) for k in operands if k not in linear]
                place[node] = ops.add(*rest, self._written(parts)).index if parts else ops.add(*rest).index
            else:
                place[node] = graph.emit(op, tuple(place[k] for k in operands), parameter) if operands else node
        return of_gradient(graph, place[self.old.value], self.inputs)

    def _written(self, linear: Linear) -> Ref:
        """A sum of inputs by v."""
        rows = dict(zip(self.old.inputs, range(self.old.size), strict=True))
        whole = sum((a * (1 if k is None else self.point[rows[k]]) for k, a in linear.items()), Fraction(0))
        total = self._number(whole)
        for name, column in zip(self.inputs, self.columns, strict=True):
            slope = sum((a * column[rows[k]] for k, a in linear.items() if k is not None), Fraction(0))
            if slope:
                total = total + self._number(slope) * self.old.graph.ref(name)
        return total

    def _number(self, value: Fraction) -> Ref:
        top = self.old.graph.ref(self.old.graph.constant(value.numerator))
        return top if value.denominator == 1 else top / value.denominator


def _linear(graph: Graph, node: int, known: Mapping[int, Linear]) -> Linear | None:
    """A node as a sum of inputs; None where it is none."""
    op, operands, _ = graph.nodes[node]
    if (number := graph.number(node)) is not None:
        return {None: Fraction(number)}
    if not operands or any(k not in known for k in operands):
        return None
    parts = [known[k] for k in operands]
    if op in (ops.add, ops.sub, ops.neg):
        return _added(parts, op)
    numbers = [part.get(None, Fraction(0)) for part in parts if not set(part) - {None}]
    others = [part for part in parts if set(part) - {None}]
    if op is ops.mul and len(others) <= 1:
        return _times(others[0] if others else {None: Fraction(1)}, prod(numbers, start=Fraction(1)))
    if op is ops.div and not set(parts[1]) - {None} and parts[1].get(None):
        return _times(parts[0], 1 / parts[1][None])
    return None


def _times(linear: Linear, factor: Fraction) -> Linear:
    return {node: a * factor for node, a in linear.items()}


def _added(parts: Sequence[Linear], op: Op) -> Linear:
    """The sum of some, their difference, or one turned."""
    total: dict[int | None, Fraction] = {}
    for k, part in enumerate(parts):
        sign = -1 if op is ops.neg or op is ops.sub and k else 1
        for node, a in part.items():
            total[node] = total.get(node, Fraction(0)) + sign * a
    return total
