"""Balls: rigorous real intervals (python-flint's `arb`), the arithmetic that certifies. Imports graph and flint.

A function is one of those below, else a method of `arb`, by the name that the table says, else the table's definition.

A ball is a finite `arb`: the true number lies in it. Where there is none the value is one of two marks: `UNDEFINED` is
proved to have no value (outside a domain, a division by exactly zero), `UNDECIDED` is not settled at this precision.
A condition is True, False or one of the marks. Every function is total: it returns one of these, never raises, and
refuses (as UNDECIDED) arguments for which a special function would take long.

The texts `oo` and `-oo` are the one exception from "finite": they exist to be compared with and negated.

A decimal constant is its nearest double or the rational as written, as `decimals` says. A decimal that no finite
nonzero double is near (`1e400`, `1e-400`) is taken as written in both.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from flint import acb, arb, arb_series, ctx, fmpq, fmpz

from gradcalc.arithmetic import exact_numbers
from gradcalc.arithmetic.budget import Budget, total
from gradcalc.arithmetic.digits import nearest_double, relative_bits
from gradcalc.arithmetic.evaluate import Functions, apply_rule, evaluate
from gradcalc.arithmetic.exact_numbers import ExactBall
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED, Ball, Unknown
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

Condition = bool | Unknown
Function = Callable[..., Any]

EXPONENT_LIMIT = 2**62
"""Of constants; what is computed may lie far beyond it to both sides of 1: the exponents of `arb` are integers."""
_HUGE = arb((1, 2**4096))
_LARGE, _LOW = arb((1, 2**60)), arb((-1, 2**60))
"""Compared with in a tenth of the time that a bound of a long exponent takes."""
_ZERO, _ONE, _INFINITY = arb(0), arb(1), arb.pos_inf()
_HALF = arb((1, -1))


class Balls:
    """The arithmetic of balls at one precision.

    Args:
        precision: bits of the balls' midpoints.
        decimals: "double": a decimal constant is its nearest double; "written": the rational as written.
    """

    def __init__(self, precision: int, decimals: str = "double") -> None:
        self.precision = precision
        self.decimals = decimals
        self._constants: dict[str, Ball] = {}
        self.functions: Mapping[Op, Function] = Functions(partial(_function, self), _CONDITIONS)

    def constant(self, text: str) -> Ball:
        """The ball of an exact constant; computed once."""
        value = self._constants.get(text)
        if value is None:
            with ctx.workprec(self.precision):
                value = self._constants[text] = _constant(text, self.decimals == "double")
        return value

    def evaluate(
        self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int], budget: Budget | None = None
    ) -> list[Any]:
        """`arithmetic.evaluate` at this precision; raises OutOfBudget where that would cost more than the budget."""
        if budget is None:
            with ctx.workprec(self.precision):
                return evaluate(graph, self, inputs, outputs)
        outputs = tuple(outputs)
        every = budget.spend(total(graph, outputs, self.precision), len(graph.needed(outputs)))
        with ctx.workprec(self.precision):
            return evaluate(graph, self, inputs, outputs, pause=budget.look, every=every)

    def is_defined(self, op: Op, operands: tuple[Any, ...]) -> Condition:
        """Whether the operands lie in the op's domain; True for an op that has none."""
        if op.domain is None:
            return True
        condition: Condition = apply_rule(op.domain, self, *operands)
        return condition


def _function(balls: Balls, op: Op) -> Function:
    """What an op does, for balls and marks."""
    own, method = _VALUES.get(op), op.name if op.flint is None else op.flint
    if own is None and hasattr(arb, method):
        own = _within(1e30, getattr(arb, method)) if op.costly else getattr(arb, method)
    if own is None:
        assert op.define is not None, f"{op.name} needs a function here, or a definition"
        own = partial(apply_rule, op.define, balls)
    return _total(balls, op, own)


