"""Where a number went wrong: from a bad result back to the node where it was born. Imports graph and language."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.language.domains import domain_text
from gradcalc.language.format import format_node


def birth(graph: Graph, values: Sequence[Any], output: int, bad: Callable[[Any], bool]) -> int:
    """The node whose value is bad though none of its operands is; of a `where` only what was chosen counts."""
    index = output
    while True:
        node = graph.nodes[index]
        operands = node.operands
        if node.op is ops.where and not bad(values[operands[0]]):
            operands = (operands[1] if values[operands[0]] is True else operands[2],)
        culprit = next((i for i in operands if bad(values[i])), None)
        if culprit is None:
            return index
        index = culprit


def not_finite(value: Any) -> bool:
    """Whether a float is nan or infinite."""
    return isinstance(value, float) and not math.isfinite(value)


def undefined_because(
    graph: Graph, index: int, floats: Sequence[Any], shown: Callable[[int], str]
) -> tuple[str, str | None]:
    """Why a node has no value, and what to write instead where there is something.

    Args:
        floats: the floats of all nodes.
        shown: the value of a node as text, to tell the operands.
    """
    op, operands, _ = graph.nodes[index]
    text = format_node(graph, index, limit=60)
    if op is ops.const:
        return "no piece of the piecewise applies here", "add a default as the last argument"
    if op is ops.div:
        return f"{text} divides by zero", None
    varying = [i for i in operands if any(graph.nodes[j].op is ops.input_ for j in graph.needed([i]))]
    where = ", ".join(f"{format_node(graph, i, limit=40)} = {shown(i)}" for i in varying)
    message = f"{text} is undefined" + (f" at {where}" if where else "")
    if op is ops.pow:
        message += ": a negative base needs an integer power, a zero base a power that is not negative"
    elif op is ops.powi:
        message += ": zero has no negative power"
    elif needed := domain_text(op):
        message += f": {op.syntax} needs {needed}"
    hint = None
    if op is ops.pow and isinstance(floats[operands[0]], float) and floats[operands[0]] < 0:
        hint = "cbrt(x) is the real cube root of a negative number" if _is_third(graph, operands[1]) else None
    if op is ops.log and floats[operands[0]] == 0:
        hint = "xlogy(a, b) is a*log(b), and 0 where a is 0" if _is_multiplied(graph, index) else None
    return message, hint


def _is_third(graph: Graph, index: int) -> bool:
    """Whether a node is the constant 1/3 (or another odd root)."""
    op, operands, _ = graph.nodes[index]
    return op is ops.div and graph.number(operands[0]) == 1 and (graph.number(operands[1]) or 0) % 2 == 1


def _is_multiplied(graph: Graph, index: int) -> bool:
    """Whether the node is a factor of a product."""
    return any(node.op is ops.mul and index in node.operands for node in graph.nodes)


def overflow_note(graph: Graph, floats: Sequence[Any], output: int, exists: bool) -> tuple[str, int]:
    """What made a float nan or infinite, and the node where it happened.

    Args:
        exists: whether the number is proved to be finite, so that floats alone are to blame.
    """
    index = birth(graph, floats, output, not_finite)
    what = {True: "nan first appears in", False: "infinity first appears in"}[math.isnan(floats[index])]
    return f"{what} {format_node(graph, index, limit=60)}" + (", for floats only" if exists else ""), index
