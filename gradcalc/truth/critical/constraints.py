"""Critical points along equations and inequalities: Fritz John's conditions, a square system for each active set.

    m0 grad f + sum of m_j grad h_j = 0,   h_j = 0,   sum of m_j^2 = 1,   0 <= m0 <= 1

So the multipliers are bounded, and no regularity of the constraints is asked for: where m0 is 0 they have none, and
that is told. Told are m_j/m0, so that f + sum of m_j/m0 h_j has the gradient 0, with h = left - right of a constraint.
The kind is along the set: by the inertia of the Hessian of that sum bordered by the gradients, and by signs.

John (1948); Bertsekas, "Constrained Optimization and Lagrange Multiplier Methods" (1982).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph, Ref, copied
from gradcalc.language.formula import Formula
from gradcalc.language.relation import Constraint
from gradcalc.truth.critical import isolated
from gradcalc.truth.critical.box import Side
from gradcalc.truth.critical.find import LATE, UNPROVED_YET, Quest
from gradcalc.truth.critical.prove import Proof, evaluated, exact_guess, exactly, inertia, matrix
from gradcalc.truth.critical.regions import clusters, covering
from gradcalc.truth.critical.search import Boxes, Clock, Enclosing, together
from gradcalc.truth.critical.solution import Outcome, Solution
from gradcalc.truth.critical.system import System, of_equations

SIGN = "an inequality whose sign is not known"


# -- one active set ----------------------------------------------------------------------------------------------------


def fritz_john(graph: Graph, value: int, active: Sequence[int], slack: Sequence[int], inputs: Sequence[int]) -> System:
    """Fritz John's conditions with the constraints `active` as equations, and `slack` not above 0."""
    marks = [graph.ref(graph.input(f"multiplier {k}")) for k in range(len(active) + 1)]
    gradients = [derive.gradient(graph, node, inputs) for node in (value, *active)]
    components = []
    for k in range(len(inputs)):
        terms = [mark * graph.ref(gradient[k]) for mark, gradient in zip(marks, gradients, strict=True)]
        components.append(terms[0].index if len(terms) == 1 else ops.add(*terms).index)
    length = ops.add(*(mark**2 for mark in marks)) - 1 if len(marks) > 1 else marks[0] ** 2 - 1
    unknowns = (*inputs, *(mark.index for mark in marks))
    system = of_equations(graph, (*components, *active, length.index), unknowns)
    return replace(system, value=value, beside=tuple(active), below=tuple(slack))


