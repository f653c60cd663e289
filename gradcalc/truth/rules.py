"""The rules of differentiation by the names that textbooks give them. Imports graph."""

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

_NAMES: dict[Op, str] = {
    ops.input_: "variable", ops.const: "constant", ops.add: "sum rule", ops.sub: "sum rule",
    ops.neg: "constant factor", ops.mul: "product rule", ops.div: "quotient rule", ops.powi: "power rule",
    ops.pow: "general power rule", ops.where: "piecewise",
}  # fmt: skip
"""Of the ops that have a rule with a name; all others have the derivative of a named function."""


def rule_name(graph: Graph, index: int) -> str:
    """The rule that a node is differentiated by."""
    op, operands, _ = graph.nodes[index]
    if op.is_condition:
        return "condition"
    constant = [graph.is_constant(i) for i in operands]
    if op in (ops.mul, ops.div) and any(constant) and not all(constant):
        return "reciprocal" if op is ops.div and constant[0] else "constant factor"
    if op is ops.pow and any(constant):
        return "power rule" if constant[1] else "exponential"
    return _NAMES.get(op) or f"derivative of {op.name}"
