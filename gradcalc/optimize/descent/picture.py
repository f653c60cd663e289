"""Descents as a `Picture`: their paths on contours, on the curve, or their values against the steps.

    Descents ──▶ what is in sight ──▶ the function there (`truth.curve`, `truth.surface`) ──▶ Picture ◀── paths, bounds

The lowest point of every path is always in sight, and on a curve the lower minimum beside it. Imports answer, objective
and truth.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.arithmetic.arrays import Arrays
from gradcalc.arithmetic.intervals import Interval as Bounds
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.columns import chunks
from gradcalc.optimize.descent.objective import DataObjective, Objective
from gradcalc.show.picture import Contours, Curve, Layer, Marks, Panel, Picture
from gradcalc.truth.pictures.curve import (
    Enclose,
    Function,
    Interval,
    Known,
    Sampled,
    cells,
    enclosing,
    function,
    sample,
    work,
)
from gradcalc.truth.pictures.surface import survey

Array = np.ndarray[Any, Any]

_MOST_POINTS = 2_000
"""Steps of one path that are drawn; more cannot be told apart."""
_WIDE = 60.0
"""Values whose largest is so many times the least are shown in logarithms."""
_MARGIN, _BESIDE = 0.15, 3.0
"""How much is seen around the paths, and how far a lower minimum is looked for, in parts of what they span."""
_DOTS = 300
"""Values of a curve of which nothing is proved."""


class _Path:
    """The steps of a descent that are drawn."""

    def __init__(self, descent: Descent) -> None:
        rows = list(descent.chosen(_MOST_POINTS))
        self.steps = np.array([row.number for row in rows])
        self.points = np.array([row.at for row in rows], float).reshape(len(rows), -1)
        self.values = np.array([row.value for row in rows], float)
        self.end, self.value = tuple(descent.end.at), descent.value
        self.is_best = descent.status in ("diverged", "unbounded", "interrupted")
        self.ran_away = descent.status == "diverged"
        self.label = f"{descent.optimizer}: {descent.status}, {descent.steps:,} steps"
        self.sign = -1.0 if descent.maximize else 1.0

    @property
    def lowest(self) -> Array:
        """The point of the least value (of ascents of the largest)."""
        known = np.where(np.isfinite(self.values), self.sign * self.values, math.inf)
        found: Array = self.points[int(np.argmin(known))]
        return found


def picture(descents: Sequence[Descent]) -> Picture:
    """The paths of descents from one start over what they minimise."""
    first, paths = descents[0], list(map(_Path, descents))
    rate = f", lr {first.learning_rate:.3g}" if first.learning_rate is not None else ""
    result = f"{first.optimizer}{rate}: {first.status} after {first.steps:,} steps"
    subtitle = f"{len(descents)} optimizers from the same start" if len(descents) > 1 else result
    draw: Callable[[Descent, Sequence[_Path]], Panel] = {1: _on_curve, 2: _on_contours}.get(
        len(first.flat_variables), _falls
    )
    return Picture(first.expression, [draw(first, paths)], subtitle)


# -- two variables, one, more ------------------------------------------------------------------------------------------


def _on_contours(first: Descent, paths: Sequence[_Path]) -> Panel:
    """The paths over filled contours."""
    objective, x, y = first.objective, *window(paths)
    graph, output = objective.formula.graph, objective.formula.output
    found = survey(_over(objective), _heights(first), work(graph, [output]) * objective.rows, x, y, arrows=False)
    below = min([path.value for path in paths if math.isfinite(path.value)], default=0.0)
    base = found.base if found.base is None else min(found.base, below)
    label = "value" if base in (None, 0.0) else f"value above {base:.6g}"
    layers: list[Layer] = [
        Contours(found.xs.tolist(), found.ys.tolist(), found.heights.tolist(), label, base, found.sight)
    ]
    layers += _bounds(first, [x, y])
    layers += _layers(paths, [path.points for path in paths], [path.end for path in paths])
    across, up = first.flat_variables
    return Panel(layers, across, up, x, y)


def _on_curve(first: Descent, paths: Sequence[_Path]) -> Panel:
    """The paths on the curve."""
    x = _with_lower(first, window(paths)[0], min(paths, key=lambda path: path.sign * path.value))
    curve = sample(_function(first.objective), x)[0]
    sign = -1.0 if first.maximize else 1.0
    pieces = [[(x, sign * y) for x, y in piece] for piece in curve.pieces]
    low, high = sorted(sign * end for end in curve.y)
    y = _heights_in_sight(paths, x, (low, high))
    layers: list[Layer] = [Curve("f", pieces), *_dots(first, curve), *_bounds(first, [x, y])]
    ends = [(path.end[0], path.value) for path in paths]
    layers += _layers(paths, [np.column_stack([path.points[:, 0], path.values]) for path in paths], ends)
    return Panel(layers, first.flat_variables[0], "value", x, y)


def _falls(first: Descent, paths: Sequence[_Path]) -> Panel:
    """Values against steps, or their heights above the least; in logarithms where they differ much."""
    label, curves = "value", [path.values for path in paths]
    least = min((float(value) for values in curves for value in values if math.isfinite(value)), default=0.0)
    if least < 0:
        label = f"value above {least:.6g}"
        curves = [np.where(values > least, values - least, np.nan) for values in curves]
    positive = [value for values in curves for value in values.tolist() if math.isfinite(value) and value > 0]
    wide = bool(positive) and max(positive) > _WIDE * min(positive)
    layers = [
        Curve(
            "falls",
            [list(zip(path.steps.tolist(), values.tolist(), strict=True))],
            path.label,
            colour=k if len(paths) > 1 else None,
            grows=True,
        )
        for k, (path, values) in enumerate(zip(paths, curves, strict=True))
    ]
    return Panel(layers, "step", label, logarithmic=wide)


def _layers(paths: Sequence[_Path], places: Sequence[Array], ends: Sequence[Any]) -> Iterator[Layer]:
    """Each path with its end, and the start of all."""
    several = len(paths) > 1
    for k, (path, at, end) in enumerate(zip(paths, places, ends, strict=True)):
        colour = k if several else None
        known = at[np.isfinite(at).all(axis=1)]
        steps = [(x, y) for x, y in known.tolist()]
        yield Curve("path", [steps], colour=colour, dots=True, grows=True)
        label = path.label if several else "best" if path.is_best else "end"
        if all(map(math.isfinite, end)):
            yield Marks("end", "best" if path.is_best else "end", [tuple(end)], label, colour)
    if np.isfinite(places[0][0]).all():
        yield Marks("start", "start", [tuple(places[0][0].tolist())], "start")


def _bounds(first: Descent, sides: Sequence[Interval]) -> Iterator[Curve]:
    """The bounds that are in sight, as lines."""
    lines = []
    for k, ends in enumerate(first.watch.bounds or ()):
        low, high = sides[1 - k]
        for end in ends:
            if sides[k][0] < end < sides[k][1]:
                lines.append([(end, low), (end, high)] if k == 0 else [(low, end), (high, end)])
    if lines:
        yield Curve("bounds", lines, dashed=True)


def _dots(first: Descent, curve: Sampled) -> Iterator[Marks]:
    """Values alone, where no line is proved of more than a sliver."""
    found = []
    for gap in curve.gaps:
        if gap.kind == "unsettled":
            found += [(x, first.surface([x])) for x in np.linspace(gap.low, gap.high, _DOTS).tolist()]
    known = [(x, y) for x, y in found if math.isfinite(y)]
    if known:
        yield Marks("dots", "data", known)


# -- what is drawn of the function -------------------------------------------------------------------------------------


def _over(objective: Objective) -> Enclose:
    """How the function is enclosed: over data as the mean or the sum of its rows."""
    formula = objective.formula
    if not isinstance(objective, DataObjective):
        return enclosing(formula.graph, [formula.output], formula.inputs, {})
    columns = {
        formula.graph.inputs[name]: Bounds(np.asarray(column, float)[:, None], np.asarray(column, float)[:, None])
        for name, column in next(chunks(objective.columns)).items()
    }
    return _grouped(enclosing(formula.graph, [formula.output], formula.inputs, columns, reduced=_summed))


def _summed(value: Bounds, count: int) -> Bounds:
    """What is known of a sum over rows: of flags those of any; the bounds are not needed but to be finite."""
    shape = (max(np.shape(np.atleast_2d(value.low))[0], 1), count)
    low, high, flags = (np.broadcast_to(each, shape) for each in (value.low, value.high, value.flags))
    return Bounds(low.sum(axis=0), high.sum(axis=0), 0.0, np.bitwise_or.reduce(flags, axis=0))


def _grouped(enclose: Enclose) -> Enclose:
    """Boxes asked together where one around them all is proved: of much data each of them is dear."""

    def over(boxes: Sequence[Any]) -> list[tuple[Known, ...]]:
        sides = np.asarray(boxes, float)
        (known,) = enclose([list(zip(sides[:, :, 0].min(axis=0), sides[:, :, 1].max(axis=0), strict=True))])
        if len(boxes) == 1 or known[0].continuous or known[0].absent:
            return [tuple(each._replace(low=-math.inf, high=math.inf) for each in known)] * len(boxes)
        half = len(boxes) // 2
        return [*over(boxes[:half]), *over(boxes[half:])]

    return over


def _function(objective: Objective) -> Function:
    """The function of one variable; of data its value alone, in floats."""
    formula = objective.formula
    if not isinstance(objective, DataObjective):
        return function(formula, {}, [formula.output, *formula.gradient])

    def at(x: Fraction | float) -> tuple[float, ...]:
        return (objective.value([float(x)]),)

    return Function(_over(objective), at, cells(work(formula.graph, [formula.output]) * objective.rows))


def _heights(first: Descent) -> Callable[[Array, Array], Sequence[Array]]:
    """The function at arrays of x and y."""
    objective, sign = first.objective, -1.0 if first.maximize else 1.0
    formula = objective.formula
    if isinstance(objective, DataObjective):

        def one_by_one(xs: Array, ys: Array) -> Sequence[Array]:
            shape = np.broadcast_shapes(xs.shape, ys.shape)
            pairs = zip(np.broadcast_to(xs, shape).ravel(), np.broadcast_to(ys, shape).ravel(), strict=True)
            return [np.array([first.surface([float(x), float(y)]) for x, y in pairs]).reshape(shape)]

        return one_by_one

    def together(xs: Array, ys: Array) -> Sequence[Array]:
        at = dict(zip(formula.inputs, (xs, ys), strict=True))
        value = Arrays().evaluate(formula.graph, at, [formula.output])[formula.output]
        return [sign * np.asarray(value, float)]

    return together


# -- what is in sight --------------------------------------------------------------------------------------------------


def window(paths: Sequence[_Path]) -> list[Interval]:
    """The part of each variable that is worth seeing: start, end, the lowest point, the steps; not what ran away."""
    found = [_interval(paths, k) for k in range(paths[0].points.shape[1])]
    spans = [high - low for low, high in found]
    sides = []
    for (low, high), span in zip(found, spans, strict=True):
        if span <= 1e-9 * max(abs(low), abs(high)) or span == 0:
            span = max(*spans, 0.5 * abs(low)) if len(spans) > 1 else 0.5 * abs(low)
            span = span or 1.0
            low, high = low - span / 2, high + span / 2
        sides.append((low - _MARGIN * span, high + _MARGIN * span))
    return sides


def _interval(paths: Sequence[_Path], k: int) -> Interval:
    kept: list[float] = []
    for path in paths:
        x = path.points[:, k]
        x = x[np.isfinite(x)]
        start, end = float(x[0]), path.end[k]
        distance = np.abs(x - end)
        near = abs(start - end)
        if path.ran_away:
            first = abs(float(x[1]) - start) if len(x) > 1 else 0.0
            near = max(near, min(first, 3 * (max(abs(start), abs(end)) or 1.0)))
            kept += [end - near, end + near]
        else:
            near = max(near, float(np.quantile(distance, 0.8)))
            kept.append(float(path.lowest[k]))
        kept += [start, end, *x[distance <= 6 * near].tolist()]
    return min(kept), max(kept)


def _with_lower(first: Descent, x: Interval, path: _Path) -> Interval:
    """The range with the nearest minimum beside it that is lower than where the best path ended, if there is one."""
    span = x[1] - x[0]
    places = np.linspace(x[0] - _BESIDE * span, x[1] + _BESIDE * span, _DOTS)
    values = path.sign * np.array([first.surface([place]) for place in places.tolist()])
    values[~np.isfinite(values)] = math.inf
    inner = values[1:-1]
    lower = (inner < values[:-2]) & (inner <= values[2:]) & (inner < path.sign * path.value - 1e-9 * abs(path.value))
    found = places[1:-1][lower]
    outside = found[(found < x[0]) | (found > x[1])]
    if not len(outside) or ((found >= x[0]) & (found <= x[1])).any():
        return x
    nearest = float(outside[np.argmin(np.abs(outside - path.end[0]))])
    low, high = min(x[0], nearest - 0.5 * span), max(x[1], nearest + 0.5 * span)
    return low, high


def _heights_in_sight(paths: Sequence[_Path], x: Interval, curve: Interval) -> Interval:
    """The heights worth seeing: those of the curve and of the steps in sight."""
    points = np.concatenate([np.column_stack([path.points[:, 0], path.values]) for path in paths])
    kept = np.isfinite(points).all(axis=1) & (points[:, 0] >= x[0]) & (points[:, 0] <= x[1])
    heights = points[kept, 1].tolist()
    low, high = min([curve[0], *heights]), max([curve[1], *heights])
    margin = 0.06 * (high - low)
    return (low - margin if low < curve[0] else low), (high + margin if high > curve[1] else high)
