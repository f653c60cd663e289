"""Generated Python gives the floats' numbers bit for bit."""

import math
import struct

import pytest

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.native import function
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient
from gradcalc.graph.graph import Graph
from gradcalc.language.parse import parse

FORMULAS = [
    "x**4 + y**2 + 1",
    "sin(x*y) + exp(-x)*log(y) + tanh(x)/sqrt(y)",
    "where(x > y, x/(x - y), -y) + max(x, y, 3) + abs(x) - mod(x, y)",
    "x**y + y**x - 0.1*x + 1/3 + pi",
    "besselj(2, x) + gamma(y)",
    "sum(i=1..60, x**i*y/i)",
]
POINTS = [
    (0.5, 2.0),
    (2.0, 0.5),
    (1.0, 1.0),
    (0.0, 0.0),
    (-1.5, 3.0),
    (1e200, -1e200),
    (math.inf, 1.0),
    (math.nan, 2.0),
]


def bits(values: tuple[float, ...]) -> list[bytes]:
    return [b"nan" if math.isnan(x) else struct.pack("<d", x) for x in values]


@pytest.mark.parametrize("text", FORMULAS)
def test_generated_functions_give_the_numbers_of_floats(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    formula = parse(text)
    graph, inputs = formula.graph, [formula.variables[name].items[0] for name in "xy"]
    outputs = [formula.output, *gradient(graph, formula.output, inputs)]
    made = function.function(graph, inputs, outputs)
    monkeypatch.setattr(function, "LARGEST", 1)
    native = function.function(graph, inputs, outputs)
    for point in POINTS:
        values = evaluate(graph, Floats(), dict(zip(inputs, point, strict=True)), outputs)
        expected = tuple(values[i] for i in outputs)
        assert bits(made(*point)) == bits(expected), point
        if max(map(abs, point)) < 1e100:  # floats refuse Bessel functions there
            assert native(*point) == pytest.approx(expected, rel=1e-13, nan_ok=True), point


def test_an_output_may_be_an_input_or_a_constant() -> None:
    graph = Graph()
    x, c = graph.input("x"), graph.constant("oo")
    assert function.function(graph, [x], [x, c, graph.constant(-2)])(3.0) == (3.0, math.inf, -2.0)


def test_floats_enter_a_graph_exactly() -> None:
    graph = Graph()
    for value in (0.1, -1e-320, math.inf, -math.inf):
        assert Floats().constant(graph.nodes[graph.constant(value)].parameter or "") == value
    assert math.isnan(Floats().constant(graph.nodes[graph.constant(math.nan)].parameter or ""))
    x = graph.ref(graph.input("x"))
    assert function.function(graph, [x.index], [(0.1 * x + ops.sin(x)).index])(2.0) == (0.1 * 2.0 + math.sin(2.0),)
