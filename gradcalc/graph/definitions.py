"""Ops put together from others, to the last digits: where an op's `define` of the table would lose some.

The table's own serve proofs, SymPy and what they are accurate enough for; these are read by floats, arrays and native
code where their libraries have no function. Written in ops, so that they run on all three. Imports graph.
"""

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

Definition = Callable[..., Any]
Deciding = int | Fraction | None
"""What of an op's constant operands decides how it is computed: an order, a power, or nothing."""

CONSTANT_EXPONENT, CONSTANT_BASE = 0, 1
"""What decides of a `pow`: an exponent between -1 and 1, or a base, that is the same for all rows."""

_MOST_PRODUCTS = 64
"""The largest integer power that is computed by products; others are by `pow`."""


_half, _tiny = ops.one / 2, ops.Constant(None, (), "1e-300")
_infinity, _nan = ops.Constant(None, (), "oo"), ops.Constant(None, (), "nan")
_decay_of_64 = ops.Constant(None, (), math.exp(-64).hex())
_root_high, _root_low = ops.Constant(None, (), "0x1.6a09e64p-1"), ops.Constant(None, (), "0x1.3f9de6484597ep-28")
"""The square root of 1/2: its first 27 bits, and the others."""


def _odd(x: Any, magnitude: Any) -> Any:
    """A number of this size with the sign of x."""
    return ops.where(ops.lt(x, 0), -magnitude, magnitude)


def _sincpi(x: Any) -> Any:
    turn = x - 2 * ops.round(x / 2)
    turn = ops.where(ops.gt(ops.abs(turn), _half), _odd(turn, ops.one) - turn, turn)
    far = ops.eq(ops.abs(x), _infinity)
    return ops.where(ops.eq(x, 0), ops.one, ops.where(far, ops.zero, ops.sin(ops.pi * turn) / (ops.pi * x)))


def _asech(x: Any) -> Any:
    leg = ops.sqrt(ops.one_minus_square(x))
    return ops.where(ops.gt(x, _half / 512), ops.log1p((1 - x + leg) / x), ops.log1p(leg) - ops.log(x))


def _acsch(x: Any) -> Any:
    size = ops.abs(x)
    small = ops.and_(ops.lt(size, _tiny), ops.ne(x, 0))
    return ops.where(small, _odd(x, ops.log(ops.two) - ops.log(size)), ops.asinh(1 / x))


def short(x: Any) -> Any:
    """A number below 64 to 26 bits, whose square is exact."""
    return ops.round(x * 2**20) / 2**20


def _below_64(x: Any, value: Any, beyond: Any) -> Any:
    return ops.where(ops.lt(ops.abs(x), 64), value, beyond)


def _normal(x: Any) -> Any:
    """Twice the distribution function by erfc at x/sqrt(2) as two doubles: one rounding there comes out far larger."""
    high = short(x)
    exact, rest = high * _root_high, high * _root_low + (x - high) / ops.sqrt(ops.two)  # exact: 26 bits by 27
    leg = exact + rest
    slope = 2 * ops.exp(-leg * leg) / ops.sqrt(ops.pi)
    return ops.erfc(-leg) + slope * ((exact - leg) + rest)


def _norm_pdf(x: Any) -> Any:
    """The square in two parts, of which the large one is exact."""
    high = short(x)
    value = ops.exp(-high * high / 2) * ops.exp((high - x) * (high + x) / 2) / ops.sqrt(2 * ops.pi)
    return _below_64(x, value, ops.exp(-64 * ops.abs(x)))


def _logit(x: Any) -> Any:
    """Near its zero at 1/2 by what is exact there."""
    return ops.where(ops.lt(ops.abs(x - _half), _half / 2), 2 * ops.atanh(2 * x - 1), ops.log(x) - ops.log1p(-x))


def _logsumexp(*xs: Any) -> Any:
    top, rest = xs[0], []
    for x in xs[1:]:
        rest.append(ops.min(top, x))
        top = ops.max(top, x)
    total = ops.add(ops.zero, *(ops.exp(x - top) for x in rest))
    return ops.where(ops.lt(ops.abs(top), _infinity), top + ops.log1p(total), top)


