"""Exact numbers beside balls: rationals, and polynomials in one radical or in pi. Imports marks, ops and flint.

A ball of 1/3, of pi/2 or of sqrt(2) is never exact, so that balls alone do not settle whether `3*x - 1` is 0 at 1/3,
`cos(x)` at pi/2 or `x^2 - 2` at sqrt(2). A number that an op is known to make of such numbers is kept beside its ball,
and questions of zero, of order and of the integers around it are answered by it. A dyadic number that its ball holds
whole needs nothing beside it.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, cmp_to_key
from typing import Any, NamedTuple

from flint import arb, ctx, fmpq, fmpq_poly, fmpz

from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.graph import ops
from gradcalc.graph.ops import Op

BITS, _IRRATIONAL_BITS = 4_096, 512
"""The length of a numerator or denominator up to which a rational is followed, or an irrational number."""
_RADICAND_BITS, _DEGREE = 32, 8
"""The length of a numerator or denominator under a root, and the degree of the root or of a polynomial in pi."""


class Base(NamedTuple):
    """A positive irrational number: the root of an integer, `radicand**(1/degree)`, or pi where there is none.

    The polynomial `g**degree - radicand` is irreducible, and pi is transcendental: so a polynomial in a base, of lower
    degree, is 0 as a number only where it is 0 as a polynomial.
    """

    radicand: int = 0
    degree: int = 0

    @property
    def ball(self) -> arb:
        """Its ball at the precision in force."""
        return arb(self.radicand).root(self.degree) if self.degree else arb.pi()


PI = Base()


class Exact(NamedTuple):
    """A rational, or a polynomial in a base that is no rational."""

    value: Any
    base: Base | None = None

    @property
    def bits(self) -> int:
        """The length of the longest integer in it."""
        if self.base is None:
            return max(int(self.value.p.bit_length()), int(self.value.q.bit_length()))
        return max(int(part.bit_length()) for part in (*self.value.numer().coeffs(), self.value.denom()))

    @property
    def is_short(self) -> bool:
        """Whether it is followed any further."""
        if self.base is None:
            return self.bits <= BITS
        return int(self.value.degree()) <= _DEGREE and self.bits <= _IRRATIONAL_BITS


class ExactBall(arb):
    """A ball, and the number that it holds."""

    __slots__ = ("number",)
    number: Exact


Result = Exact | bool | None
"""A number, a truth, or None where balls are to be asked."""


class _UnknownNumber(Exception):
    """What an op makes is no number of this kind, or too long a one."""


_FACTORED_SPREAD = 500
"""How far the powers of a polynomial's terms may lie apart, all variables together, for it to be factored."""


def factored(polynomial: Any) -> tuple[Any, Sequence[tuple[Any, int]]]:
    """A rational number, and the factors of a polynomial with their powers: itself alone where flint gives up on it.

    So it is where the powers lie far apart, as in `a**n - b**n`: flint needs minutes from some thousands on.
    """
    if sum(max(powers) - min(powers) for powers in zip(*polynomial.monoms(), strict=True)) > _FACTORED_SPREAD:
        return fmpq(1), [(polynomial, 1)]
    try:
        found: tuple[Any, Sequence[tuple[Any, int]]] = polynomial.factor()
    except (RuntimeError, OverflowError):  # as on exponents of more than 64 bits
        return fmpq(1), [(polynomial, 1)]
    return found


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
    ball = arb(number.value) if number.base is None else _polynomial(number.value, number.base)
    if ball.is_exact():
        return ball
    result = ExactBall(ball)
    result.number = number
    return result


def _polynomial(value: Any, base: Base) -> arb:
    """A polynomial in a base, to the precision in force though its terms may cancel: it is not 0."""
    coefficients, wanted = value.coeffs(), ctx.prec
    if not any(coefficients[:-1]):
        monomial: arb = base.ball ** (len(coefficients) - 1) * coefficients[-1]
        return monomial
    precision = wanted
    while True:
        with ctx.workprec(precision + 32):
            ball, power = arb(0), base.ball
            for coefficient in reversed(coefficients):
                ball = ball * power + coefficient
        if ball.rel_accuracy_bits() >= wanted:
            return +ball
        precision *= 2


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
    except _UnknownNumber:
        return None
    if not isinstance(found, Exact):
        return found
    return ball_of(found) if found.is_short else None


def rational(ratio: Any) -> Exact:
    """A rational number."""
    return Exact(fmpq(ratio))


def multiple(ratio: Any, base: Base = PI) -> Exact:
    """A rational multiple of a base."""
    return _made(fmpq_poly([0, fmpq(ratio)]), base)


