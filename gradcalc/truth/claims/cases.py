"""What may be the case at a point, and the equations that hold then: kinks, active constraints, faces. For `verify`.

    Question  a formula over a box, and switches that are open at first
    switch    a kink: what it compares with 0 is below, above or equal, and then its slope is one more unknown between
              those of its pieces (Clarke). An inequality: it holds with equality, or not. A side of the box, where
              values at its ends count too: the low end, inside, the high end.
    Case      the equations, once some switches are set

A point is critical if its gradient is 0; along constraints, by Fritz John: m0 grad f + sum of m_j grad h_j = 0 for the
active h_j, and the sum of all m^2 is 1. Of more than n active constraints in n variables n do: their gradients and that
of f depend on each other. While the switches of constraints and sides are open a case lacks equations: then a piece is
excluded by less. A kink may stay open: its slopes are then all those between. Clarke (1983), chapter 2; John (1948).

Imports verify.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.claims.boxes import Box, inertia
from gradcalc.truth.claims.derivatives import Number, System
from gradcalc.truth.claims.functions import rewritten
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Weak
from gradcalc.truth.claims.verify import COARSE, Case, Choices, Question, Side

BELOW, ON, ABOVE = -1, 0, 1
"""How the switch of a kink is set, or of a side; of an inequality ON if it holds with equality, else BELOW."""

_KINKED: dict[Any, Callable[..., Any]] = {
    ops.abs: lambda x: (x, -x, x), ops.relu: lambda x: (x, x - x, x), ops.leaky_relu: lambda x: (x, x / 5, x),
    ops.max: lambda a, b: (a - b, b, a), ops.min: lambda a, b: (a - b, a, b),
}  # fmt: skip
"""What a kink compares with 0, and what the op is where that is below and above."""


@dataclass(frozen=True)
class Constraint:
    """A node that is 0, or not above 0; and its text."""

    text: str
    node: int
    is_equation: bool


@dataclass(frozen=True)
class Held(Case):
    """A case under conditions.

    Attributes:
        along: of the kind: the function with multiples of constraints, by variables and multiples; None at a kink.
        active: the constraints that hold with equality.
    """

    along: System | None = None
    active: tuple[Constraint, ...] = ()

    def multipliers(self, on: Arithmetic, place: Box) -> dict[str, Interval]:
        """Of the constraints at a zero, by their text: m_j/m0."""
        marks = place[len(place) - len(self.active) - 1 :] if self.active else []
        return {each.text: on.over(mark, marks[0]) for each, mark in zip(self.active, marks[1:], strict=True)}

    def kind(self, on: Arithmetic, place: Box) -> dict[str, Any]:
        """The kind of a zero, its index, and under constraints whether the signs of multipliers are a minimum's."""
        if self.along is None:
            return {"kind": "kink"}
        count = len(self.along.unknowns) - len(self.active)
        marks = list(self.multipliers(on, place).values())
        plus, minus = inertia(self.along.matrix(on, [*place[:count], *marks]), on)
        plus, minus = plus - len(marks), minus - len(marks)
        bounded = [mark for mark, each in zip(marks, self.active, strict=True) if not each.is_equation]
        if any(low <= 0 <= high for low, high in bounded):
            raise Weak("the sign of a multiplier is not settled")
        least, greatest = (all(way * mark[0] > 0 for mark in bounded) for way in (1, -1))
        kind = "minimum" if least and not minus else "maximum" if greatest and not plus else "saddle"
        return {"kind": kind, "index": minus, **({"kkt": least} if len(place) > count else {})}


