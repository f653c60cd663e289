"""The rules of differentiation by the names that textbooks give them. Imports graph."""

from collections.abc import Sequence

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

_NAMES: dict[Op, str] = {
    ops.input_: "variable", ops.const: "constant", ops.add: "sum rule", ops.sub: "sum rule",
    ops.neg: "constant factor", ops.mul: "product rule", ops.div: "quotient rule", ops.powi: "power rule",
    ops.pow: "general power rule", ops.where: "piecewise",
}  # fmt: skip
"""Of the ops that have a rule with a name; all others have the derivative of a named function."""


def rule_name(graph: Graph, index: int, live: Sequence[bool] | None = None) -> str:
    """The rule that a node is differentiated by.

    Args:
        live: which of its operands depend on the variable; by default those that are no constants.
    """
    op, operands, _ = graph.nodes[index]
    if op.is_condition:
        return "condition"
    live = [not graph.is_constant(i) for i in operands] if live is None else live
    one = any(live) and not all(live)
    if op is ops.mul and sum(live) == 1 or op is ops.div and one and live[0]:
        return "constant factor"
    if op is ops.div and one:
        return "reciprocal"
    if op is ops.pow and one:
        return "power rule" if live[0] else "exponential"
    return _NAMES.get(op) or f"derivative of {op.name}"
