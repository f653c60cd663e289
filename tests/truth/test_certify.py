"""Certified digits: distances of doubles, digits at powers of ten, enclosures and their budgets."""

import math
import time
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget, total
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED
from gradcalc.language.parse import parse, parse_bindings
from gradcalc.language.points import bind
from gradcalc.truth import certify
from gradcalc.truth.certify import certified, enclose, right_digits, rough_text, settled, ulps_between
from gradcalc.truth.quantity import Certified, Quantity
from tests import HANG
from tests.truth import examine

SMALLEST = 5e-324


def enclosed(text: str, at: str, **options: object) -> object:
    """The enclosure of a formula at a point."""
    formula, point = parse(text), parse_bindings(at)
    inputs = partial(bind, formula.graph, point)
    return enclose(formula.graph, inputs, [formula.output], **options)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a", "b", "ulps"),
    [
        (1.0, 1.0, 0),
        (0.0, -0.0, 0),
        (1.0, math.nextafter(1, 2), 1),
        (1.0, math.nextafter(1, 0), 1),
        (-SMALLEST, SMALLEST, 2),
        (0.0, SMALLEST, 1),
        (2.0, math.nextafter(math.nextafter(2, 0), 0), 2),
        (math.inf, 1.0, math.inf),
        (1.0, math.inf, math.inf),
        (math.nan, 1.0, math.inf),
        (math.inf, math.inf, 0),
    ],
)
def test_ulps_count_the_doubles_between(a: float, b: float, ulps: float) -> None:
    assert ulps_between(a, b) == ulps


@pytest.mark.parametrize("digits", range(1, 17))
def test_right_digits_at_a_power_of_ten(digits: int) -> None:
    with ctx.workprec(256):
        double = 1.0
        error = arb(10) ** -digits
        exactly = right_digits(1 / (1 + error), double)  # relative error is exactly 10**-digits, in a ball
        below = right_digits(1 / (1 + error * (1 - arb(2) ** -60)), double)
        above = right_digits(1 / (1 + error * (1 + arb(2) ** -60)), double)
    assert (below, above) == (digits, digits - 1)
    assert exactly in (digits - 1, digits)


def test_right_digits_of_an_exact_relative_error() -> None:
    assert right_digits(arb(10), 9.0) == 1
    assert right_digits(arb(100), 101.0) == 2
    assert right_digits(arb(1), 2.0) == 0
    assert right_digits(arb(1), -1.0) == 0
    assert right_digits(arb(1), 1.0) == 17
    assert right_digits(arb(0), 0.0) == 17


def test_what_is_not_finite_has_no_right_digit() -> None:
    assert right_digits(arb(1), math.nan) == right_digits(arb(1), math.inf) == 0


def test_zero_is_certified_only_where_the_ball_is_exactly_zero() -> None:
    assert certified(arb(0), 0.0) == Certified("0", 0.0, 17)
    assert certified(arb(0, arb(2) ** -5000), 0.0) is None
    tiny = certified(arb((1, -5000)), 0.0)
    assert tiny is not None and (tiny.value, tiny.digits) == ("7.079811261048172892e-1506", 0)


VANISHING = [
    ("exp(-x^2)", "1e10", "7.71095392912e-43429448190325182766", "-1.54219078582e-43429448190325182755"),
    ("exp(-x)", "3e18", "1.11330265109e-1302883445709755483", "-1.11330265109e-1302883445709755483"),
    ("exp(-exp(x))", "43", "3.9447285163e-2053274592376409695", "-1.86500431708e-2053274592376409676"),
    ("gelu(x)", "-1e8", "-2.90171277153e-2171472409516260", "-2.90171277153e-2171472409516252"),
    ("erfc(x)", "1e10", "4.35043988602e-43429448190325182776", "-8.70087977205e-43429448190325182766"),
    ("sigmoid(x)", "-1e6", "3.29683147809e-434295", "3.29683147809e-434295"),
    ("1 - tanh(x)", "1000", "5.15307174592e-869", "-1.03061434918e-868"),
    ("log(1 + exp(-x))", "2000", "2.57653587296e-869", "-2.57653587296e-869"),
    ("x*x*x", "1e-200", "9.99999999999999946e-601", "2.99999999999999989e-400"),
]
"""Formula, point, value and slope, from mpmath."""


