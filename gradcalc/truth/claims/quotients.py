"""Formulas as quotients of polynomials in named numbers, exactly: how `verify` sees that a claimed derivative is right.

    x, pi, atan(x)      names; of one function the same where the operands are equal
    exp(a + 2b)         E(a) * E(b)^2: a name for each product of names that is raised, with any rational power
    sin, cos, cosh ...  by exponentials, with i^2 = -1; exp(i*pi/2) = i
    roots, |a|          a name R with R^q = a; |a| is the root of a^2; exp(c log a) is a power

Nothing is cancelled: a quotient's bottom is what was divided by, so that it is not 0 where the formula has a value. Two
quotients whose cross products are equal, by these few identities, are equal wherever both have values. From different
ones nothing follows. Imports nothing of gradcalc but what says that nothing follows.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from gradcalc.truth.claims.intervals import Weak

Monomial = tuple[tuple[int, Fraction], ...]
"""Names by number with their powers, in order."""
Polynomial = dict[Monomial, Fraction]

_TERMS = 3000
"""Products of terms in one multiplication, at most."""
_DEGREE, _PRIMES = 60, 200
"""The largest power of a sum, and below what primes are looked for."""


class Quotient(NamedTuple):
    """A polynomial over another; the same names in both."""

    top: Polynomial
    bottom: Polynomial


_ONE: Polynomial = {(): Fraction(1)}


class Quotients:
    """The arithmetic, with the names that it has given."""

    written, is_open = True, False

    def __init__(self) -> None:
        self._names: list[Any] = []
        self._relations: dict[int, tuple[Fraction, Polynomial]] = {}
        """Of names that are roots: the power, and what it is."""
        self._applied: dict[Any, list[tuple[Quotient, int]]] = {}
        self._i, self._pi = self._name(("i", 0)), self._name(("given", "pi"))
        self._relations[self._i] = Fraction(2), {(): Fraction(-1)}

    # -- names

    def _name(self, key: Any) -> int:
        if key not in self._names:
            self._names.append(key)
        return self._names.index(key)

    def _of_name(self, number: int, power: Fraction | int = 1) -> Quotient:
        return self._made({((number, Fraction(power)),): Fraction(1)}, _ONE)

    def named(self, key: Any) -> Quotient:
        """An input or a constant."""
        return self._of_name(self._name(("given", key)))

    def _number(self, function: Any, value: Quotient) -> int:
        """The name of what a function makes of a number: the same for equal ones."""
        before = self._applied.setdefault(function, [])
        number = next((number for other, number in before if self.same(value, other)), None)
        if number is None:
            number = self._name((function, len(before)))
            before.append((value, number))
        return number

    # -- polynomials

    def _times(self, a: Polynomial, b: Polynomial) -> Polynomial:
        if len(a) * len(b) > _TERMS:
            raise Weak("a formula is too long for its normal form here")
        found: Polynomial = {}
        for p, x in a.items():
            for q, y in b.items():
                powers = dict(p)
                for name, power in q:
                    powers[name] = powers.get(name, Fraction(0)) + power
                for monomial, part in self._reduced(powers).items():
                    found[monomial] = found.get(monomial, Fraction(0)) + x * y * part
        return {monomial: part for monomial, part in found.items() if part}

    def _reduced(self, powers: Mapping[int, Fraction]) -> Polynomial:
        """A product of names, without powers of roots that are known."""
        rest, factors = {}, []
        for name, power in powers.items():
            degree, what = self._relations.get(name, (None, _ONE))
            times = 0 if degree is None else power // degree
            if abs(times) > _DEGREE or abs(power) > 10**6:
                raise Weak("a power is too large")
            rest[name] = power - times * (degree or 0)
            if times and len(what) == 1:
                ((monomial, part),) = what.items()
                factors.append({tuple((each, other * times) for each, other in monomial): part**times})
            elif times < 0:
                raise Weak("a root of a sum is divided by")
            else:
                factors += [what] * int(times)
        found: Polynomial = {tuple(sorted((name, power) for name, power in rest.items() if power)): Fraction(1)}
        for factor in factors:
            found = self._times(found, factor)
        return found

    def _made(self, top: Polynomial, bottom: Polynomial) -> Quotient:
        """A quotient; a bottom that is one product of names without relations goes up."""
        if not bottom:
            raise Weak("a divisor is 0")
        if len(bottom) == 1:
            ((monomial, part),) = bottom.items()
            if all(self._is_invertible(name) for name, _ in monomial):
                up = {tuple((name, -power) for name, power in monomial): 1 / part}
                return Quotient(self._times(top, up), _ONE)
        return Quotient(self._times(top, _ONE), bottom)

    def _is_invertible(self, name: int) -> bool:
        """Whether it is no root, or the root of one product of names."""
        _, what = self._relations.get(name, (0, _ONE))
        return len(what) == 1

    # -- arithmetic

    def whole(self, number: int) -> Quotient:
        """A whole number."""
        return self.of(Fraction(number), Fraction(number))

    def of(self, low: Fraction, high: Fraction) -> Quotient:
        """A rational number, given twice."""
        return Quotient({(): low} if low else {}, _ONE)

    def pi(self) -> Quotient:
        """Pi."""
        return self.named("pi")

    def add(self, a: Quotient, b: Quotient) -> Quotient:
        """The sum."""
        if a.bottom != b.bottom:
            bottom = self._times(a.bottom, b.bottom)
            a, b = Quotient(self._times(a.top, b.bottom), bottom), Quotient(self._times(b.top, a.bottom), bottom)
        total = dict(a.top)
        for monomial, part in b.top.items():
            total[monomial] = total.get(monomial, Fraction(0)) + part
        return Quotient({monomial: part for monomial, part in total.items() if part}, a.bottom)

    def scaled(self, a: Quotient, p: int, q: int = 1) -> Quotient:
        """A rational multiple."""
        return Quotient({monomial: part * Fraction(p, q) for monomial, part in a.top.items() if p}, a.bottom)

    def sub(self, a: Quotient, b: Quotient) -> Quotient:
        """The difference."""
        return self.add(a, self.scaled(b, -1))

    def times(self, a: Quotient, b: Quotient) -> Quotient:
        """The product."""
        return self._made(self._times(a.top, b.top), self._times(a.bottom, b.bottom))

    def over(self, a: Quotient, b: Quotient) -> Quotient:
        """The quotient."""
        return self._made(self._times(a.top, b.bottom), self._times(a.bottom, b.top))

    def power(self, a: Quotient, n: int) -> Quotient:
        """A whole power."""
        if abs(n) > _DEGREE and len(a.top) > 1:
            raise Weak("a power is too large")
        found = self.whole(1)
        while len(a.top) == 1 and a.bottom == _ONE and abs(n) > _DEGREE:  # of one product the powers are multiplied
            ((monomial, part),) = a.top.items()
            return self._made({tuple((name, power * n) for name, power in monomial): part**n}, _ONE)
        for _ in range(abs(n)):
            found = self.times(found, a)
        return found if n >= 0 else self.over(self.whole(1), found)

    def same(self, a: Quotient, b: Quotient) -> bool:
        """Whether two numbers are equal wherever both have values; False says nothing."""
        return not self.sub(
            Quotient(self._times(a.top, b.bottom), _ONE), Quotient(self._times(b.top, a.bottom), _ONE)
        ).top

    def below(self, a: Quotient, b: Quotient) -> bool:
        """Whether a number is below another, which is not known."""
        raise Weak("a branch is not settled by normal forms here")

    # -- functions

    def exp(self, a: Quotient) -> Quotient:
        """The exponential: a product over the terms of a sum."""
        if a.bottom != _ONE:
            opposite = self.scaled(a, -1)
            known = any(self.same(opposite, other) for other, _ in self._applied.get("exp", ()))
            number = self._number("exp", opposite if known else a)
            return self._of_name(number, -1 if known else 1)
        found = self.whole(1)
        for monomial, part in a.top.items():
            log = self._logged(monomial)
            found = self.times(found, self._exponential(monomial, part) if log is None else self._raised(log, part))
        return found

    def _exponential(self, monomial: Monomial, power: Fraction) -> Quotient:
        """E of a product of names to a power; where i*pi is raised, half of it is i."""
        number = self._name(("E", monomial))
        if dict(monomial) == {self._i: 1, self._pi: 1}:
            self._relations[number] = Fraction(1, 2), {((self._i, Fraction(1)),): Fraction(1)}
        return self._of_name(number, power)

    def _logged(self, monomial: Monomial) -> Quotient | None:
        """Of what this product of names is the logarithm."""
        if len(monomial) == 1 and monomial[0][1] == 1:
            return next((value for value, number in self._applied.get("log", ()) if number == monomial[0][0]), None)
        return None

    def _raised(self, base: Quotient, power: Fraction) -> Quotient:
        """A power of what is above 0."""
        return self.power(self.root(base, power.denominator), power.numerator)

    def function(self, name: str, order: int, a: Quotient) -> Quotient:
        """The name of what a function makes of a number; derivatives have none."""
        if order:
            raise Weak(f"{name} is not among the functions whose slope is known here")
        return self._of_name(self._number(name, a))

    def log(self, a: Quotient) -> Quotient:
        """The logarithm."""
        return self.function("log", 0, a)

    def root(self, a: Quotient, degree: int = 2) -> Quotient:
        """The root that is not negative; of a quotient the root of top times bottom, over the size of the bottom."""
        if degree == 1 or not a.top:
            return a
        if a.bottom != _ONE:
            if degree != 2:
                raise Weak("a root of a quotient")
            both, bottom = Quotient(self._times(a.top, a.bottom), _ONE), Quotient(a.bottom, _ONE)
            return self.over(self.root(both), self.size(bottom))
        content = _content(a.top)
        if degree == 2 and content != 1:
            square, left = _square_part(content.numerator * content.denominator)
            outside = self.scaled(self._root_name(self.whole(left), 2), square, content.denominator)
            return self.times(outside, self.root(self.scaled(a, content.denominator, content.numerator)))
        return self._root_name(a, degree)

    def _root_name(self, a: Quotient, degree: int) -> Quotient:
        if a.top == _ONE:
            return a
        monomial, part = next(iter(a.top.items()))
        if len(a.top) == 1 and monomial and part == 1 and all(self._is_positive(name) for name, _ in monomial):
            return self._made({tuple((name, power / degree) for name, power in monomial): part}, _ONE)
        number = self._number(("root", degree), a)
        self._relations.setdefault(number, (Fraction(degree), a.top))
        return self._of_name(number)

    def _is_positive(self, name: int) -> bool:
        """Whether it is an exponential of a real number."""
        kind, what = self._names[name]
        return kind == "E" and all(each != self._i and self._is_real(each) for each, _ in what)

    def _is_real(self, name: int) -> bool:
        kind, _ = self._names[name]
        return kind in ("given", "log", "atan") or isinstance(kind, tuple) and kind[0] == "root"

    def size(self, a: Quotient) -> Quotient:
        """The absolute value: the root of the square."""
        return self.root(self.times(a, a))

    def sign(self, a: Quotient) -> tuple[Quotient, Quotient]:
        """The absolute value, and the sign where it is not 0."""
        size = self.size(a)
        return size, self.over(a, size)

    def atan(self, a: Quotient) -> Quotient:
        """The arc tangent."""
        return self.function("atan", 0, a)

    def sin_cos(self, a: Quotient) -> tuple[Quotient, Quotient]:
        """By exp(i a)."""
        i = self._of_name(self._i)
        turn = self.exp(self.times(i, a))
        back = self.over(self.whole(1), turn)
        return self.times(self.scaled(i, -1, 2), self.sub(turn, back)), self.scaled(self.add(turn, back), 1, 2)


def _content(polynomial: Polynomial) -> Fraction:
    """The greatest rational that divides all coefficients."""
    parts = polynomial.values()
    return Fraction(math.gcd(*(part.numerator for part in parts)), math.lcm(*(part.denominator for part in parts)))


def _square_part(number: int) -> tuple[int, int]:
    """A whole number as s^2 * r, s made of small primes."""
    square = 1
    for prime in range(2, _PRIMES):
        while number % (prime * prime) == 0:
            square, number = square * prime, number // (prime * prime)
    return square, number
