"""Reading a ball: the double nearest to it, its digits, how many bits are certain. Imports marks and flint."""

import math
from fractions import Fraction

from flint import arb, ctx, fmpz

from gradcalc.arithmetic.marks import Ball

_EXACT_EXPONENT = 20_000  # powers of ten up to here are computed exactly
_READING_BITS = 16_384 + 192


def nearest_double(ball: Ball) -> float | None:
    """The double nearest to every number in the ball (ties to even, beyond the largest inf); None if there is none.

    A result of zero is never negative.
    """
    if not isinstance(ball, arb) or not ball.is_finite():
        return None
    if ball.is_exact():
        return _double(*ball.man_exp())
    with ctx.workprec(_READING_BITS):
        low, high = (_double(*end.man_exp()) for end in (ball.lower(), ball.upper()))
    return low if low == high else None


def _double(mantissa: fmpz, exponent: fmpz) -> float:
    """mantissa * 2**exponent, correctly rounded: Python rounds int to float and int / int correctly."""
    top = int(mantissa.bit_length() + exponent)
    if mantissa == 0 or top < -1080:
        return 0.0
    if top > 1025:
        return math.inf if mantissa > 0 else -math.inf
    m, e = int(mantissa), int(exponent)
    try:
        return float(m << e) if e >= 0 else m / (1 << -e) + 0.0
    except OverflowError:
        return math.inf if mantissa > 0 else -math.inf


_LOG10_2 = Fraction(30102999566398119521373889472449302676818988146210854131, 10**56)
"""The first figures, not rounded: never above."""
_PLAIN_TOP = 21
_LONGEST_EXPONENT = 128
"""Numbers are written with their digits where their binary exponents have no more bits than this: 39 figures."""


def digits_text(ball: Ball, digits: int) -> str | None:
    """The ball's number to `digits` significant digits, correctly rounded; None if the ball is too wide for them."""
    if not isinstance(ball, arb) or not ball.is_finite():
        return None
    if ball.is_zero():
        return "0"
    if _exponent_bits(ball) > _LONGEST_EXPONENT:
        return None
    with ctx.workprec(_READING_BITS + 4 * digits):
        found = _decimal(ball, digits)
    return None if found is None else _decimal_text(*found)


def size_text(ball: Ball) -> str | None:
    """The size of a number whose exponent is itself too long to read: `10^-8.556e+433`, with its sign."""
    if not isinstance(ball, arb) or not ball.is_finite() or ball.contains(0):
        return None
    with ctx.workprec(_READING_BITS):
        power = digits_text(abs(ball).log() / arb(10).log(), 4)
    return None if power is None else f"{'-' if ball < 0 else ''}10^{power}"


_BELOW_DOUBLES = -1075
"""What is less than 2 to this, half the smallest double, has the float 0 beside it."""
_TINY = 400
"""Where the exponent of a bound is too long to read, 1e-400 is bound enough: no double is as small either."""


def tiny_bounds(ball: Ball) -> tuple[str, str] | None:
    """Two powers of ten, or 0, between which a number lies that may be 0; None where a double could show more of it."""
    if not isinstance(ball, arb) or not ball.is_finite() or not ball.contains(0):
        return None
    low, high = ball.lower(), ball.upper()
    if max(map(_top, (low, high))) > _BELOW_DOUBLES:
        return None
    return f"-{_power_of_ten(low)}" if low < 0 else "0", _power_of_ten(high) if high > 0 else "0"


def _top(exact: arb) -> int:
    """The power of two just above a number's size; of 0 that of what is far below all doubles."""
    mantissa, exponent = exact.man_exp()
    return int(mantissa.bit_length() + exponent) if mantissa else 2 * _BELOW_DOUBLES


def _power_of_ten(exact: arb) -> str:
    """A power of ten not below a number's size, which is small."""
    power = -_top(exact)
    return f"1e-{math.floor(power * _LOG10_2) if power.bit_length() <= _LONGEST_EXPONENT else _TINY}"


def _exponent_bits(ball: arb) -> int:
    """How long the exponent of a ball's midpoint is."""
    return int(abs(ball.mid().man_exp()[1]).bit_length())


def _decimal(ball: arb, digits: int) -> tuple[int, int] | None:
    """Integer of `digits` digits and the power of ten of the first of them."""
    low = ball.lower() if not ball.is_exact() else ball
    if low.is_zero() or ball.contains(0):
        return None
    mantissa, exponent = low.man_exp()
    power = math.floor(int(mantissa.bit_length() + exponent - 1) * _LOG10_2)
    for _ in range(4):
        found = _scaled_integer(ball, digits - 1 - power)
        if found is None:
            return None
        if abs(found) >= 10**digits:
            power += 1
        elif abs(found) < 10 ** (digits - 1):
            power -= 1
        else:
            return found, power
    return None


def _scaled_integer(ball: arb, scale: int) -> int | None:
    """The integer nearest to ball * 10**scale, None if the ball does not settle it."""
    if abs(scale) > _EXACT_EXPONENT:
        ball, scale = ball * arb(10) ** scale, 0
    if ball.is_exact():
        return _rounded(ball, scale)
    low, high = _rounded(ball.lower(), scale), _rounded(ball.upper(), scale)
    return low if low == high else None


def _rounded(exact: arb, scale: int) -> int:
    """The integer nearest to exact * 10**scale, halves to even."""
    mantissa, exponent = (int(part) for part in exact.man_exp())
    top, bottom = mantissa * 10 ** max(scale, 0), 10 ** max(-scale, 0)
    if exponent >= 0:
        top <<= exponent
    else:
        bottom <<= -exponent
    return round(Fraction(top, bottom))


def _decimal_text(integer: int, power: int) -> str:
    """Plain where the exponent is moderate, else with an exponent."""
    sign, figures = "-" if integer < 0 else "", str(abs(integer))
    if -5 <= power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{figures}"
    if 0 <= power < min(len(figures), _PLAIN_TOP):
        head, tail = figures[: power + 1], figures[power + 1 :]
        return f"{sign}{head}.{tail}" if tail else sign + head
    return f"{sign}{figures[0]}{'.' if figures[1:] else ''}{figures[1:]}e{power:+03d}"


def relative_bits(ball: arb) -> int:
    """How many bits of the ball's midpoint are certain; very many for an exact ball."""
    return int(ball.rel_accuracy_bits())
