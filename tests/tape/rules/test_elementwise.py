"""Ufuncs of NumPy and SciPy: values, derivatives of orders 1 and 2 against mpmath, conventions, methods, errors."""

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special

import gradcalc
from gradcalc import constant, nn
from gradcalc.arithmetic.arrays import FUNCTIONS
from gradcalc.errors import DetachError, NoRuleError
from gradcalc.graph import ops
from gradcalc.tape.tensor import UFUNCS
from tests.tape.differences import check, derivatives, extended, points

mp = mpmath.mp
Case = tuple[Callable[..., Any], Callable[..., Any], tuple[float, ...]]


def sign(x: Any) -> Any:
    return mpmath.sign(x)


def normal(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def scaled(x: Any) -> Any:
    return mpmath.exp(mpmath.mpf(2) / 3 * x * mpmath.sqrt(x))


CASES: dict[str, Case] = {
    "absolute": (np.absolute, abs, (-1.3,)),
    "fabs": (np.fabs, abs, (1.3,)),
    "positive": (np.positive, lambda x: x, (1.3,)),
    "negative": (np.negative, lambda x: -x, (1.3,)),
    "reciprocal": (np.reciprocal, lambda x: 1 / x, (1.3,)),
    "square": (np.square, lambda x: x * x, (-1.3,)),
    "power": (np.power, lambda a, b: a**b, (1.3, 2.7)),
    "power by an integer": (lambda x: np.power(x, 3), lambda x: x**3, (-1.3,)),
    "power by minus one": (lambda x: np.power(x, -1), lambda x: x**-1, (-1.3,)),
    "float_power": (np.float_power, lambda a, b: a**b, (1.3, 2.7)),
    "add": (np.add, lambda a, b: a + b, (1.3, 0.4)),
    "subtract": (np.subtract, lambda a, b: a - b, (1.3, 0.4)),
    "multiply": (np.multiply, lambda a, b: a * b, (1.3, 0.4)),
    "divide": (np.true_divide, lambda a, b: a / b, (1.3, 0.4)),
    "mod": (np.mod, lambda a, b: a - b * mpmath.floor(a / b), (-1.3, 0.4)),
    "fmod": (np.fmod, lambda a, b: a - b * (mpmath.ceil(a / b) if a / b < 0 else mpmath.floor(a / b)), (-1.3, 0.4)),
    "floor_divide": (np.floor_divide, lambda a, b: mpmath.floor(a / b), (1.3, 0.4)),
    "divmod": (lambda a, b: np.divmod(a, b)[1], lambda a, b: a - b * mpmath.floor(a / b), (1.3, 0.4)),
    "modf": (lambda x: np.modf(x)[0], lambda x: x - mpmath.ceil(x), (-1.3,)),
    "trunc": (np.trunc, mpmath.ceil, (-1.3,)),
    "fix": (getattr(np, "fix", np.trunc), mpmath.ceil, (-1.3,)),
    "rint": (np.rint, mpmath.nint, (1.3,)),
    "round": (lambda x: np.round(x, 1), lambda x: mpmath.nint(10 * x) / 10, (1.33,)),
    "floor": (np.floor, mpmath.floor, (1.3,)),
    "ceil": (np.ceil, mpmath.ceil, (1.3,)),
    "sign": (np.sign, sign, (1.3,)),
    "heaviside": (np.heaviside, lambda x, h: mpmath.mpf(1), (1.3, 0.4)),
    "heaviside at 0": (lambda h: np.heaviside(0.0, h), lambda h: h, (0.4,)),
    "maximum": (np.maximum, lambda a, b: max(a, b), (1.3, 0.4)),
    "minimum": (np.minimum, lambda a, b: min(a, b), (1.3, 0.4)),
    "fmax": (np.fmax, lambda a, b: max(a, b), (1.3, 0.4)),
    "fmin": (np.fmin, lambda a, b: min(a, b), (1.3, 0.4)),
    "hypot": (np.hypot, mpmath.hypot, (1.3, 0.4)),
    "arctan2": (np.arctan2, mpmath.atan2, (1.3, -0.4)),
    "logaddexp": (np.logaddexp, lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)), (1.3, 0.4)),
    "logaddexp2": (np.logaddexp2, lambda a, b: mpmath.log(2**a + 2**b, 2), (1.3, 0.4)),
    "deg2rad": (np.deg2rad, lambda x: x * mp.pi / 180, (13.0,)),
    "radians": (np.radians, lambda x: x * mp.pi / 180, (13.0,)),
    "rad2deg": (np.rad2deg, lambda x: x / mp.pi * 180, (1.3,)),
    "degrees": (np.degrees, lambda x: x / mp.pi * 180, (1.3,)),
    "copysign": (np.copysign, lambda a, b: abs(a) * sign(b), (-1.3, 0.4)),
    "ldexp": (lambda x: np.ldexp(x, 3), lambda x: x * 8, (1.3,)),
    "clip": (lambda x: np.clip(x, 0.0, 1.0), lambda x: x, (0.4,)),
    "clip from below": (lambda x: np.clip(x, 2, None), lambda x: mpmath.mpf(2), (0.4,)),
    "clip by name": (lambda x: np.clip(x, max=1.0), lambda x: x, (-0.4,)),
    "clip of the bound": (lambda x, low: np.clip(x, min=low), lambda x, low: low, (0.4, 0.6)),
    "nan_to_num": (np.nan_to_num, lambda x: x, (0.4,)),
    "sinc": (np.sinc, mpmath.sincpi, (0.4,)),
    "i0": (np.i0, lambda x: mpmath.besseli(0, x), (0.4,)),
    "angle": (np.angle, lambda x: mp.pi, (-0.4,)),
    "conjugate": (np.conjugate, lambda x: x, (0.4,)),
    "real": (np.real, lambda x: x, (0.4,)),
    "imag": (np.imag, lambda x: mpmath.mpf(0), (0.4,)),
    "real_if_close": (np.real_if_close, lambda x: x, (0.4,)),
    "expit": (special.expit, lambda x: 1 / (1 + mpmath.exp(-x)), (0.7,)),
    "logit": (special.logit, lambda x: mpmath.log(x / (1 - x)), (0.3,)),
    "log_expit": (special.log_expit, lambda x: -mpmath.log(1 + mpmath.exp(-x)), (0.7,)),
    "erf": (special.erf, mpmath.erf, (0.7,)),
    "erfc": (special.erfc, mpmath.erfc, (0.7,)),
    "erfcx": (special.erfcx, lambda x: mpmath.exp(x * x) * mpmath.erfc(x), (0.7,)),
    "erfcx far out": (special.erfcx, lambda x: mpmath.exp(x * x) * mpmath.erfc(x), (50.0,)),
    "dawsn far out": (
        special.dawsn, lambda x: mpmath.sqrt(mp.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x), (-60.0,)
    ),
    "rgamma at a pole": (special.rgamma, mpmath.rgamma, (-2.0,)),
    "rgamma near a pole": (special.rgamma, mpmath.rgamma, (-0.999999,)),
    "erfi": (special.erfi, mpmath.erfi, (0.7,)),
    "erfinv": (special.erfinv, mpmath.erfinv, (0.4,)),
    "erfcinv": (special.erfcinv, lambda x: mpmath.erfinv(1 - x), (0.4,)),
    "dawsn": (special.dawsn, lambda x: mpmath.sqrt(mp.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x), (0.7,)),
    "ndtr": (special.ndtr, normal, (0.7,)),
    "log_ndtr": (special.log_ndtr, lambda x: mpmath.log(normal(x)), (-3.0,)),
    "ndtri": (special.ndtri, lambda p: -mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * p), (0.3,)),
    "gamma": (special.gamma, mpmath.gamma, (2.3,)),
    "gammaln": (special.gammaln, mpmath.loggamma, (2.3,)),
    "loggamma": (special.loggamma, mpmath.loggamma, (2.3,)),
    "rgamma": (special.rgamma, mpmath.rgamma, (2.3,)),
    "gammasgn": (special.gammasgn, lambda x: mpmath.mpf(-1), (-0.5,)),
    "psi": (special.psi, mpmath.digamma, (2.3,)),
    "digamma": (special.digamma, mpmath.digamma, (2.3,)),
    "beta": (special.beta, mpmath.beta, (2.3, 1.4)),
    "betaln": (special.betaln, lambda a, b: mpmath.log(mpmath.beta(a, b)), (2.3, 1.4)),
    "binom": (special.binom, mpmath.binomial, (5.3, 1.4)),
    "poch": (special.poch, mpmath.rf, (2.3, 1.4)),
    "gammainc": (lambda x: special.gammainc(2.3, x), lambda x: mpmath.gammainc(2.3, 0, x, regularized=True), (1.4,)),
    "gammaincc": (lambda x: special.gammaincc(2.3, x), lambda x: mpmath.gammainc(2.3, x, regularized=True), (1.4,)),
    "betainc": (
        lambda x: special.betainc(2.3, 1.4, x), lambda x: mpmath.betainc(2.3, 1.4, 0, x, regularized=True), (0.3,)
    ),
    "stdtr": (
        lambda x: special.stdtr(2.3, x),
        lambda x: 0.5 + x * mpmath.gamma(1.65) / mpmath.gamma(1.15) / mpmath.sqrt(mpmath.mpf(2.3) * mp.pi)
        * mpmath.hyp2f1(0.5, 1.65, 1.5, -x * x / mpmath.mpf(2.3)), (-1.4,),
    ),
    "xlogy": (special.xlogy, lambda a, b: a * mpmath.log(b), (1.3, 0.4)),
    "xlog1py": (special.xlog1py, lambda a, b: a * mpmath.log1p(b), (1.3, 0.4)),
    "entr": (special.entr, lambda x: -x * mpmath.log(x), (0.4,)),
    "rel_entr": (special.rel_entr, lambda a, b: a * mpmath.log(a / b), (1.3, 0.4)),
    "kl_div": (special.kl_div, lambda a, b: a * mpmath.log(a / b) - a + b, (1.3, 0.4)),
    "exp10": (special.exp10, lambda x: mpmath.mpf(10) ** x, (0.4,)),
    "cosm1": (special.cosm1, lambda x: mpmath.cos(x) - 1, (0.4,)),
    "expi": (special.expi, mpmath.ei, (0.7,)),
    "exp1": (special.exp1, mpmath.e1, (0.7,)),
    "expn": (lambda x: special.expn(3, x), lambda x: mpmath.expint(3, x), (0.7,)),
    "jv": (lambda x: special.jv(1.5, x), lambda x: mpmath.besselj(1.5, x), (2.7,)),
    "yv": (lambda x: special.yv(2, x), lambda x: mpmath.bessely(2, x), (2.7,)),
    "yn": (lambda x: special.yn(2, x), lambda x: mpmath.bessely(2, x), (2.7,)),
    "iv": (lambda x: special.iv(1, x), lambda x: mpmath.besseli(1, x), (2.7,)),
    "kv": (lambda x: special.kv(0.5, x), lambda x: mpmath.besselk(0.5, x), (2.7,)),
    "kn": (lambda x: special.kn(2, x), lambda x: mpmath.besselk(2, x), (2.7,)),
    "ive": (lambda x: special.ive(2, x), lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(2, x), (-2.7,)),
    "kve": (lambda x: special.kve(2, x), lambda x: mpmath.exp(x) * mpmath.besselk(2, x), (2.7,)),
    "i0e": (special.i0e, lambda x: mpmath.exp(-x) * mpmath.besseli(0, x), (2.7,)),
    "i1e": (special.i1e, lambda x: mpmath.exp(-x) * mpmath.besseli(1, x), (2.7,)),
    "k0e": (special.k0e, lambda x: mpmath.exp(x) * mpmath.besselk(0, x), (2.7,)),
    "k1e": (special.k1e, lambda x: mpmath.exp(x) * mpmath.besselk(1, x), (2.7,)),
    "sindg": (special.sindg, lambda x: mpmath.sin(x * mp.pi / 180), (33.0,)),
    "cosdg": (special.cosdg, lambda x: mpmath.cos(x * mp.pi / 180), (33.0,)),
    "tandg": (special.tandg, lambda x: mpmath.tan(x * mp.pi / 180), (33.0,)),
    "cotdg": (special.cotdg, lambda x: mpmath.cot(x * mp.pi / 180), (33.0,)),
    "ellipk": (special.ellipk, mpmath.ellipk, (0.3,)),
    "ellipk of a negative number": (special.ellipk, mpmath.ellipk, (-5.0,)),
    "ellipe": (special.ellipe, mpmath.ellipe, (0.9,)),
    "hyp1f1": (lambda x: special.hyp1f1(0.5, 1.7, x), lambda x: mpmath.hyp1f1(0.5, 1.7, x), (0.7,)),
    "hyp2f1": (lambda x: special.hyp2f1(0.5, 1.2, 1.7, x), lambda x: mpmath.hyp2f1(0.5, 1.2, 1.7, x), (0.3,)),
    "airye, Ai": (lambda x: special.airye(x)[0], lambda x: mpmath.airyai(x) * scaled(x), (0.7,)),
    "airye, Ai'": (lambda x: special.airye(x)[1], lambda x: mpmath.airyai(x, derivative=1) * scaled(x), (0.7,)),
    "airye, Bi": (lambda x: special.airye(x)[2], lambda x: mpmath.airybi(x) / scaled(x), (0.7,)),
    "airye, Bi'": (lambda x: special.airye(x)[3], lambda x: mpmath.airybi(x, derivative=1) / scaled(x), (0.7,)),
    "airye below 0": (lambda x: special.airye(x)[2], mpmath.airybi, (-1.7,)),
    "sici": (lambda x: special.sici(x)[1], mpmath.ci, (0.7,)),
    "airy": (lambda x: special.airy(x)[3], lambda x: mpmath.airybi(x, derivative=1), (0.7,)),
}  # fmt: skip
for letter, oracle in (("j", mpmath.besselj), ("y", mpmath.bessely), ("i", mpmath.besseli), ("k", mpmath.besselk)):
    for n in (0, 1):
        CASES[f"{letter}{n}"] = (getattr(special, f"{letter}{n}"), lambda x, f=oracle, n=n: f(n, x), (2.7,))


