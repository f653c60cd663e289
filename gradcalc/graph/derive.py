"""Derivatives: graph to graph, by one reverse sweep. Imports graph and ops.

`gradient` appends the adjoints of a formula to its own graph; calling it again on them gives the Hessian, and so on to
any order. What is structurally zero is never made, so the Hessian of a banded or separable function stays sparse. The
sweep takes the reachable node of the largest index first, so every use of a node is met before the node itself, and a
sweep costs time in what it reaches, not in the size of the graph.

Griewank and Walther, "Evaluating Derivatives", 2nd ed., chapters 3 and 7.
"""

from collections import Counter
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

from gradcalc.errors import ExpressionError, LimitError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Live, Node, Ref
from gradcalc.graph.ops import Op


def gradient(graph: Graph, output: int, inputs: Sequence[int]) -> list[int]:
    """Emit the derivatives of `output` for each of `inputs`.

    Returns:
        One node index per input; the constant 0 where the output does not depend on it.
    """
    adjoints = sweep(graph, output, graph.live(inputs))
    zero = graph.constant(0)
    return [adjoints.get(index, zero) for index in inputs]


def adjoints(graph: Graph, output: int, inputs: Sequence[int]) -> dict[int, int]:
    """Emit the derivatives of `output` for `inputs` and for every node between; all that the sweep meets."""
    found: dict[int, int] = {}
    sweep(graph, output, graph.live(inputs), met=found)
    return found


def sweep(graph: Graph, output: int, live: Live, first: int = 0, met: dict[int, int] | None = None) -> dict[int, int]:
    """Emit the derivatives of `output` for `live.inputs`; only those that are not structurally zero are returned.

    Inputs whose index is below `first` are left out. The derivative for each node on the way is entered into `met`.
    """
    flags, span = live.flags(), graph.span
    found: dict[int, int] = {}
    met = {} if met is None else met
    if not flags[output]:
        return found
    parts: dict[int, list[int]] = {output: [graph.constant(1)]}
    heap = [-output]
    while heap:
        index = -heappop(heap)
        node = graph.nodes[index]
        graph.span = graph.spans[index]
        adjoint = met[index] = _total(graph, parts.pop(index))
        if index in live.inputs:
            found[index] = adjoint
        if node.operands:
            for operand, part in _contributions(graph, index, node, adjoint, flags, first):
                if operand in parts:
                    parts[operand].append(part)
                else:
                    parts[operand] = [part]
                    heappush(heap, -operand)
    graph.span = span
    return found


def partials(graph: Graph, index: int) -> list[int | None]:
    """Emit the local derivatives of a node for each operand; None where there is none to be had.

    A condition has none but zeros, and so has what only chooses.
    """
    op, indices, _ = graph.nodes[index]
    one = Ref(graph, graph.constant(1))
    if op.is_condition:
        return [graph.constant(0)] * len(indices)
    operands = [Ref(graph, i) for i in indices]
    parts: Sequence[Any]
    if op.variadic:
        parts = op.rules[0](one, Ref(graph, index), [True] * len(indices), *operands)  # type: ignore[misc]
    else:
        choice = 0 if op is ops.where else None
        parts = [choice if rule is None else rule(one, Ref(graph, index), *operands) for rule in op.rules]
    return [part.index if type(part) is Ref else None if part is None else graph.constant(part) for part in parts]


def hessian(
    graph: Graph, gradients: Sequence[int], inputs: Sequence[int], *, mirror: bool = True
) -> dict[tuple[int, int], int]:
    """Emit the second derivatives from the first ones: one triangle is derived and mirrored.

    Args:
        gradients: the nodes of the first derivatives, one for each of `inputs`.
        mirror: False derives both triangles, which in exact arithmetic are equal.

    Returns:
        Node index by (row, column), for the entries that are not structurally zero.
    """
    position = {index: i for i, index in enumerate(inputs)}
    live = graph.live(inputs)
    entries: dict[tuple[int, int], int] = {}
    for row, (output, input_) in enumerate(zip(gradients, inputs, strict=True)):
        for index, entry in sweep(graph, output, live, first=input_ if mirror else 0).items():
            column = position[index]
            entries[row, column] = entry
            if mirror:
                entries[column, row] = entry
        if len(entries) > graph.max_nodes:
            message = f"the Hessian has more than {graph.max_nodes:,} entries that are not zero"
            raise LimitError(message, hint="--max-nodes raises the limit")
    return entries


def _total(graph: Graph, parts: list[int]) -> int:
    """The sum of the contributions to one node."""
    if len(parts) == 1:
        return parts[0]
    counts = Counter(parts)
    if max(counts.values()) >= _MANY:
        parts = [part for same, count in counts.items() for part in _multiple(graph, same, count)]
        if len(parts) == 1:
            return parts[0]
    total: Ref = ops.add(*[Ref(graph, part) for part in parts])
    return total.index


