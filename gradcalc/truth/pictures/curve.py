"""Curves of one variable, sampled so that no line crosses a jump or a pole: enclosures decide, not the eye.

    range ──▶ cells ──enclosed in intervals──▶ continuous | without value | open: cut in two, again and again
                 │                                                             the rest: gaps, and how they look
                 └──▶ cut further where the curve leaves its chord ──▶ pieces of places, what is in sight

A cell is drawn only where its enclosure proves the function defined and continuous on all of it: finite bounds, and no
flag of a domain or a jump. The derivative is drawn where it and the function are: a continuous function whose
derivative tends to a limit has that limit for its derivative. How a gap looks (a jump, a pole) is read off the values
beside it: that is evidence, and not proved. Values at points are the middles of tight balls.

Tupper, "Reliable two-dimensional graphing methods for mathematical formulae with two free variables", SIGGRAPH 2001,
for the idea of drawing what intervals prove. Imports arithmetic, graph and language.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import total
from gradcalc.arithmetic.budget import work as op_work
from gradcalc.arithmetic.exact_numbers import plain, simplest
from gradcalc.arithmetic.intervals import JUMP, NOWHERE, OUTSIDE, Intervals, of_ball
from gradcalc.arithmetic.intervals import Interval as Bounds
from gradcalc.arithmetic.marks import UNDEFINED, Ball
from gradcalc.graph.domain import broken
from gradcalc.graph.graph import Graph
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point

Interval = tuple[float, float]
Place = tuple[float, float]

_COARSE = 8
"""At least 2**8 / 2 cells are looked at, and at most twice as many."""
_SLIVER = 14
"""How often an open cell is cut in two: to about a millionth of the range."""
_PIXEL, _FINEST = 2.0**-10, 2.0**-12
"""Parts of the range: of cells as narrow as a pixel a few values tell whether they are flat; no cell is cut below the
other because the curve bends there."""
_CELL_WORK = 400_000
"""What enclosing cells may cost, in units of about a microsecond; and between which numbers of cells that is kept."""
_FEWEST, _MOST, _PER_NODE, _POINTS = 300, 6_000, 0.2, 4
_BITS, _POINT_BITS = 128, (128, 512)
_FLAT = 5e-4
"""How far a curve may be from its chord, of the height in sight: a quarter of a pixel."""
_PARTS = (0.25, 0.5, 0.75)
_ALIKE = 1e-3
"""Values beside a gap that differ by less, of the height in sight, meet in it as far as one sees."""
_POLE, _PAST = 3.0, 0.5
"""A picture is cut where the values beside a gap are so many times as far as eight tenths of the curve reach: and that
part of it is shown beyond those."""


class Known(NamedTuple):
    """What is proved of a function over a cell: its bounds; continuous on all of it; without a value on all of it."""

    low: float = -math.inf
    high: float = math.inf
    continuous: bool = False
    absent: bool = False


Box = Sequence[Interval]
"""From where to where, of each variable."""
Enclose = Callable[[Sequence[Box]], Sequence[tuple[Known, ...]]]
"""What is known of some functions over boxes, of a formula and its derivatives."""


class Function(NamedTuple):
    """A function of one variable with its derivatives, as it is asked.

    Attributes:
        over: what is known of each of them over cells.
        at: their values at a number; nan where there is none.
        cells: how many cells may be enclosed.
    """

    over: Enclose
    at: Callable[[Fraction | float], tuple[float, ...]]
    cells: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a curve is not drawn.

    Attributes:
        low, high: from where to where.
        kind: `undefined` (it is proved to have no value between), else how it looks: `jump`, `pole`, `hole` (both
            sides meet where there is no value), `join` (they meet), `point` (a value apart from both sides), `end` (of
            the range); `unsettled` (nothing was proved of more than a sliver).
        at: the simplest number in a sliver.
        value: the curve's value there; None where it has none.
    """

    low: float
    high: float
    kind: str
    at: float | None = None
    value: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"from": self.low, "to": self.high, "kind": self.kind, "at": self.at, "value": self.value}


