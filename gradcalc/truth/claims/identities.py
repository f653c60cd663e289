"""The normal form: nodes of a graph as quotients of polynomials with rational coefficients, over numbers with names.

    node --definitions of the table--> a few ops --identities--> quotient of polynomials in unknowns

An unknown is an input, a constant, or a function of quotients that no polynomial makes (`erf(x)`). What is known of
the unknowns is used: exp turns sums into products, powers and roots share one root of their base, log is a sum over
factors, sine and cosine of sums are those of their terms with sin^2 + cos^2 = 1, hyperbolic functions are
exponentials, gamma and Bessel functions are shifted to one argument or order. So nodes whose forms are equal are equal
wherever both have values, but perhaps for single points; from different forms nothing follows.

What holds on a part of the domain only, `sqrt(x^2) = x` and the branches of `where`, asks for signs: they are known
from what is `assumed` to be at least 0, from bounds of the unknowns, or they are `open`. Imports arithmetic and graph.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from flint import arb, fmpq, fmpq_mpoly_ctx, fmpz

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.exact_numbers import Exact, exact, factored
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op

_UNKNOWNS, _MOST_UNKNOWNS, _AGAIN = 8, 64, 12
"""How many unknowns a ring has at first and at most; how often it is begun anew."""
_TERMS, _DEGREE, _WORK, _POWER, _SHIFT = 1_000, 10_000, 1_000_000, 24, 24
_FACTORED, _FACTORED_DEGREE = 60, 1_000
"""How many terms and which degree a polynomial may have, products of terms there may be in all; the largest power of a
sum, multiple of an angle; how far an argument or an order is shifted; terms and degree of what is factored."""
_SMOOTH = fmpz(10) ** 15
"""Integers up to this one are factored."""
_BITS, _SOMEWHERE = 128, ((5, 11, 3, 17), (-7, 13, -19, 2), (43, 29, 97, 61), (1, 6, 2, 7))
"""With how many bits, and where, it is looked whether a number is 0; the points in eighths."""

Bounds = tuple[float, float]
_ANY, _POSITIVE = (-math.inf, math.inf), (0.0, math.inf)


class GivenUp(Exception):
    """There is no short quotient of polynomials."""


class Impossible(Exception):
    """What is assumed contradicts itself: it holds nowhere, but perhaps at single points."""


class _Again(Exception):
    """The ring has too few unknowns, or a root must be one of a higher degree."""


class Quotient(NamedTuple):
    """A quotient of polynomials without a common factor; the leading coefficient of the bottom is 1."""

    top: Any
    bottom: Any


Base = Any
"""What powers are of: a prime number, `_E`, or a polynomial that is no product."""
_E = "e"


class Field:
    """The normal forms of nodes.

    Args:
        assumed: nodes that are at least 0 where it matters.
        raised: the base and the exponent of powers that have a value where it matters.
        decimals: whether a decimal constant is its nearest "double" or as "written".
        number: the exact number that a node has at the point, if it has one there that is to stand for it.
        sign: the sign of a node, or the truth of a condition, at the point; None where it is not known.
        plain: only what is true of fractions and integer powers; all other ops are unknowns.

    Attributes:
        open: polynomials whose sign was asked for and is not known.
    """

    def __init__(
        self,
        graph: Graph,
        assumed: Sequence[int] = (),
        *,
        raised: Sequence[tuple[int, int]] = (),
        decimals: str = "double",
        number: Callable[[int], Exact | None] = lambda node: None,
        sign: Callable[[int], Any] = lambda node: None,
        plain: bool = False,
    ) -> None:
        self.graph, self.assumed, self.decimals, self.plain = graph, tuple(assumed), decimals, plain
        self._raising = tuple(raised)
        self._number, self._side = number, sign
        self._table = _PLAIN if plain else _OPS
        self._size = _UNKNOWNS
        self._degrees: dict[Any, int] = {}

    def forms(self, nodes: Iterable[int]) -> list[Quotient]:
        """The normal forms of some nodes.

        Raises:
            GivenUp: they are too long.
            Impossible: what is assumed holds nowhere.
        """
        nodes = list(nodes)
        for _ in range(_AGAIN):
            self._begin()
            try:
                waiting = [node for node in self.assumed if not self._assume(self.of(node))]
                if self._raising:  # powers are made anew, as the signs of their bases are known now
                    self._values.clear()
                    waiting = [*self.assumed]
                for node in waiting if len(self.assumed) > 1 else ():
                    self._assume(self.of(node))
                self._keep_integers()
                return [self.of(node) for node in nodes]
            except _Again:
                continue
        raise GivenUp

    def _begin(self) -> None:
        self.ring = fmpq_mpoly_ctx.get(("u", self._size), "lex")
        self._gens = self.ring.gens()
        self.one, self.zero = self.ring.constant(1), self.ring.constant(0)
        self.made: list[Callable[[], int]] = []  # of each unknown, what makes its node
        self.open: dict[str, Any] = {}
        self._keys: dict[Any, int] = {}
        self._bounds: list[Bounds] = []
        self._roots: list[tuple[int, int, Any]] = []  # the unknown, its degree, the polynomial that its power is
        self._powers: dict[int, tuple[Base, Quotient]] = {}  # unknowns that are a base to an exponent
        self._logs: dict[int, Base] = {}  # unknowns that are the logarithm of a base
        self._sizes: dict[int, Any] = {}  # unknowns that are the absolute value of a polynomial
        self._pairs: dict[str, tuple[int, int]] = {}  # by cos - 1 the unknowns cos and sin
        self._angles: dict[int, set[int]] = {}  # of sines and cosines what the angle is made of
        self._cosines: dict[int, Any] = {}  # by the unknown sin the polynomial cos
        self._applied: dict[Any, list[tuple[tuple[Quotient, ...], int]]] = {}
        self._signs: dict[str, int] = {}
        self._integers: list[tuple[fmpq, Quotient]] = []  # multiples of terms that are integers where it matters
        self._joined: set[str] = set()  # products that are not negative, though their factors may be
        self._used: set[Any] = set()
        self._values: dict[int, Quotient] = {}
        self._work = 0

    # -- nodes

    def of(self, node: int) -> Quotient:
        """The form of a node."""
        for index in self.graph.needed([node]):
            if index not in self._values:
                try:
                    self._values[index] = self._value(index)
                except (GivenUp, ZeroDivisionError):
                    if len(self.graph.nodes[index].operands) == 0 or not self.plain and self._work > _WORK:
                        raise GivenUp from None
                    self._values[index] = self._unknown(("node", index), partial(int, index))
        return self._values[node]

    def _value(self, index: int) -> Quotient:
        op, operands, parameter = self.graph.nodes[index]
        number = self._number(index)
        if number is not None:
            return self._exactly(number)
        if op is ops.const:
            return self._constant(parameter or "", index)
        if op is ops.input_:
            return self._unknown(("input", parameter), lambda: index)
        if op.is_condition:
            return Quotient(self.zero, self.one)  # asked for by `_truth`
        if op is ops.where and not self.plain:
            truth = self._truth(operands[0])
            if truth is not None:
                return self._values[operands[1 if truth else 2]]
            return self.apply((op, operands[0]), [self._values[i] for i in operands[1:]], lambda: index)
        values = [self._values[i] for i in operands]
        if op is ops.pow and not self.plain:
            return self.any_power(values[0], values[1], self._side(operands[0]))
        make = self._table.get(op)
        if make is not None:
            made: Quotient = make(self, *values)
            return made
        if op is ops.abs and not self.plain and (side := self._side(operands[0])):
            return self.neg(values[0]) if side < 0 else values[0]
        if op.define is not None and not self.plain:
            return self.of(op.define(*map(self.graph.ref, operands)).index)
        return self.apply(op, values, lambda: index)

    def _constant(self, text: str, index: int) -> Quotient:
        known = rational(text, self.decimals)
        if known is not None:
            return self.number(known)
        if text == "E" and not self.plain:
            return self.exp(self.number(1))
        if text == "tau":
            return self.mul(self.number(2), self.of(self.graph.constant("pi")))
        if text == "GoldenRatio" and not self.plain:
            half = self.number(fmpq(1, 2))
            return self.mul(half, self.add(self.number(1), self.power(self.number(5), half)))
        bounds = {"pi": (3.0, 4.0), "EulerGamma": (0.0, 1.0), "Catalan": (0.0, 1.0)}.get(text, _ANY)
        return self._unknown(("const", text), lambda: index, bounds)

    def _exactly(self, number: Exact) -> Quotient:
        """A rational, or a polynomial in a root or in pi."""
        if number.base is None:
            return self.number(number.value)
        radicand, degree = number.base
        pi = self._constant("pi", self.graph.constant("pi"))
        base = self.power(self.number(radicand), self.number(fmpq(1, degree))) if degree else pi
        terms = (self.mul(self.number(c), self.whole_power(base, i)) for i, c in enumerate(number.value.coeffs()))
        return self.add(*terms)

    def _unknown(self, key: Any, node: Callable[[], int], bounds: Bounds = _ANY) -> Quotient:
        """The unknown of a key, made now or before."""
        if key not in self._keys:
            if len(self.made) == self._size:
                if self._size >= _MOST_UNKNOWNS:
                    raise GivenUp
                self._size *= 2
                raise _Again
            self._keys[key] = len(self.made)
            self.made.append(node)
            self._bounds.append(bounds)
        return Quotient(self._gens[self._keys[key]], self.one)

    def apply(self, op: Any, values: Sequence[Quotient], node: Callable[[], int]) -> Quotient:
        """The unknown of a function of quotients: the same for equal ones, and minus it for opposite ones if odd."""
        before = self._applied.setdefault(op, [])
        for others, index in before:
            if all(map(self.same, values, others)):
                return Quotient(self._gens[index], self.one)
            if op in _ODD and self.add(values[0], others[0]).top.is_zero():
                return Quotient(-self._gens[index], self.one)
        found = self._unknown((op, len(before)), node, _BOUNDED.get(op, _ANY))
        before.append((tuple(values), self._keys[op, len(before)]))
        return found

    def of_node(self, op: Op, value: Quotient) -> Quotient:
        """The unknown of an op of one operand."""
        return self.apply(op, [value], lambda: op(self.ref(value)).index)

    def place_of(self, name: str) -> int | None:
        """Which unknown an input is, if it is one."""
        return self._keys.get(("input", name))

    # -- arithmetic

    def times(self, a: Any, b: Any) -> Any:
        """The product of two polynomials."""
        size = len(a) * len(b)
        self._work += size
        if size > _TERMS**2 or self._work > _WORK:
            raise GivenUp
        product = a * b
        if len(product) > _TERMS or product.total_degree() > _DEGREE:
            raise GivenUp
        return self._reduced(product) if self._roots else product

    def _reduced(self, polynomial: Any) -> Any:
        """A polynomial without powers of roots that are known."""
        for unknown, degree, radicand in reversed(self._roots):
            if polynomial.degrees()[unknown] >= degree:
                parts: dict[int, dict[tuple[int, ...], Any]] = {}
                for powers, coefficient in polynomial.to_dict().items():
                    times, left = divmod(powers[unknown], degree)
                    parts.setdefault(times, {})[*powers[:unknown], left, *powers[unknown + 1 :]] = coefficient
                polynomial = self.zero
                for times, part in parts.items():
                    polynomial = polynomial + self.times(self.ring.from_dict(part), self._raised(radicand, times))
        return polynomial

    def _raised(self, base: Any, exponent: int) -> Any:
        if len(base) and base.total_degree() * exponent > _DEGREE:
            raise GivenUp
        if not len(base) or len(base) == 1 and (exponent < _POWER or base.leading_coefficient() == 1):
            power = base**exponent
            return self._reduced(power) if self._roots else power
        if exponent > _POWER or math.comb(len(base) + exponent - 1, exponent) > 4 * _TERMS:
            raise GivenUp
        product = self.one
        for _ in range(exponent):
            product = self.times(product, base)
        return product

    def number(self, ratio: Any) -> Quotient:
        """A rational number."""
        return Quotient(self.ring.constant(fmpq(ratio)), self.one)

    def _made(self, top: Any, bottom: Any) -> Quotient:
        """A quotient without a common factor."""
        if bottom.is_zero():
            raise ZeroDivisionError
        if bottom.is_constant():
            return Quotient(top / bottom.leading_coefficient(), self.one)
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
                top = self.times(total.top, value.bottom) + self.times(value.top, total.bottom)
                total = self._made(top, self.times(total.bottom, value.bottom))
        return total

    def mul(self, *values: Quotient) -> Quotient:
        """The product."""
        product = values[0]
        for value in values[1:]:
            product = self._made(self.times(product.top, value.top), self.times(product.bottom, value.bottom))
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

    def same(self, a: Quotient, b: Quotient) -> bool:
        """Whether two numbers are equal by what is known of the unknowns."""
        return a == b or bool(self.sub(a, b).top.is_zero())

    def whole_power(self, base: Quotient, exponent: int) -> Quotient:
        """A power by a whole number."""
        value = base if exponent >= 0 else self.inverse(base)
        return self._made(self._raised(value.top, abs(exponent)), self._raised(value.bottom, abs(exponent)))

    def integer_power(self, base: Quotient, exponent: Quotient) -> Quotient:
        """A power by a constant integer, or an unknown where that is too long."""
        whole = self.fixed(exponent)
        if whole is None or whole.q != 1:
            raise GivenUp
        try:
            return self.whole_power(base, int(whole.p))
        except GivenUp:
            return self.apply((ops.powi, int(whole.p)), [base], lambda: int((self.ref(base) ** int(whole.p)).index))

    def any_power(self, base: Quotient, exponent: Quotient, side: int | None = None) -> Quotient:
        """A power: its base is not negative, unless its exponent is an integer.

        Args:
            side: the sign of the base, if it is known at the point.
        """
        whole = self.fixed(exponent)
        if whole is not None:
            return self.integer_power(base, exponent) if whole.q == 1 else self.power(base, exponent)
        side = side or self.sign(base)
        if side is None:
            return _plain_power(self, base, exponent)
        if side >= 0:
            return self.power(base, exponent)
        return self.mul(self._parity(exponent), self.power(self.neg(base), exponent))

    def _parity(self, value: Quotient) -> Quotient:
        """-1 to a number that is an integer wherever it matters: by those of its terms where these are integers too."""
        rest, odd = value, False
        if value.bottom.is_one() and (constant := self.constant_term(value)).q == 1:
            rest, odd = self.sub(value, self.number(constant)), bool(constant.p % 2)
        counts = [
            (term, unit, int((times / unit).p))
            for times, term in self._terms(rest)
            for unit in [next((u for u, known in self._integers if known == term and (times / u).q == 1), None)]
            if unit is not None
        ]
        found = self.number(-1 if odd else 1)
        if len(counts) < len(rest.top):
            return self.mul(found, self._parity_of(rest))
        for term, unit, times in counts:
            if times % 2:
                found = self.mul(found, self._parity_of(self.mul(self.number(unit), term)))
        return found

    def _parity_of(self, value: Quotient) -> Quotient:
        """The same as an unknown, whose square is 1; of opposite numbers the same."""
        if value.top.leading_coefficient() < 0:
            value = self.neg(value)
        key = ("parity", str(value))
        is_new = key not in self._keys
        pi = self.graph.ref(self.graph.constant("pi"))
        found = self._unknown(key, lambda: ops.cos(self.ref(value) * pi).index, (-1.0, 1.0))
        if is_new:
            self._roots.append((self._keys[key], 2, self.one))
        return found

    def _keep_integers(self) -> None:
        """The exponents of negative bases are integers."""
        for base, exponent in self._raising:
            if self.sign(self.of(base)) == -1:
                terms = [(abs(times), term) for times, term in self._terms(self.of(exponent))]
                whole = [(times, term) for times, term in terms if self.fixed(term) is not None and times.q == 1]
                self._integers += [each for each in terms if each not in whole] if len(terms) - len(whole) == 1 else []

    def fixed(self, value: Quotient) -> fmpq | None:
        """The rational number that a quotient is, if it is one."""
        if not (value.bottom.is_one() and value.top.is_constant()):
            return None
        return fmpq(0) if value.top.is_zero() else value.top.leading_coefficient()

    # -- factors and signs

    def factors(self, value: Quotient) -> tuple[fmpq, list[tuple[Any, int]]]:
        """A rational number and polynomials, whose leading coefficients are positive integers, with their powers."""
        scale, found = fmpq(1), dict[str, tuple[Any, int]]()
        for polynomial, times in ((value.top, 1), (value.bottom, -1)):
            if polynomial.is_constant():
                scale *= polynomial.leading_coefficient() ** times
                continue
            factor, parts = factored(polynomial) if self._is_short(polynomial) else (fmpq(1), [(polynomial, 1)])
            scale *= factor**times
            for part, power in parts:
                leading = part.leading_coefficient()
                if leading < 0:
                    part, scale = -part, scale * fmpq(-1) ** int(power)
                found[str(part)] = part, times * int(power)
        for one_minus, (cosine, sine) in self._pairs.items() if len(found) > 1 else ():
            one_plus = str(self._gens[cosine] + 1)
            both = one_minus in found and one_plus in found and found[one_minus][1] == found[one_plus][1]
            if both and self._sign(self._gens[sine]) is not None:
                power = found.pop(one_minus)[1]
                found.pop(one_plus)
                scale *= fmpq(-1) ** power
                found[f"sine {sine}"] = self._gens[sine], 2 * power
        return scale, list(found.values())

    def _is_short(self, polynomial: Any) -> bool:
        """Whether a polynomial is factored."""
        return len(polynomial) == 1 or len(polynomial) <= _FACTORED and polynomial.total_degree() <= _FACTORED_DEGREE

    def sign(self, value: Quotient) -> int | None:
        """1 where a number is at least 0, -1 where it is at most 0; None where neither is known."""
        if value.top.is_zero():
            return 0
        scale, factors = self.factors(value)
        whole = 1 if scale > 0 else -1
        signs = [self._sign(factor) for factor, power in factors if power % 2]
        return None if None in signs else whole * math.prod(sign or 0 for sign in signs)

    def _sign(self, factor: Any) -> int | None:
        name = str(factor)
        found = self._signs.get(name)
        if found is None:
            low, high = self._range(factor)
            found = 1 if low >= 0 or self._is_definite(factor) else -1 if high <= 0 else None
            if found is not None:
                self._signs[name] = found
            else:
                self.open.setdefault(name, factor)
        return found

    def _range(self, polynomial: Any) -> Bounds:
        """Between which numbers a polynomial lies, by those between which the unknowns do."""
        low = high = 0.0
        for powers, coefficient in polynomial.to_dict().items():
            if coefficient.q != 1 or abs(coefficient.p) > 2**40:
                return _ANY
            least = most = float(int(coefficient.p))
            for unknown, power in enumerate(map(int, powers)):
                if power:
                    below, above = self._bounds[unknown]
                    if power > 1 and max(-below, above) not in (0.0, 1.0, math.inf) or power > 30:
                        return _ANY
                    ends = (below**power, above**power) if power % 2 or below >= 0 else (0.0, max(-below, above))
                    products = [0.0 if 0 in (a, b) else a * b for a in (least, most) for b in ends]
                    least, most = min(products), max(products)
            low, high = low + least, high + most
        return low, high

    def _is_definite(self, polynomial: Any) -> bool:
        """Whether it is a quadratic polynomial in one unknown that is never 0; its leading coefficient is positive."""
        degrees = [(i, power) for i, power in enumerate(polynomial.degrees()) if power]
        if len(degrees) != 1 or degrees[0][1] != 2:
            return False
        place = degrees[0][0]
        a, b, c = (self._coefficient(polynomial, place, power) for power in (2, 1, 0))
        return bool(b * b < 4 * a * c)

    def is_never_zero(self, polynomial: Any) -> bool:
        """Whether a polynomial with a positive leading coefficient is proved to be 0 nowhere."""
        low, high = self._range(polynomial)
        return low > 0 or high < 0 or self._is_definite(polynomial)

    def without_roots(self, polynomial: Any) -> Any:
        """A polynomial without roots and absolute values that is 0 wherever this one is."""
        for unknown, degree, radicand in reversed(self._roots):
            if polynomial.degrees()[unknown] and unknown not in self._angles:
                polynomial = polynomial.resultant(self._gens[unknown] ** degree - radicand, unknown)
        return polynomial

    def constant_term(self, value: Quotient) -> fmpq:
        """The constant of a polynomial."""
        return self._coefficient(value.top, 0, 0)

    def _coefficient(self, polynomial: Any, unknown: int, power: int) -> fmpq:
        powers = [0] * self._size
        powers[unknown] = power
        return fmpq(polynomial.to_dict().get(tuple(powers), 0))

    def _assume(self, value: Quotient) -> bool:
        """Take a number to be at least 0: the sign of a factor follows where those of the others are known.

        Returns:
            Whether that says no more, whatever else is assumed.
        """
        if value.top.is_zero():
            return True
        scale, factors = self.factors(value)
        whole, unknown = (1 if scale > 0 else -1), list[Any]()
        for factor, power in factors:
            if power % 2:
                sign = self._sign(factor)
                whole, unknown = (whole, [*unknown, factor]) if sign is None else (whole * sign, unknown)
        if not unknown and whole < 0:
            raise Impossible
        if len(unknown) == 1:
            self._know(unknown[0], whole)
        if len(unknown) == 2:
            one, other = unknown[0], unknown[1] * whole  # whose product is at least 0
            total = one + other
            if total.is_constant() and not total.is_zero():
                sign = 1 if total.leading_coefficient() > 0 else -1
                self._know(one, sign)
                self._know(unknown[1], sign * whole)
                return True
        return len(unknown) < 2

    def _know(self, factor: Any, sign: int) -> None:
        """Keep the sign of a polynomial; of one that is linear in one unknown its bound follows."""
        self._signs[str(factor)] = sign
        self.open.pop(str(factor), None)
        degrees = [(i, power) for i, power in enumerate(factor.degrees()) if power]
        if len(degrees) == 1 and degrees[0][1] == 1:
            place = degrees[0][0]
            slope, rest = (self._coefficient(factor, place, power) for power in (1, 0))
            bound, (low, high) = -rest / slope, self._bounds[place]
            if sign * slope > 0:
                self._bounds[place] = max(low, min(2.0, _or_none(bound.p // bound.q))), high
            else:
                self._bounds[place] = low, min(high, max(-2.0, -_or_none(-bound.p // bound.q)))

    def _truth(self, condition: int) -> bool | None:
        """Whether a condition holds, but perhaps at single points."""
        known = self._side(condition)
        if isinstance(known, bool):
            return known
        op, operands, _ = self.graph.nodes[condition]
        if op in (ops.and_, ops.or_):
            parts, weak = [self._truth(i) for i in operands], op is ops.or_
            return weak if weak in parts else None if None in parts else not weak
        if op is ops.not_:
            inner = self._truth(operands[0])
            return None if inner is None else not inner
        difference = self.sub(*(self._values[i] for i in operands))
        if difference.top.is_zero():
            return op in (ops.le, ops.ge, ops.eq, ops.same)
        if op in (ops.eq, ops.ne, ops.same):
            return (op is ops.ne) if self.is_seldom_zero(difference) else None
        sign = self.sign(difference)
        certain = sign == (-1 if op in (ops.gt, ops.le) else 1)  # `d >= 0` is known, or denied, of a d that may be 0
        if sign is None or not certain and not self.is_seldom_zero(difference):
            return None
        return (sign > 0) == (op in (ops.gt, ops.ge))

    def is_seldom_zero(self, value: Quotient) -> bool:
        """Whether a number is proved to be 0 at single points at most, not on a part of the domain."""
        return not value.top.is_zero() and all(self._is_seldom(part) for part, _ in self.factors(value)[1])

    def _is_seldom(self, part: Any) -> bool:
        """Whether a polynomial is, not being the form 0.

        It is so of inputs; of one unknown that is no constant on any part; and where it is analytic on one connected
        domain, and not 0 at a point of it.
        """
        unknowns = {i for i, power in enumerate(part.degrees()) if power}
        base: Any = self._sizes.get(self._place(part), self._powers.get(self._place(part), (self.one,))[0])
        if self._place(part) not in self._sizes.keys() | self._powers.keys():
            varies = len(unknowns) == 1 and self._vary(self._ingredients(next(iter(unknowns))))
            return varies or self._vary(unknowns) or self._is_analytic(part) and self._is_somewhere(part)
        return isinstance(base, int | str) or base.is_constant() or self._is_seldom(base)

    def _ingredients(self, unknown: int) -> set[int]:
        """The unknowns of which an unknown that is analytic is made; none of others."""
        parts: Sequence[Any] = ()
        if unknown in self._powers:
            base, exponent = self._powers[unknown]
            parts = [*exponent, *(() if isinstance(base, int | str) else (base,))]
        elif unknown in self._logs and not isinstance(self._logs[unknown], int):
            parts = [self._logs[unknown]]
        made = {i for part in parts for i, power in enumerate(part.degrees()) if power}
        return made | self._angles.get(unknown, set())

    def _vary(self, unknowns: set[int]) -> bool:
        """Whether some unknowns are inputs, perhaps with pi and its like."""
        kinds = {key[0] for key, place in self._keys.items() if place in unknowns}
        return "input" in kinds and kinds <= {"input", "const"}

    def _is_analytic(self, part: Any) -> bool:
        """Whether no op of a polynomial has a kink or a hole; logarithms and roots: of sums of inputs, or positive."""
        for index in self.graph.needed([self.node(part)]):
            op, operands, _ = self.graph.nodes[index]
            if op.is_condition or op is ops.where or op.kink is not None:
                return False
            if op.domain is None or op is ops.powi and (self.graph.number(operands[1]) or 0) > 0:
                continue
            if op is ops.div and self.graph.is_constant(operands[1]):
                continue
            top, bottom = self.of(operands[0])
            linear = self._vary({i for i, power in enumerate(top.degrees()) if power}) and top.total_degree() == 1
            if op not in (ops.log, ops.sqrt, ops.pow) or not bottom.is_one() or not linear and self._range(top)[0] <= 0:
                return False
        return True

    def _is_somewhere(self, part: Any) -> bool:
        """Whether a polynomial is seen not to be 0 at a simple point."""
        node = self.node(part)
        inputs = [i for i in self.graph.needed([node]) if self.graph.nodes[i].op is ops.input_]
        for numbers in _SOMEWHERE:
            point = {index: arb(numbers[k % len(numbers)]) / 8 for k, index in enumerate(inputs)}
            ball = Balls(_BITS, self.decimals).evaluate(self.graph, point, [node])[node]
            if isinstance(ball, arb) and ball.is_finite() and not ball.contains(0):
                return True
        return False

    def size(self, value: Quotient) -> Quotient:
        """The absolute value: of each factor whose sign is not known an unknown."""
        if value.top.is_zero():
            return value
        scale, factors = self.factors(value)
        found = self.number(abs(scale))
        for factor, power in factors:
            whole = self.whole_power(Quotient(factor, self.one), power)
            sign = self._sign(factor) if power % 2 else 1
            found = self.mul(found, whole if sign else self._size_of(factor, power), self.number(sign or 1))
        return found

    def _size_of(self, factor: Any, power: int = 1) -> Quotient:
        """A power of the absolute value of a polynomial of unknown sign."""
        if (cosine := self._cosines.get(self._place(factor))) is not None:
            root = self.power(Quotient(self.one - cosine * cosine, self.one), self.number(fmpq(1, 2)))
            return self.whole_power(root, power)
        key = ("abs", str(factor))
        is_new = key not in self._keys
        found = self._unknown(key, lambda: ops.abs(self._sum(factor)).index, _POSITIVE)
        if is_new:
            self._sizes[self._keys[key]] = factor
            self._roots.append((self._keys[key], 2, self.times(factor, factor)))
        return self.whole_power(found, power)

    # -- powers, exponentials, logarithms

    def _parts(self, value: Quotient) -> tuple[list[tuple[Base, Quotient]], list[tuple[Any, int]], int]:
        """The absolute value of a number: powers of bases that are not negative; other factors; and the sign of it."""
        scale, factors = self.factors(value)
        found, others, sign = list[tuple[Base, Quotient]](), list[tuple[Any, int]](), 1 if scale > 0 else -1
        for number, way in ((abs(scale.p), 1), (scale.q, -1)):
            primes = number.factor() if number < _SMOOTH else [(number, 1)]
            found += [(int(prime), self.number(way * int(power))) for prime, power in primes if prime != 1]
        for factor, power in factors:
            if (known := self._powers.get(self._place(factor))) is not None:
                found.append((known[0], self.mul(known[1], self.number(power))))
            elif (side := self._sign(factor)) is None:
                others.append((factor, power))
            else:
                found.append((factor if side > 0 else -factor, self.number(power)))
                sign *= side if power % 2 else 1
        return found, others, sign

    def _place(self, polynomial: Any) -> int:
        """Which unknown it is; -1 if it is none."""
        if len(polynomial) != 1:
            return -1
        (powers, coefficient), *_ = polynomial.to_dict().items()
        return powers.index(1) if sum(powers) == 1 and coefficient == 1 else -1

    def log(self, value: Quotient) -> Quotient:
        """The logarithm of the absolute value: the sum over the factors."""
        if value.top.is_zero():
            raise GivenUp
        known, others, _ = self._parts(value)
        parts = [*known, *((factor, self.number(power)) for factor, power in others)]
        return self.add(self.number(0), *(self.mul(power, self._log(base)) for base, power in parts))

    def _log(self, base: Base) -> Quotient:
        if isinstance(base, str):
            return self.number(1)
        if str(base) in self._joined:
            return self.log(Quotient(base, self.one))
        if not isinstance(base, int):
            base = self._sizes.get(self._place(base), base)
            base = -base if base.leading_coefficient() < 0 else base
        bounds = _POSITIVE if isinstance(base, int) else _ANY
        found = self._unknown(("log", str(base)), lambda: ops.log(self._node_of(base)).index, bounds)
        self._logs[self._place(found.top)] = base
        return found

    def power(self, value: Quotient, exponent: Quotient) -> Quotient:
        """A power of a number that is not negative, the exponent being any."""
        if value.top.is_zero():
            if (self.fixed(exponent) or 0) > 0:
                return value
            raise GivenUp
        known, others, sign = self._parts(value)
        odd = [(factor, power) for factor, power in others if power % 2]
        if odd and len({power for _, power in odd}) == 1:  # their product has the sign of the others
            joined = math.prod((factor for factor, _ in odd), start=self.one * sign)
            if len(odd) > 1:
                self._joined.add(str(joined))
            known.append((joined, self.number(odd[0][1])))
            others = [(factor, power) for factor, power in others if power % 2 == 0]
        found = self.number(1)
        for base, power in known:
            found = self.mul(found, self._nonnegative(base, self.mul(power, exponent)))
        for factor, times in others:
            found = self.mul(found, self._of_size(factor, self.mul(self.number(times), exponent)))
        return found

    def _of_size(self, base: Any, exponent: Quotient) -> Quotient:
        """A power of the absolute value of a polynomial of unknown sign."""
        whole = self.fixed(exponent)
        if whole is not None and whole.q == 1:
            even = self.whole_power(Quotient(base, self.one), int(whole.p) // 2 * 2)
            return self.mul(even, self._size_of(base)) if whole.p % 2 else even
        return self._nonnegative(self._size_of(base).top, exponent)

    def _nonnegative(self, base: Base, exponent: Quotient) -> Quotient:
        """A power of a base that is not negative: a product over the terms of the exponent."""
        found = self.number(1)
        for coefficient, term in self._terms(exponent):
            found = self.mul(found, self._atom(base, term, coefficient))
        return found

    def _terms(self, value: Quotient) -> Iterator[tuple[fmpq, Quotient]]:
        """A number as a sum of rational multiples."""
        for powers, coefficient in value.top.to_dict().items():
            yield coefficient, self._made(self.ring.from_dict({powers: fmpq(1)}), value.bottom)

    def _atom(self, base: Base, term: Quotient, coefficient: fmpq) -> Quotient:
        """A base to a multiple of a term: a whole power of an unknown that is a root of it."""
        plain = self.fixed(term) is not None and not isinstance(base, str)
        if plain and coefficient.q == 1:
            power = self.ring.constant(base) if isinstance(base, int) else base
            return self.integer_power(Quotient(power, self.one), self.number(coefficient))
        key = ("power", str(base), str(term))
        degree = self._degree(key, coefficient)
        exponent = self.mul(term, self.number(fmpq(1, degree)))
        is_new = key not in self._keys
        found = self._unknown(key, lambda: self._power_node(base, exponent), _POSITIVE)
        if is_new:
            self._powers[self._keys[key]] = base, exponent
            if plain:
                self._roots.append((self._keys[key], degree, self.ring.constant(base) if type(base) is int else base))
        return self.whole_power(found, int((coefficient * degree).p))

    def _degree(self, key: Any, coefficient: fmpq) -> int:
        """The degree of the root, or part of the angle, that all of a key are multiples of."""
        before = self._degrees.get(key, 1)
        degree = self._degrees[key] = math.lcm(before, int(coefficient.q))
        if degree != before and key in self._used:
            raise _Again
        self._used.add(key)
        return degree

    def exp(self, value: Quotient) -> Quotient:
        """The exponential: of a sum the product, of a multiple of a logarithm the power."""
        found = self.number(1)
        for coefficient, term in self._terms(value):
            powers = next(iter(term.top.to_dict()))
            log = next((i for i, power in enumerate(powers) if power == 1 and i in self._logs), None)
            special = self._place(term.top) if term.bottom.is_one() else -1
            if log is not None:
                rest = self.mul(self.div(term, Quotient(self._gens[log], self.one)), self.number(coefficient))
                base = self._logs[log]
                sign = self._sign(base) if not isinstance(base, int) else 1
                found = self.mul(found, self._nonnegative(base * sign, rest) if sign else self._of_size(base, rest))
            elif coefficient.q == 1 and (inner := self._inner(ops.lambertw, special)) is not None:
                found = self.mul(found, self.whole_power(self.div(inner, term), int(coefficient.p)))
            else:
                found = self.mul(found, self._atom(_E, term, coefficient))
        return found

    def _inner(self, op: Op, unknown: int) -> Quotient | None:
        """What an op is of whose result is this unknown."""
        return next((values[0] for values, index in self._applied.get(op, ()) if index == unknown), None)

    def hyperbolic(self, sign: int, value: Quotient) -> Quotient:
        """The hyperbolic cosine and, with a minus, sine."""
        grown = self.exp(value)
        both = self.add(grown, self.mul(self.number(sign), self.inverse(grown)))
        return self.mul(both, self.number(fmpq(1, 2)))

    def tanh(self, value: Quotient) -> Quotient:
        """By the exponential of the double."""
        one, square = self.number(1), self.exp(self.add(value, value))
        return self.div(self.sub(square, one), self.add(square, one))

    def area(self, shift: int, value: Quotient) -> Quotient:
        """The inverse hyperbolic sine and, with -1, cosine: log(x + sqrt(x^2 + 1))."""
        root = self.power(self.add(self.mul(value, value), self.number(shift)), self.number(fmpq(1, 2)))
        return self.log(self.add(value, root))

    def arc_cosine(self, value: Quotient) -> Quotient:
        """By the inverse sine."""
        right = self.mul(self.number(fmpq(1, 2)), self.of(self.graph.constant("pi")))
        return self.sub(right, self.of_node(ops.asin, value))

    def atanh(self, value: Quotient) -> Quotient:
        """By logarithms."""
        one = self.number(1)
        difference = self.sub(self.log(self.add(one, value)), self.log(self.sub(one, value)))
        return self.mul(self.number(fmpq(1, 2)), difference)

    # -- angles

    def angle(self, op: Op, value: Quotient) -> Quotient:
        """Sine, cosine and tangent: of a sum by those of its terms, with cos^2 + sin^2 = 1."""
        cosine, sine = self.number(1), self.number(0)
        for coefficient, term in self._terms(value):
            cosine, sine = self._turned((cosine, sine), self._multiple(term, coefficient))
        return {ops.cos: cosine, ops.sin: sine}.get(op) or self.div(sine, cosine)

    def _multiple(self, term: Quotient, coefficient: fmpq) -> tuple[Quotient, Quotient]:
        """Cosine and sine of a multiple of a term, by those of the part of it that all are multiples of."""
        degree = self._degree(("angle", str(term)), coefficient)
        whole, is_pi = int((coefficient * degree).p), self._place(term.top) == self._keys.get(("const", "pi"), -2)
        if is_pi and term.bottom.is_one():
            whole %= 2 * degree
            unit = self._corner(degree) or self._unit(self.mul(term, self.number(fmpq(1, degree))))
        elif abs(whole) > _POWER:
            unit, whole = self._unit(self.mul(term, self.number(abs(coefficient)))), 1 if whole > 0 else -1
        else:
            unit = degree == 1 and self._of_inverse(term) or self._unit(self.mul(term, self.number(fmpq(1, degree))))
        step, found = (unit[0], unit[1] if whole > 0 else self.neg(unit[1])), (self.number(1), self.number(0))
        for _ in range(abs(whole)):
            found = self._turned(found, step)
        return found

    def _corner(self, degree: int) -> tuple[Quotient, Quotient] | None:
        """Cosine and sine of pi over a whole number, where square roots give them."""
        if degree not in _CORNERS:
            return None
        half = self.number(fmpq(1, 2))
        cosine, sine = (
            self.add(*(self.mul(self.number(sign), self.power(self.number(ratio), half)) for ratio, sign in parts))
            if parts else self.number(0) for parts in _CORNERS[degree]
        )  # fmt: skip
        return cosine, sine

    def _of_inverse(self, angle: Quotient) -> tuple[Quotient, Quotient] | None:
        """Cosine and sine of an inverse sine or tangent."""
        place = self._place(angle.top) if angle.bottom.is_one() else -1
        one, half = self.number(1), self.number(fmpq(1, 2))
        if (inner := self._inner(ops.asin, place)) is not None:
            return self.power(self.sub(one, self.mul(inner, inner)), half), inner
        if (inner := self._inner(ops.atan, place)) is not None:
            root = self.power(self.add(one, self.mul(inner, inner)), half)
            return self.inverse(root), self.div(inner, root)
        return None

    def _unit(self, angle: Quotient) -> tuple[Quotient, Quotient]:
        """Cosine and sine of an angle as unknowns."""
        key = str(angle)
        is_new = ("sin", key) not in self._keys
        cosine = self._unknown(("cos", key), lambda: ops.cos(self.ref(angle)).index, (-1.0, 1.0))
        sine = self._unknown(("sin", key), lambda: ops.sin(self.ref(angle)).index, (-1.0, 1.0))
        if is_new:
            place = self._keys["sin", key]
            self._roots.append((place, 2, self.one - cosine.top * cosine.top))
            self._pairs[str(cosine.top - 1)] = self._keys["cos", key], place
            self._cosines[place] = cosine.top
            unknowns = {i for part in angle for i, power in enumerate(part.degrees()) if power}
            self._angles[place] = self._angles[self._keys["cos", key]] = unknowns
        return cosine, sine

    def _turned(self, a: tuple[Quotient, Quotient], b: tuple[Quotient, Quotient]) -> tuple[Quotient, Quotient]:
        """Cosine and sine of the sum of two angles."""
        cosine = self.sub(self.mul(a[0], b[0]), self.mul(a[1], b[1]))
        return cosine, self.add(self.mul(a[1], b[0]), self.mul(a[0], b[1]))

    def sinc(self, order: int, value: Quotient) -> Quotient:
        """The derivative of sin(x)/x of an order, by x s^(n) + n s^(n-1) = sin^(n)(x)."""
        if order > _POWER:
            raise GivenUp
        cosine, sine = self.angle(ops.cos, value), self.angle(ops.sin, value)
        turns, found = (sine, cosine, self.neg(sine), self.neg(cosine)), self.number(0)
        for n in range(order + 1):
            found = self.div(self.sub(turns[n % 4], self.mul(self.number(n), found)), value)
        return found

    # -- functions that are known by their neighbours

    def _shifted(self, value: Quotient) -> tuple[Quotient, int]:
        """An argument whose constant lies in 0 to 1, and what it was larger; of integers 1."""
        if not value.bottom.is_one():
            return value, 0
        constant = self.constant_term(value)
        whole = int(constant.p // constant.q)
        if self.fixed(value) is not None and constant.q == 1:
            whole -= 1
        return (self.sub(value, self.number(whole)), whole) if abs(whole) <= _SHIFT else (value, 0)

    def gamma(self, value: Quotient) -> Quotient:
        """By that of a smaller argument, as the value of x + 1 is x times that of x."""
        base, shift = self._shifted(value)
        fixed = self.fixed(base)
        if fixed == 1:
            found = self.number(1)
        elif fixed == fmpq(1, 2):
            found = self.power(self.of(self.graph.constant("pi")), self.number(fixed))
        else:
            found = self.of_node(ops.gamma, base)
        for k in range(min(shift, 0), max(shift, 0)):
            factor = self.add(base, self.number(k))
            found = self.mul(found, factor) if shift > 0 else self.div(found, factor)
        return found

    def polygamma(self, order: Quotient, value: Quotient) -> Quotient:
        """By that of a smaller argument: psi_n(x + 1) = psi_n(x) + (-1)^n n!/x^(n + 1)."""
        n = int(self.fixed(order) or 0)
        if self.fixed(order) != n or not 0 <= n <= _SHIFT:
            raise GivenUp
        base, shift = self._shifted(value)
        found = self.apply(
            (ops.polygamma, n), [base], lambda: ops.polygamma(self.graph.constant(n), self.ref(base)).index
        )
        scale = self.number((-1) ** n * math.factorial(n) * (1 if shift > 0 else -1))
        for k in range(min(shift, 0), max(shift, 0)):
            found = self.add(found, self.mul(scale, self.whole_power(self.add(base, self.number(k)), -n - 1)))
        return found

    def bessel(self, op: Op, order: Quotient, value: Quotient) -> Quotient:
        """By those of two neighbouring orders, by recurrence (DLMF 10.6.1, 10.29.1)."""
        n = self.fixed(order)
        if n is None or abs(n) > _SHIFT:
            raise GivenUp
        up, back = _RECURRENCE[op]
        least = n - n.p // n.q

        def base(k: fmpq) -> Quotient:
            number = Ref(self.graph, self.graph.constant(int(k.p))) / int(k.q)
            return self.apply((op, str(k)), [value], lambda: op(number, self.ref(value)).index)

        one, other, k = base(least), base(least + 1), least  # of the orders k and k + 1
        while k != n:
            ratio = self.div(self.number(2 * (k + 1 if n > k else k)), value)
            if n > k:
                ahead = self.add(self.mul(self.number(up), ratio, other), self.mul(self.number(back), one))
                one, other, k = other, ahead, k + 1
            else:  # f(k-1) = back * (f(k+1) - up * 2k/x * f(k))
                behind = self.sub(other, self.mul(self.number(up), ratio, one))
                one, other, k = self.mul(self.number(back), behind), one, k - 1
        return one

    # -- back to nodes

    def ref(self, form: Quotient) -> Ref:
        """A form as a node."""
        quotient: Ref = self._sum(form.top) / self._sum(form.bottom)
        return quotient

    def _node_of(self, base: Base) -> Ref:
        """The absolute value of a base as a node."""
        if isinstance(base, int):
            return Ref(self.graph, self.graph.constant(base))
        sign, node = self._sign(base), self._sum(base)
        return node if sign == 1 else -node if sign == -1 else Ref(self.graph, ops.abs(node).index)

    def _power_node(self, base: Base, exponent: Quotient) -> int:
        """A power as a node."""
        if isinstance(base, str):
            return int(ops.exp(self.ref(exponent)).index)
        node = Ref(self.graph, self.graph.constant(base)) if isinstance(base, int) else self._sum(base)
        half = self.fixed(exponent) == fmpq(1, 2)
        return int((ops.sqrt(node) if half else ops.pow(node, self.ref(exponent))).index)

    def node(self, polynomial: Any) -> int:
        """A polynomial as a node."""
        return self._sum(polynomial).index

    def nodes(self, form: Quotient) -> Iterator[int]:
        """A quotient as nodes: multiplied out, and as a product of powers."""
        scale = math.lcm(*(int(each.q) for part in form for each in part.coeffs()))
        whole: Ref = self._sum(form.top * scale) / self._sum(form.bottom * scale)
        yield whole.index
        yield self._factored(form).index

    def _sum(self, polynomial: Any) -> Ref:
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
        return self._scaled(coefficient, [Ref(self.graph, self.made[i]()) ** n for i, n in enumerate(powers) if n])

    def _scaled(self, coefficient: fmpq, factors: Sequence[Ref]) -> Ref:
        """A rational number times some factors."""
        above, below = int(coefficient.p), int(coefficient.q)
        size = abs(above) if factors else above  # the minus of a product stands before it: a - 2*b
        factors = sorted(factors, key=lambda factor: _place(self.graph, factor.index))
        factors = factors if abs(size) == 1 and factors else [Ref(self.graph, self.graph.constant(str(size))), *factors]
        product: Ref = factors[0] if len(factors) == 1 else ops.mul(*factors)
        product = -product if above != size else product
        return product if below == 1 else product / below

    def _factored(self, form: Quotient) -> Ref:
        """A quotient as a product of powers over another."""
        scale, above = factored(form.top) if form.top else (fmpq(0), [])
        below_scale, below = factored(form.bottom)
        scale = scale / below_scale
        product = self._scaled(fmpq(scale.p), [self._sum(part) ** int(power) for part, power in above])
        under = self._scaled(fmpq(scale.q), [self._sum(part) ** int(power) for part, power in below])
        quotient: Ref = product / under
        return quotient


def _place(graph: Graph, index: int) -> int:
    """Where a factor stands in a product: powers of variables first, then functions, sums last, as in books."""
    op, operands, _ = graph.nodes[index]
    if op is ops.powi:
        return _place(graph, operands[0])
    return 0 if not operands else 2 if op in (ops.add, ops.sub) else 1


def _or_none(bound: fmpz) -> float:
    """A bound from below, a small one or none: powers of such are exact in floats."""
    return float(int(bound)) if bound >= -2 else -math.inf


def rational(text: str, decimals: str = "double") -> fmpq | None:
    """A constant as the rational it means, a decimal as its nearest double or as written; None of others, and long."""
    if len(text) > 40 or "x" not in text.lower() and len(text.lower().partition("e")[2]) > 5:
        return None
    try:
        if "x" in text.lower():
            exact = Fraction(float.fromhex(text))
        else:
            exact = Fraction(text) if text.lstrip("-").isdecimal() or decimals == "written" else Fraction(float(text))
    except (ValueError, OverflowError):
        return None
    if max(exact.numerator.bit_length(), exact.denominator.bit_length()) > 1100:
        return None
    return fmpq(exact.numerator, exact.denominator)


_ODD = frozenset(
    (ops.sign, ops.asin, ops.atan, ops.erf, ops.erfi, ops.erfinv, ops.Si, ops.Shi, ops.fresnels, ops.fresnelc)
)
"""Ops of one operand that change their sign with it."""
_BOUNDED = {ops.erf: (-1.0, 1.0), ops.atan: (-2.0, 2.0), ops.asin: (-2.0, 2.0)}
_RECURRENCE = {ops.besselj: (1, -1), ops.bessely: (1, -1), ops.besseli: (-1, 1), ops.besselk: (1, 1)}
"""`f(n+1) = up * 2n/x * f(n) + back * f(n-1)`."""
_Corner = tuple[tuple[fmpq, int], ...]
_CORNERS: dict[int, tuple[_Corner, _Corner]] = {
    1: (((fmpq(1), -1),), ()),
    2: ((), ((fmpq(1), 1),)),
    3: (((fmpq(1, 4), 1),), ((fmpq(3, 4), 1),)),
    4: (((fmpq(1, 2), 1),), ((fmpq(1, 2), 1),)),
    6: (((fmpq(3, 4), 1),), ((fmpq(1, 4), 1),)),
    12: (((fmpq(3, 8), 1), (fmpq(1, 8), 1)), ((fmpq(3, 8), 1), (fmpq(1, 8), -1))),
}
"""Cosine and sine of pi over a number as sums of square roots with signs."""


def _plain_power(field: Field, base: Quotient, exponent: Quotient) -> Quotient:
    """u^(v + n) as u^n * u^v, so that powers whose exponents differ by integers are told as multiples."""
    whole = 0
    if exponent.bottom.is_one():
        constant = field.constant_term(exponent)
        whole = int(constant.p // constant.q)
    rest = field.sub(exponent, field.number(whole))
    u, v = field.ref(base), field.ref(rest)
    return field.mul(field.apply(ops.pow, [base, rest], lambda: (u**v).index), field.whole_power(base, whole))


_PLAIN: dict[Op, Callable[..., Quotient]] = {
    ops.add: Field.add, ops.sub: Field.sub, ops.mul: Field.mul, ops.div: Field.div, ops.neg: Field.neg,
    ops.powi: lambda field, x, n: field.whole_power(x, int(field.fixed(n) or 0)), ops.pow: _plain_power,
    ops.one_minus_square: lambda field, x: field.sub(field.number(1), field.mul(x, x)),
    ops.xlogy: lambda field, x, y: field.mul(x, field.of_node(ops.log, y)),
}  # fmt: skip
"""What is true of fractions."""


def _larger(field: Field, sign: int, a: Quotient, b: Quotient, *rest: Quotient) -> Quotient:
    """The largest of some numbers or, with -1, the smallest; of those whose order is not known by |a - b|."""
    difference = field.sub(a, b)
    far, half = field.size(difference), field.number(fmpq(1, 2))
    found = field.mul(half, field.add(a, b, far if sign > 0 else field.neg(far)))
    return _larger(field, sign, found, *rest) if rest else found


def _sign(field: Field, x: Quotient) -> Quotient:
    """|x|/x, but of a number that may be 0 on a part of the domain: there the sign is 0."""
    if x.top.is_zero():
        return x
    return field.div(field.size(x), x) if field.is_seldom_zero(x) else field.of_node(ops.sign, x)


def _cbrt(field: Field, x: Quotient) -> Quotient:
    """The real cube root: odd, so that no sign need be known."""
    sign = field.sign(x)
    if sign is not None:
        return field.mul(field.number(sign), field.power(field.size(x), field.number(fmpq(1, 3))))
    return field.div(field.power(field.size(x), field.number(fmpq(4, 3))), x)


_HALF = fmpq(1, 2)
_OPS: dict[Op, Callable[..., Quotient]] = {
    ops.add: Field.add, ops.sub: Field.sub, ops.mul: Field.mul, ops.div: Field.div, ops.neg: Field.neg,
    ops.powi: Field.integer_power, ops.cbrt: _cbrt,
    ops.sqrt: lambda field, x: field.power(x, field.number(_HALF)),
    ops.abs: Field.size, ops.sign: _sign,
    ops.max: lambda field, *xs: _larger(field, 1, *xs), ops.min: lambda field, *xs: _larger(field, -1, *xs),
    ops.heaviside: lambda field, x: field.mul(field.number(_HALF), field.add(field.number(1), _sign(field, x))),
    ops.exp: Field.exp, ops.log: Field.log, ops.xlogy: lambda field, x, y: field.mul(x, field.log(y)),
    ops.sin: lambda field, x: field.angle(ops.sin, x), ops.cos: lambda field, x: field.angle(ops.cos, x),
    ops.tan: lambda field, x: field.angle(ops.tan, x),
    ops.cot: lambda field, x: field.inverse(field.angle(ops.tan, x)),
    ops.acos: lambda field, x: field.arc_cosine(x),
    ops.cosh: lambda field, x: field.hyperbolic(1, x), ops.sinh: lambda field, x: field.hyperbolic(-1, x),
    ops.tanh: Field.tanh, ops.asinh: lambda field, x: field.area(1, x), ops.acosh: lambda field, x: field.area(-1, x),
    ops.atanh: Field.atanh,
    ops.sinc: lambda field, x: field.sinc(0, x),
    ops.sinc_derivative: lambda field, n, x: field.sinc(int(field.fixed(n) or 0), x),
    ops.erfc: lambda field, x: field.sub(field.number(1), field.of_node(ops.erf, x)),
    ops.gamma: Field.gamma, ops.digamma: lambda field, x: field.polygamma(field.number(0), x),
    ops.polygamma: Field.polygamma,
    **{op: partial(lambda op, field, n, x: field.bessel(op, n, x), op) for op in _RECURRENCE},
}  # fmt: skip
"""What is known of ops; of others their definitions in the table."""


def field_at(graph: Graph, balls: Sequence[Any], exactly: bool) -> Field:
    """The normal forms of nodes at a point.

    Args:
        balls: the ball or truth of every node at the point: their signs are used.
        exactly: whether numbers that are exact at the point stand for themselves; else variables are unknowns.
    """

    def number(node: int) -> Exact | None:
        found: Exact | None = exact(balls[node]) if exactly and node < len(balls) else None
        return found

    def side(node: int) -> Any:
        ball = balls[node] if node < len(balls) else None
        if isinstance(ball, arb):
            return 1 if ball > 0 else -1 if ball < 0 else None
        return ball if isinstance(ball, bool) else None

    return Field(graph, number=number, sign=side)
