"""Powers in vectors: a logarithm to twice the precision, times the exponent, and its exponential. Imports nothing.

    x > 0 --> x = 2**k m, m near 1 --> log x = k log 2 + 2 atanh((m - 1)/(m + 1)), as high + low
          --> (high + low) * exponent = n log 2 + r --> 2**n (1 + r + r**2/2 + ...)

What depends on x alone is the same instructions for every exponent, so that the compiler keeps one logarithm of them.
The result is within an ulp (tests measure it); Muller et al., "Handbook of Floating-Point Arithmetic" (2018), ch. 10.
"""

import math
import struct
from collections.abc import Sequence
from fractions import Fraction

Pair = tuple[str, str]
"""A number as the sum of two doubles, the first the nearest to it."""

_LOG_2 = 0.6931471805599453094172321214581765680755
_LOG_2_HIGH = float.fromhex("0x1.62e42fefa38p-1")  # 42 bits: its product with an exponent of a double is exact
_LOG_2_LOW = float.fromhex("0x1.ef35793c7673p-45")
_ROOT_OF_HALF = 0x3FE6A09E667F3BCD
_ROUNDING = 1.5 * 2**52
"""Added to a double it leaves the nearest integer in its last bits."""
_LOG_TERMS, _EXP_TERMS = 12, 13
_FARTHEST = 1_400.0
"""Beyond this exponent of e all doubles are 0 or infinite."""


class Lines:
    """Instructions of double arithmetic on vectors of rows: the lines, and the functions that they call."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.vector, self.flags, self.integers = f"<{width} x double>", f"<{width} x i1>", f"<{width} x i64>"
        self.declared: dict[str, str] = {}
        self.lines: list[str] = []
        self.count = 0

    def line(self, text: str) -> str:
        """Add an instruction; the name of its result."""
        self.count += 1
        self.lines.append(f"  %t{self.count} = {text}")
        return f"%t{self.count}"

    def declare(self, name: str, count: int, intrinsic: bool = False) -> str:
        """A function of vectors that computes and nothing else."""
        symbol = f"{name}.v{self.width}f64" if intrinsic else name
        operands = ", ".join([self.vector] * count)
        pure = "" if intrinsic else " nounwind willreturn memory(none)"
        self.declared[symbol] = f"declare {self.vector} @{symbol}({operands}){pure}"
        return symbol

    def call(self, symbol: str, places: Sequence[str]) -> str:
        """Add a call of a function of vectors."""
        return self.line(f"call {self.vector} @{symbol}({', '.join(f'{self.vector} {p}' for p in places)})")

    def literal(self, value: float) -> str:
        """A number in all lanes."""
        return f"splat (double {hexadecimal(value)})"

    def binary(self, operation: str, a: str, b: str) -> str:
        """An instruction of two vectors of doubles: `fadd`, `fcmp olt`."""
        return self.line(f"{operation} {self.vector} {a}, {b}")

    def magnitude(self, a: str) -> str:
        """|a|."""
        return self.call(self.declare("llvm.fabs", 1, intrinsic=True), [a])

    def negative(self, a: str) -> str:
        """-a."""
        return self.line(f"fneg {self.vector} {a}")

    def select(self, condition: str, a: str, b: str) -> str:
        """a where the condition holds, else b."""
        return self.line(f"select {self.flags} {condition}, {self.vector} {a}, {self.vector} {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        """a*b + c, rounded once."""
        return self.call(self.declare("llvm.fma", 3, intrinsic=True), [a, b, c])

    def sum(self, large: str, small: str) -> Pair:
        """The sum of two numbers and what rounding took from it (Dekker 1971)."""
        total = self.binary("fadd", large, small)
        return total, self.binary("fadd", self.binary("fsub", large, total), small)

    def product(self, a: str, b: str) -> Pair:
        """The product of two numbers and what rounding took from it."""
        total = self.binary("fmul", a, b)
        return total, self.fma(a, b, self.negative(total))

    def polynomial(self, x: str, coefficients: Sequence[Fraction]) -> str:
        """By Horner's rule, the constant first."""
        total = self.literal(float(coefficients[-1]))
        for coefficient in reversed(coefficients[:-1]):
            total = self.fma(total, x, self.literal(float(coefficient)))
        return total

    def bits(self, a: str) -> str:
        """Doubles as the integers that their bits are."""
        return self.line(f"bitcast {self.vector} {a} to {self.integers}")

    def double(self, bits: str) -> str:
        """The doubles that integers are the bits of."""
        return self.line(f"bitcast {self.integers} {bits} to {self.vector}")

    def whole(self, operation: str, a: str, b: str | int) -> str:
        """An instruction of two vectors of integers, or a number for all lanes."""
        return self.line(f"{operation} {self.integers} {a}, {f'splat (i64 {b})' if isinstance(b, int) else b}")


def hexadecimal(value: float) -> str:
    """A double as IR writes it."""
    return f"0x{_bits(math.nan if math.isnan(value) else value) % 2**64:016X}"


