"""Boxes that were left, joined into few; and the places of a box where a formula has no value, a pole or a jump."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.arithmetic.intervals import JUMP, NOWHERE, OUTSIDE, Interval, Intervals
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.language.format import format_node
from gradcalc.truth.critical.search import Boxes, Clock, bisected, no_boxes, together, touching, widths

_PARTS = 24
"""Hulls are at most a 20th of a side: they are gathered in cells of this part of it."""
_GRID = 21
"""Cells a side of what is left of an interrupted search: a cell is less than a 20th of it."""
_CELLS = 20_000
"""Cells in all at most: more is no answer."""
_BITS, _KEYS = 5, 12
"""Bits of the number of a cell along a side; so many of them are one number of 63 bits."""
_SHOWN = 60
"""Characters of a part of the formula that a place names."""
_PLACES, _FINE = 3_000, 2.0**-9


def clusters(boxes: Boxes, sides: Any) -> list[tuple[Any, bool]]:
    """The numbers of boxes that hang together, set by set; those that spread wide are cut into cells, which is told."""
    if not len(boxes):
        return []
    found = []
    for members in touching(boxes):
        hull = boxes.take(members).hull()
        wide = ((hull.high - hull.low) > sides / 20).any()
        found += [(cell, True) for cell in _cells(boxes, members, sides)] if wide else [(members, False)]
    return found


def _cells(boxes: Boxes, members: Any, sides: Any) -> list[Any]:
    """Sets of boxes whose middles lie in one cell of a grid."""
    part = boxes.take(members)
    start = part.low.min(axis=1, keepdims=True)
    order, starts = _alike(np.floor((0.5 * part.low + 0.5 * part.high - start) / (sides / _PARTS)))
    return [members[each] for each in np.split(order, starts[1:])]


def _alike(keys: Any) -> tuple[Any, Any]:
    """An order in which columns of numbers of cells that are the same stand together; where in it each set begins."""
    if len(keys) <= _KEYS:  # as one number they are sorted many times as fast
        keys = (keys.astype(np.int64) << _BITS * np.arange(len(keys))[:, None]).sum(axis=0, keepdims=True)
    order = np.argsort(keys[0], kind="stable") if len(keys) == 1 else np.lexsort(keys)
    return order, np.flatnonzero(np.r_[True, (np.diff(keys[:, order], axis=1) != 0).any(axis=0)])


def covering(boxes: Boxes, sides: Any, most: int = 400_000) -> Boxes:
    """Few boxes that cover some: in each cell of a grid one, around what of them lies in it, at most a 20th of a side.

    All at once, without looking at one box after another: there may be hundreds of thousands. In more than three
    variables the cells are wider, so that there are at most 20,000; so are boxes on the way where they are more than
    `most`.
    """
    if not len(boxes):
        return boxes
    start, cell = boxes.low.min(axis=1, keepdims=True), sides / min(_GRID, int(_CELLS ** (1 / len(sides))))
    for k in range(len(sides)):
        ends = [np.floor((side - start) / cell) for side in (boxes.low, boxes.high)]
        boxes = _joined(boxes, np.concatenate(ends))
        number = np.floor((boxes.low[k] - start[k]) / cell[k])
        if (np.floor((boxes.high[k] - start[k]) / cell[k]) - number + 1).sum() > most:
            return boxes
        waiting, done = boxes, [no_boxes(len(sides))]
        while len(waiting):
            number = number + 1
            line = start[k] + cell[k] * number
            end = waiting.high.copy()
            end[k] = np.minimum(np.maximum(line, waiting.low[k]), waiting.high[k])
            done.append(Boxes(waiting.low, end))
            rest, begin = line < waiting.high[k], waiting.low.copy()
            begin[k] = end[k]
            waiting, number = Boxes(begin, waiting.high).take(rest), number[rest]
        boxes = together(done, len(sides))
    return _joined(boxes, np.floor((0.5 * boxes.low + 0.5 * boxes.high - start) / cell))


def _joined(boxes: Boxes, keys: Any) -> Boxes:
    """A box around each set of those with the same keys."""
    order, starts = _alike(keys)
    low = np.minimum.reduceat(boxes.low[:, order], starts, axis=1)
    return Boxes(low, np.maximum.reduceat(boxes.high[:, order], starts, axis=1))


def cut_to_size(boxes: Boxes, sides: Any, most: int = 20_000) -> Boxes:
    """The same boxes, cut until none is wider than a 20th of a side."""
    done = [no_boxes(len(boxes.low))]
    while len(boxes) and sum(map(len, done)) + len(boxes) < most:
        wide = (widths(boxes) > sides / 20).any(axis=0)
        done.append(boxes.take(~wide))
        boxes = bisected(boxes.take(wide), sides)
    return together([*done, boxes], len(boxes.low))


def merged(boxes: Boxes) -> Boxes:
    """The same part in fewer boxes: those that share a whole face are one."""
    count = -1
    while len(boxes) != count:
        count = len(boxes)
        for k in range(len(boxes.low)):
            others = [side[j] for side in boxes for j in range(len(boxes.low)) if j != k]
            order = np.lexsort((boxes.low[k], *others))
            boxes = boxes.take(order)
            apart = [side[1:] != side[:-1] for side in (each[order] for each in others)]
            apart.append(boxes.low[k, 1:] > boxes.high[k, :-1])
            starts = np.flatnonzero(np.r_[True, np.logical_or.reduce(apart)][: len(boxes)])
            if len(starts):
                low = np.minimum.reduceat(boxes.low, starts, axis=1)
                boxes = Boxes(low, np.maximum.reduceat(boxes.high, starts, axis=1))
    return boxes


def clipped(boxes: Boxes, low: Any, high: Any) -> Boxes:
    """What of some boxes lies in one box; those outside it are left out."""
    lows, highs = np.maximum(boxes.low, low), np.minimum(boxes.high, high)
    return Boxes(lows, highs).take((lows <= highs).all(axis=0))


# -- places ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a part of the formula has a pole, a jump or no value: inside a box, by variable.

    Attributes:
        kind: `pole`, `jump` or `no value`.
        part: the part of the formula.
    """

    kind: str
    part: str
    box: dict[str, tuple[float, float]]
    everywhere: bool = False


