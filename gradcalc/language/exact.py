"""Which nodes are small exact rational numbers: for exponents, indices and bounds. Imports ops and graph.

Numbers stay below a size, so that `9**9**9` is refused by its length and never computed.
"""

import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op

BITS = 200
"""The length of a numerator or denominator up to which a number is followed."""

_ARITHMETIC: dict[Op, Callable[[Fraction, Fraction], Fraction | None]] = {
    ops.add: operator.add, ops.sub: operator.sub, ops.mul: operator.mul,
    ops.div: lambda a, b: a / b if b else None,
    ops.powi: lambda a, b: a**b.numerator if _is_small_power(a, b) else None,
}  # fmt: skip


class Exact:
    """The rational values of a graph's nodes, each computed once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[int, Fraction | None] = {}

    def value(self, index: int) -> Fraction | None:
        """The value of a node that arithmetic on integers gives, else None."""
        known, nodes = self._known, self._graph.nodes
        stack = [index]
        while stack:
            current = stack.pop()
            op, operands, parameter = nodes[current]
            if current in known:
                continue
            if op is ops.const:
                known[current] = _literal(parameter or "")
            elif op not in _ARITHMETIC and op is not ops.neg:
                known[current] = None
            elif missing := [i for i in operands if i not in known]:
                stack += [current, *missing]
            else:
                known[current] = _result(op, [known[i] for i in operands])
        return known[index]


def _result(op: Op, operands: Sequence[Fraction | None]) -> Fraction | None:
    """An op on exact operands, None where it has no small exact value."""
    result = operands[0]
    if op is ops.neg:
        return -result if result is not None else None
    for number in operands[1:]:
        if result is None or number is None:
            return None
        result = _ARITHMETIC[op](result, number)
        if result is not None and _bits(result) > BITS:
            return None
    return result


def _bits(number: Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _is_small_power(base: Fraction, exponent: Fraction) -> bool:
    """Whether a power is defined and small enough to compute."""
    return bool(base or exponent >= 0) and abs(exponent) * _bits(base) <= BITS


def _literal(text: str) -> Fraction | None:
    """The value of a constant's text if it is a moderate integer."""
    if len(text) > 60 or text in ops.NAMED_CONSTANTS:
        return None
    if "x" in text.lower():
        return _hexadecimal(text)
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > 60:
        return None
    number = Fraction(text)
    return number if number.denominator == 1 else None


def _hexadecimal(text: str) -> Fraction | None:
    """The same of a hexadecimal float."""
    try:
        number = float.fromhex(text)
    except (OverflowError, ValueError):
        return None
    return Fraction(number) if number.is_integer() else None


def shifted(number: Ref, by: int) -> Ref:
    """A number plus an integer: one constant or a ratio of two where that is exact, else the sum."""
    graph = number.graph
    op, _, text = graph.nodes[number.index]
    exact = Exact(graph).value(number.index)
    if exact is None and op is ops.const and text not in ops.NAMED_CONSTANTS:
        with suppress(ValueError, OverflowError):
            double = float(text or "") + by
            if Fraction(double) == Fraction(float(text or "")) + by:
                return Ref(graph, graph.constant(repr(double)))
    if exact is None:
        found: Ref = number - -by if by < 0 else number + by
        return found
    above, below = ((graph.constant(str(part))) for part in (exact + by).as_integer_ratio())
    ratio: Ref = Ref(graph, above) / Ref(graph, below)
    return ratio
