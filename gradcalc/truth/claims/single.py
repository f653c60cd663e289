"""Single points at which a claim may have no value, or one of its own: where a gate of it is 0, solved exactly.

    claim ──domains, branches, jumps──▶ gates: nodes that are 0 there ──normal form──▶ factors
          ──linear, quadratic or x^n = c in an input──▶ that input's value, the others being simple numbers: points

Imports identities, arithmetic and graph. Of gates that are no such
polynomials 0, pi and pi/2 are tried, where functions are 0: else nothing is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import ops
from gradcalc.graph.domain import defined, kinked, unconditional
from gradcalc.graph.graph import Graph, copied
from gradcalc.truth.claims.equality import assumptions, proved_equal
from gradcalc.truth.claims.identities import Field, GivenUp, Impossible, Quotient

_GATES, _POINTS, _NODES = 12, 40, 2000
"""Gates that are looked at, points that are told, and nodes of a claim, at most."""
_SIMPLE = ((2, 1, 3, 5, 4), (0.5, 0.25, 0.75, 1.5, 3), (-1, -2, 1, 2, -3), (1, 1, 1, 1, 1))
"""What the other inputs are, in turn."""


def gates(graph: Graph, claim: int, known: Sequence[int]) -> list[int]:
    """Nodes that are 0 where an op of a claim leaves its domain, jumps, or where a branch ends; but for known ops."""
    found = dict.fromkeys(_ends(graph, claim, known))
    for index in sorted({*graph.needed([claim])} - {*graph.needed(known)}):
        op, operands, _ = graph.nodes[index]
        if op.domain is not None and not (op is ops.powi and (graph.number(operands[1]) or 0) > 0):
            found |= dict.fromkeys(_differences(graph, op.domain(*map(graph.ref, operands)).index))
    return list(found)[:_GATES]


def _ends(graph: Graph, claim: int, known: Sequence[int]) -> list[int]:
    """Nodes that are 0 where an op of a claim jumps, or where a branch ends; but for known ops."""
    found: dict[int, None] = {}
    for index in sorted({*graph.needed([claim])} - {*graph.needed(known)}):
        op, operands, _ = graph.nodes[index]
        if op is ops.where:
            found |= dict.fromkeys(_differences(graph, operands[0]))
        if op.kink is not None and op.at_kink.startswith("jump"):
            found |= dict.fromkeys(_differences(graph, op.kink(*map(graph.ref, operands)).index))
    return list(found)


class Told(NamedTuple):
    """A derivative and a claim that are equal but perhaps where the claim jumps or a branch of it ends.

    Attributes:
        chain: the formula, and its derivatives but for the last.
        without: nodes each with the number that it has where the formula has a kink, or no derivative.
        inputs: those that nothing is put in for.
    """

    graph: Graph
    chain: Sequence[int]
    derivative: int
    claim: int
    without: Sequence[tuple[int, int]]
    inputs: Mapping[str, int]

    @classmethod
    def of(cls, graph: Graph, chain: Sequence[int], derivative: int, claim: int, inputs: Mapping[str, int]) -> "Told":
        """With the kinks of a formula."""
        kinks = [(kink, 1) for each in chain if (kink := kinked(graph, each)) is not None]
        return cls(graph, chain, derivative, claim, [*kinks, (defined(graph, derivative), 0)], inputs)

    def everywhere(self) -> bool:
        """Whether the two are proved equal there too.

        What is 0 there is solved for an input and put in, unless the formula has a kink there, or no derivative.
        """
        known = [*self.chain, self.derivative]
        ends = _ends(self.graph, self.claim, known)
        if not ends or len(ends) > _GATES:
            return not ends
        field = Field(self.graph, assumptions(self.graph, known, "written"), decimals="written")
        try:
            forms = field.forms([*ends, *_kinks(self.graph, self.chain, self.derivative)])
            parts = {str(part): part for form in forms[: len(ends)] for part in _parts(field, form)}
            kinks = {str(part) for form in forms[len(ends) :] for part in _parts(field, form)}
        except (GivenUp, Impossible, ZeroDivisionError):
            return False
        left = [part for name, part in parts.items() if name not in kinks and not field.is_never_zero(part)]
        return all(self._at(field, part) for part in left)

    def _at(self, field: Field, part: Any) -> bool:
        """The same where a polynomial is 0."""
        for name, index in self.inputs.items():
            place = field.place_of(name)
            roots = list(_roots(field, part, place)) if place is not None else []
            if roots and not any(index in self.graph.needed([root]) for root in roots):
                return all(self._with(name, root).is_equal() for root in roots)
        return False

    def _with(self, name: str, root: int) -> "Told":
        """With a node put in for an input."""
        nodes = [self.derivative, self.claim, *(node for node, _ in self.without), *self.chain]
        derivative, claim, *others = copied(self.graph, nodes, self.graph, {self.inputs[name]: root})
        without, chain = others[: len(self.without)], others[len(self.without) :]
        left = {other: index for other, index in self.inputs.items() if other != name}
        pairs = [(node, number) for node, (_, number) in zip(without, self.without, strict=True)]
        return Told(self.graph, chain, derivative, claim, pairs, left)

    def is_equal(self) -> bool:
        """Whether what was put in has no derivative, or whether the two are equal everywhere."""
        found = self.graph.ref(self.derivative)
        for node, number in self.without:
            found = ops.where(ops.eq(self.graph.ref(node), number), self.graph.ref(self.claim), found)
        return proved_equal(self.graph, int(found.index), self.claim, "written") and self.everywhere()


def _parts(field: Field, form: Quotient) -> Iterator[Any]:
    """What may be 0 where a form is: polynomials without roots."""
    for part, _ in field.factors(form)[1] if form.top else ():
        yield from (each for each, _ in field.factors(Quotient(field.without_roots(part), field.one))[1])


def _kinks(graph: Graph, chain: Sequence[int], derivative: int) -> list[int]:
    """Nodes that are 0 only where a formula has a kink, a branch of it ends, or where it has no derivative."""
    found: dict[int, None] = {}
    for index in sorted(unconditional(graph, [*chain, derivative])):
        op, operands, _ = graph.nodes[index]
        refs = [graph.ref(i) for i in operands]
        if op.kink is not None and not op.variadic:
            found |= dict.fromkeys(_equations(graph, op.kink(*refs).index))
        if op.domain is not None and not (op is ops.powi and (graph.number(operands[1]) or 0) > 0):
            found |= dict.fromkeys(_equations(graph, ops.not_(op.domain(*refs)).index))
    return list(found)


def _equations(graph: Graph, condition: int, negated: bool = False) -> Iterator[int]:
    """The differences any of which need only be 0 for a condition to hold, or not to hold."""
    op, operands, _ = graph.nodes[condition]
    if op is ops.not_:
        yield from _equations(graph, operands[0], not negated)
    elif op is (ops.and_ if negated else ops.or_):
        for each in operands:
            yield from _equations(graph, each, negated)
    elif op in ((ops.ne, ops.gt, ops.lt) if negated else (ops.eq, ops.ge, ops.le)):
        yield int((graph.ref(operands[0]) - graph.ref(operands[1])).index)


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
    """Points at which one gate is 0, solved as a fraction and by its normal form."""
    solved = dict.fromkeys(place for plain in (True, False) for place in _solved(graph, gate, inputs, plain))
    if not solved:
        pi = graph.ref(graph.constant("pi"))
        solved = dict.fromkeys((name, at) for at in (graph.constant(0), pi.index, (pi / 2).index) for name in inputs)
    for name, root in solved:
        yield from _at(graph, root, name, inputs, balls)


def _solved(graph: Graph, gate: int, inputs: Mapping[str, int], plain: bool) -> Iterator[tuple[str, int]]:
    """The inputs, each with a value of it at which a gate is 0."""
    field = Field(graph, plain=plain, decimals="written")
    try:
        (form,) = field.forms([gate])
        parts = list(_parts(field, form))
    except (GivenUp, Impossible, ZeroDivisionError):
        return
    for name in inputs:
        place = field.place_of(name)
        for root in (root for part in parts if place is not None for root in _roots(field, part, place)):
            if inputs[name] not in graph.needed([root]):
                yield name, root


def _roots(field: Field, factor: Any, place: int) -> Iterator[int]:
    """What an unknown may be where a polynomial is 0, as nodes without it; nothing if that is not known."""
    parts: dict[int, dict[tuple[int, ...], Any]] = {}
    for powers, coefficient in factor.to_dict().items():
        parts.setdefault(int(powers[place]), {})[*powers[:place], 0, *powers[place + 1 :]] = coefficient
    degree = max(parts, default=0)
    if not degree or degree > 2 and len(parts) > 2:
        return
    c, b, a = (field.graph.ref(field.node(field.ring.from_dict(parts.get(k, {})))) for k in (0, 1, degree))
    if degree > 2:
        root = ops.pow(ops.abs(c / a), ops.one / degree)
        yield from (int(root.index), int((-root).index))
        return
    if degree == 1:
        yield int((-c / b).index)
        return
    root = ops.sqrt(b * b - 4 * a * c)
    for turned in (root, -root):
        yield int(((turned - b) / (2 * a)).index)


def _at(graph: Graph, root: int, name: str, inputs: Mapping[str, int], balls: Balls) -> Iterator[dict[str, arb]]:
    """The points with an input at a root, for some values of the others."""
    others = [other for other in inputs if other != name]
    for numbers in _SIMPLE[: 1 if not others else None]:
        given = {other: arb(numbers[k % len(numbers)]) for k, other in enumerate(others)}
        value = balls.evaluate(graph, {inputs[other]: ball for other, ball in given.items()}, [root])[root]
        if isinstance(value, arb) and value.is_finite():
            yield {each: given.get(each, value) for each in inputs}
