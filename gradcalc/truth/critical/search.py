"""Branch and prune: all zeros of a square system in a box, by intervals over thousands of boxes at once.

    boxes ──components──▶ one of them is not 0 ──▶ gone
          ──Krawczyk──▶ no zero ──▶ gone │ exactly one, proved │ a smaller box ──bisect──▶ boxes

A box goes only where a bound says so for certain: a bound that is nan or infinite says nothing. What Krawczyk's
operator K(X) = m - Y g(m) + (I - Y H(X))(X - m) is asked of is smooth in the whole box: no flag is raised there. If
K(X) lies inside X there is exactly one zero in X; where K(X) and X do not meet there is none; all zeros of X lie in
both. What is left at a small size is blown up and asked again, for a zero on the common face of two boxes, and else
handed back: nothing is dropped.

Krawczyk (1969); Neumaier, "Interval Methods for Systems of Equations" (1990), theorem 5.1.8; Rump, Acta Numerica 19.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from gradcalc.arithmetic.intervals import JUMP, KINK, NOWHERE, OUTSIDE, Interval, Intervals
from gradcalc.graph.domain import unconditional
from gradcalc.graph.ops import Op
from gradcalc.truth.critical.switches import MOST, beyond, is_nested, nearest, switched, thrown
from gradcalc.truth.critical.system import System

Array = Any
"""A NumPy array of doubles."""

BISECTION = 0.4927
"""Where a side is cut: not in the middle, where people put their zeros."""
_BATCH, _NUMBERS = 8192, 4_000_000
_EPS, _TINY = 2.0**-52, 2.0**-1000
_CLEAR = 2.0**-25
"""By what part a component must exceed what it changes by in a box for a row alone to be told as a reason."""
_LEVELS = (2.0**-10, 2.0**-17, 2.0**-24, 2.0**-31, 2.0**-38)
"""How small boxes may get, as a part of the sides: at each level those that are left are asked again."""
_GROWTH, _EXTRA = 4, 64
"""A level below the first is given up where it leaves more boxes than so many times those before, and some."""
_WORK = 40_000
"""Boxes looked at on a level below the first, at most; or as many as on the first."""
_SETS, _PAIRS = 100, 20_000_000
"""Sets of boxes that lie apart and are tried each for itself, at most; pairs of boxes that are compared."""
_FEW, _MOST_SIDES = 1_500, 4
"""Boxes that are all compared with each other, at most; sides up to which the cells beside one are looked at."""
_NARROWING = 100
"""Steps that make the enclosure of a zero narrower, at most."""
_FINEST = 2.0**-60
"""Of a box that holds a zero: narrower enclosures are not looked for. About 0 there would be no end to them."""
_HOMING, _AT_ONCE = 12, 1_000
_MANY, _WORTH, _PASSED = 256, 0.15, 2
"""Of so many boxes Krawczyk's operator is not asked up to twice where it told nothing of most of them the last time."""
_FULL = 200_000
"""Boxes waiting above which the search goes deep, not broad."""


IsFlat = Callable[["Boxes"], Array]
"""Tells of each box whether all its points are zeros."""


class Boxes(NamedTuple):
    """Boxes by their corners: arrays with a row for each variable, a column for each box."""

    low: Array
    high: Array

    def __len__(self) -> int:
        return int(self.low.shape[1])

    def take(self, which: Array) -> "Boxes":
        """Some of them."""
        return Boxes(self.low[:, which], self.high[:, which])

    def hull(self) -> "Boxes":
        """One box around all."""
        return Boxes(self.low.min(axis=1, keepdims=True), self.high.max(axis=1, keepdims=True))


def no_boxes(size: int) -> Boxes:
    """None of them, in some variables."""
    return Boxes(np.zeros((size, 0)), np.zeros((size, 0)))


def together(parts: list[Boxes], size: int) -> Boxes:
    """All boxes of some lists."""
    if not parts:
        return no_boxes(size)
    return Boxes(np.concatenate([part.low for part in parts], 1), np.concatenate([part.high for part in parts], 1))


