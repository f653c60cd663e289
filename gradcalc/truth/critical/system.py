"""Square systems of equations over a box, as nodes of a graph: what a search looks for the zeros of.

Imports graph, balls, intervals and identities.

    value ──prepared──▶ its kinks written so that the rules of the table give every slope between those of the pieces
          ──derive──▶ gradient = 0 ──derive──▶ its Jacobian

A gradient that intervals bound on a box with a kink then holds Clarke's: where it cannot be 0, no point is critical.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.exact_numbers import factored
from gradcalc.arithmetic.intervals import Interval
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.claims.identities import Field, GivenUp

Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Columns:
    """What a system is summed over: the exact numbers of some inputs, row by row."""

    numbers: Mapping[int, Sequence[Fraction]]

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.numbers.values())))

    @cached_property
    def intervals(self) -> Mapping[int, Interval]:
        """The numbers between doubles, a column of rows for each input."""
        found = {}
        for node, column in self.numbers.items():
            near = [(each, float(each)) for each in column]
            low = [math.nextafter(x, -math.inf) if each < x else x for each, x in near]
            high = [math.nextafter(x, math.inf) if each > x else x for each, x in near]
            found[node] = Interval(np.array(low)[:, None], np.array(high)[:, None])
        return found

    def added(self, part: Interval, boxes: int) -> Interval:
        """The sum over the rows of what each row's interval is, for so many boxes; the sum's rounding counts."""
        shape = (self.size, boxes)
        low, high, flags = (np.broadcast_to(each, shape) for each in (part.low, part.high, part.flags))
        size = np.maximum(np.abs(low), np.abs(high)).sum(axis=0) * (self.size * 2.0**-51) + 1e-300
        whole = np.bitwise_or.reduce(np.asarray(flags, np.uint8), axis=0)
        return Interval(low.sum(axis=0) - size, high.sum(axis=0) + size, 0.0, whole)

    def balls(self, precision: int) -> Sequence[Mapping[int, arb]]:
        """The numbers of each row, blurred: balls keep quotients beside exact numbers, at a price."""
        if precision not in self._balls:
            with ctx.workprec(precision):
                wide = arb(1, arb((1, -precision - 40)))
                rows = zip(*self.numbers.values(), strict=True)
                made = [[arb(fmpq(each.numerator, each.denominator)) * wide for each in row] for row in rows]
            self._balls[precision] = [dict(zip(self.numbers, row, strict=True)) for row in made]
        return self._balls[precision]

    @cached_property
    def _balls(self) -> dict[int, Sequence[Mapping[int, arb]]]:
        """Of each precision that was asked for."""
        return {}


@dataclass(frozen=True, eq=False)
class System:
    """Equations `components[i] = 0` in as many unknowns.

    Attributes:
        inputs: the nodes of the unknowns.
        jacobian: the derivatives of the components by row and column; an absent one is 0.
        value: the node whose gradient they are, if it is one; where it has no value there is no zero.
        beside: nodes that must have values too, and whose kinks count: constraints.
        fixed: inputs that are no unknowns, and what gives their balls.
        below: nodes that are not above 0 where a zero counts.
        tops: the numerators of components that have poles, by their factors: at a zero one of each has the value 0.
        columns: rows that all nodes are summed over; None where there are none.
    """

    graph: Graph
    inputs: tuple[int, ...]
    components: tuple[int, ...]
    jacobian: Mapping[Place, int]
    value: int | None = None
    fixed: Mapping[int, Callable[[Any], Any]] = field(default_factory=dict)
    below: tuple[int, ...] = ()
    tops: tuple[tuple[int, ...], ...] = ()
    beside: tuple[int, ...] = ()
    columns: Columns | None = None

    def on_face(self, fixed: Mapping[int, Callable[[Any], Any]]) -> "System":
        """The same with some unknowns fixed, and their equations left out."""
        free = [k for k, node in enumerate(self.inputs) if node not in fixed]
        place = {k: number for number, k in enumerate(free)}
        jacobian = {(place[i], place[j]): e for (i, j), e in self.jacobian.items() if i in place and j in place}
        inputs, components = (tuple(nodes[k] for k in free) for nodes in (self.inputs, self.components))
        fixed = {**self.fixed, **fixed}
        return System(self.graph, inputs, components, jacobian, self.value, fixed, self.below, columns=self.columns)

    def balls(self, precision: int) -> Balls:
        """The arithmetic of balls at a precision: made once, as what it has found of ops and constants stays."""
        if precision not in self._balls:
            self._balls[precision] = Balls(precision)
        return self._balls[precision]

    @cached_property
    def _balls(self) -> dict[int, Balls]:
        """Of each precision that was asked for."""
        return {}

    @property
    def size(self) -> int:
        """How many unknowns there are."""
        return len(self.inputs)

    @property
    def needed(self) -> tuple[int, ...]:
        """The nodes that must have values where there is a zero."""
        return self.components if self.value is None else (self.value, *self.beside)


def of_gradient(graph: Graph, value: int, inputs: Sequence[int]) -> System:
    """Where the gradient of a node vanishes."""
    gradient = derive.gradient(graph, prepared(graph, value), inputs)
    gradient = [joined(graph, each) for each in gradient]
    jacobian = derive.hessian(graph, gradient, inputs)
    return System(graph, tuple(inputs), tuple(gradient), jacobian, value)


def without_exponentials(system: System) -> System:
    """The same zeros, where exponentials stand before all components: divided by them, as they are never 0.

    So nothing is lost where they are too small for doubles. The Jacobian at a zero is the old one over a number above
    0, so the kinds are the same; it is symmetric there alone.
    """
    graph, components = system.graph, list(system.components)
    while common := _common_exponentials(graph, components):
        components = [_over(graph, node, min(common)) for node in components]
    if tuple(components) == system.components:
        return system
    jacobian = of_equations(graph, components, system.inputs).jacobian
    return replace(system, components=tuple(components), jacobian=jacobian)


def _common_exponentials(graph: Graph, components: Sequence[int]) -> frozenset[int]:
    """The exponentials that are factors of all components; none where these are 0."""
    found = _exponentials(graph, components)
    sets = [each for node in components if (each := found[node]) is not None]
    return frozenset.intersection(*sets) if sets else frozenset()


def _exponentials(graph: Graph, outputs: Sequence[int]) -> dict[int, frozenset[int] | None]:
    """Of each node the exponentials that are factors of it; None of 0."""
    found: dict[int, frozenset[int] | None] = {}
    for node in graph.needed(outputs):
        op, operands, _ = graph.nodes[node]
        known = [each for k in operands if (each := found[k]) is not None]
        if graph.number(node) == 0 or op is ops.mul and len(known) < len(operands):
            found[node] = None
        elif op is ops.exp:
            found[node] = frozenset([node])
        elif op in (ops.neg, ops.div):
            found[node] = found[operands[0]]
        elif op in (ops.add, ops.sub, ops.mul) and known:
            found[node] = (frozenset.union if op is ops.mul else frozenset.intersection)(*known)
        else:
            found[node] = frozenset()
    return found


def _over(graph: Graph, output: int, factor: int) -> int:
    """A node over one of its exponentials."""
    found, place = _exponentials(graph, [output]), {factor: graph.constant(1)}
    for node in graph.needed([output]):
        own = found[node]
        if node == factor or own is None or factor not in own:
            continue
        op, operands, parameter = graph.nodes[node]
        if op in (ops.add, ops.sub):
            moved = [place.get(k, k) for k in operands]
        else:
            first = next(k for k, each in enumerate(operands) if each in place)
            moved = [place[each] if k == first else each for k, each in enumerate(operands)]
        place[node] = graph.emit(op, tuple(moved), parameter)
    return place.get(output, output)


def with_tops(system: System) -> System:
    """The same with the components' numerators, where they are quotients that poles make large."""
    normal = Field(system.graph, plain=True)
    try:
        forms = normal.forms([_of_entire(system.graph, node) for node in system.components])
        tops = [tuple(normal.node(factor) for factor, _ in factored(form.top)[1]) for form in forms if form.top != 0]
    except GivenUp:
        return system
    return replace(system, tops=tuple(tops))


