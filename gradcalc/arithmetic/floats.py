"""Floats: IEEE doubles, the arithmetic of the tape. Imports math and ops; balls, on first use, for special functions.

Every function is total and answers as NumPy does: overflow is an infinity, a pole is one or nan, nan outside a domain.
What `math` lacks or does badly is computed in balls and rounded: correctly, if slower.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from gradcalc.arithmetic.evaluate import defined, evaluate
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

if TYPE_CHECKING:
    from gradcalc.arithmetic.balls import Balls

INF, NAN = math.inf, math.nan
Function = Callable[..., Any]

_NAMED = {
    "pi": math.pi,
    "tau": math.tau,
    "E": math.e,
    "EulerGamma": 0.5772156649015329,
    "Catalan": 0.915965594177219,
    "GoldenRatio": 1.618033988749895,
    "nan": NAN,
    "oo": INF,
    "-oo": -INF,
}


class Floats:
    """The arithmetic of IEEE doubles; conditions are bools."""

    def __init__(self) -> None:
        self._constants: dict[str, float] = dict(_NAMED)
        self.functions: Mapping[Op, Function] = _FUNCTIONS | defined(self, _FUNCTIONS)

    def constant(self, text: str) -> float:
        """The double nearest to an exact constant; infinite beyond the largest."""
        value = self._constants.get(text)
        if value is None:
            value = self._constants[text] = _number(text)
        return value

    def evaluate(
        self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int], deadline: float | None = None
    ) -> list[Any]:
        """`arithmetic.evaluate` over floats."""
        return evaluate(graph, self, inputs, outputs, deadline=deadline)


def exact_sum(parts: Sequence[float]) -> float:
    """The correctly rounded sum; nan and infinities as addition has them."""
    if not all(map(math.isfinite, parts)):
        return sum(parts)
    try:
        return math.fsum(parts)
    except OverflowError:  # on the way, if not at the end
        return math.fsum(x * 2.0**-64 for x in parts) * 2.0**64


def _number(text: str) -> float:
    if "x" not in text and "X" not in text:
        return float(text)
    try:
        return float.fromhex(text)
    except OverflowError:
        return -INF if text.startswith("-") else INF


# -- what math has, made total -----------------------------------------------------------------------------------------


def _total(
    function: Callable[[float], float], poles: Mapping[float, float] | None = None, overflow: float | None = None
) -> Callable[[float], float]:
    """A function of `math` that raises nothing.

    Args:
        poles: its value at each pole.
        overflow: its value beyond all doubles; by default the infinity of the argument's sign.
    """
    at_pole = poles or {}

    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return at_pole.get(x, NAN)
        except OverflowError:
            return math.copysign(INF, x) if overflow is None else overflow

    return total


_exp = _total(math.exp, overflow=INF)
_expm1 = _total(math.expm1, overflow=INF)
_exp2 = _total(math.exp2, overflow=INF)
_log = _total(math.log, {0.0: -INF})
_log1p = _total(math.log1p, {-1.0: -INF})
_sqrt = _total(math.sqrt)
_sin, _cos, _tan = _total(math.sin), _total(math.cos), _total(math.tan)
_sinh, _cosh = _total(math.sinh), _total(math.cosh, overflow=INF)
_acos = _total(math.acos)

# -- arithmetic --------------------------------------------------------------------------------------------------------


def _add(total: float, *rest: float) -> float:
    for x in rest:
        total += x
    return total


def _mul(product: float, *rest: float) -> float:
    for x in rest:
        product *= x
    return product


def _div(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        return NAN if a == 0 or math.isnan(a) else math.copysign(INF, a) * math.copysign(1.0, b)


def _pow(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -INF if a < 0 and b % 2 == 1 else INF
    except ValueError:
        return (math.copysign(INF, a) if b % 2 == 1 else INF) if a == 0 else NAN


def _cbrt(x: float) -> float:
    """The system's cube root, which may be 2 ulps off, and one step of Newton's method where its cubes are doubles."""
    y = math.cbrt(x)
    return y - (y * y * y - x) / (3 * y * y) if 1e-280 < abs(x) < 1e300 else y


def _sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0) - (x < 0))


def _heaviside(x: float) -> float:
    return x if math.isnan(x) else 1.0 if x > 0 else 0.0 if x < 0 else 0.5


def _integral(function: Callable[[float], int]) -> Function:
    """floor, ceil or round, as floats, also of what is infinite or nan."""

    def integral(x: float) -> float:
        return float(function(x)) if -4503599627370496.0 < x < 4503599627370496.0 else x

    return integral


def _mod(a: float, b: float) -> float:
    try:
        return a % b
    except ZeroDivisionError:
        return NAN


def _max(best: float, *rest: float) -> float:
    for x in rest:
        if x > best or math.isnan(x):
            best = x
    return best


def _min(best: float, *rest: float) -> float:
    for x in rest:
        if x < best or math.isnan(x):
            best = x
    return best


def _clip(x: float, low: float, high: float) -> float:
    return _min(_max(x, low), high)


# -- exponentials, logarithms, activations -----------------------------------------------------------------------------


def _xlogy(a: float, b: float) -> float:
    if a == 0 and b >= 0:
        return 0.0
    return a * _log(b)


def _logsumexp(*xs: float) -> float:
    top = _max(*xs)
    if not math.isfinite(top):
        return top
    rest = list(xs)
    rest.remove(top)
    return top + math.log1p(_add(0.0, *(math.exp(x - top) for x in rest)))


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    power = math.exp(x)
    return power / (1 + power)


def _softplus(x: float) -> float:
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def _silu(x: float) -> float:
    return x * _sigmoid(x)


def _gelu(x: float) -> float:
    return x * (math.erfc(-x / math.sqrt(2)) / 2) if x >= 0 else _gelu_below(x)


def _relu(x: float) -> float:
    return _max(x, 0.0)


def _leaky_relu(x: float) -> float:
    return x if x > 0 else x / 5


def _elu(x: float) -> float:
    return x if x > 0 else math.expm1(x)


# -- trigonometric and hyperbolic --------------------------------------------------------------------------------------


def _asec(x: float) -> float:
    """acos(1/x), by an angle that keeps its digits near 1."""
    leg = math.atan(_leg(x))
    return leg if x > 0 else math.pi - leg


def _acsc(x: float) -> float:
    return math.copysign(math.atan2(1.0, _leg(x)), x) if not math.isnan(x) else x


def _leg(x: float) -> float:
    """sqrt(x**2 - 1), nan between -1 and 1."""
    return _sqrt(x - 1) * _sqrt(x + 1) if x > 0 else _sqrt(-x - 1) * _sqrt(1 - x)


def _asech(x: float) -> float:
    if x == 0:
        return INF
    leg = _sqrt((1 - x) * (1 + x)) if x > 0 else NAN
    return math.log1p((1 - x + leg) / x) if x > 1e-3 else math.log1p(leg) - _log(x)


def _acsch(x: float) -> float:
    if abs(x) > 1e-300 or math.isnan(x):
        return math.asinh(1 / x)
    return math.copysign(math.log(2) - _log(abs(x)), x)


def _acoth(x: float) -> float:
    return math.copysign(_log1p(_div(2, abs(x) - 1)) / 2, x) if abs(x) >= 1 else NAN


def _acot(x: float) -> float:
    return math.atan(1 / x) if x else math.pi / 2


def _sinc(x: float) -> float:
    return math.sin(x) / x if x and math.isfinite(x) else 1.0 if x == 0 else _div(0.0, x)


def _sincpi(x: float) -> float:
    """sin(pi*x)/(pi*x), the argument reduced before it meets pi: 0 at every integer but 0."""
    if not x or not math.isfinite(x):
        return _sinc(x)
    turn = math.remainder(x, 2.0)
    if abs(turn) > 0.5:
        turn = math.copysign(1.0, turn) - turn
    return math.sin(math.pi * turn) / (math.pi * x) if abs(x) < 1e300 else math.sin(math.pi * turn) / x / math.pi


# -- by balls, correctly rounded ---------------------------------------------------------------------------------------

_PRECISIONS = (96, 192, 384, 768)
_SETTLED_BITS = 52
"""A ball whose bits these are holds the number, though not which of two doubles is nearer."""


@cache
def _balls(precision: int) -> "Balls":
    from gradcalc.arithmetic.balls import Balls

    return Balls(precision)


def _by_balls(op: Op) -> Callable[..., float]:
    """The op's value in balls, rounded; at infinity and at poles as the tables below say."""

    def precise(*operands: float) -> float:
        if not all(map(math.isfinite, operands)):
            return _at_infinity(op, operands)
        return _rounded(op, operands)

    return precise