@dataclass
class Along(Quest):
    """The critical points along one active set."""

    constraints: Sequence[Constraint] = ()
    active: Sequence[int] = ()
    slack: Sequence[int] = ()
    nodes: Sequence[int] = ()

    def _enter(self, outcome: Outcome, zero: Boxes) -> None:
        """Take down a zero whose multipliers and inequalities have known signs."""
        held: Outcome = Outcome()
        super()._enter(held, zero)
        count = len(self.sides)
        outcome.unsettled += [(Boxes(box.low[:count], box.high[:count]), why) for box, why in held.unsettled]
        for found in held.solutions:
            verdict = self._fits(found)
            if verdict is None:
                outcome.unsettled.append((Boxes(zero.low[:count], zero.high[:count]), SIGN))
            elif verdict:
                outcome.solutions.append(self._in_less(found))

    def _fits(self, found: Solution) -> bool | None:
        """Whether the inequalities that are not active hold for certain; None where that is not known."""
        if found.unknowns[len(self.sides)] < 0:
            return False  # the same point is met with the other signs
        values = evaluated(self.system, found.precision, found.unknowns, self.slack) if self.slack else []
        balls = [values[node] for node in self.slack]
        if any(isinstance(ball, arb) and ball > 0 for ball in balls):
            return False
        if not all(isinstance(ball, arb) and (ball < 0 or ball.is_zero()) for ball in balls):
            return None
        # one that holds with equality makes a larger active set, which sees the point: where there is such a set
        return not any(ball.is_zero() for ball in balls) or len(self.active) >= len(self.sides)

    def _in_less(self, found: Solution) -> Solution:
        """The same, where more constraints hold with equality than are active: in less space an extremum stays one."""
        values = evaluated(self.system, found.precision, found.unknowns, self.slack) if self.slack else []
        if found.kind in ("minimum", "maximum") or not any(values[node].is_zero() for node in self.slack):
            return found
        return replace(found, kind="degenerate", index=None)

    def solution(self, proof: Proof, on_face: bool) -> Solution:
        """A point with its multipliers and its kind along the set."""
        proof = exactly(self.system, proof) or self._exactly(proof) or proof
        count = len(self.sides)
        value = evaluated(self.system, proof.precision, proof.at, self.system.needed)[self.system.needed[0]]
        with ctx.workprec(proof.precision):
            first, *others = proof.at[count:]
            if first.contains(0):
                return Solution(
                    proof.at[:count], value, "degenerate", None, on_face, proof.precision, unknowns=proof.at
                )
            marks = [each / first for each in others]
            kind, index, optimal = self._kind(proof, marks)
        texts = {self.constraints[k].text: ball for k, ball in zip(self.active, marks, strict=True)}
        return Solution(
            proof.at[:count], value, kind, index, on_face, proof.precision, texts, unknowns=proof.at,
            optimal=optimal,
        )  # fmt: skip

    def _lagrangian(self) -> tuple[list[int], list[int]]:
        """The inputs of the multipliers, and the gradient of the function with so much of the constraints."""
        graph = self.system.graph
        scales = [graph.ref(graph.input(f"scale {k}")) for k in range(len(self.active))]
        terms = [scale * graph.ref(self.nodes[k]) for scale, k in zip(scales, self.active, strict=True)]
        assert self.system.value is not None
        total = ops.add(graph.ref(self.system.value), *terms) if terms else graph.ref(self.system.value)
        gradient = derive.gradient(graph, total.index, self.system.inputs[: len(self.sides)])
        return [scale.index for scale in scales], list(gradient)

    def _exactly(self, proof: Proof) -> Proof | None:
        """The same point at short numbers, where it and the multipliers m_j/m0 are such, whatever the m are."""
        count, graph = len(self.sides), self.system.graph
        with ctx.workprec(proof.precision):
            first, *others = proof.at[count:]
            guess = None if first.contains(0) else exact_guess([*proof.at[:count], *(m / first for m in others)], {})
        if guess is None:
            return None
        scales, gradient = self._lagrangian()
        at = dict(zip((*self.system.inputs[:count], *scales), guess, strict=True))
        wanted = [*gradient, *(self.nodes[k] for k in self.active)]
        values = self.system.balls(proof.precision).evaluate(graph, at, wanted)
        if not all(isinstance(values[node], arb) and values[node].is_zero() for node in wanted):
            return None
        return replace(proof, at=(*guess[:count], *proof.at[count:]))

    def _kind(self, proof: Proof, marks: Sequence[arb]) -> tuple[str, int | None, bool | None]:
        """The kind along the set; how many negative curvatures there are; whether the signs are those of a minimum."""
        graph, size = self.system.graph, len(self.sides)
        inputs = self.system.inputs[:size]
        scales, gradient = self._lagrangian()
        entries = derive.hessian(graph, gradient, inputs)
        slopes = [derive.gradient(graph, self.nodes[k], inputs) for k in self.active]
        at = dict(zip((*inputs, *scales), (*proof.at[:size], *marks), strict=True))
        wanted = [*entries.values(), *(node for row in slopes for node in row)]
        values = self.system.balls(proof.precision).evaluate(graph, at, wanted)
        hessian = matrix({place: values[node] for place, node in entries.items()}, size)
        rows = [[values[node] for node in row] for row in slopes]
        bounded = {n: ball for n, ball in enumerate(marks) if not self.constraints[self.active[n]].is_equation}
        optimal = True if all(ball > 0 or ball.is_zero() for ball in bounded.values()) else None
        optimal = False if any(ball < 0 for ball in bounded.values()) else optimal
        return *_kind_along(hessian, rows, bounded), optimal

    def _settled_otherwise(self, outcome: Outcome, hull: Boxes, rough: int) -> bool:
        return False

    def _rest(self, outcome: Outcome, left: Boxes, is_whole: bool) -> None:
        """Look for singular points first: there multipliers may be many, so the boxes are seen without them."""
        if self.clock.is_over():
            return super()._rest(outcome, left, is_whole)
        count, (low, high) = len(self.sides), self.box
        open_ = np.ones(len(left), bool)
        for members, is_cell in clusters(Boxes(left.low[:count], left.high[:count]), (high - low)[:count]):
            if not is_cell and not self.clock.is_over() and self._is_singular(outcome, left.take(members).hull()):
                open_[members] = False
        super()._rest(outcome, left.take(open_), is_whole)

    def _is_singular(self, outcome: Outcome, hull: Boxes) -> bool:
        """Where as many equations as variables are left without the multipliers: an isolated root of those.

        The gradients of f and of the active constraints depend on each other wherever there are multipliers: of one
        constraint fewer than variables their determinant is 0; of as many, nothing more is asked for.
        """
        count = len(self.sides)
        few = count - len(self.active) in (0, 1) and self.system.value is not None
        if not few or Enclosing(self.system).flags(hull):
            return False
        inputs, graph = self.system.inputs[:count], self.system.graph
        nodes = [self.nodes[k] for k in self.active]
        if len(nodes) < count and self.system.value is not None:
            rows = [derive.gradient(graph, node, inputs) for node in (self.system.value, *nodes)]
            nodes.append(_determinant([[graph.ref(each) for each in row] for row in rows]).index)
        plane = Quest(of_equations(graph, nodes, inputs), self.sides, self.digits, self.clock, classify=False)
        held = Outcome()
        if not isolated.settled(plane, held, Boxes(hull.low[:count], hull.high[:count])):
            return False
        found = [self._without_multipliers(each) for each in held.solutions]
        if any(each is None for each in found):
            return False
        for each in found:
            if isinstance(each, Solution) and not any(_meet(each, other) for other in outcome.solutions):
                outcome.solutions.append(each)
        return True

    def _without_multipliers(self, root: Solution) -> Solution | bool | None:
        """A point of exact numbers with its value; False where an inequality fails there, None where that is open."""
        assert self.system.value is not None
        at = dict(zip(self.system.inputs, root.at, strict=False))
        balls = self.system.balls(root.precision)
        values = balls.evaluate(self.system.graph, at, (self.system.value, *self.slack))
        slack = [values[node] for node in self.slack]
        if any(isinstance(ball, arb) and ball > 0 for ball in slack):
            return False
        value = values[self.system.value]
        if not isinstance(value, arb) or not all(isinstance(x, arb) and (x < 0 or x.is_zero()) for x in slack):
            return None
        return replace(root, value=value, kind="degenerate")


