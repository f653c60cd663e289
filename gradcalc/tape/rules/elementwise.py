"""NumPy's and SciPy's ufuncs with rules, and NumPy's elementwise functions. Imports rules.shapes, ops, NumPy.

A ufunc is an op of the table (`expit` is `sigmoid`), or an elementwise op entered here with rules in the table's manner
(adjoint, result, operands; written in ufuncs and ops, so they run on arrays and on tensors), or composed of such. A
rule `None` says that there is none: that operand must be constant. SciPy is imported when one of its functions is
called. Formulas: DLMF chapters 5 to 10.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcalc.errors import NoRuleError
from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.tape.rules.shapes import implements, plain_of, refuse
from gradcalc.tape.tensor import UFUNCS, Array, ArrayOp, Tensor, as_tensor, cast, recorded, without_rule

Rule = Callable[..., Any] | None

# -- ops of the table --------------------------------------------------------------------------------------------------

UFUNCS.update({
    function.__name__: entry
    for entry in ops.TABLE.values()
    if isinstance(function := ops.PLAIN[entry], np.ufunc)
})  # fmt: skip
UFUNCS.update({
    "add": ops.add, "subtract": ops.sub, "multiply": ops.mul, "divide": ops.div, "negative": ops.neg,
    "remainder": ops.mod, "hypot": ops.hypot, "expit": ops.sigmoid, "erf": ops.erf,
    "erfc": ops.erfc, "gamma": ops.gamma, "gammaln": ops.lgamma, "loggamma": ops.lgamma, "psi": ops.digamma,
    "beta": ops.beta, "binom": ops.binomial, "expi": ops.Ei, "fabs": ops.abs,
    "sici": lambda x: (ops.Si(x), ops.Ci(x)),
    "airy": lambda x: (ops.airyai(x), ops.airyaiprime(x), ops.airybi(x), ops.airybiprime(x)),
})  # fmt: skip


def _power(a: Any, b: Any) -> Any:
    """`numpy.power`: an exponent that is a Python int is an integer power."""
    return ops.powi(a, b) if type(b) is int else power(a, b)


def _same(x: Any) -> Any:
    return x


UFUNCS.update({
    "positive": _same, "conjugate": _same,
    "float_power": lambda a, b: _power(cast(a, float), b if type(b) is int else cast(b, float)),
})  # fmt: skip

# -- ops of our own ----------------------------------------------------------------------------------------------------


def _scipy(name: str) -> Callable[..., Array]:
    """A function of `scipy.special`, imported when it is first called."""

    def function(*operands: Any) -> Array:
        from scipy import special

        return getattr(special, name)(*operands)

    return function


def _enter(name: str, *rules: Rule, passes: bool = False) -> Op:
    """An elementwise op that stands for the ufunc of that name: NumPy's, or that of `scipy.special`."""
    entry = Op(name, rules, (), f"the ufunc {name}", passes=passes)
    ops.PLAIN[entry] = getattr(np, name, None) or _scipy(name)
    UFUNCS[name] = _checked(entry) if None in rules else entry
    return entry


def _checked(entry: Op) -> Callable[..., Any]:
    """An op whose operands without a rule must not be recorded: an error, where that would lose a gradient."""

    def apply(*operands: Any) -> Any:
        for i, (x, rule) in enumerate(zip(operands, entry.rules, strict=True), 1):
            if rule is None and isinstance(x, Tensor) and x.dtype.kind == "f" and recorded(x):
                raise NoRuleError(
                    f"{entry.name} has no derivative rule for its argument {i}",
                    hint="a plain number there, or gradcalc.custom_gradient to give it a rule",
                )
        return entry(*(plain_of(x) if rule is None else x for x, rule in zip(operands, entry.rules, strict=True)))

    return apply


def _step(g: Any, y: Any, *operands: Any) -> Any:
    """The rule of a step function: 0 between its jumps."""
    return 0


def _half_where_equal(g: Any, y: Any, x: Any, other: Any) -> Any:
    """The adjoint where this operand is the result, half of it where the other is too."""
    chosen = np.equal(plain_of(x), plain_of(y))
    tied = chosen & np.equal(plain_of(other), plain_of(y))
    return ops.where(chosen, np.where(tied, g / 2, g) if tied.any() else g, ops.zero)


for _name in ("maximum", "minimum"):
    _enter(_name, lambda g, y, a, b: _half_where_equal(g, y, a, b), lambda g, y, a, b: _half_where_equal(g, y, b, a))
for _name in ("trunc", "rint", "gammasgn"):
    _enter(_name, _step)
for _name in ("deg2rad", "radians"):
    _enter(_name, lambda g, y, x: np.deg2rad(g), passes=True)
for _name in ("rad2deg", "degrees"):
    _enter(_name, lambda g, y, x: np.rad2deg(g), passes=True)