@dataclass(frozen=True, slots=True)
class Sampled:
    """A curve over a range.

    Attributes:
        pieces: on each of them it is proved continuous; between two there is a gap.
        gaps: from left to right.
        y: the heights worth seeing.
    """

    pieces: tuple[tuple[Place, ...], ...]
    gaps: tuple[Gap, ...]
    y: Interval

    def near(self, x: float) -> tuple[float, float]:
        """The values at the ends of the pieces next to a number, to the left and to the right; nan without any."""
        left = [piece[-1] for piece in self.pieces if piece[-1][0] <= x]
        right = [piece[0] for piece in self.pieces if piece[0][0] >= x]
        return (left[-1][1] if left else math.nan), (right[0][1] if right else math.nan)


def enclosing(
    graph: Graph,
    outputs: Sequence[int],
    inputs: Sequence[int],
    fixed: Mapping[int, Bounds],
    reduced: Callable[[Bounds, int], Bounds] = lambda value, count: value,
) -> Enclose:
    """How some nodes are enclosed over boxes of some inputs, where the others are fixed.

    Args:
        reduced: what is made of a value where the others are many: of so many boxes one for each.
    """
    arithmetic = Intervals()

    def over(boxes: Sequence[Box]) -> Sequence[tuple[Known, ...]]:
        sides = np.asarray(boxes, float)
        at = {index: Bounds(sides[:, k, 0], sides[:, k, 1]) for k, index in enumerate(inputs)}
        values = arithmetic.evaluate(graph, {**fixed, **at}, outputs)
        return known([reduced(values[node], len(boxes)) for node in outputs], len(boxes))

    return over


def known(values: Sequence[Bounds], count: int) -> list[tuple[Known, ...]]:
    """What intervals say of each of so many boxes; of derivatives where the first, the function, is continuous."""
    found, continuous = [], True
    for value in values:
        bounds = np.broadcast_to(value.low, count), np.broadcast_to(value.high, count)
        flags = np.broadcast_to(value.flags, count)
        finite = np.isfinite(bounds[0]) & np.isfinite(bounds[1])
        continuous = continuous & finite & (flags & (OUTSIDE | NOWHERE | JUMP) == 0)
        absent = flags & NOWHERE != 0
        found.append([Known(*each) for each in zip(*(x.tolist() for x in (*bounds, continuous, absent)), strict=True)])
    return list(zip(*found, strict=True))


def work(graph: Graph, outputs: Sequence[int]) -> float:
    """What some nodes cost over a box, in units of about a microsecond: arrays are quick, costly ops go by balls."""
    nodes = [graph.nodes[index].op for index in graph.needed(outputs)]
    return sum(op_work(op, _BITS) if op.costly else _PER_NODE for op in nodes)


def cells(work: float) -> int:
    """How many boxes may be enclosed that cost so much each."""
    return max(_FEWEST, min(_MOST, int(_CELL_WORK / work)))


def function(formula: Formula, point: Point, outputs: Sequence[int]) -> Function:
    """A formula of one variable, the others being as a point has them: its `outputs`, the derivatives last."""
    graph, (variable,) = formula.graph, formula.inputs
    fixed = fixed_at(formula, point)
    fine = [Balls(bits) for bits in _POINT_BITS]
    bound = [points.bind(graph, point, balls) for balls in fine]

    def at(x: Fraction | float) -> tuple[float, ...]:
        for balls, inputs in zip(fine, bound, strict=True):
            number = arb(x.numerator) / x.denominator if isinstance(x, Fraction) else arb(x)
            values = balls.evaluate(graph, inputs | {variable: number}, outputs)
            found = [plain(values[node]) for node in outputs]
            if all(isinstance(value, arb) and _tight(value) for value in found):
                break
        return tuple(map(_float, found))

    quick = enclosing(graph, outputs, [variable], fixed)
    cost = max(work(graph, outputs), total(graph, outputs, _BITS) / _POINTS)
    return Function(_twice(quick, _in_balls(formula, point, outputs)), at, cells(cost))


