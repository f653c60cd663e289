"""Boxes with infinite sides: a proof that far out there is no critical point, so that a finite box has them all.

With x = u/t for the variables of infinite sides, u on the surface of the cube of half side 1 and 0 < t <= 1/R, all
points beyond the cube of half side R are met. The slopes, and the slope along the ray, the sum of u_i times slope i,
are taken as quotients in t and u. Where no factor of a numerator is 0 on a box of t and u, t = 0 included, no critical
point is there; powers of t and exponentials, which are never 0, are left out. That numerators have no pole at t = 0 is
what makes the bounds of the box finite.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.arithmetic.exact_numbers import factored
from gradcalc.arithmetic.intervals import Interval, Intervals
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.language.formula import Value
from gradcalc.truth.claims.identities import Field, GivenUp
from gradcalc.truth.critical.box import Side
from gradcalc.truth.critical.search import Boxes, Clock, bisected
from gradcalc.truth.critical.system import System

RADII = (10, 100, 1_000, 10_000, 1_000_000)
"""How far out a proof is tried, one after the other."""
_BOXES, _SMALL = 30_000, 2.0**-14


def closed(system: System, sides: Sequence[Side], clock: Clock) -> list[Side] | None:
    """Finite sides that hold all zeros of a gradient, for infinite ones; None where no proof is found."""
    infinite = [k for k, side in enumerate(sides) if not side.is_finite]
    found = _numerators(system, infinite)
    if found is None:
        return None
    tops, time, places = found
    least = max((abs(end) for k in infinite for end in sides[k].ends if np.isfinite(end)), default=0.0)
    for radius in RADII:
        if radius > 2 * least and _nothing_beyond(system.graph, tops, time, places, sides, infinite, radius, clock):
            return [_cut(side, radius) for side in sides]
        if clock.is_over():
            break
    return None


def _cut(side: Side, radius: int) -> Side:
    """The side with a finite end in place of an infinite one."""
    low = _whole(-radius) if side.low is None else side.low
    return Side(side.name, low, _whole(radius) if side.high is None else side.high)


def _whole(number: int) -> Value:
    graph = Graph()
    return Value(graph, (), (graph.constant(number),))


def _numerators(system: System, infinite: Sequence[int]) -> tuple[list[tuple[int, ...]], int, list[int]] | None:
    """The numerators of slopes and of their sum along the ray, and the nodes of t, and of the unknowns or their u."""
    graph = system.graph
    time = graph.ref(graph.input("far t"))
    places = {node: graph.ref(graph.input(f"far u{k}")) if k in infinite else graph.ref(node)
              for k, node in enumerate(system.inputs)}  # fmt: skip
    moved = {node: places[node] / time for k, node in enumerate(system.inputs) if k in infinite}
    slopes = _put_in(graph, system.components, moved)
    along = [places[system.inputs[k]] * graph.ref(slopes[k]) for k in infinite]
    total = along[0] if len(along) == 1 else ops.add(*along)
    normal = Field(graph, plain=True)
    try:
        forms = normal.forms((*slopes, total.index))
        tops = [_factors(normal, graph, form.top, time.index) for form in forms if form.top != 0]
    except GivenUp:
        return None
    return (tops, time.index, [ref.index for ref in places.values()]) if tops else None


def _factors(normal: Field, graph: Graph, top: Any, time: int) -> tuple[int, ...]:
    """The factors of a numerator that may be 0 for t > 0."""
    nodes = [normal.node(factor) for factor, _ in factored(top)[1]]
    return tuple(node for node in nodes if node != time and graph.nodes[node].op is not ops.exp)


def _put_in(graph: Graph, outputs: Sequence[int], change: Mapping[int, Ref]) -> list[int]:
    """Nodes with others in the places of some inputs."""
    place: dict[int, int] = {node: ref.index for node, ref in change.items()}
    for index in graph.needed(outputs):
        if index not in place:
            op, operands, parameter = graph.nodes[index]
            place[index] = graph.emit(op, tuple(place[i] for i in operands), parameter) if operands else index
    return [place[node] for node in outputs]


def _nothing_beyond(
    graph: Graph, tops: Sequence[Sequence[int]], time: int, places: Sequence[int], sides: Sequence[Side],
    infinite: Sequence[int], radius: int, clock: Clock,
) -> bool:  # fmt: skip
    """Whether a numerator is not 0 wherever a variable of an infinite side is as large as the radius or larger."""
    intervals = Intervals()
    for first in infinite:
        for up in (False, True):
            if np.isfinite(sides[first].ends[int(up)]):
                continue
            boxes = _surface(sides, infinite, first, up, radius)
            whole = np.maximum(boxes.high - boxes.low, 1e-300)
            looked = 0
            while len(boxes):
                looked += len(boxes)
                if looked > _BOXES or clock.is_over() or ((boxes.high - boxes.low) < _SMALL * whole).all(axis=0).any():
                    return False
                inputs = {node: Interval(boxes.low[k], boxes.high[k]) for k, node in enumerate((time, *places))}
                values = intervals.evaluate(graph, inputs, [node for factors in tops for node in factors])
                gone = np.zeros(len(boxes), bool)
                for factors in tops:
                    apart = np.ones(len(boxes), bool)
                    for node in factors:
                        apart &= (values[node].low > 0) | (values[node].high < 0)
                    gone |= apart
                boxes = bisected(boxes.take(~gone), whole)
    return True


def _surface(sides: Sequence[Side], infinite: Sequence[int], first: int, up: bool, radius: int) -> Boxes:
    """Of t, then of the unknowns or their u: where one u is 1 or -1."""
    low, high = [0.0], [float(np.nextafter(1 / radius, np.inf))]
    for k, side in enumerate(sides):
        a, b = side.ends
        if k == first:
            a = b = 1.0 if up else -1.0
        elif k in infinite:  # u = x*t, of which a finite end is small
            end = abs(a if np.isfinite(a) else b if np.isfinite(b) else 0.0) / radius * (1 + 1e-12)
            a, b = (-1.0 if not np.isfinite(a) else -end), (1.0 if not np.isfinite(b) else end)
        low.append(a)
        high.append(b)
    return Boxes(np.array(low).reshape(-1, 1), np.array(high).reshape(-1, 1))
