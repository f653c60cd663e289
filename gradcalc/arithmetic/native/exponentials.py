"""Hyperbolic functions and the exponential of two doubles in vectors, from one core. Imports nothing.

    x = n log 2 + r, |r| < 0.35 --> cosh r, sinh r by polynomials of r**2 --> e**x = 2**n (cosh r + sinh r)
    sinh x, cosh x: 2**(n - 1) times (1 - u) cosh r + (1 + u) sinh r, (1 + u) cosh r + (1 - u) sinh r, u = 2**(-2n)

The core is the same instructions for every function, of |x| alone, so that the compiler keeps one of them for a value
and its derivatives. Each is within three ulps at any argument (tests measure it).
"""

from dataclasses import dataclass

from gradcalc.arithmetic.native.lines import Lines, Pair, bits_of

LOG_2 = 0.6931471805599453094172321214581765680755
LOG_2_HIGH = float.fromhex("0x1.62e42fefa38p-1")  # 42 bits: its product with an exponent of a double is exact
LOG_2_LOW = float.fromhex("0x1.ef35793c7673p-45")
_ROUNDING = 1.5 * 2**52
"""Added to a double it leaves the nearest integer in its last bits."""
FRACTION = 2**52 - 1
"""The bits of a double that are behind the point."""
NAMES = ("sinh", "cosh", "tanh", "sech", "csch", "coth")
"""The ops that are written here."""
FARTHEST = 1_400.0
"""Beyond this exponent of e all doubles are 0 or infinite."""
_ALONE = 40.0
"""Beyond this e**-x is lost beside 1."""

_COSH = (0.5, *map(float.fromhex, (
    "0x1.5555555555555p-5", "0x1.6c16c16c167e1p-10", "0x1.a01a01a47b054p-16", "0x1.27e4e1f48534fp-22",
    "0x1.1f66df7fca49fp-29",
)))  # fmt: skip
"""(cosh r - 1)/r**2 by powers of r**2, at Chebyshev's points: r**2 times it is within 2**-64."""
_SINH = tuple(map(float.fromhex, (
    "0x1.5555555555556p-3", "0x1.11111111109b3p-7", "0x1.a01a01a7c41d5p-13", "0x1.71de0dae63bb3p-19",
    "0x1.af38a9b0ec855p-26",
)))  # fmt: skip
"""(sinh r - r)/r**3 by powers of r**2, likewise: r**2 times it is within 2**-58."""


@dataclass(frozen=True, slots=True)
class _Core:
    """A number x = n log 2 + r: `shifted` is n + _ROUNDING, `cosh` is cosh r - 1, `sinh` is sinh r - r."""

    shifted: str
    r: str
    cosh: str
    sinh: str


def _core(at: Lines, high: str, low: str | None = None) -> _Core:
    """The core of high + low, for a high within the limits of `FARTHEST`."""
    shifted = at.fma(high, at.literal(1 / LOG_2), at.literal(_ROUNDING))
    minus = at.negative(at.binary("fsub", shifted, at.literal(_ROUNDING)))
    rest = at.fma(minus, at.literal(LOG_2_LOW), low) if low else at.binary("fmul", minus, at.literal(LOG_2_LOW))
    r, rest = at.sum(at.fma(minus, at.literal(LOG_2_HIGH), high), rest)
    square = at.binary("fmul", r, r)
    cosh = at.binary("fmul", square, at.polynomial(square, _COSH))
    return _Core(shifted, r, cosh, at.fma(at.binary("fmul", square, r), at.polynomial(square, _SINH), rest))


def exponential(at: Lines, pair: Pair) -> str:
    """e**(high + low) for a high within the limits of `FARTHEST`."""
    core = _core(at, *pair)
    whole, rest = at.sum(at.literal(1.0), core.r)
    power = at.binary("fadd", whole, at.binary("fadd", rest, at.binary("fadd", core.cosh, core.sinh)))
    return _scaled(at, power, core.shifted)


@dataclass(frozen=True, slots=True)
class _Halves:
    """Of |x| = n log 2 + r: 2 sinh |x| and 2 cosh |x| over 2**n, the first as two doubles; u = 2**(-2n), e**-r."""

    size: str
    core: _Core
    sinh: Pair
    cosh: str
    u: str
    falling: str