@pytest.mark.parametrize(("formula", "x", "value", "slope"), VANISHING)
def test_what_is_below_the_smallest_double_is_shown_and_has_no_right_digit(
    formula: str, x: str, value: str, slope: str
) -> None:
    point = examine(formula, {"x": x}, 1)
    for entry, right in ((point.value, value), (point.gradient[0], slope)):
        assert entry.certified is not None and entry.value == 0
        (figures, power), (shown, exponent) = right.split("e"), entry.certified.value.split("e")
        assert power == exponent and float(shown) == pytest.approx(float(figures), rel=1e-11)
        assert (entry.certified.digits, entry.verdict) == (0, "inaccurate")


def test_a_number_whose_exponent_is_too_long_is_shown_by_its_size() -> None:
    value = examine("exp(-exp(x))", {"x": 1000}, 1).value
    assert value.certified == Certified("10^-8.556e+433", 0.0, 0) and value.verdict == "inaccurate"


@pytest.mark.parametrize(
    ("formula", "x", "value", "slope"),
    [
        ("(1-cos(x^4))/x^8", "1e-70", "0.5", "-3.333333333333e-491"),
        ("(1-cos(x^4))/x^8", "1e-80", "0.5", "-3.333333333333e-561"),
        ("(1+x^5)-1", "1e-300", "1.000000000000e-1500", "5.000000000000e-1200"),
        ("sqrt(1+x^9)-1", "-1e-300", "-5.000000000000e-2701", "4.500000000000e-2400"),
    ],
)
def test_a_cancellation_below_the_smallest_double(formula: str, x: str, value: str, slope: str) -> None:
    """Up to 16,384 bits where they are cheap; the numbers by hand from the first terms of the series."""
    point = examine(formula, {"x": x}, 1)
    for entry, right in ((point.value, value), (point.gradient[0], slope)):
        assert entry.certified is not None and entry.certified.digits == 0 and entry.verdict == "inaccurate"
        figures, _, power = right.partition("e")
        assert entry.certified.value.partition("e")[2] == power
        assert float(entry.certified.value.partition("e")[0]) == pytest.approx(float(figures), rel=1e-11)


def test_many_bits_are_not_tried_where_they_are_dear() -> None:
    formula = parse("(1 + x^5) - 1 + 0*(" + " + ".join(f"gamma(x + {i})" for i in range(1, 9)) + ")")
    inputs = partial(bind, formula.graph, parse_bindings("x=1e-300"))
    budget = Budget(10**9)
    enclose(formula.graph, inputs, [formula.output], budget=budget)
    assert 10**9 - budget.left < 2 * 10**5


@pytest.mark.parametrize(("spare", "is_tried"), [(0, True), (-1, False)])
def test_more_bits_are_tried_as_long_as_they_cost_what_is_allowed(
    spare: int, is_tried: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    formula = parse("(1 + x^5) - 1")  # 1e-1500: beside 1 that takes 5,000 bits
    monkeypatch.setattr(certify, "_DEEP_WORK", total(formula.graph, [formula.output], 8192) + spare)
    (found,) = enclose(formula.graph, partial(bind, formula.graph, parse_bindings("x=1e-300")), [formula.output])
    assert settled(found, 64) == is_tried


def test_a_value_beyond_the_largest_double_has_no_right_digit() -> None:
    value = examine("x^2", {"x": 1e200}, 1).value
    assert math.isinf(value.value) and value.certified is not None
    assert (value.certified.digits, value.verdict) == (0, "inaccurate")


@pytest.mark.parametrize(
    ("formula", "x", "slope"),
    [("acosh(x)", 1e160, 1e-160), ("asinh(x)", 1e160, 1e-160), ("acosh(x)", 1 + 2**-50, 2**24.5)],
)
def test_a_slope_at_the_ends_of_the_doubles_keeps_its_digits(formula: str, x: float, slope: float) -> None:
    """The derivative is a double though squares on the way to it would not be: by hand from its first term."""
    entry = examine(formula, {"x": x}, 1).gradient[0]
    assert entry.verdict == "agrees" and entry.value == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "x"), [("x - x", 3), ("sin(x)", 0), ("x^2", 0), ("0*x", 5), ("x^3", 0), ("x*exp(-x)*0", 1e5)]
)
def test_an_exact_zero_is_certified(formula: str, x: float) -> None:
    assert examine(formula, {"x": x}, 1).value == Quantity(0.0, Certified("0", 0.0, 17), None, "agrees")


