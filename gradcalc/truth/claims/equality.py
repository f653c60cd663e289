"""Are two formulas equal? By the normal form where that settles it, else by balls at many points.

    nodes --identities--> one normal form: equal wherever both have values, a theorem
         |     '-- signs that are open --> the same for each side of them: equal on a part of the domain
         '--balls at points drawn at random--> equal wherever tried: evidence, or a point where they differ

Imports identities, arithmetic, graph and language.
"""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import ops
from gradcalc.graph.domain import unconditional
from gradcalc.graph.graph import Graph
from gradcalc.language.format import format_node
from gradcalc.truth.claims.identities import Field, GivenUp, Impossible

_POINTS, _TRIED, _BITS = 20, 200, 256
_TEXT = 100_000
_CASES, _SIDES = 16, 4
"""Parts of the domain that are looked at, and signs that each is made by, at most."""


def simplified(graph: Graph, index: int) -> int:
    """A node that equals this one wherever this one has a value: its normal form as a fraction, if that is shorter."""
    field = Field(graph, plain=True)
    try:
        (form,) = field.forms([index])
        found = [index, *field.nodes(form)]
    except GivenUp:
        return index
    return min(found, key=lambda each: len(format_node(graph, each, _TEXT)))


class Case(NamedTuple):
    """A part of the domain: nodes that are at least 0 there; and whether two nodes are proved equal there."""

    sides: tuple[int, ...]
    equal: bool


def proved_equal(graph: Graph, first: int, second: int, decimals: str = "double") -> bool:
    """Whether two nodes are equal wherever both have a value, by their normal forms; False says nothing."""
    found = cases(graph, first, second, decimals=decimals)
    return first == second or bool(found) and all(case.equal for case in found)


def cases(
    graph: Graph, first: int, second: int, also: Sequence[int] = (), decimals: str = "double", sides: bool = True
) -> list[Case]:
    """The parts of the domain that signs divide it into, as far as that is needed to prove two nodes equal.

    Args:
        also: nodes that have a value too where it matters.
        sides: whether signs that are open divide the domain.
    """
    outputs = [first, second, *also]
    known, raised = assumptions(graph, outputs, decimals), _raised(graph, outputs)
    found: list[Case] = []
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        extra = waiting.pop()
        field = Field(graph, [*known, *extra], raised=raised, decimals=decimals)
        try:
            one, other = field.forms([first, second])
            if field.same(one, other):
                found.append(Case(extra, True))
                continue
            few = len(extra) < _SIDES and len(found) + len(waiting) < _CASES
            open_ = list(field.open.values()) if sides and few else []
            if open_:
                node = field.node(open_[0])
                waiting += [(*extra, int(ops.neg(graph.ref(node)).index)), (*extra, node)]
                continue
        except Impossible:
            continue
        except (GivenUp, ZeroDivisionError):
            pass
        found.append(Case(extra, False))
    return found


def assumptions(graph: Graph, outputs: Sequence[int], decimals: str = "double") -> list[int]:
    """Nodes that are at least 0 wherever some nodes have a value, by the domains of the ops that they need."""
    found: dict[int, None] = {}
    for index in sorted(unconditional(graph, outputs)):
        op, operands, _ = graph.nodes[index]
        if op is ops.pow:
            if _is_broken(graph, operands[1], decimals):
                found[operands[0]] = None
        elif op.domain is not None and op not in (ops.div, ops.powi):
            found |= dict.fromkeys(_implied(graph, op.domain(*map(graph.ref, operands)).index))
    return list(found)


def _raised(graph: Graph, outputs: Sequence[int]) -> list[tuple[int, int]]:
    """Base and exponent of powers that have a value wherever some nodes have one."""
    nodes = (graph.nodes[index] for index in sorted(unconditional(graph, outputs)))
    return [(operands[0], operands[1]) for op, operands, _ in nodes if op is ops.pow]


def _is_broken(graph: Graph, node: int, decimals: str) -> bool:
    """Whether a node is one number and that is not an integer."""
    if any(graph.nodes[index].op is ops.input_ for index in graph.needed([node])):
        return False
    number = Balls(_BITS, decimals).evaluate(graph, {}, [node])[node]
    return isinstance(number, arb) and number.is_finite() and not number.contains_integer()


def _implied(graph: Graph, condition: int) -> Iterator[int]:
    """Nodes that are at least 0 where a condition holds."""
    op, operands, _ = graph.nodes[condition]
    if op is ops.and_:
        for each in operands:
            yield from _implied(graph, each)
    if op in (ops.gt, ops.ge, ops.lt, ops.le):
        more, less = (graph.ref(i) for i in (operands if op in (ops.gt, ops.ge) else operands[::-1]))
        if graph.nodes[less.index].op is ops.abs:
            inner = graph.ref(graph.nodes[less.index].operands[0])
            yield from (int((more - inner).index), int((more + inner).index))
        elif graph.nodes[more.index].op is ops.abs:
            inner = graph.ref(graph.nodes[more.index].operands[0])
            yield int((inner * inner - less * less).index)
        else:
            yield int((more - less).index)


def agree(graph: Graph, first: int, second: int, seed: int = 0) -> int:
    """At how many of 20 random points, as far as both nodes have values, these overlap; -1 if they do not at one."""
    rng = random.Random(seed)
    inputs = [index for index in graph.needed([first, second]) if graph.nodes[index].op is ops.input_]
    found = 0
    for _ in range(_TRIED):
        balls = Balls(_BITS)
        point = {i: arb(rng.choice((1, 1, -1)) * rng.randint(1, 400)) / 128 for i in inputs}
        values = balls.evaluate(graph, point, [first, second])
        one, other = values[first], values[second]
        if isinstance(one, arb) and isinstance(other, arb):
            if not one.overlaps(other):
                return -1
            found += 1
        if found == _POINTS or found and not inputs:
            break
    return found
