"""Divisors that may be 0: numbers near poles are not 0 where their numerators are not, and nothing else is said."""

from fractions import Fraction
from typing import Any

import pytest

from gradcalc.graph.graph import Graph, copied
from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.derivatives import System
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.poles import floor
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
    ("text", "least"),
    [("0*x + 3", 3), ("x^(-2)", 4), ("x^(-2) + x", Fraction(7, 2)), ("1/(1/x)", Fraction(-1, 2)), ("1/x", None), ("-1/x^2", None),
     ("log(x)", None), ("(1/x)^2*(x + 1)", 2), ("x^(-2)*(x - 1/8)^3", None), ("x^(-2)*(x - 1)^(-2)", Fraction(16, 9)),
     ("x^(-2)*(x - 1)^(-1)", None), ("sqrt(x)/x^2", 0), ("where(x < 1, 1/x^2, 0)", 4)],
)  # fmt: skip
def test_what_a_number_is_not_below_near_its_poles(text: str, least: Any) -> None:
    """Of x from -1/2 to 1/4."""
    formula = as_formula(text)
    system = System(formula.graph, (formula.graph.input("x"),), ())
    if least is not None:
        low = floor(ON, system, formula.output, [AROUND])
        assert low <= least * ONE and low == pytest.approx(least * ONE, abs=10)
    else:
        with pytest.raises(Weak):
            floor(ON, system, formula.output, [AROUND])
    with pytest.raises(Weak):  # where x is 0 alone, there is no value
        floor(ON, system, as_formula_in(formula.graph, "x^(-2)"), [(0, 0)])


def as_formula_in(graph: Graph, text: str) -> int:
    other = as_formula(text)
    return copied(other.graph, [other.output], graph, {})[0]


def test_beside_a_pole_a_factor_of_any_sign_has_no_floor() -> None:
    formula = as_formula("x^(-2)*y^3")
    system = System(formula.graph, tuple(formula.graph.input(name) for name in "xy"), ())
    with pytest.raises(Weak, match="below all others"):
        floor(ON, system, formula.output, [AROUND, AROUND])


@pytest.mark.parametrize("text", ["floor(x) + 1/x", "where(x > 0, 1/x, 2/x)", "abs(x) + 1/x", "exp(1/x)"])
def test_beside_a_pole_all_else_is_smooth(text: str) -> None:
    assert not is_empty(text, -0.01, 0.01)