def _total(balls: Balls, op: Op, function: Function) -> Function:
    """The function for marks too, with results outside its domain and beyond all exponents taken care of."""
    followed = op in exact_numbers.FUNCTIONS and op not in _OF_PI

    def beside(operands: tuple[Any, ...]) -> Ball:
        """Of what are not all balls alone: marks, or exact numbers."""
        if any(isinstance(x, Unknown) for x in operands):
            return _mark(operands)
        found: Ball | None = exact_numbers.result(op, operands)
        return ordinary(*map(exact_numbers.plain, operands)) if found is None else found

    def ordinary(*operands: Any) -> Ball:
        for x in operands:
            if type(x) is not arb:
                return beside(operands)
        try:
            result = function(*operands)
        except (ValueError, ArithmeticError):
            result = UNDECIDED
        if followed and type(result) is arb and not result.is_exact():
            for x in operands:
                if not x.is_exact():
                    break
            else:
                found: Ball | None = exact_numbers.result(op, operands)
                if isinstance(found, ExactBall):
                    return found
                result = result if found is None else found
        if type(result) is arb:
            if _LOW < result < _LARGE or -_HUGE < result < _HUGE:
                return result
        elif isinstance(result, ExactBall):
            return result
        if type(result) is arb and op is ops.neg and operands[0].is_exact() and not operands[0].is_nan():
            return result
        return UNDEFINED if result is UNDEFINED or balls.is_defined(op, operands) is False else UNDECIDED

    def checked(*operands: Any) -> Ball:
        result = ordinary(*operands)
        return UNDEFINED if isinstance(result, arb) and balls.is_defined(op, operands) is False else result

    return checked if op in _LOOSE else ordinary


_OF_PI = frozenset((ops.sin, ops.cos, ops.tan, ops.cot, ops.sec, ops.csc, ops.sinc))
"""What is exact of multiples of pi, and of 0, where `arb` is exact too: no dyadic number need be tried."""


def _mark(operands: Iterable[Any]) -> Unknown:
    """What an op hands on of operands that are not all balls: UNDEFINED beats UNDECIDED."""
    return UNDEFINED if any(x is UNDEFINED for x in operands) else UNDECIDED


# -- constants ---------------------------------------------------------------------------------------------------------

_NAMED: dict[str, Callable[[], Ball]] = {
    "pi": lambda: exact_numbers.ball_of(exact_numbers.multiple(1)),
    "tau": lambda: exact_numbers.ball_of(exact_numbers.multiple(2)),
    "E": arb.const_e,
    "EulerGamma": arb.const_euler,
    "Catalan": arb.const_catalan,
    "GoldenRatio": lambda: exact_numbers.ball_of(exact_numbers.GOLDEN_RATIO),
    "nan": lambda: UNDEFINED,
    "oo": arb.pos_inf,
    "-oo": arb.neg_inf,
}
_DECIMAL = re.compile(r"([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?", re.ASCII)
_HEXADECIMAL = re.compile(r"([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?", re.ASCII)
_EXACT_EXPONENT = 20_000
"""Powers of ten up to this one are made exactly, those beyond it as balls."""


def _constant(text: str, as_double: bool) -> Ball:
    """The ball of a constant's text at the precision in force."""
    if text in _NAMED:
        return _NAMED[text]()
    if match := _HEXADECIMAL.fullmatch(text):
        return _hexadecimal(*match.groups())
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"{text[:40]!r} is no constant")
    if "." not in text and match[4] is None:
        return arb(fmpz(text.removeprefix("+")))
    if as_double:
        double = float(text)
        if double and math.isfinite(double):
            return arb(double)
    return _written(*match.groups())


def _hexadecimal(sign: str, whole: str, part: str, power: str | None) -> Ball:
    mantissa = int(sign + whole + part, 16)
    if not mantissa:
        return arb(0)
    if power is not None and len(power) > 30:
        return UNDECIDED
    exponent = int(power or "0") - 4 * len(part)
    return arb((fmpz(mantissa), fmpz(exponent))) if abs(exponent) < EXPONENT_LIMIT else UNDECIDED


def _written(sign: str, whole: str, part: str, power: str | None) -> Ball:
    """A decimal as the rational it is; as a ball where powers of ten are too large to be made."""
    digits = fmpz((whole + part).lstrip("0") or "0")
    if sign == "-":
        digits = -digits
    if digits == 0:
        return arb(0)
    if power is not None and len(power) > 20:
        return UNDECIDED
    exponent = int(power or "0") - len(part)
    if abs(exponent) > _EXACT_EXPONENT and abs(exponent) > len(part):
        scaled = arb(digits) * arb(10) ** exponent
        return scaled if -_HUGE < scaled < _HUGE else UNDECIDED
    return arb(digits * fmpz(10) ** exponent) if exponent >= 0 else arb(fmpq(digits, fmpz(10) ** -exponent))


