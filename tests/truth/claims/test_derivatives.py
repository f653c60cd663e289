"""Slopes as nodes, by the verifier's own rules, beside those of gradcalc's table."""

from fractions import Fraction

import pytest

from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.derivatives import evaluated, meant, slopes
from gradcalc.truth.claims.intervals import Arithmetic, Nowhere, Weak

ON = Arithmetic(96)


@pytest.mark.parametrize(
    "text", ["x*y*x", "x/y - y/x", "-x^3 + y^(-2)", "x^y", "x^2.5*y", "exp(x*y)", "log(x + y)", "sqrt(x*y)", "sin(x)*cos(y)", "atan(x/y)",
             "tan(x)*sinh(y)", "cosh(x)^y", "asin(x/3)*acos(y/3)", "atanh(x/3) + tanh(y)", "sigmoid(x)*softplus(y)",
             "cbrt(x)*abs(y - 3)", "where(x < y, x*y, y)"],
)  # fmt: skip
def test_slopes_are_those_of_the_table(text: str) -> None:
    formula = as_formula(text)
    graph, by = formula.graph, [formula.graph.input(name) for name in "xy"]
    given = {node: ON.of(Fraction(value), Fraction(value)) for node, value in zip(by, (0.75, 1.5), strict=True)}
    first = derive.gradient(graph, formula.output, by)
    theirs = [first[0], *derive.gradient(graph, first[0], by)]
    nodes = list(meant(graph, (formula.output,)))
    (ours,) = slopes(graph, nodes, by[0])
    found = evaluated(graph, nodes, given, ON, [ours, *(slopes(graph, [ours], node)[0] for node in by)])[1:]
    for one, other in zip(found, evaluated(graph, meant(graph, tuple(theirs)), given, ON), strict=True):
        assert one[0] <= other[1] and other[0] <= one[1] and one[1] - one[0] < 10_000 > other[1] - other[0], text


def test_an_even_power_of_a_slope_is_not_below_0() -> None:
    formula = as_formula("exp(x^2)")
    graph, x = formula.graph, formula.graph.input("x")
    (second,) = slopes(graph, slopes(graph, [formula.output], x), x)
    ((low, _),) = evaluated(graph, [second], {x: ON.of(Fraction(-1, 2), Fraction(1, 2))}, ON)
    assert low >= (2 << 96) - 10


def test_whole_powers_that_are_too_large_are_refused() -> None:
    formula = as_formula("x^1001")
    with pytest.raises(Weak, match="too large"):
        evaluated(formula.graph, [formula.output], {formula.graph.input("x"): ON.whole(1)}, ON)


def test_a_slope_without_a_value_says_nothing_of_the_function() -> None:
    graph = Graph()
    x = graph.input("x")
    node = graph.ref(x)
    with pytest.raises(Weak) as found:
        evaluated(graph, [x], {x: ON.whole(-1)}, ON, [ops.log(node).index])
    assert not isinstance(found.value, Nowhere)