def _of_entire(graph: Graph, output: int) -> int:
    """The same with quotients of functions that have no poles in the places of some that have."""
    place: dict[int, int] = {}
    for index in graph.needed([output]):
        op, operands, parameter = graph.nodes[index]
        if op in _QUOTIENTS:
            place[index] = _QUOTIENTS[op](graph.ref(place[operands[0]])).index
        else:
            place[index] = graph.emit(op, tuple(place[i] for i in operands), parameter) if operands else index
    return place[output]


_QUOTIENTS: dict[ops.Op, Callable[[Ref], Any]] = {
    ops.tan: lambda x: ops.sin(x) / ops.cos(x), ops.cot: lambda x: ops.cos(x) / ops.sin(x),
    ops.sec: lambda x: 1 / ops.cos(x), ops.csc: lambda x: 1 / ops.sin(x),
    ops.csch: lambda x: 1 / ops.sinh(x), ops.coth: lambda x: ops.cosh(x) / ops.sinh(x),
}  # fmt: skip


def of_equations(graph: Graph, components: Sequence[int], inputs: Sequence[int]) -> System:
    """Where all of some nodes vanish."""
    jacobian: dict[Place, int] = {}
    for row, component in enumerate(components):
        for column, entry in enumerate(derive.gradient(graph, component, inputs)):
            if graph.number(entry) != 0:
                jacobian[row, column] = joined(graph, entry)
    return System(graph, tuple(inputs), tuple(components), jacobian)


# -- kinks written otherwise -------------------------------------------------------------------------------------------