@dataclass
class Found:
    """What a search has found.

    Attributes:
        unique: boxes that hold exactly one zero each; `zeros` the enclosures of those, as narrow as doubles allow.
        left: boxes of which nothing is known.
        flat: boxes of which all points are zeros, where those were asked for.
        looked: how many boxes were looked at.
        is_whole: whether nothing was left for want of time.
    """

    unique: Boxes
    zeros: Boxes
    left: Boxes
    flat: Boxes
    looked: int = 0
    is_whole: bool = True


@dataclass
class Clock:
    """When to stop, and who is told how far it has come: called with the boxes that wait.

    The search ends at `end`; the proofs of what it has found may take as long again as `seconds`, and what looks for
    zeros in small boxes a quarter of it.
    """

    end: float = float("inf")
    seconds: float = float("inf")
    told: Callable[[int], None] | None = None
    interrupted: bool = False

    def is_over(self, waiting: int = 0) -> bool:
        """Whether the time is over."""
        if self.told is not None:
            self.told(waiting)
        return self.interrupted or time.monotonic() > self.end

    def is_spent(self) -> bool:
        """Whether the time to look for zeros in small boxes is over too."""
        return self.interrupted or time.monotonic() > self.end + self.seconds / 4


@dataclass
class Bar:
    """A value that is taken in a box, or above one: what is larger everywhere cannot be least.

    Attributes:
        inner: the ends of the side of each unknown, by its node, between which points are in the box for certain.
        at: the point at which the value was found, by node.
    """

    inner: Mapping[int, tuple[float, float]]
    height: float = math.inf
    at: Mapping[int, float] = field(default_factory=dict)

    def lower(self, middles: Boxes, values: Interval, inputs: tuple[int, ...]) -> None:
        """Take down the least of some values, each in an interval, at points."""
        inside = np.ones(len(middles), bool)
        for k, node in enumerate(inputs):
            low, high = self.inner[node]
            inside &= (middles.low[k] >= low) & (middles.low[k] <= high)
        sure = inside & ((np.asarray(values.flags) & (OUTSIDE | NOWHERE)) == 0)
        heights = np.where(sure & ~np.isnan(values.high), values.high, np.inf)
        best = int(np.argmin(heights))
        if heights[best] < self.height:
            self.height = float(heights[best])
            self.at = {node: float(middles.low[k, best]) for k, node in enumerate(inputs)}


class Krawczyk(NamedTuple):
    """What is known of each box.

    Attributes:
        image: the operator's; `inverse` its Y.
        one: whether that proves one zero.
        none: whether it proves that there is none: with this Y, or where a row alone does with one of that row.
        rows: what the rows of the linear system leave of the box, each for itself; it holds all zeros of the box.
    """

    image: Boxes
    one: Array
    none: Array
    inverse: Array
    rows: Boxes


