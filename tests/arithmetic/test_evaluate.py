"""The one loop over a graph: only what outputs need, inputs by index, the deadline; functions found when first asked."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gradcalc.arithmetic.evaluate import Functions, OutOfTime, apply_rule, evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op


class Texts:
    """An arithmetic of texts."""

    functions: Mapping[Op, Callable[..., Any]] = Functions(
        lambda op: lambda *given: f"{op.name}({','.join(given)})", {}
    )

    def constant(self, text: str) -> str:
        return text

    evaluate = None


def test_any_kind_of_number_goes_through_and_only_what_is_needed_is_asked_for() -> None:
    graph = Graph()
    x, y = graph.input("x"), graph.input("y")
    graph.emit(ops.exp, (y,))
    output = graph.emit(ops.add, (graph.emit(ops.sin, (x,)), graph.constant(2)))
    values = evaluate(graph, Texts(), {x: "X"}, [output])
    assert values[output] == "add(sin(X),2)"
    assert len(values) == len(graph) and values[y] is values[y + 1] is None


def test_past_the_deadline_nothing_more_is_evaluated() -> None:
    graph = Graph()
    x = graph.input("x")
    output = graph.emit(ops.sin, (x,))
    with pytest.raises(OutOfTime):
        evaluate(graph, Floats(), {x: 1.0}, [output], deadline=time.monotonic() - 1)
    assert evaluate(graph, Floats(), {x: 0.0}, [output], deadline=time.monotonic() + 1e6)[output] == 0.0


def test_the_function_of_an_op_is_looked_for_once() -> None:
    asked: list[Op] = []
    functions = Functions(lambda op: asked.append(op) or len, {ops.add: sum})
    assert functions[ops.add] is sum and functions[ops.sin] is functions[ops.sin] is len
    assert asked == [ops.sin]


def test_a_rule_of_the_table_is_applied_to_numbers() -> None:
    assert [apply_rule(ops.log.domain, Floats(), x) for x in (2.0, 0.0, -1.0)] == [True, False, False]
    assert apply_rule(lambda x, y: x * y + 1, Texts(), "a", "b") == "add(mul(a,b),1)"