# -- conditions --------------------------------------------------------------------------------------------------------


def _comparison(op: Op, holds: Function, fails: Function, same: bool) -> Function:
    """A three-valued comparison from two certain ones, and its answer for one and the same number."""

    def compare(a: Any, b: Any) -> Condition:
        if a is b and isinstance(a, arb):
            return same
        if type(a) is not arb or type(b) is not arb:
            if isinstance(a, Unknown) or isinstance(b, Unknown):
                return _mark((a, b))
            found: Condition | None = exact_numbers.result(op, (a, b))
            if found is not None:
                return found
        return True if holds(a, b) else False if fails(a, b) else UNDECIDED

    return compare


def _not(p: Condition) -> Condition:
    return p if isinstance(p, Unknown) else not p


def _and(p: Condition, q: Condition) -> Condition:
    if p is False or q is False:
        return False
    if p is True:
        return q
    return p if q is True or p is q else UNDECIDED


def _or(p: Condition, q: Condition) -> Condition:
    if p is True or q is True:
        return True
    if p is False:
        return q
    return p if q is False or p is q else UNDECIDED


def _where(condition: Condition, chosen: Any, other: Any) -> Any:
    if condition is True:
        return chosen
    if condition is False:
        return other
    if condition is UNDEFINED:
        return UNDEFINED
    same = chosen is other or (isinstance(chosen, arb) and isinstance(other, arb) and chosen == other)
    return chosen if same else UNDECIDED


_CONDITIONS: dict[Op, Function] = {
    ops.lt: _comparison(ops.lt, operator.lt, operator.ge, same=False),
    ops.le: _comparison(ops.le, operator.le, operator.gt, same=True),
    ops.gt: _comparison(ops.gt, operator.gt, operator.le, same=False),
    ops.ge: _comparison(ops.ge, operator.ge, operator.lt, same=True),
    ops.eq: _comparison(ops.eq, operator.eq, operator.ne, same=True),
    ops.same: _comparison(ops.same, operator.eq, operator.ne, same=True),
    ops.ne: _comparison(ops.ne, operator.ne, operator.eq, same=False),
    ops.not_: _not,
    ops.and_: _and,
    ops.or_: _or,
    ops.where: _where,
}

# -- arithmetic --------------------------------------------------------------------------------------------------------


def _add(first: arb, *rest: arb) -> arb:
    for x in rest:
        first = first + x
    return first


def _sub(a: arb, b: arb) -> arb:
    return _ZERO if a is b else a - b


def _mul(first: arb, *rest: arb) -> Ball:
    for x in rest:
        first = first * x
    return first


def _hull(a: arb, b: arb) -> arb:
    """The smallest ball that holds both."""
    return a.union(b)


def _exact_integer(x: arb) -> fmpz | None:
    """The integer an exact ball is, if it is one of moderate size."""
    return x.unique_fmpz() if x.is_exact() and -_HUGE < x < _HUGE and abs(x) < _BIG_INTEGER else None


_BIG_INTEGER = arb((1, 1_000_000))


def _powi(x: arb, exponent: arb) -> Ball:
    """x to an exact integer power. An exponent of a hundred digits goes by exp and log, small ones by products."""
    n = _exact_integer(exponent)
    if n is None:
        return _general_power(x, exponent)
    if n < 0:
        return _ONE / _positive_power(x, -n)
    return _positive_power(x, n)


def _positive_power(x: arb, n: fmpz) -> arb:
    if n == 0:
        return _ONE
    if n == 1 or x.is_zero():
        return x
    if n == 2 and not x.contains(0):
        return x * x
    if n.bit_length() > 64:
        size = (abs(x).log() * n).exp()
        return -size if x < 0 and n % 2 else size
    if x.is_exact() or not x.contains(0):
        return x**n
    if n % 2 == 0:
        return _hull(_ZERO, x.abs_upper() ** n)
    return _hull(x.lower() ** n, x.upper() ** n)