def _hypot(*xs: Any) -> Any:
    """By halves, so that errors grow with the logarithm of their number."""
    if len(xs) < 3:
        return ops.hypot(*xs) if len(xs) == 2 else ops.abs(xs[0])
    return ops.hypot(_hypot(*xs[: len(xs) // 2]), _hypot(*xs[len(xs) // 2 :]))


def _sigmoid(x: Any) -> Any:
    power = ops.exp(-ops.abs(x))
    return ops.where(ops.lt(x, 0), power, ops.one) / (1 + power)


def _leg(x: Any) -> Any:
    """sqrt(x**2 - 1), which keeps its digits near 1; nan between -1 and 1."""
    size = ops.abs(x)
    return ops.sqrt(size - 1) * ops.sqrt(size + 1)


def _asec(x: Any) -> Any:
    angle = ops.atan(_leg(x))
    return ops.where(ops.lt(x, 0), ops.pi - angle, angle)


_DEFINITIONS: dict[Op, Callable[..., Any]] = {
    ops.neg: lambda x: ops.Constant(None, (), "-0.0") - x,
    ops.sign: lambda x: ops.where(
        ops.gt(x, 0), ops.one, ops.where(ops.lt(x, 0), -ops.one, ops.where(ops.eq(x, 0), ops.zero, x))
    ),
    ops.heaviside: lambda x: ops.where(ops.gt(x, 0), ops.one, ops.where(ops.lt(x, 0), ops.zero, _half + x)),
    ops.sinc: lambda x: ops.where(
        ops.eq(x, 0), ops.one, ops.where(ops.eq(ops.abs(x), _infinity), ops.zero, ops.sin(x) / x)
    ),
    ops.sincpi: _sincpi,
    ops.xlogy: lambda a, b: ops.where(ops.and_(ops.eq(a, 0), ops.ge(b, 0)), ops.zero, a * ops.log(b)),
    ops.logsumexp: _logsumexp,
    ops.hypot: _hypot,
    ops.sigmoid: _sigmoid,
    ops.softplus: lambda x: ops.max(x, ops.zero) + ops.log1p(ops.exp(-ops.abs(x))),
    ops.silu: lambda x: ops.where(ops.lt(x, -700), x * ops.exp(x + 64) * _decay_of_64, x * ops.sigmoid(x)),
    ops.elu: lambda x: ops.where(ops.gt(x, 0), x, ops.expm1(ops.min(x, ops.zero))),
    ops.gelu: lambda x: _below_64(x, x * _normal(x) / 2, ops.max(x, ops.zero)),
    ops.norm_cdf: lambda x: _below_64(x, _normal(x) / 2, ops.heaviside(x)),
    ops.norm_pdf: _norm_pdf,
    ops.logit: _logit,
    ops.asec: _asec,
    ops.acsc: lambda x: _odd(x, ops.atan2(ops.one, _leg(x))),
    ops.acoth: lambda x: _odd(x, ops.log1p(2 / (ops.abs(x) - 1)) / 2),
    ops.asech: _asech,
    ops.acsch: _acsch,
    ops.xlogy_ufunc: lambda a, b: ops.where(ops.eq(a, 0), ops.zero, a * ops.log(b)),
}
"""How an op is put together here."""


def deciding(graph: Graph, op: Op, operands: Sequence[int]) -> Deciding:
    """The number among an op's operands that decides how it is computed, if there is one."""
    if op is ops.pow:
        return _deciding_power(graph, *operands)
    if op is ops.powi:
        n = graph.number(operands[1])
        return n if 0 < abs(n or 0) <= _MOST_PRODUCTS else None
    if op in _BY_ORDER:
        n = graph.number(operands[0])
        return n if n in _BY_ORDER[op][1] else None
    return None


def _deciding_power(graph: Graph, base: int, exponent: int) -> Deciding:
    """The exponent where whole powers or a root are split off it, else which operand is constant."""
    constant = exact(graph, exponent)
    if constant is None:
        size = exact(graph, base)
        return CONSTANT_BASE if size is not None and 0 < size != 1 else None
    if constant.denominator == 1 or abs(constant) > _MOST_PRODUCTS:
        return None
    return constant if abs(constant) > 1 or constant.denominator == 2 else CONSTANT_EXPONENT


_RATIONAL: dict[Op, Callable[..., Any]] = {
    ops.neg: operator.neg, ops.sub: operator.sub, ops.div: operator.truediv,
    ops.add: lambda *terms: sum(terms), ops.mul: lambda *factors: math.prod(factors),
}  # fmt: skip
_DEEPEST = 8


def exact(graph: Graph, index: int, depth: int = _DEEPEST) -> Fraction | None:
    """The value of a short formula of numbers; a decimal is its nearest double. None where it is none."""
    op, operands, parameter = graph.nodes[index]
    if op is ops.const:
        return _rational(parameter or "")
    if op not in _RATIONAL or depth == 0 or len(operands) > _DEEPEST:
        return None
    parts = [exact(graph, operand, depth - 1) for operand in operands]
    if None in parts or op is ops.div and parts[1] == 0:
        return None
    return Fraction(_RATIONAL[op](*parts))


def _rational(text: str) -> Fraction | None:
    """A constant's text as the number it stands for; None for a name, and for what no double is near."""
    try:
        value = float.fromhex(text) if "x" in text else float(text)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(value):
        return None
    return Fraction(int(text)) if text.lstrip("-").isdecimal() and len(text) < _DEEPEST else Fraction(value)


def _ratio(number: Fraction) -> Any:
    return number.numerator * (ops.one / number.denominator)


def without_sign(x: Any) -> Any:
    """The number itself, and of both zeros that without a sign: roots take them for one."""
    return ops.where(ops.eq(x, 0), ops.zero, x)


@cache
def constant_power(exponent: Fraction) -> Definition:
    """A power as whole powers times one between -1 and 1, a square root where that is: none leaves the range alone."""
    whole = math.trunc(exponent)
    rest = exponent - whole

    def power(x: Any, _: Any) -> Any:
        base = without_sign(x)
        if rest.denominator == 2:
            return (base**whole if whole else ops.one) / ops.sqrt(base) if rest < 0 else base**whole * ops.sqrt(base)
        part = ops.Constant(None, (), float(rest).hex()) if Fraction(float(rest)) == rest else _ratio(rest)
        return base**whole * ops.pow(base, part)

    return power


def definition(op: Op, order: Deciding = None) -> Definition | None:
    """An op as a function of its operands; `order` is what `deciding` gave. None if it is not put together."""
    return accurate(op, order) or op.define


def accurate(op: Op, order: Deciding = None) -> Definition | None:
    """The definition given here, if there is one."""
    if op is ops.pow:
        return constant_power(order) if isinstance(order, Fraction) else None
    if op in _BY_ORDER:
        return None if not isinstance(order, int) else lambda _, *xs: _BY_ORDER[op][0](order, *xs)
    return _DEFINITIONS.get(op)


def _sinc_derivative(n: int, x: Any) -> Any:
    """The first or second derivative: its power series up to 3, then the quotient rule."""
    square, series = x * x, ops.zero
    for k in range(18, 0, -1):
        top = (-1) ** k * math.prod(range(2 * k, 2 * k - n, -1))
        series = series * square + ops.one * top / math.factorial(2 * k + 1)
    s = ops.sin(x)
    first = (ops.cos(x) - s / x) / x
    far = first if n == 1 else -(s + 2 * first) / x
    far = ops.where(ops.eq(ops.abs(x), _infinity), ops.zero, far)
    return ops.where(ops.lt(ops.abs(x), 3), series * x if n == 1 else series, far)


BERNOULLI = ((1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798),
              (-174611, 330))  # fmt: skip
"""The numbers B2 to B20."""


def _polygamma(n: int, x: Any) -> Any:
    """Shifted by 15, where the asymptotic series (DLMF 5.15.8) is exact to the last bit; left of 0 by 5.15.6."""
    ahead = ops.where(ops.gt(x, 0), x, 1 - x)
    far = ahead + 15
    square, series = 1 / (far * far), ops.zero
    for k in range(len(BERNOULLI), 0, -1):
        top, bottom = BERNOULLI[k - 1]
        series = (series + ops.one * top * math.prod(range(2 * k + 1, 2 * k + n)) / bottom) * square
    rest, near = (series + ops.one * math.factorial(n) / (2 * far) + math.factorial(n - 1)) / far**n, ops.zero
    for k in range(14, -1, -1):
        near = near + ops.one * math.factorial(n) / (ahead + k) ** (n + 1)
    total = (rest + near) * (-1) ** (n + 1)
    turn = ops.pi * (x - ops.round(x))
    cotangent, slope = ops.cos(turn) / ops.sin(turn), [0, 1]
    for _ in range(n):  # the derivative of a polynomial p of the cotangent c is -(1 + c**2)*p'
        slope = [-(a + b) for a, b in zip(_derived(slope) + [0, 0], [0, 0] + _derived(slope), strict=True)]
    bend = ops.zero
    for coefficient in reversed(slope):
        bend = bend * cotangent + coefficient
    left = ops.where(ops.eq(turn, 0), _nan, total * (-1) ** n - ops.pi ** (n + 1) * bend)
    return ops.where(ops.gt(x, 0), total, left)


def _lambertw(x: Any) -> Any:
    """Newton's steps on w + log(w) = log(x), as Iacono and Boyd write them (2017), from the guess of Winitzki."""
    log = ops.log1p(x)
    w = log * (1 - ops.log1p(log) / (2 + log))
    for _ in range(4):
        w = w * (1 + ops.log(x / w)) / (1 + w)
    return ops.where(ops.eq(x, 0), x, w)


_ZETA_TERMS = 28


def _zeta_weights() -> list[Fraction]:
    """The weights of an alternating series: Borwein, "An efficient algorithm for the Riemann zeta function" (1995)."""
    n, sums = _ZETA_TERMS, [Fraction(0)]
    for i in range(n + 1):
        numerator, denominator = math.factorial(n + i - 1) * 4**i, math.factorial(n - i) * math.factorial(2 * i)
        sums.append(sums[-1] + Fraction(numerator, denominator))
    return [(-1) ** k * (1 - sums[k + 1] / sums[-1]) for k in range(n)]


def _zeta_powers(x: Any) -> list[Any]:
    """The terms k**-x, from k = 1 on."""
    powers: dict[int, Any] = {1: ops.one}
    for k in range(2, _ZETA_TERMS + 1):
        factor = next(p for p in range(2, k + 1) if k % p == 0)
        powers[k] = ops.pow(ops.one * k, -x) if factor == k else powers[factor] * powers[k // factor]
    return list(powers.values())


def _weighted(terms: Sequence[Any], weights: Sequence[Fraction | int]) -> Any:
    """The weighted sum of terms, from the least to the largest."""
    total = ops.zero
    for term, weight in reversed(list(zip(terms, weights, strict=True))):
        total = total + term * (ops.one * weight.numerator / weight.denominator)
    return total


def _zeta(x: Any) -> Any:
    return _weighted(_zeta_powers(x), _zeta_weights()) / -ops.expm1((1 - x) * ops.log(ops.two))


def _zeta_slope(_: Any, x: Any) -> Any:
    """The quotient rule on the alternating series over 1 - 2**(1-x); far out the series of the function itself."""
    powers, weights = _zeta_powers(x), _zeta_weights()
    slopes = [power * ops.log(ops.one * k) for k, power in enumerate(powers, 1)]
    bottom, turn = -ops.expm1((1 - x) * ops.log(ops.two)), 2 * powers[1] * ops.log(ops.two)
    near = _weighted(slopes, weights) / bottom + _weighted(powers, weights) * (turn / bottom / bottom)
    return -ops.where(ops.lt(x, 15), near, _weighted(slopes, [1] * len(slopes)))


def _whole_gamma(regularised: Op) -> tuple[Definition, Definition]:
    """An incomplete gamma function by the regularised one, where gamma is finite."""
    return (
        lambda s, x: ops.and_(ops.and_(ops.gt(s, 0), ops.lt(s, 170)), ops.ge(x, 0)),
        lambda s, x: regularised(s, x) * ops.gamma(s),
    )


NEAR: dict[Op, tuple[Definition, Definition | None]] = {
    ops.lambertw: (lambda x: ops.and_(ops.ge(x, -_half / 2), ops.lt(x, _infinity)), _lambertw),
    ops.zeta: (lambda x: ops.and_(ops.gt(x, 1), ops.lt(x, 1000)), _zeta),
    ops.zeta_derivative: (
        lambda n, x: ops.and_(ops.eq(n, 1), ops.and_(ops.gt(x, 1), ops.lt(x, 1000))), _zeta_slope
    ),
    ops.expint: (lambda n, x: ops.and_(ops.and_(ops.ge(n, 0), ops.eq(n, ops.floor(n))), ops.gt(x, 0)), None),
    **dict.fromkeys(
        (ops.gammainc, ops.gammaincc), (lambda s, x: ops.and_(ops.gt(s, 0), ops.ge(x, 0)), None)
    ),
    ops.lowergamma: _whole_gamma(ops.gammainc), ops.uppergamma: _whole_gamma(ops.gammaincc),
    ops.hurwitz: (lambda s, a: ops.and_(ops.gt(s, 1), ops.gt(a, 0)), None),
}  # fmt: skip
"""Ops that are put together in a part of their domain, told by the first, for rows that nobody would wait for.

None for what SciPy has there.
"""


def _derived(polynomial: list[int]) -> list[int]:
    return [k * a for k, a in enumerate(polynomial)][1:]


def _expint(order: int, x: Any) -> Any:
    """Of order 0 and below: a sum of positive terms for positive x."""
    total = ops.zero
    for k in range(-order, -1, -1):
        total = total / x + math.perm(-order, k) if k < -order else ops.one * math.perm(-order, k)
    return total * ops.exp(-x) / x


def _recurrence(next_one: Callable[[int, Any, Any, Any, Any], Any]) -> Callable[..., Any]:
    """A polynomial of a whole degree by the recurrence of three terms: `next_one(k, a, x, last, before)`, DLMF 18.9."""

    def polynomial(degree: int, *operands: Any) -> Any:
        *parameter, x = operands
        before, last = ops.zero, ops.one
        for k in range(degree):
            before, last = last, next_one(k, parameter[0] if parameter else None, x, last, before)
        return last if degree >= 0 else ops.zero

    return polynomial


POLYNOMIALS: dict[Op, Callable[..., Any]] = {
    ops.legendre: _recurrence(lambda k, _, x, last, before: ((2 * k + 1) * x * last - k * before) / (k + 1)),
    ops.chebyshevt: _recurrence(lambda k, _, x, last, before: 2 * x * last - before if k else x),
    ops.chebyshevu: _recurrence(lambda k, _, x, last, before: 2 * x * last - before),
    ops.gegenbauer: _recurrence(
        lambda k, a, x, last, before: (2 * (k + a) * x * last - (k - 1 + 2 * a) * before) / (k + 1)
    ),
    ops.hermite: _recurrence(lambda k, _, x, last, before: 2 * x * last - 2 * k * before),
    ops.hermite_prob: _recurrence(lambda k, _, x, last, before: x * last - k * before),
    ops.laguerre: _recurrence(lambda k, _, x, last, before: ((2 * k + 1 - x) * last - k * before) / (k + 1)),
    ops.assoc_laguerre: _recurrence(
        lambda k, a, x, last, before: ((2 * k + 1 + a - x) * last - (k + a) * before) / (k + 1)
    ),
}
"""Polynomials by their degree. SciPy's functions of a degree that is a double lose all digits, and are not taken."""

_BY_ORDER: dict[Op, tuple[Callable[..., Any], range]] = {
    ops.sinc_derivative: (_sinc_derivative, range(1, 3)),
    ops.polygamma: (_polygamma, range(1, 5)),
    ops.expint: (_expint, range(-8, 1)),
    **{op: (polynomial, range(-1, 101)) for op, polynomial in POLYNOMIALS.items()},
}
"""Ops whose first operand is an order: how they are put together, and for which orders."""
