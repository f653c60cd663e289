"""The computation graph: nodes in topological order, equal nodes stored once. Imports errors, settings and ops.

A node's operands stand at lower indices, so whatever reads a graph is one loop, and nothing sorts or recurses. A graph
only grows: the derivative of a graph is the same graph with more nodes (see `derive`), so an index stays valid.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from gradcalc.errors import LimitError, Span
from gradcalc.graph import ops
from gradcalc.graph.ops import Constant, Op, Operand
from gradcalc.settings import MAX_NODES

T = TypeVar("T")


class Node(NamedTuple):
    """An op and the indices of its operands; a leaf keeps the exact text of a constant or the name of an input."""

    op: Op
    operands: tuple[int, ...]
    parameter: str | None = None


_node: Callable[[tuple[Op, tuple[int, ...], str | None]], Node] = partial(tuple.__new__, Node)
"""A node of its three parts, made without a look at each: a long formula has a million."""


class Graph:
    """One or more formulas over named inputs.

    Attributes:
        nodes: all nodes, operands before users.
        spans: for each node the place in the user's text it came from; a derivative's node keeps that of the node
            whose rule made it.
        inputs: index of each input by name, in order of appearance.
        span: the span given to nodes emitted from now on.
        max_nodes: emitting more raises `LimitError`.
        conditions: for each node that `derive` asked of, the condition under which it is not zero; None if always.
    """

    def __init__(self, max_nodes: int = MAX_NODES) -> None:
        self.nodes: list[Node] = []
        self.spans: list[Span | None] = []
        self.inputs: dict[str, int] = {}
        self.span: Span | None = None
        self.max_nodes = max_nodes
        self.conditions: dict[int, int | None] = {}
        self._index: dict[tuple[Op, tuple[int, ...], str | None], int] = {}
        self._live: dict[frozenset[int], Live] = {}
        self._numbers: dict[int, int] = {}
        self._constants: dict[int | Constant, int] = {}
        self._needed: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._census: dict[tuple[int, ...], Counter[tuple[Op, int]]] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    def emit(self, op: Op, operands: tuple[int, ...], parameter: str | None = None) -> int:
        """The index of the node, stored now or before."""
        node, last = _node((op, operands, parameter)), len(self.nodes)
        index = self._index.setdefault(node, last)
        if index != last:
            return index
        if index >= self.max_nodes:
            del self._index[node]
            message = f"the formula needs more than {self.max_nodes:,} nodes"
            raise LimitError(message, hint="--max-nodes raises the limit")
        self.nodes.append(node)
        self.spans.append(self.span)
        if op is ops.const and (number := integer(parameter)) is not None:
            self._numbers[index] = number
        return index

    def constant(self, value: int | float | str | Constant) -> int:
        """The index of an exact constant: an int, a float, text (`0.1`, `0x1.8p+1`, `pi`), or a rule's `Constant`."""
        if type(value) is int:
            index = self._constants.get(value)
            if index is None:
                index = self._constants[value] = self.emit(ops.const, (), str(value))
            return index
        if isinstance(value, Constant):
            if value.op is None:
                index = self._constants.get(value)
                if index is None:
                    index = self._constants[value] = self.emit(ops.const, (), value.text)
                return index
            return Ref(self, 0).apply(value.op, value.operands).index
        text = str(value)
        if isinstance(value, float):
            text = value.hex() if math.isfinite(value) else text.replace("inf", "oo")
        return self.emit(ops.const, (), text)

    def input(self, name: str) -> int:
        """The index of the input of that name, made now or before."""
        index = self.emit(ops.input_, (), name)
        self.inputs.setdefault(name, index)
        return index

    def has_number(self, indices: Sequence[int]) -> bool:
        """Whether any of the nodes is a short integer constant."""
        return not self._numbers.keys().isdisjoint(indices)

    def is_leaf(self, index: int) -> bool:
        """Whether the node is an input or a constant."""
        return not self.nodes[index].operands

    def ref(self, index: int) -> "Ref":
        """The node as an operand that rules can compute with."""
        return Ref(self, index)

    def live(self, inputs: Iterable[int]) -> "Live":
        """Which nodes depend on `inputs`, kept as the graph grows."""
        key = frozenset(inputs)
        return self._live.setdefault(key, Live(self, key))

    def needed(self, outputs: Iterable[int]) -> Sequence[int]:
        """The indices of all nodes that `outputs` depend on, themselves included, in increasing order.

        A graph only grows, so what was found stays true: the last answers are kept, as a point is evaluated many times.
        """
        key = tuple(outputs)
        if (known := self._needed.get(key)) is not None:
            return known
        found, stack, nodes = set(key), list(key), self.nodes
        while stack:
            for index in nodes[stack.pop()].operands:
                if index not in found:
                    found.add(index)
                    stack.append(index)
        return _keep(self._needed, key, tuple(sorted(found)))

    def census(self, outputs: Iterable[int]) -> "Counter[tuple[Op, int]]":
        """How many nodes of each op and number of operands `outputs` depend on, leaves left out."""
        key = tuple(outputs)
        if (known := self._census.get(key)) is not None:
            return known
        nodes = [self.nodes[index] for index in self.needed(key)]
        counts = Counter(zip(map(itemgetter(0), nodes), map(len, map(itemgetter(1), nodes)), strict=True))
        return _keep(self._census, key, Counter({kind: count for kind, count in counts.items() if kind[1]}))

    def is_constant(self, index: int) -> bool:
        """Whether the node is a constant leaf."""
        return self.nodes[index].op is ops.const

    def number(self, index: int) -> int | None:
        """The value of a node that is a short integer constant, else None."""
        return self._numbers.get(index)