@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives_are_right(name: str) -> None:
    function, exact, at = CASES[name]
    variables = [gradcalc.Variable(x) for x in at]
    with gradcalc.GradientTape(persistent=True) as outer:
        with gradcalc.GradientTape() as inner:
            y = function(*variables)
        gradients = inner.gradient(y, variables, unconnected_gradients="zero")
    with mpmath.workdps(40):
        orders = np.eye(len(at), dtype=int).tolist()
        close = {"rtol": 2e-13, "atol": 2e-14}
        np.testing.assert_allclose(y.numpy(), float(exact(*map(mpmath.mpf, at))), **close)
        for g, first in zip(gradients, orders, strict=True):
            np.testing.assert_allclose(g.numpy(), float(mpmath.diff(exact, at, first)), **close)
            for x, second in zip(variables, orders, strict=True):
                found = outer.gradient(g, x, unconnected_gradients="zero").numpy()
                both = tuple(a + b for a, b in zip(first, second, strict=True))
                np.testing.assert_allclose(found, float(mpmath.diff(exact, at, both)), **close)


ARRAYS: dict[str, Callable[..., Any]] = {
    "maximum": lambda a, b: np.maximum(a, b[0]),
    "copysign": lambda a, b: np.copysign(a, b - 1.1),
    "fmod": lambda a, b: np.fmod(a * 3, b[:, :1]),
    "logaddexp2": lambda a, b: np.logaddexp2(a, b[0]),
    "square": lambda a, b: np.square(a),
    "clip": lambda a, b: np.clip(a, 0.7, b[0]),
    "add.outer": lambda a, b: np.add.outer(a[0], b),
    "multiply.outer": lambda a, b: np.multiply.outer(a, b[0]),
    "power.outer": lambda a, b: np.power.outer(a[0], b[0]),
    "unwrap": lambda a, b: np.unwrap(a * 9),
    "x times x": lambda a, b: a * a * b,
    "broadcasting": lambda a, b: a[:, None] * b[0] / b[1, 0],
}


