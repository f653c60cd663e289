"""Critical points at kinks: 0 lies between the slopes of the pieces that meet there (Clarke's subdifferential).

Near a kink each op that may meet its own has one of two slopes, or, exactly on it, any between. All cases are gone
through: for a set of ops on their kinks the unknowns are the point and a slope of each, the equations that the gradient
with these slopes is 0 and that each operand sits on its kink; the other ops keep one branch. Each case is a square
system of smooth equations, whose zeros are found and proved as any others; then the slopes must be inside their ranges,
and the branches be those that the operands choose. So where all cases are settled, nothing else is critical there.
Where a kink stands in another one, as in `abs(abs(x) - y)`, products of slopes need not meet all means of the pieces'
gradients: such a case is settled only where they do (`_are_means`).

Clarke, "Optimization and Nonsmooth Analysis" (1983), chapter 2.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, ctx, fmpq

from gradcalc.arithmetic.intervals import JUMP, KINK, OUTSIDE, Interval, Intervals
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.claims.equality import proved_equal
from gradcalc.truth.critical.prove import Proof, evaluated, exactly, proved
from gradcalc.truth.critical.search import Boxes, Enclosing, search
from gradcalc.truth.critical.solution import Outcome, Solution, kind_of
from gradcalc.truth.critical.system import System, of_equations, prepared

if TYPE_CHECKING:
    from gradcalc.truth.critical.find import Quest

_MOST = 3
"""Ops on their kinks near one point, at most."""


_RANGES: dict[ops.Op, tuple[Any, Any]] = {
    ops.abs: (fmpq(-1), fmpq(1)), ops.relu: (fmpq(0), fmpq(1)), ops.leaky_relu: (fmpq(1, 5), fmpq(1)),
    ops.where: (fmpq(0), fmpq(1)),
}  # fmt: skip
PIECES: dict[ops.Op, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    ops.abs: (lambda u: -u, lambda u: u), ops.relu: (lambda u: 0 * u, lambda u: u),
    ops.leaky_relu: (lambda u: u / 5, lambda u: u),
}  # fmt: skip
_ABOVE, _BELOW = (ops.gt, ops.ge), (ops.lt, ops.le)


def settled(quest: "Quest", outcome: Outcome, hull: Boxes) -> bool:
    """Whether all critical points of a hull are known now; those that are proved are entered."""
    system = quest.system
    if system.value is None:
        return False
    graph, output = system.graph, prepared(system.graph, system.value)
    reach = hull.high - hull.low + 1e-300
    wide = Boxes(hull.low - reach, hull.high + reach)
    active = _active(system, output, wide)
    if active is None or len(active) > _MOST:
        return False
    found: list[Solution] = []
    for case in product((None, False, True), repeat=len(active)):
        made = _case(quest, graph, output, dict(zip(active, case, strict=True)), wide)
        if made is None:
            return False
        found += made
    known = list(outcome.solutions)
    for each in found:
        if not any(all(a.overlaps(b) for a, b in zip(each.at, other.at, strict=True)) for other in known):
            outcome.solutions.append(each)
    return True


def _active(system: System, output: int, box: Boxes) -> list[int] | None:
    """The ops that may meet their kinks in a box; None where another one is not smooth there."""
    graph = system.graph
    enclosing = Enclosing(system)
    values = enclosing.values(box, (output,))
    found = []
    for node in graph.needed([output]):
        op, operands, _ = graph.nodes[node]
        if not operands or op.is_condition:
            continue
        own = values[node]
        if op is not ops.where:  # what the op itself raises: those below it may raise the same
            below = [values[i]._replace(flags=0) for i in operands]
            own = enclosing.own(op, below)
        raised = int(np.bitwise_or.reduce(np.asarray(own.flags), axis=None)) & (KINK | JUMP | OUTSIDE)
        if raised & OUTSIDE:
            return None
        if op in _RANGES and op is not ops.where:
            operand = values[operands[0]]
            if not bool(np.all((operand.low > 0) | (operand.high < 0))):
                found.append(node)
        elif op is ops.where:
            condition = values[operands[0]]
            if bool(np.any(condition.may & condition.fails)):
                if not is_continuous(system, node):
                    return None
                found.append(node)
        elif raised:
            return None
    return found


def boundary_of(graph: Graph, node: int) -> Ref | None:
    """What is positive where a `where` takes its first branch; None where its condition is not one comparison."""
    op, operands, _ = graph.nodes[graph.nodes[node].operands[0]]
    if op not in _ABOVE + _BELOW:
        return None
    one, other = map(graph.ref, operands)
    above: Ref = one - other if op in _ABOVE else other - one
    return above


def is_continuous(system: System, node: int) -> bool:
    """Whether the branches are proved equal all along their boundary: put in for a variable that it is linear in."""
    graph = system.graph
    boundary = boundary_of(graph, node)
    if boundary is None:
        return False
    for variable in system.inputs:
        (slope,) = derive.gradient(graph, boundary.index, [variable])
        factor = graph.number(slope)
        if factor:
            moved = graph.ref(variable) - boundary / factor
            one, other = (put_in(graph, each, variable, moved) for each in graph.nodes[node].operands[1:])
            return proved_equal(graph, one, other)
    return False


def put_in(graph: Graph, output: int, variable: int, value: Ref) -> int:
    """A formula with another in the place of a variable."""
    return _rebuilt(graph, output, {variable: lambda *_: value})[output]


def _rebuilt(graph: Graph, output: int, change: Mapping[int, Callable[..., Any]]) -> dict[int, int]:
    """Where each node that the output needs has gone, some of them changed: by functions of the new operands."""
    place: dict[int, int] = {}
    for index in graph.needed([output]):
        op, operands, parameter = graph.nodes[index]
        refs = [graph.ref(place[i]) for i in operands]
        if index in change:
            place[index] = graph.constant(0) if (made := change[index](*refs)) is None else made.index
        elif not operands:
            place[index] = index
        else:
            place[index] = graph.emit(op, tuple(ref.index for ref in refs), parameter)
    return place


def _case(
    quest: "Quest", graph: Graph, output: int, case: Mapping[int, bool | None], box: Boxes
) -> list[Solution] | None:
    """The critical points of one case; None where that is not settled."""
    slopes = {node: graph.ref(graph.input(f"slope {node}")) for node, branch in case.items() if branch is None}
    if len(slopes) > len(quest.system.inputs):
        return None
    change = {node: _branch(graph, node, branch, slopes.get(node)) for node, branch in case.items()}
    if len(slopes) > 1 and not _are_means(quest.system, output, change, slopes, box):
        return None
    place = _rebuilt(graph, output, change)
    operands = {node: _operand(graph, node, place) for node in case}
    gradient = derive.gradient(graph, place[output], quest.system.inputs)
    unknowns = (*quest.system.inputs, *(ref.index for ref in slopes.values()))
    system = of_equations(graph, (*gradient, *(operands[node] for node in slopes)), unknowns)
    ranges = [_RANGES[graph.nodes[node].op] for node in slopes]
    margin = 2.0**-10
    low = np.concatenate([box.low, np.array([[_double(a) - margin] for a, _ in ranges]).reshape(-1, 1)])
    high = np.concatenate([box.high, np.array([[_double(b) + margin] for _, b in ranges]).reshape(-1, 1)])
    found = search(system, Boxes(low, high), quest.clock)
    if len(found.left):
        return None
    made = []
    for k in range(len(found.zeros)):
        zero = found.zeros.take([k])
        proof = proved(system, zero.low[:, 0], zero.high[:, 0], quest.digits)
        if proof is None:
            return None
        count = len(quest.system.inputs)
        verdict = _fits(system, proof.at, proof.precision, [(operands[n], b) for n, b in case.items()], ranges, count)
        if verdict is None:
            return None
        if not verdict:
            continue
        proof = exactly(system, proof) or proof
        point = Proof(proof.at[:count], {}, proof.precision)
        where, point = quest.located(point)
        if where == "unknown":
            return None
        if where != "outside":
            values = evaluated(system, proof.precision, proof.at, [place[output]])
            kind = "kink" if slopes else _smooth_kind(quest, proof)
            made.append(Solution(point.at, values[place[output]], kind, None, where == "face", proof.precision))
    return made


def _are_means(
    system: System, output: int, change: Mapping[int, Callable[..., Any]], slopes: Mapping[int, Ref], box: Boxes
) -> bool:
    """Whether the gradients that slopes within their ranges make are all means of those of the pieces.

    So it is where the derivative D of the function by what each op gives keeps its sign for all slopes of the ops
    around it: then with t = slope*D the gradient is linear in the t of all ops, and these fill a polytope whose corners
    are the pieces, as D is linear in the t of the ops around.
    """
    graph = system.graph
    inputs = {node: Interval(box.low[k], box.high[k]) for k, node in enumerate(system.inputs)}
    for node, ref in slopes.items():
        least, most = _RANGES[graph.nodes[node].op]
        inputs[ref.index] = Interval(*(np.array([_double(end)]) for end in (least, most)))
    for node in slopes:
        given = graph.ref(graph.input(f"given {node}"))
        moved = _rebuilt(graph, output, {**change, node: lambda *_, given=given: given})[output]
        (factor,) = derive.gradient(graph, moved, [given.index])
        if any(ref.index in graph.needed([factor]) for ref in slopes.values()):
            inputs[given.index] = Enclosing(system).values(box, (node,))[node]
            found = Intervals().evaluate(graph, inputs, [factor])[factor]
            if not bool(np.all(found.low >= 0) or np.all(found.high <= 0)):
                return False
    return True


def _double(ratio: Any) -> float:
    return float(int(ratio.p) / int(ratio.q))


def _branch(graph: Graph, node: int, branch: bool | None, slope: Ref | None) -> Callable[..., Any]:
    """What an op becomes: one of its branches, or its operand times an unknown slope."""
    op = graph.nodes[node].op
    if op is ops.where:
        if slope is not None:
            return lambda c, a, b: b + slope * (a - b)
        return lambda c, a, b: a if branch else b
    if slope is not None:
        return lambda u: slope * u
    return PIECES[op][int(bool(branch))]


def _operand(graph: Graph, node: int, place: Mapping[int, int]) -> int:
    """What is 0 on the kink of an op, as it has become; positive where its last branch is taken."""
    if graph.nodes[node].op is not ops.where:
        return place[graph.nodes[node].operands[0]]
    boundary = boundary_of(graph, node)
    assert boundary is not None
    found = dict(place)
    for index in graph.needed([boundary.index]):
        if index not in found:
            op, operands, parameter = graph.nodes[index]
            found[index] = graph.emit(op, tuple(found[i] for i in operands), parameter) if operands else index
    return found[boundary.index]


def _fits(
    system: System, at: Sequence[arb], precision: int, operands: Sequence[tuple[int, bool | None]],
    ranges: Sequence[tuple[Any, Any]], count: int,
) -> bool | None:  # fmt: skip
    """Whether a zero is of its case: slopes inside their ranges, branches as the operands choose; None if unknown."""
    with ctx.workprec(precision):
        for slope, (least, most) in zip(at[count:], ranges, strict=True):
            if slope < arb(least) or slope > arb(most):
                return False
            if not (slope > arb(least) and slope < arb(most)):
                return None
        values = evaluated(system, precision, at, [node for node, _ in operands])
        for node, branch in operands:
            if branch is None:
                continue
            ball = values[node]
            if not isinstance(ball, arb):
                return None
            if ball > 0 if not branch else ball < 0:
                return False
            if ball.is_zero():
                return False  # on the kink: another case
            if not (ball > 0 or ball < 0):
                return None
    return True


def _smooth_kind(quest: "Quest", proof: Any) -> str:
    """The kind of a zero that is on no kink."""
    with ctx.workprec(proof.precision):
        return kind_of(proof.jacobian, len(quest.system.inputs))[0]
