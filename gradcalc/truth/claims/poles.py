"""Divisors that may be 0: how `verify` sees that slopes near a pole are not 0, and how low values beside one are.

    2x - 1/(x - 1)^2  =  (2x*(x - 1)^2 - 1) * (x - 1)^-2

A node is written as a product: another node, its top, and whole powers of divisors. Sums are brought to one such
product. Wherever a node has a value no divisor is 0: it is not 0 where its top is not.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial, reduce
from typing import Any

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.claims.boxes import Box
from gradcalc.truth.claims.derivatives import System, meant
from gradcalc.truth.claims.functions import DEFINED
from gradcalc.truth.claims.intervals import Arithmetic, Interval, Weak, least_size

Product = tuple[Ref, Mapping[int, int]]
"""A node, and of each divisor its power."""


class Edge(Arithmetic):
    """Intervals in which a root is taken of what is not below 0, as elsewhere there is no value."""

    def root(self, a: Interval) -> Interval:
        """The square root."""
        return super().root((max(a[0], 0) if a[1] >= 0 else a[0], a[1]))


def has_no_zero(on: Arithmetic, system: System, box: Box) -> bool:
    """Whether an equation of a system does not hold in a box wherever it has a value, though divisors may be 0 there.

    All else must be smooth. What a root is taken of is not 0, or steep: then it is below 0 as near to its zeros as one
    likes.
    """
    edge = Edge(on.bits, on.written, is_open=False)
    rest, under, tops = _parts(system)
    try:
        system.at(edge, box, rest)
        if not all(any(least_size(part) > 0 for part in system.at(edge, box, (), each)) for each in under):
            return False
    except Weak:
        return False
    return any(_is_not_0(edge, system, box, top) for top in tops)


def _is_not_0(on: Arithmetic, system: System, box: Box, node: int) -> bool:
    try:
        return least_size(*system.at(on, box, [node])) > 0
    except Weak:
        return False


@lru_cache(512)
def _parts(system: System) -> tuple[Sequence[int], Sequence[Sequence[int]], Sequence[int]]:
    """The nodes of a system that must have values, what its roots are taken of with slopes, its equations' tops."""
    graph = system.graph
    needed = [node for node in graph.needed(system.nodes) if graph.nodes[node].operands]
    rest = [node if graph.nodes[node].op is not ops.log else graph.nodes[node].operands[0] for node in needed
            if graph.nodes[node].op not in _RULES]  # fmt: skip
    under = [graph.nodes[node].operands[0] for node in needed if graph.nodes[node].op is ops.sqrt]
    above = system.unknowns[:1] if system.is_above else ()
    tops = []
    for top, powers in _products(graph, system.components):
        left = {node: n for node, n in powers.items() if n > 0 and node not in above}
        tops.append(_raised(top, left).index)
    return rest, list(zip(under, *system.slopes(under), strict=True)), tops


def floor(on: Arithmetic, system: System, node: int, box: Box) -> int:
    """What a node is not below in a box wherever it has a value: near poles of even powers, above 0."""
    ((top, powers),) = _products(system.graph, meant(system.graph, (node,)))
    edge = Edge(on.bits, on.written, is_open=False)
    part: Interval
    part, *sides = system.at(edge, box, [top.index, *powers])
    factors = list(zip(sides, powers.values(), strict=True))
    poles = [(side, n) for side, n in factors if n < 0 and least_size(side) == 0]
    part = reduce(on.times, (on.power(side, n) for side, n in factors if (side, n) not in poles), part)
    if any(n % 2 or side == (0, 0) for side, n in poles) or poles and part[0] < 0:
        raise Weak("a pole at which a number may be below all others")
    part = reduce(on.times, (on.power((max(map(abs, side)),) * 2, n) for side, n in poles), part)
    return part[0]


# -- products ----------------------------------------------------------------------------------------------------------


def _products(graph: Graph, outputs: Sequence[int]) -> list[Product]:
    """Nodes as products; what is not made by arithmetic is its own top."""
    found: dict[int, Product] = {}
    for node in graph.needed(outputs):
        op, operands, _ = graph.nodes[node]
        rule = _RULES.get(op)
        found[node] = rule(*(found[i] for i in operands)) if rule else (graph.ref(node), {})
    return [found[node] for node in outputs]


def _raised(top: Ref, powers: Mapping[int, int]) -> Ref:
    """A node times powers of others."""
    return reduce(Ref.__mul__, (top.graph.ref(node) ** n for node, n in powers.items() if n), top)


def _together(join: Callable[..., Any], *parts: Product) -> Product:
    """A sum, or a choice, of products: over the least power of each divisor."""
    least = {k: min(powers.get(k, 0) for _, powers in parts) for _, powers in parts for k in powers}
    tops = (_raised(top, {k: powers.get(k, 0) - n for k, n in least.items()}) for top, powers in parts)
    return join(*tops), {k: n for k, n in least.items() if n}


def _times(*parts: Product) -> Product:
    """The product."""
    powers = {k: sum(powers.get(k, 0) for _, powers in parts) for _, powers in parts for k in powers}
    return reduce(Ref.__mul__, (top for top, _ in parts)), {k: n for k, n in powers.items() if n}


def _power(part: Product, n: int) -> Product:
    """A whole power; of what is divided by nothing, one of a divisor of its own."""
    (top, powers), one = part, part[0].graph.ref(part[0].graph.constant(1))
    if powers and n > 0:
        return top**n, {k: power * n for k, power in powers.items()}
    return _times((one, {top.index: n}), (one, {k: power * n for k, power in powers.items()}))


def _of_number(part: Product, exponent: Product) -> Product:
    n = exponent[0].graph.number(exponent[0].index)
    return _power(part, n) if n is not None else (part[0] ** exponent[0], {})


_RULES: dict[Any, Callable[..., Product]] = {
    ops.add: lambda *xs: _together(lambda *tops: reduce(Ref.__add__, tops), *xs),
    ops.sub: lambda x, y: _together(Ref.__sub__, x, y), ops.neg: lambda x: (-x[0], x[1]), ops.mul: _times,
    ops.div: lambda x, y: _times(x, _power(y, -1)), ops.powi: _of_number, DEFINED: lambda x, *xs: x,
    ops.where: lambda c, x, y: _together(partial(ops.where, c[0]), x, y),
}  # fmt: skip
"""Of arithmetic the product by those of its operands."""
