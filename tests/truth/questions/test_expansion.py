"""Taylor coefficients beside exact ones, of several variables too, and bounds of the remainder beside what it reaches."""

import math
from fractions import Fraction
from itertools import product

import pytest
from flint import arb, ctx

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import parse
from gradcalc.language.points import to_points
from gradcalc.settings import Limits
from gradcalc.truth.questions.expansion import coefficients, degrees, remainder

WORK = 20_000_000


def asked(text: str, at: dict[str, object]) -> tuple[Formula, dict[str, object]]:
    """A formula in all its variables, and the point."""
    (point,) = to_points(at, Limits())
    return parse(text).differentiated([Variable(name) for name in at], 0), point


def test_powers_of_a_degree() -> None:
    assert degrees(2, 3) == [(3, 0), (2, 1), (1, 2), (0, 3)]
    assert [len(degrees(3, n)) for n in range(5)] == [math.comb(n + 2, 2) for n in range(5)]
    assert degrees(0, 0) == [()] and degrees(0, 1) == []


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        ("exp(x)", {"x": 0}, {(n,): Fraction(1, math.factorial(n)) for n in range(12)}),
        ("1/(1 - x)", {"x": "1/2"}, {(n,): 2 ** (n + 1) for n in range(12)}),
        ("exp(x*y)", {"x": 0, "y": 0}, {(2, 2): Fraction(1, 2), (3, 3): Fraction(1, 6), (2, 1): 0, (4, 4): Fraction(1, 24)}),
        ("x^3*y^2*z", {"x": 1, "y": 2, "z": 3}, {(3, 2, 1): 1, (0, 0, 0): 12, (1, 1, 1): 12, (0, 2, 0): 3, (1, 1, 0): 36}),
        ("x/y", {"x": 3, "y": 1}, {(1, 3): -1, (0, 4): 3, (2, 0): 0}),
    ],
)  # fmt: skip
def test_coefficients_are_the_exact_ones(
    text: str, at: dict[str, object], right: dict[tuple[int, ...], Fraction]
) -> None:
    found = coefficients(*asked(text, at), list(right), 30, Budget(WORK))
    with ctx.workprec(256):
        for powers, number in right.items():
            exact = Fraction(number)
            ball = arb(exact.numerator) / exact.denominator
            assert found[powers].overlaps(ball)
            assert found[powers].rad() < 1e-25


def test_where_there_is_no_series_or_no_value() -> None:
    assert set(coefficients(*asked("abs(x)*y", {"x": 0, "y": 1}), [(0, 1), (1, 0)], 19, Budget(WORK)).values()) == {
        UNDECIDED
    }
    assert set(coefficients(*asked("log(x)", {"x": -1}), [(0,), (1,)], 19, Budget(WORK)).values()) == {UNDEFINED}


def test_a_spent_budget_decides_nothing() -> None:
    assert coefficients(*asked("exp(x)", {"x": 1}), [(0,), (3,)], 19, Budget(0))[(3,)] is UNDECIDED


REACHED = {
    ("exp(x)", 4, 0.5): lambda h: math.exp(h) - sum(h**k / math.factorial(k) for k in range(5)),
    ("1/(1 - x)", 3, 0.5): lambda h: 1 / (1 - h) - (1 + h + h * h + h**3),
    ("sin(x)", 2, 1.0): lambda h: math.sin(h) - h,
    ("log(1 + x)", 2, 0.25): lambda h: math.log1p(h) - (h - h * h / 2),
    ("gamma(x + 2)", 0, 1.0): lambda h: math.gamma(h + 2) - 1,
    ("sin(x)/(x + 3)", 1, 2.0): lambda h: math.sin(h) / (h + 3) - h / 3,
}


@pytest.mark.parametrize(("text", "order", "within"), REACHED)
def test_the_bound_holds_and_is_near(text: str, order: int, within: float) -> None:
    bound = remainder(*asked(text, {"x": 0}), order, [within], Budget(WORK))
    reached = max(abs(REACHED[text, order, within](within * k / 50)) for k in range(-50, 51))
    assert bound is not None
    assert reached <= bound <= 2.1 * reached


@pytest.mark.parametrize(
    ("text", "at"), [("x^3*y^2", (1, 2)), ("cosh(x)*cos(x) + 0*y", (0, 0)), ("sin(x + y^2)", (0, 0))]
)
def test_a_coefficient_that_is_0_is_proved_to_be(text: str, at: tuple[int, int]) -> None:
    wanted = [powers for degree in range(6) for powers in degrees(2, degree)]
    found = coefficients(*asked(text, {"x": at[0], "y": at[1]}), wanted, 19, Budget(WORK))
    assert all(ball.is_zero() or not ball.contains(0) for ball in found.values())
    assert sum(ball.is_zero() for ball in found.values()) > 8


def test_the_bound_over_a_box() -> None:
    bound = remainder(*asked("sin(x*y)", {"x": 1, "y": 2}), 1, [0.1, 0.2], Budget(WORK))
    linear = math.sin(2), 2 * math.cos(2), math.cos(2)
    reached = max(
        abs(math.sin((1 + h) * (2 + k)) - (linear[0] + linear[1] * h + linear[2] * k))
        for h, k in product([i / 100 for i in range(-10, 11)], [i / 50 for i in range(-10, 11)])
    )
    assert bound is not None
    assert reached <= bound <= 10 * reached


@pytest.mark.parametrize(("text", "within"), [("1/x", 1.5), ("abs(x)", 1.5), ("sqrt(x)", 1.0), ("floor(x)*x", 0.5)])
def test_no_bound_across_a_pole_a_kink_or_an_end(text: str, within: float) -> None:
    assert remainder(*asked(text, {"x": 1}), 2, [within], Budget(WORK)) is None


def test_a_polynomial_leaves_nothing_out() -> None:
    assert remainder(*asked("x^3 + x*y", {"x": 1, "y": 2}), 3, [5.0, 5.0], Budget(WORK)) == 0.0