@extended
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_broadcast(name: str) -> None:
    check(ARRAYS[name], *points((2, 3), (2, 3)))


def test_interpolation_is_differentiated_in_all_three_arrays() -> None:
    places, knots, heights = [0.1, 1.5, 3.0, 2.0, -4.0, 9.0], [0.0, 1.0, 3.0], [2.0, 4.0, 5.0]
    x, xp, fp = (gradcalc.Variable(v) for v in (places, knots, heights))
    with gradcalc.GradientTape() as tape:
        y = np.interp(x, xp, fp, right=7.0)
    np.testing.assert_allclose(y.numpy(), np.interp(places, knots, heights, right=7.0), rtol=1e-15)
    found = [g.numpy() for g in tape.gradient(y, [x, xp, fp], output_gradients=[1, 1, 0, 1, 1, 1])]
    np.testing.assert_allclose(found[0], [2, 0.5, 0, 0.5, 0, 0], atol=1e-15)
    np.testing.assert_allclose(found[1], [-2 * 0.9, -0.2 - 0.5 * (0.75 + 0.5), -0.5 * (0.25 + 0.5)])
    np.testing.assert_allclose(found[2], [0.9 + 1, 0.1 + 0.75 + 0.5, 0.25 + 0.5])
    with pytest.raises(TypeError, match="period="):
        np.interp(x, xp, fp, period=3.0)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 1)])
