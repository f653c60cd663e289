"""The table of ops as text: how each is written, its derivative, domain and kink. Imports ops, graph and format.

All of it is made from the entries themselves, so that it cannot drift from what gradcalc does.
"""

from dataclasses import dataclass

from gradcalc import derive, ops
from gradcalc.format import format_node
from gradcalc.graph import Graph
from gradcalc.ops import Op


@dataclass(frozen=True, slots=True)
class Card:
    """One op as text: a formula that uses it, its derivative by operand, where it is defined, where it has a kink."""

    name: str
    syntax: str
    doc: str
    derivatives: tuple[tuple[str, str], ...]
    domain: str
    kink: str
    aliases: tuple[str, ...]


def cards() -> list[Card]:
    """All ops a formula can use, in the order of the table."""
    return [card(op) for op in ops.TABLE.values() if not op.internal]


def card(op: Op) -> Card:
    """One op as text."""
    graph = Graph()
    inputs = [graph.input(name) for name in op.operands]
    node = graph.emit(op, tuple(inputs))
    derivatives = tuple(
        (op.operands[i], format_node(graph, derive.gradient(graph, node, [inputs[i]])[0]))
        for i in range(len(inputs))
        if not op.is_condition and (op.variadic or op.rules[i] is not None)
    )
    syntax = format_node(graph, node)
    if op.variadic and syntax.endswith(")"):
        syntax = syntax[:-1] + ", ...)"
    kink = ""
    if op.kink is not None:
        operands = [graph.ref(i) for i in inputs]
        where = op.kink(graph.ref(node), *operands) if op.variadic else op.kink(*operands)
        kink = f"{format_node(graph, where.index)}: {op.at_kink}"
    return Card(op.name, syntax, op.doc, derivatives, domain_text(op), kink, op.aliases)


def domain_text(op: Op) -> str:
    """The domain of an op as the language writes it: `x > 0`; empty where it is all real numbers."""
    if op.domain is None:
        return ""
    graph = Graph()
    return format_node(graph, op.domain(*(graph.ref(graph.input(name)) for name in op.operands)).index)