def _pow(a: arb, b: arb) -> Ball:
    return _general_power(a, b) if _exact_integer(b) is None else _powi(a, b)


def _general_power(a: arb, b: arb) -> Ball:
    """a to the power b where b is not known to be an integer."""
    if b.is_exact() and b.is_integer() and a < 0:
        size = (abs(a).log() * b).exp()
        return size if (b / 2).is_integer() else -size
    if a > 0:
        return a**b
    if a >= 0 and b > 0:
        return _ZERO if a.is_zero() else _hull(_ZERO, a.upper() ** b)
    return UNDECIDED


def _square(x: arb) -> arb:
    return _positive_power(x, fmpz(2))


def _cbrt(x: arb) -> Ball:
    if x > 0:
        return x.root(3)
    if x < 0:
        return -(-x).root(3)
    if x.is_zero():
        return x
    return _hull(_signed_root(x.lower()), _signed_root(x.upper()))


def _signed_root(x: arb) -> arb:
    return x if x.is_zero() else x.root(3) if x > 0 else -(-x).root(3)


def _hypot(*xs: arb) -> Ball:
    nonzero = [x for x in xs if not x.is_zero()]
    if len(nonzero) <= 1:
        return _abs(nonzero[0]) if nonzero else _ZERO
    return _add(*map(_square, nonzero)).nonnegative_part().sqrt()


def _abs(x: arb) -> arb:
    return x if x >= 0 else -x if x <= 0 else abs(x)


def _sign(x: arb) -> Ball:
    return _ONE if x > 0 else -_ONE if x < 0 else _ZERO if x.is_zero() else UNDECIDED


def _heaviside(x: arb) -> Ball:
    return _ONE if x > 0 else _ZERO if x < 0 else _HALF if x.is_zero() else UNDECIDED


def _floor(x: arb) -> Ball:
    if x.is_exact():
        return _exact_floor(x)
    low = x.floor()
    return low if low.is_exact() else UNDECIDED


def _exact_floor(x: arb) -> arb:
    mantissa, exponent = x.man_exp()
    if exponent >= 0:
        return x
    if -exponent > mantissa.bit_length():
        return _ZERO if mantissa >= 0 else -_ONE
    return arb(mantissa >> int(-exponent))


def _ceil(x: arb) -> Ball:
    low = _floor(-x)
    return -low if isinstance(low, arb) else low


def _round(x: arb) -> Ball:
    """The nearest integer, halves to even."""
    if x.is_exact():
        return _exact_round(x)
    moved = x + _HALF
    low = moved.floor()
    return low if low.is_exact() and moved > low else UNDECIDED


def _exact_round(x: arb) -> arb:
    mantissa, exponent = x.man_exp()
    if exponent >= 0:
        return x
    if -exponent > mantissa.bit_length():
        return _ZERO
    shift = int(-exponent)
    low = mantissa >> shift
    twice = (mantissa - (low << shift)) << 1
    up = twice > (1 << shift) or (twice == (1 << shift) and low % 2 == 1)
    return arb(low + 1 if up else low)


_EXACT_SHIFT = 100_000
"""Bits by which two numbers are shifted at most to be divided with a remainder."""


def _mod(a: arb, b: arb) -> Ball:
    if 0 <= a < b or b < a <= 0:
        return a
    if a is b and not b.contains(0):
        return _ZERO
    if a.is_exact() and b.is_exact() and not b.is_zero() and not a.is_zero():
        (m, e), (n, f) = a.man_exp(), b.man_exp()
        shift = e - f
        if abs(shift) <= _EXACT_SHIFT:
            low, m, n = (f, m << int(shift), n) if shift > 0 else (e, m, n << int(-shift))
            return arb((m % n, low))
    quotient = _floor(a / b) if (a / b).is_finite() else UNDECIDED
    return a - b * quotient if isinstance(quotient, arb) else quotient


def _max(best: arb, *rest: arb) -> arb:
    for x in rest:
        best = best if best >= x else x if x >= best else best.max(x)
    return best