def test_scalars_and_empty_arrays_work(shape: tuple[int, ...]) -> None:
    (value,) = points(shape, high=0.9)
    for function in (np.square, np.maximum.outer, special.ndtr, lambda x: np.maximum(x, 0), lambda x: np.clip(x, 0, 1)):
        x = gradcalc.Variable(value)
        with gradcalc.GradientTape() as tape:
            y = function(x, x) if function == np.maximum.outer else function(x)
        assert tape.gradient(y, x).shape == shape


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated:DeprecationWarning")
def test_float32_stays(name: str) -> None:
    function, _, at = CASES[name]
    values = [np.full(3, x, np.float32) for x in at]
    variables = [gradcalc.Variable(x) for x in values]
    with gradcalc.GradientTape() as tape:
        y = function(*variables)
    assert y.dtype == np.asarray(function(*values)).dtype
    assert all(g is None or g.dtype == np.float32 for g in tape.gradient(y, variables))


def test_every_op_of_the_table_that_is_a_ufunc_stands_for_it() -> None:
    for entry in ops.TABLE.values():
        function = FUNCTIONS[entry]
        if isinstance(function, np.ufunc):
            assert function.__name__ in UFUNCS


def test_a_numpy_without_what_it_deprecates_will_do() -> None:
    words = (
        "import numpy\nvars(numpy).pop('fix', None)\nimport gradcalc\nx = gradcalc.Variable([1.5])\n"
        "with gradcalc.GradientTape() as tape:\n    y = x * numpy.trunc(x)\nprint(tape.gradient(y, x).numpy())"
    )
    found = subprocess.run([sys.executable, "-W", "error", "-c", words], check=True, capture_output=True, text=True)
    assert found.stdout == "[1.]\n"