def _twice(quick: Enclose, thorough: Enclose) -> Enclose:
    """What intervals do not settle is asked once more in balls, which know when two numbers are one and the same."""

    def over(boxes: Sequence[Box]) -> Sequence[tuple[Known, ...]]:
        found = list(quick(boxes))
        open_ = [k for k, known in enumerate(found) if not all(each.continuous or each.absent for each in known)]
        for k, known in zip(open_, thorough([boxes[k] for k in open_]) if open_ else (), strict=True):
            found[k] = tuple(map(_better, found[k], known))
        return found

    return over


def _better(one: Known, other: Known) -> Known:
    """The enclosure that proves more."""
    return other if other.continuous > one.continuous or other.absent > one.absent else one


def _in_balls(formula: Formula, point: Point, outputs: Sequence[int]) -> Enclose:
    """How a formula of one variable is enclosed in balls, cell by cell."""
    graph, (variable,) = formula.graph, formula.inputs
    pairs = [(node, broken(graph, node)) for node in outputs]
    wanted = [node for pair in pairs for node in pair]
    balls = Balls(_BITS)
    fixed = points.bind(graph, point, balls)

    def one(cell: Interval) -> tuple[Known, ...]:
        values = balls.evaluate(graph, fixed | {variable: arb(cell[0]).union(arb(cell[1]))}, wanted)
        found: list[Known] = []
        for node, breaks in pairs:
            value, mark = plain(values[node]), plain(values[breaks])
            continuous = isinstance(value, arb) and isinstance(mark, arb) and bool(mark.is_zero())
            bounds = (float(value.lower()), float(value.upper())) if isinstance(value, arb) else (-math.inf, math.inf)
            found.append(Known(*bounds, continuous and (not found or found[0].continuous), values[node] is UNDEFINED))
        return tuple(found)

    return lambda boxes: [one(cell) for (cell,) in boxes]


def fixed_at(formula: Formula, point: Point) -> dict[int, Bounds]:
    """The inputs of a formula that are no variables of it, as a point has them."""
    balls = points.bind(formula.graph, point, Balls(_POINT_BITS[0]))
    return {index: of_ball(plain(ball)) for index, ball in balls.items() if index not in formula.inputs}


def _tight(value: arb) -> bool:
    return bool(value.rad() <= abs(value.mid()) * 1e-9 or value.rad() < 1e-60)


def _float(value: Ball) -> float:
    """The number in a ball, 0 if that is one of them; nan for a mark."""
    return (0.0 if value.contains(0) else float(value.mid())) if isinstance(value, arb) else math.nan


# -- cells -------------------------------------------------------------------------------------------------------------


class _Cell(NamedTuple):
    low: float
    high: float
    known: tuple[Known, ...]

    def is_settled(self, order: int, least: float) -> bool:
        """Whether nothing more is to be proved of a curve: it is continuous or has no value, or this is a sliver."""
        known = self.known[order]
        return known.continuous or known.absent or self.known[0].absent or self.high - self.low <= least * 1.5


def sample(function: Function, x: Interval) -> tuple[Sampled, ...]:
    """A function and its derivatives over a range: each of them as pieces that are proved continuous.

    Raises:
        ValueError: the range is empty or not finite.
    """
    return _Sampling(function, x).curves()