def _min(best: arb, *rest: arb) -> arb:
    for x in rest:
        best = best if best <= x else x if x <= best else best.min(x)
    return best


# -- exponentials, logarithms, activations -----------------------------------------------------------------------------


def _exp(x: arb) -> arb:
    """Never below 0, though a size may be known by a bound alone."""
    power = x.exp()
    if power > 0 or not power.is_finite():
        return power
    around = arb(0, power.abs_upper() / 2)  # its radius is rounded up, and so is its middle by that very radius
    return around + around.rad()


def _log2(x: arb) -> Ball:
    if x.is_exact() and x > 0:
        mantissa, exponent = x.man_exp()
        if mantissa == 1:
            return arb(exponent)
    return x.log() / arb(2).log()


def _xlogy(a: arb, b: arb) -> Ball:
    if a.is_zero() and (b > 0 or b.is_zero()):
        return _ZERO
    return a * b.log()


def _logsumexp(*xs: arb) -> Ball:
    top = xs[0]
    for x in xs:
        top = x if x.mid() > top.mid() else top
    rest = [x for x in xs if x is not top]
    same = len(xs) - len(rest) - 1
    total = arb(same)
    for x in rest:
        total = total + (x - top).exp()
    return top + total.log1p()


def _sigmoid(x: arb) -> arb:
    if x < 0:
        power = x.exp()
        return power / (1 + power)
    return 1 / (1 + (-x).exp())


def _softplus(x: arb) -> Ball:
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def _erfc(x: arb) -> arb:
    """By its ends where it is small and x inexact: `arb` knows the error of a tail beside 1 alone."""
    return x.erfc() if x.is_exact() or not x > 8 else _hull(x.lower().erfc(), x.upper().erfc())


def _leaky_relu(x: arb) -> Ball:
    if x > 0:
        return x
    return x / 5 if x <= 0 else x.max(_ZERO) + x.min(_ZERO) / 5


def _elu(x: arb) -> Ball:
    if x > 0:
        return x
    return x.expm1() if x <= 0 else x.max(_ZERO) + x.min(_ZERO).expm1()


# -- trigonometric and hyperbolic --------------------------------------------------------------------------------------


def _atan2(a: arb, b: arb) -> Ball:
    return _ZERO if a.is_zero() and b.is_zero() else arb.atan2(a, b)


def _sinc(x: arb) -> Ball:
    return _ONE if x.is_zero() else x.sinc()


def _sincpi(x: arb) -> Ball:
    if x.is_zero():
        return _ONE
    return _ZERO if x.is_exact() and x.is_integer() else x.sinc_pi()


def _sinc_derivative(order: arb, x: arb) -> Ball:
    """The n-th derivative of sin(x)/x: the integral of t**n cos(x*t + n*pi/2) for t in 0..1, by 1F2.

    Far from 0 the recursion x*f[n] = sin(x + n*pi/2) - n*f[n - 1] is stable and quick.
    """
    n = _order(order, 200)
    if n is None:
        return UNDECIDED
    if abs(x) > 2 * n + 32:
        return _sinc_derivative_far(n, x)
    if not abs(x) < 1000:
        return UNDECIDED
    return _sinc_derivative_near(n, x)


def _sinc_derivative_far(n: int, x: arb) -> Ball:
    sine, cosine = x.sin_cos()
    turned = (sine, cosine, -sine, -cosine)
    result = sine / x
    for k in range(1, n + 1):
        result = (turned[k % 4] - k * result) / x
    return result


def _sinc_derivative_near(n: int, x: arb) -> Ball:
    extra = 2 * int(float(x.abs_upper())) + n + 16
    with ctx.workprec(ctx.prec + extra):
        square = -_square(x) / 4
        odd = n % 2
        top, low = arb(n + 1 + odd) / 2, arb(n + 3 + odd) / 2
        result = square.hypgeom([top], [_HALF + odd, low]) / (n + 1 + odd)
        if odd:
            result = result * x
        return -result if (n + odd) // 2 % 2 else result


# -- special functions -------------------------------------------------------------------------------------------------


def _useful_precision(*operands: arb) -> int:
    """The precision in force, or less for wide operands: more than they have changes nothing, and may take seconds."""
    return min(ctx.prec, 64 + max(0, min(map(relative_bits, operands))))