@pytest.mark.parametrize("function", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_ties_are_shared_by_halves(function: Callable[..., Any]) -> None:
    a, b = gradcalc.Variable([1.0, 2.0]), gradcalc.Variable([1.0, 2.0])
    with gradcalc.GradientTape(persistent=True) as tape:
        y, z = function(a, b), function(a, 1.0)
    assert [g.numpy().tolist() for g in tape.gradient(y, [a, b])] == [[0.5, 0.5], [0.5, 0.5]]
    assert tape.gradient(z, a).numpy()[0] == 0.5


def test_kinks_follow_the_table() -> None:
    for function, expected in (
        (np.abs, 0.0),
        (lambda x: np.clip(x, 0, 1), 0.0),
        (np.sign, 0.0),
        (np.hypot.outer, None),
    ):
        x = gradcalc.Variable(0.0)
        with gradcalc.GradientTape() as tape:
            y = function(x, 0.0) if function == np.hypot.outer else function(x)
        assert tape.gradient(y, x).numpy() == (expected or 0.0)


def test_nan_is_replaced_and_left_out_without_harm() -> None:
    x = gradcalc.Variable([math.nan, 1.0, math.inf])
    with gradcalc.GradientTape(persistent=True) as tape:
        y, z = np.nan_to_num(x, posinf=5.0), np.fmax(x, 0.5)
    assert y.numpy().tolist() == [0.0, 1.0, 5.0]
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 1.0, 0.0]
    assert tape.gradient(z, x).numpy().tolist() == [0.0, 1.0, 1.0]
    x = gradcalc.Variable([0.0, 2.0])
    with gradcalc.GradientTape() as tape, np.errstate(divide="ignore"):
        y = np.sum(np.maximum(np.log(x), 0.0)) + np.sum(np.nan_to_num(np.log(x)))
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 1.0]


def test_an_order_that_is_recorded_has_no_rule() -> None:
    n, x = gradcalc.Variable(1.5), gradcalc.Variable(0.5)
    with gradcalc.GradientTape():
        for function in (special.jv, special.kv, special.gammainc, special.ive):
            with pytest.raises(NoRuleError, match=r"no derivative rule for its argument 1\s+try"):
                function(n, x)
    assert special.jv(n, x).numpy() == special.jv(1.5, 0.5)
    x = gradcalc.Variable([0.5, 0.6, 0.7])
    with gradcalc.GradientTape(), pytest.raises(NoRuleError, match="argument 2"):
        special.betainc(gradcalc.constant([1.0, 2.0, 3.0]), x, x)


