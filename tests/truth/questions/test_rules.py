"""The names of the rules of differentiation."""

import pytest

from gradcalc.language.parse import parse
from gradcalc.truth.questions.rules import rule_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x", "variable"),
        ("2", "constant"),
        ("x + y", "sum rule"),
        ("x - y", "sum rule"),
        ("-x", "constant factor"),
        ("3*x", "constant factor"),
        ("x/3", "constant factor"),
        ("3/x", "reciprocal"),
        ("x*y", "product rule"),
        ("x/y", "quotient rule"),
        ("x^3", "power rule"),
        ("x^2.5", "power rule"),
        ("2^x", "exponential"),
        ("x^y", "general power rule"),
        ("sin(x)", "derivative of sin"),
        ("where(x > 0, x, y)", "piecewise"),
    ],
)
def test_the_rule_of_a_node_has_its_textbook_name(text: str, name: str) -> None:
    formula = parse(text)
    assert rule_name(formula.graph, formula.output) == name


def test_a_comparison_is_a_condition() -> None:
    formula = parse("where(x > 0, x, 1)")
    condition = formula.graph.nodes[formula.output].operands[0]
    assert rule_name(formula.graph, condition) == "condition"
