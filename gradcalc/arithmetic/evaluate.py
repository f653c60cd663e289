"""Arithmetics: kinds of number a graph is evaluated over. Each gives what its kind makes of a constant and of every op.

An arithmetic only ever evaluates a finished graph forward, by the one loop below. Imports graph; `floats` and `balls`
beside this file hold the arithmetics themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Op


class Arithmetic(Protocol):
    """What `evaluate` asks of a kind of number. Every function is total: it returns a value and never raises."""

    @property
    def functions(self) -> Mapping[Op, Callable[..., Any]]:
        """What each op does to this kind of number."""

    def constant(self, text: str) -> Any:
        """The number an exact constant stands for."""

    def evaluate(self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int]) -> list[Any]:
        """`evaluate` below with this arithmetic, at its own precision."""


class Functions(dict[Op, Callable[..., Any]]):
    """What each op does to a kind of number: given, or found when it is first asked for.

    Args:
        find: makes the function of an op.
        given: those that need no looking for.
    """

    def __init__(self, find: Callable[[Op], Callable[..., Any]], given: Mapping[Op, Callable[..., Any]]) -> None:
        super().__init__(given)
        self._find = find

    def __missing__(self, op: Op) -> Callable[..., Any]:
        function = self[op] = self._find(op)
        return function


def evaluate(
    graph: Graph,
    arithmetic: Arithmetic,
    inputs: Mapping[int, Any],
    outputs: Iterable[int],
    *,
    before: Callable[[Op, int], None] | None = None,
) -> list[Any]:
    """Evaluate the nodes that `outputs` depend on.

    Args:
        inputs: the number of each input, by node index.
        before: called before each op is done, with the number of its operands; what it raises ends the evaluation.

    Returns:
        A list as long as the graph: the number of each node, None where it was not needed.
    """
    values: list[Any] = [None] * len(graph)
    nodes, functions = graph.nodes, arithmetic.functions
    for index in graph.needed(outputs):
        op, operands, parameter = nodes[index]
        if operands:
            if before is not None:
                before(op, len(operands))
            values[index] = functions[op](*[values[i] for i in operands])
        elif op is ops.const:
            values[index] = arithmetic.constant(parameter or "")
        else:
            values[index] = inputs[index]
    return values


def apply_rule(rule: Callable[..., Any], arithmetic: Arithmetic, *operands: Any) -> Any:
    """What a domain, kink or definition of the table comes to for operands of an arithmetic."""
    graph, output = rule_graph(rule, len(operands))
    return evaluate(graph, arithmetic, dict(enumerate(operands)), [output])[output]