@dataclass(eq=False)
class Switched(Question):
    """What is asked where there is something to switch: the points, or where a function may be least.

    Args:
        extreme: whether values at the ends of the box count too.
    """

    extreme: bool = False
    _cases: dict[Choices, Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes = [*self.outputs, *(each.node for each in self.constraints)]
        self.nodes = [ref.index for ref in rewritten(self.graph, nodes, _in_pairs)]
        needed = self.graph.needed(self.nodes)
        kinks = [("kink", node) for node in needed if self.graph.nodes[node].op in _KINKED]
        active = [("constraint", k) for k, each in enumerate(self.constraints) if not each.is_equation]
        ends = [("side", k) for k in range(len(self.inputs)) if self.extreme]
        self.switches = [*active, *ends, *kinks]

    def split(self, choices: Choices, box: Box, which: int) -> list[tuple[Choices, Box]]:
        """A piece for each way in which a switch may be set, if it is there."""
        if choices[range(len(choices))[which]] is not None:
            raise Weak("a switch is set twice")
        known = dict(zip(self.case(choices).system.unknowns, box, strict=True))
        found = ((made, self._part(known, self.case(made))) for made in self.settings(choices, which))
        return [(made, part) for made, part in found if part is not None]

    def settings(self, choices: Choices, which: int) -> list[Choices]:
        """The ways in which a switch may be set."""
        ways = (BELOW, ON) if self.switches[which][0] == "constraint" else (BELOW, ON, ABOVE)
        found = [(*choices[:which], way, *choices[which + 1 :]) for way in ways]
        return [made for made in found if not self._is_crowded(made)]

    def _is_crowded(self, choices: Choices) -> bool:
        """Whether more constraints than variables are active: some of them are enough."""
        chosen = sum(kind == "constraint" and way == ON for (kind, _), way in zip(self.switches, choices, strict=True))
        return bool(chosen) and chosen + sum(each.is_equation for each in self.constraints) > len(self.inputs)

    def _part(self, known: Mapping[int, Interval], case: Case) -> Box | None:
        """A piece by the unknowns of a case; None where a side that is fixed to its end is not there."""
        fixed = {node: make(COARSE) for node, make in case.system.fixed.items() if node in known}
        if any(end[1] < known[node][0] or known[node][1] < end[0] for node, end in fixed.items()):
            return None
        return [known.get(node, side) for node, side in zip(case.system.unknowns, case.sides(COARSE)[0], strict=True)]

    # -- cases

    @cached_property
    def open_case(self) -> Held:
        """With all switches open."""
        return self.case((None,) * len(self.switches))

    def case(self, choices: Choices) -> Held:
        """The equations where some switches are set."""
        if choices not in self._cases:
            self._cases[choices] = self._made(dict(zip(self.switches, choices, strict=True)))
        return self._cases[choices]

    def _made(self, ways: Mapping[tuple[str, int], int | None]) -> Held:
        """Unknowns are the free variables, then multipliers, then slopes at kinks."""
        graph, ends = self.graph, {k: way for (kind, k), way in ways.items() if kind == "side"}
        fixed = {self.inputs[k]: self.sides[k][way > 0] for k, way in ends.items() if way}
        free = [k for k, node in enumerate(self.inputs) if node not in fixed]
        kinks = _Kinks({node: way for (kind, node), way in ways.items() if kind == "kink" and way is not None})
        function, *nodes = rewritten(graph, self.nodes, kinks.change)
        states = [ON if each.is_equation else ways["constraint", k] for k, each in enumerate(self.constraints)]
        active = [k for k, state in enumerate(states) if state == ON]
        unknowns, ranges = [self.inputs[k] for k in free], [self.sides[k] for k in free]
        parts: list[tuple[int, int | None]] = [(nodes[k].index, None) for k in active]
        along, marks = None, list[Ref]()
        if None not in states:
            if self.constraints:
                marks = [graph.ref(graph.input(f"multiplier {k}")) for k in range(len(active) + 1)]
                parts.append(((reduce(Ref.__add__, (mark**2 for mark in marks)) - 1).index, None))
            unknowns += [mark.index for mark in marks]
            ranges += [(whole(-2 if k else 0), whole(2)) for k in range(len(marks))]
            total = _sum(function * marks[0] if marks else function, marks[1:], [nodes[k] for k in active])
            parts = [*((total.index, k) for k, j in enumerate(free) if ends.get(j, ON) is not None), *parts]
            total = _sum(function, marks[1:], [nodes[k] for k in active])
            others = (*(self.inputs[k] for k in free), *(mark.index for mark in marks[1:]))
            along = System(graph, others, tuple((total.index, k) for k in range(len(others))), fixed)
        if not _are_means(graph, self.nodes, [node for node, way in kinks.ways.items() if way == ON]):
            parts = []  # nothing is known but that they are met
        below = (*(nodes[k].index for k, state in enumerate(states) if state != ON), *kinks.below)
        parts += [(node, None) for node in kinks.equal]
        ranges += [(whole(0), whole(1))] * len(kinks.slopes)
        unknowns += kinks.slopes
        system = System(graph, tuple(unknowns), tuple(parts), fixed, below=below, is_above=self.is_far)
        held = tuple(self.constraints[k] for k in active)
        return Held(system, ranges, function.index, None if kinks.slopes else along, held)


def _sum(total: Ref, marks: Sequence[Ref], nodes: Sequence[Ref]) -> Ref:
    """A node and multiples of others."""
    return reduce(Ref.__add__, (mark * node for mark, node in zip(marks, nodes, strict=True)), total)


def whole(value: int) -> Number:
    """A whole number."""
    return lambda on: on.whole(value)


# -- nodes rewritten ---------------------------------------------------------------------------------------------------


def _in_pairs(graph: Graph, node: int, refs: Sequence[Ref]) -> Any:
    """Each maximum of two numbers, and no roots of squares."""
    op, operands, _ = graph.nodes[node]
    if op in (ops.max, ops.min):
        return reduce(op, refs)
    if op is ops.clip:
        return ops.min(ops.max(refs[0], refs[1]), refs[2])
    below = graph.nodes[operands[0]] if op is ops.sqrt else None
    if below is not None and below.op is ops.powi and graph.number(below.operands[1]) == 2:
        return ops.abs(graph.ref(graph.nodes[refs[0].index].operands[0]))
    return None


@dataclass
class _Kinks:
    """Kinks by how they are set: what is not above 0, what is 0, and the slopes that are unknown then."""

    ways: Mapping[int, int]
    below: list[int] = field(default_factory=list)
    equal: list[int] = field(default_factory=list)
    slopes: list[int] = field(default_factory=list)

    def change(self, graph: Graph, node: int, refs: Sequence[Ref]) -> Ref | None:
        """What an op is with its kink set."""
        if node not in self.ways:
            return None
        compared, low, high = _KINKED[graph.nodes[node].op](*refs)
        if way := self.ways[node]:
            self.below.append((compared * -way).index)
            return low if way < 0 else high  # type: ignore[no-any-return]
        self.slopes.append(graph.input(f"a slope at {node}"))
        self.equal.append(compared.index)
        return low + graph.ref(self.slopes[-1]) * (high - low)  # type: ignore[no-any-return]


def _zero_for(some: int, graph: Graph, node: int, refs: Sequence[Ref]) -> Ref | None:
    return graph.ref(graph.constant(0)) if node == some else None


def _are_means(graph: Graph, outputs: Sequence[int], kinks: Sequence[int]) -> bool:
    """Whether slopes of some kinks, each between 0 and 1, make all means of the gradients of the pieces.

    So it is where a kink that stands in another one is used by one piece of that, and by nothing else. Elsewhere it is
    only proved where they do not all meet.
    """
    for inner, outer in ((a, b) for b in kinks for a in kinks if a != b and a in graph.needed([b])):
        op, operands, _ = graph.nodes[outer]
        pieces = [i for i in operands if inner in graph.needed([i])] * (1 + (op in (ops.abs, ops.leaky_relu)))
        without = rewritten(graph, outputs, partial(_zero_for, outer))
        if len(pieces) > 1 or inner in graph.needed([ref.index for ref in without]):
            return False
    return True


# -- infinite sides ----------------------------------------------------------------------------------------------------


def question_of(
    graph: Graph, names: Sequence[str], inputs: tuple[int, ...], sides: Any, outputs: tuple[int, ...],
    constraints: Sequence[Constraint] = (), **more: Any,
) -> Question:  # fmt: skip
    """What is asked: where there is nothing to switch, that of a smooth formula."""
    plain = Question(graph, names, inputs, sides, outputs, **more)
    made = plain if plain.is_roots else Switched(graph, names, inputs, sides, outputs, constraints=constraints, **more)
    return made if made.switches or constraints else plain


def in_parts(
    graph: Graph, names: Sequence[str], inputs: tuple[int, ...], ends: Sequence[Sequence[Number | None]],
    outputs: tuple[int, ...], constraints: Sequence[Constraint], roots: bool, radius: Any,
) -> list[Question]:  # fmt: skip
    """What is asked over sides that may be infinite, None: the part within a radius; then what lies beyond.

    Beyond it are the points x = u/t, 0 < t <= 1/radius, where one u is 1 or -1 and the others lie between: where f is
    critical, f(u/t) is, as a function of t and of the other u. At t = 0 it may have a pole.
    """
    endless = [k for k, side in enumerate(ends) if None in side]
    if endless and (constraints or isinstance(radius, bool) or not isinstance(radius, int) or radius < 1):
        raise Weak("infinite sides without a radius, or under constraints")
    near = [tuple(whole(way * radius) if end is None else end for end, way in zip(side, (-1, 1), strict=True))
            for side in ends]  # fmt: skip
    asked = question_of(graph, names, inputs, near, outputs, is_roots=roots, constraints=constraints)
    return [asked, *(_beyond(asked, ends, endless, k, way, radius)
                     for k in endless for way in (0, 1) if ends[k][way] is None)]  # fmt: skip


def _beyond(
    asked: Question, ends: Sequence[Sequence[Number | None]], endless: Sequence[int], k: int, way: int, radius: int
) -> Question:  # fmt: skip
    """What lies beyond the radius where one variable is the largest in size, below 0 or above."""
    graph, time = asked.graph, asked.graph.ref(asked.graph.input("far t"))
    scaled = {j: graph.ref(graph.input(f"far {asked.names[j]}")) if j != k else graph.ref(graph.constant(2 * way - 1))
              for j in endless}  # fmt: skip
    put = {asked.inputs[j]: scaled[j] / time for j in endless}
    outputs = rewritten(graph, asked.outputs, lambda graph, node, refs: put.get(node))
    others = [j for j in range(len(ends)) if j != k]
    sides = [_towards(ends[j], radius) if j in endless else ends[j] for j in others]
    inputs = (time.index, *(scaled[j].index if j in endless else asked.inputs[j] for j in others))
    names = ["t", *(f"{asked.names[j]}*t" if j in endless else asked.names[j] for j in others)]
    first = (whole(0), lambda on: on.scaled(on.whole(1), 1, radius))
    nodes = tuple(ref.index for ref in outputs)
    return question_of(graph, names, inputs, [first, *sides], nodes, is_roots=asked.is_roots, is_far=True)


def _towards(side: Sequence[Number | None], radius: int) -> Side:
    """The ends of u = x*t, where x is not beyond a finite end."""

    def end(given: Number | None, way: int) -> Number:
        if given is None:
            return whole(way)
        finite, outer = given, max if way > 0 else min
        return lambda on: tuple(outer(0, x) for x in on.scaled(finite(on), 1, radius))

    return end(side[0], -1), end(side[1], 1)
