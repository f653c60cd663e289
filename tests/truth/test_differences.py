"""Central differences: the estimate covers the error on smooth functions, and nothing warns at a kink."""

import math
from collections.abc import Callable

import pytest

import gradcalc
from gradcalc.truth.differences import central_difference

SMOOTH: list[tuple[Callable[[float], float], Callable[[float], float], float]] = [
    (math.sin, math.cos, 1.0),
    (math.sin, math.cos, 1e6),
    (lambda x: math.sin(1e4 * x), lambda x: 1e4 * math.cos(1e4 * x), 1.0),
    (lambda x: math.sin(1e12 * x), lambda x: 1e12 * math.cos(1e12 * x), 1.0),
    (math.exp, math.exp, 0.0),
    (math.exp, math.exp, 300.0),
    (lambda x: x**5, lambda x: 5 * x**4, -2.0),
    (lambda x: x**5, lambda x: 5 * x**4, 1e50),
    (math.tanh, lambda x: 1 / math.cosh(x) ** 2, 5.0),
    (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2, 0.3),
    (lambda x: math.sin(50 * x), lambda x: 50 * math.cos(50 * x), 0.7),
    (math.log, lambda x: 1 / x, 1.5),
    (lambda x: 3 * x + 1, lambda x: 3.0, 1e-300),
    (lambda x: 7.0, lambda x: 0.0, 2.0),
    (math.atan, lambda x: 1 / (1 + x * x), -10.0),
]


@pytest.mark.parametrize(("function", "derivative", "x"), SMOOTH)
def test_the_error_is_within_its_estimate(
    function: Callable[[float], float], derivative: Callable[[float], float], x: float
) -> None:
    found = central_difference(function, x)
    truth = derivative(x)
    assert abs(found.value - truth) <= found.error + 4 * 2**-52 * abs(truth)


def test_the_estimate_is_small_where_the_function_is_tame() -> None:
    found = central_difference(math.sin, 1.0)
    assert 0 < found.error < 1e-9


def test_at_the_kink_of_abs_nothing_warns() -> None:
    """A central difference is the mean of both slopes: which is why it is no oracle."""
    found = central_difference(abs, 0.0)
    assert found.value == 0
    assert found.error < 1e-12


def test_where_no_difference_is_finite_the_answer_is_nan() -> None:
    found = central_difference(lambda x: math.nan, 1.0)
    assert math.isnan(found.value) and math.isnan(found.error)


def test_a_step_that_leaves_the_domain_is_passed_over() -> None:
    def log_or_nan(x: float) -> float:
        return math.log(x) if x > 0 else math.nan

    found = central_difference(log_or_nan, 0.05)
    assert abs(found.value - 20) <= found.error
    assert found.error < 1e-3


@pytest.mark.parametrize(
    ("formula", "x", "truth"),
    [
        ("sin(1000*x)", 2.5625, 1000 * math.cos(2562.5)),
        ("sin(1e5*x)", 1.875, 1e5 * math.cos(187500)),
        ("1/x", 1.75 * 2.0**-13, -((2.0**13 / 1.75) ** 2)),
    ],
)
def test_numeric_error_bounds_the_error_of_an_oscillation_and_beside_a_pole(
    formula: str, x: float, truth: float
) -> None:
    report = gradcalc.differentiate(formula, {"x": x}, symbolic=False, numeric=True)
    numeric = report.points[0].gradient[0].numeric
    assert numeric is not None
    assert math.isnan(numeric.error) or abs(numeric.value - truth) <= numeric.error


@pytest.mark.parametrize(("formula", "x"), [("exp(-x^2)", 1e10), ("exp(-exp(x))", 43.0), ("x^2", 1e-200)])
def test_numeric_never_claims_an_error_of_zero_of_values_that_fell_to_zero(formula: str, x: float) -> None:
    numeric = gradcalc.differentiate(formula, {"x": x}, symbolic=False, numeric=True).points[0].gradient[0].numeric
    assert numeric is not None
    assert numeric.error > 0
