"""exp, log, atan, sin, cos and pi at a point, in integers: Taylor series, with a bound of all that is lost.

A number is a whole multiple of 2^-bits; of a function two of them come back, below and above. Within, numbers are
multiples of 2^-p, p = bits + _GUARD, and beside each stands how many units it may be off. No imports.
"""

import math
from collections.abc import Callable
from functools import cache, lru_cache

Ends = tuple[int, int]
"""Two whole numbers a <= b: the numbers between a/2^bits and b/2^bits."""

_GUARD = 24
"""Bits that are carried beside those of a result: more than all that a series loses."""
_kept = lru_cache(1 << 14)
"""Functions of points are kept: boxes have many sides in common."""


def _rounded(value: int, off: int, down: int) -> Ends:
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


@_kept
def exp(bits: int, x: int) -> Ends:
    """2^k times the exponential of a number below 0.36."""
    p = bits + _GUARD
    x, unit = x << _GUARD, log_of_2(p)
    k = (2 * x + unit) // (2 * unit)
    total, off = _series(p, x - k * unit, 1 << p, lambda n: (1, n))
    off += 4 * abs(k) + 4  # the number is off by 2 units for each k, its exponential by less than twice as many
    return _rounded(total << k, off << k, _GUARD) if k >= 0 else _rounded(total, off, _GUARD - k)


@_kept
def log(bits: int, x: int) -> Ends:
    """Of m*2^k, m between 2/3 and 4/3: k log 2, and 2 atanh z with z = (m - 1)/(m + 1)."""
    p = bits + _GUARD
    k, one = (x * 3 // 2).bit_length() - 1 - bits, 1 << p
    m = (x << _GUARD) >> k if k >= 0 else x << _GUARD - k
    z = ((m - one) << p) // (m + one)
    total, off = _series(p, z * z >> p, 2 * z, lambda n: (2 * n - 1, 2 * n + 1))
    twos = k * log_of_2(p) if k else 0
    return _rounded(total + twos, off + 2 * abs(k) + 12, _GUARD)  # z is off by 3, twice atanh z by 12


@_kept
def atan(bits: int, x: int) -> Ends:
    """Eight times that of the angle halved three times, each x/(1 + sqrt(1 + x^2)), off by 2 and half of before."""
    p = bits + _GUARD
    x, one = x << _GUARD, 1 << p
    for _ in range(3):
        x = (x << p) // (one + math.isqrt((one << p) + x * x))
    total, off = _series(p, x * x >> p, x, lambda n: (1 - 2 * n, 2 * n + 1))
    return _rounded(8 * total, 8 * (off + 4), _GUARD)


@_kept
def sin_cos(bits: int, x: int) -> tuple[Ends, Ends]:
    """Of the rest once the nearest quarters of a turn are taken off, turned back by these."""
    more = _GUARD + max(0, x.bit_length() - bits)
    p = bits + more
    x, quarter = x << more, half_pi(p)
    k = (2 * x + quarter) // (2 * quarter)
    rest = x - k * quarter
    square, off = rest * rest >> p, 2 * abs(k)
    parts = [_series(p, square, first, lambda n, odd=odd: (-1, 2 * n * (2 * n + odd)))  # type: ignore[misc]
             for first, odd in ((rest, 1), (1 << p, -1))]  # fmt: skip
    sine, cosine = (_rounded(total, each + off, more) for total, each in parts)
    for _ in range(k % 4):
        sine, cosine = cosine, (-sine[1], -sine[0])
    return sine, cosine


@cache
def log_of_2(p: int) -> int:
    """Log 2 = log 9/8 - 2 log 3/4 in units of 2^-p, off by 2 at most."""
    return (log(p + 4, 9 << p + 1)[0] - 2 * log(p + 4, 3 << p + 2)[1]) >> 4


@cache
def half_pi(p: int) -> int:
    """A quarter of a turn, 2 atan 1, in units of 2^-p, off by 2 at most."""
    return atan(p + 4, 1 << p + 4)[0] >> 3
