"""The domain of an op in the words of mathematics: `-1 <= x <= 1`, `x > 0 or x not an integer`.

The text is read from the condition in the op's entry, whatever it is, so that it cannot drift from it. Imports format
and graph.
"""

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from gradcalc.language.format import format_node

POLES = {"tan": "cos(x) != 0", "sec": "cos(x) != 0", "cot": "sin(x) != 0", "csc": "sin(x) != 0"}
"""Poles at multiples of pi, of which floats, and so the entries, know 0 alone."""
RELATIONS = {ops.lt: "<", ops.le: "<=", ops.gt: ">", ops.ge: ">=", ops.eq: "=", ops.ne: "!="}
_MIRRORED = {">": "<", ">=": "<="}


def domain_text(op: Op) -> str:
    """The domain of an op; empty where it is all real numbers."""
    if op.name in POLES or op.domain is None:
        return POLES.get(op.name, "")
    graph = Graph()
    return _said(graph, op.domain(*(graph.ref(graph.input(name)) for name in op.operands)).index)


def _said(graph: Graph, index: int) -> str:
    """A condition in words; one within another that joins otherwise stands in parentheses."""
    op = graph.nodes[index].op
    word = {ops.and_: "and", ops.or_: "or"}.get(op)
    if word is None:
        return _compared(graph, index)
    parts = list(dict.fromkeys(_said(graph, i) for i in _joined(graph, index, op)))
    if word == "and":
        parts = _between(parts)
    other = {"and": " or ", "or": " and "}[word]
    return f" {word} ".join(f"({part})" if other in part and len(parts) > 1 else part for part in parts)


def _joined(graph: Graph, index: int, op: Op) -> list[int]:
    """The conditions that one op joins, however it is nested."""
    node = graph.nodes[index]
    return [part for i in node.operands for part in _joined(graph, i, op)] if node.op is op else [index]


def _between(parts: list[str]) -> list[str]:
    """`x > 0` and `x <= 1` as `0 < x <= 1`."""
    if len(parts) == 2 and all(part.count(" ") == 2 for part in parts):
        (left, below, low), (same, above, high) = (part.split(" ", 2) for part in parts)
        if left == same and below in _MIRRORED and above in ("<", "<="):
            return [f"{low} {_MIRRORED[below]} {left} {above} {high}"]
    return parts


def _compared(graph: Graph, index: int) -> str:
    """A comparison of two numbers: an absolute value is read as two bounds, `x = floor(x)` as an integer."""
    op, (left, right), _ = graph.nodes[index]
    relation = RELATIONS[op]
    if graph.nodes[right].op is ops.floor and graph.nodes[right].operands == (left,):
        return f"{_moved(graph, left, 0)[0]} {'an' if relation == '=' else 'not an'} integer"
    if graph.nodes[left].op is ops.abs:
        inner, size = format_node(graph, graph.nodes[left].operands[0]), format_node(graph, right)
        if relation in ("<", "<="):
            return f"-{size} {relation} {inner} {relation} {size}"
        return f"{inner} {_MIRRORED[relation]} -{size} or {inner} {relation} {size}"
    number = graph.number(right)
    if number is None or number != int(number):
        return f"{format_node(graph, left)} {relation} {format_node(graph, right)}"
    name, limit = _moved(graph, left, int(number))
    return f"{name} {relation} {limit}"


def _moved(graph: Graph, index: int, limit: int) -> tuple[str, int]:
    """A side without the integer that is added to it, and the limit less that integer."""
    node = graph.nodes[index]
    added = graph.number(node.operands[1]) if node.op is ops.add else None
    if added is None:
        return format_node(graph, index), limit
    return format_node(graph, node.operands[0]), limit - int(added)