class Enclosing:
    """A system over batches of boxes."""

    def __init__(self, system: System, bar: "Bar | None" = None) -> None:
        self.system, self.bar = system, bar
        self.intervals = Intervals()
        self._fixed = {node: self.intervals.around(make) for node, make in system.fixed.items()}
        graph = system.graph
        self._used = unconditional(graph, system.needed)
        self._first = tuple(dict.fromkeys((*system.needed, *system.components)))
        self._pruning = tuple(dict.fromkeys((*self._first, *system.below)))
        self._second = tuple(dict.fromkeys((*self._first, *system.jacobian.values())))
        self._switches, self._thrown = (
            ({}, ()) if system.beside or system.columns else switched(graph, system.components)
        )
        if system.value is None or len(self._switches) > MOST or is_nested(graph, self._switches):
            self._switches = {}
        rows = system.columns.size if system.columns else 1
        self.batch = max(64 // rows, 8, min(_BATCH, _NUMBERS // max(1, rows * len(graph.needed(self._second)))))

    def values(self, boxes: Boxes, outputs: tuple[int, ...]) -> list[Any]:
        """The intervals of some nodes."""
        inputs = {node: Interval(boxes.low[k], boxes.high[k]) for k, node in enumerate(self.system.inputs)}
        inputs |= self._fixed
        columns = self.system.columns
        if columns is None:
            return self.intervals.within(self.system.graph, inputs, outputs, self._used)
        values = self.intervals.within(self.system.graph, {**inputs, **columns.intervals}, outputs, self._used)
        with np.errstate(all="ignore"):
            for node in outputs:
                values[node] = columns.added(values[node], len(boxes))
        return values

    def own(self, op: Op, operands: list[Interval]) -> Interval:
        """What an op makes of intervals, and raises itself where they have no flags."""
        with np.errstate(all="ignore"):
            result: Interval = self.intervals.functions[op](*operands)
        return result

    def excluded(self, boxes: Boxes) -> Array:
        """Where there is no zero: a component is not 0, or what must have a value has none."""
        values = self.values(boxes, self._pruning)
        gone, apart = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
        for node in self.system.components:
            low, high, gap, _ = values[node]
            gone |= (low > 0) | (high < 0)
            apart |= np.asarray(gap) > 0
        for node in self.system.needed:
            flags = np.asarray(values[node].flags)
            gone |= (flags & NOWHERE) > 0
            if self.system.value is not None:  # slopes of both signs around a cusp keep away from 0 too
                apart &= (flags & (KINK | JUMP)) == 0
        gone |= apart
        for node in self.system.below:
            gone |= values[node].low > 0
        if self.system.tops:
            gone |= self._without_poles(boxes, values, gone)
        if self.bar is None or self.system.value is None:
            return gone
        least = values[self.system.value]  # a least value may be at a jump, or where the function ends, too
        flags = np.asarray(least.flags)
        gone &= (flags & (OUTSIDE | JUMP)) == 0
        return gone | ((flags & NOWHERE) > 0) | (least.low > self.bar.height)

    def steep(self, boxes: Boxes) -> Array:
        """Where no mean of the slopes that kinks may have is 0.

        Nowhere beside a bar: a least value may be at a jump.
        """
        if not self._switches or not len(boxes) or self.bar is not None:
            return np.zeros(len(boxes), bool)
        inputs = {node: Interval(boxes.low[k], boxes.high[k]) for k, node in enumerate(self.system.inputs)}
        found = thrown(
            self.intervals, self.system.graph, inputs | self._fixed, self._switches, self._thrown, len(boxes)
        )
        return beyond(found, nearest(found))

    def _without_poles(self, boxes: Boxes, values: list[Any], gone: Array) -> Array:
        """Where a box may hold a pole, and a numerator is not 0."""
        flags = np.zeros(len(boxes), np.uint8)
        for node in self.system.needed:
            flags = flags | np.asarray(values[node].flags, np.uint8)
        which = np.flatnonzero(~gone & ((flags & OUTSIDE) > 0) & ((flags & (KINK | JUMP)) == 0))
        result = np.zeros(len(boxes), bool)
        if len(which):
            tops = self.values(boxes.take(which), tuple(node for factors in self.system.tops for node in factors))
            for factors in self.system.tops:
                result[which] |= np.logical_and.reduce([_keeps_off(tops[node]) for node in factors])
        return result

    def flags(self, box: Boxes) -> int:
        """All flags that a box raises."""
        values = self.values(box, self._second)
        found = 0
        for node in self._second:
            found |= int(np.bitwise_or.reduce(np.asarray(values[node].flags), axis=None))
        return found

    def _matrices(self, values: list[Any], count: int) -> tuple[Array, Array, Array]:
        size = self.system.size
        smooth = np.ones(count, bool)
        for node in self._second:
            smooth &= np.asarray(values[node].flags) == 0
        centre, radius = np.zeros((count, size, size)), np.zeros((count, size, size))
        for (i, j), node in self.system.jacobian.items():
            low, high = values[node].low, values[node].high
            middle = 0.5 * low + 0.5 * high
            centre[:, i, j] = middle
            radius[:, i, j] = np.maximum(high - middle, middle - low) * (1 + 4 * _EPS)
        smooth &= np.isfinite(centre).all(axis=(1, 2)) & np.isfinite(radius).all(axis=(1, 2))
        return centre, radius, smooth

    def krawczyk(self, boxes: Boxes) -> Krawczyk:
        """The operator, for each box; where it cannot be asked its image is nan, and it proves nothing."""
        size, count = self.system.size, len(boxes)
        with np.errstate(all="ignore"):
            middle = 0.5 * boxes.low + 0.5 * boxes.high
            reach = (np.maximum(boxes.high - middle, middle - boxes.low) * (1 + 4 * _EPS)).T
            around = self.values(boxes, self._second)
            centre, radius, smooth = self._matrices(around, count)
            inverse = _inverses(np.where(smooth[:, None, None], centre, np.nan))
            is_point = boxes.low is boxes.high  # a step of Newton's
            values = around if is_point else self.values(Boxes(middle, middle), self._first)
            point, spread = np.zeros((count, size)), np.zeros((count, size))
            if self.bar is not None and self.system.value is not None:
                self.bar.lower(Boxes(middle, middle), values[self.system.value], self.system.inputs)
            for k, node in enumerate(self.system.components):
                low, high = values[node].low, values[node].high
                point[:, k] = 0.5 * low + 0.5 * high
                spread[:, k] = np.maximum(high - point[:, k], point[:, k] - low) * (1 + 4 * _EPS)
            sizes = np.abs(inverse)
            rounding = (4 * size + 8) * _EPS  # of sums of so many products, a few times over
            rest = np.abs(np.eye(size) - inverse @ centre)
            rest = rest + sizes @ radius + rounding * (np.eye(size) + sizes @ np.abs(centre))
            step = (inverse @ point[:, :, None])[:, :, 0]
            error = sizes @ (spread + rounding * np.abs(point))[:, :, None] + rest @ reach[:, :, None]
            end = (middle.T - step).T
            error = (error[:, :, 0] + rounding * (np.abs(middle.T) + np.abs(step))).T * (1 + 1e-12) + 1e-300
            image = Boxes(end - error, end + error)
            inside = ((image.low > boxes.low) & (image.high < boxes.high)).all(axis=0)
            apart = ((image.low > boxes.high) | (image.high < boxes.low)).any(axis=0) & smooth
            rows = boxes
            if not is_point:
                line = _Line(point, spread, centre, radius, reach)
                alone = np.flatnonzero(line.none & smooth & ~apart)
                inverse[alone], apart[alone] = line.inverse(alone), True
                low, high = line.steps()
                rows = Boxes(
                    np.where(smooth, np.fmax(boxes.low, _below(middle + low)), boxes.low),
                    np.where(smooth, np.fmin(boxes.high, -_below(-middle - high)), boxes.high),
                )
        return Krawczyk(image, inside & smooth, apart, inverse, rows)


class _Line:
    """A linear system g(m) + H(X)(X - m) row by row, not preconditioned: |g_i(m)| <= sum of |H_ij| |x_j - m_j|.

    That a row says alone, the operator says with a Y of that row: K_1 = m_1 - t g_i + (e_1 - t H_i)(X - m). Hansen and
    Sengupta, "Bounding solutions of systems of equations using interval analysis", BIT 21 (1981).

    Args:
        point, spread: the components in the middle, box by row, and how far they may be off.
        centre, radius: the Jacobian over the box.
        reach: how far the box goes from its middle, box by column.
    """

    def __init__(self, point: Array, spread: Array, centre: Array, radius: Array, reach: Array) -> None:
        self.point, self.centre, self.reach = point, centre, reach
        size = np.abs(centre)
        self.most, self.least = (size + radius) * (1 + 4 * _EPS), (size - radius) * (1 - 4 * _EPS) - _TINY
        self.parts = self.most * reach[:, None, :]
        self.change = (self.parts.sum(axis=2) + spread) * (1 + (4 * point.shape[1] + 8) * _EPS) + _TINY
        self.none = (np.abs(point) > self.change * (1 + _CLEAR)).any(axis=1)

    def inverse(self, which: Array) -> Array:
        """The Y of some boxes in which a row alone is not 0."""
        margin = np.abs(self.point[which]) - self.change[which]
        row, number = np.argmax(margin, axis=1), np.arange(len(which))
        result = np.zeros((len(which), *self.centre.shape[1:]))
        result[number, 0, row] = 8 * self.reach[which, 0] / margin[number, row]
        return result

    def steps(self) -> Boxes:
        """How far the zeros are from the middle: what each row leaves, where an entry of it keeps away from 0."""
        turned = -self.point[:, :, None] * np.sign(self.centre)
        rest = self.change[:, :, None] * (1 + 8 * _EPS) - self.parts * (1 - 4 * _EPS)
        low, high = turned - rest, turned + rest
        low = low / np.where(low > 0, self.most, self.least)
        high = high / np.where(high > 0, self.least, self.most)
        known = self.least > 0
        low = np.where(known, _below(_below(low)), -np.inf).max(axis=1)
        high = np.where(known, -_below(_below(-high)), np.inf).min(axis=1)
        return Boxes(low.T, high.T)


def _below(x: Array) -> Array:
    """A little less than a rounded number."""
    return x - (np.abs(x) * (2 * _EPS) + _TINY)


def _keeps_off(x: Interval) -> Array:
    """Where none of the numbers is 0."""
    return (x.low > 0) | (x.high < 0) | (np.asarray(x.gap) > 0)


def _inverses(matrices: Array) -> Array:
    """The inverses of many matrices, nan where there is none."""
    good = np.isfinite(matrices).all(axis=(1, 2))
    result = np.full_like(matrices, np.nan)
    if matrices.shape[1] == 1:
        result[good] = 1 / matrices[good]
        return np.where(np.isfinite(result), result, np.nan)
    determinants = np.linalg.det(matrices[good])
    good[good] = np.isfinite(determinants) & (np.abs(determinants) > 0)
    try:
        result[good] = np.linalg.inv(matrices[good])
    except np.linalg.LinAlgError:
        for k in np.flatnonzero(good):
            try:
                result[k] = np.linalg.inv(matrices[k])
            except np.linalg.LinAlgError:
                continue
    return result


# -- the search --------------------------------------------------------------------------------------------------------


@dataclass
class _Search:
    enclosing: Enclosing
    sides: Array
    clock: Clock
    unique: list[Boxes] = field(default_factory=list)
    looked: int = 0
    worth: float = 1.0
    passed: int = 0
    is_flat: IsFlat | None = None
    flat: list[Boxes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.enclosing.system.size

    def level(self, boxes: Boxes, part: float, work: float = np.inf) -> tuple[Boxes, Boxes]:
        """Search until boxes are as small as a part of the sides: those, and those that there was no time for."""
        waiting, small, first = [boxes], list[Boxes](), self.looked
        while waiting:
            count = sum(map(len, waiting))
            if self.clock.is_over(count) or self.looked - first > work:
                return together(small, self.size), together(waiting, self.size)
            batch = self._next(waiting, count)
            left = self.pruned(batch, part)
            tiny = (widths(left) <= part * self.sides).all(axis=0)
            small.append(left.take(tiny))
            waiting.append(bisected(left.take(~tiny), self.sides))
            waiting = [each for each in waiting if len(each)]
        return together(small, self.size), no_boxes(self.size)

    def _next(self, waiting: list[Boxes], count: int) -> Boxes:
        """The next boxes: the oldest, which are the largest; where there are too many, the newest."""
        taken, room = [], self.enclosing.batch
        while waiting and room:
            part = waiting.pop(-1 if count > _FULL else 0)
            taken.append(part.take(slice(0, room)))
            if len(part) > room:
                waiting.insert(len(waiting) if count > _FULL else 0, part.take(slice(room, None)))
            room -= len(taken[-1])
        return together(taken, self.size)

    def pruned(self, boxes: Boxes, part: float) -> Boxes:
        """What is left of some boxes; zeros that are proved are taken down.

        No side gets narrower than about a part of the whole: the operator proves a zero inside a box, not in a point.
        """
        self.looked += len(boxes)
        boxes = boxes.take(~self.enclosing.excluded(boxes))
        boxes = boxes.take(~self.enclosing.steep(boxes))
        if self.is_flat is not None and len(boxes):
            flat = self.is_flat(boxes)
            self.flat.append(boxes.take(flat))
            boxes = boxes.take(~flat)
        if not len(boxes):
            return boxes
        if len(boxes) > _MANY and self.worth < _WORTH and self.passed < _PASSED:
            self.passed += 1
            return boxes
        found = self.enclosing.krawczyk(boxes)
        if found.one.any():
            self.unique.append(boxes.take(found.one))
        keep = ~(found.one | found.none)
        low, high = np.fmax(found.rows.low, found.image.low), np.fmin(found.rows.high, found.image.high)
        keep &= (low <= high).all(axis=0)
        middle, least = 0.5 * low + 0.5 * high, part / 8 * self.sides
        low = np.fmax(boxes.low, np.minimum(low, middle - least))[:, keep]
        high = np.fmin(boxes.high, np.maximum(high, middle + least))[:, keep]
        shrunk = ((high - low) < 0.5 * (boxes.high - boxes.low)[:, keep]).any(axis=0)
        self.worth, self.passed = 1 - (np.count_nonzero(keep) - np.count_nonzero(shrunk)) / len(boxes), 0
        return Boxes(low, high)

    def finer(self, boxes: Boxes, levels: tuple[float, ...], work: float) -> Boxes:
        """What is left of small boxes, searched further as long as that leaves few.

        Where it leaves many, zeros may fill lines: boxes that nothing is left of are settled, the others stay as they
        are; those that lie apart are tried set by set.
        """
        if not len(boxes) or not levels:
            return boxes
        small, open_ = self.level(boxes, levels[0], work)
        small = self.settled(small)
        if not len(open_) and len(small) <= _GROWTH * len(boxes) + _EXTRA:
            return self.finer(small, levels[1:], work)
        boxes = boxes.take(_holding(boxes, together([small, open_], self.size)))
        reach = _LEVELS[0] * self.sides  # what rounding scatters about a point is one set
        sets = touching(Boxes(boxes.low - reach, boxes.high + reach))
        if not 1 < len(sets) <= _SETS:
            return boxes
        parts = [self.finer(boxes.take(each), levels, work / len(sets)) for each in sets]
        return together(parts, self.size)

    def settled(self, boxes: Boxes) -> Boxes:
        """What is left of small boxes once each is blown up, about the zero near it, and asked again."""
        parts = [boxes.take(slice(k, k + self.enclosing.batch)) for k in range(0, len(boxes), self.enclosing.batch)]
        for part in parts:
            if self.clock.is_spent():
                return boxes
            middle, reach = 0.5 * part.low + 0.5 * part.high, 0.5 * (part.high - part.low)
            for _ in range(3):
                step = self.enclosing.krawczyk(Boxes(middle, middle)).image
                near = 0.5 * step.low + 0.5 * step.high
                good = np.isfinite(near).all(axis=0) & (np.abs(near - middle) <= 8 * reach).all(axis=0)
                middle = np.where(good, near, middle)
            for times in (4.0, 1.5, 0.25):
                wide = Boxes(middle - times * reach - 1e-300, middle + times * reach + 1e-300)
                found = self.enclosing.krawczyk(wide)
                if found.one.any():
                    self.unique.append(wide.take(found.one))
        return boxes.take(~_inside(boxes, together(self.unique, self.size)))


def widths(boxes: Boxes) -> Array:
    """The sides of boxes; 0 for one that has no double inside, where it cannot be cut."""
    return np.where(np.nextafter(boxes.low, np.inf) >= boxes.high, 0.0, boxes.high - boxes.low)


def bisected(boxes: Boxes, sides: Array) -> Boxes:
    """Each box cut across its longest side, as a part of the sides of the whole."""
    if not len(boxes):
        return boxes
    longest, columns = np.argmax(widths(boxes) / sides, axis=0), np.arange(len(boxes))
    low, high = boxes.low[longest, columns], boxes.high[longest, columns]
    cut = low + BISECTION * (high - low)
    left, right = boxes.high.copy(), boxes.low.copy()
    left[longest, columns] = right[longest, columns] = np.minimum(np.maximum(cut, low), high)
    return Boxes(np.concatenate((boxes.low, right), 1), np.concatenate((left, boxes.high), 1))


def touching(boxes: Boxes) -> list[Array]:
    """Sets of boxes that meet, each a little widened; many that are in neighbouring cells of a grid."""
    if len(boxes) > _FEW:
        return _near(boxes)
    reach = 0.5 * (boxes.high - boxes.low)
    low, high = boxes.low - reach, boxes.high + reach
    meets = np.ones((len(boxes), len(boxes)), bool)
    for k in range(len(low)):
        meets &= (low[k][:, None] <= high[k][None, :]) & (high[k][:, None] >= low[k][None, :])
    label, left = np.full(len(boxes), -1), 0
    for number in range(len(boxes)):
        if label[number] >= 0:
            continue
        front = np.array([number])
        label[number] = left
        while len(front):
            near = meets[front].any(axis=0) & (label < 0)
            front = np.flatnonzero(near)
            label[front] = left
        left += 1
    return [np.flatnonzero(label == k) for k in range(left)]


def _near(boxes: Boxes) -> list[Array]:
    """Sets of boxes whose middles lie in neighbouring cells of a grid, which are twice as wide as the widest box."""
    middle, cell = 0.5 * boxes.low + 0.5 * boxes.high, 2 * (boxes.high - boxes.low).max(axis=1, keepdims=True)
    keys = np.floor((middle - middle.min(axis=1, keepdims=True)) / np.maximum(cell, 1e-300)) + 1
    spans = keys.max(axis=1) + 2
    if len(spans) > _MOST_SIDES or np.prod(spans) >= 2.0**62:
        return [np.arange(len(boxes))]
    steps = np.cumprod(np.r_[1.0, spans[:-1]]).astype(np.int64)
    cells, place = np.unique(steps @ keys.astype(np.int64), return_inverse=True)
    one, other = [], []
    for step in sorted({abs(int(steps @ each)) for each in product((-1, 0, 1), repeat=len(spans))} - {0}):
        found = np.minimum(np.searchsorted(cells, cells + step), len(cells) - 1)
        meets = np.flatnonzero(cells[found] == cells + step)
        one.append(meets)
        other.append(found[meets])
    label = _joined(len(cells), np.concatenate(one), np.concatenate(other))[place]
    order = np.argsort(label, kind="stable")
    return list(np.split(order, np.flatnonzero(np.diff(label[order])) + 1))


def _joined(count: int, one: Array, other: Array) -> Array:
    """The least number of all that hang together with each, by pairs that do."""
    label, before = np.arange(count), np.arange(0)
    while not np.array_equal(label, before):
        before = label.copy()
        least = np.minimum(label[one], label[other])
        for ends in (one, other):
            np.minimum.at(label, label[ends], least)
            np.minimum.at(label, ends, least)
        label = label[label]
    return label


def _inside(boxes: Boxes, around: Boxes) -> Array:
    """Which boxes lie in one of some others."""
    result = np.zeros(len(boxes), bool)
    if len(boxes) < len(around):
        for k in range(len(boxes)):
            low, high = boxes.low[:, k : k + 1], boxes.high[:, k : k + 1]
            result[k] = ((around.low <= low) & (around.high >= high)).all(axis=0).any()
        return result
    for low, high in zip(around.low.T, around.high.T, strict=True):
        result |= ((boxes.low >= low[:, None]) & (boxes.high <= high[:, None])).all(axis=0)
    return result


def _holding(boxes: Boxes, inner: Boxes) -> Array:
    """Which boxes hold one of some others; all where there are very many."""
    if len(boxes) * len(inner) > _PAIRS:
        return np.ones(len(boxes), bool)
    result = np.zeros(len(boxes), bool)
    for k in range(len(boxes)):
        low, high = boxes.low[:, k : k + 1], boxes.high[:, k : k + 1]
        result[k] = ((inner.low >= low) & (inner.high <= high)).all(axis=0).any()
    return result


def search(system: System, box: Boxes, clock: Clock, bar: Bar | None = None, flat: IsFlat | None = None) -> Found:
    """All zeros of a system in a box: those that are proved, and the boxes of which nothing is known.

    Args:
        bar: a value of the function above which nothing is looked for.
        flat: tells boxes of which all points are zeros.
    """
    enclosing = Enclosing(system, bar)
    sides = np.maximum(box.high - box.low, 1e-300)
    state = _Search(enclosing, sides, clock, is_flat=flat)
    left, late = state.level(box, _LEVELS[0])
    left = state.settled(left)
    if not len(late):
        left = state.finer(left, _LEVELS[1:], max(_WORK, state.looked))
    unique = together(state.unique, system.size)
    waiting = unique.take(slice(_AT_ONCE, None)) if clock.interrupted else no_boxes(system.size)
    unique = unique.take(slice(0, _AT_ONCE)) if clock.interrupted else unique
    zeros = _narrowed(enclosing, unique)
    keep, doubtful = _distinct(unique, zeros)
    rest = together([left, late, waiting, zeros.take(doubtful)], system.size)
    constant = together(state.flat, system.size)
    return Found(unique.take(keep), zeros.take(keep), rest, constant, state.looked, not len(late) and not len(waiting))


def _narrowed(enclosing: Enclosing, unique: Boxes) -> Boxes:
    """Enclosures of the one zero in each of some boxes, as narrow as doubles allow.

    Newton's steps lead to it; a small box about where they end that holds a zero, in the box that holds one alone,
    holds that one. Where they do not, the operator itself narrows the box.
    """
    parts = []
    for k in range(0, len(unique), enclosing.batch):
        around = unique.take(slice(k, k + enclosing.batch))
        zero, open_ = _homed(enclosing, around), np.arange(len(around))
        enough = _FINEST * (around.high - around.low)
        for _ in range(_NARROWING):
            before = zero.take(open_)
            image = enclosing.krawczyk(before).image
            finer = Boxes(np.fmax(before.low, image.low), np.fmin(before.high, image.high))
            zero.low[:, open_], zero.high[:, open_] = finer
            shrinks = (finer.high - finer.low) < 0.9 * (before.high - before.low)
            open_ = open_[(shrinks & (finer.high - finer.low > enough[:, open_])).any(axis=0)]
            if not len(open_):
                break
        parts.append(zero)
    return together(parts, enclosing.system.size)


def _homed(enclosing: Enclosing, boxes: Boxes) -> Boxes:
    """Small boxes about the zeros, where Newton's steps from the middle of the boxes lead to them; else the boxes."""
    middle = 0.5 * boxes.low + 0.5 * boxes.high
    for _ in range(_HOMING):
        image = enclosing.krawczyk(Boxes(middle, middle)).image
        near = np.clip(0.5 * image.low + 0.5 * image.high, boxes.low, boxes.high)
        near = np.where(np.isfinite(near), near, middle)
        done = (np.abs(near - middle) <= 1e-13 * (np.abs(near) + boxes.high - boxes.low)).all()
        middle = near
        if done:
            break
    reach = 1e-9 * (np.abs(middle) + boxes.high - boxes.low)
    small = Boxes(np.maximum(middle - reach, boxes.low), np.minimum(middle + reach, boxes.high))
    one = enclosing.krawczyk(small).one
    return Boxes(np.where(one, small.low, boxes.low), np.where(one, small.high, boxes.high))


def _distinct(unique: Boxes, zeros: Boxes) -> tuple[Array, Array]:
    """The numbers of zeros that differ; and of those that may be equal to one of them, though that is not proved.

    Zeros whose enclosures do not meet differ; one whose enclosure lies in the other's box is the other.
    """
    order = np.argsort(zeros.low[0], kind="stable")
    kept: list[int] = []
    doubtful: list[int] = []
    recent: list[int] = []
    for number in order:
        low, high = zeros.low[:, number], zeros.high[:, number]
        recent = [k for k in recent if zeros.high[0, k] >= low[0]]
        meets = [k for k in recent if ((zeros.low[:, k] <= high) & (zeros.high[:, k] >= low)).all()]
        if any(((unique.low[:, k] <= low) & (unique.high[:, k] >= high)).all() for k in meets):
            continue
        (doubtful if meets else kept).append(number)
        recent += [] if meets else [number]
    return np.array(kept, int), np.array(doubtful, int)