def copied(source: Graph, outputs: Sequence[int], graph: Graph, place: dict[int, int]) -> list[int]:
    """Nodes copied into another graph, with their places; those that `place` knows are there already."""
    for index in source.needed(outputs):
        if index not in place:
            op, operands, parameter = source.nodes[index]
            graph.span = source.spans[index]
            known = [place[i] for i in operands]
            place[index] = graph.input(parameter or "") if op is ops.input_ else graph.emit(op, tuple(known), parameter)
    return [place[index] for index in outputs]


_KEPT = 4
"""For how many sets of outputs a graph keeps what it has found of them."""


def _keep(known: dict[tuple[int, ...], T], key: tuple[int, ...], result: T) -> T:
    """The result, kept with the last ones."""
    if len(known) >= _KEPT:
        known.pop(next(iter(known)), None)
    known[key] = result
    return result


@cache
def rule_graph(rule: Callable[..., Any], count: int) -> tuple[Graph, int]:
    """A domain, kink or definition of the table: a graph that begins with its `count` operands, and its output."""
    graph = Graph()
    operands = [graph.ref(graph.input(f"operand {i}")) for i in range(count)]
    result = rule(*operands)
    return graph, result.index if isinstance(result, Ref) else graph.constant(result)  # of order 0 it may be 1


class Live:
    """For each node of a graph, whether a derivative for one of `inputs` can pass through it."""

    def __init__(self, graph: Graph, inputs: frozenset[int]) -> None:
        self.inputs = inputs
        self._graph = graph
        self._flags = bytearray()

    def flags(self) -> bytearray:
        """One byte per node of the graph as it now is, 0 or 1."""
        flags = self._flags
        for index in range(len(flags), len(self._graph)):
            op, operands, _ = self._graph.nodes[index]
            if not operands:
                flags.append(index in self.inputs)
            else:
                flags.append(not op.is_condition and any(map(flags.__getitem__, operands)))
        return flags


def integer(text: str | None) -> int | None:
    """The integer a constant's text stands for, if it is a short one."""
    if text is None or len(text) > 15 or not text.lstrip("-").isdecimal():
        return None
    return int(text)


class Ref(Operand):
    """A node of a graph as an operand: what rules compute with. Applying an op emits its node, simplified if exact."""

    __slots__ = ("graph", "index")

    def __init__(self, graph: Graph, index: int) -> None:
        self.graph = graph
        self.index = index

    def __repr__(self) -> str:
        return f"Ref({self.index}: {self.graph.nodes[self.index]})"

    def apply(self, op: Op, operands: Sequence[Any]) -> "Ref":
        """Emit `op` on `operands` (Refs, ints and Constants)."""
        graph = self.graph
        indices: tuple[int, ...]
        if len(operands) == 2 and type(operands[0]) is type(operands[1]) is Ref:
            indices = (operands[0].index, operands[1].index)
        else:
            indices = tuple([x.index if type(x) is Ref else graph.constant(x) for x in operands])
        simplify = _SIMPLIFY.get(op)
        if simplify is not None and (op not in _FOLD or graph.has_number(indices)):
            index = simplify(graph, indices)
            if index is not None:
                return Ref(graph, index)
        return Ref(graph, graph.emit(op, indices))


