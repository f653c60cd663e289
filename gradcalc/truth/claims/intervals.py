"""Intervals whose ends are whole multiples of 2^-P, rounded outward: the numbers of `verify`.

+ - * / roots, powers     Python's integers, rounded down and up
exp, log, atan, sin, cos  at a point by `series`; between two points the function rises, or turns no faster than a
                          circle
other functions           python-flint's balls
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from gradcalc.truth.claims import series

Interval = tuple[int, int]
"""Two whole numbers a <= b: the numbers between a/2^P and b/2^P."""

_LARGEST = 1 << 14
"""Bits before the point of a number whose exponential, sine or cosine is asked for, and of a power of e."""


class Weak(Exception):
    """The intervals are too wide, or a function has no value in a part of them, or the file claims what is not so."""


class Nowhere(Weak):
    """A function has no value in any part of the intervals."""


def add(a: Interval, b: Interval) -> Interval:
    """The sum."""
    return a[0] + b[0], a[1] + b[1]


def sub(a: Interval, b: Interval) -> Interval:
    """The difference."""
    return a[0] - b[1], a[1] - b[0]


def scaled(a: Interval, p: int, q: int = 1) -> Interval:
    """The number times p/q, q above 0."""
    low, high = (a[0] * p, a[1] * p) if p >= 0 else (a[1] * p, a[0] * p)
    return (low, high) if q == 1 else (low // q, -(-high // q))


def least_size(a: Interval) -> int:
    """The least absolute value."""
    return 0 if a[0] <= 0 <= a[1] else min(abs(a[0]), abs(a[1]))


def hull(*parts: Interval) -> Interval:
    """One interval around all."""
    return min(part[0] for part in parts), max(part[1] for part in parts)


@dataclass(frozen=True)
class Arithmetic:
    """Intervals in multiples of 2^-bits.

    Args:
        written: whether a decimal of a formula is the number that is written; else it is its nearest double.
        is_open: whether a slope at a kink is between those of its pieces (Clarke); else it has none.
    """

    bits: int
    written: bool = False
    is_open: bool = True
    add, scaled = staticmethod(add), staticmethod(scaled)

    @cached_property
    def strict(self) -> "Arithmetic":
        """The same, without slopes at kinks."""
        return replace(self, is_open=False)

    def of(self, low: Fraction, high: Fraction) -> Interval:
        """The interval around two numbers."""
        return math.floor(low * 2**self.bits), math.ceil(high * 2**self.bits)

    def whole(self, number: int) -> Interval:
        """A whole number."""
        return number << self.bits, number << self.bits

    def pi(self) -> Interval:
        """Pi."""
        near = 2 * series.half_pi(self.bits)
        return near - 4, near + 4

    def times(self, a: Interval, b: Interval) -> Interval:
        """The product."""
        if a[0] >= 0 and b[0] >= 0:
            return a[0] * b[0] >> self.bits, -(-a[1] * b[1] >> self.bits)
        ends = (a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1])
        return min(ends) >> self.bits, -(-max(ends) >> self.bits)

    def over(self, a: Interval, b: Interval) -> Interval:
        """The quotient."""
        if b[0] <= 0 <= b[1]:
            raise Weak("a divisor may be 0")
        ends = [(x << self.bits, y) for x in a for y in b]
        return min(x // y for x, y in ends), max(-(-x // y) for x, y in ends)

    def power(self, a: Interval, n: int) -> Interval:
        """A whole power: of an even one the least size counts."""
        if n <= 0:
            return self.over(self.whole(1), self.power(a, -n)) if n else self.whole(1)
        if n % 2 == 0:
            a = least_size(a), max(map(abs, a))
        down = self.bits * (n - 1)
        return a[0] ** n >> down, -(-(a[1] ** n) >> down)

    def root(self, a: Interval) -> Interval:
        """The square root."""
        if a[0] < 0:
            raise (Nowhere if a[1] < 0 else Weak)("a root of a negative number")
        return math.isqrt(a[0] << self.bits), math.isqrt((a[1] << self.bits) - 1) + 1 if a[1] else 0

    def exp(self, a: Interval) -> Interval:
        """The exponential."""
        if a[1] > _LARGEST << self.bits:
            raise Weak("an exponential is too large")
        low = series.exp(self.bits, a[0])[0] if a[0] >= -_LARGEST << self.bits else 0
        return low, series.exp(self.bits, max(a[1], -_LARGEST << self.bits))[1]

    def log(self, a: Interval) -> Interval:
        """The logarithm."""
        if a[0] <= 0:
            raise (Nowhere if a[1] <= 0 else Weak)("a logarithm of 0 or less")
        return series.log(self.bits, a[0])[0], series.log(self.bits, a[1])[1]

    def atan(self, a: Interval) -> Interval:
        """The arc tangent."""
        return series.atan(self.bits, a[0])[0], series.atan(self.bits, a[1])[1]

    def sin_cos(self, a: Interval) -> tuple[Interval, Interval]:
        """Sine and cosine."""
        return _sin_cos(self, a)

    def below(self, a: Interval, b: Interval) -> bool:
        """Whether a number is below another, where that is certain."""
        if a[0] <= b[1] and b[0] <= a[1]:
            raise Weak("a branch, a kink or a jump may be met")
        return a[1] < b[0]

    def sign(self, a: Interval) -> tuple[Interval, Interval]:
        """The absolute value and the sign of what is not 0."""
        way = -1 if self.below(a, (0, 0)) else 1
        return scaled(a, way), self.whole(way)

    def is_broken(self, a: Interval) -> bool:
        """Whether no whole number is among these."""
        return -(-a[0] >> self.bits) << self.bits > a[1]

    def function(self, name: str, order: int, a: Interval) -> Interval:
        """A function that python-flint has, or a derivative of it: from its power series."""
        from flint import arb, arb_series, ctx

        if not hasattr(arb_series, name):
            raise Weak(f"{name} is not among the functions that can be verified")
        with ctx.workprec(2 * self.bits):
            low, high = (arb((end, -self.bits)) for end in a)
            ctx.cap = count = max(3, order + 1) if order else 1  # of two terms arb's series are the widest
            part = getattr(arb_series([low.union(high), 1], prec=count), name)()[order] * math.factorial(order)
            if not part.is_finite():
                raise Weak(f"{name} may have no value")
            ends = [tuple(map(int, end.man_exp())) for end in (part.lower(), part.upper())]
        return self.of(*(mantissa * Fraction(2) ** exponent for mantissa, exponent in ends))


@lru_cache(1 << 10)
def _sin_cos(on: Arithmetic, a: Interval) -> tuple[Interval, Interval]:
    """Sine and cosine: sin(m + d) = sin m cos d + cos m sin d, where 1 - d^2/2 <= cos d <= 1 and |sin d| <= |d|."""
    middle = (a[0] + a[1]) // 2
    if middle.bit_length() - on.bits > _LARGEST:
        raise Weak("an angle is too large")
    (sine, cosine), reach, one = series.sin_cos(on.bits, middle), a[1] - middle, 1 << on.bits
    if reach:
        near, way = (one - 1 - (reach * reach >> on.bits + 1), one), (-reach, reach)
        ahead, aside = on.times(sine, near), on.times(cosine, near)
        sine, cosine = add(ahead, on.times(cosine, way)), add(aside, on.times(sine, way))
    return (max(sine[0], -one), min(sine[1], one)), (max(cosine[0], -one), min(cosine[1], one))
