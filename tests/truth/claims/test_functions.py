"""Ops beside the elementary ones: their values and slopes over intervals, and what is not known of them."""

from fractions import Fraction

import pytest

from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.derivatives import evaluated, from_flint, meant, slopes
from gradcalc.truth.claims.functions import _BY_NAME, EITHER
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Nowhere, Weak

ON = Arithmetic(96)


def series(text: str, low: float, high: float, on: Arithmetic = ON) -> list[Interval]:
    """A formula of x between two numbers: its value, its slope and its second derivative."""
    formula = as_formula(text)
    graph, x = formula.graph, formula.graph.input("x")
    nodes = list(meant(graph, (formula.output,)))
    first = slopes(graph, nodes, x)
    return evaluated(graph, nodes, {x: on.of(Fraction(low), Fraction(high))}, on, first + slopes(graph, first, x))


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [("x^3", (8, 12, 12)), ("1/x", (0.5, -0.25, 0.25)), ("abs(x)*x", (4, 4, 2)), ("max(x, 1, -x)", (2, 1, 0)),
     ("where(x > 1, x^2, log(-x))", (4, 4, 2)), ("sign(x)*x^2", (4, 4, 2)), ("clip(x, 0, 1) + relu(x)", (3, 1, 0)),
     ("where(not (x < 1 or x == 3) and x != 4, x, 0)", (2, 1, 0)), ("leaky_relu(-x)", (-0.4, -0.2, 0)),
     ("x*x*x", (8, 12, 12)), ("min(x, 3)^2", (4, 4, 2))],
)  # fmt: skip
def test_value_slope_and_second_derivative(text: str, coefficients: tuple[float, ...]) -> None:
    for (low, high), true in zip(series(text, 2, 2, ON.strict), coefficients, strict=True):
        assert low - 10 <= Fraction(true).limit_denominator(100) * 2**96 <= high + 10 and high - low < 100, text


def test_at_a_kink_there_are_slopes_between_or_none() -> None:
    value, (low, high), _ = series("abs(x) + max(x, 0)", -1, 1)
    assert low <= -(1 << 96) and high >= 2 << 96 and value[1] >= 2 << 96
    for text in ("abs(x)", "max(x, 0)", "min(x, -x)", "relu(x) + 1", "clip(x, 0, 1)"):
        assert series(text, -1, 1)
        with pytest.raises(Weak):
            series(text, -1, 1, ON.strict)


@pytest.mark.parametrize(
    "text", ["sign(x)", "sign(x)*x^2", "where(x > 0, 1, 2)", "where(x > 0, x, x)", "floor(x)", "heaviside(x)"]
)
def test_at_a_jump_there_is_nothing(text: str) -> None:
    with pytest.raises(Weak):
        series(text, -1, 1)


@pytest.mark.parametrize(
    ("text", "nowhere"),
    [("log(x)", True), ("sqrt(x - 1)", True), ("acosh(x + 2)", True), ("x^2.5", True), ("x^(x/2 + 1)", False), ("1/(x*0)", False),
     ("gamma(x - 1)", False), ("cbrt(x)", None), ("log(x) + gamma(x)", True), ("log1p(log(x))", True), ("log1p(x)", False)],
)  # fmt: skip
def test_what_has_no_value_anywhere_is_told_from_what_is_not_known(text: str, nowhere: bool | None) -> None:
    if nowhere is None:
        assert series(text, -2.5, -1.5)
        return
    with pytest.raises(Weak) as found:
        series(text, -2.5, -1.5)
    assert isinstance(found.value, Nowhere) == nowhere


@pytest.mark.parametrize("name", _BY_NAME)
def test_slopes_of_names_are_those_of_power_series(name: str) -> None:
    text = {"fresnel_s": "fresnels", "fresnel_c": "fresnelc"}.get(
        name, name if name.startswith("erf") else name.capitalize()
    )
    formula = as_formula(f"{text}(x)")
    graph, x = formula.graph, formula.graph.input("x")
    nodes = meant(graph, (formula.output,))
    (slope,) = slopes(graph, nodes, x)
    assert from_flint(graph, nodes) == {name} and graph.nodes[slope].op is EITHER
    given = {x: ON.of(Fraction(3, 4), Fraction(3, 4))}
    for pair in (graph.nodes[slope].operands, graph.nodes[slopes(graph, [slope], x)[0]].operands):
        found, true = evaluated(graph, pair, given, ON)
        assert found[0] <= true[1] and true[0] <= found[1] and found[1] - found[0] < 10_000, name


def test_functions_of_flint_at_second_order() -> None:
    value, slope, bend = series("gamma(x)", 3, 3)
    for (low, high), true in ((value, 2), (slope, 1.8455686701969342), (bend, 2.492929991902693)):
        assert float(Fraction(low, 2**96)) == pytest.approx(true, rel=1e-12) and high - low < 1000


@pytest.mark.parametrize("text", ["besselj(0, x)", "zeta(3, x)", "digamma(x)"])
def test_what_is_not_known_is_named(text: str) -> None:
    with pytest.raises(Weak, match="is not among the functions that can be verified"):
        series(text, 1, 2)