@pytest.mark.parametrize(
    ("formula", "x", "is_zero"),
    [
        ("sin(x)^2 + cos(x)^2", 1, True),
        ("exp(x)*exp(-x)", 1, True),
        ("log(x^2) - 2log(x)", 0.7, True),
        ("x^1.5*x^0.5 - x^2", 0.7, True),
        ("gamma(x + 1) - x*gamma(x)", 0.7, True),
        ("asin(x) + acos(x)", 0.7, True),
        ("where(x > 0, cosh(x)^2 - sinh(x)^2, log(-1))", 3, True),
        ("sin(x)^2 + cos(x)^2 + 1e-300*x", 1, False),
        ("exp(x)*exp(-x)*exp(1e-200*x)", 1, False),
    ],
)
def test_a_derivative_is_zero_by_an_identity(formula: str, x: float, is_zero: bool) -> None:
    slope = examine(formula, {"x": x}, 1).gradient[0].certified
    assert slope is None or (slope.value == "0") is is_zero
    assert slope is not None or not is_zero


@pytest.mark.parametrize(
    ("formula", "x"),
    [
        ("x*(atan(x) + atan(1/x) - pi/2)", 0.75),
        ("atan(2) + atan(1/2) - pi/2 + 0*x", 1),
        ("exp(-exp(exp(x)))", 10),
        ("(1 + x^25) - 1", 1e-300),
    ],
)
def test_what_no_precision_tells_from_zero_is_unverified(formula: str, x: float) -> None:
    value = examine(formula, {"x": x}, 1).value
    assert (value.certified, value.verdict) == (None, "unverified")


def test_certified_tells_value_ulps_and_digits() -> None:
    with ctx.workprec(128):
        proof = certified(arb(1) / 3, 0.25)
    assert proof is not None
    assert proof.value == "0.3333333333333333333"
    assert proof.digits == 0
    assert proof.ulps == ulps_between(0.25, 1 / 3)
    assert certified(UNDECIDED, 1.0) is None
    assert certified(arb(1, 0.5), 1.0) is None


def test_zero_is_certified_whatever_the_float_says() -> None:
    assert certified(arb(0), 0.0).digits == 17  # type: ignore[union-attr]
    wrong = certified(arb(0), 1e-17)
    assert wrong is not None and (wrong.value, wrong.digits) == ("0", 0)


def test_precision_grows_until_cancellation_is_overcome() -> None:
    ball = enclosed("(1 + x) - 1", "x=1e-300")
    assert isinstance(ball, arb)
    assert settled(ball, 64)
    assert ball.contains(arb(1e-300))
    assert not ball.contains(0)


def test_enclosure_holds_the_rational_truth() -> None:
    ball = enclosed("x/7 + 1/3", "x=2/9", digits=40)
    truth = Fraction(2, 63) + Fraction(1, 3)
    with ctx.workprec(400):
        assert isinstance(ball, arb)
        assert ball.overlaps(arb(truth.numerator) / truth.denominator)
        assert ball.rel_accuracy_bits() > 132


