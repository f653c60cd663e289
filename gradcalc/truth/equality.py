"""Are two formulas equal? By an exact normal form where that settles it, else by balls at many points.

    nodes ──▶ fractions of polynomials with rational coefficients, whose generators are inputs, constants and
              functions of such fractions ──▶ equal: a theorem, where both have a value
         └──▶ balls at points drawn at random ──▶ equal wherever tried: evidence, or a point where they differ

Imports arithmetic, graph and language.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from flint import Ordering, arb, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.language.exact import shifted
from gradcalc.language.format import format_node

_TERMS, _POWER = 2_000, 64
"""A fraction of more terms, or a power of more, is not multiplied out."""
_POINTS, _TRIED, _BITS = 20, 200, 256
_TEXT = 100_000


class Ratio(NamedTuple):
    """A reduced fraction of polynomials; the leading coefficient of the denominator is 1."""

    above: Any
    below: Any

    @property
    def text(self) -> str:
        """The same for equal fractions."""
        return f"{self.above}/{self.below}"


def simplified(graph: Graph, index: int) -> int:
    """A node that equals this one wherever this one has a value: its normal form, if that is shorter."""
    normal = _Normal(graph)
    try:
        (form,) = normal.forms([index])
    except _TooLong:
        return index
    found = [index, *normal.nodes(form)]
    return min(found, key=lambda each: len(format_node(graph, each, _TEXT)))


class _TooLong(Exception):
    """A fraction grows beyond what is worth its time, or divides by zero."""


def proved_equal(graph: Graph, first: int, second: int) -> bool:
    """Whether two nodes are equal wherever both have a value, by their normal forms; False says nothing."""
    if first == second:
        return True
    try:
        one, other = _Normal(graph).forms([first, second])
    except _TooLong:
        return False
    return one == other


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


class _Normal:
    """The state of one comparison: the ring, and a generator for each input and function."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.keys: dict[str, int] = {}
        self.made: list[int] = []

    def forms(self, outputs: Sequence[int]) -> list[Ratio]:
        """The normal forms of some nodes."""
        needed = self.graph.needed(outputs)
        self.ring = fmpq_mpoly_ctx.get([f"g{i}" for i in range(len(needed) + 1)], Ordering.lex)
        self.one = self.ring.from_dict({(0,) * (len(needed) + 1): fmpq(1)})
        found: dict[int, Ratio] = {}
        for index in needed:
            self.index = index
            found[index] = self._form(index, found)
        return [found[index] for index in outputs]

    def _form(self, index: int, found: dict[int, Ratio]) -> Ratio:
        op, operands, parameter = self.graph.nodes[index]
        if op is ops.const:
            number = _rational(parameter or "")
            return self._generator(parameter or "") if number is None else Ratio(self.one * number, self.one)
        if op is ops.input_:
            return self._generator(f"input {parameter}")
        parts = [found[i] for i in operands]
        if op in _RATIONAL:
            total = parts[0]
            for part in parts[1:]:
                total = _RATIONAL[op](self, total, part)
            return total
        if op is ops.one_minus_square:
            return self.minus(Ratio(self.one, self.one), self._power(parts[0], 2))
        if op is ops.neg:
            return Ratio(-parts[0].above, parts[0].below)
        if op is ops.powi:
            return self._power(parts[0], int(self.graph.nodes[operands[1]].parameter or "0"))
        if op is ops.pow:
            return self._general_power(operands, *parts)
        if op is ops.xlogy:
            log = ops.log(Ref(self.graph, operands[1])).index
            return self.times(parts[0], self._generator(f"log {parts[1].text}", log))
        if op is ops.hypot and len(parts) == 2:
            square = self.plus(self._power(parts[0], 2), self._power(parts[1], 2))
            return self._generator(f"{ops.sqrt.name} {square.text}")
        return self._generator(f"{op.name} {' ; '.join(part.text for part in parts)}")

    def _generator(self, key: str, node: int | None = None) -> Ratio:
        """The generator of a key, made now or before; it stands for a node, else for the one that is read."""
        if key not in self.keys:
            self.keys[key] = len(self.keys)
            self.made.append(self.index if node is None else node)
        return Ratio(self.ring.gens()[self.keys[key]], self.one)

    def _power(self, base: Ratio, count: int) -> Ratio:
        if abs(count) > _POWER or max(len(base.above), len(base.below)) ** min(abs(count), 8) > _TERMS**2:
            raise _TooLong
        above, below = (base.above, base.below) if count >= 0 else (base.below, base.above)
        return self._reduced(above ** abs(count), below ** abs(count))

    def _general_power(self, operands: Sequence[int], base: Ratio, exponent: Ratio) -> Ratio:
        """u^(v + n) as u^n * u^v, so that powers whose exponents differ by integers are told as multiples."""
        whole = 0
        if exponent.below == self.one:
            constant = exponent.above.to_dict().get((0,) * self.ring.nvars(), fmpq(0))
            whole = int(constant.p // constant.q)
        rest = self.plus(exponent, Ratio(self.one * -whole, self.one))
        u, v = (Ref(self.graph, i) for i in operands)
        root = self._generator(f"pow {base.text} ; {rest.text}", (u ** shifted(v, -whole)).index)
        return self.times(root, self._power(base, whole))

    def nodes(self, form: Ratio) -> Iterator[int]:
        """A fraction as nodes: multiplied out, and as a product of powers."""
        scale = lcm(*(int(each.q) for part in form for each in part.to_dict().values()))
        above, below = (part * scale for part in form)
        whole: Ref = self._sum(above) / self._sum(below)
        yield whole.index
        yield self._factored(form).index

    def _sum(self, polynomial: fmpq_mpoly) -> Ref:
        """A polynomial as a sum of products."""
        parts = polynomial.to_dict()
        first = next((powers for powers, coefficient in parts.items() if coefficient > 0), None)
        places = sorted(parts, key=lambda powers: powers != first)  # a - b, not -b + a; the others as they stand
        terms = [self._term(parts[powers], powers) for powers in places]
        if not terms:
            return Ref(self.graph, self.graph.constant(0))
        total: Ref = terms[0] if len(terms) == 1 else ops.add(*terms)
        if len(terms) == 2 and self.graph.nodes[terms[1].index].op is ops.neg:
            total = terms[0] - Ref(self.graph, self.graph.nodes[terms[1].index].operands[0])
        elif len(terms) == 2 and (number := self.graph.number(terms[1].index) or 0) < 0:
            total = terms[0] - -number
        return total

    def _term(self, coefficient: fmpq, powers: Sequence[int]) -> Ref:
        factors = [Ref(self.graph, node) ** power for node, power in zip(self.made, powers, strict=False) if power]
        return self._scaled(coefficient, factors)

    def _scaled(self, coefficient: fmpq, factors: Sequence[Ref]) -> Ref:
        """A rational number times some factors."""
        above, below = int(coefficient.p), int(coefficient.q)
        size = abs(above) if factors else above  # the minus of a product stands before it: a - 2*b
        factors = factors if abs(size) == 1 and factors else [Ref(self.graph, self.graph.constant(str(size))), *factors]
        product: Ref = factors[0] if len(factors) == 1 else ops.mul(*factors)
        product = -product if above != size else product
        return product if below == 1 else product / below

    def _factored(self, form: Ratio) -> Ref:
        """A fraction as a product of powers over another."""
        scale, above = form.above.factor() if form.above else (fmpq(0), [])
        below_scale, below = form.below.factor()
        scale = scale / below_scale
        product = self._scaled(fmpq(scale.p), [self._sum(part) ** power for part, power in above])
        under = self._scaled(fmpq(scale.q), [self._sum(part) ** power for part, power in below])
        quotient: Ref = product / under
        return quotient

    def _reduced(self, above: fmpq_mpoly, below: fmpq_mpoly) -> Ratio:
        if not below:
            raise _TooLong
        if len(above) > _TERMS or len(below) > _TERMS:
            raise _TooLong
        common = above.gcd(below) if above else below
        above, below = above // common, below // common
        leading = below.leading_coefficient()
        return Ratio(above / leading, below / leading)

    def plus(self, a: Ratio, b: Ratio) -> Ratio:
        """The sum of two fractions."""
        if a.below == b.below:
            return self._reduced(a.above + b.above, a.below)
        return self._reduced(a.above * b.below + b.above * a.below, a.below * b.below)

    def minus(self, a: Ratio, b: Ratio) -> Ratio:
        """Their difference."""
        return self.plus(a, Ratio(-b.above, b.below))

    def times(self, a: Ratio, b: Ratio) -> Ratio:
        """Their product."""
        return self._reduced(a.above * b.above, a.below * b.below)

    def over(self, a: Ratio, b: Ratio) -> Ratio:
        """Their quotient."""
        return self._reduced(a.above * b.below, a.below * b.above)


_RATIONAL: dict[Any, Callable[[_Normal, Ratio, Ratio], Ratio]] = {
    ops.add: _Normal.plus, ops.sub: _Normal.minus, ops.mul: _Normal.times, ops.div: _Normal.over,
}  # fmt: skip


def _rational(text: str) -> fmpq | None:
    """A constant as the rational it means, a decimal as its nearest double; None of others and of very long ones."""
    if len(text) > 40:
        return None
    try:
        exact = Fraction(
            float.fromhex(text) if "x" in text.lower() else int(text) if text.lstrip("-").isdecimal() else float(text)
        )
    except (ValueError, OverflowError):
        return None
    return fmpq(exact.numerator, exact.denominator)
