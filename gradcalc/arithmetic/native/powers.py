"""Powers in vectors: a logarithm to twice the precision, times the exponent, and its exponential. Imports nothing.

    x > 0 --> x = 2**k m, m near 1 --> log x = k log 2 + 2 atanh((m - 1)/(m + 1)), as high + low
          --> (high + low) * exponent = n log 2 + r --> 2**n (1 + r + r**2/2 + ...)

What depends on x alone is the same instructions for every exponent, so that the compiler keeps one logarithm of them.
The result is within an ulp (tests measure it); Muller et al., "Handbook of Floating-Point Arithmetic" (2018), ch. 10.
"""

import math

from gradcalc.arithmetic.native.lines import Lines, Pair, bits_of

_LOG_2 = 0.6931471805599453094172321214581765680755
_LOG_2_HIGH = float.fromhex("0x1.62e42fefa38p-1")  # 42 bits: its product with an exponent of a double is exact
_LOG_2_LOW = float.fromhex("0x1.ef35793c7673p-45")
_ROOT_OF_HALF = 0x3FE6A09E667F3BCD
_ROUNDING = 1.5 * 2**52
"""Added to a double it leaves the nearest integer in its last bits."""
_FRACTION = 2**52 - 1
"""The bits of a double that are behind the point."""
_SIGN = -(2**63)
_FARTHEST = 1_400.0
"""Beyond this exponent of e all doubles are 0 or infinite."""

_TWELFTH = float.fromhex("0x1.5555555555555p-4")
_TWELFTH_LOW = float.fromhex("0x1.5555555555555p-58")
_LOG_TAIL = tuple(map(float.fromhex, (
    "0x1.999999999999ap-7", "0x1.2492492492521p-9", "0x1.c71c71c6eaa10p-12", "0x1.745d177a96056p-14",
    "0x1.3b1395d2190c1p-16", "0x1.1118c7e4b0917p-18", "0x1.df7cc8e5fa539p-21", "0x1.e02e6fff27908p-23",
)))  # fmt: skip
"""(2 atanh(w/2) - w - w**3/12)/w**5 by powers of w**2, at Chebyshev's points: w**4 times it is within 2**-66."""
_EXP_TAIL = tuple(map(float.fromhex, (
    "0x1.5555555555556p-3", "0x1.5555555555555p-5", "0x1.11111111109b3p-7", "0x1.6c16c16c167e1p-10",
    "0x1.a01a01a7c41d5p-13", "0x1.a01a01a47b054p-16", "0x1.71de0dae63bb3p-19", "0x1.27e4e1f48534fp-22",
    "0x1.af38a9b0ec855p-26", "0x1.1f66df7fca49fp-29",
)))  # fmt: skip
"""(exp(r) - 1 - r - r**2/2)/r**3 by powers of r, at Chebyshev's points: r**3 times it is within 2**-60."""


def constant_exponent(at: Lines, x: str, exponent: str) -> str:
    """x**exponent for an exponent, the same in all lanes, between -1 and 1 that is not 0."""
    zero, infinity = at.literal(0.0), at.literal(math.inf)
    power = exponential(at, _times(at, logarithm(at, x), exponent))
    falls = at.binary("fcmp olt", exponent, zero)
    at_zero, at_infinity = at.select(falls, infinity, zero), at.select(falls, zero, infinity)
    power = at.select(at.binary("fcmp oeq", x, zero), at_zero, power)
    power = at.select(at.binary("fcmp oeq", x, infinity), at_infinity, power)
    return at.select(at.binary("fcmp ult", x, zero), at.literal(math.nan), power)


def constant_base(at: Lines, base: str, exponent: str) -> str:
    """base**exponent for a base that is positive and finite."""
    return _bounded(at, _times(at, logarithm(at, base), exponent))


def power(at: Lines, base: str, exponent: str) -> str:
    """base**exponent as C's `pow` has it, that of nan and of infinities too."""
    zero, one, infinity, nan = map(at.literal, (0.0, 1.0, math.inf, math.nan))
    size = at.magnitude(base)
    high, low = logarithm(at, size)
    nothing = at.binary("fcmp oeq", size, zero)
    high = at.select(nothing, at.literal(-math.inf), at.select(at.binary("fcmp oeq", size, infinity), infinity, high))
    result = _bounded(at, _times(at, (high, low), exponent))

    half = at.binary("fmul", exponent, at.literal(0.5))
    whole = at.binary("fcmp oeq", at.rounded(exponent), exponent)
    odd = at.flag("and", whole, at.binary("fcmp une", at.rounded(half), half))
    turned = at.double(at.whole("xor", at.bits(result), at.whole("and", at.bits(base), _SIGN)))
    negative = at.flag("and", at.binary("fcmp olt", base, zero), at.binary("fcmp one", size, infinity))
    result = at.select(odd, turned, at.select(whole, result, at.select(negative, nan, result)))
    result = at.select(at.binary("fcmp uno", base, exponent), nan, result)
    far = at.binary("fcmp oeq", at.magnitude(exponent), infinity)
    unit = at.flag("and", at.binary("fcmp oeq", size, one), far)
    unit = at.flag("or", unit, at.binary("fcmp oeq", base, one))
    return at.select(at.flag("or", unit, at.binary("fcmp oeq", exponent, zero)), one, result)


