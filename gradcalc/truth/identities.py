"""Nodes of a graph as quotients of polynomials: what is true of a matrix whatever its transcendental numbers are.

Each variable, and each number that no polynomial makes (`erf(x)`), is an unknown of its own: so a determinant that is 0
as a polynomial is 0 as a number. What is known of the unknowns helps: exp turns sums into products, sin and cos of
sums are those of their terms, the square of a root is its radicand. What is divided by has a value at the point that is
not 0, and so has no denominator here. Imports arithmetic and graph.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from flint import fmpq, fmpq_mpoly_ctx

from gradcalc.arithmetic.exact_numbers import Exact, exact
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

_UNKNOWNS, _TERMS, _POWER, _WORK = 64, 1_000, 12, 2_000_000
"""How many unknowns there may be, terms of a polynomial, its powers, and products of terms in all."""


_PI = ("const", "pi")


class _GivenUp(Exception):
    """There is no short quotient of polynomials."""


class Quotient(NamedTuple):
    """A quotient of polynomials without a common factor."""

    top: Any
    bottom: Any


class Identities:
    """Some nodes of a graph as quotients of polynomials.

    Args:
        balls: the ball or truth of every node at the point, which say where a branch goes.
        at_point: whether numbers that are exact at the point stand for themselves; else variables are unknowns.
    """

    def __init__(self, graph: Graph, balls: Sequence[Any], at_point: bool) -> None:
        self._graph, self._balls, self._at_point = graph, balls, at_point
        self._ring = fmpq_mpoly_ctx.get(("u", _UNKNOWNS), "lex")
        self._unknowns: dict[Any, Any] = {}
        self._powers: list[tuple[int, int, Quotient]] = []  # of roots: the unknown, its degree, the radicand
        self._exponentials: dict[Any, Quotient] = {}  # of unknowns that are logarithms
        self._work = 0
        self._one = self._ring.constant(1)
        self.values: dict[int, Quotient | None] = {}

    def vanish(self, entries: Mapping[tuple[int, int], int], pivots: Sequence[tuple[int, int]], size: int) -> bool:
        """Whether a matrix of nodes has no rank above the number of its pivots, which are not 0 at the point.

        Elimination by these pivots, each row without the common factor of its entries: as the pivots are not 0, each
        row is a sum of multiples of those of the pivots where nothing is left of it.
        """
        try:
            rows = self._polynomials(entries, size)
            for row, column in pivots:
                pivot_row = rows.pop(row)
                pivot = pivot_row.pop(column)
                for i, other in rows.items():
                    factor = other.pop(column, None)
                    if factor is not None:
                        rows[i] = self._eliminated(other, factor, pivot_row, pivot)
            return all(self._is_zero(entry) for row in rows.values() for entry in row.values())
        except (_GivenUp, KeyError):
            return False

    def _eliminated(self, row: Mapping[int, Any], factor: Any, pivot_row: Mapping[int, Any], pivot: Any) -> Any:
        """A row without the column of a pivot."""
        zero = self._ring.constant(0)
        return self._primitive(
            {
                j: self._times(pivot, row.get(j, zero)) - self._times(factor, pivot_row.get(j, zero))
                for j in row.keys() | pivot_row.keys()
            }
        )

    def _primitive(self, row: Mapping[int, Any]) -> dict[int, Any]:
        """A row without the common factor of its entries, and without what is 0."""
        left = {j: entry for j, entry in row.items() if not self._is_zero(entry)}
        common = reduce(lambda one, other: one.gcd(other), left.values(), self._ring.constant(0))
        return {j: entry // common for j, entry in left.items()}

    def _polynomials(self, entries: Mapping[tuple[int, int], int], size: int) -> dict[int, dict[int, Any]]:
        """The rows of a matrix, each times the denominators of its entries."""
        rows = {}
        for row in range(size):
            known = {j: self._known(node) for (i, j), node in entries.items() if i == row}
            common = self._one
            for entry in known.values():
                common = self._times(common, entry.bottom // common.gcd(entry.bottom))
            whole = {j: self._times(entry.top, common // entry.bottom) for j, entry in known.items()}
            rows[row] = self._primitive(whole)
        return rows

    def _is_zero(self, polynomial: Any) -> bool:
        """Whether a polynomial is 0, by what is known of its roots: of each power the rest beside whole radicands."""
        parts = [polynomial]
        for unknown, degree, radicand in reversed(self._powers):
            parts = [part for whole in parts for part in self._apart(whole, unknown, degree, radicand)]
        return all(part.is_zero() for part in parts)

    def _apart(self, whole: Any, unknown: int, degree: int, radicand: Quotient) -> list[Any]:
        """A polynomial sorted by what is left of the powers of a root, times a denominator."""
        terms = whole.to_dict()
        most = max((powers[unknown] // degree for powers in terms), default=0)
        parts = [self._ring.constant(0) for _ in range(degree)]
        for powers, coefficient in terms.items():
            times, left = divmod(powers[unknown], degree)
            rest = self._ring.from_dict({(*powers[:unknown], 0, *powers[unknown + 1 :]): coefficient})
            scale = self._times(self._power(radicand.top, times), self._power(radicand.bottom, most - times))
            parts[left] = parts[left] + self._times(rest, scale)
        return parts

    # -- nodes

    def _known(self, node: int) -> Quotient:
        """A node as a quotient."""
        for index in self._graph.needed([node]):
            if index not in self.values:
                try:
                    self.values[index] = self._value(index)
                except (_GivenUp, ZeroDivisionError):
                    self.values[index] = None
        found = self.values[node]
        if found is None:
            raise _GivenUp
        return found

    def _value(self, index: int) -> Quotient:
        op, operands, parameter = self._graph.nodes[index]
        ball = self._balls[index]
        number = exact(ball) if self._at_point or op is ops.const else None
        if number is not None:
            return self._exactly(number)
        if op is ops.where:
            truth = self._balls[operands[0]]
            if not isinstance(truth, bool):
                raise _GivenUp
            return self._operand(operands[1 if truth else 2])
        if not operands:
            return self._unknown((op.name, parameter))
        values = [self._operand(i) for i in operands]
        make = _OPS.get(op)
        if make is not None:
            made: Quotient = make(self, *values)
            return made
        if op in (ops.sin, ops.cos, ops.tan):
            return self.angle(op, values[0])
        return self._unknown((op.name, *map(str, values)))

    def _exactly(self, number: Exact) -> Quotient:
        """A rational, or a polynomial in a root or in pi."""
        if number.base is None:
            return self._number(number.value)
        radicand, degree = number.base
        base = self.root(degree, self._number(radicand)) if degree else self._unknown(_PI)
        terms = (self.mul(self._number(c), self.whole_power(base, i)) for i, c in enumerate(number.value.coeffs()))
        return self.add(*terms)

    def _operand(self, index: int) -> Quotient:
        value = self.values[index]
        if value is None:
            raise _GivenUp
        return value

    def _unknown(self, key: Any) -> Quotient:
        """An unknown by what makes it."""
        if key not in self._unknowns:
            if len(self._unknowns) == _UNKNOWNS:
                raise _GivenUp
            self._unknowns[key] = self._ring.gens()[len(self._unknowns)]
        return Quotient(self._unknowns[key], self._one)

    # -- arithmetic

    def _times(self, a: Any, b: Any) -> Any:
        self._work += len(a) * len(b)
        if len(a) * len(b) > _TERMS**2 or self._work > _WORK:
            raise _GivenUp
        product = a * b
        if len(product) > _TERMS:
            raise _GivenUp
        return product

    def _power(self, base: Any, exponent: int) -> Any:
        product = self._one
        for _ in range(exponent):
            product = self._times(product, base)
        return product

    def _number(self, ratio: Any) -> Quotient:
        return Quotient(self._ring.constant(fmpq(ratio)), self._one)

    def _made(self, top: Any, bottom: Any) -> Quotient:
        """A quotient in the one form that equal ones share."""
        if bottom.is_zero():
            raise _GivenUp
        common = top.gcd(bottom)
        top, bottom = top // common, bottom // common
        leading = bottom.leading_coefficient()
        return Quotient(top / leading, bottom / leading)

    def add(self, *values: Quotient) -> Quotient:
        """The sum."""
        total = values[0]
        for value in values[1:]:
            if total.bottom == value.bottom:
                total = self._made(total.top + value.top, total.bottom)
            else:
                top = self._times(total.top, value.bottom) + self._times(value.top, total.bottom)
                total = self._made(top, self._times(total.bottom, value.bottom))
        return total

    def mul(self, *values: Quotient) -> Quotient:
        """The product."""
        product = values[0]
        for value in values[1:]:
            product = self._made(self._times(product.top, value.top), self._times(product.bottom, value.bottom))
        return product

    def neg(self, value: Quotient) -> Quotient:
        """Minus a number."""
        return Quotient(-value.top, value.bottom)

    def sub(self, a: Quotient, b: Quotient) -> Quotient:
        """The difference."""
        return self.add(a, self.neg(b))

    def inverse(self, value: Quotient) -> Quotient:
        """One over a number."""
        return self._made(value.bottom, value.top)

    def div(self, a: Quotient, b: Quotient) -> Quotient:
        """The quotient."""
        return self.mul(a, self.inverse(b))

    def raised(self, base: Quotient, exponent: Quotient) -> Quotient:
        """A whole power of moderate size, or an unknown."""
        whole = exponent.top.is_constant() and exponent.bottom.is_one() and exponent.top.leading_coefficient()
        if whole == 0 or not whole or whole.q != 1 or abs(whole) > _POWER:
            return self._unknown(("pow", str(base), str(exponent)))
        return self.whole_power(base, int(whole.p))

    def whole_power(self, base: Quotient, exponent: int) -> Quotient:
        """A power by a whole number."""
        value = base if exponent >= 0 else self.inverse(base)
        return Quotient(self._power(value.top, abs(exponent)), self._power(value.bottom, abs(exponent)))

    # -- what is known of unknowns

    def root(self, degree: int, radicand: Quotient) -> Quotient:
        """A root, of which a power is known."""
        return self._root(("root", degree, str(radicand)), degree, radicand)

    def _root(self, key: Any, degree: int, radicand: Quotient) -> Quotient:
        is_new = key not in self._unknowns
        found = self._unknown(key)
        if is_new:
            self._powers.append((len(self._unknowns) - 1, degree, radicand))
        return found

    def hypot(self, *values: Quotient) -> Quotient:
        """The root of a sum of squares."""
        return self.root(2, self.add(*(self.mul(value, value) for value in values)))

    def exp(self, value: Quotient) -> Quotient:
        """The exponential: of a sum the product, of whole multiples the powers."""
        if not value.bottom.is_one():
            return self._unknown(("exp", str(value)))
        product = Quotient(self._one, self._one)
        for powers, coefficient in value.top.to_dict().items():
            if abs(coefficient.p) > _POWER:
                return self._unknown(("exp", str(value)))
            monomial = self._ring.from_dict({powers: fmpq(1, coefficient.q)})
            base = self._exponentials.get(str(monomial)) or self._unknown(("exp", str(monomial)))
            product = self.mul(product, self.whole_power(base, int(coefficient.p)))
        return product

    def log_sum_exp(self, *values: Quotient) -> Quotient:
        """A logarithm, of which the exponential is known."""
        whole = self.add(*map(self.exp, values))
        found = self._unknown(("log", str(whole)))
        self._exponentials[str(found.top)] = whole
        return found

    def sigmoid(self, value: Quotient) -> Quotient:
        """1/(1 + exp(-x))."""
        one = self._number(1)
        return self.inverse(self.add(one, self.exp(self.neg(value))))

    def tanh(self, value: Quotient) -> Quotient:
        """By the exponential of the double."""
        one, square = self._number(1), self.exp(self.add(value, value))
        return self.div(self.sub(square, one), self.add(square, one))

    def hyperbolic(self, sign: int, value: Quotient) -> Quotient:
        """The hyperbolic cosine and, with a minus, sine."""
        grown = self.exp(value)
        both = self.add(grown, self.mul(self._number(sign), self.inverse(grown)))
        return self.mul(both, self._number(fmpq(1, 2)))

    def angle(self, op: Op, value: Quotient) -> Quotient:
        """Sine, cosine and tangent: of a sum by those of its terms, with cos^2 + sin^2 = 1."""
        if not value.bottom.is_one():
            cosine, sine = self._pair(str(value))
        else:
            cosine, sine = self._number(1), self._number(0)
            for powers, coefficient in value.top.to_dict().items():
                cosine, sine = self._turned((cosine, sine), self._multiple(powers, coefficient))
        return {ops.cos: cosine, ops.sin: sine}.get(op) or self.div(sine, cosine)

    def _multiple(self, powers: Any, coefficient: Any) -> tuple[Quotient, Quotient]:
        """Cosine and sine of a term: of a small multiple by those of the term itself, of pi as they are."""
        part, whole = self._ring.from_dict({powers: fmpq(1, coefficient.q)}), int(coefficient.p)
        quarters = 2 * coefficient
        if quarters.q == 1 and self._ring.from_dict({powers: fmpq(1)}) == self._unknowns.get(_PI):
            turns = (1, 0, -1, 0)
            return self._number(turns[int(quarters.p) % 4]), self._number(turns[(int(quarters.p) - 1) % 4])
        if abs(whole) > _POWER:
            return self._pair(str(self._ring.from_dict({powers: coefficient})))
        cosine, sine = self._pair(str(part))
        once = cosine, sine if whole > 0 else self.neg(sine)
        found = once
        for _ in range(abs(whole) - 1):
            found = self._turned(found, once)
        return found

    def _pair(self, key: str) -> tuple[Quotient, Quotient]:
        """Cosine and sine of an angle that nothing is known of."""
        cosine = self._unknown(("cos", key))
        return cosine, self._root(("sin", key), 2, self.sub(self._number(1), self.mul(cosine, cosine)))

    def _turned(self, a: tuple[Quotient, Quotient], b: tuple[Quotient, Quotient]) -> tuple[Quotient, Quotient]:
        """Cosine and sine of the sum of two angles."""
        cosine = self.sub(self.mul(a[0], b[0]), self.mul(a[1], b[1]))
        return cosine, self.add(self.mul(a[1], b[0]), self.mul(a[0], b[1]))


_OPS: Mapping[Op, Any] = {
    ops.add: Identities.add, ops.sub: Identities.sub, ops.mul: Identities.mul, ops.div: Identities.div,
    ops.neg: Identities.neg, ops.powi: Identities.raised, ops.exp: Identities.exp, ops.sigmoid: Identities.sigmoid,
    ops.logsumexp: Identities.log_sum_exp, ops.hypot: Identities.hypot, ops.tanh: Identities.tanh,
    ops.sqrt: lambda field, x: field.root(2, x), ops.cbrt: lambda field, x: field.root(3, x),
    ops.cosh: lambda field, x: field.hyperbolic(1, x), ops.sinh: lambda field, x: field.hyperbolic(-1, x),
}  # fmt: skip
"""The ops of which something is known."""
