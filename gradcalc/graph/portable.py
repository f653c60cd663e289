"""Special functions put together from elementary ones, for languages whose libraries lack them.

A program that is printed for another language (`language.targets`) takes them along. Good to some units of the last
digit beside 1 or the value, whichever is larger: lgamma and digamma lose digits near their zeros. Imports definitions.

The series are those of DLMF chapters 5 and 7; erfc is an expansion of Shepherd and Laframboise (1981). The coefficients
were computed with mpmath to 60 digits.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.definitions import BERNOULLI, short
from gradcalc.graph.ops import Constant, Op

_ERFC = (
    1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
    0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-05,
    4.13902798607301e-06, 7.74038306619849e-07, -2.1886401049234397e-07, 1.076499946567091e-08,
    4.521959811218287e-09, -7.754400208831351e-10, -6.318088340886684e-11, 2.86879501093067e-11,
    1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14, 3.3478119482868056e-14,
    -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17, 5.068148904796111e-17,
    -2.2370566594359995e-18, -2.187342944303018e-18,
)  # fmt: skip
"""The Chebyshev coefficients of (1 + 2x)*exp(x**2)*erfc(x) in t = (x - 3.75)/(x + 3.75)."""
_LGAMMA = (
    0.49141539302938714, -0.07611416167043585, 0.008432324965932778, -0.001079493726328608, 0.00014900748003692963,
    -2.1512399888556784e-05, 3.1979329860862186e-06, -4.851693012139927e-07, 7.47148782116316e-08,
    -1.1638296700170518e-08, 1.829400437118668e-09, -2.8969180607129607e-10, 4.61570140620909e-11,
    -7.392810230497983e-12, 1.1894280008333085e-12, -1.9212068676522805e-13, 3.113975526387164e-14,
    -5.0628432984486114e-15, 8.254150281631144e-16, -1.3490578987574844e-16, 2.209876116782623e-17,
    -3.6274129549239766e-18, 5.965430068821522e-19,
)  # fmt: skip
"""Those of lgamma(1 + f)/(f*(f - 1)) in t = 2f - 1."""

_infinity, _nan = Constant(None, (), "oo"), Constant(None, (), "nan")
_VAST = 2**28
"""From here on 1 is nothing beside a square."""
_SHIFT = 15
"""From here on the asymptotic series are exact to the last bit."""


def _number(value: float) -> Constant:
    return Constant(None, (), value.hex())


def _odd(x: Any, of_size: Any) -> Any:
    """An odd function by its value at |x|; what has no sign keeps x itself."""
    return ops.where(ops.lt(x, 0), -of_size, ops.where(ops.gt(x, 0), of_size, x))


def _cbrt(x: Any) -> Any:
    """A power, and one step of Newton's method."""
    size = ops.abs(x)
    root = ops.pow(size, ops.one / 3)
    better = root - (root - size / (root * root)) / 3
    return _odd(x, ops.where(ops.lt(size, _infinity), better, size))


def _expm1(x: Any) -> Any:
    """The power series between -1/2 and 1/2."""
    series = ops.one
    for k in range(16, 1, -1):
        series = 1 + x / k * series
    return ops.where(ops.lt(ops.abs(x), ops.one / 2), x * series, ops.exp(x) - 1)


def _log1p(x: Any) -> Any:
    """The series of atanh(x/(2 + x)) between -1/4 and 1/4."""
    ratio = x / (2 + x)
    square, series = ratio * ratio, ops.zero
    for k in range(23, 2, -2):
        series = (series + ops.one / k) * square
    return ops.where(ops.lt(ops.abs(x), ops.one / 4), 2 * ratio * (1 + series), ops.log(1 + x))


def _asinh(x: Any) -> Any:
    size = ops.abs(x)
    near = ops.log1p(size + size * size / (1 + ops.sqrt(1 + size * size)))
    return _odd(x, ops.where(ops.lt(size, _VAST), near, ops.log(size) + ops.log(ops.two)))


def _acosh(x: Any) -> Any:
    """By x - 1, which is exact where it matters."""
    above = x - 1
    near = ops.log1p(above + ops.sqrt(above) * ops.sqrt(above + 2))
    return ops.where(ops.lt(x, _VAST), near, ops.log(x) + ops.log(ops.two))


def _atanh(x: Any) -> Any:
    size = ops.abs(x)
    return _odd(x, ops.log1p(2 * size / (1 - size)) / 2)


def _sech(x: Any) -> Any:
    """By what is small where the result is, so that nothing overflows."""
    small = ops.exp(-ops.abs(x))
    return 2 * small / (1 + small * small)


def _chebyshev(coefficients: Sequence[float], t: Any) -> Any:
    """A sum of Chebyshev polynomials, by Clenshaw's recurrence."""
    twice, before, last = t + t, ops.zero, ops.zero
    for coefficient in coefficients[:0:-1]:
        last, before = twice * last - before + _number(coefficient), last
    return t * last - before + _number(coefficients[0])