def _order(order: arb, limit: int) -> int | None:
    """The order of a derivative: an exact integer from 0 to `limit`."""
    n = _exact_integer(order)
    return int(n) if n is not None and 0 <= n <= limit else None


def _within(bound: float, function: Function, radius: float = 1e30, low: float = -1e30) -> Function:
    """The function, refused where it may take long: measured at 4096 bits, where the rest takes under 0.1 s.

    Args:
        bound: no operand may exceed it in size.
        radius: no operand may be wider than this to either side.
        low: no operand may lie below it.
    """

    def guarded(*operands: arb) -> Ball:
        for x in operands:
            if not (-bound <= x <= bound and x >= low and x.rad() <= radius):
                return UNDECIDED
        with ctx.workprec(_useful_precision(*operands)):
            result: Ball = function(*operands)
        return result

    return guarded


def _lgamma(x: arb) -> arb:
    return x.lgamma() if x > 0 else acb(x).lgamma().real


def _digamma(x: arb) -> arb:
    """Left of 0 by reflection, DLMF 5.5.4: there flint knows it of exact numbers alone."""
    return x.digamma() if x > 0 or x.is_exact() else (1 - x).digamma() - arb.pi() * x.cot_pi()


def _polygamma(order: arb, x: arb) -> Ball:
    n = _order(order, 100)
    if n is None:
        return UNDECIDED
    return x.digamma() if n == 0 else acb(x).polygamma(acb(n)).real


def _beta(a: arb, b: arb) -> Ball:
    return a.gamma() * b.gamma() * (a + b).rgamma()


def _binomial(a: arb, b: arb) -> Ball:
    return (a + 1).gamma() * (b + 1).rgamma() * (a - b + 1).rgamma()


def _betaln(a: arb, b: arb) -> Ball:
    return _lgamma(a) + _lgamma(b) - _lgamma(a + b)


_BESSEL_ORDER = 2000


def _bessel(function: Function, slow: bool) -> Function:
    """A Bessel function of an order of moderate size, of balls that are not wide.

    Args:
        slow: flint takes seconds where |x| is between about 1/8 and 1/2 of the precision (it integrates there); so in
            that range more precision is taken, for which it goes another and much shorter way.
    """

    def bessel(n: arb, x: arb) -> Ball:
        if not (-_BESSEL_ORDER <= n <= _BESSEL_ORDER and abs(x) < 1e30 and n.rad() <= 1 and x.rad() <= 1):
            return UNDECIDED
        size = float(x.abs_upper())
        precision = _useful_precision(n, x)
        if slow and precision / 9 < size < precision:
            precision = int(9 * size) + 64
        with ctx.workprec(precision):
            result: arb = function(x, n)
        return result

    return bessel


def _zeta_derivative(order: arb, x: arb) -> Ball:
    n = _order(order, 100)
    if n is None:
        return UNDECIDED
    with series_of(n + 1):
        return arb_series([x, 1], prec=n + 1).zeta()[n] * math.factorial(n)


def _hurwitz(s: arb, a: arb) -> Ball:
    """Left of 0 by the terms that a has there, which are real of whole s alone."""
    if a > 0:
        return s.zeta(a)
    if _exact_integer(s) is None or not a > -1000:
        return UNDECIDED
    terms = int(float(-a.lower())) + 1
    total = s.zeta(a + terms)
    for k in range(terms):
        power = _powi(a + k, -s)
        total = total + power if isinstance(power, arb) else arb.nan()
    return total


def _polylog(s: arb, x: arb) -> arb:
    if abs(x) < _HALF:
        return _polylog_series(0, s, x)
    if not abs(s) <= _POLYLOG:
        return arb.nan()
    return s.zeta() if x == 1 and s > 1 else x.polylog(s)


def _polylog_derivative(order: arb, s: arb, x: arb) -> Ball:
    """The n-th derivative: near 0 its own series, elsewhere by x**n D**n = (x D)(x D - 1)...(x D - n + 1)."""
    n = _order(order, 100)
    if n is None:
        return UNDECIDED
    if n == 0:
        return _polylog(s, x)
    if abs(x) < _HALF:
        return _polylog_series(n, s, x)
    falling = [1]
    for k in range(n):
        falling = [a - k * b for a, b in zip([0, *falling], [*falling, 0], strict=True)]
    total = arb(0)
    for j, factor in enumerate(falling):
        total = total + _polylog(s - j, x) * factor
    return total / x**n