def _kind_along(
    hessian: Sequence[Sequence[Any]], slopes: Sequence[Sequence[Any]], bounded: Mapping[int, arb]
) -> tuple[str, int | None]:
    """The kind along a set; how many negative curvatures there are where all active constraints hold with equality.

    A step off a constraint whose multiplier is above 0 leads up, of one below 0 down; of one that is 0 the curvature
    decides, where that constraint is left out: a direction or its opposite obeys it.

    Args:
        hessian: of the Lagrangian; `slopes` the gradients of the active constraints.
        bounded: the multipliers of those that are inequalities, by their number.
    """
    whole = _curvatures(hessian, slopes)
    if whole is None or any(ball.contains(0) and not ball.is_zero() for ball in bounded.values()):
        return "degenerate", None
    rises, falls = (any(ways) for ways in zip(whole, *((ball > 0, ball < 0) for ball in bounded.values()), strict=True))
    free = [number for number, ball in bounded.items() if ball.is_zero()]
    if free and not (rises and falls):
        freed = _curvatures(hessian, [row for number, row in enumerate(slopes) if number not in free])
        if freed is None or all(freed) and len(free) > 1:
            return "degenerate", None
        rises, falls = rises or freed[0] > 0, falls or freed[1] > 0
    if rises and falls:
        return "saddle", None if free else whole[1]
    return ("maximum", None if free else whole[1]) if falls else ("minimum", 0)


def _curvatures(hessian: Sequence[Sequence[Any]], slopes: Sequence[Sequence[Any]]) -> tuple[int, int] | None:
    """How many curvatures along some constraints are positive and negative; None where that is not proved of all."""
    bordered, size = [list(line) for line in hessian], len(hessian)
    for number, row in enumerate(slopes):
        bordered = [[*line, row[k] if k < size else arb(0)] for k, line in enumerate(bordered)]
        bordered.append([*row, *[arb(0)] * (number + 1)])
    signs = inertia(bordered)
    return None if signs is None or signs[2] else (signs[0] - len(slopes), signs[1] - len(slopes))


def _meet(one: Solution, other: Solution) -> bool:
    return all(a.overlaps(b) for a, b in zip(one.at, other.at, strict=True))


def _determinant(rows: Sequence[Sequence[Ref]]) -> Ref:
    """The determinant of a square matrix of nodes."""
    if len(rows) == 1:
        return rows[0][0]
    total: Ref = rows[0][0] * _determinant([row[1:] for row in rows[1:]])
    for k, first in enumerate(rows[0][1:], 1):
        part = first * _determinant([[*row[:k], *row[k + 1 :]] for row in rows[1:]])
        total = total - part if k % 2 else total + part
    return total