# -- what is exact, and true whatever the operands are: only the nodes that rules emit pass here, never the user's ----

_Simplify = Callable[[Graph, tuple[int, ...]], int | None]
_SMALL = 2**53


def _fold(graph: Graph, value: int) -> int | None:
    return graph.constant(value) if -_SMALL <= value <= _SMALL else None


def _add(graph: Graph, operands: tuple[int, ...]) -> int | None:
    total, rest = 0, []
    for index in operands:
        number = graph.number(index)
        if number is None:
            rest.append(index)
        else:
            total += number
    if not rest:
        return _fold(graph, total)
    if total:
        rest.append(graph.constant(total))
    return rest[0] if len(rest) == 1 else graph.emit(ops.add, tuple(rest))


def _sub(graph: Graph, operands: tuple[int, ...]) -> int | None:
    left, right = (graph.number(i) for i in operands)
    if right == 0:
        return operands[0]
    if left is not None and right is not None:
        return _fold(graph, left - right)
    return _neg(graph, operands[1:]) if left == 0 else None


def _mul(graph: Graph, operands: tuple[int, ...]) -> int | None:
    product, rest = 1, []
    for index in operands:
        number = graph.number(index)
        if number == 0:
            return index
        if number is None or abs(product * number) > _SMALL:
            rest.append(index)
        else:
            product *= number
    if not rest:
        return graph.constant(product)
    if product == -1:
        return _neg(graph, (rest[0] if len(rest) == 1 else graph.emit(ops.mul, tuple(rest)),))
    if product != 1:
        rest.insert(0, graph.constant(product))
    return rest[0] if len(rest) == 1 else graph.emit(ops.mul, tuple(rest))


def _div(graph: Graph, operands: tuple[int, ...]) -> int | None:
    left, right = (graph.number(i) for i in operands)
    if left == 0 or right == 1:
        return operands[0]
    return _fold(graph, left // right) if left is not None and right and left % right == 0 else None


def _neg(graph: Graph, operands: tuple[int, ...]) -> int:
    node, number = graph.nodes[operands[0]], graph.number(operands[0])
    if number is not None:
        return graph.constant(-number)
    return node.operands[0] if node.op is ops.neg else graph.emit(ops.neg, operands)


def _powi(graph: Graph, operands: tuple[int, ...]) -> int | None:
    base, exponent = operands[0], graph.number(operands[1])
    if exponent is None:  # n - 1 of an exponent too large for exact folding: an ordinary power
        return graph.emit(ops.pow, operands)
    return graph.constant(1) if exponent == 0 else base if exponent == 1 else None


def _pow(graph: Graph, operands: tuple[int, ...]) -> int | None:
    if graph.number(operands[1]) is None:
        return None
    index = _powi(graph, operands)
    return graph.emit(ops.powi, operands) if index is None else index


def _where(graph: Graph, operands: tuple[int, ...]) -> int | None:
    return operands[1] if operands[1] == operands[2] else None


def _not(graph: Graph, operands: tuple[int, ...]) -> int | None:
    node = graph.nodes[operands[0]]
    return node.operands[0] if node.op is ops.not_ else None


def _same(graph: Graph, operands: tuple[int, ...]) -> int | None:
    return operands[0] if operands[0] == operands[1] else None


def _polynomial(graph: Graph, operands: tuple[int, ...]) -> int | None:
    """1 of degree 0, and 0 below it: where derivatives of polynomials end."""
    degree = graph.number(operands[0])
    return None if degree is None or degree > 0 else graph.constant(int(degree == 0))


_FOLD: dict[Op, _Simplify] = {
    ops.add: _add, ops.sub: _sub, ops.mul: _mul, ops.div: _div, ops.powi: _powi, ops.pow: _pow,
    **dict.fromkeys((ops.gegenbauer, ops.hermite, ops.hermite_prob, ops.assoc_laguerre, ops.chebyshevu), _polynomial),
}  # fmt: skip
"""Where one of the operands is a number."""
_SIMPLIFY = _FOLD | {ops.neg: _neg, ops.where: _where, ops.not_: _not, ops.and_: _same, ops.or_: _same}
