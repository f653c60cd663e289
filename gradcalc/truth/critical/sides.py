"""A kink of a function of one variable, at a point of short numbers: by the smooth pieces on its two sides.

Beside the point each op keeps to one branch, where its operand has one sign there. Of the piece that this leaves, the
first derivative that is not 0 at the point tells whether it rises or falls; where it keeps away from 0 all over, the
piece has no critical point but that. So kinks are settled where a slope is 0: `tanh(x)*abs(x)`, `cosh(abs(x))`. Of a
piece that is constant all points are critical, the kink included: `relu(x)`.

Imports kinks and system.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from gradcalc.arithmetic import exact_numbers
from gradcalc.graph import derive, ops
from gradcalc.truth.critical.flat import is_zero
from gradcalc.truth.critical.kinks import PIECES, boundary_of
from gradcalc.truth.critical.prove import Proof, evaluated
from gradcalc.truth.critical.search import Boxes, Enclosing
from gradcalc.truth.critical.solution import Outcome, Solution
from gradcalc.truth.critical.system import System, prepared

if TYPE_CHECKING:
    from gradcalc.truth.critical.find import Quest

FLAT = 0, 0
"""What is told of a piece that is constant."""


def settled(quest: "Quest", outcome: Outcome, hull: Boxes, at: arb) -> bool:
    """Whether nothing in a hull is critical but that point, if it is: then it is entered."""
    system = quest.system
    if system.value is None or system.fixed or system.columns:
        return False
    precision = max(128, int(quest.digits * 3.33) + 80)
    value = evaluated(system, precision, [at], [system.value])[system.value]
    where, _ = quest.located(Proof((at,), {}, precision))
    if where == "unknown" or not isinstance(value, arb):
        return False
    point = Solution((at,), value, "", None, where == "face", precision)
    sides = [_Side(quest, point, _beside(hull, at, right), right) for right in (False, True)]
    pieces = [side.piece(prepared(system.graph, system.value)) for side in sides]
    if not _meet(system, pieces, point):
        return False
    left, right = (side.goes(piece) for side, piece in zip(sides, pieces, strict=True))
    if left is None or right is None:
        return False
    constant = [side for side, goes in zip(sides, (left, right), strict=True) if goes == FLAT]
    outcome.flat += [_within(side.box, at, side.right) for side in constant]
    kind = "" if constant else _kind(left, right)
    if constant:
        outcome.solutions[:] = [each for each in outcome.solutions if not each.at[0].overlaps(at)]
    elif kind and where != "outside":
        others = [each for each in outcome.solutions if not each.at[0].overlaps(at)]
        outcome.solutions[:] = [*others, Solution((at,), value, kind, None, where == "face", precision)]
    return True


def _beside(hull: Boxes, at: arb, right: bool) -> Boxes:
    """What of a hull lies on one side of a point, and the point."""
    low, high = float(at.lower()), float(at.upper())
    near = np.nextafter(low, -np.inf) if right else np.nextafter(high, np.inf)
    ends = (near, max(float(hull.high[0, 0]), high)) if right else (min(float(hull.low[0, 0]), low), near)
    return Boxes(np.array([[ends[0]]]), np.array([[ends[1]]]))


def _within(box: Boxes, at: arb, right: bool) -> Boxes:
    """A side from its point on, that end rounded inward."""
    end = float(at.mid())
    if arb(end) != at:
        end = math.nextafter(float(at.upper()), math.inf) if right else math.nextafter(float(at.lower()), -math.inf)
    low, high = (np.array([[end]]), box.high) if right else (box.low, np.array([[end]]))
    return Boxes(low, high)


def _meet(system: System, pieces: Sequence[int], point: Solution) -> bool:
    """Whether both pieces have at the point the value of the function, by exact numbers."""
    values = evaluated(system, point.precision, point.at, pieces)
    numbers = [exact_numbers.exact(ball) for ball in (point.value, *(values[piece] for piece in pieces))]
    return numbers[0] is not None and all(number == numbers[0] for number in numbers)


def _kind(left: tuple[int, int], right: tuple[int, int]) -> str:
    """The kind of a point by the orders of the pieces and whether they go up or down from it; empty if it is none."""
    flat = [order > 1 for order, _ in (left, right)]
    if left[1] != right[1]:
        return "degenerate" if all(flat) else "kink" if any(flat) else ""
    return "kink" if not all(flat) else "minimum" if left[1] > 0 else "maximum"


@dataclass
class _Side:
    """One side of a point."""

    quest: "Quest"
    point: Solution
    box: Boxes
    right: bool

    def piece(self, output: int) -> int:
        """The function on this side: each op by the branch that it keeps to, if that is known."""
        graph = self.quest.system.graph
        place: dict[int, int] = {}
        for index in graph.needed([output]):
            op, operands, parameter = graph.nodes[index]
            moved = index if not operands else graph.emit(op, tuple(place[i] for i in operands), parameter)
            place[index] = self._branch(moved)
        return place[output]

    def _branch(self, node: int) -> int:
        graph = self.quest.system.graph
        op, operands, _ = graph.nodes[node]
        decides: Any = graph.ref(operands[0]) if op in PIECES or op is ops.sign else None
        decides = boundary_of(graph, node) if op is ops.where else decides
        sign = 0 if decides is None else self._sign(decides.index)
        if not sign:
            return node
        if op is ops.where:
            return operands[1 if sign > 0 else 2]
        return graph.constant(sign) if op is ops.sign else PIECES[op][sign > 0](graph.ref(operands[0])).index

    def _sign(self, node: int) -> int:
        """The sign that a node has all over the side but at the point; 0 if that is not known."""
        found = self.quest.first_slope(node, self.point, self.box, 0)
        if found is None or not found[2]:
            return 0
        order, ball, _ = found
        return (1 if ball > 0 else -1) * (1 if self.right or order % 2 == 0 else -1)

    def _is_constant(self, piece: int) -> bool:
        """Whether the piece holds no variable, or is smooth on the side, with the derivative 0."""
        system = self.quest.system
        if system.inputs[0] not in system.graph.needed([piece]):
            return True
        (slope,) = derive.gradient(system.graph, piece, system.inputs)
        around = Enclosing(system).values(self.box, (piece,))[piece]
        return not np.any(np.asarray(around.flags)) and is_zero(system.graph, slope)

    def goes(self, piece: int) -> tuple[int, int] | None:
        """The order of the first derivative that is not 0 at the point, and whether the piece goes up from there.

        Of a constant `FLAT`; None where it is not known.
        """
        if self._is_constant(piece):
            return FLAT
        found = self.quest.first_slope(piece, self.point, self.box, 1)
        if found is None or not found[2]:
            return None
        order, ball, _ = found
        return order, (1 if ball > 0 else -1) * (1 if self.right or order % 2 == 0 else -1)