def active_sets(constraints: Sequence[Constraint], size: int) -> Iterator[tuple[list[int], list[int]]]:
    """The constraints that hold with equality, and those that do not, of each case."""
    equations = [k for k, each in enumerate(constraints) if each.is_equation]
    others = [k for k, each in enumerate(constraints) if not each.is_equation]
    for count in range(max(0, min(len(others), size - len(equations))) + 1):
        for chosen in combinations(others, count):
            yield [*equations, *chosen], [k for k in others if k not in chosen]


def telling(nodes: Sequence[int], constraints: Sequence[Constraint]) -> list[int]:
    """The numbers of constraints that say something new: of those with the same left - right one, first an equation.

    Two that always hold with equality together make every such point singular.
    """
    order = sorted(range(len(nodes)), key=lambda k: not constraints[k].is_equation)
    first: dict[int, int] = {}
    for k in order:
        first.setdefault(nodes[k], k)
    return sorted(first.values())


def along(
    formula: Formula, constraints: Sequence[Constraint], sides: Sequence[Side], digits: int, clock: Clock, jobs: int
) -> Outcome:
    """All critical points along the constraints."""
    graph = formula.graph
    inputs = [graph.input(side.name) for side in sides]
    every = [copied(each.formula.graph, [each.formula.output], graph, {})[0] for each in constraints]
    kept = telling(every, constraints)
    nodes, constraints = [every[k] for k in kept], [constraints[k] for k in kept]

    def asked(active: list[int], slack: list[int]) -> Along:
        system = fritz_john(graph, formula.output, [nodes[k] for k in active], [nodes[k] for k in slack], inputs)
        more = Boxes(np.array([[-(2.0**-20)], *[[-1.01]] * len(active)]), np.full((len(active) + 1, 1), 1.01))
        return Along(
            system, sides, digits, clock, more, True, jobs, constraints, active, [nodes[k] for k in slack], nodes
        )  # fmt: skip

    sets = [partial(asked, *each) for each in active_sets(constraints, len(sides))]
    return _together(shared(sets, clock), sides)


def shared(sets: Sequence[Callable[[], Along]], clock: Clock) -> Iterator[Outcome | None]:
    """What each active set leads to, or None where no time was left to ask; one that takes long keeps no other waiting.

    Each has a share of half of the time at first. Those for which it is not enough are asked again with what is left.
    """
    end, seconds = clock.end, clock.seconds
    made: dict[int, Outcome] = {}
    waiting = list(range(len(sets)))
    for part in (2, 1) if len(sets) > 1 else (1,):
        for count, k in zip(range(len(waiting), 0, -1), tuple(waiting), strict=True):
            left = end - time.monotonic()
            if clock.interrupted or left <= 0:
                break
            share = left / (part * count)
            clock.end, clock.seconds = time.monotonic() + share, min(seconds, share)
            made[k] = sets[k]().run()
            clock.end, clock.seconds = end, seconds
            if made[k].is_whole and not any(why in (LATE, UNPROVED_YET) for _, why in made[k].unsettled):
                waiting.remove(k)
    yield from (made.get(k) for k in range(len(sets)))


def _together(outcomes: Iterable[Outcome | None], sides: Sequence[Side]) -> Outcome:
    """The points of all active sets, once each; where no time was left, few boxes that cover what is left of all."""
    total, late, count = Outcome(), list[Boxes](), len(sides)
    low, high = (np.array([[each.ends[k]] for each in sides]) for k in (0, 1))
    for made in outcomes:
        if made is None:
            made = Outcome(unsettled=[(Boxes(low, high), LATE)], is_whole=False)
        for each in made.solutions:
            _enter_once(total.solutions, each)
        for box, why in made.unsettled:
            here = Boxes(box.low[:count], box.high[:count])
            if why == LATE:
                late.append(here)
            else:
                total.unsettled.append((here, why))
        total.looked += made.looked
        total.is_whole &= made.is_whole
    rest = covering(together(late, count), high - low)
    total.unsettled += [(rest.take([k]), LATE) for k in range(len(rest))]
    return total


def _enter_once(known: list[Solution], found: Solution) -> None:
    """Take down a point; of one that several active sets meet, what tells most: an extremum, the signs of a minimum."""
    same = Balls(found.precision).functions[ops.eq]
    for k, other in enumerate(known):
        if all(same(a, b) is True for a, b in zip(found.at, other.at, strict=True)):
            known[k] = max(other, found, key=lambda each: (each.kind in ("minimum", "maximum"), each.optimal is True))
            return
    known.append(found)
