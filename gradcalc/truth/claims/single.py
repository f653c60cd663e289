"""Single points at which a claim may have no value, or one of its own: where a gate of it is 0, solved exactly.

    claim ──domains, branches, jumps──▶ gates: nodes that are 0 there ──normal form──▶ factors
          ──linear, quadratic or x^n = c in an input──▶ that input's value, the others being simple numbers: points

Imports identities, arithmetic and graph. Of gates that are no such
polynomials 0, pi and pi/2 are tried, where functions are 0: else nothing is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import ops
from gradcalc.graph.domain import defined, kinked, unconditional
from gradcalc.graph.graph import Graph, Ref, copied
from gradcalc.truth.claims.equality import assumptions, proved_equal
from gradcalc.truth.claims.identities import Field, GivenUp, Impossible, Quotient

_GATES, _POINTS, _NODES, _OPEN = 12, 40, 2000, 3
"""Gates that are looked at, points that are told, nodes of a claim, and signs that the sides hang on, at most."""
_SIMPLE = ((2, 1, 3, 5, 4), (0.5, 0.25, 0.75, 1.5, 3), (-1, -2, 1, 2, -3), (1, 1, 1, 1, 1))
"""What the other inputs are, in turn."""


def gates(graph: Graph, claim: int, known: Sequence[int]) -> list[int]:
    """Nodes that are 0 where an op of a claim leaves its domain, jumps, or where a branch ends; but for known ops."""
    found = dict.fromkeys(_ends(graph, claim, known))
    for domain in _domains(graph, {*graph.needed([claim])} - {*graph.needed(known)}):
        found |= dict.fromkeys(_differences(graph, domain.index))
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
        without: nodes that are 1 where an op of the formula has a kink or no derivative, or 0 where it has no value.
        inputs: those that nothing is put in for.
        by: what it is derived for.
        sides: what the derivative was on both sides of what was put in first.
    """

    graph: Graph
    chain: Sequence[int]
    derivative: int
    claim: int
    without: Sequence[tuple[int, int]]
    inputs: Mapping[str, int]
    by: frozenset[int]
    sides: Sequence[int] = ()

    @classmethod
    def of(
        cls, graph: Graph, chain: Sequence[int], derivative: int, claim: int, inputs: Mapping[str, int],
        by: Sequence[str],
    ) -> "Told":  # fmt: skip
        """With the kinks of a formula."""
        kinks = [(kink, 1) for each in chain if (kink := kinked(graph, each)) is not None]
        kinks += [(int((1 - graph.ref(defined(graph, derivative))).index), 1)]
        lacks = [(defined(graph, each), 0) for each in chain]
        names = frozenset(graph.input(name) for name in by)
        return cls(graph, chain, derivative, claim, [*kinks, *lacks], inputs, names)

    def everywhere(self) -> bool:
        """Whether the two are proved equal there too.

        What is 0 there is solved for an input and put in. Where ops of the formula have a kink the derivative is what
        it is on both sides; where these differ the formula has none.
        """
        ends = _ends(self.graph, self.claim, ())
        if not ends or self.claim == self.derivative:
            return True
        if len(ends) > _GATES:
            return False
        field = self._field()
        try:
            kinks_of = [*_kinks(self.graph, self.chain), *_lacks(self.graph, [self.derivative])]
            groups = ends, kinks_of, _lacks(self.graph, self.chain)
            forms = iter(field.forms([node for nodes in groups for node in nodes]))
            parts, kinks, without = (
                {str(part): part for form in islice(forms, len(nodes)) for part in _parts(field, form)}
                for nodes in groups
            )
            left = [part for name, part in parts.items() if name not in without and not field.is_never_zero(part)]
            return all(self._at(field, part, str(part) in kinks) for part in left)
        except (GivenUp, Impossible, ZeroDivisionError):
            return False

    def _field(self, assumed: Sequence[int] = ()) -> Field:
        """Normal forms where the formula and its derivatives have values, and other nodes are above 0."""
        known = assumptions(self.graph, [*self.chain, self.derivative], "written")
        return Field(self.graph, [*known, *assumed], decimals="written")

    def _at(self, field: Field, part: Any, is_kink: bool) -> bool:
        """The same where a polynomial is 0; where that cannot be solved, whether the formula has a kink there."""
        sides = self.sides or self._sides(field, part)
        for name, index in self.inputs.items():
            place = field.place_of(name)
            roots = list(_roots(field, part, place)) if place is not None else []
            if roots and not any(index in self.graph.needed([root]) for root in roots):
                return all(self._with(name, root, sides).is_equal() for root in roots)
        return is_kink and self._differ(field.node(part), sides)

    def _sides(self, field: Field, part: Any) -> Sequence[int]:
        """What the derivative is on both sides of where a polynomial is 0; by its rules, where that is not known.

        Where that does not hang on what it is derived for, the rules are right.
        """
        node = field.node(part)
        by_rules = self.derivative, self.derivative
        if not self.by & {*self.graph.needed([node])}:
            return by_rules
        try:
            sides = [self._beside([*field.assumed, side], _OPEN) for side in (node, _minus(self.graph, node))]
        except (GivenUp, ZeroDivisionError):
            return by_rules
        return by_rules if None in sides else [int(side.index) for side in sides if side is not None]

    def _beside(self, assumed: Sequence[int], more: int) -> Ref | None:
        """The derivative where some nodes are above 0, by the signs that are open then; None where that is nowhere."""
        field = Field(self.graph, assumed, decimals="written")
        try:
            (form,) = field.forms([self.derivative])
        except Impossible:
            return None
        if not field.open or not more:
            return field.ref(form)
        node = field.node(next(iter(field.open.values())))
        one, other = (self._beside([*assumed, side], more - 1) for side in (node, _minus(self.graph, node)))
        return one and other and Ref(self.graph, ops.where(ops.ge(self.graph.ref(node), 0), one, other).index)

    def _differ(self, part: int, sides: Sequence[int]) -> bool:
        """Whether the sides differ where a node is 0, but perhaps where others are too."""
        one, other = map(self.graph.ref, sides)
        field = self._field()
        difference, zero = field.forms([(one - other).index, part])
        return field.is_seldom_zero(difference) and bool(difference.top.gcd(zero.top).is_constant())

    def _with(self, name: str, root: int, sides: Sequence[int]) -> "Told":
        """With a node put in for an input."""
        nodes = [self.derivative, self.claim, *sides, *(node for node, _ in self.without), *self.chain]
        derivative, claim, one, other, *rest = copied(self.graph, nodes, self.graph, {self.inputs[name]: root})
        without, chain = rest[: len(self.without)], rest[len(self.without) :]
        left = {other: index for other, index in self.inputs.items() if other != name}
        pairs = [(node, number) for node, (_, number) in zip(without, self.without, strict=True)]
        return Told(self.graph, chain, derivative, claim, pairs, left, self.by, (one, other))

    def is_equal(self) -> bool:
        """Whether what was put in has no derivative, or whether the two are equal everywhere."""
        found, claim, one, other = map(self.graph.ref, (self.derivative, self.claim, *self.sides))
        kink = ops.where(ops.eq(one, other), one, claim)
        for node, number in self.without:
            found = ops.where(ops.eq(self.graph.ref(node), number), kink if number else claim, found)
        is_same = proved_equal(self.graph, int(found.index), self.claim, "written")
        return is_same and self._is_same_where_sides_meet() and self.everywhere()

    def _is_same_where_sides_meet(self, assumed: Sequence[int] = (), more: int = _OPEN) -> bool:
        """Whether the claim is what both sides are where they are the same: one but for a multiple of their gap.

        Else the places where they are the same are solved for an input and put in. Where signs are open that the sides
        hang on, each is looked at, and where it turns.
        """
        one, claim = self.graph.ref(self.sides[0]), self.graph.ref(self.claim)
        gap = one - self.graph.ref(self.sides[1])
        field = self._field(assumed)
        try:
            apart, left = field.forms([gap.index, (one - claim).index])
            if field.open and more:
                turn = next(iter(field.open.values()))
                node = field.node(turn)
                beside = (
                    self._is_same_where_sides_meet([*assumed, n], more - 1) for n in (node, _minus(self.graph, node))
                )
                return all(beside) and self._at(field, field.without_roots(turn), False)
        except Impossible:
            return True
        except (GivenUp, ZeroDivisionError):
            return False
        if not apart.top or not left.top:
            return True
        meetings = [part for part, _ in field.factors(apart)[1] if left.top % part and not field.is_never_zero(part)]
        return all(self._at(field, field.without_roots(part), False) for part in meetings)


