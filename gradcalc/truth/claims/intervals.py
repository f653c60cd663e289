"""Intervals whose ends are whole multiples of 2^-P, rounded outward: the numbers of `verify`. No imports.

    + - * / roots, powers    Python's integers, rounded down and up
    exp, log, atan, sin, cos their Taylor series at a point, with a bound of all that is lost; then what the function
                             does between two points (it rises, or turns no faster than a circle)

Only these lines and Python's integers have to be believed of an elementary function.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache

Interval = tuple[int, int]
"""Two whole numbers a <= b: the numbers between a/2^P and b/2^P."""

_GUARD = 24
"""Bits that are carried beside those of a result: more than all that a series loses."""
_LARGEST = 1 << 14
"""Bits before the point of a number whose exponential, sine or cosine is asked for, and of a power of e."""
_KEPT = 1 << 14
"""Points whose functions are kept: boxes have many sides in common."""


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
    """

    bits: int
    written: bool = False

    def of(self, low: Fraction, high: Fraction) -> Interval:
        """The interval around two numbers."""
        return math.floor(low * 2**self.bits), math.ceil(high * 2**self.bits)

    def whole(self, number: int) -> Interval:
        """A whole number."""
        return number << self.bits, number << self.bits

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
        if n < 0:
            return self.over(self.whole(1), self.power(a, -n))
        if n == 0:
            return self.whole(1)
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
        return _exp(self.bits, a[0])[0], _exp(self.bits, a[1])[1]

    def log(self, a: Interval) -> Interval:
        """The logarithm."""
        if a[0] <= 0:
            raise (Nowhere if a[1] <= 0 else Weak)("a logarithm of 0 or less")
        return _log(self.bits, a[0])[0], _log(self.bits, a[1])[1]

    def atan(self, a: Interval) -> Interval:
        """The arc tangent."""
        return _atan(self.bits, a[0])[0], _atan(self.bits, a[1])[1]

    def sign(self, a: Interval) -> tuple[Interval, Interval]:
        """The absolute value and the sign of what is not 0."""
        if a[0] <= 0 <= a[1]:
            raise Weak("a number may be 0 where its sign counts")
        return (a if a[0] > 0 else scaled(a, -1)), self.whole(1 if a[0] > 0 else -1)

    def is_broken(self, a: Interval) -> bool:
        """Whether no whole number is among these."""
        return -(-a[0] >> self.bits) << self.bits > a[1]

    def below(self, a: Interval, b: Interval) -> bool:
        """Whether a number is below another, where that is certain."""
        if a[0] <= b[1] and b[0] <= a[1]:
            raise Weak("a branch, a kink or a jump may be met")
        return a[1] < b[0]

    def sin_cos(self, a: Interval) -> tuple[Interval, Interval]:
        """Sine and cosine: sin(m + d) = sin m cos d + cos m sin d, where 1 - d^2/2 <= cos d <= 1 and |sin d| <= |d|."""
        middle = (a[0] + a[1]) // 2
        (sine, cosine), reach, one = _sin_cos(self.bits, middle), a[1] - middle, 1 << self.bits
        if reach:
            near, way = (one - 1 - (reach * reach >> self.bits + 1), one), (-reach, reach)
            ahead, aside = self.times(sine, near), self.times(cosine, near)
            sine, cosine = add(ahead, self.times(cosine, way)), add(aside, self.times(sine, way))
        return (max(sine[0], -one), min(sine[1], one)), (max(cosine[0], -one), min(cosine[1], one))

    def pi(self) -> Interval:
        """Pi."""
        near = 2 * half_pi(self.bits)
        return near - 4, near + 4

    add, sub, scaled = staticmethod(add), staticmethod(sub), staticmethod(scaled)


# -- functions at a point: whole numbers with P = bits + _GUARD, and how many units they may be off -------------------


def _rounded(value: int, off: int, down: int) -> Interval:
    """What is off by some units, with so many bits less."""
    return (value - off) >> down, -(-(value + off) >> down)