def _at_infinity(op: Op, operands: tuple[float, ...]) -> float:
    *others, x = operands
    if not math.isinf(x) or not all(map(math.isfinite, others)):
        return NAN
    return _LIMITS.get(op, (NAN, NAN))[x > 0]


def _rounded(op: Op, operands: tuple[float, ...]) -> float:
    from flint import arb, ctx

    from gradcalc.arithmetic.digits import nearest_double, relative_bits
    from gradcalc.arithmetic.marks import UNDEFINED

    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            ball = _balls(precision).functions[op](*map(arb, operands))
            if ball is UNDEFINED:
                return _POLES.get((op, operands[-1]), NAN)
            double = nearest_double(ball)
            if double is not None:
                return double
    if not isinstance(ball, arb):
        return NAN
    settled = relative_bits(ball) >= _SETTLED_BITS or ball.rad() < math.ulp(0.0)
    return nearest_double(ball.mid()) or 0.0 if settled else NAN


_POLES: dict[tuple[Op, float], float] = {
    (ops.lgamma, 0.0): INF,
    (ops.digamma, 0.0): -INF,
    (ops.zeta, 1.0): INF,
    (ops.Ei, 0.0): -INF,
    (ops.Ci, 0.0): -INF,
    (ops.bessely, 0.0): -INF,
    (ops.besselk, 0.0): INF,
}
"""The values at poles, by the last operand, where they are infinite."""