def _parts(field: Field, form: Quotient) -> Iterator[Any]:
    """What may be 0 where a form is: polynomials without roots."""
    for part, _ in field.factors(form)[1] if form.top else ():
        yield from (each for each, _ in field.factors(Quotient(field.without_roots(part), field.one))[1])


def _kinks(graph: Graph, chain: Sequence[int]) -> list[int]:
    """Nodes that are 0 only where an op of a formula has a kink or jumps."""
    found: dict[int, None] = {}
    for index in sorted(unconditional(graph, chain)):
        op, operands, _ = graph.nodes[index]
        if op.kink is not None and not op.variadic:
            found |= dict.fromkeys(_equations(graph, op.kink(*map(graph.ref, operands)).index))
    return list(found)


def _lacks(graph: Graph, chain: Sequence[int]) -> list[int]:
    """Nodes that are 0 only where a formula has no value."""
    found: dict[int, None] = {}
    for domain in _domains(graph, unconditional(graph, chain)):
        found |= dict.fromkeys(_equations(graph, ops.not_(domain).index))
    return list(found)


def _domains(graph: Graph, nodes: Iterable[int]) -> Iterator[Ref]:
    """The conditions under which the ops of some nodes have values."""
    for index in sorted(nodes):
        op, operands, _ = graph.nodes[index]
        if op.domain is not None and not (op is ops.powi and (graph.number(operands[1]) or 0) > 0):
            yield op.domain(*map(graph.ref, operands))


def _minus(graph: Graph, node: int) -> int:
    return int(ops.neg(graph.ref(node)).index)


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