def _nonzero(x: Any) -> Any:
    """1 in place of 0."""
    zero = plain_of(x) == 0
    return np.where(zero, 1, x) if np.any(zero) else x


def _quotient(a: Any, b: Any) -> Any:
    """`a / b`, and 0 for 0 / 0."""
    return a / np.where((plain_of(a) == 0) & (plain_of(b) == 0), 1, b)


def _finite(y: Any) -> Any:
    """0 in place of the logarithm of 0."""
    zero = plain_of(y) == -np.inf
    return np.where(zero, 0, y) if np.any(zero) else y


power: Op = _enter(
    "power", lambda g, y, a, b: g * b * power(a, _nonzero(b) - 1), lambda g, y, a, b: g * xlogy(y, _nonzero(a))
)
"""`a**b`; to an exponent of 0 the base does not matter, and to a base of 0 the exponent does not."""
UFUNCS["power"] = _power

xlogy: Op = _enter("xlogy", lambda g, y, a, b: g * np.log(b), lambda g, y, a, b: g * _quotient(a, b))
_enter("square", lambda g, y, x: 2 * g * x)
_enter("reciprocal", lambda g, y, x: -g * y * y)
_enter("fmod", lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(a / b))
_enter("floor_divide", _step, _step)
for _name, _exp in (("logaddexp", np.exp), ("logaddexp2", np.exp2)):
    _enter(
        _name,
        lambda g, y, a, b, exp=_exp: g * exp(a - _finite(y)),
        lambda g, y, a, b, exp=_exp: g * exp(b - _finite(y)),
    )
_enter("ldexp", lambda g, y, x, n: np.ldexp(g, n), None)
_enter("heaviside", _step, lambda g, y, x, h: ops.where(plain_of(x) == 0, g, ops.zero))

UFUNCS.update({
    "copysign": lambda a, b: np.where(np.signbit(plain_of(a)) == np.signbit(plain_of(b)), a, -as_tensor(a)),
    "fmax": lambda a, b: np.where(np.isnan(plain_of(b)), a, np.where(np.isnan(plain_of(a)), b, np.maximum(a, b))),
    "fmin": lambda a, b: np.where(np.isnan(plain_of(b)), a, np.where(np.isnan(plain_of(a)), b, np.minimum(a, b))),
    "divmod": lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)),
    "modf": lambda x: (np.fmod(x, 1), np.trunc(x)),
    "clip": lambda x, low, high: clip(x, low, high),
})  # fmt: skip

# -- special functions -------------------------------------------------------------------------------------------------

for _letter, _op in (("j", ops.besselj), ("y", ops.bessely), ("i", ops.besseli), ("k", ops.besselk)):
    UFUNCS[f"{_letter}v"] = _checked(_op)
    UFUNCS[f"{_letter}0"], UFUNCS[f"{_letter}1"] = partial(_op, 0), partial(_op, 1)
_enter("yn", *ops.bessely.rules)
_enter("kn", *ops.besselk.rules)

ive: Op = _enter("ive", None, lambda g, y, n, x: g * ((ive(n - 1, x) + ive(n + 1, x)) / 2 - np.sign(x) * y))
kve: Op = _enter("kve", None, lambda g, y, n, x: g * (y - (kve(n - 1, x) + kve(n + 1, x)) / 2))
for _letter, _op in (("i", ive), ("k", kve)):
    UFUNCS[f"{_letter}0e"], UFUNCS[f"{_letter}1e"] = partial(_op, 0), partial(_op, 1)

_enter("xlog1py", lambda g, y, a, b: g * np.log1p(b), lambda g, y, a, b: g * _quotient(a, 1 + b))
_enter("ndtr", lambda g, y, x: g * np.exp(-x * x / 2) / (2 * np.pi) ** 0.5)
_enter("log_ndtr", lambda g, y, x: g * np.exp(-x * x / 2 - y) / (2 * np.pi) ** 0.5)
_enter("ndtri", lambda g, y, x: g * np.exp(y * y / 2) * (2 * np.pi) ** 0.5)
_enter("logit", lambda g, y, x: g / (x * (1 - x)))
_enter("log_expit", lambda g, y, x: g * ops.sigmoid(-x))
_enter("entr", lambda g, y, x: -g * (np.log(x) + 1))
_enter("rel_entr", lambda g, y, a, b: g * (np.log(a / b) + 1), lambda g, y, a, b: -g * a / b)
_enter("kl_div", lambda g, y, a, b: g * np.log(a / b), lambda g, y, a, b: g * (1 - a / b))
_enter("exp10", lambda g, y, x: g * y * ops.log(ops.ten))
_enter("cosm1", lambda g, y, x: -g * np.sin(x))
_enter("erfinv", lambda g, y, x: g * np.exp(y * y) * (np.pi**0.5 / 2))
_enter("erfcinv", lambda g, y, x: -g * np.exp(y * y) * (np.pi**0.5 / 2))
_enter("erfcx", lambda g, y, x: g * 2 * (x * y - 1 / np.pi**0.5))
_enter("erfi", lambda g, y, x: g * np.exp(x * x) * (2 / np.pi**0.5))
_enter("dawsn", lambda g, y, x: g * (1 - 2 * x * y))
_enter("exp1", lambda g, y, x: -g * np.exp(-x) / x)
expn: Op = _enter("expn", None, lambda g, y, n, x: -g * expn(n - 1, x))
_enter("rgamma", lambda g, y, x: -g * y * ops.digamma(x))
_enter(
    "betaln",
    lambda g, y, a, b: g * (ops.digamma(a) - ops.digamma(a + b)),
    lambda g, y, a, b: g * (ops.digamma(b) - ops.digamma(a + b)),
)
_enter(
    "poch",
    lambda g, y, z, m: g * y * (ops.digamma(z + m) - ops.digamma(z)),
    lambda g, y, z, m: g * y * ops.digamma(z + m),
)


