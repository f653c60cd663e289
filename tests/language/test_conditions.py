"""Where formulas and their derivatives hold, in words: beside what they mean, at many points in balls."""

import math
import random
import re

import pytest
from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.marks import Unknown
from gradcalc.graph.derive import gradient
from gradcalc.language.conditions import NOWHERE, defined_where, kinked_where
from gradcalc.language.parse import parse


@pytest.mark.parametrize(
    ("text", "domain", "of_derivatives"),
    [
        ("x^2 + y", "", ""),
        ("x^2*sin(3x)/(x + 1)", "x != -1", "x != -1"),
        ("sqrt(x)", "x >= 0", "x > 0"),
        ("sqrt(1 - 2x)", "x <= 1/2", "x < 1/2"),
        ("sqrt(x - y)", "x >= y", "x > y"),
        ("asin(x)", "-1 <= x <= 1", "-1 < x < 1"),
        ("acosh(x)", "x >= 1", "x > 1"),
        ("asec(x)", "x <= -1 or x >= 1", "x < -1 or x > 1"),
        ("log(x)/log(y)", "x > 0 and y > 0 and y != 1", "x > 0 and y > 0 and y != 1"),
        ("log(log(x))", "x > 1", "x > 1"),
        ("1/(x*(y - 1)^2)", "x != 0 and y != 1", "x != 0 and y != 1"),
        ("sqrt(x^2 + 1)*exp(-x)", "", ""),
        ("x^-3", "x != 0", "x != 0"),
        ("x^1.5", "x >= 0", "x >= 0"),
        ("x^-0.5", "x > 0", "x > 0"),
        ("cbrt(x)", "", "x != 0"),
        ("(x^2)^(1/2)", "", "x != 0"),
        ("tan(2x)", "cos(2*x) != 0", "cos(2*x) != 0"),
        ("gamma(x)", "x > 0 or x is not an integer", "x > 0 or x is not an integer"),
        ("log(abs(x))", "x != 0", "x != 0"),
        ("hypot(x, y)", "", ""),
        ("atan2(x, y)", "", "x != 0 or y != 0"),
        ("max(x, y, z)", "", ""),
        ("where(x > 0, log(x), x)", "", ""),
        ("where(x > 0, sqrt(x), 0)", "", ""),
        ("where(x > 0, log(y), x)", "(y > 0 where x > 0)", "(y > 0 where x > 0)"),
        ("piecewise((x, x > 0))", "x > 0", "x > 0"),
        ("piecewise((x, x > 0), (1/x, x < 0))", "x != 0", "x != 0"),
        ("sqrt(2)*x/sqrt(2*pi)", "", ""),
        ("x^x", "x >= 0 or (x != 0 and x is an integer)", "x > 0"),
        (
            "x^(2y)",
            "x > 0 or (x = 0 and y >= 0) or (x != 0 and 2*y is an integer)",
            "x > 0 or (x = 0 and y >= 1/2 and x**(2*y) = 0)",
        ),
        ("abs(x)^x", "", "x != 0"),
        ("x/log(10) + log2(y)/(pi - 3)", "y > 0", "y > 0"),
        ("x + log(-1)", NOWHERE, NOWHERE),
        ("log(x) + log(-x)", NOWHERE, NOWHERE),
    ],
)
def test_where_a_formula_and_its_derivatives_hold(text: str, domain: str, of_derivatives: str) -> None:
    formula = parse(text)
    graph = formula.graph
    slopes = gradient(graph, formula.output, [graph.input(name) for name in formula.variables])
    assert defined_where(graph, [formula.output]) == domain
    assert defined_where(graph, [formula.output, *slopes]) == of_derivatives


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("x^2", []),
        ("abs(x - 1) + abs(y)", ["x = 1", "y = 0"]),
        ("max(x, y)", ["x = y"]),
        ("norm([x, y])", ["x = 0 and y = 0"]),
        ("log(abs(x))", []),
        ("floor(2x)", ["2*x is an integer"]),
        ("where(x > y, x, 2y)", ["x = y"]),
        ("where(x > 0, abs(x - 1), 0)", ["x = 0", "x = 1"]),
        ("where(x > 0, abs(x + 1), 0)", ["x = 0"]),
        ("clip(x, 0, 1)", ["x = 0 or x = 1"]),
    ],
)
def test_where_kinks_may_be(text: str, places: list[str]) -> None:
    formula = parse(text)
    assert kinked_where(formula.graph, formula.output) == places


FORMULAS = [
    "sqrt(x*y) + 1/(x - 2)", "log((x - 1)*(x + 1))", "sqrt(4 - x^2)/y", "1/sqrt(abs(x) - y)", "(x - 1)^(1/3)",
    "acoth(x)*log1p(y)", "where(x > y, sqrt(x - 1), log(y))", "x^y", "sqrt((2 - x)*(2 + x))", "xlogy(x, y - 1)",
    "1/(hypot(x, y) - abs(x))", "log(max(x, y))", "piecewise((log(x), x > 1), (sqrt(y), y > 0))", "asech(x)/x",
    "1/(1/x - 1/y)", "sqrt(-x^2)", "log(-exp(x)*y)", "x/(x^2 + y^2)", "atanh(x/y)", "cbrt(log(x)) + sqrt(sin(y))",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_what_is_told_holds_if_and_only_if_there_is_a_value(text: str) -> None:
    formula = parse(text)
    graph = formula.graph
    told = defined_where(graph, [formula.output])
    assert told is not None
    drawn = random.Random(0)
    for _ in range(300):
        point = {name: drawn.choice([drawn.randint(-3, 3), drawn.uniform(-3, 3)]) for name in formula.variables}
        balls = Balls(256)
        inputs = {graph.inputs[name]: arb(value) for name, value in point.items()}
        has_value = not isinstance(balls.evaluate(graph, inputs, [formula.output])[formula.output], Unknown)
        assert holds(told, point) == has_value, (told, point)


_INNER = r"((?:[^()]|\([^()]*\))*)"


def holds(told: str, point: dict[str, float]) -> bool:
    """Whether what is told holds, read as Python; each part stands behind those that it needs to have a value."""
    text = re.sub(rf"\({_INNER} where {_INNER}\)", r"(\1 if \2 else True)", told)
    text = re.sub(r"(\w+) is an integer", r"float(\1).is_integer()", text)
    text = re.sub(r"(?<![<>!])= ", "== ", text)
    return bool(eval(text or "True", vars(math) | {"abs": abs, "max": max}, point))
