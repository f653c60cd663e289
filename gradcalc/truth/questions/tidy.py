"""A sum or a product as a book writes it: `2*x*(x*3)` as `6*x**2`, `a + (b + -c)` as `a + b - c`.

Only what is true wherever the parts have values: sums and products flat, integers multiplied, integer powers of one
base joined, a minus before all. Nothing is cancelled, and no argument of a function is touched. Imports graph.
"""

from collections.abc import Collection, Iterator, Sequence
from math import gcd
from typing import NamedTuple

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref


class _Product(NamedTuple):
    """The quotient of two integers, the first perhaps negative, times factors over others."""

    above: int
    below: int
    over: Sequence[int]
    under: Sequence[int]


def tidied(graph: Graph, index: int, last: Collection[int] = ()) -> Ref:
    """A node that equals this one, as a book writes it.

    Args:
        last: nodes that stand behind the other factors: the derivative of what is within.
    """
    terms = list(_terms(graph, index))
    if len(terms) == 1:
        return _whole(graph, _product(graph, *terms[0]), last)
    products = [_product(graph, *term) for term in terms]
    if len(products) == 2 and products[1].above < 0:
        difference: Ref = _whole(graph, products[0], last) - _size(graph, products[1], last)
        return difference
    first, *others = products
    total: Ref = ops.add(
        _whole(graph, first, last),
        *(-size if each.above < 0 else size for each in others for size in [_size(graph, each, last)]),
    )
    return total


def _terms(graph: Graph, index: int) -> Iterator[tuple[int, bool]]:
    """The terms of a sum, and whether each is subtracted."""
    stack = [(index, False)]
    while stack:
        each, minus = stack.pop()
        op, operands, _ = graph.nodes[each]
        if op is ops.add:
            stack += ((i, minus) for i in reversed(operands))
        elif op is ops.sub:
            stack += [(operands[1], not minus), (operands[0], minus)]
        elif op is ops.neg:
            stack.append((operands[0], not minus))
        else:
            yield each, minus


def _product(graph: Graph, index: int, minus: bool) -> _Product:
    """The factors of a product; a fraction below a line stays one."""
    above, below = (-1 if minus else 1), 1
    over, under = list[int](), list[int]()
    stack = [(index, False)]
    while stack:
        each, is_under = stack.pop()
        op, operands, _ = graph.nodes[each]
        number = graph.number(each)
        if op is ops.mul:
            stack += ((i, is_under) for i in reversed(operands))
        elif op is ops.neg:
            above = -above
            stack.append((operands[0], is_under))
        elif op is ops.div and not is_under:
            stack += [(operands[1], True), (operands[0], False)]
        elif not number:
            (under if is_under else over).append(each)
        elif is_under:
            below *= number
        else:
            above *= number
    common = gcd(above, below) * (1 if below > 0 else -1)
    return _Product(above // common, below // common, over, under)


def _whole(graph: Graph, product: _Product, last: Collection[int]) -> Ref:
    """A product with its sign, which stands before a number or the first factor rather than before all."""
    if product.above > 0:
        return _size(graph, product, last)
    if product.above < -1 or not product.over:
        return _quotient(graph, product, last, product.above)
    return _quotient(graph, product, last, -1)


def _size(graph: Graph, product: _Product, last: Collection[int]) -> Ref:
    """A product without its sign."""
    return _quotient(graph, product, last, abs(product.above))


def _quotient(graph: Graph, product: _Product, last: Collection[int], number: int) -> Ref:
    found = _multiplied(graph, number, _joined(graph, product.over, last))
    if product.under or product.below != 1:
        found = found / _multiplied(graph, product.below, _joined(graph, product.under, last))
    return found


def _multiplied(graph: Graph, number: int, factors: Sequence[Ref]) -> Ref:
    """A number times factors."""
    if not factors:
        return Ref(graph, graph.constant(number))
    first, *others = factors
    if number == -1:
        if graph.nodes[first.index].op in (ops.add, ops.sub):
            negative: Ref = -_multiplied(graph, 1, factors)
            return negative
        first = -first
    elif number != 1:
        first, others = Ref(graph, graph.constant(number)), list(factors)
    found: Ref = ops.mul(first, *others) if others else first
    return found


def _joined(graph: Graph, factors: Sequence[int], last: Collection[int]) -> list[Ref]:
    """Factors, those of one base as one power; powers of variables and numbers first."""
    counts: dict[tuple[int, bool], int] = {}
    for factor in factors:
        base, count = _power(graph, factor)
        counts[base, count > 0] = counts.get((base, count > 0), 0) + count
    found = [Ref(graph, base) if count == 1 else Ref(graph, base) ** count for (base, _), count in counts.items()]
    return sorted(found, key=lambda each: _place(graph, each.index, last))


def _power(graph: Graph, index: int) -> tuple[int, int]:
    """The base and the exponent of an integer power; of other nodes themselves and 1."""
    count = 1
    while graph.nodes[index].op is ops.powi:
        base, exponent = graph.nodes[index].operands
        times = graph.number(exponent) or 0
        if not times or count < 0 and times < 0:  # 1/(1/x) has no value at 0
            break
        index, count = base, count * times
    return index, count


def _place(graph: Graph, index: int, last: Collection[int]) -> int:
    """Where a factor stands: numbers, powers of variables, functions, what comes last."""
    if index in last:
        return 3
    op, operands, parameter = graph.nodes[index]
    if op in (ops.powi, ops.pow) and graph.is_constant(operands[1]):
        return max(1, _place(graph, operands[0], last))
    if op is ops.const:
        return 0
    return 2 if operands or (parameter or "").startswith(PENDING) else 1


PENDING = "\0"
"""How the name of an input begins that stands for a derivative: no variable is called so."""
