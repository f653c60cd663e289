"""Equal by a normal form, equal at points, or neither."""

import pytest

from gradcalc.graph.graph import Graph
from gradcalc.language.format import format_node
from gradcalc.language.parse import parse
from gradcalc.truth.equality import agree, proved_equal, simplified


def pair(first: str, second: str) -> tuple[Graph, int, int]:
    formula = parse(f"max({first}, {second}, -1)")
    one, other, _ = formula.graph.nodes[formula.output].operands
    return formula.graph, one, other


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(x + 1)^2", "x^2 + 2x + 1"),
        ("sin(x)*2", "sin(x) + sin(x)"),
        ("1/x + 1", "(x + 1)/x"),
        ("sin((x + 1)^2)", "sin(1 + 2x + x^2)"),
        ("y*x^(y - 1)", "y*x^y/x"),
        ("x^2.5", "x^1.5*x"),
        ("xlogy(x, y)", "x*log(y)"),
        ("(x^2 - 1)/(x - 1)", "x + 1"),
        ("pi*x - x*pi", "0"),
        ("norm([1, x])", "sqrt(1 + x^2)"),
    ],
)
def test_what_has_one_normal_form_is_proved_equal(first: str, second: str) -> None:
    graph, one, other = pair(first, second)
    assert proved_equal(graph, one, other)
    assert agree(graph, one, other) == 20


@pytest.mark.parametrize(
    ("first", "second", "points"),
    [
        ("sin(x)^2 + cos(x)^2", "1", 20),
        ("exp(x + y)", "exp(x)*exp(y)", 20),
        ("0.1*x", "x/10", -1),  # a decimal is its nearest double
        ("x^3", "x^3 + 1e-40", -1),
        ("sin(x)", "x", -1),
        ("sqrt(-1 - x^2)", "x", 0),
        ("(x + y)^100", "(y + x)^100", 20),
    ],
)
def test_what_has_two_is_compared_at_points(first: str, second: str, points: int) -> None:
    graph, one, other = pair(first, second)
    assert not proved_equal(graph, one, other)
    assert agree(graph, one, other) == points


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("log(x) + x*(1/x)", "log(x) + 1"),
        ("2*x/(2*sqrt(1 + x^2))", "x/sqrt(1 + x**2)"),
        ("x*2*3 - x*5", "x"),
        ("(x^2 + 2x + 1)/(x + 1)^3", "1/(x + 1)"),
        ("x^4/4 - x^4/4", "0"),
        ("x + y", "x + y"),
        ("1 - x^2*3 - 1 + x/2", "(x - 6*x**2)/2"),
        ("(x + 1)^90*y - y*(x + 1)^90", "(x + 1)**90*y - y*(x + 1)**90"),  # too long to be multiplied out
    ],
)
def test_a_formula_is_simplified_by_its_normal_form(text: str, short: str) -> None:
    formula = parse(text)
    index = simplified(formula.graph, formula.output)
    assert format_node(formula.graph, index) == short
    assert agree(formula.graph, formula.output, index) == 20