_LIMITS: dict[Op, tuple[float, float]] = {
    ops.sinc_derivative: (0.0, 0.0),
    ops.gelu: (0.0, INF),
    ops.lgamma: (INF, INF),
    ops.factorial: (NAN, INF),
    ops.digamma: (NAN, INF),
    ops.polygamma: (NAN, 0.0),
    ops.besselj: (0.0, 0.0),
    ops.bessely: (NAN, 0.0),
    ops.besseli: (NAN, INF),
    ops.besselk: (NAN, 0.0),
    ops.airyai: (0.0, 0.0),
    ops.airyaiprime: (NAN, 0.0),
    ops.airybi: (0.0, INF),
    ops.airybiprime: (NAN, INF),
    ops.lambertw: (NAN, INF),
    ops.zeta: (NAN, 1.0),
    ops.zeta_derivative: (NAN, 0.0),
    ops.Ei: (0.0, INF),
    ops.Si: (-math.pi / 2, math.pi / 2),
    ops.Ci: (NAN, 0.0),
}
"""The limits as the last operand goes to minus and plus infinity."""

_gelu_below, _lgamma_below, _factorial_between = (_by_balls(op) for op in (ops.gelu, ops.lgamma, ops.factorial))


def _lgamma(x: float) -> float:
    return _total(math.lgamma)(x) if x > 20 else _lgamma_below(x)


def _gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(INF, x)
    except ValueError:
        return math.copysign(INF, x) if x == 0 else NAN


def _factorial(x: float) -> float:
    if x > 171 or math.isnan(x):
        return INF if x > 171 else x
    if x >= 0 and x == int(x):
        return _div(math.factorial(int(x)), 1) if x < 171 else INF
    return _factorial_between(x)


# -- the table ---------------------------------------------------------------------------------------------------------