def _erfc_above(x: Any) -> Any:
    """erfc of a number that is not negative; the square in two parts, of which the large one is exact."""
    high = short(x)
    square = ops.exp(-high * high) * ops.exp((high - x) * (high + x))
    quarter = _number(3.75)
    value = square * _chebyshev(_ERFC, (x - quarter) / (x + quarter)) / (1 + 2 * x)
    return ops.where(ops.lt(x, 28), value, ops.where(ops.ge(x, 28), ops.zero, x))


def _erf_small(x: Any) -> Any:
    """The power series, between -1 and 1."""
    square, total, factorial = x * x, ops.zero, 1
    terms = []
    for k in range(18):
        factorial *= max(k, 1)
        terms.append(ops.one * (-1) ** k / (factorial * (2 * k + 1)))
    for term in reversed(terms):
        total = total * square + term
    return 2 * x * total / ops.sqrt(ops.pi)


def _erf(x: Any) -> Any:
    size = ops.abs(x)
    far = 1 - _erfc_above(size)
    return ops.where(ops.lt(size, 1), _erf_small(x), ops.where(ops.lt(x, 0), -far, far))


def _erfc(x: Any) -> Any:
    above = _erfc_above(ops.abs(x))
    near = ops.lt(ops.abs(x), ops.one / 2)
    return ops.where(near, 1 - _erf_small(x), ops.where(ops.lt(x, 0), 2 - above, above))


def _stirling(x: Any) -> Any:
    """What Stirling's formula adds to the logarithm, from 10 on (DLMF 5.11.1)."""
    square, total = 1 / (x * x), ops.zero
    for k in range(len(BERNOULLI), 0, -1):
        top, bottom = BERNOULLI[k - 1]
        total = total * square + ops.one * top / (bottom * 2 * k * (2 * k - 1))
    return total / x


def _lgamma_near(f: Any) -> Any:
    """lgamma(1 + f) for f from 0 to 1."""
    return f * (f - 1) * _chebyshev(_LGAMMA, 2 * f - 1)


_LOW = 10


def _reduced(x: Any) -> tuple[Any, Any]:
    """For x from 1 to 10: the part behind the point, and the product of x - 1, x - 2, ... down to above 1."""
    whole = ops.floor(x)
    product = ops.one
    for k in range(1, _LOW):
        product = product * ops.where(ops.gt(whole, k), x - k, ops.one)
    return x - whole, product


def _sine(x: Any) -> Any:
    """sin(pi*x), exact in its argument; 0 at integers."""
    whole = ops.round(x)
    value = ops.sin(ops.pi * (x - whole))
    return ops.where(ops.eq(whole / 2, ops.floor(whole / 2)), value, -value)


def _gamma_above(x: Any) -> Any:
    """gamma of a number above 0."""
    up = ops.where(ops.lt(x, 1), x + 1, x)
    fraction, product = _reduced(ops.min(up, _LOW * ops.one))
    near = ops.exp(_lgamma_near(fraction)) * product
    near = ops.where(ops.lt(x, 1), near / x, near)
    large = ops.max(x, _LOW * ops.one)
    root = ops.pow(large, large / 2 - ops.one / 4)  # half of the power: the whole may overflow
    far = root * ops.exp(-large) * root * ops.sqrt(2 * ops.pi) * ops.exp(_stirling(large))
    return ops.where(ops.lt(x, _LOW), near, ops.where(ops.lt(x, 172), far, x * _infinity))


def _gamma(x: Any) -> Any:
    mirrored = -ops.pi / (_sine(x) * _gamma_above(-x)) / x
    pole = ops.eq(x, ops.floor(x))
    below = ops.where(ops.eq(x, 0), 1 / x, ops.where(pole, _nan, mirrored))
    return ops.where(ops.gt(x, 0), _gamma_above(x), below)


def _lgamma_above(x: Any) -> Any:
    """lgamma of a number above 0."""
    up = ops.where(ops.lt(x, 1), x + 1, x)
    fraction, product = _reduced(ops.min(up, _LOW * ops.one))
    near = _lgamma_near(fraction)
    near = ops.where(ops.lt(x, 1), near - ops.log(x), ops.where(ops.lt(x, 2), near, near + ops.log(product)))
    large = ops.max(x, _LOW * ops.one)
    far = (large - ops.one / 2) * ops.log(large) - large + ops.log(2 * ops.pi) / 2 + _stirling(large)
    return ops.where(ops.lt(x, _LOW), near, ops.where(ops.lt(x, _infinity), far, x))


def _lgamma(x: Any) -> Any:
    mirrored = ops.log(ops.pi / ops.abs(_sine(x))) - _lgamma_above(1 - x)
    endless = ops.or_(ops.eq(x, 0), ops.eq(x, -_infinity))
    below = ops.where(endless, _infinity, ops.where(ops.eq(x, ops.floor(x)), _nan, mirrored))
    return ops.where(ops.gt(x, 0), _lgamma_above(x), below)


