"""The one loop over a graph: only what outputs need, inputs by index, pauses between nodes; functions found when first asked."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gradcalc.arithmetic.evaluate import Functions, apply_rule, evaluate
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


def test_what_is_called_between_nodes_may_end_the_evaluation() -> None:
    graph = Graph()
    x = graph.input("x")
    output = graph.emit(ops.add, (graph.emit(ops.sin, (x,)), graph.emit(ops.cos, (x,)), x))
    pauses: list[None] = []
    values = evaluate(graph, Floats(), {x: 0.0}, [output], pause=lambda: pauses.append(None), every=3)
    assert values[output] == 1.0 and len(pauses) == 2

    def stop() -> None:
        raise StopIteration

    with pytest.raises(StopIteration):
        evaluate(graph, Floats(), {x: 1.0}, [output], pause=stop, every=100)


def test_the_function_of_an_op_is_looked_for_once() -> None:
    asked: list[Op] = []
    functions = Functions(lambda op: asked.append(op) or len, {ops.add: sum})
    assert functions[ops.add] is sum and functions[ops.sin] is functions[ops.sin] is len
    assert asked == [ops.sin]


def test_a_rule_of_the_table_is_applied_to_numbers() -> None:
    assert [apply_rule(ops.log.domain, Floats(), x) for x in (2.0, 0.0, -1.0)] == [True, False, False]
    assert apply_rule(lambda x, y: x * y + 1, Texts(), "a", "b") == "add(mul(a,b),1)"


def test_a_rule_of_many_operands_is_applied_without_a_graph() -> None:
    for numbers in ([1.0] * 3, [1.0] * 30, [0.5] * 29 + [1.0]):
        assert apply_rule(ops.max.kink, Floats(), 1.0, *numbers) is (numbers[0] == 1.0)
    half = apply_rule(lambda *xs: xs[0] * ops.one / 2 + ops.pi * 0, Floats(), *[3.0] * 20)
    assert half == 1.5
