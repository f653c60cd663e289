"""Logarithms in vectors, rounded once or to twice the precision. Imports nothing.

    x > 0 --> x = 2**k m, m near 1 --> log x = k log 2 + 2 atanh(w/2), w = 2 (m - 1)/(m + 1)

What depends on x alone is the same instructions for both, so that the compiler keeps one quotient of them; Muller et
al., "Handbook of Floating-Point Arithmetic" (2018), ch. 10.
"""

import math
from dataclasses import dataclass

from gradcalc.arithmetic.native.exponentials import FRACTION, LOG_2_HIGH, LOG_2_LOW
from gradcalc.arithmetic.native.lines import Lines, Pair, bits_of

_ROOT_OF_HALF = 0x3FE6A09E667F3BCD
_TWELFTH = float.fromhex("0x1.5555555555555p-4")
_TWELFTH_LOW = float.fromhex("0x1.5555555555555p-58")
_TAIL = tuple(map(float.fromhex, (
    "0x1.999999999999ap-7", "0x1.2492492492521p-9", "0x1.c71c71c6eaa10p-12", "0x1.745d177a96056p-14",
    "0x1.3b1395d2190c1p-16", "0x1.1118c7e4b0917p-18", "0x1.df7cc8e5fa539p-21", "0x1.e02e6fff27908p-23",
)))  # fmt: skip
"""(2 atanh(w/2) - w - w**3/12)/w**5 by powers of w**2, at Chebyshev's points: w**4 times it is within 2**-66."""


@dataclass(frozen=True, slots=True)
class _Reduced:
    """A number as 2**k (1 + w/2)/(1 - w/2); w is the sum of two doubles."""

    k: str
    w: str
    w_low: str


def _reduced(at: Lines, x: str) -> _Reduced:
    """What x is reduced to, a finite one above 0."""
    one, half, offset = at.literal(1.0), at.literal(0.5), at.literal(2.0**52 + 1023)
    small = at.binary("fcmp olt", x, at.literal(2.0**-1022))
    scaled = at.select(small, at.binary("fmul", x, at.literal(2.0**54)), x)
    offset = at.select(small, at.literal(2.0**52 + 1023 + 54), offset)
    moved = at.whole("sub", at.bits(scaled), _ROOT_OF_HALF - (1023 << 52))
    k = at.binary("fsub", at.double(at.whole("or", at.whole("lshr", moved, 52), bits_of(2.0**52))), offset)
    m = at.double(at.whole("add", at.whole("and", moved, FRACTION), _ROOT_OF_HALF))

    top, bottom = at.binary("fsub", m, one), at.fma(m, half, half)
    lost = at.fma(m, half, at.binary("fsub", half, bottom))
    inverse = at.binary("fdiv", one, bottom)
    w = at.binary("fmul", top, inverse)
    minus = at.negative(w)
    rest = at.fma(minus, lost, at.fma(minus, bottom, top))
    return _Reduced(k, w, at.binary("fmul", rest, inverse))


def logarithm(at: Lines, x: str) -> Pair:
    """log x for a finite x > 0, to about 2**-63 of itself."""
    reduced = _reduced(at, x)
    w, w_low = reduced.w, reduced.w_low
    square, square_low = at.product(w, w)
    cube, cube_low = at.product(w, square)
    cube_low = at.fma(at.binary("fmul", square, at.literal(3.0)), w_low, at.fma(w, square_low, cube_low))
    twelfth = at.literal(_TWELFTH)
    bend, bend_low = at.product(cube, twelfth)
    bend_low = at.fma(cube_low, twelfth, at.fma(cube, at.literal(_TWELFTH_LOW), bend_low))
    tail = at.polynomial(square, _TAIL)
    rest = at.fma(at.binary("fmul", cube, square), tail, at.binary("fadd", bend_low, w_low))

    near, near_low = at.sum(w, bend)
    high, low = at.sum(at.binary("fmul", reduced.k, at.literal(LOG_2_HIGH)), near)
    low = at.binary("fadd", low, at.binary("fadd", near_low, rest))
    return high, at.fma(reduced.k, at.literal(LOG_2_LOW), low)


def log(at: Lines, x: str) -> str:
    """The natural logarithm, rounded once."""
    reduced, zero, infinity = _reduced(at, x), at.literal(0.0), at.literal(math.inf)
    w, k = reduced.w, reduced.k
    square = at.binary("fmul", w, w)
    bend = at.fma(square, at.polynomial(square, _TAIL), at.literal(_TWELFTH))
    whole, rest = at.sum(at.binary("fmul", k, at.literal(LOG_2_HIGH)), w)
    small = at.fma(k, at.literal(LOG_2_LOW), at.fma(at.binary("fmul", w, square), bend, reduced.w_low))
    result = at.binary("fadd", whole, at.binary("fadd", rest, small))
    result = at.select(at.binary("fcmp oeq", x, infinity), infinity, result)
    result = at.select(at.binary("fcmp oeq", x, zero), at.literal(-math.inf), result)
    return at.select(at.binary("fcmp ult", x, zero), at.literal(math.nan), result)


def xlogy(at: Lines, a: str, b: str) -> str:
    """a log b, and 0 where a is 0: what the derivative of a power for its exponent is."""
    zero = at.literal(0.0)
    nothing = at.flag("and", at.binary("fcmp oeq", a, zero), at.binary("fcmp oge", b, zero))
    return at.select(nothing, zero, at.binary("fmul", a, log(at, b)))
