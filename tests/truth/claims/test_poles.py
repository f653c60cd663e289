"""Divisors that may be 0: numbers near poles are not 0 where their numerators are not, and nothing else is said."""

from fractions import Fraction

import pytest

from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.functions import Equations
from gradcalc.truth.claims.intervals import Arithmetic

ON = Arithmetic(96)


def is_empty(text: str, low: float, high: float, is_gradient: bool = True) -> bool:
    formula = as_formula(text)
    x = formula.graph.input("x")
    system = Equations(formula.graph, (x,), ((formula.output, 0 if is_gradient else None),))
    return system.is_empty(ON, [ON.of(Fraction(low), Fraction(high))])


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
