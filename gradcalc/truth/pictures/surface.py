"""Functions of two variables over a rectangle, on a grid through which no contour crosses a jump or a pole.

    rectangle ──enclosed in intervals──▶ continuous | without value | open: cut in four, again and again
              └─▶ heights on a grid; in a cell of which nothing is proved they are nan, so that contours end there

The heights are floats; what is proved is where the function is continuous. Imports curve, picture and NumPy.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point
from gradcalc.show.picture import Contours
from gradcalc.truth.pictures.curve import Enclose, Interval, Place, cells, enclosing, fixed_at, work

Array = np.ndarray[Any, Any]
Values = Callable[[Array, Array], Sequence[Array]]
"""The value, and where arrows are wanted its two derivatives, at arrays of x and y: floats of the same shape."""

_DEPTHS = (4, 5, 6, 7)
"""The rectangle is cut into 16 to 128 cells a side: as the work of its values allows."""
_HEIGHTS_WORK = 2_000_000.0
"""What the heights may cost, in units of about a microsecond."""
_ROOM = 4
"""How many times as many boxes may be enclosed as of a curve."""
_ARROWS = (16, 12)
_WIDE = 60.0
"""Heights whose largest is so many times what a tenth of them is below are shown in logarithms."""
_POLE = 3.0
"""Heights are cut where they reach so many times as far as nine tenths of them, and something was not proved."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A function of two variables over a rectangle.

    Attributes:
        xs, ys: the columns and rows of the grid.
        heights: `(rows, columns)`; nan where it has no value, or is not proved continuous around.
        places, slopes: where arrows stand, and the gradient there.
        base: what the heights are above where logarithms show them better; else None.
        unsettled: the part of the rectangle, from 0 to 1, of which nothing was proved; strips around a jump are none.
        breaks: whether there are such strips.
        undefined: the part that is proved to have no value.
    """

    xs: Array
    ys: Array
    heights: Array
    places: tuple[Place, ...]
    slopes: tuple[Place, ...]
    base: float | None
    unsettled: float
    undefined: float
    breaks: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not bool(np.isfinite(self.heights).any())

    @property
    def sight(self) -> Interval:
        """The heights worth seeing: all, but where the surface runs away beside what was not proved."""
        known = self.heights[np.isfinite(self.heights)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        if self.breaks and len(known):
            q_low, q_high = np.quantile(known, (0.05, 0.95)).tolist()
            size = q_high - q_low or abs(q_high) or 1.0
            if max(q_low - low, high - q_high) > _POLE * size:
                low, high = max(low, q_low - size / 2), min(high, q_high + size / 2)
        return low, high

    def contours(self) -> Contours:
        """Its heights, as they are drawn."""
        label = "value" if self.base in (None, 0.0) else f"value above {self.base:.6g}"
        return Contours(self.xs.tolist(), self.ys.tolist(), self.heights.tolist(), label, self.base, self.sight)


class Heights:
    """The value and the gradient of a formula at arrays of its variables, in floats."""

    def __init__(self, formula: Formula, fixed: Point) -> None:
        self.formula, self.arrays = formula, Arrays()
        self.fixed = points.bind(formula.graph, fixed, self.arrays)

    def __call__(self, *variables: Any) -> list[Any]:
        """The value and the derivatives, each an array."""
        formula = self.formula
        outputs = [formula.output, *formula.gradient]
        at = self.fixed | dict(zip(formula.inputs, variables, strict=True))
        values = self.arrays.evaluate(formula.graph, at, outputs)
        shape = np.broadcast_shapes(*(np.shape(each) for each in variables))
        return [np.broadcast_to(np.asarray(values[node], float), shape) for node in outputs]


def surveyed(formula: Formula, fixed: Point, x: Interval, y: Interval, arrows: bool = True) -> Surface:
    """A formula over a rectangle of its two variables, all else as it is fixed."""
    over = enclosing(formula.graph, [formula.output], formula.inputs, fixed_at(formula, fixed))
    return survey(over, Heights(formula, fixed), work(formula.graph, [formula.output]), x, y, arrows)


@np.errstate(all="ignore")  # heights near the largest double: what is infinite is not drawn
def survey(over: Enclose, values: Values, work: float, x: Interval, y: Interval, arrows: bool = True) -> Surface:
    """A function over a rectangle.

    Args:
        work: what a value costs, in units of about a microsecond.
    """
    depth = next((each for each in reversed(_DEPTHS) if work * 4 ** (each + 1) <= _HEIGHTS_WORK), _DEPTHS[0])
    side = 2**depth
    open_, absent = _proved(over, _ROOM * cells(work), x, y, depth)
    xs, ys = np.linspace(*x, 2 * side + 1), np.linspace(*y, 2 * side + 1)
    heights = np.array(np.broadcast_to(values(xs[None, :], ys[:, None])[0], (len(ys), len(xs))), dtype=float)
    heights[~np.isfinite(heights)] = math.nan
    for rows, columns in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2)):  # the middle of a cell, and those of its sides
        hidden = heights[rows : 2 * side + rows : 2, columns : 2 * side + columns : 2]
        hidden[open_ | absent] = math.nan
    places, slopes = _arrows(values, x, y, open_ | absent) if arrows else ((), ())
    base = _base(heights, bool(open_.any()))
    unsettled, undefined = float(_wide(open_).mean()), float(absent.mean())
    return Surface(xs, ys, heights, places, slopes, base, unsettled, undefined, bool(open_.any()))


def _wide(open_: Array) -> Array:
    """The open cells whose neighbours are all open too, as those at a jump are not."""
    found = open_.copy()
    for axis in (0, 1):
        for step in (-2, -1, 1, 2):
            found &= np.roll(np.pad(open_, 2, mode="edge"), step, axis)[2:-2, 2:-2]
    return found


def _proved(over: Enclose, most: int, x: Interval, y: Interval, depth: int) -> tuple[Array, Array]:
    """Which cells are open, and which have no value: `(rows, columns)` of bools; the others are continuous."""
    side = 2**depth
    open_, absent = np.ones((side, side), bool), np.zeros((side, side), bool)
    xs, ys = np.linspace(*x, side + 1).tolist(), np.linspace(*y, side + 1).tolist()
    level = [(0, 0)]
    for size in (2**k for k in range(depth, -1, -1)):
        most -= len(level)
        if most < 0 or not level:
            break
        further = []
        found = over([[(xs[column], xs[column + size]), (ys[row], ys[row + size])] for row, column in level])
        for (row, column), (known, *_) in zip(level, found, strict=True):
            part = slice(row, row + size), slice(column, column + size)
            if known.continuous or known.absent:
                open_[part], absent[part] = False, known.absent
            else:
                half = size // 2
                further += [(row + i, column + j) for i in (0, half) for j in (0, half)]
        level = further
    return open_, absent


def _arrows(values: Values, x: Interval, y: Interval, hidden: Array) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The gradient on a coarse grid, where it is finite and the function continuous."""
    xs, ys = (_middles(side, count) for side, count in zip((x, y), _ARROWS, strict=True))
    columns, rows = np.meshgrid(xs, ys)
    slopes = [np.broadcast_to(each, columns.shape) for each in values(columns, rows)[1:]]
    side = len(hidden)
    cells = [
        np.minimum(((at - low) / (high - low) * side).astype(int), side - 1)
        for at, (low, high) in ((rows, y), (columns, x))
    ]
    kept = np.isfinite(slopes[0]) & np.isfinite(slopes[1]) & ~hidden[cells[0], cells[1]]
    places = zip(columns[kept].tolist(), rows[kept].tolist(), strict=True)
    return tuple(places), tuple(zip(slopes[0][kept].tolist(), slopes[1][kept].tolist(), strict=True))


def _middles(side: Interval, count: int) -> Array:
    ends = np.linspace(*side, count + 1)
    return (ends[1:] + ends[:-1]) / 2


def _base(heights: Array, has_poles: bool) -> float | None:
    """What the heights are measured from in logarithms; None where they are shown as they are."""
    known = heights[np.isfinite(heights)]
    if not len(known) or has_poles and known.min() < 0 < known.max():
        return None
    least = float(known.min())
    above = known - least
    wide = above.max() > _WIDE * np.quantile(above, 0.1) > 0
    return (0.0 if 0 < least <= 0.01 * above.max() else least) if wide else None