def _series(p: int, x: int, first: int, ratio: Callable[[int], tuple[int, int]]) -> tuple[int, int]:
    """The sum of terms, each x*a/b times the one before, at most half as large; a, b = ratio(k). And how far it is off.

    A term is off by half of what the one before is, by 1 for its rounding and by 1 for that of x: by 4 at most, the
    first one too. What follows the last term, which is below 1 in size, is at most as large.
    """
    total, term, k = first, first, 0
    while term not in (0, -1):
        k += 1
        above, below = ratio(k)
        term = term * x * above // (below << p)
        total += term
    return total, 4 * k + 12


@cache
def log_of_2(p: int) -> int:
    """Log 2 in units of 2^-p, off by 2 at most: twice atanh(1/3)."""
    fine = p + _GUARD
    total, off = _series(fine, (1 << fine) // 9, (2 << fine) // 3, lambda k: (2 * k - 1, 2 * k + 1))
    return _rounded(total, off, _GUARD)[0]


@cache
def half_pi(p: int) -> int:
    """A quarter of a turn in units of 2^-p, off by 2 at most: 8 atan(1/5) - 2 atan(1/239) (Machin)."""
    fine = p + _GUARD
    parts = [
        _series(fine, (1 << fine) // (n * n), times * (1 << fine) // n, lambda k: (1 - 2 * k, 2 * k + 1))
        for n, times in ((5, 8), (239, -2))
    ]
    return _rounded(sum(total for total, _ in parts), sum(off for _, off in parts), _GUARD)[0]


@lru_cache(_KEPT)
def _exp(bits: int, x: int) -> Interval:
    """2^k times the exponential of a number below 0.36."""
    if x > _LARGEST << bits:
        raise Weak("an exponential is too large")
    if x < -_LARGEST << bits:
        return 0, 1
    p = bits + _GUARD
    x, unit = x << _GUARD, log_of_2(p)
    k = (2 * x + unit) // (2 * unit)
    total, off = _series(p, x - k * unit, 1 << p, lambda n: (1, n))
    off += 4 * abs(k) + 4  # the number is off by 2 units for each k, its exponential by less than twice as many
    return _rounded(total << k, off << k, _GUARD) if k >= 0 else _rounded(total, off, _GUARD - k)


@lru_cache(_KEPT)
def _log(bits: int, x: int) -> Interval:
    """Of m*2^k, m between 2/3 and 4/3: k log 2, and 2 atanh z with z = (m - 1)/(m + 1)."""
    p = bits + _GUARD
    k, one = (x * 3 // 2).bit_length() - 1 - bits, 1 << p
    m = (x << _GUARD) >> k if k >= 0 else x << _GUARD - k
    z = ((m - one) << p) // (m + one)
    total, off = _series(p, z * z >> p, 2 * z, lambda n: (2 * n - 1, 2 * n + 1))
    return _rounded(total + k * log_of_2(p), off + 2 * abs(k) + 12, _GUARD)  # z is off by 3, twice atanh z by 12


@lru_cache(_KEPT)
def _atan(bits: int, x: int) -> Interval:
    """Eight times that of the angle halved three times, each x/(1 + sqrt(1 + x^2)), off by 2 and half of before."""
    p = bits + _GUARD
    x, one = x << _GUARD, 1 << p
    for _ in range(3):
        x = (x << p) // (one + math.isqrt((one << p) + x * x))
    total, off = _series(p, x * x >> p, x, lambda n: (1 - 2 * n, 2 * n + 1))
    return _rounded(8 * total, 8 * (off + 4), _GUARD)


@lru_cache(_KEPT)
def _sin_cos(bits: int, x: int) -> tuple[Interval, Interval]:
    """Of the rest once the nearest quarters of a turn are taken off, turned back by these."""
    more = _GUARD + max(0, x.bit_length() - bits)
    if more > _LARGEST:
        raise Weak("an angle is too large")
    p = bits + more
    x, quarter = x << more, half_pi(p)
    k = (2 * x + quarter) // (2 * quarter)
    rest = x - k * quarter
    square, off = rest * rest >> p, 2 * abs(k)
    parts = [
        _series(p, square, first, lambda n, odd=odd: (-1, 2 * n * (2 * n + odd)))  # type: ignore[misc]
        for first, odd in ((rest, 1), (1 << p, -1))
    ]
    sine, cosine = (_rounded(total, each + off, more) for total, each in parts)
    for _ in range(k % 4):
        sine, cosine = cosine, scaled(sine, -1)
    return sine, cosine
