"""Single points at which a claim may have no value, or one of its own: where a gate of it is 0, solved exactly.

    claim ──domains, branches, jumps──▶ gates: nodes that are 0 there ──normal form──▶ factors
          ──linear or quadratic in an input──▶ that input's value, the others being simple numbers: points

Imports identities, arithmetic and graph. Of gates that are no such
polynomials 0, pi and pi/2 are tried, where functions are 0: else nothing is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.exact_numbers import factored
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.identities import Field, GivenUp

_GATES, _POINTS, _NODES = 12, 40, 2000
"""Gates that are looked at, points that are told, and nodes of a claim, at most."""
_SIMPLE = ((2, 1, 3, 5, 4), (0.5, 0.25, 0.75, 1.5, 3), (-1, -2, 1, 2, -3), (1, 1, 1, 1, 1))
"""What the other inputs are, in turn."""


def gates(graph: Graph, claim: int, known: Sequence[int]) -> list[int]:
    """Nodes that are 0 where an op of a claim leaves its domain, jumps, or where a branch ends; but for known ops."""
    found: dict[int, None] = {}
    for index in sorted({*graph.needed([claim])} - {*graph.needed(known)}):
        op, operands, _ = graph.nodes[index]
        refs = [graph.ref(i) for i in operands]
        if op is ops.where:
            found |= dict.fromkeys(_differences(graph, operands[0]))
        if op.domain is not None and not (op is ops.powi and (graph.number(operands[1]) or 0) > 0):
            found |= dict.fromkeys(_differences(graph, op.domain(*refs).index))
        if op.kink is not None and op.at_kink.startswith("jump"):
            found |= dict.fromkeys(_differences(graph, op.kink(*refs).index))
    return list(found)[:_GATES]


def _differences(graph: Graph, condition: int) -> Iterator[int]:
    """The differences of what a condition compares."""
    op, operands, _ = graph.nodes[condition]
    if op in (ops.and_, ops.or_, ops.not_):
        for each in operands:
            yield from _differences(graph, each)
    elif op.is_condition and len(operands) == 2:
        difference = (graph.ref(operands[0]) - graph.ref(operands[1])).index
        if not graph.is_constant(difference):
            yield int(difference)


def points(
    graph: Graph, claim: int, known: Sequence[int], inputs: Mapping[str, int], balls: Balls
) -> Iterator[dict[str, arb]]:
    """Points at which a gate of the claim is 0."""
    if len(graph.needed([claim])) <= _NODES:
        found = (point for gate in gates(graph, claim, known) for point in _zeros(graph, gate, inputs, balls))
        yield from islice(found, _POINTS)


def _zeros(graph: Graph, gate: int, inputs: Mapping[str, int], balls: Balls) -> Iterator[dict[str, arb]]:
    """Points at which one gate is 0."""
    field = Field(graph, plain=True, decimals="written")
    try:
        (form,) = field.forms([gate])
        _, factors = factored(form.top) if not form.top.is_constant() else (1, [])
    except (GivenUp, ZeroDivisionError):
        return
    solved = False
    for name in inputs:
        place = field.place_of(name)
        for factor, _ in factors if place is not None else ():
            for root in _roots(field, factor, place or 0):
                solved = True
                yield from _at(graph, root, name, inputs, balls)
    if not solved:
        pi = graph.ref(graph.constant("pi"))
        for place in (graph.constant(0), pi.index, (pi / 2).index):
            for name in inputs:
                yield from _at(graph, place, name, inputs, balls)


def _roots(field: Field, factor: Any, place: int) -> Iterator[int]:
    """The values of an unknown at which a polynomial is 0, as nodes that have no such unknown."""
    parts: dict[int, dict[tuple[int, ...], Any]] = {}
    for powers, coefficient in factor.to_dict().items():
        parts.setdefault(int(powers[place]), {})[*powers[:place], 0, *powers[place + 1 :]] = coefficient
    degree = max(parts, default=0)
    if degree not in (1, 2):
        return
    c, b, a = (field.graph.ref(field.node(field.ring.from_dict(parts.get(k, {})))) for k in range(3))
    if degree == 1:
        yield int((-c / b).index)
        return
    root = ops.sqrt(b * b - 4 * a * c)
    for turned in (root, -root):
        yield int(((turned - b) / (2 * a)).index)


def _at(graph: Graph, root: int, name: str, inputs: Mapping[str, int], balls: Balls) -> Iterator[dict[str, arb]]:
    """The points with an input at a root, for some values of the others."""
    others = [other for other in inputs if other != name]
    if any(graph.nodes[i].op is ops.input_ and i == inputs[name] for i in graph.needed([root])):
        return
    for numbers in _SIMPLE[: 1 if not others else None]:
        given = {other: arb(numbers[k % len(numbers)]) for k, other in enumerate(others)}
        value = balls.evaluate(graph, {inputs[other]: ball for other, ball in given.items()}, [root])[root]
        if isinstance(value, arb) and value.is_finite():
            yield {each: given.get(each, value) for each in inputs}