def test_undefined_is_proved() -> None:
    assert enclosed("log(x)", "x=-1") is UNDEFINED
    assert enclosed("1/x", "x=0") is UNDEFINED


def test_a_small_budget_keeps_the_best_enclosure() -> None:
    assert enclosed("(1 + sin(x)) - 1", "x=1e-300", budget=Budget(0)) is UNDECIDED
    wide, tight = (enclosed("(1 + sin(x)) - 1", "x=1e-300", budget=Budget(work)) for work in (8, 1000))
    assert isinstance(wide, arb) and not settled(wide, 64)
    assert settled(tight, 64)


def test_a_budget_bounds_what_a_deep_cancellation_costs() -> None:
    formula = parse(" + ".join(f"sin(x + {i})" for i in range(3_000)))
    inputs = partial(bind, formula.graph, parse_bindings("x=1e-300"))
    budget, began = Budget(100_000), time.monotonic()
    enclose(formula.graph, inputs, [formula.output], digits=1_000, budget=budget)
    assert budget.spent and not budget.late
    assert time.monotonic() - began < HANG


def test_decimals_are_doubles_or_as_written() -> None:
    formula, point = parse("x*0.1"), parse_bindings("x=1")
    inputs = partial(bind, formula.graph, point)
    as_double = enclose(formula.graph, inputs, [formula.output])[0]
    written = enclose(formula.graph, inputs, [formula.output], decimals="written")[0]
    with ctx.workprec(256):
        assert as_double.contains(arb(0.1)) and not as_double.contains(arb(1) / 10)
        assert written.contains(arb(1) / 10) and not written.contains(arb(0.1))


def test_equal_outputs_are_evaluated_once_and_both_answered() -> None:
    formula = parse("x + 1")
    inputs = partial(bind, formula.graph, parse_bindings("x=1"))
    first, second = enclose(formula.graph, inputs, [formula.output, formula.output])
    assert first == second == 2


def test_settled_waits_for_a_double_to_be_near() -> None:
    balls = Balls(128)
    assert not settled(UNDECIDED, 64)
    assert settled(UNDEFINED, 64)
    assert settled(arb(3), 64)
    assert not settled(arb(3, 1e-10), 64)
    assert balls.precision == 128
    with ctx.workprec(600):
        between = 1 + arb((1, -53))  # two doubles: it may be exactly that
    assert not settled(arb(between, arb((1, -399))), 64)
    assert settled(arb(between, arb((1, -401))), 64) and settled(arb(between, arb((1, -500))), 64)


@pytest.mark.parametrize(
    ("ball", "double", "text"),
    [
        (arb((1, -1100)), 0.0, "7.36215e-332"),
        (arb((-1, -1100)), 0.0, "-7.36215e-332"),
        (arb((1, 2000)), math.inf, "1.14813e+602"),
        (arb(0), 1.5, "0"),
        (arb((1, -3)), 7.0, "0.125"),
        (UNDECIDED, 1.5, "1.5"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_six_digits_are_the_true_numbers_where_it_is_known(ball: Any, double: float, text: str) -> None:
    assert rough_text(ball, double) == text


@pytest.mark.parametrize(
    ("formula", "x"), [("exp(3*log(x))", 0.1), ("(x/3)*9", 0.1), ("cbrt(x**9)", -2.278), ("sqrt(x)**2", 2.0**-28)]
)
def test_result_halfway_between_two_doubles_or_decimals_is_certified(formula: str, x: float) -> None:
    point = examine(formula, {"x": x})
    assert point.value.certified is not None
    assert point.verdict in ("agrees", "inaccurate")


@pytest.mark.parametrize("formula", ["log(1 + exp(x)) - x", "softplus(x) - x", "log(2 + exp(x/3))/x - 1/3"])
def test_exponentials_of_large_numbers_make_no_polynomials_of_that_degree(formula: str) -> None:
    assert examine(formula, {"x": 1e15}).value.certified is None