def _polylog_series(n: int, s: arb, x: arb) -> arb:
    """The n-th derivative of the sum of `x**k / k**s`, for |x| < 1/2, and a bound of what is left out."""
    if not abs(s) < 2000:
        return arb.nan()
    against = (-s).max(_ZERO).abs_upper()
    total, power, last = arb(0), arb(1) if n else x, 2 * n + 8 + 4 * int(float(against)) + ctx.prec
    for k in range(max(n, 1), last):
        total += power * math.perm(k, n) / arb(k) ** s
        power *= x
    ratio = abs(x) * last / (last - n) * (against / (last - 1)).exp()
    rest = abs(power) * math.perm(last, n) / arb(last) ** s / (1 - ratio)
    return total + arb(0, rest.abs_upper()) if ratio < 1 else arb.nan()


_POLYLOG = 100
"""Up to this order, in size, flint computes a polylogarithm in milliseconds."""


def _struve(n: arb, x: arb) -> Ball:
    """(x/2)**(n + 1) 1F2(1; 3/2, n + 3/2; -x**2/4) / (gamma(3/2)*gamma(n + 3/2)), DLMF 11.2.1."""
    if not (abs(n) < _STRUVE and abs(x) < _STRUVE):
        return UNDECIDED
    with ctx.workprec(_useful_precision(n, x) + 3 * int(float(x.abs_upper())) + 32):
        series = (-_square(x) / 4).hypgeom([_ONE], [3 * _HALF, n + 3 * _HALF], regularized=True)
        power = _pow(x / 2, n + 1)
        return power * series if isinstance(power, arb) else power


_STRUVE = 2000
"""Up to this order and operand, in size, a Struve function is computed."""


def _polynomial(function: Function) -> Function:
    """A polynomial of a whole degree; 0 of degree -1, where derivatives end."""

    def polynomial(degree: arb, *operands: arb) -> Ball:
        n = _exact_integer(degree)
        if n is None or not -1 <= n <= _DEGREE:
            return UNDECIDED
        result: Ball = _ZERO if n == -1 else _ONE if n == 0 else function(degree, *operands)
        return result

    return polynomial


_DEGREE = 5000
"""The largest degree of a polynomial that is computed."""


def _hermite_prob(n: arb, x: arb) -> arb:
    if n < 20 and x.is_exact():
        return _hermite_by_recurrence(int(n.unique_fmpz() or 0), x)
    return (x * _HALF.sqrt()).hermite_h(n) / (n * arb(2).log() / 2).exp()


def _hermite_by_recurrence(n: int, x: arb) -> arb:
    """Exact where all that comes is."""
    before, last = arb(0), arb(1)
    for k in range(n):
        before, last = last, x * last - k * before
    return last


@contextmanager
def series_of(length: int) -> Iterator[None]:
    """Let flint's series be of this length, past which its context cuts them off."""
    before, ctx.cap = ctx.cap, length
    try:
        yield
    finally:
        ctx.cap = before