def _digamma_above(x: Any) -> Any:
    """digamma of a number above 0, shifted to where the asymptotic series holds (DLMF 5.11.2, 5.5.2)."""
    far = x + _SHIFT
    square, total = 1 / (far * far), ops.zero
    for k in range(len(BERNOULLI), 0, -1):
        top, bottom = BERNOULLI[k - 1]
        total = (total + ops.one * top / (bottom * 2 * k)) * square
    value = ops.log(far) - 1 / (2 * far) - total
    near = ops.zero
    for k in range(_SHIFT - 1, -1, -1):
        near = near + 1 / (x + k)
    return value - near


def _digamma(x: Any) -> Any:
    turn = ops.pi * (x - ops.round(x))
    mirrored = _digamma_above(1 - x) - ops.pi * ops.cos(turn) / ops.sin(turn)
    below = ops.where(ops.eq(x, 0), -_infinity, ops.where(ops.eq(turn, 0), _nan, mirrored))
    return ops.where(ops.gt(x, 0), _digamma_above(x), below)


def _lgamma_step(a: Any, b: Any) -> Any:
    """lgamma(b) - lgamma(a + b) for both from 10 on: what is large in both cancels before it is rounded."""
    total = a + b
    logarithms = a * (1 - ops.log(b)) - (total - ops.one / 2) * ops.log1p(a / b)
    return logarithms + (_stirling(b) - _stirling(total))


def _betaln(a: Any, b: Any) -> Any:
    low, high = ops.min(a, b), ops.max(a, b)
    is_far = ops.and_(ops.gt(high, _LOW), ops.gt(a + b, _LOW))
    far = ops.lgamma(low) + _lgamma_step(ops.where(is_far, low, ops.one), ops.max(high, _LOW * ops.one))
    near = ops.lgamma(a) + ops.lgamma(b) - ops.lgamma(a + b)
    return ops.where(is_far, far, near)


def _beta(a: Any, b: Any) -> Any:
    """By gamma functions, or where one of these is too large or too small for a double by a logarithm and signs."""
    large = ops.gt(ops.max(ops.abs(a), ops.abs(b), ops.abs(a + b)), 160)
    logarithmic = _gamma_sign(a) * _gamma_sign(b) * _gamma_sign(a + b) * ops.exp(ops.betaln(a, b))
    is_less = ops.lt(ops.abs(a), ops.abs(b))
    less, more = ops.where(is_less, a, b), ops.where(is_less, b, a)
    value = ops.where(large, logarithmic, ops.gamma(less) * (ops.gamma(more) / ops.gamma(a + b)))
    undefined = ops.or_(_is_pole(a), _is_pole(b))
    return ops.where(undefined, ops.gamma(less) * ops.gamma(more), ops.where(_is_pole(a + b), ops.zero, value))


def _gamma_sign(x: Any) -> Any:
    """1 where gamma is above 0, else -1."""
    return ops.where(ops.gt(x, 0), 1, 1 - 2 * ops.mod(ops.floor(x), 2))


def _binomial(a: Any, b: Any) -> Any:
    """By beta functions of positive operands: negative a + 1, b + 1 and a - b + 1 are mirrored (DLMF 5.5.3)."""
    rest = a - b
    low, high = ops.min(b, rest), ops.max(b, rest)
    inside = 1 / ((a + 1) * ops.beta(b + 1, rest + 1))
    one = _sine(-low) / ops.pi * ops.beta(-low, a + 1)
    two = _sine_ratio(a, b, rest) / (-low * ops.beta(high + 1, -a))
    three = -_sine(b) / ops.pi * (_sine(rest) / _sine(a)) * ops.beta(-b, -rest)
    mirrored = ops.where(ops.gt(a, -1), one, ops.where(ops.gt(high, -1), two, three))
    return ops.where(ops.gt(low, -1), inside, ops.where(_is_pole(a + 1), _nan, mirrored))


def _sine_ratio(a: Any, b: Any, rest: Any) -> Any:
    """sin(pi*min(b, rest))/sin(pi*a) for rest = a - b; beside an integer b not by rest, which was rounded."""
    sine, turned = _sine(a), _sine(b)
    apart = _sine(rest)
    summed = _sine(b + ops.one / 2) - _sine(a + ops.one / 2) / sine * turned
    ratio = ops.where(ops.lt(ops.abs(turned), ops.abs(apart)), summed, apart / sine)
    return ops.where(ops.lt(b, rest), turned / sine, ratio)


def _is_pole(x: Any) -> Any:
    """Whether gamma has a pole there."""
    return ops.and_(ops.le(x, 0), ops.eq(x, ops.floor(x)))


PORTABLE: dict[Op, Callable[..., Any]] = {
    ops.cbrt: _cbrt,
    ops.expm1: _expm1,
    ops.log1p: _log1p,
    ops.asinh: _asinh,
    ops.acosh: _acosh,
    ops.atanh: _atanh,
    ops.sech: _sech,
    ops.erf: _erf,
    ops.erfc: _erfc,
    ops.gamma: _gamma,
    ops.lgamma: _lgamma,
    ops.digamma: _digamma,
    ops.beta: _beta,
    ops.betaln: _betaln,
    ops.binomial: _binomial,
    ops.factorial: lambda x: ops.where(ops.eq(x, -1), _nan, ops.gamma(x + 1)),
}
"""How an op is put together of elementary ones."""
