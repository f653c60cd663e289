"""Powers in vectors: a logarithm to twice the precision, times the exponent, and its exponential. Imports nothing.

What depends on x alone is the same instructions for every exponent, so that the compiler keeps one logarithm of them.
The result is within an ulp (tests measure it); Muller et al., "Handbook of Floating-Point Arithmetic" (2018), ch. 10.
"""

import math

from gradcalc.arithmetic.native.exponentials import FARTHEST, exponential
from gradcalc.arithmetic.native.lines import Lines, Pair
from gradcalc.arithmetic.native.logarithms import logarithm

_SIGN = -(2**63)


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
    far = at.binary("fcmp uge", at.magnitude(high), at.literal(FARTHEST))
    end = at.call(at.declare("llvm.copysign", 2, intrinsic=True), [at.literal(FARTHEST), high])
    end = at.select(at.binary("fcmp uno", high, high), high, end)
    return exponential(at, (at.select(far, end, high), at.select(far, at.literal(0.0), low)))


def _times(at: Lines, pair: Pair, factor: str) -> Pair:
    high, rest = at.product(pair[0], factor)
    return high, at.fma(pair[1], factor, rest)
