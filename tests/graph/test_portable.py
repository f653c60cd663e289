"""Special functions of elementary ones, beside the balls."""

import math

import pytest

from gradcalc.arithmetic.balls import rounded
from gradcalc.arithmetic.floats import FUNCTIONS, defined
from gradcalc.arithmetic.marks import Unknown
from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.graph.portable import PORTABLE

ONE = (1e-9, 0.1, 0.4999, 0.5, 0.99, 1.0, 1.4, 1.999, 2.0, 2.3, 3.7, 5.5, 6.5, 9.99, 10.0, 15.3, 26.0, 60.0, 150.5,
       -0.3, -0.999, -1.5, -3.3, -5.7, -20.2)  # fmt: skip
TWO = ((0.3, 0.4), (1.5, 2.5), (3, 12.5), (40, 60.5), (150.5, 160.25), (0.5, 1e9), (1e5, 2.5), (0.001, 300))


@pytest.mark.parametrize("op", PORTABLE, ids=lambda op: op.name)
def test_a_definition_has_the_proved_values(op: Op) -> None:
    function = defined(op, PORTABLE[op])
    points = [(x,) for x in ONE] if len(op.operands) == 1 else [p if op is not ops.binomial else p[::-1] for p in TWO]
    for at in points:
        own = rounded(op, at)
        own = FUNCTIONS[op](*at) if isinstance(own, Unknown) else own
        assert function(*at) == pytest.approx(
            own, rel=1e-13, abs=1e-14 if op in (ops.lgamma, ops.digamma) else 0, nan_ok=True
        ), at


@pytest.mark.parametrize("op", [ops.beta, ops.betaln], ids=lambda op: op.name)
@pytest.mark.parametrize(
    "at",
    [
        (171.3, -2.5),
        (1000.5, -3.3),
        (-0.5, 1e6),
        (200.25, -195.5),
        (100.5, -200.25),
        (-500.5, 600.25),
        (180.5, -180.25),
    ],
)
def test_beta_functions_of_large_and_negative_numbers(op: Op, at: tuple[float, float]) -> None:
    assert defined(op, PORTABLE[op])(*at) == pytest.approx(rounded(op, at), rel=1e-12, abs=0)


@pytest.mark.parametrize("at", [(-169.43, 2.3e-7), (1.1e-5, -169.6), (-169.9, -1.6e-6), (-0.5, -0.5), (-1000.5, 0.5)])
def test_beta_beside_the_ends_of_gamma(at: tuple[float, float]) -> None:
    assert defined(ops.beta, PORTABLE[ops.beta])(*at) == pytest.approx(rounded(ops.beta, at), rel=1e-11, abs=0)


@pytest.mark.parametrize(
    "at",
    [
        (1e8, -2.62), (115.5, -116.67), (57.0, -171.8), (163.06, -4045.5), (3.0, -1.0), (200.25, 203.25),  # b + 1
        (7.25, 180.5), (0.5, 1e6), (-0.25, 33.4),  # a - b + 1
        (-253.106, 67.0), (-9.1437, 224.86), (-3.0000001, 5.0), (-175.98, 1e-9), (-1.7, -0.5), (-7.72, -175.697),
        (-232.8, -10.99), (-2.5, -1.25), (-400.5, -200.75), (-0.75, -0.3),  # a + 1 and one more, or all
    ],
)  # fmt: skip
def test_binomials_of_large_and_negative_numbers(at: tuple[float, float]) -> None:
    value = defined(ops.binomial, PORTABLE[ops.binomial])(*at)
    assert value == pytest.approx(rounded(ops.binomial, at), rel=1e-11, abs=0)


@pytest.mark.parametrize("at", [(-5.0, 2.5), (-5.0, -7.0), (-3.0, -3.0), (-1e6, 0.5)])
def test_binomials_of_a_negative_integer_are_nothing(at: tuple[float, float]) -> None:
    assert isinstance(rounded(ops.binomial, at), Unknown)
    assert math.isnan(defined(ops.binomial, PORTABLE[ops.binomial])(*at))


@pytest.mark.parametrize(
    ("op", "x", "value"),
    [
        (ops.erf, math.inf, 1.0), (ops.erf, -math.inf, -1.0), (ops.erfc, math.inf, 0.0), (ops.erfc, -math.inf, 2.0),
        (ops.erfc, 40.0, 0.0), (ops.erf, math.nan, math.nan), (ops.gamma, 0.0, math.inf), (ops.gamma, -3.0, math.nan),
        (ops.gamma, 172.0, math.inf), (ops.gamma, math.inf, math.inf), (ops.gamma, math.nan, math.nan),
        (ops.lgamma, -math.inf, math.inf), (ops.lgamma, 0.0, math.inf), (ops.lgamma, -2.0, math.nan),
        (ops.cbrt, -8e300, -2e100), (ops.cbrt, -math.inf, -math.inf), (ops.expm1, -math.inf, -1.0),
        (ops.expm1, 1e-300, 1e-300), (ops.log1p, -1.0, -math.inf), (ops.asinh, -1e300, -691.4686750787736),
        (ops.acosh, 1 + 2.0**-52, 2.1073424255447017e-08), (ops.acosh, 1.0, 0.0), (ops.atanh, -1.0, -math.inf),
        (ops.atanh, 1e-300, 1e-300), (ops.atanh, 1.5, math.nan), (ops.log1p, -1e-20, -1e-20),
        (ops.digamma, 0.0, -math.inf), (ops.digamma, -1.0, math.nan), (ops.factorial, -1.0, math.nan),
    ],
)  # fmt: skip
def test_poles_and_ends(op: Op, x: float, value: float) -> None:
    assert defined(op, PORTABLE[op])(x) == pytest.approx(value, rel=1e-14, abs=0, nan_ok=True)