def constant_exponent(at: Lines, x: str, exponent: str) -> str:
    """x**exponent for an exponent, the same in all lanes, between -1 and 1 that is not 0."""
    zero, infinity = at.literal(0.0), at.literal(math.inf)
    power = _exponential(at, _times(at, _logarithm(at, x), exponent))
    falls = at.binary("fcmp olt", exponent, zero)
    at_zero, at_infinity = at.select(falls, infinity, zero), at.select(falls, zero, infinity)
    power = at.select(at.binary("fcmp oeq", x, zero), at_zero, power)
    power = at.select(at.binary("fcmp oeq", x, infinity), at_infinity, power)
    return at.select(at.binary("fcmp ult", x, zero), at.literal(math.nan), power)


def constant_base(at: Lines, base: str, exponent: str) -> str:
    """base**exponent for a base that is positive and finite."""
    high, low = _times(at, _logarithm(at, base), exponent)
    far = at.binary("fcmp uge", at.magnitude(high), at.literal(_FARTHEST))
    end = at.call(at.declare("llvm.copysign", 2, intrinsic=True), [at.literal(_FARTHEST), high])
    end = at.select(at.binary("fcmp uno", high, high), high, end)
    return _exponential(at, (at.select(far, end, high), at.select(far, at.literal(0.0), low)))


def _times(at: Lines, pair: Pair, factor: str) -> Pair:
    high, rest = at.product(pair[0], factor)
    return high, at.fma(pair[1], factor, rest)


def _logarithm(at: Lines, x: str) -> Pair:
    """log x for x > 0, to about 2**-63 of itself."""
    small = at.binary("fcmp olt", x, at.literal(2.0**-1022))
    scaled = at.select(small, at.binary("fmul", x, at.literal(2.0**54)), x)
    bits = at.bits(scaled)
    k = at.whole("ashr", at.whole("sub", bits, _ROOT_OF_HALF), 52)
    m = at.double(at.whole("sub", bits, at.whole("shl", k, 52)))
    # k as a double: the last bits of a large one
    shifted = at.double(at.whole("add", k, _bits(_ROUNDING)))
    power = at.binary("fsub", at.binary("fsub", shifted, at.literal(_ROUNDING)),
                      at.select(small, at.literal(54.0), at.literal(0.0)))  # fmt: skip

    one = at.literal(1.0)
    top, (bottom, lost) = at.binary("fsub", m, one), at.sum(one, m)
    inverse = at.binary("fdiv", one, bottom)
    z = at.binary("fmul", top, inverse)
    rest = at.fma(at.negative(z), lost, at.fma(at.negative(z), bottom, top))
    z_low = at.binary("fmul", rest, inverse)

    square, square_low = at.product(z, z)
    square_low = at.fma(at.binary("fadd", z, z), z_low, square_low)
    tail = at.polynomial(square, [Fraction(1, 2 * j + 1) for j in range(2, _LOG_TERMS)])
    third = float(Fraction(1, 3))
    series, series_low = at.sum(at.literal(third), at.binary("fmul", square, tail))
    series_low = at.binary("fadd", series_low, at.literal(float(Fraction(1, 3) - Fraction(third))))
    share, share_low = at.product(square, series)
    share_low = at.fma(square_low, series, at.fma(square, series_low, share_low))
    more, more_low = at.product(z, share)
    more_low = at.fma(z_low, share, at.fma(z, share_low, more_low))
    half, half_low = at.sum(z, more)
    half_low = at.binary("fadd", half_low, at.binary("fadd", z_low, more_low))

    scale = at.binary("fmul", power, at.literal(_LOG_2_HIGH))
    high, low = at.sum(scale, at.binary("fadd", half, half))
    low = at.binary("fadd", low, at.binary("fadd", half_low, half_low))
    return at.sum(high, at.fma(power, at.literal(_LOG_2_LOW), low))


def _exponential(at: Lines, pair: Pair) -> str:
    """e**(high + low) for a high within the limits of `_FARTHEST`."""
    high, low = pair
    shifted = at.binary("fadd", at.binary("fmul", high, at.literal(1 / _LOG_2)), at.literal(_ROUNDING))
    n = at.negative(at.binary("fsub", shifted, at.literal(_ROUNDING)))
    r, low = at.sum(at.fma(n, at.literal(_LOG_2_HIGH), high), at.fma(n, at.literal(_LOG_2_LOW), low))
    series = at.polynomial(r, [Fraction(1, math.factorial(k)) for k in range(2, _EXP_TERMS + 1)])
    bent = at.fma(at.binary("fmul", r, r), series, low)
    power = at.binary("fadd", at.literal(1.0), at.binary("fadd", r, bent))
    # 2**n in two steps, each a double
    count = at.whole("sub", at.bits(shifted), _bits(_ROUNDING))
    half = at.whole("ashr", count, 1)
    for part in (half, at.whole("sub", count, half)):
        power = at.binary("fmul", power, at.double(at.whole("shl", at.whole("add", part, 1023), 52)))
    return power


def _bits(double: float) -> int:
    """The bits of a double as an integer."""
    bits: int = struct.unpack("<q", struct.pack("<d", double))[0]
    return bits