def _made(value: Any, base: Base | None) -> Exact:
    """A polynomial in a base as a number: of low degree, and a rational where it is one."""
    if base is None or not isinstance(value, fmpq_poly):
        return Exact(fmpq(value))
    if base.degree and value.degree() >= base.degree:
        value = value % _relation(base)
    return Exact(value, base) if value.degree() > 0 else Exact(fmpq(value[0]))


@cache
def _relation(base: Base) -> Any:
    """The polynomial of which a radical is a root."""
    return fmpq_poly([-base.radicand, *[0] * (base.degree - 1), 1])


def _shared(*numbers: Exact) -> Base | None:
    """The base of some numbers, beside rationals."""
    bases = {number.base for number in numbers if number.base is not None}
    if len(bases) > 1:
        raise _UnknownNumber
    return bases.pop() if bases else None


def _ratio(x: Exact) -> Any:
    """A number that is rational."""
    if x.base is not None:
        raise _UnknownNumber
    return x.value


# -- arithmetic --------------------------------------------------------------------------------------------------------


_TOGETHER, _LONGEST_SUM = 64, 4 * BITS
"""How many numbers are added before the sum is looked at, and how long it may become in between."""


def _add(*numbers: Exact) -> Exact:
    base = _shared(*numbers)
    total: Any = fmpq(0)
    for first in range(0, len(numbers), _TOGETHER):
        total = sum((number.value for number in numbers[first : first + _TOGETHER]), total)
        if _made(total, base).bits > _LONGEST_SUM:  # many denominators with nothing in common
            raise _UnknownNumber
    return _made(total, base)


def _sub(a: Exact, b: Exact) -> Exact:
    return _add(a, _neg(b))


def _neg(x: Exact) -> Exact:
    return Exact(-x.value, x.base)


def _mul(*numbers: Exact) -> Exact:
    if any(number.value == 0 for number in numbers):
        return rational(0)
    product, base = numbers[0], _shared(*numbers)
    for number in numbers[1:]:
        product = _made(product.value * number.value, base)
        if not product.is_short:
            raise _UnknownNumber
    return product


def _div(a: Exact, b: Exact) -> Exact:
    if b.base is None:
        return _made(a.value / b.value, a.base)
    if a.value == 0:
        return a
    return _mul(a, _inverse(b)) if b.base.degree else _quotient(a, b)


def _inverse(x: Exact) -> Exact:
    """One over a number."""
    if x.base is None:
        return Exact(1 / x.value)
    if not x.base.degree:
        raise _UnknownNumber
    _, factor, _ = x.value.xgcd(_relation(x.base))
    return _made(factor, x.base)


def _quotient(a: Exact, b: Exact) -> Exact:
    """Of polynomials in pi, where that is one."""
    whole, rest = divmod(fmpq_poly(a.value if a.base else [a.value]), b.value)
    if _shared(a, b) is None or rest != 0:
        raise _UnknownNumber
    return _made(whole, b.base)


def _pow(a: Exact, b: Exact) -> Exact:
    """An integer power, or a root of small degree."""
    ratio = _ratio(b)
    n, degree = int(ratio.p), int(ratio.q)
    if n == degree:
        return a
    if a.value == 0 or abs(n) * a.bits > BITS:
        raise _UnknownNumber
    base = a if degree == 1 else _root(a, degree)
    if base.base is None:
        return Exact(base.value**n)
    power = _mul(*[base] * abs(n)) if n else rational(1)
    return power if n >= 0 else _inverse(power)