def _bounded(at: Lines, pair: Pair) -> str:
    """e**(high + low), 0 or infinite far out."""
    high, low = pair
    far = at.binary("fcmp uge", at.magnitude(high), at.literal(_FARTHEST))
    end = at.call(at.declare("llvm.copysign", 2, intrinsic=True), [at.literal(_FARTHEST), high])
    end = at.select(at.binary("fcmp uno", high, high), high, end)
    return exponential(at, (at.select(far, end, high), at.select(far, at.literal(0.0), low)))


def _times(at: Lines, pair: Pair, factor: str) -> Pair:
    high, rest = at.product(pair[0], factor)
    return high, at.fma(pair[1], factor, rest)


def logarithm(at: Lines, x: str) -> Pair:
    """log x for a finite x > 0, to about 2**-63 of itself."""
    one, half = at.literal(1.0), at.literal(0.5)
    small = at.binary("fcmp olt", x, at.literal(2.0**-1022))
    bits = at.bits(at.select(small, at.binary("fmul", x, at.literal(2.0**54)), x))
    moved = at.whole("sub", bits, _ROOT_OF_HALF - (1023 << 52))
    shifted = at.double(at.whole("or", at.whole("lshr", moved, 52), bits_of(2.0**52)))
    offset = at.select(small, at.literal(2.0**52 + 1023 + 54), at.literal(2.0**52 + 1023))
    k = at.binary("fsub", shifted, offset)
    m = at.double(at.whole("add", at.whole("and", moved, _FRACTION), _ROOT_OF_HALF))

    # w + w_low = 2(m - 1)/(m + 1)
    top, bottom = at.binary("fsub", m, one), at.fma(m, half, half)
    lost = at.fma(m, half, at.binary("fsub", half, bottom))
    inverse = at.binary("fdiv", one, bottom)
    w = at.binary("fmul", top, inverse)
    minus = at.negative(w)
    w_low = at.binary("fmul", at.fma(minus, lost, at.fma(minus, bottom, top)), inverse)

    square, square_low = at.product(w, w)
    cube, cube_low = at.product(w, square)
    cube_low = at.fma(at.binary("fmul", square, at.literal(3.0)), w_low, at.fma(w, square_low, cube_low))
    twelfth = at.literal(_TWELFTH)
    bend, bend_low = at.product(cube, twelfth)
    bend_low = at.fma(cube_low, twelfth, at.fma(cube, at.literal(_TWELFTH_LOW), bend_low))
    tail = at.polynomial(square, _LOG_TAIL)
    rest = at.fma(at.binary("fmul", cube, square), tail, at.binary("fadd", bend_low, w_low))

    near, near_low = at.sum(w, bend)
    high, low = at.sum(at.binary("fmul", k, at.literal(_LOG_2_HIGH)), near)
    low = at.binary("fadd", low, at.binary("fadd", near_low, rest))
    return high, at.fma(k, at.literal(_LOG_2_LOW), low)


def exponential(at: Lines, pair: Pair) -> str:
    """e**(high + low) for a high within the limits of `_FARTHEST`."""
    high, low = pair
    shifted = at.fma(high, at.literal(1 / _LOG_2), at.literal(_ROUNDING))
    n = at.negative(at.binary("fsub", shifted, at.literal(_ROUNDING)))
    r, low = at.sum(at.fma(n, at.literal(_LOG_2_HIGH), high), at.fma(n, at.literal(_LOG_2_LOW), low))
    series = at.fma(r, at.polynomial(r, _EXP_TAIL), at.literal(0.5))
    whole, rest = at.sum(at.literal(1.0), r)
    bent = at.fma(at.binary("fmul", r, r), series, low)
    return _scaled(at, at.binary("fadd", whole, at.binary("fadd", rest, bent)), shifted)


def _scaled(at: Lines, x: str, shifted: str) -> str:
    """x 2**n for an x near 1 and n + _ROUNDING, rounded once: half of n is added to the exponent of x."""
    bits = at.bits(shifted)
    half = at.whole("and", at.whole("shl", bits, 51), ~_FRACTION)
    rest = at.whole("sub", at.whole("shl", bits, 52), half)
    return at.binary("fmul", at.double(at.whole("add", at.bits(x), half)),
                     at.double(at.whole("add", rest, bits_of(1.0))))  # fmt: skip
