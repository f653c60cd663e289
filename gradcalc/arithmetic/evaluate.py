"""Arithmetics: kinds of number a graph is evaluated over. Each gives what its kind makes of a constant and of every op.

An arithmetic only ever evaluates a finished graph forward, by the one loop below. Imports graph; `floats` and `balls`
beside this file hold the arithmetics themselves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, rule_graph
from gradcalc.graph.ops import Constant, Op, Operand


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
    pause: Callable[[], None] | None = None,
    every: int = 0,
) -> list[Any]:
    """Evaluate the nodes that `outputs` depend on.

    Args:
        inputs: the number of each input, by node index.
        pause: called before the first node and before each `every`-th one; what it raises ends the evaluation.

    Returns:
        A list as long as the graph: the number of each node, None where it was not needed.
    """
    values: list[Any] = [None] * len(graph)
    needed = graph.needed(outputs)
    if pause is None:
        _fill(values, needed, graph, arithmetic, inputs)
        return values
    for first in range(0, len(needed), every):
        pause()
        _fill(values, needed[first : first + every], graph, arithmetic, inputs)
    return values


def _fill(
    values: list[Any],
    indices: Sequence[int],
    graph: Graph,
    arithmetic: Arithmetic,
    inputs: Mapping[int, Any] | Sequence[Any],
) -> None:
    """Enter the numbers of some nodes beside those of all their operands."""
    nodes, functions = graph.nodes, arithmetic.functions
    for index in indices:
        op, operands, parameter = nodes[index]
        count = len(operands)
        if count == 2:  # most nodes of a long formula: no list is made for them
            left, right = operands
            values[index] = functions[op](values[left], values[right])
        elif count:
            values[index] = functions[op](*[values[i] for i in operands])
        elif op is ops.const:
            values[index] = arithmetic.constant(parameter or "")
        else:
            values[index] = inputs[index]


def apply_rule(rule: Callable[..., Any], arithmetic: Arithmetic, *operands: Any) -> Any:
    """What a domain, kink or definition of the table comes to for operands of an arithmetic."""
    if len(operands) > _GRAPHED:
        return rule(*[_Number(arithmetic, x) for x in operands]).value
    graph, output = rule_graph(rule, len(operands))
    values: list[Any] = [None] * len(graph)
    _fill(values, graph.needed((output,)), graph, arithmetic, operands)
    return values[output]


_GRAPHED = 8
"""Up to how many operands the graph of a rule is made, and kept; with more of them a rule is seldom applied again."""


class _Number(Operand):
    """A number of an arithmetic that rules can compute with."""

    __slots__ = ("arithmetic", "value")

    def __init__(self, arithmetic: Arithmetic, value: Any) -> None:
        self.arithmetic, self.value = arithmetic, value

    def apply(self, op: Op, operands: Sequence[Any]) -> "_Number":
        """The op on numbers of this arithmetic, integers and constants."""
        return _Number(self.arithmetic, self.arithmetic.functions[op](*map(self._of, operands)))

    def _of(self, operand: Any) -> Any:
        """What an operand stands for."""
        if type(operand) is _Number:
            return operand.value
        if isinstance(operand, Constant) and operand.op is not None:
            return self.arithmetic.functions[operand.op](*map(self._of, operand.operands))
        return self.arithmetic.constant(operand.text if isinstance(operand, Constant) else str(operand))