_POLES = frozenset(
    {ops.div, ops.powi, ops.tan, ops.sec, ops.csc, ops.cot, ops.csch, ops.coth, ops.gamma, ops.lgamma, ops.digamma,
     ops.polygamma, ops.factorial, ops.zeta, ops.acsch}
)  # fmt: skip


def places(
    graph: Graph, outputs: Sequence[int], inputs: Sequence[int], names: Sequence[str], box: Boxes, clock: Clock
) -> tuple[list[Place], bool]:
    """The places in a box, and whether nothing has a value in all of it."""
    intervals, sides = Intervals(), box.high - box.low
    needed = graph.needed(outputs)
    flagged: dict[tuple[int, str], list[Boxes]] = {}
    waiting, looked, somewhere = box, 0, False
    while len(waiting) and not (looked and clock.is_over()):
        looked += len(waiting)
        values = intervals.evaluate(
            graph, {node: Interval(waiting.low[k], waiting.high[k]) for k, node in enumerate(inputs)}, outputs
        )
        own = [np.asarray(values[output].flags) & (OUTSIDE | JUMP | NOWHERE) for output in outputs]
        total = np.bitwise_or.reduce([np.broadcast_to(each, len(waiting)) for each in own]).astype(np.uint8)
        somewhere |= bool((total & NOWHERE == 0).any())
        fine = (widths(waiting) <= _FINE * sides).all(axis=0) | (total & NOWHERE > 0)
        last = looked + 2 * int((total > 0).sum()) > _PLACES
        ends = (total > 0) & (fine | last)
        if ends.any():
            _blame(graph, needed, values, waiting, ends, flagged)
        waiting = bisected(waiting.take((total > 0) & ~ends), sides)
    nowhere = not somewhere and not len(waiting)
    for node in [node for node, kind in flagged if kind == "pole"]:
        flagged[node, "pole"] += flagged.pop((node, "no value"), [])
    found = []
    for (node, kind), parts in flagged.items():
        hull = together(parts, len(box.low)).hull()
        ranges = {
            name: (float(hull.low[k, 0]), float(hull.high[k, 0])) for k, name in enumerate(names)
        }  # fmt: skip
        found.append(Place(kind, format_node(graph, node, limit=_SHOWN), ranges, nowhere))
    return found, nowhere


def _blame(
    graph: Graph, needed: Sequence[int], values: Sequence[Any], boxes: Boxes, ends: Any,
    flagged: dict[tuple[int, str], list[Boxes]],
) -> None:  # fmt: skip
    """Enter the nodes that raise a flag which none of their operands raises."""
    for node in needed:
        op, operands, _ = graph.nodes[node]
        flags = getattr(values[node], "flags", 0)
        if not operands or type(flags) is int and not flags or op.is_condition:
            continue
        below = np.zeros(len(boxes), np.uint8)
        for i in operands:
            below = below | np.asarray(values[i].flags, np.uint8)
        raised = np.broadcast_to(np.asarray(flags, np.uint8), len(boxes)) & ~below & ends * np.uint8(255)
        for bit in (OUTSIDE, JUMP):
            mask = raised & bit > 0
            if bit == JUMP and op is ops.where:
                mask &= _differs(values[operands[1]], values[operands[2]])
            if mask.any():
                kind = "jump" if bit == JUMP else "pole" if _is_pole(op, values[operands[0]], mask) else "no value"
                flagged.setdefault((node, kind), []).append(boxes.take(mask))
        mask = (raised & NOWHERE > 0) & ~(raised & OUTSIDE > 0)
        if mask.any():
            flagged.setdefault((node, "no value"), []).append(boxes.take(mask))


def _is_pole(op: ops.Op, first: Any, mask: Any) -> bool:
    """Whether an op grows beyond all bounds in some of the boxes: a quotient 0/0 need not."""
    away = (first.low > 0) | (first.high < 0)
    return op in _POLES and (op is not ops.div or bool(np.any(away & mask)))


def _differs(a: Any, b: Any) -> Any:
    """Whether two branches are surely not equal."""
    return (a.low > b.high) | (b.low > a.high)
