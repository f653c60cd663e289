"""Boxes on which a function is constant, or formulas are 0: all their points are zeros of the system.

    a box ──intervals──▶ each kink, condition and step keeps to one branch ──▶ the piece of them ──▶ its slopes are 0

Where a box and what is near it leave each op one branch, the function is there a smooth piece; that its slopes are 0 is
structure, or is proved by the normal form. Most boxes have the pieces of others: each is looked at once.

Imports kinks (what the branches are), search and system.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcalc.arithmetic.intervals import Interval, Truth
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.claims.identities import Field, GivenUp
from gradcalc.truth.critical.kinks import PIECES
from gradcalc.truth.critical.search import Array, Boxes, Enclosing
from gradcalc.truth.critical.system import System, prepared

_BEYOND = 2.0**-30
"""How far about a box is asked for too, as a part of its sides: so points of the box are inside."""
_MOST_PIECES, _LONGEST = 60, 300
"""Pieces that are looked at, and nodes of a slope whose normal form is asked for, at most."""
_STEPS = frozenset({ops.sign, ops.floor, ops.ceil, ops.round, ops.heaviside})


def is_zero(graph: Graph, node: int) -> bool:
    """Whether a node is 0 wherever it has a value, for certain."""
    if graph.number(node) is not None or len(graph.needed([node])) > _LONGEST:
        return graph.number(node) == 0
    try:
        return bool(Field(graph, plain=True).forms((node,))[0].top == 0)
    except GivenUp:
        return False


@dataclass
class Flats:
    """What boxes have nothing but zeros, for a system that may have such boxes."""

    system: System
    _enclosing: Enclosing = field(init=False)
    _outputs: tuple[int, ...] = field(init=False)
    _switches: list[int] = field(init=False)
    _known: dict[bytes, tuple[bool, tuple[int, ...]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        system, graph = self.system, self.system.graph
        self._enclosing = Enclosing(system)
        wanted = system.components if system.value is None else (system.value,)
        self._outputs = tuple(prepared(graph, node) for node in wanted)
        needed = graph.needed(self._outputs)
        self._switches = [node for node in needed if graph.nodes[node].op in {*PIECES, *_STEPS, ops.where}]

    def of(self, boxes: Boxes) -> Array:
        """Where all points of a box are zeros."""
        reach = _BEYOND * (boxes.high - boxes.low) + 1e-300
        wide, result = Boxes(boxes.low - reach, boxes.high + reach), np.zeros(len(boxes), bool)
        values = self._enclosing.values(wide, self._outputs)
        ways = np.array([np.broadcast_to(self._way(values, node), len(boxes)) for node in self._switches])
        ways = ways.reshape(len(self._switches), len(boxes))
        open_ = np.flatnonzero(~np.isnan(ways).any(axis=0))
        kinds, number = np.unique(ways[:, open_], axis=1, return_inverse=True)
        for k, kind in enumerate(kinds.T):
            which, key = open_[np.ravel(number) == k], kind.tobytes()
            if key not in self._known and len(self._known) < _MOST_PIECES:
                self._known[key] = self._piece(kind.tolist())
            is_flat, pieces = self._known.get(key, (False, ()))
            if is_flat:
                result[which] = self._is_smooth(wide.take(which), pieces)
        return result

    def _way(self, values: Sequence[Any], node: int) -> Any:
        """Which branch an op takes in each box: of steps their value; nan where that is open."""
        op, operands, _ = self.system.graph.nodes[node]
        if op is ops.where:
            condition: Truth = values[operands[0]]
            may, fails = np.asarray(condition.may), np.asarray(condition.fails)
            return np.where(may & fails, np.nan, np.where(may, 1.0, -1.0))
        x: Interval = values[node if op in _STEPS else operands[0]]
        if op in _STEPS:
            return np.where((x.low == x.high) & np.isfinite(x.low), x.low, np.nan)
        one, other = x.low > 0, x.high < 0
        return np.where(one, 1.0, np.where(other, -1.0, np.where((x.low == 0) & (x.high == 0), 0.0, np.nan)))

    def _piece(self, ways: Sequence[float]) -> tuple[bool, tuple[int, ...]]:
        """Whether the piece of some branches has nothing but zeros; and its nodes."""
        graph, place = self.system.graph, dict[int, int]()
        chosen = dict(zip(self._switches, ways, strict=True))
        for index in graph.needed(self._outputs):
            op, operands, parameter = graph.nodes[index]
            if index in chosen:
                place[index] = self._branch(op, [place[i] for i in operands], chosen[index])
            else:
                place[index] = graph.emit(op, tuple(place[i] for i in operands), parameter) if operands else index
        pieces = tuple(place[node] for node in self._outputs)
        if self.system.value is None:
            return all(is_zero(graph, piece) for piece in pieces), pieces
        return all(is_zero(graph, slope) for slope in derive.gradient(graph, pieces[0], self.system.inputs)), pieces

    def _branch(self, op: ops.Op, operands: Sequence[int], way: float) -> int:
        graph = self.system.graph
        if op is ops.where:
            return operands[1 if way > 0 else 2]
        if op in _STEPS or not way:
            return graph.constant(int(way) if way == int(way) else way)
        made: Callable[[Any], Any] = PIECES[op][way > 0]
        return int(made(graph.ref(operands[0])).index)

    def _is_smooth(self, boxes: Boxes, pieces: tuple[int, ...]) -> Array:
        """Where the piece is smooth and has values in all of a box, or is a number."""
        graph, result = self.system.graph, np.ones(len(boxes), bool)
        values = self._enclosing.values(boxes, pieces)
        for piece in pieces:
            if set(self.system.inputs).isdisjoint(graph.needed([piece])):
                result &= np.isfinite(values[piece].low) & np.isfinite(values[piece].high)
            else:
                result &= np.asarray(values[piece].flags) == 0
        return result


def may_be(system: System) -> bool:
    """Whether a system may have boxes with nothing but zeros: of analytic functions only those that are constant."""
    graph = system.graph
    kinked = any(graph.nodes[node].op.kink is not None for node in graph.needed((*system.needed, *system.components)))
    return kinked or all(graph.number(node) == 0 for node in system.components)