def test_what_has_no_rule_says_so() -> None:
    x = gradcalc.Variable([0.5, 0.7])
    with gradcalc.GradientTape():
        for function, name in (
            (special.ellipkm1, "ellipkm1"), (np.nextafter, "nextafter"), (np.frexp, "frexp"), (np.spacing, "spacing"),
            (lambda x: np.add.reduceat(x, [0]), "add.reduceat"), (np.subtract.reduce, "subtract.reduce"),
        ):  # fmt: skip
            with pytest.raises(NoRuleError, match=name):
                function(x, x) if name == "nextafter" else function(x)
        with pytest.raises(DetachError):
            special.polygamma(1, x)
        with pytest.raises(DetachError, match="in place"):
            np.sin(x, out=np.zeros(2))


def test_a_dtype_is_a_cast() -> None:
    x = gradcalc.Variable(np.float32(0.5))
    with gradcalc.GradientTape() as tape:
        y = np.sin(x, dtype=np.float64)
    assert y.dtype == np.float64
    assert tape.gradient(y, x).dtype == np.float32


def test_questions_are_answered_plainly() -> None:
    x = gradcalc.Variable([-0.5, math.nan, math.inf])
    with gradcalc.GradientTape():
        for function in (np.isnan, np.isfinite, np.isinf, np.signbit, lambda x: x > 0, lambda x: np.logical_not(x > 0)):
            assert function(x).numpy().tolist() == np.asarray(function(x.numpy())).tolist()
        assert np.clip(gradcalc.constant([1, 5]), 2, 3).numpy().tolist() == [2, 3]


# -- no nan out of nothing ---------------------------------------------------------------------------------------------

AT_ZERO = [
    (lambda x: x**0, [0, 0, 0]),
    (lambda x: x**1, [1, 0, 0]),
    (lambda x: x**2, [0, 2, 0]),
    (lambda x: x**0.0, [0, 0, 0]),
    (lambda x: x**1.0, [1, 0, 0]),
    (lambda x: x**2.0, [0, 2, 0]),
    (lambda x: np.power(x, np.int64(2)), [0, 2, 0]),
    (lambda x: np.power(x, constant(3.0)), [0, 0, 6]),
    (lambda x: 0.0 ** (x + 1), [0, 0, 0]),
    (lambda x: special.xlogy(0.0, x), [0, 0, 0]),
    (lambda x: special.xlog1py(0.0, x - 1), [0, 0, 0]),
    (lambda x: np.logaddexp(x, -np.inf), [1, 0, 0]),
    (lambda x: np.logaddexp(np.inf, x), [0, 0, 0]),
    (lambda x: np.logaddexp(x + np.inf, 1.0), [1, 0, 0]),
    (lambda x: np.logaddexp(x + np.inf, x + np.inf), [1, 0, 0]),
    (lambda x: np.where(x > 0, np.log(x), x), [1, 0, 0]),
    (lambda x: np.where(x > 0, np.where(x > 1, np.log(x), np.sqrt(x)), 0.0), [0, 0, 0]),
    (lambda x: np.where(x != 0, np.sin(x) / x, 1.0), [0, 0, 0]),
    (lambda x: np.where(x > 0, np.exp(2 * np.log(x)), 0.0), [0, 0, 0]),
    (lambda x: np.sum(np.where(np.ones((2, 1)) * x > 0, np.log(x), 0.0)), [0, 0, 0]),
    (lambda x: np.sum(np.tril(np.log([[1.0, 0.0], [1.0, 1.0]] * (x + 1)))), [3, -3, 6]),
    (lambda x: np.maximum(np.log(x), -1.0), [0, 0, 0]),
    (lambda x: np.clip(np.sqrt(x), 0.5, 1.0), [0, 0, 0]),
    (lambda x: np.select([x > 0, x < 0], [np.log(x), np.log(-x)], x * x), [0, 2, 0]),
    (lambda x: np.linalg.norm(x * np.ones(3)), [0, 0, 0]),
    (lambda x: np.std(x * np.ones(3)), [0, 0, 0]),
    (lambda x: np.prod(x * np.ones(2)), [0, 2, 0]),
]


