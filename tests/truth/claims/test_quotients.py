"""Equal by cross products of quotients, or not: what the check of a proof file knows of functions."""

import pytest

from gradcalc.settings import Limits
from gradcalc.truth.claims.intervals import Weak
from gradcalc.truth.claims.proofs import claim_of

EQUAL = {
    "x^3 - 2*x/y": "3*x^2 - 2/y",
    "sin(x)^2": "sin(2x)",
    "cos(3x)": "-3*(3*sin(x) - 4*sin(x)^3)",
    "tan(x)": "sec(x)^2",
    "sin(x + pi/2)": "-sin(x)",
    "tanh(x)": "1 - tanh(x)^2",
    "log(x^2 + 1)": "2x/(x^2 + 1)",
    "sqrt(x^2 + 1)": "x/sqrt(x^2 + 1)",
    "sqrt(4x)": "1/sqrt(x)",
    "x^(1/3)": "x^(-2/3)/3",
    "x^y": "y*x^y/x",
    "x^x": "x^x*(1 + log(x))",
    "2^x": "log(2)*2^x",
    "exp(x/2)^2": "exp(x)",
    "abs(x)": "x/abs(x)",
    "asin(x)": "1/sqrt(1 - x^2)",
    "acosh(x)": "1/sqrt(x^2 - 1)",
    "erf(x)": "2/sqrt(pi)*exp(-x^2)",
    "Si(x)": "sin(x)/x",
    "sigmoid(x)": "sigmoid(x)*(1 - sigmoid(x))",
    "exp(x/(x + 1))": "1/((x + 1)^2*exp(-x/(x + 1)))",
}
DIFFERENT = {
    "sin(x)": "sin(x)", "abs(x)": "1", "sqrt(x^2)": "1", "x^2": "2*x + 1e-40", "sin(x + pi/3)": "cos(x)", "x^y": "y*x^y",
    "exp(i)*x": "1", "log(x)": "1/abs(x)", "x^(1/3)": "x^(2/3)/3", "atan(x)": "1/(1 - x^2)", "exp(x)": "exp(-x)",
}  # fmt: skip


@pytest.mark.parametrize("formula", EQUAL)
def test_what_is_equal_is_proved(formula: str) -> None:
    claimed, text = claim_of(formula, "x", EQUAL[formula], {}, Limits())
    assert claimed.is_proved()
    assert text == f"{EQUAL[formula]} is d/d(x) of {formula}"


@pytest.mark.parametrize("formula", DIFFERENT)
def test_what_differs_is_not(formula: str) -> None:
    assert not claim_of(formula, "x", DIFFERENT[formula], {}, Limits())[0].is_proved()


@pytest.mark.parametrize(
    ("wrt", "claim"),
    [("x,y", "2*x + y*exp(x*y)*x + exp(x*y)"), ("x,x", "2*y + y^2*exp(x*y)"), ("", "exp(x*y) + y*x^2")],
)
def test_second_and_mixed_derivatives(wrt: str, claim: str) -> None:
    assert claim_of("x^2*y + exp(x*y)", wrt, claim, {}, Limits())[0].is_proved()
    assert not claim_of("x^2*y + exp(x*y)", wrt, f"{claim} + x", {}, Limits())[0].is_proved()


@pytest.mark.parametrize("text", ["max(x, 1)", "where(x > 0, x, x)", "floor(x)", "gamma(x)", "x^1001"])
def test_what_it_does_not_know_it_does_not_believe(text: str) -> None:
    with pytest.raises(Weak):
        claim_of(text, "x", "1", {}, Limits())[0].is_proved()


def test_a_variable_called_pi_is_not_the_constant() -> None:
    assert claim_of("sin(pi)", "pi", "cos(pi)", {}, Limits())[0].is_proved()
    assert not claim_of("sin(pi)", "pi", "-1", {}, Limits())[0].is_proved()


def test_a_constant_that_is_absurdly_large_is_refused_at_once() -> None:
    with pytest.raises(Weak):
        claim_of("1e99999999*x", "x", "1", {}, Limits())[0].is_proved()
