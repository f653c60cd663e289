"""Where a formula has a value, and where a kink, as one node of its graph; derivatives with it.

Imports derive and graph.
"""

from collections.abc import Callable, Sequence

from gradcalc.errors import LimitError
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op

Condition = Ref | None
"""A condition; None if it always holds."""


def unconditional(graph: Graph, outputs: Sequence[int]) -> frozenset[int]:
    """The nodes that must have values where all the outputs have: those outside the branches of a `where`."""
    found, stack = set(outputs), list(outputs)
    while stack:
        op, operands, _ = graph.nodes[stack.pop()]
        for index in operands[:1] if op is ops.where else operands:
            if index not in found:
                found.add(index)
                stack.append(index)
    return frozenset(found)


def defined(graph: Graph, output: int) -> int:
    """A node that is 1 where the output has a value, 0 where an op that is used leaves its domain."""
    whole = definedness(graph, output)
    return graph.constant(1) if whole is None else int(ops.where(graph.ref(whole), ops.one, ops.zero).index)


def definedness(graph: Graph, output: int) -> int | None:
    """The condition that no op which is used leaves its domain; None if that always holds."""
    found: dict[int, Condition] = {}
    for index in graph.needed([output]):
        op, operands, _ = graph.nodes[index]
        inner = [found[i] for i in operands]
        if op is ops.where:
            found[index] = _joined(ops.and_, inner[0], _chosen(graph.ref(operands[0]), inner[1], inner[2]))
            continue
        always = op is ops.powi and (graph.number(operands[1]) or 0) > 0
        own = op.domain(*map(graph.ref, operands)) if op.domain and not always else None
        for condition in inner:
            own = _joined(ops.and_, own, condition)
        found[index] = own
    whole = found[output]
    return None if whole is None else whole.index


def derivative(graph: Graph, output: int, by: Sequence[int], limit: int = 50_000) -> int:
    """The derivative of a node for some inputs, one after the other, with a value only where the node itself has one.

    Raises:
        LimitError: it takes more nodes than `limit`: each order makes it some two to three times as large.
    """
    found = plain_derivative(graph, output, by, limit)
    return _masked(graph, output, [found])[0] if by else found


def plain_derivative(graph: Graph, output: int, by: Sequence[int], limit: int) -> int:
    """The same as the rules give it: it may have values where the node has none, as 1/x where log(x) has none."""
    found, first = output, len(graph)
    for variable in by:
        (found,) = derive.gradient(graph, found, [variable])
        if len(graph) - first > limit:
            message = f"a derivative of order {len(by)} takes more than {limit:,} nodes"
            raise LimitError(message, hint="gradcalc diff computes high orders at points, by power series")
    return found


def gradient(graph: Graph, output: int, by: Sequence[int]) -> list[int]:
    """The derivatives of a node for each of some inputs, with values only where the node itself has one."""
    return _masked(graph, output, derive.gradient(graph, output, by))


def hessian(graph: Graph, output: int, by: Sequence[int]) -> list[int]:
    """The second derivatives of a node row by row, with values only where the node itself has one."""
    entries, zero = derive.hessian(graph, derive.gradient(graph, output, by), by), graph.constant(0)
    places = [(i, j) for i in range(len(by)) for j in range(len(by))]
    return _masked(graph, output, [entries.get(place, zero) for place in places])


def laplacian(graph: Graph, output: int, by: Sequence[int]) -> int:
    """The sum of the second derivatives of a node, with a value only where the node itself has one."""
    first = derive.gradient(graph, output, by)
    second = [derive.gradient(graph, node, [variable])[0] for node, variable in zip(first, by, strict=True)]
    total = second[0] if len(second) == 1 else graph.emit(ops.add, tuple(second))
    return _masked(graph, output, [total])[0]


def _masked(graph: Graph, output: int, found: list[int]) -> list[int]:
    """Derivatives, undefined where the node that they are of is."""
    domain = definedness(graph, output)
    return found if domain is None else [graph.emit(ops.where, (domain, each, output)) for each in found]


def kinked(graph: Graph, output: int) -> int | None:
    """A node that is 1 where an op that the output uses is on its kink, its jump or a branch boundary, else 0.

    None where the formula has no such op on its inputs. On a boundary the formula itself may be smooth.
    """
    whole = _meets(graph, output, lambda op: op.kink is not None)
    return None if whole is None else int(ops.where(whole, ops.one, ops.zero).index)


def broken(graph: Graph, output: int) -> int:
    """A node that is 0 where the output has a value and no op that it uses is on its jump, else 1.

    Over a box, in balls, a 0 beside a finite value proves the output continuous on all of it: other ops are so wherever
    they have a value, and a branch is then decided for all of the box.
    """
    meets, domain = _meets(graph, output, lambda op: op.at_kink.startswith("jump")), definedness(graph, output)
    outside = None if domain is None else ops.not_(graph.ref(domain))
    whole = outside if meets is None else meets if outside is None else ops.or_(outside, meets)
    return graph.constant(0) if whole is None else int(ops.where(whole, ops.one, ops.zero).index)


def _meets(graph: Graph, output: int, counts: Callable[[Op], bool]) -> Condition:
    """The condition that an op that counts, and that the output uses, is on its kink."""
    found: dict[int, Condition] = {}
    moving: dict[int, bool] = {}
    for index in graph.needed([output]):
        op, operands, _ = graph.nodes[index]
        inner = [found[i] for i in operands]
        moving[index] = op is ops.input_ or any(moving[i] for i in operands)
        if op is ops.where:
            found[index] = _joined(ops.or_, inner[0], _chosen_one(graph.ref(operands[0]), inner[1], inner[2]))
            continue
        kinks = op.kink is not None and counts(op) and moving[index]
        own = op.kink(*map(graph.ref, (index, *operands) if op.variadic else operands)) if op.kink and kinks else None
        for condition in inner:
            own = _joined(ops.or_, own, condition)
        found[index] = own
    return found[output]


def _joined(op: Op, one: Condition, other: Condition) -> Condition:
    """Two conditions as one, by `and_` or `or_`; what is None does not count."""
    if one is None or other is None or one.index == other.index:
        return other if one is None else one
    result: Ref = op(one, other)
    return result


def _chosen_one(c: Ref, one: Condition, other: Condition) -> Condition:
    """Of two conditions that may never hold the one that is chosen."""
    return _joined(ops.or_, one and ops.and_(c, one), other and ops.and_(ops.not_(c), other))


def _chosen(c: Ref, one: Condition, other: Condition) -> Condition:
    """Of two conditions the one that is chosen."""
    if one is None and other is None:
        return None
    yes = c if one is None else ops.and_(c, one)
    no = ops.not_(c) if other is None else ops.and_(ops.not_(c), other)
    result: Ref = ops.or_(yes, no)
    return result
