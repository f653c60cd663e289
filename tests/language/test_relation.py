"""Equations and inequalities from text: one formula, left - right of `=` and `<=`; what is none is refused."""

import pytest

from gradcalc.errors import GradcalcError
from gradcalc.language.format import format_node
from gradcalc.language.relation import read_constraint
from gradcalc.settings import Limits


@pytest.mark.parametrize(
    ("text", "formula", "is_equation"),
    [("x^2 + y^2 = 1", "(x**2 + y**2) - 1", True), ("x >= y", "y - x", False), ("x <= 0", "x", False), ("x*y ≥ 2", "2 - x*y", False),
     ("where(x > 1, x, 1) == y", "where(x > 1, x, 1) - y", True)],
)  # fmt: skip
def test_a_relation_is_one_formula(text: str, formula: str, is_equation: bool) -> None:
    made = read_constraint(text, {}, Limits())
    assert (format_node(made.formula.graph, made.formula.output), made.is_equation) == (formula, is_equation)


@pytest.mark.parametrize(
    ("text", "said"),
    [("x + y", "there is no =, <= or >="), ("x = y = 1", "needs one of"), ("x != 1", "needs one of"), ("= 1", "one side"), ("x + = 1", "ends|expected|missing|nothing")],
)  # fmt: skip
def test_what_is_no_relation_is_refused(text: str, said: str) -> None:
    with pytest.raises(GradcalcError, match=said) as found:
        read_constraint(text, {}, Limits())
    assert found.value.text == text