_FUNCTIONS: dict[Op, Function] = {
    ops.lt: operator.lt,
    ops.le: operator.le,
    ops.gt: operator.gt,
    ops.ge: operator.ge,
    ops.eq: operator.eq,
    ops.same: operator.eq,
    ops.ne: operator.ne,
    ops.and_: lambda p, q: p and q,
    ops.or_: lambda p, q: p or q,
    ops.not_: operator.not_,
    ops.where: lambda c, a, b: a if c else b,
    ops.add: _add,
    ops.mul: _mul,
    ops.sub: operator.sub,
    ops.neg: operator.neg,
    ops.div: _div,
    ops.powi: _pow,
    ops.pow: _pow,
    ops.sqrt: _sqrt,
    ops.cbrt: _cbrt,
    ops.one_minus_square: lambda x: (1 - x) * (1 + x),
    ops.hypot: math.hypot,
    ops.abs: math.fabs,
    ops.sign: _sign,
    ops.floor: _integral(math.floor),
    ops.ceil: _integral(math.ceil),
    ops.round: _integral(round),
    ops.mod: _mod,
    ops.max: _max,
    ops.min: _min,
    ops.clip: _clip,
    ops.heaviside: _heaviside,
    ops.exp: _exp,
    ops.exp2: _exp2,
    ops.expm1: _expm1,
    ops.log: _log,
    ops.log2: _total(math.log2, {0.0: -INF}),
    ops.log10: _total(math.log10, {0.0: -INF}),
    ops.log1p: _log1p,
    ops.xlogy: _xlogy,
    ops.logsumexp: _logsumexp,
    ops.sin: _sin,
    ops.cos: _cos,
    ops.tan: _tan,
    ops.sec: lambda x: _div(1.0, _cos(x)),
    ops.csc: lambda x: _div(1.0, _sin(x)),
    ops.cot: lambda x: _div(1.0, _tan(x)),
    ops.asin: _total(math.asin),
    ops.acos: _acos,
    ops.atan: math.atan,
    ops.asec: _asec,
    ops.acsc: _acsc,
    ops.acot: _acot,
    ops.atan2: math.atan2,
    ops.sinc: _sinc,
    ops.sincpi: _sincpi,
    ops.sinc_derivative: _by_balls(ops.sinc_derivative),
    ops.sinh: _sinh,
    ops.cosh: _cosh,
    ops.tanh: math.tanh,
    ops.sech: lambda x: 1.0 / _cosh(x),
    ops.csch: lambda x: _div(1.0, _sinh(x)),
    ops.coth: lambda x: _div(1.0, math.tanh(x)),
    ops.asinh: math.asinh,
    ops.acosh: _total(math.acosh),
    ops.atanh: _total(math.atanh, {1.0: INF, -1.0: -INF}),
    ops.asech: _asech,
    ops.acsch: _acsch,
    ops.acoth: _acoth,
    ops.relu: _relu,
    ops.leaky_relu: _leaky_relu,
    ops.elu: _elu,
    ops.sigmoid: _sigmoid,
    ops.softplus: _softplus,
    ops.silu: _silu,
    ops.gelu: _gelu,
    ops.erf: math.erf,
    ops.erfc: math.erfc,
    ops.gamma: _gamma,
    ops.lgamma: _lgamma,
    ops.digamma: _by_balls(ops.digamma),
    ops.polygamma: _by_balls(ops.polygamma),
    ops.factorial: _factorial,
    ops.beta: _by_balls(ops.beta),
    ops.binomial: _by_balls(ops.binomial),
    ops.besselj: _by_balls(ops.besselj),
    ops.bessely: _by_balls(ops.bessely),
    ops.besseli: _by_balls(ops.besseli),
    ops.besselk: _by_balls(ops.besselk),
    ops.airyai: _by_balls(ops.airyai),
    ops.airyaiprime: _by_balls(ops.airyaiprime),
    ops.airybi: _by_balls(ops.airybi),
    ops.airybiprime: _by_balls(ops.airybiprime),
    ops.lambertw: _by_balls(ops.lambertw),
    ops.zeta: _by_balls(ops.zeta),
    ops.zeta_derivative: _by_balls(ops.zeta_derivative),
    ops.Ei: _by_balls(ops.Ei),
    ops.Si: _by_balls(ops.Si),
    ops.Ci: _by_balls(ops.Ci),
}
