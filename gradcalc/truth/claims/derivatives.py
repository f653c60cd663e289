"""The values and slopes of formulas: what is done at each node, and what it is derived to. For `verify`.

A slope is one more node of the graph that the parser has read, made by the rules below, not by gradcalc's own; derived
once more it is a second derivative. The rules of elementary functions stand here, those of other ops in `functions`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache, partial, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.claims import functions
from gradcalc.truth.claims.boxes import Box, Matrix, number
from gradcalc.truth.claims.intervals import Arithmetic, Nowhere, Weak

Number = Callable[[Any], Any]
"""A number that is known exactly: what it is in an arithmetic."""

_POWER = 1000
"""The largest whole power that is one of products."""


def _power(on: Any, x: Any, y: Any) -> Any:
    """Of what is below 0 there is none, where no exponent is whole."""
    try:
        return on.exp(on.times(y, on.log(x)))
    except Nowhere as weak:
        raise (weak if on.below(x, on.whole(0)) and on.is_broken(y) else Weak(str(weak))) from None


def _too_large(on: Any, x: Any, y: Any) -> Any:
    raise Weak("a power is too large")


VALUES: dict[Any, Callable[..., Any]] = {
    ops.add: lambda on, *xs: reduce(on.add, xs), ops.mul: lambda on, *xs: reduce(on.times, xs),
    ops.sub: lambda on, x, y: on.add(x, on.scaled(y, -1)), ops.neg: lambda on, x: on.scaled(x, -1),
    ops.div: lambda on, x, y: on.times(x, on.power(y, -1)), ops.pow: _power, ops.powi: _too_large,
    ops.exp: lambda on, x: on.exp(x), ops.log: lambda on, x: on.log(x), ops.sqrt: lambda on, x: on.root(x),
    ops.sin: lambda on, x: on.sin_cos(x)[0], ops.cos: lambda on, x: on.sin_cos(x)[1],
    ops.atan: lambda on, x: on.atan(x), **functions.VALUES,
}  # fmt: skip
"""In an arithmetic, the value of an op at values of its operands."""


def _product(y: Ref, xs: Sequence[Ref], ds: Sequence[Ref]) -> Any:
    (x, dx), *others = zip(xs, ds, strict=True)
    for z, dz in others:
        x, dx = x * z, _times(dx, z) + _times(dz, x)
    return dx


def _times(x: Ref, y: Ref) -> Any:
    """The product; x*y*y as x*y^2, which is not below 0 where x is not."""
    op, operands, _ = x.graph.nodes[x.index]
    return x.graph.ref(operands[0]) * y**2 if op is ops.mul and operands[1:] == (y.index,) else x * y


def _raised(x: Ref, n: int) -> Ref:
    """A power, of 1 too: beside a pole of x it is one of the pole."""
    return x.graph.ref(x.graph.emit(ops.powi, (x.index, x.graph.constant(n))))


SLOPES: dict[Any, Callable[..., Any]] = {
    ops.add: lambda y, xs, ds: reduce(Ref.__add__, ds), ops.mul: _product,
    ops.sub: lambda y, xs, ds: ds[0] - ds[1], ops.neg: lambda y, xs, ds: -ds[0],
    ops.div: lambda y, xs, ds: ds[0] * xs[1] ** -1 - xs[0] * xs[1] ** -2 * ds[1],
    ops.powi: lambda y, xs, ds: (n := y.graph.number(xs[1].index)) * _raised(xs[0], n - 1) * ds[0],
    ops.pow: lambda y, xs, ds: y * (xs[1] * xs[0] ** -1 * ds[0] + ops.log(xs[0]) * ds[1]),
    ops.exp: lambda y, xs, ds: y * ds[0], ops.log: lambda y, xs, ds: xs[0] ** -1 * ds[0],
    ops.sqrt: lambda y, xs, ds: (2 * y) ** -1 * ds[0],
    ops.sin: lambda y, xs, ds: ops.cos(xs[0]) * ds[0], ops.cos: lambda y, xs, ds: -ops.sin(xs[0]) * ds[0],
    ops.atan: lambda y, xs, ds: (1 + xs[0] ** 2) ** -1 * ds[0], **functions.SLOPES,
}  # fmt: skip
"""The slope of an op y by y, its operands, and their slopes; of ops that are not here, as conditions, it is 0."""


@lru_cache(4096)
def meant(graph: Graph, nodes: tuple[int, ...]) -> tuple[int, ...]:
    """Nodes by the ops that stand here."""
    return tuple(ref.index for ref in functions.rewritten(graph, nodes, functions.meaning))


def slopes(graph: Graph, outputs: Sequence[int], unknown: int) -> list[int]:
    """The slopes of nodes by an input, as nodes."""
    known: dict[int, Ref] = {}
    for node in graph.needed(outputs):
        op, operands, _ = graph.nodes[node]
        ds = [known[i] for i in operands]
        is_0 = op not in SLOPES or all(graph.number(d.index) == 0 for d in ds)
        made = int(node == unknown) if is_0 else SLOPES[op](graph.ref(node), [graph.ref(i) for i in operands], ds)
        known[node] = made if isinstance(made, Ref) else graph.ref(graph.constant(made))
    return [known[node].index for node in outputs]


def from_flint(graph: Graph, nodes: Sequence[int]) -> set[str]:
    """The functions of python-flint that nodes have."""
    needed = (graph.nodes[node] for node in graph.needed(meant(graph, tuple(nodes))))
    return {(node.parameter or "").partition(" ")[0] for node in needed if node.op is functions.FUNCTION}


@lru_cache(4096)
def _program(graph: Graph, outputs: tuple[int, ...]) -> Sequence[tuple[int, Callable[..., Any], tuple[int, ...]]]:
    """The nodes that outputs need, with what is done at each, and to which."""
    return [(node, *_step(graph, node)) for node in graph.needed(outputs) if graph.nodes[node].op is not ops.input_]


def _step(graph: Graph, node: int) -> tuple[Callable[..., Any], tuple[int, ...]]:
    op, operands, parameter = graph.nodes[node]
    if op is ops.const:
        return partial(constant, parameter or ""), ()
    if op is functions.FUNCTION:
        return functions.function(parameter or ""), operands
    n = graph.number(operands[1]) if op in (ops.powi, ops.pow) else None
    n = 2 if op is ops.mul and operands == (operands[0],) * 2 else n
    if n is not None and abs(n) <= _POWER:
        return lambda on, x: on.power(x, n), operands[:1]
    return VALUES[op], operands


def evaluated(
    graph: Graph, outputs: Sequence[int], given: Mapping[int, Any], on: Any, slopes: Sequence[int] = ()
) -> list[Any]:
    """The values of nodes, then of slopes; what has none is passed over where it is not chosen.

    Raises:
        Weak: one of them has none. Where that is a slope, the function may have a value all the same.
    """
    found, is_weak = dict(given), False
    for node, value, operands in _program(graph, (*outputs, *slopes)):
        xs = [found[i] for i in operands]
        weak = [x for x in xs if isinstance(x, Weak)] if is_weak and value not in functions.LAZY else None
        try:
            found[node] = value(on, *xs) if not weak else next((x for x in weak if isinstance(x, Nowhere)), weak[0])
        except Weak as reason:
            found[node] = reason
        is_weak = is_weak or isinstance(found[node], Weak)
    for node in (*outputs, *slopes):
        if isinstance(found[node], Weak):
            raise found[node] if node in outputs else Weak(str(found[node]))
    return [found[node] for node in (*outputs, *slopes)]


@lru_cache(512)
def constant(text: str, on: Any) -> Any:
    """A constant: pi, e, or a number; a decimal is what is written, or its nearest double."""
    if text == "pi":
        return on.pi()
    if text in ("e", "E"):
        return on.exp(on.whole(1))
    try:
        if "x" in text:
            value = Fraction(float.fromhex(text))
        else:
            value = number(text) if on.written or text.lstrip("-").isdecimal() else Fraction(float(text))
    except (ValueError, OverflowError):
        raise Weak(f"the constant {text[:40]} cannot be verified") from None
    return on.of(value, value)


# -- equations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class System:
    """Equations in unknowns.

    Attributes:
        parts: what is 0: a node, or its slope by the k-th unknown.
        fixed: the numbers of inputs that are no unknowns.
        below: nodes that are not above 0 where a zero counts; if `is_above`, the first unknown is above 0 there.
    """

    graph: Graph
    unknowns: tuple[int, ...]
    parts: tuple[tuple[int, int | None], ...]
    fixed: Mapping[int, Number] = field(default_factory=dict)
    below: tuple[int, ...] = ()
    is_above: bool = False

    @cached_property
    def nodes(self) -> tuple[int, ...]:
        """The nodes that parts are of, by ops that are known here."""
        return meant(self.graph, tuple(node for node, _ in self.parts))

    @cached_property
    def components(self) -> tuple[int, ...]:
        """The nodes that are 0."""
        pairs = zip(self.nodes, self.parts, strict=True)
        return tuple(node if k is None else self.slopes([node])[k][0] for node, (_, k) in pairs)

    @cached_property
    def jacobian(self) -> tuple[int, ...]:
        """Their slopes, column by column."""
        return tuple(node for column in self.slopes(self.components) for node in column)

    def slopes(self, nodes: Sequence[int]) -> list[list[int]]:
        """The slopes of nodes by each unknown."""
        return [slopes(self.graph, nodes, unknown) for unknown in self.unknowns]

    def at(self, on: Any, box: Sequence[Any], nodes: Sequence[int], slopes: Sequence[int] = ()) -> list[Any]:
        """The values of nodes and slopes in a box."""
        given = dict(zip(self.unknowns, box, strict=True)) | {node: make(on) for node, make in self.fixed.items()}
        return evaluated(self.graph, nodes, given, on, slopes)

    def values(self, on: Any, box: Sequence[Any]) -> list[Any]:
        """The parts in a box."""
        return self.at(on, box, self.nodes, self.components)[len(self.nodes) :]

    def matrix(self, on: Arithmetic, box: Box) -> Matrix:
        """Their derivatives in a box, where all is smooth: row i those of the i-th part."""
        size = len(self.parts)
        found = self.at(on.strict, box, self.nodes, self.jacobian)[size:]
        return [found[i::size] for i in range(size)]

    def value(self, on: Any, box: Sequence[Any], node: int) -> Any:
        """A node in a box."""
        return self.at(on, box, meant(self.graph, (node,)))[0]

    @cached_property
    def edges(self) -> list[list[int]]:
        """What roots are taken of, with its slopes."""
        roots = [node for node in self.graph.needed(self.nodes) if self.graph.nodes[node].op is ops.sqrt]
        under = [self.graph.nodes[node].operands[0] for node in roots]
        return [list(each) for each in zip(under, *self.slopes(under), strict=True)]

    def fits(self, on: Arithmetic, box: Box) -> bool | None:
        """Whether `below` holds in a box, with < 0; None where that is open."""
        sides = self.at(on, box, meant(self.graph, self.below)) if self.below else []
        return False if any(low > 0 for low, _ in sides) else all(high < 0 for _, high in sides) or None