_VALUES: dict[Op, Function] = {
    ops.add: _add,
    ops.mul: _mul,
    ops.sub: _sub,
    ops.neg: operator.neg,
    ops.div: operator.truediv,
    ops.powi: _powi,
    ops.pow: _pow,
    ops.cbrt: _cbrt,
    ops.hypot: _hypot,
    ops.abs: _abs,
    ops.sign: _sign,
    ops.floor: _floor,
    ops.ceil: _ceil,
    ops.round: _round,
    ops.mod: _mod,
    ops.max: _max,
    ops.min: _min,
    ops.heaviside: _heaviside,
    ops.exp: _exp,
    ops.log2: _log2,
    ops.xlogy: _xlogy,
    ops.logsumexp: _logsumexp,
    ops.atan2: _atan2,
    ops.sinc: _sinc,
    ops.sincpi: _sincpi,
    ops.sinc_derivative: _sinc_derivative,
    ops.leaky_relu: _leaky_relu,
    ops.elu: _elu,
    ops.erfc: _erfc,
    ops.sigmoid: _sigmoid,
    ops.softplus: _softplus,
    ops.lgamma: _within(1e30, _lgamma),
    ops.digamma: _within(1e30, _digamma),
    ops.polygamma: _within(1e30, _polygamma, radius=1, low=-1000),
    ops.beta: _within(1e30, _beta),
    ops.betaln: _within(1e30, _betaln),
    ops.binomial: _within(1e30, _binomial),
    ops.besselj: _bessel(arb.bessel_j, slow=False),
    ops.bessely: _bessel(arb.bessel_y, slow=False),
    ops.besseli: _bessel(arb.bessel_i, slow=True),
    ops.besselk: _bessel(arb.bessel_k, slow=True),
    ops.airyaiprime: _within(1e30, lambda x: x.airy_ai(1)),
    ops.airybiprime: _within(1e30, lambda x: x.airy_bi(1)),
    ops.lambertw: arb.lambertw,
    ops.zeta: _within(1e9, arb.zeta),
    ops.zeta_derivative: _within(1e9, _zeta_derivative, radius=1),
    ops.elliptic_k: lambda m: acb(m).elliptic_k().real,
    ops.elliptic_e: lambda m: acb(m).elliptic_e().real,
    ops.expint: _bessel(arb.expint, slow=False),
    ops.lowergamma: _bessel(arb.gamma_lower, slow=False),
    ops.uppergamma: _bessel(arb.gamma_upper, slow=False),
    ops.gammainc: _bessel(lambda x, s: x.gamma_lower(s, 1), slow=False),
    ops.gammaincc: _bessel(lambda x, s: x.gamma_upper(s, 1), slow=False),
    ops.hurwitz: _within(1e30, _hurwitz),
    ops.polylog: _within(1e30, _polylog),
    ops.polylog_derivative: _within(1e30, _polylog_derivative),
    ops.struve: _struve,
    ops.legendre: _polynomial(lambda n, x: x.legendre_p(n)),
    ops.chebyshevt: _polynomial(lambda n, x: x.chebyshev_t(n)),
    ops.chebyshevu: _polynomial(lambda n, x: x.chebyshev_u(n)),
    ops.gegenbauer: _polynomial(lambda n, a, x: x.gegenbauer_c(n, a)),
    ops.hermite: _polynomial(lambda n, x: x.hermite_h(n)),
    ops.hermite_prob: _polynomial(_hermite_prob),
    ops.laguerre: _polynomial(lambda n, x: x.laguerre_l(n)),
    ops.assoc_laguerre: _polynomial(lambda n, a, x: x.laguerre_l(n, a)),
    ops.hyp0f1: _within(1e30, lambda b, x: x.hypgeom_0f1(b)),
    ops.hyp2f1: _within(1e300, lambda a, b, c, x: x.hypgeom_2f1(a, b, c), low=-1e300),
}

_LOOSE: frozenset[Op] = frozenset({ops.besselj, ops.besseli, ops.polygamma, ops.elliptic_k, ops.elliptic_e})
"""Ops that `arb` gives a finite result for outside their domain: asked for the domain first."""

# -- the nearest double ------------------------------------------------------------------------------------------------

_PRECISIONS = (96, 192, 384, 768)
_SETTLED_BITS = 52
"""A ball whose bits these are holds the number, though not which of two doubles is nearer."""


@cache
def _at(precision: int) -> Balls:
    return Balls(precision)


def rounded(op: Op, operands: tuple[float, ...]) -> float | Unknown:
    """The double nearest to an op of finite doubles: UNDEFINED where it has no value, nan where that is not settled."""
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            ball = _at(precision).functions[op](*map(arb, operands))
            double = nearest_double(ball)
            if ball is UNDEFINED or double is not None:
                return ball if double is None else double
    if not isinstance(ball, arb):
        return math.nan
    settled = relative_bits(ball) >= _SETTLED_BITS or ball.rad() < math.ulp(0.0)
    return nearest_double(ball.mid()) or 0.0 if settled else math.nan