def _multiple(graph: Graph, part: int, count: int) -> list[int]:
    """The same contribution many times, as one: a multiple of what is used, under its condition."""
    op, operands, _ = graph.nodes[part]
    if count < _MANY:
        return [part] * count
    if op is ops.where and graph.number(operands[2]) == 0:
        condition, chosen, zero = (Ref(graph, i) for i in operands)
        return [ops.where(condition, count * chosen, zero).index]
    return [part] * count if op in _MASKING else [(count * Ref(graph, part)).index]


_MANY = 4
"""From how many times on a contribution is multiplied, not added."""


def _contributions(
    graph: Graph, index: int, node: Node, adjoint: int, flags: bytearray, first: int
) -> list[tuple[int, int]]:
    """What a node hands to its live operands: pairs of operand and contribution."""
    op, indices, _ = node
    wanted = [flags[i] for i in indices]
    if first:
        wanted = [w and (i >= first or not graph.is_leaf(i)) for i, w in zip(indices, wanted, strict=True)]
    g, y = Ref(graph, adjoint), Ref(graph, index)
    parts: Sequence[Any]
    if op.variadic:
        refs = {i: Ref(graph, i) for i in indices}  # one for each, as rules ask an operand that comes often once
        parts = op.rules[0](g, y, wanted, *[refs[i] for i in indices])  # type: ignore[misc]
    elif len(indices) == 1:
        parts = (op.rules[0](g, y, Ref(graph, indices[0])),)  # type: ignore[misc]
    else:
        operands = [Ref(graph, i) for i in indices]
        parts = [(rule or refuse(op))(g, y, *operands) if w else 0 for rule, w in zip(op.rules, wanted, strict=True)]
    condition = _condition(graph, adjoint) if graph.nodes[adjoint].op in _MASKING else None
    result = []
    for i, part, w in zip(indices, parts, wanted, strict=True):
        if w and type(part) is Ref and graph.number(part.index) != 0:
            if condition is not None and _condition(graph, part.index) is None:
                part = ops.where(condition, part, 0)
            result.append((i, part.index))
    return result


def refuse(op: Op) -> Any:
    """An op is asked for the derivative of an operand that must be constant."""
    name = op.operands[op.rules.index(None)]
    raise ExpressionError(
        f"{op.syntax} has no derivative for {name}: {name} must be constant",
        hint=f"bind what {name} depends on with --let",
    )


def _condition(graph: Graph, index: int) -> Ref | None:
    """The condition under which an adjoint is used at all; None if always.

    It is read off the adjoint's own form: `where(c, part, 0)` is used where `c` holds, and a sum where any of its
    terms is. So the masks of `where`, `max`, `clip` and `relu` reach back through every op before them. The graph
    keeps what is found, so a chain of masks costs time in its length.
    """
    if graph.nodes[index].op not in _MASKING:
        return None
    known, stack = graph.conditions, [index]
    while stack:
        last = stack[-1]
        missing = [] if last in known else [i for i in _masked_parts(graph, last) if i not in known]
        stack.extend(missing)
        if not missing:
            stack.pop()
            if last not in known:
                known[last] = _own_condition(graph, last)
    found = known[index]
    return None if found is None else Ref(graph, found)


_MASKING = frozenset((ops.where, ops.add))


def _masked_parts(graph: Graph, index: int) -> Sequence[int]:
    """The operands that a node's condition is made from; none where it has no condition of its own form."""
    op, operands, _ = graph.nodes[index]
    if op is ops.where:
        return [i for i, other in (operands[1:], operands[:0:-1]) if graph.number(other) == 0][:1]
    if op is ops.add and all(graph.nodes[i].op in _MASKING for i in operands):
        return operands
    return ()


def _own_condition(graph: Graph, index: int) -> int | None:
    """The condition of a node whose parts' conditions are known."""
    parts = _masked_parts(graph, index)
    conditions = [None if c is None else Ref(graph, c) for c in map(graph.conditions.__getitem__, parts)]
    op, operands, _ = graph.nodes[index]
    if op is ops.where and parts:
        own = Ref(graph, operands[0])
        outer = own if parts[0] == operands[1] else ops.not_(own)
        return outer.index if conditions[0] is None else ops.and_(outer, conditions[0]).index
    union: Ref | None = conditions[0] if conditions else None
    for condition in conditions[1:]:
        union = None if union is None or condition is None else _either(union, condition)
    return None if union is None else union.index


def _either(p: Ref, q: Ref) -> Ref | None:
    """`p or q`, None when that always holds."""
    if ops.not_(p).index == q.index:
        return None
    union: Ref = ops.or_(p, q)
    return union