def _halves(at: Lines, x: str) -> _Halves:
    size, most = at.magnitude(x), at.literal(FARTHEST)
    core = _core(at, at.select(at.binary("fcmp ogt", size, most), most, size))
    one, doubled = at.literal(1.0), at.whole("shl", at.bits(core.shifted), 53)
    u = at.double(at.whole("sub", at.bits(one), doubled))
    u = at.select(at.binary("fcmp ogt", size, at.literal(_ALONE)), at.literal(0.0), u)
    less, more = at.binary("fsub", one, u), at.binary("fadd", one, u)
    whole, rest = at.sum(less, core.r)
    rest = at.fma(more, core.sinh, at.fma(less, core.cosh, at.fma(u, core.r, rest)))
    odd = at.binary("fadd", core.r, core.sinh)
    even = at.binary("fadd", more, at.fma(less, odd, at.binary("fmul", more, core.cosh)))
    falling = at.binary("fadd", one, at.binary("fsub", core.cosh, odd))
    return _Halves(size, core, at.sum(whole, rest), even, u, falling)


def sinh(at: Lines, x: str) -> str:
    """The hyperbolic sine."""
    halves = _halves(at, x)
    return signed(at, _scaled(at, at.binary("fmul", halves.sinh[0], at.literal(0.5)), halves.core.shifted), x)


def cosh(at: Lines, x: str) -> str:
    """The hyperbolic cosine."""
    halves = _halves(at, x)
    return _scaled(at, at.binary("fmul", halves.cosh, at.literal(0.5)), halves.core.shifted)


def tanh(at: Lines, x: str) -> str:
    """The hyperbolic tangent; above 1 as cosh less e**-|x|, over cosh, whose own error stays out of it so."""
    halves = _halves(at, x)
    minus = at.binary("fmul", halves.u, at.literal(-2.0))
    total = at.fma(minus, halves.falling, halves.cosh)
    below = total, at.fma(minus, halves.falling, at.binary("fsub", halves.cosh, total))
    large = at.binary("fcmp ogt", halves.size, at.literal(1.0))
    high, low = (at.select(large, a, b) for a, b in zip(below, halves.sinh, strict=True))
    return signed(at, _quotient(at, (high, low), halves.cosh), x)


def sech(at: Lines, x: str) -> str:
    """1 / cosh x."""
    halves = _halves(at, x)
    return _inverse(at, halves.cosh, halves.core)


def csch(at: Lines, x: str) -> str:
    """1 / sinh x."""
    halves = _halves(at, x)
    return signed(at, _inverse(at, halves.sinh[0], halves.core), x)


def coth(at: Lines, x: str) -> str:
    """cosh x / sinh x."""
    halves = _halves(at, x)
    return signed(at, at.binary("fdiv", halves.cosh, halves.sinh[0]), x)


def _quotient(at: Lines, pair: Pair, b: str) -> str:
    """A sum of two doubles over b: by the inverse of b, which others need too, and what that leaves."""
    (high, low), inverse = pair, at.binary("fdiv", at.literal(1.0), b)
    near = at.binary("fmul", high, inverse)
    left = at.binary("fadd", at.fma(at.negative(near), b, high), low)
    return at.fma(left, inverse, near)


def _inverse(at: Lines, half: str, core: _Core) -> str:
    """The inverse of 2**(n - 1) times a number."""
    inverse = at.binary("fdiv", at.literal(1.0), half)
    shifted = at.binary("fsub", at.literal(2 * _ROUNDING), core.shifted)
    return _scaled(at, at.binary("fadd", inverse, inverse), shifted)


def signed(at: Lines, size: str, x: str) -> str:
    """A number of this size with the sign of x."""
    return at.call(at.declare("llvm.copysign", 2, intrinsic=True), [size, x])


def _scaled(at: Lines, x: str, shifted: str) -> str:
    """x 2**n of n + _ROUNDING, in two steps of which the first is exact for an x near 1."""
    bits = at.bits(shifted)
    half = at.whole("and", at.whole("shl", bits, 51), ~FRACTION)
    rest = at.whole("sub", at.whole("shl", bits, 52), half)
    for part in (half, rest):
        x = at.binary("fmul", x, at.double(at.whole("add", part, bits_of(1.0))))
    return x
