"""Where a formula has a value: the domains of the ops it uses, as one node of its graph. Imports graph."""

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref

Condition = Ref | None
"""A condition; None if it always holds."""


def defined(graph: Graph, output: int) -> int:
    """A node that is 1 where the output has a value, 0 where an op that is used leaves its domain."""
    found: dict[int, Condition] = {}
    for index in graph.needed([output]):
        op, operands, _ = graph.nodes[index]
        inner = [found[i] for i in operands]
        if op is ops.where:
            found[index] = _both(inner[0], _chosen(graph.ref(operands[0]), inner[1], inner[2]))
            continue
        own = op.domain(*map(graph.ref, operands)) if op.domain else None
        for condition in inner:
            own = _both(own, condition)
        found[index] = own
    whole = found[output]
    return graph.constant(1) if whole is None else int(ops.where(whole, ops.one, ops.zero).index)


def _both(one: Condition, other: Condition) -> Condition:
    if one is None or other is None or one.index == other.index:
        return other if one is None else one
    result: Ref = ops.and_(one, other)
    return result


def _chosen(c: Ref, one: Condition, other: Condition) -> Condition:
    """Of two conditions the one that is chosen."""
    if one is None and other is None:
        return None
    yes = c if one is None else ops.and_(c, one)
    no = ops.not_(c) if other is None else ops.and_(ops.not_(c), other)
    result: Ref = ops.or_(yes, no)
    return result