def _root(x: Exact, degree: int) -> Exact:
    """The root of a positive number: of a rational, or of a power of a base."""
    if degree > _DEGREE or _sign(x) <= 0:
        raise _UnknownNumber
    if x.base is None:
        return _rational_root(x.value, degree)
    power = x.value.degree()
    if power % degree or any(x.value.coeffs()[:-1]):
        raise _UnknownNumber
    return _mul(_rational_root(x.value[power], degree), *[multiple(1, x.base)] * (power // degree))


def _rational_root(ratio: Any, degree: int) -> Exact:
    """The root of a positive rational; irrational where the rational is short."""
    parts = [part.root(degree) for part in (ratio.p, ratio.q)]
    root = fmpq(parts[0], parts[1])
    if root**degree == ratio:
        return Exact(root)
    if max(ratio.p.bit_length(), ratio.q.bit_length()) > _RADICAND_BITS:
        raise _UnknownNumber
    powers = [*ratio.p.factor(), *((prime, power * (degree - 1)) for prime, power in ratio.q.factor())]
    outside = math.prod((prime ** (power // degree) for prime, power in powers), start=fmpz(1))
    inside = [(prime, power % degree) for prime, power in powers if power % degree]
    common = math.gcd(degree, *(power for _, power in inside))
    radicand = math.prod(int(prime) ** (power // common) for prime, power in inside)
    return multiple(fmpq(outside, ratio.q), Base(radicand, degree // common))


def _sqrt(x: Exact) -> Exact:
    return _root(x, 2)


def _cbrt(x: Exact) -> Exact:
    return _root(x, 3) if _sign(x) > 0 else _neg(_root(_neg(x), 3))


def _hypot(*numbers: Exact) -> Exact:
    """The largest number times the length of the others over it."""
    if _shared(*numbers) is None:
        sizes = [abs(number.value) for number in numbers]
        longest = max(sizes)
        squares = [Exact((size / longest) ** 2) for size in sizes] if longest else [rational(0)]
        return _mul(rational(longest), _sqrt(_add(*squares)))
    largest = _abs(max(numbers, key=lambda number: _ORDER(_abs(number))))
    if largest.value == 0:
        return largest
    parts = [_div(number, largest) for number in numbers]
    return _mul(largest, _sqrt(_add(*(_mul(part, part) for part in parts))))


def _log10(x: Exact) -> Exact:
    """The logarithm of a power of ten."""
    ratio = _ratio(x)
    larger = max(ratio.p, ratio.q)
    power = len(str(larger)) - 1
    power = power if larger == ratio.p else -power
    if ratio <= 0 or fmpq(10) ** power != ratio:
        raise _UnknownNumber
    return rational(power)


# -- order -------------------------------------------------------------------------------------------------------------


def _sign(x: Exact) -> int:
    """-1, 0 or 1."""
    value = x.value if x.base is None else _polynomial(x.value, x.base)
    return (value > 0) - (value < 0)


def _compared(a: Exact, b: Exact) -> int:
    """-1, 0 or 1, as a is below, equal to or above b."""
    return _sign(_sub(a, b))


_ORDER = cmp_to_key(_compared)


def _comparison(holds: Callable[[int], bool]) -> Callable[[Exact, Exact], bool]:
    """A comparison, by how a compares to b."""
    return lambda a, b: holds(_compared(a, b))


def _abs(x: Exact) -> Exact:
    return x if _sign(x) >= 0 else _neg(x)


def _extreme(choose: Callable[..., Exact]) -> Callable[..., Exact]:
    """The largest or the smallest of some numbers."""
    return lambda *numbers: choose(numbers, key=_ORDER)


_max, _min = _extreme(max), _extreme(min)


def _floor(x: Exact) -> Exact:
    """The integer below; of an irrational number, which is none itself, as its ball tells."""
    if x.base is None:
        return rational(x.value.floor())
    with ctx.workprec(x.bits + 64):
        low = _polynomial(x.value, x.base).floor()
    if not low.is_exact():
        raise _UnknownNumber
    return rational(low.unique_fmpz())


def _round(x: Exact) -> Exact:
    """The nearest integer, halves to even."""
    low = _floor(x)
    twice = _compared(_sub(x, low), rational(fmpq(1, 2)))
    return rational(low.value + (1 if twice > 0 or twice == 0 and low.value.p % 2 else 0))


def _mod(a: Exact, b: Exact) -> Exact:
    return _sub(a, _mul(b, _floor(_div(a, b))))


# -- trigonometric -----------------------------------------------------------------------------------------------------

_HALF = fmpq(1, 2)
_ROOT_2, _ROOT_3 = _rational_root(fmpq(1, 2), 2), _rational_root(fmpq(3, 4), 2)
_SINES = {fmpq(0): rational(0), fmpq(1, 6): rational(_HALF), fmpq(1, 4): _ROOT_2, fmpq(1, 3): _ROOT_3}
_SINES |= {_HALF: rational(1)} | {1 - turns: sine for turns, sine in _SINES.items() if turns}
"""The sines of multiples of pi in 0 <= x < pi that are a rational or a root of one."""


def _turns(x: Exact) -> Any:
    """Of which rational a number is the multiple of pi."""
    if x.value == 0:
        return fmpq(0)
    if x.base != PI or x.value.degree() > 1 or x.value[0] != 0:
        raise _UnknownNumber
    return x.value[1]


def _sine(turns: Any) -> Exact:
    """The sine of a multiple of pi."""
    half = turns.floor()
    found = _SINES.get(turns - half)
    if found is None:
        raise _UnknownNumber
    return _neg(found) if half % 2 else found


def _sin(x: Exact) -> Exact:
    return _sine(_turns(x))


def _cos(x: Exact) -> Exact:
    return _sine(_turns(x) + _HALF)


def _tan(x: Exact) -> Exact:
    return _div(_sin(x), _cos(x))


def _cot(x: Exact) -> Exact:
    return _div(_cos(x), _sin(x))


def _reciprocal(function: Callable[[Exact], Exact]) -> Callable[[Exact], Exact]:
    """One over a function."""
    return lambda x: _inverse(function(x))


def _of_reciprocal(function: Callable[[Exact], Exact]) -> Callable[[Exact], Exact]:
    """A function of one over a number."""
    return lambda x: function(_inverse(x))


def _odd(angles: Sequence[Any], function: Callable[[Exact], Exact]) -> Callable[[Exact], Exact]:
    """The inverse of an odd function that takes what is looked for at one of some multiples of pi."""
    table = [(multiple(angle), function(multiple(angle))) for angle in angles]

    def arc(x: Exact) -> Exact:
        found = next((angle for angle, value in table if value == _abs(x)), None)
        if found is None:
            raise _UnknownNumber
        return found if _sign(x) >= 0 else _neg(found)

    return arc


_ANGLES = tuple(turns for turns in _SINES if turns <= _HALF)
_asin, _atan = _odd(_ANGLES, _sin), _odd([turns for turns in _ANGLES if turns < _HALF], _tan)


def _acos(x: Exact) -> Exact:
    return _sub(multiple(_HALF), _asin(x))


def _atan2(a: Exact, b: Exact) -> Exact:
    """The angle, where its tangent is one of those known."""
    above = _sign(a)
    if b.value == 0:
        if not above:
            raise _UnknownNumber
        return multiple(above * _HALF)
    angle = _atan(_div(a, b))
    return angle if _sign(b) > 0 else _add(angle, multiple(1 if above >= 0 else -1))


def _sinc(x: Exact) -> Exact:
    if _turns(x).q != 1 or x.value == 0:
        raise _UnknownNumber
    return rational(0)


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
    ops.abs: _abs,
    ops.sign: lambda x: rational(_sign(x)),
    ops.floor: _floor,
    ops.ceil: lambda x: _neg(_floor(_neg(x))),
    ops.round: _round,
    ops.hypot: _hypot,
    ops.log10: _log10,
    ops.clip: lambda x, low, high: _min(_max(x, low), high),
    ops.relu: lambda x: _max(x, rational(0)),
    ops.leaky_relu: lambda x: _max(x, _div(x, rational(5))),
    ops.elu: lambda x: x if _sign(x) > 0 else None,
    ops.max: _max,
    ops.min: _min,
    ops.lt: _comparison(lambda order: order < 0),
    ops.le: _comparison(lambda order: order <= 0),
    ops.gt: _comparison(lambda order: order > 0),
    ops.ge: _comparison(lambda order: order >= 0),
    ops.eq: _comparison(lambda order: order == 0),
    ops.same: _comparison(lambda order: order == 0),
    ops.ne: _comparison(lambda order: order != 0),
    ops.sin: _sin,
    ops.cos: _cos,
    ops.tan: _tan,
    ops.cot: _cot,
    ops.sec: _reciprocal(_cos),
    ops.csc: _reciprocal(_sin),
    ops.sinc: _sinc,
    ops.asin: _asin,
    ops.acos: _acos,
    ops.atan: _atan,
    ops.atan2: _atan2,
    ops.asec: _of_reciprocal(_acos),
    ops.acsc: _of_reciprocal(_asin),
}
"""The ops that make exact numbers of exact numbers."""

GOLDEN_RATIO = _div(_add(rational(1), _sqrt(rational(5))), rational(2))


def simplest(low: float | Fraction, high: float | Fraction) -> Fraction:
    """The fraction with the least denominator from one number to another.

    Graham, Knuth, Patashnik, "Concrete Mathematics", section 4.5: the Stern-Brocot tree.
    """
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    a, b = Fraction(low), Fraction(high)
    whole: list[int] = []
    while True:
        floor = math.floor(a)
        if floor == a or floor + 1 <= b:
            whole.append(floor if floor == a else floor + 1)
            break
        whole.append(floor)
        a, b = 1 / (b - floor), 1 / (a - floor)
    found = Fraction(whole.pop())
    while whole:
        found = whole.pop() + 1 / found
    return found
