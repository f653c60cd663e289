"""Exact numbers beside balls: rationals, and rational multiples of pi. Imports ops and flint.

A ball of 1/3 or of pi/2 is never exact, so that balls alone do not settle whether `3*x - 1` is 0 at 1/3, or `cos(x)` at
pi/2. A number that an op is known to make of such numbers is kept beside its ball, and questions of zero, of order and
of the integers around it are answered by it. A dyadic number that its ball holds whole needs nothing beside it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flint import arb, fmpq, fmpz

from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.graph import ops
from gradcalc.graph.ops import Op

BITS = 4_096
"""The length of a numerator or denominator up to which a number is followed."""


class Exact(NamedTuple):
    """The number `ratio`, or that multiple of pi; 0 is no multiple of pi."""

    ratio: fmpq
    pi: bool = False


class ExactBall(arb):
    """A ball, and the number that it holds."""

    __slots__ = ("number",)
    number: Exact


Result = Exact | bool | None
"""A number, a truth, or None where balls are to be asked."""


def plain(ball: arb) -> arb:
    """The ball alone."""
    return arb(ball) if type(ball) is ExactBall else ball


def exact(ball: Any) -> Exact | None:
    """The number in a ball, where it is known and not too long."""
    if type(ball) is ExactBall:
        return ball.number
    if type(ball) is not arb or not ball.is_exact() or not ball.is_finite():
        return None
    mantissa, exponent = ball.man_exp()
    if abs(exponent) + mantissa.bit_length() > BITS:
        return None
    power = fmpz(1) << abs(int(exponent))
    return Exact(fmpq(mantissa * power) if exponent >= 0 else fmpq(mantissa, power))


def ball_of(number: Exact) -> arb:
    """The ball of a number at the precision in force."""
    ball = arb.pi() * number.ratio if number.pi else arb(number.ratio)
    if ball.is_exact():
        return ball
    result = ExactBall(ball)
    result.number = number
    return result


def result(op: Op, operands: Sequence[Any]) -> Any:
    """What an op makes of exact numbers: a ball, a truth or UNDEFINED; None where it makes no such number."""
    function = FUNCTIONS.get(op)
    if function is None:
        return None
    numbers = []
    for x in operands:
        number = exact(x)
        if number is None:
            return None
        numbers.append(number)
    try:
        found = function(*numbers)
    except ZeroDivisionError:
        return UNDEFINED
    if not isinstance(found, Exact):
        return found
    ratio = found.ratio
    return ball_of(found) if max(ratio.p.bit_length(), ratio.q.bit_length()) <= BITS else None


def _rational(ratio: Any) -> Exact:
    return Exact(fmpq(ratio))


def _multiple(ratio: fmpq) -> Exact:
    """A multiple of pi; 0 is a rational."""
    return Exact(ratio, bool(ratio != 0))


# -- arithmetic --------------------------------------------------------------------------------------------------------


def _like(*numbers: Exact) -> bool:
    """Whether numbers are of one kind, beside zeros: then ratios compare and add as the numbers do."""
    return len({number.pi for number in numbers if number.ratio != 0}) < 2


def _add(*numbers: Exact) -> Result:
    if not _like(*numbers):
        return None
    total = sum((number.ratio for number in numbers), fmpq(0))
    return _multiple(total) if any(number.pi for number in numbers) else Exact(total)


def _sub(a: Exact, b: Exact) -> Result:
    return _add(a, _neg(b))


def _neg(x: Exact) -> Exact:
    return Exact(-x.ratio, x.pi)


def _mul(*numbers: Exact) -> Result:
    product, pis = fmpq(1), 0
    for number in numbers:
        product, pis = product * number.ratio, pis + number.pi
        if max(product.p.bit_length(), product.q.bit_length()) > BITS:
            return None
    if product == 0:
        return Exact(product)
    return Exact(product, pis == 1) if pis < 2 else None


def _div(a: Exact, b: Exact) -> Result:
    if b.pi and not a.pi and a.ratio != 0:
        return None
    return Exact(a.ratio / b.ratio, bool(a.pi and not b.pi and a.ratio != 0))


def _pow(a: Exact, b: Exact) -> Result:
    """An integer power, or a root of small degree that is a rational."""
    if a.pi or b.pi:
        return a if b == _rational(1) else None
    n, degree = b.ratio.p, b.ratio.q
    longest = max(a.ratio.p.bit_length(), a.ratio.q.bit_length())
    if degree > 8 or abs(n) * longest > BITS or (degree > 1 and a.ratio < 0):
        return None
    if a.ratio == 0:
        return None
    base = a.ratio if degree == 1 else _root(a.ratio, int(degree))
    return None if base is None else Exact(base ** int(n))


def _root(ratio: fmpq, degree: int) -> fmpq | None:
    """The root of a positive rational, if that is one."""
    parts = [part.root(degree) for part in (ratio.p, ratio.q)]
    roots = fmpq(parts[0], parts[1])
    return roots if roots**degree == ratio else None


def _sqrt(x: Exact) -> Result:
    return None if x.pi or x.ratio <= 0 else _maybe(_root(x.ratio, 2))


def _cbrt(x: Exact) -> Result:
    if x.pi or x.ratio == 0:
        return None
    root = _root(abs(x.ratio), 3)
    return None if root is None else Exact(root if x.ratio > 0 else -root)


def _maybe(ratio: fmpq | None) -> Exact | None:
    return None if ratio is None else Exact(ratio)


def _hypot(*numbers: Exact) -> Result:
    """The length, where it is rational, or that multiple of pi."""
    if not _like(*numbers):
        return None
    square = sum((number.ratio**2 for number in numbers), fmpq(0))
    root = _root(square, 2) if max(square.p.bit_length(), square.q.bit_length()) <= BITS else None
    return None if root is None else Exact(root, any(number.pi for number in numbers))


def _log10(x: Exact) -> Result:
    """The logarithm of a power of ten."""
    larger = max(x.ratio.p, x.ratio.q)
    power = len(str(larger)) - 1
    if x.pi or x.ratio <= 0 or fmpq(10) ** (power if larger == x.ratio.p else -power) != x.ratio:
        return None
    return _rational(power if larger == x.ratio.p else -power)


def _clip(x: Exact, low: Exact, high: Exact) -> Result:
    """The same as `min(max(x, low), high)`."""
    inner = _extreme(max)(x, low)
    return _extreme(min)(inner, high) if isinstance(inner, Exact) else None


def _mod(a: Exact, b: Exact) -> Result:
    if not _like(a, b) or a.pi != b.pi and a.ratio != 0:
        return None
    left = a.ratio - b.ratio * (a.ratio / b.ratio).floor()
    return _multiple(left) if b.pi else Exact(left)


def _of_rational(function: Callable[[fmpq], Any]) -> Callable[[Exact], Result]:
    """A function of rationals alone: a multiple of pi lies between integers, which balls tell."""
    return lambda x: None if x.pi else _rational(function(x.ratio))


def _rounded(x: fmpq) -> fmpz:
    """The nearest integer, halves to even."""
    low = x.floor()
    twice = 2 * (x - low)
    return low + (1 if twice > 1 or twice == 1 and low % 2 else 0)


def _extreme(choose: Callable[..., Exact]) -> Callable[..., Result]:
    """The largest or the smallest of numbers of one kind."""
    return lambda *numbers: choose(numbers, key=lambda number: number.ratio) if _like(*numbers) else None


def _comparison(holds: Callable[[fmpq, fmpq], bool], unlike: bool | None = None) -> Callable[[Exact, Exact], Result]:
    """A comparison; a multiple of pi is never equal to a rational."""
    return lambda a, b: bool(holds(a.ratio, b.ratio)) if _like(a, b) else unlike


# -- trigonometric -----------------------------------------------------------------------------------------------------

_HALF = fmpq(1, 2)
_SINES = {fmpq(0): fmpq(0), fmpq(1, 6): _HALF, _HALF: fmpq(1), fmpq(5, 6): _HALF}
"""The sines of multiples of pi in 0 <= x < pi that are rational (Niven's theorem)."""
_TANGENTS = {fmpq(0): fmpq(0), fmpq(1, 4): fmpq(1), fmpq(3, 4): fmpq(-1)}
_ARCSINES = {fmpq(0): fmpq(0), _HALF: fmpq(1, 6), fmpq(1): _HALF}
_ARCTANGENTS = {fmpq(0): fmpq(0), fmpq(1): fmpq(1, 4)}


def _turned(x: Exact, quarter: fmpq) -> fmpq | None:
    """The sine of a multiple of pi, turned by another one."""
    if not x.pi and x.ratio != 0:
        return None
    turns = x.ratio + quarter
    found = _SINES.get(turns - turns.floor())
    return -found if found is not None and turns.floor() % 2 else found


def _sin(x: Exact) -> Result:
    return _maybe(_turned(x, fmpq(0)))


def _cos(x: Exact) -> Result:
    return _maybe(_turned(x, _HALF))


def _tan(x: Exact) -> Result:
    if not x.pi and x.ratio != 0:
        return None
    part = x.ratio - x.ratio.floor()
    if part == _HALF:
        raise ZeroDivisionError
    return _maybe(_TANGENTS.get(part))


def _cot(x: Exact) -> Result:
    return _tan(Exact(_HALF - x.ratio, True)) if x.pi or x.ratio == 0 else None


def _inverse(function: Callable[[Exact], Result]) -> Callable[[Exact], Result]:
    """One over a function."""

    def inverse(x: Exact) -> Result:
        found = function(x)
        return Exact(1 / found.ratio) if isinstance(found, Exact) else found

    return inverse


def _of_inverse(function: Callable[[Exact], Result]) -> Callable[[Exact], Result]:
    """A function of one over a rational."""
    return lambda x: None if x.pi else function(Exact(1 / x.ratio))


def _odd(table: dict[fmpq, fmpq]) -> Callable[[Exact], Result]:
    """The inverse of a function that is odd, as a multiple of pi."""

    def arc(x: Exact) -> Result:
        found = None if x.pi else table.get(abs(x.ratio))
        return None if found is None else _multiple(found if x.ratio > 0 else -found)

    return arc


_asin, _atan = _odd(_ARCSINES), _odd(_ARCTANGENTS)


def _acos(x: Exact) -> Result:
    found = _asin(x)
    return _multiple(_HALF - found.ratio) if isinstance(found, Exact) else None


def _atan2(a: Exact, b: Exact) -> Result:
    """The angle, where it is a multiple of pi/4."""
    if not _like(a, b):
        return None
    if b.ratio == 0:
        return None if a.ratio == 0 else _multiple(_HALF if a.ratio > 0 else -_HALF)
    angle = _atan(Exact(a.ratio / b.ratio))
    if not isinstance(angle, Exact):
        return None
    return angle if b.ratio > 0 else _multiple(angle.ratio + (1 if a.ratio >= 0 else -1))


def _sinc(x: Exact) -> Result:
    return _rational(0) if x.pi and x.ratio.q == 1 else None


FUNCTIONS: dict[Op, Callable[..., Result]] = {
    ops.add: _add,
    ops.sub: _sub,
    ops.neg: _neg,
    ops.mul: _mul,
    ops.div: _div,
    ops.powi: _pow,
    ops.pow: _pow,
    ops.sqrt: _sqrt,
    ops.cbrt: _cbrt,
    ops.mod: _mod,
    ops.abs: lambda x: Exact(abs(x.ratio), x.pi),
    ops.sign: lambda x: _rational((x.ratio > 0) - (x.ratio < 0)),
    ops.floor: _of_rational(lambda x: x.floor()),
    ops.ceil: _of_rational(lambda x: x.ceil()),
    ops.round: _of_rational(_rounded),
    ops.hypot: _hypot,
    ops.log10: _log10,
    ops.clip: _clip,
    ops.relu: lambda x: x if x.ratio > 0 else _rational(0),
    ops.leaky_relu: lambda x: x if x.ratio > 0 else Exact(x.ratio / 5, x.pi),
    ops.elu: lambda x: x if x.ratio > 0 else None,
    ops.max: _extreme(max),
    ops.min: _extreme(min),
    ops.lt: _comparison(lambda a, b: a < b),
    ops.le: _comparison(lambda a, b: a <= b),
    ops.gt: _comparison(lambda a, b: a > b),
    ops.ge: _comparison(lambda a, b: a >= b),
    ops.eq: _comparison(lambda a, b: a == b, unlike=False),
    ops.same: _comparison(lambda a, b: a == b, unlike=False),
    ops.ne: _comparison(lambda a, b: a != b, unlike=True),
    ops.sin: _sin,
    ops.cos: _cos,
    ops.tan: _tan,
    ops.cot: _cot,
    ops.sec: _inverse(_cos),
    ops.csc: _inverse(_sin),
    ops.sinc: _sinc,
    ops.asin: _asin,
    ops.acos: _acos,
    ops.atan: _atan,
    ops.atan2: _atan2,
    ops.asec: _of_inverse(_acos),
    ops.acsc: _of_inverse(_asin),
}
"""The ops that make exact numbers of exact numbers."""
