"""Where a formula has a value: the domains of the ops that are used, and only of those that are chosen."""

from typing import Any

import pytest
from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import UNDECIDED
from gradcalc.graph import ops
from gradcalc.graph.domain import broken, defined
from gradcalc.graph.graph import Graph
from gradcalc.language.parse import parse


def is_defined(text: str, **at: float) -> Any:
    formula = parse(text)
    graph = formula.graph
    condition = defined(graph, formula.output)
    return evaluate(graph, Floats(), {graph.inputs[name]: at[name] for name in graph.inputs}, [condition])[condition]


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("log(x)", {"x": 2.0}, 1), ("log(x)", {"x": -2.0}, 0), ("log(x)", {"x": 0.0}, 0),
        ("1/x + log(y)", {"x": 1.0, "y": 1.0}, 1), ("1/x + log(y)", {"x": 0.0, "y": 1.0}, 0),
        ("1/x + log(y)", {"x": 1.0, "y": -1.0}, 0), ("exp(sqrt(x))*0", {"x": -1.0}, 0),
        ("where(x > 0, log(x), 5)", {"x": -1.0}, 1), ("where(x > 0, 5, log(x))", {"x": -1.0}, 0),
        ("where(x > 0, log(x), 1/x)", {"x": 0.0}, 0), ("where(x > 0, log(x), 1/x)", {"x": -1.0}, 1),
        ("where(log(x) > 0, 1, 2)", {"x": -1.0}, 0), ("where(x > 0, log(x - 1), sqrt(x + 1))", {"x": 0.5}, 0),
        ("where(x > 0, log(x - 1), sqrt(x + 1))", {"x": -0.5}, 1),
    ],
)  # fmt: skip
def test_a_formula_is_defined_where_every_op_that_is_used_is(text: str, at: dict[str, float], expected: int) -> None:
    assert is_defined(text, **at) == expected


def test_what_has_a_value_everywhere_needs_no_condition() -> None:
    graph = Graph()
    output = ops.sin(graph.ref(graph.input("x"))).index
    assert defined(graph, output) == graph.constant(1)


@pytest.mark.parametrize(
    ("text", "low", "high", "expected"),
    [
        ("floor(x)", 0.25, 0.75, 0),
        ("floor(x)", 0.75, 1.25, None),
        ("where(x > 1, x, 2)", 2, 3, 0),
        ("log(x)", 1, 2, 0),
        ("log(x)", -2, -1, 1),
        ("atan2(x, -1)", -1, 1, None),
        ("abs(x)", -1, 1, 0),
        ("besselj(0.5, x)", -1, 1, None),
    ],
)
def test_what_is_not_broken_over_a_ball_is_continuous(text: str, low: float, high: float, expected: int | None) -> None:
    formula = parse(text)
    graph, balls = formula.graph, Balls(64)
    node = broken(graph, formula.output)
    found = balls.evaluate(graph, {graph.input("x"): arb(low).union(arb(high))}, [node])[node]
    assert found == (UNDECIDED if expected is None else expected)