def prepared(graph: Graph, output: int) -> int:
    """The same function with its maxima, minima and roots of squares by `relu` and `abs`.

    Their rules give the slopes of the pieces by one factor each, which intervals bound by what lies between them.
    """
    place: dict[int, int] = {}
    for index in graph.needed([output]):
        op, operands, parameter = graph.nodes[index]
        if not operands:
            place[index] = index
            continue
        refs = [graph.ref(place[i]) for i in operands]
        rewrite = _REWRITES.get(op)
        found = rewrite(graph, refs) if rewrite else None
        place[index] = graph.emit(op, tuple(ref.index for ref in refs), parameter) if found is None else found.index
    return place[output]


def _largest(graph: Graph, refs: Sequence[Ref]) -> Ref:
    result, *others = {ref.index: ref for ref in refs}.values()
    for other in others:
        result = result + ops.relu(other - result)
    return result


def _smallest(graph: Graph, refs: Sequence[Ref]) -> Ref:
    result, *others = {ref.index: ref for ref in refs}.values()
    for other in others:
        result = result - ops.relu(result - other)
    return result


def _clipped(graph: Graph, refs: Sequence[Ref]) -> Ref:
    return _smallest(graph, (_largest(graph, refs[:2]), refs[2]))


def _root(graph: Graph, refs: Sequence[Ref]) -> Any:
    """The root of a square."""
    op, operands, _ = graph.nodes[refs[0].index]
    square = op is ops.powi and graph.number(operands[1]) == 2
    square = square or op is ops.mul and len(operands) == 2 and operands[0] == operands[1]
    return ops.abs(graph.ref(operands[0])) if square else None


def _length(graph: Graph, refs: Sequence[Ref]) -> Any:
    return ops.abs(refs[0]) if len(refs) == 1 else None


_REWRITES: dict[ops.Op, Callable[[Graph, Sequence[Ref]], Any]] = {
    ops.max: _largest, ops.min: _smallest, ops.clip: _clipped, ops.sqrt: _root, ops.hypot: _length,
}  # fmt: skip


def joined(graph: Graph, index: int) -> int:
    """The same node with the two branches of a `where`, which rules hand on one by one, as one again, and `x/x` as 1.

    It equals the node where that has a value: almost everywhere, and of what is almost everywhere Clarke's slopes are
    the limits.
    """
    place: dict[int, int] = {}
    for each in graph.needed([index]):
        op, operands, parameter = graph.nodes[each]
        if not operands:
            place[each] = each
            continue
        moved = tuple(place[i] for i in operands)
        if op is ops.div and (rest := _cancelled(graph, *moved)) is not None:
            place[each] = rest
        elif op is ops.add:
            moved = _paired(graph, moved)
            place[each] = moved[0] if len(moved) == 1 else graph.emit(ops.add, moved)
        else:
            place[each] = graph.emit(op, moved, parameter)
    return place[index]


def _cancelled(graph: Graph, above: int, below: int) -> int | None:
    """A quotient without the factor that stands above and below; None if there is none."""
    if above == below:
        return graph.constant(1)
    op, operands, _ = graph.nodes[above]
    if op is ops.neg and (inner := _cancelled(graph, operands[0], below)) is not None:
        return int((-graph.ref(inner)).index)
    if op is not ops.mul or below not in operands:
        return None
    rest = list(operands)
    rest.remove(below)
    return rest[0] if len(rest) == 1 else graph.emit(ops.mul, tuple(rest))


def _paired(graph: Graph, terms: Sequence[int]) -> tuple[int, ...]:
    """Terms `where(c, p, 0)` and `where(c, 0, q)` of a sum as `where(c, p, q)`."""
    found: list[int] = []
    waiting: dict[tuple[int, bool], int] = {}
    for term in terms:
        masked = _masked(graph, term)
        if masked is None:
            found.append(term)
            continue
        condition, holds, part = masked
        other = waiting.pop((condition, not holds), None)
        if other is None:
            position = (condition, holds)
            if position in waiting:
                found.append(term)
            else:
                waiting[position] = part
            continue
        both = (part, other) if holds else (other, part)
        found.append(graph.emit(ops.where, (condition, *both)))
    zero = graph.constant(0)
    for (condition, holds), part in waiting.items():
        found.append(graph.emit(ops.where, (condition, part, zero) if holds else (condition, zero, part)))
    return tuple(found)


def _masked(graph: Graph, term: int) -> tuple[int, bool, int] | None:
    """The condition of a term that is used only where it holds, or only where it fails; and its part."""
    op, operands, _ = graph.nodes[term]
    if op is not ops.where:
        return None
    condition, one, other = operands
    holds = graph.number(other) == 0
    if not holds and graph.number(one) != 0:
        return None
    part = one if holds else other
    node = graph.nodes[condition]
    return (node.operands[0], not holds, part) if node.op is ops.not_ else (condition, holds, part)