class _Sampling:
    """The cells of a range, and the values at their ends."""

    def __init__(self, function: Function, x: Interval) -> None:
        low, high = x
        if not (math.isfinite(high - low) and low < high):
            raise ValueError(f"{x} is no range")
        self.function, self.x, self.left = function, x, function.cells
        self.values: dict[float, tuple[float, ...]] = {}
        self.cells = self.proved()

    def made(self, sides: Sequence[Interval]) -> list[_Cell]:
        """Cells with what is known of them."""
        self.left -= len(sides)
        found = self.function.over([[side] for side in sides]) if sides else []
        return [_Cell(*side, each) for side, each in zip(sides, found, strict=True)]

    def proved(self) -> list[_Cell]:
        """Cells of which as much as possible is proved, from left to right."""
        cells = self.made(list(pairwise(_ends(self.x, self.function.cells))))
        least = min(cell.high - cell.low for cell in cells[1:-1] or cells) * 2.0**-_SLIVER
        for order in range(len(cells[0].known)):
            while True:
                finer = self.cut(cells, [not cell.is_settled(order, least) for cell in cells])
                if len(finer) == len(cells):
                    break
                cells = finer
        return cells

    def cut(self, cells: Sequence[_Cell], open_: Sequence[bool]) -> list[_Cell]:
        """Cells, those that are open cut in two; all as they are where floats or the budget end."""
        sides = []
        for cell, wanted in zip(cells, open_, strict=True):
            middle = cell.low + (cell.high - cell.low) / 2
            if wanted and cell.low < middle < cell.high:
                sides += [(cell.low, middle), (middle, cell.high)]
        if len(sides) > self.left:
            return list(cells)
        halves = iter(self.made(sides))
        found = []
        for cell, wanted in zip(cells, open_, strict=True):
            middle = cell.low + (cell.high - cell.low) / 2
            found += [next(halves), next(halves)] if wanted and cell.low < middle < cell.high else [cell]
        return found

    def at(self, x: float) -> tuple[float, ...]:
        """The values at a number, asked once."""
        if x not in self.values:
            self.values[x] = self.function.at(x)
        return self.values[x]

    def curves(self) -> tuple[Sampled, ...]:
        """All curves, on cells that are cut where one of them bends."""
        orders = range(len(self.cells[0].known))
        sights = [self.sight(order) for order in orders]
        self.left = max(self.left, self.function.cells // 2)
        while True:
            finer = self.cut(self.cells, [self.is_bent(cell, sights) for cell in self.cells])
            if len(finer) == len(self.cells):
                break
            self.cells = finer
        return tuple(self.curve(order, sights[order]) for order in orders)

    def is_bent(self, cell: _Cell, sights: Sequence[Interval]) -> bool:
        """Whether a curve leaves its chord in sight, in a cell that can be cut."""
        if cell.high - cell.low <= _FINEST * (self.x[1] - self.x[0]):
            return False
        return not all(self.is_flat(cell, order, y) for order, y in enumerate(sights))

    def is_flat(self, cell: _Cell, order: int, y: Interval) -> bool:
        """Whether a curve is within a fraction of a pixel of its chord: by its slope's bounds, else at the middle."""
        known = cell.known[order]
        height, width = y[1] - y[0], cell.high - cell.low
        if not known.continuous or known.low > y[1] + height or known.high < y[0] - height:
            return True
        first, last = self.at(cell.low)[order], self.at(cell.high)[order]
        steep = math.hypot(1.0, (last - first) / height * (self.x[1] - self.x[0]) / width)
        allowed = _FLAT * height * steep
        if order + 1 < len(cell.known) and width > _PIXEL * (self.x[1] - self.x[0]) and math.isfinite(known.low):
            slope = cell.known[order + 1]
            bends = (slope.high - slope.low) * width / 4 if slope.continuous else math.inf
            return min(known.high - known.low, bends) <= allowed
        values = [self.at(cell.low + part * width)[order] - (first + part * (last - first)) for part in _PARTS]
        return all(abs(value) <= allowed for value in values)

    # -- what is in sight ----------------------------------------------------------------------------------------------

    def sight(self, order: int) -> Interval:
        """The heights worth seeing: all, but where the values beside a gap run away."""
        ends: list[float] = []
        weighted: list[tuple[float, float]] = []
        before = False
        for cell, after in zip(self.cells, [*self.cells[1:], None], strict=True):
            drawn = cell.known[order].continuous
            if drawn:
                values = [self.at(x)[order] for x in (cell.low, cell.high)]
                weighted += [(value, cell.high - cell.low) for value in values if math.isfinite(value)]
                if not before and cell.low > self.x[0]:
                    ends.append(values[0])
                if after is not None and not after.known[order].continuous:
                    ends.append(values[1])
            before = drawn
        return _sight(weighted, ends)

    # -- pieces and gaps -----------------------------------------------------------------------------------------------

    def curve(self, order: int, y: Interval) -> Sampled:
        """One curve: its pieces and the gaps between them."""
        runs = [list(run) for _, run in groupby(self.cells, lambda cell: cell.known[order].continuous)]
        pieces, gaps = [], []
        for run in runs:
            if run[0].known[order].continuous:
                pieces.append(tuple((x, self.at(x)[order]) for x in (run[0].low, *(cell.high for cell in run))))
            else:
                gaps.append(self.gap(run, order, y))
        apart = [gap.value for gap in gaps if gap.kind == "point" and gap.value is not None]
        margin = 0.06 * (y[1] - y[0])
        seen = min([y[0], *(each - margin for each in apart)]), max([y[1], *(each + margin for each in apart)])
        return Sampled(tuple(pieces), tuple(gaps), seen)

    def gap(self, run: Sequence[_Cell], order: int, y: Interval) -> Gap:
        """Where nothing is drawn, and how it looks from both sides."""
        low, high = run[0].low, run[-1].high
        if any(cell.known[order].absent or cell.known[0].absent for cell in run):
            return Gap(low, high, "undefined")
        if high - low > (self.x[1] - self.x[0]) * 2.0**-10:
            return Gap(low, high, "unsettled")
        number = simplest(low, high)
        at, value = float(number), self.function.at(number)[order]
        here = value if math.isfinite(value) and not order else None  # a rule's choice there is no derivative
        if low == self.x[0] or high == self.x[1]:
            return Gap(low, high, "end", at, here)
        return Gap(low, high, self.look(low, high, here, order, y), at, here)

    def look(self, low: float, high: float, here: float | None, order: int, y: Interval) -> str:
        """What a sliver looks like from both sides."""
        left, right = self.at(low)[order], self.at(high)[order]
        near = _ALIKE * (y[1] - y[0])
        if any(self.grows(x, step, order) for x, step in ((low, low - high), (high, high - low))):
            return "pole"
        if abs(left - right) > near:
            return "jump"
        if here is None:
            return "join" if order else "hole"
        return "join" if abs(here - left) <= near else "point"

    def grows(self, x: float, step: float, order: int) -> bool:
        """Whether the values run away towards a gap: each halving of the distance adds as much as the one before."""
        far = [self.at(x + factor * step)[order] for factor in (0, 1, 3, 7)]
        first, second, third = (a - b for a, b in pairwise(far))
        same = first * second > 0 and second * third > 0
        return same and abs(first) >= 0.95 * abs(second) >= 0.9 * abs(third)


def _ends(x: Interval, cells: int) -> list[float]:
    """The ends of the first cells: multiples of a power of two, so that whole numbers are among them."""
    low, high = x
    coarse = min(_COARSE, int(math.log2(cells / 2)))
    step = math.ldexp(1.0, math.frexp((high - low) / 2**coarse)[1])
    first, last = math.floor(low / step) + 1, math.ceil(high / step)
    inner = [k * step for k in range(first, last)] if math.isfinite(low / step + high / step) else []
    return list(dict.fromkeys([low, *(each for each in inner if low < each < high), high]))


def _sight(weighted: Sequence[tuple[float, float]], ends: Sequence[float]) -> Interval:
    """Between which heights a curve is shown, given its values with what width each has, and those beside gaps."""
    if not weighted:
        return -1.0, 1.0
    ordered = sorted(weighted)
    low, high = ordered[0][0], ordered[-1][0]
    q_low, q_high = _quantile(ordered, 0.1), _quantile(ordered, 0.9)
    size = q_high - q_low or abs(q_high) or 1.0
    if (
        max((abs(end - min(max(end, q_low), q_high)) for end in ends if not math.isnan(end)), default=0.0)
        > _POLE * size
    ):
        low, high = max(low, q_low - _PAST * size), min(high, q_high + _PAST * size)
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        size = abs(high) / 2 or 1.0
        return low - size, high + size
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def _quantile(ordered: Sequence[tuple[float, float]], part: float) -> float:
    """The value below which lies this part of the width."""
    left = part * math.fsum(width for _, width in ordered)
    for value, width in ordered:
        left -= width
        if left <= 0:
            return value
    return ordered[-1][0]
