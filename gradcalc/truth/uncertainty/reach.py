"""Kinks, jumps, branch boundaries and poles within the reach of the uncertainty: those that samples cross.

An op's kink or pole is where two nodes are equal (its entry in the table says which): samples on both sides of that
cross it. Imports Kernel.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import Shape
from gradcalc.language.format import format_node
from gradcalc.truth.uncertainty.laws import Array

_MOST = 20
"""How many are looked at."""
_LEAST = 1e-4
"""The part of the samples that has to lie on either side."""


@dataclass(frozen=True)
class Crossing:
    """A part of the formula whose kink, jump or pole samples cross: its node and text, and how many are beyond it.

    Attributes:
        part: of the samples those on the rarer side.
        what: it is: a kink, a jump, a branch boundary, a pole.
    """

    node: int
    text: str
    part: float
    what: str


Part = Callable[[Array], float]
"""Of the values of a node the part on the rarer side."""


def crossings(graph: Graph, output: int, shapes: Mapping[str, Shape], columns: Mapping[str, Any]) -> list[Crossing]:
    """The kinks, jumps and poles of a formula that samples cross, each part of it once."""
    found: dict[str, Crossing] = {}
    for count, (node, watched, part, is_pole) in enumerate(_watched(graph, output)):
        if count == _MOST:
            break
        values = Kernel(graph, watched, list(shapes), shapes=shapes)(**columns).value
        rarer = part(values[np.isfinite(values)])
        if rarer >= _LEAST:
            text = format_node(graph, node, limit=60)
            found.setdefault(text, Crossing(node, text, rarer, "pole" if is_pole else _kind(graph.nodes[node].op)))
    return list(found.values())


def _kind(op: ops.Op) -> str:
    """What an op has where its operands tie."""
    return "branch boundary" if op.is_condition else "jump" if "jump" in op.at_kink else "kink"


def _watched(graph: Graph, output: int) -> Iterator[tuple[int, int, Part, bool]]:
    """Each op with a kink or a pole, a node that tells its sides apart, how, and whether it is a pole."""
    moving: dict[int, bool] = {}
    for index in graph.needed([output]):
        op, operands, _ = graph.nodes[index]
        moving[index] = op is ops.input_ or any(moving[i] for i in operands)
        if not moving[index]:
            continue
        if op.kink is not None:
            yield from ((index, *each, False) for each in _sides(graph, index))
        if op.domain is not None and not (op is ops.powi and (graph.number(operands[1]) or 0) > 0):
            condition = op.domain(*map(graph.ref, operands))
            for one, other in _pairs(graph, condition.index, ops.ne) if condition is not None else ():
                yield (index, *_beyond(graph, one, other), True)
        if op in (ops.tan, ops.sec):
            yield index, ops.cos(graph.ref(operands[0])).index, _signs, True


def _beyond(graph: Graph, one: int, other: int) -> tuple[int, Part]:
    """What tells on which side of a pole samples are: where two nodes are equal, or one is a whole number up to 0."""
    if graph.nodes[other].op is ops.floor:
        return graph.emit(ops.min, (other, graph.constant(0))), _steps
    return graph.emit(ops.sub, (one, other)), _signs


def _pairs(graph: Graph, condition: int, op: ops.Op) -> list[tuple[int, ...]]:
    """The operands of each comparison of a kind that a condition is made of."""
    return [graph.nodes[node].operands for node in graph.needed([condition]) if graph.nodes[node].op is op]


def _sides(graph: Graph, index: int) -> Iterator[tuple[int, Part]]:
    """The nodes whose values tell on which side of an op's kink samples are."""
    op, operands, _ = graph.nodes[index]
    if op in (ops.floor, ops.ceil, ops.round, ops.sign, ops.heaviside):
        yield index, _steps
    elif op in (ops.max, ops.min):
        yield from ((graph.emit(ops.sub, (operand, index)), _zeros) for operand in operands)
    elif op is ops.atan2:
        above, right = map(graph.ref, operands)
        yield ops.where(ops.le(right, 0), above, ops.zero).index, _signs
    elif op is not ops.hypot and op.kink is not None:
        for one, other in _pairs(graph, op.kink(*map(graph.ref, operands)).index, ops.eq):
            is_step = graph.nodes[other].op is ops.floor
            yield (other, _steps) if is_step else (graph.emit(ops.sub, (one, other)), _signs)


def _signs(values: Array) -> float:
    """The rarer of two signs."""
    return float(min(np.count_nonzero(values > 0), np.count_nonzero(values < 0)) / max(1, len(values)))


def _zeros(values: Array) -> float:
    """The rarer of being 0 and not."""
    part = float(np.count_nonzero(values == 0) / max(1, len(values)))
    return min(part, 1 - part)


def _steps(values: Array) -> float:
    """All but the most frequent value."""
    counts = np.unique(values, return_counts=True)[1]
    return float(1 - counts.max() / counts.sum()) if len(counts) else 0.0