def _gamma_density(a: Any, x: Any) -> Any:
    return np.exp(ops.xlogy(a - 1, x) - x - ops.lgamma(a))


_enter("gammainc", None, lambda g, y, a, x: g * _gamma_density(a, x))
_enter("gammaincc", None, lambda g, y, a, x: -g * _gamma_density(a, x))
betaln, xlog1py = UFUNCS["betaln"], UFUNCS["xlog1py"]
_enter(
    "betainc", None, None,
    lambda g, y, a, b, x: g * np.exp(ops.xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)),
)  # fmt: skip

# -- functions that are no ufuncs --------------------------------------------------------------------------------------

STEP = ArrayOp("step", lambda x, function: function(x), lambda g, y, x, function: np.zeros_like(x))
"""A function that is constant between jumps."""

implements(np.sinc)(ops.sincpi)
implements(np.i0)(partial(ops.besseli, 0))
implements(np.real, np.real_if_close)(lambda x, **options: x)


@implements(np.imag)
def imag(val: Any) -> Any:
    """`numpy.imag`: zeros."""
    return np.zeros_like(val)


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """`numpy.angle` of real numbers: 0, or pi below 0."""
    return STEP(z, function=lambda x: np.angle(x, deg))


@implements(np.round, np.around)
def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """`numpy.round`."""
    refuse(out=out)
    return STEP(a, function=lambda x: np.round(x, decimals))


@implements(np.fix)
def fix(x: Any, out: Any = None) -> Any:
    """`numpy.fix`: towards 0."""
    refuse(out=out)
    return np.trunc(x)


@implements(np.clip)
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **options: Any
) -> Any:
    """`numpy.clip`: no gradient at the bounds, nor beyond."""
    refuse(out=out)
    low, high = a_min if min is None else min, a_max if max is None else max
    if plain_of(a).dtype.kind != "f" or (low is None and high is None):
        return without_rule(np.clip, "numpy.clip", (a, low, high), options)
    return ops.clip(a, -np.inf if low is None else low, np.inf if high is None else high)


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """`numpy.nan_to_num`: what is replaced has no gradient."""
    return np.where(np.isfinite(x.array), x, np.nan_to_num(x.array, nan=nan, posinf=posinf, neginf=neginf))


@implements(np.unwrap)
def unwrap(p: Any, *args: Any, **kwargs: Any) -> Any:
    """`numpy.unwrap`: what it adds is constant between jumps."""
    return p + (np.unwrap(p.array, *args, **kwargs) - p.array)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """`numpy.interp`: all three arrays may be tensors."""
    refuse(period=period)
    x, xp, fp = as_tensor(x), as_tensor(xp), as_tensor(fp)
    place = np.clip(np.searchsorted(xp.array, x.array, side="right") - 1, 0, np.maximum(xp.size - 2, 0))
    nearest = np.minimum(place + 1, xp.size - 1)
    run_, rise = xp[nearest] - xp[place], fp[nearest] - fp[place]
    y = fp[place] + rise / np.where(run_.array == 0, 1, run_) * (x - xp[place])
    y = np.where(x.array < xp.array[0], fp[0] if left is None else left, y)
    return np.where(x.array > xp.array[-1], fp[-1] if right is None else right, y)


# -- methods of ufuncs -------------------------------------------------------------------------------------------------


def _outer(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    """The ufunc of every element of one operand with every element of the other."""
    a, b = as_tensor(a), as_tensor(b)
    return ufunc(np.reshape(a, a.shape + (1,) * b.ndim), b)


UFUNCS.update({
    f"{name}.outer": partial(_outer, ufunc)
    for name in tuple(UFUNCS)
    if isinstance(ufunc := getattr(np, name, None), np.ufunc) and ufunc.nin == 2 and ufunc.signature is None
})  # fmt: skip
