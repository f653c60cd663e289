"""Equations and inequalities from text: one formula, left - right of `=` and `<=`; what is none is refused."""

import pytest

from gradcalc.errors import GradcalcError
from gradcalc.language.format import format_node
from gradcalc.language.relation import read_constraint, read_equations
from gradcalc.settings import Limits


@pytest.mark.parametrize(
    ("text", "formula", "is_equation"),
    [("x^2 + y^2 = 1", "(x**2 + y**2) - 1", True), ("x >= y", "y - x", False), ("x <= 0", "x", False), ("x*y ≥ 2", "2 - x*y", False),
     ("where(x > 1, x, 1) == y", "where(x > 1, x, 1) - y", True), ("`a=b`^2 <= 2", "`a=b`**2 - 2", False)],
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


@pytest.mark.parametrize(
    ("text", "formulas"),
    [("x^2 = 2", ["x**2 - 2"]), ("x = cos(x)", ["x - cos(x)"]), ("[x^2 + y^2 = 4, x*y == 1]", ["x**2 + y**2 - 4", "x*y - 1"]),
     ("[max(x, 1) = y, x - y]", ["max(x, 1) - y", "x - y"]), ("x = a - b", ["a - b"]), ("x^2 = a - b", ["x**2 - (a - b)"]),
     ("x if x > 0 else 2 = 3", ["where(x > 0, x, 2) - 3"]), ("[`a=b` = 2, `c, d (m)`]", ["`a=b` - 2", "`c, d (m)`"])],
)  # fmt: skip
def test_equations_are_formulas_that_are_0(text: str, formulas: list[str]) -> None:
    made = read_equations(text, {}, Limits())
    assert [format_node(made.graph, node).replace("(x**2 + y**2)", "x**2 + y**2") for node in made.items] == formulas


@pytest.mark.parametrize("text", ["x = y = z", "x =", "[x = 1", "x^2 <= 2", "x^2 = sen(x)"])
def test_what_is_no_equation_is_refused(text: str) -> None:
    with pytest.raises(GradcalcError):
        read_equations(text, {}, Limits())
