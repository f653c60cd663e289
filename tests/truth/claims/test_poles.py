"""Divisors that may be 0: numbers near poles are not 0 where their numerators are not, and nothing else is said."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.derivatives import System
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.poles import Poles, Term, floor
from gradcalc.truth.claims.verify import is_empty as no_zero

ON = Arithmetic(96)
ONE = ON.whole(1)[0]
AROUND = ON.of(Fraction(-1, 2), Fraction(1, 4))
"""An interval around 0."""


def is_empty(text: str, low: float, high: float, is_gradient: bool = True) -> bool:
    formula = as_formula(text)
    x = formula.graph.input("x")
    system = System(formula.graph, (x,), ((formula.output, 0 if is_gradient else None),))
    return no_zero(system, ON, [ON.of(Fraction(low), Fraction(high))])


@pytest.mark.parametrize(
    "text",
    ["1/x", "1/x^2", "1/x + x", "x^2 + 1/x^3", "1/(x*(x - 1))", "log(x)", "x + 1/log(x + 1)", "1/sin(x)", "1/tan(x)",
     "sqrt(x) + 1", "1/(1 - exp(x))"],
)  # fmt: skip
def test_a_slope_near_a_pole_or_an_edge_is_not_0(text: str) -> None:
    assert is_empty(text, -0.001, 0.001)


@pytest.mark.parametrize(
    "text",
    ["x/x^2*x^3", "1/x - 1/x + x^2", "sqrt(x^2 + x^4)", "1/(1/(x^2 + 1))", "cot(x + pi/2)^2", "sinc(x)", "sqrt(x^2)", "x^2*sin(1/x)",
     "acos(1 - x^2)", "abs(x)^(1/2)", "1/x + 1000*x", "log(x)^2"],
)  # fmt: skip
def test_what_may_be_0_or_have_a_kink_is_not_excluded(text: str) -> None:
    assert not is_empty(text, -0.04, 0.05)


def test_roots_near_poles() -> None:
    assert is_empty("1/x + 3", -0.1, 0.1, False)
    assert not is_empty("1/x + 3", -0.5, 0.1, False)
    assert not is_empty("cot(x)", 1.5, 1.6, False)


def test_a_slope_beside_the_edge_of_a_logarithm_is_not_0() -> None:
    assert is_empty("log(x)", 0, 0.001)


@pytest.mark.parametrize(
    ("value", "least"),
    [
        (lambda on, x: on.whole(3), 3),
        (lambda on, x: on.power(x, -2), 4),
        (lambda on, x: on.add(on.power(x, -2), x), Fraction(7, 2)),
        (lambda on, x: on.power(on.power(x, -1), -1), Fraction(-1, 2)),
        (lambda on, x: on.power(x, -1), None),
        (lambda on, x: on.scaled(on.power(x, -2), -1), None),
        (lambda on, x: None, None),
    ],
)
def test_what_a_number_is_not_below_near_its_poles(value: Callable[[Any, Any], Any], least: Any) -> None:
    """Of x from -1/2 to 1/4."""
    if least is not None:
        assert floor(ON, lambda on, box: value(on, box[0]), [AROUND]) == least * ONE
    else:
        with pytest.raises(Weak):
            floor(ON, lambda on, box: value(on, box[0]), [AROUND])
    with pytest.raises(Weak):  # where x is 0 alone, there is no value
        floor(ON, lambda on, box: on.power(box[0], -2), [(0, 0)])


def test_powers_of_what_one_over_a_number_is() -> None:
    on = Poles(ON)
    x: Term = ({}, AROUND)
    over = on.power(x, -1)
    assert on.plain(x) == on.plain(on.power(over, -1)) == AROUND
    assert on.power(on.times(over, x), -1) is None  # nothing is known of it: its factor x may be 0
    assert on.power(over, 0) == on.whole(1) and on.top(over) == ON.whole(1)