@pytest.mark.parametrize("number", range(len(AT_ZERO)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_spurious_nan_at_zero(number: int) -> None:
    function, expected = AT_ZERO[number]
    np.testing.assert_allclose(derivatives(function, 0.0, 3), expected, rtol=1e-14)


def test_an_array_of_exponents_may_hold_zero() -> None:
    first, second = derivatives(lambda x: x ** np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4), 2)
    assert first.tolist() == [0, 1, 0, 0]
    assert second.tolist() == [0, 0, 2, 0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_both_operands_of_logaddexp_leave_out_has_no_gradient() -> None:
    for function in (np.logaddexp, np.logaddexp2):
        first, second = derivatives(lambda x, f=function: f(x, -np.inf), [-np.inf, 1.0], 2)
        assert first.tolist() == [0, 1]
        assert second.tolist() == [0, 0]


# -- zero is no None ---------------------------------------------------------------------------------------------------

KINKED: dict[str, Callable[[Any], Any]] = {
    "relu": ops.relu,
    "leaky_relu": ops.leaky_relu,
    "leaky_relu of another slope": lambda x: nn.activations.leaky_relu(x, 0.1),
    "relu6": nn.activations.relu6,
    "relu of three arguments": lambda x: nn.activations.relu(x, 0.1, 2.0, 0.5),
    "hard_sigmoid": nn.activations.hard_sigmoid,
    "abs": np.abs,
    "maximum": lambda x: np.maximum(x, 0.3),
    "fmin": lambda x: np.fmin(0.3, x),
    "max of the table": lambda x: ops.max(x, 0.3),
    "clip": lambda x: np.clip(x, -0.3, 0.3),
    "copysign": lambda x: np.copysign(x, -1.0),
    "largest": np.max,
    "smallest along an axis": lambda x: np.min(np.reshape(x, (1, -1)), axis=0),
    "sort": np.sort,
    "partition": lambda x: np.partition(x, 1),
    "median": np.median,
    "norm 1": lambda x: np.linalg.norm(x, 1),
    "norm inf": lambda x: np.linalg.norm(x, np.inf),
    "interp": lambda x: np.interp(x, [-5.0, 0.0, 1.0], [3.0, 4.0, 7.0]),
    "fmod": lambda x: np.fmod(x, 0.7),
}


def second(function: Callable[[Any], Any], at: Any) -> Any:
    """The gradient of the gradient, None where there is no path."""
    x = gradcalc.Variable(at)
    with gradcalc.GradientTape() as outer:
        with gradcalc.GradientTape() as inner:
            y = function(x)
        g = inner.gradient(y, x)
    return outer.gradient(g, x)


@pytest.mark.parametrize("name", KINKED)
def test_the_second_derivative_of_what_is_linear_between_kinks_is_zero(name: str) -> None:
    for at in ([1.0, -1.0, 0.1], [1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0]):
        found = second(KINKED[name], at)
        assert found is not None
        assert found.numpy().tolist() == [0, 0, 0]


def test_none_never_depends_on_the_value() -> None:
    curved: list[Callable[[Any], Any]] = [
        ops.elu, nn.activations.selu, lambda x: np.where(x > 0, 1.0, x * x), lambda x: np.maximum(x * x, 0.5),
        lambda x: np.where(x > 0, 0.0, np.outer(x, x) @ x),
    ]  # fmt: skip
    straight: list[Callable[[Any], Any]] = [lambda x: np.where(x > 0, x, 2 * x), lambda x: np.where(x > 0, x, 0.0)]
    for at in ([1.0], [-1.0], [1.0, 2.0], [-1.0, -2.0], [1.0, -2.0]):
        assert all(second(function, at) is not None for function in curved)
        assert all(second(function, at) is None for function in straight)


def test_derivatives_far_out_keep_their_digits() -> None:
    """`erfcx(x)` is about `1 / (x sqrt(pi))`, `dawsn(x)` about `1 / (2 x)`: to 16 digits where x is 1e8."""
    for function, size in ((special.erfcx, 1 / math.sqrt(math.pi)), (special.dawsn, 0.5)):
        first, curvature = derivatives(function, [1e8, 1e150], 2)
        np.testing.assert_allclose(first, [-size * 1e-16, -size * 1e-300], rtol=1e-14)
        np.testing.assert_allclose(curvature[0], 2 * size * 1e-24, rtol=1e-14)
