"""NumPy's and SciPy's ufuncs as ops of the table, and NumPy's elementwise functions. Imports rules.shapes, ops, NumPy.

A ufunc is the op whose entry names it (`expit` is `sigmoid`), or composed of such. Where an op has no rule for an
operand, that operand must be constant. SciPy is imported when one of its functions is called.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import in_numpy
from gradcalc.errors import NoRuleError
from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.tape.rules.shapes import KINKED, implements, plain_of, refuse
from gradcalc.tape.tensor import UFUNCS, ArrayOp, Tensor, as_tensor, cast, recorded, without_rule

# -- ops of the table --------------------------------------------------------------------------------------------------


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


def _enter(entry: Op) -> None:
    """Let an op stand for the ufunc that its entry names."""
    function = in_numpy(entry)
    name = function.__name__ if isinstance(function, np.ufunc) else entry.in_scipy[0]
    if name and isinstance(entry.scipy, str):
        UFUNCS[name] = _checked(entry) if None in entry.rules else entry


for _op in ops.TABLE.values():
    _enter(_op)
for _name in ("lambertw", "polygamma", "zeta"):
    del UFUNCS[_name]  # SciPy's functions of these names are no ufuncs


def _power(a: Any, b: Any) -> Any:
    """`numpy.power`: an exponent that is a Python int is an integer power."""
    return ops.powi(a, b) if type(b) is int else ops.power(a, b)


def _same(x: Any) -> Any:
    return x


def _signed(a: Any, keep: Any) -> Any:
    return np.where(keep, a, -a)


UFUNCS.update({
    "power": _power, "radians": ops.deg2rad, "degrees": ops.rad2deg, "fabs": ops.abs, "loggamma": ops.lgamma,
    "positive": _same, "conjugate": _same,
    "float_power": lambda a, b: _power(cast(a, float), b if type(b) is int else cast(b, float)),
    "copysign": lambda a, b: _signed(KINKED(as_tensor(a)), np.signbit(plain_of(a)) == np.signbit(plain_of(b))),
    "fmax": lambda a, b: np.where(np.isnan(plain_of(b)), a, np.where(np.isnan(plain_of(a)), b, np.maximum(a, b))),
    "fmin": lambda a, b: np.where(np.isnan(plain_of(b)), a, np.where(np.isnan(plain_of(a)), b, np.minimum(a, b))),
    "divmod": lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)),
    "modf": lambda x: (np.fmod(x, 1), np.trunc(x)),
    "clip": lambda x, low, high: clip(x, low, high),
    "sici": lambda x: (ops.Si(x), ops.Ci(x)),
    "airy": lambda x: (ops.airyai(x), ops.airyaiprime(x), ops.airybi(x), ops.airybiprime(x)),
    "airye": lambda x: (ops.airye_ai(x), ops.airye_ai_prime(x), ops.airye_bi(x), ops.airye_bi_prime(x)),
})  # fmt: skip
for _letter, _bessel in (("j", ops.besselj), ("y", ops.bessely), ("i", ops.besseli), ("k", ops.besselk)):
    UFUNCS[f"{_letter}0"], UFUNCS[f"{_letter}1"] = partial(_bessel, 0), partial(_bessel, 1)
for _letter, _bessel in (("i", ops.ive), ("k", ops.kve)):
    UFUNCS[f"{_letter}0e"], UFUNCS[f"{_letter}1e"] = partial(_bessel, 0), partial(_bessel, 1)

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


if hasattr(np, "fix"):  # which NumPy deprecates since 2.5

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
    x, xp, fp = KINKED(as_tensor(x)), as_tensor(xp), as_tensor(fp)
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
