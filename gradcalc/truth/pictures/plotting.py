"""From a formula, points and ranges to a `Plot`: what `gradcalc.plot` and the command share.

    formula, points ──▶ ranges, chosen where none are given ──▶ sampled, surveyed; judged as in `grad`; kinks ──▶ Plot

Imports calculator, curve, surface and plot.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.arithmetic.exact_numbers import simplest
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError, for_python
from gradcalc.graph.shapes import labels
from gradcalc.language import points
from gradcalc.language.formula import UNNAMED, Formula, Point, Value
from gradcalc.language.parse import free_names
from gradcalc.settings import Dialect, Limits, Options, limits_for
from gradcalc.show.picture import Marks
from gradcalc.truth.calculator import asked, judged
from gradcalc.truth.critical.answer import Critical
from gradcalc.truth.critical.ask import critical as search
from gradcalc.truth.pictures.curve import Interval, Place, Sampled, function, sample
from gradcalc.truth.pictures.found import check_drawn, layers_of, marks_of, sides_in_sight, zeros_of
from gradcalc.truth.pictures.plot import Kink, Plot
from gradcalc.truth.pictures.surface import Heights, surveyed
from gradcalc.truth.report import PointReport

_MOST_KINKS = 24
_RADII = (3.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6, 0.3, 0.03, 1e-3)
"""Half the ranges that are tried where none is given: the first in which something is to be seen."""
_GRID = 401
_DOTS = 600
"""Values that stand alone where no line is proved."""
_NAMED = 8
"""Names that a message lists, at most."""


@for_python
def plot(
    expression: Any,
    at: Any = None,
    *,
    range: Any = None,
    order: int = 1,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    critical: bool = False,
    marks: Sequence[Marks] = (),
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Plot:
    """How a formula looks: of one variable with its derivative and tangents, of two its contours and gradient.

    No line is drawn across a jump or a pole: a curve has a piece only where intervals prove it continuous.

    >>> found = gradcalc.plot("1/x", range={"x": (-3, 3)})
    >>> [gap.kind for gap in found.curves[0].gaps]
    ['pole']

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula); or the answer of
            `gradcalc.critical`, which is drawn over its box with its points, and takes no more arguments.
        at: points to mark, each with its tangent; a name that is not drawn has its value from here.
        range: from where to where by variable: `{"x": (-3, 3)}`, `"x=-3:3"`, or `(-3, 3)`; chosen where it is absent.
        order: 2 for the second derivative as well.
        wrt: the one or two variables that are drawn, where there are more.
        let: values by name that are put into the formula.
        critical: whether the critical points in the ranges are searched, proved and marked by their kind.
        marks: what else is marked.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as `differentiate` takes it.

    Raises:
        ExpressionError, UsageError: as `differentiate`; a range that is none; more than two variables.
    """
    bounds = limits_for(limits, dialect)
    if isinstance(expression, Critical):
        return of_critical(expression, bounds)
    made = plotted(
        expression, points.to_points(at, bounds), ranges=to_ranges(range, bounds), order=order,
        wrt=None if wrt is None else points.read_names(wrt), let=points.to_bindings(let, bounds), critical=critical,
        limits=bounds,
    )  # fmt: skip
    return made.with_marks(*marks) if marks else made


def to_ranges(given: Any, limits: Limits) -> dict[str, Interval]:
    """Ranges from what an argument gives: a mapping, a pair for the one variable, or text."""
    if given is None:
        return {}
    if isinstance(given, str):
        return points.read_intervals(given, limits, "--range", "range")
    sides = given if isinstance(given, Mapping) else {UNNAMED: given}
    found: dict[str, Interval] = {}
    for name, side in sides.items():
        if isinstance(side, str):
            found |= points.read_intervals(f"{name}={side}" if name else side, limits, "--range", "range")
            continue
        try:
            low, high = map(float, side)
        except (TypeError, ValueError):
            raise UsageError(f"range is {given!r}", hint='range={"x": (-3, 3)}') from None
        found[str(name)] = low, high
    return found


def plotted(
    expression: Any,
    at: Sequence[Point],
    *,
    ranges: Mapping[str, Interval],
    order: int = 1,
    wrt: Sequence[str] | None = None,
    let: Mapping[str, Value] | None = None,
    critical: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Plot:
    """The plot of a formula: what `plot` and the command call."""
    if order not in (1, 2):
        raise UsageError(f"order is {order!r}", hint="1, or 2 for the second derivative as well")
    let = let or {}
    at = points.named(at, expression, let, limits, wrt or ())
    formula, at = _asked(expression, at, ranges, wrt, let, limits)
    names = formula.names
    ranges = _named_ranges(ranges, names)
    fixed = at[0] if at else {}
    shown = [point for point in at if all(name in _flat(point) for name in names)]
    _check_fixed(shown, names)
    found: tuple[PointReport, ...] = ()
    if shown:
        options = Options(2, symbolic=False, limits=limits)
        found, _ = judged(formula.differentiated(formula.wrt, 2), shown, None, options)
    values = Heights(formula, fixed)
    chosen = _chosen(values, names, ranges, found)
    moving = {variable.name for variable in formula.wrt}
    echoed, exactly = points.echoed({name: value for name, value in fixed.items() if name not in moving})
    bound, bound_exactly = points.echoed(let)
    marks: tuple[Marks, ...] = ()
    if critical:
        still = {name: value for name, value in fixed.items() if name not in moving}
        marks = tuple(_critical(expression, chosen, {**let, **still}, limits))
    plot = Plot(
        formula.canonical, formula.text, chosen, {**bound, **bound_exactly}, {**echoed, **exactly}, found, marks=marks
    )
    if len(names) == 2:
        return replace(plot, surface=surveyed(formula, fixed, chosen[names[0]], chosen[names[1]]))
    zero = formula.graph.constant(0)
    outputs = [formula.output, *formula.gradient, *([formula.hessian.get((0, 0), zero)] if order == 2 else [])]
    curves = sample(function(formula, fixed, outputs), *chosen.values())
    kinks = tuple(_kinks(formula, fixed, curves, limits))
    return replace(plot, curves=curves, kinks=kinks, dots=_dots(values, curves[0], *chosen.values()))


def _asked(
    expression: Any,
    at: Sequence[Point],
    ranges: Mapping[str, Interval],
    wrt: Sequence[str] | None,
    let: Mapping[str, Value],
    limits: Limits,
) -> tuple[Formula, list[Point]]:
    """The formula with the one or two variables that are drawn, and the points, each with all that is given once."""
    free = free_names(expression, let, limits)
    given = list(at[0]) if at else []
    named = [name.partition("[")[0] for name in ranges if name]
    if wrt is not None:
        drawn = list(dict.fromkeys(wrt))
    elif named:
        drawn = list(dict.fromkeys([*named, *(name for name in free if name not in given and name not in named)]))
    else:
        drawn = sorted([name for name in free if name not in given] or free)
    if not drawn:
        raise UsageError("the formula has no variable to draw it over", hint="--range x=-3:3 names one")
    whole: list[Point] = [{**at[0], **point} for point in at] or [{}]
    anywhere = {name: points.to_value(name, 0, limits) for name in drawn}
    formula = asked(expression, [{**anywhere, **point} for point in whole], drawn, let, 1, limits)
    names = formula.names
    if len(names) > 2:
        raise UsageError(
            f"a plot is over one or two variables; these are {len(names)}: {', '.join(names[:_NAMED])}",
            hint=f"--wrt {names[0]},{names[1]} with values for the others by --at",
        )
    return formula, (whole if at else [])


def _flat(point: Point) -> dict[str, float]:
    """The numbers of a point by scalar."""
    return {
        label: each
        for name, value in point.items()
        for label, each in zip(labels(name, value.shape), points.numbers(value, Floats()), strict=True)
    }


def _check_fixed(at: Sequence[Point], names: Sequence[str]) -> None:
    """Refuse points that differ in what is not drawn: they would not lie on one picture."""
    if len(at) > 1:
        rest = [{name: each for name, each in _flat(point).items() if name not in names} for point in at]
        for name, value in rest[0].items():
            if any(other.get(name) != value for other in rest):
                raise UsageError(f"the points differ in {name}, which is not drawn", hint=f"--wrt {names[0]},{name}")


def _named_ranges(ranges: Mapping[str, Interval], names: Sequence[str]) -> dict[str, Interval]:
    """The ranges by variable, each of them a range of floats."""
    found = {}
    for name, (low, high) in ranges.items():
        if not name and len(names) > 1:
            hint = ",".join(f"{each}=-3:3" for each in names)
            raise UsageError("a range without a name is for one variable", hint=f"--range {hint}")
        name = name or names[0]
        if name not in names:
            raise UsageError(f"--range names {name}, which is not drawn", hint=f"--range {names[0]}=-3:3")
        if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(high - low) and low < high):
            raise UsageError(f"{name} from {low:g} to {high:g} is no range", hint=f"--range {name}=-3:3")
        if not low + (high - low) / 2**12 > low or not high - (high - low) / 2**12 < high:
            raise UsageError(f"{name} from {low!r} to {high!r} is too narrow for floats to tell its places apart")
        found[name] = low, high
    return found


# -- ranges ------------------------------------------------------------------------------------------------------------


def _chosen(
    values: Heights, names: Sequence[str], ranges: Mapping[str, Interval], found: Sequence[PointReport]
) -> dict[str, Interval]:
    """The ranges, those that are absent chosen: around the points, or where something is to be seen."""
    if len(ranges) == len(names):
        return {name: ranges[name] for name in names}
    around = {name: [_flat_at(point, name) for point in found] for name in names}
    for radius in _RADII if not found else _RADII[:1]:
        sides = [ranges.get(name) or _around(around[name], radius) for name in names]
        if found or _shows(values, sides):
            break
    else:
        sides = [ranges.get(name) or (-_RADII[0], _RADII[0]) for name in names]
    trimmed = _trimmed(values, sides, [around[name] for name in names])
    sides = [ranges.get(name) or side for name, side in zip(names, trimmed, strict=True)]
    return dict(zip(names, sides, strict=True))


def _flat_at(point: PointReport, name: str) -> float:
    base, _, index = name.partition("[")
    value: Any = point.at[base]
    for part in index.rstrip("]").split(",") if index else ():
        value = value[int(part)]
    return float(value)


def _around(places: Sequence[float], radius: float) -> Interval:
    """A range with all the places well inside; around 0 where there are none."""
    if not places:
        return -radius, radius
    low, high = min(places), max(places)
    margin = max(radius if high - low < radius else 0.0, 0.75 * (high - low), 0.5 * max(abs(low), abs(high)))
    if high - low < radius and max(abs(low), abs(high)) < 1e-3 and low + high:
        margin = 4 * max(abs(low), abs(high))
    return low - margin, high + margin


def _shows(values: Heights, sides: Sequence[Interval]) -> bool:
    """Whether something is to be seen: a value somewhere, which is not nearly the same everywhere."""
    count = _GRID if len(sides) == 1 else 41
    grids = np.meshgrid(*(np.linspace(*side, count) for side in sides))
    found = values(*grids)[0]
    known = found[np.isfinite(found)]
    if len(known) < 0.05 * found.size:
        return False
    return bool(np.ptp(known) > 1e-2 * np.abs(known).max()) or bool(np.ptp(known) == 0 and known.size == found.size)


def _trimmed(values: Heights, sides: Sequence[Interval], places: Sequence[Sequence[float]]) -> list[Interval]:
    """Chosen ranges without the parts at their ends in which there is no value."""
    known = _known(values, sides)
    found = []
    for k, (side, kept) in enumerate(zip(sides, places, strict=True)):
        axes = tuple(axis for axis in range(known.ndim) if axis != known.ndim - 1 - k)
        some = np.flatnonzero(known.any(axis=axes))
        if not len(some) or len(some) == known.shape[-1 - k]:
            found.append(side)
            continue
        xs = np.linspace(*side, known.shape[-1 - k])
        low, high = float(xs[max(0, some[0] - 1)]), float(xs[min(len(xs) - 1, some[-1] + 1)])
        low, high = min([low, *kept]), max([high, *kept])
        margin = 0.05 * (high - low)
        found.append((max(side[0], low - margin), min(side[1], high + margin)))
    return found


def _known(values: Heights, sides: Sequence[Interval]) -> Any:
    """Where on a grid there is a value; rows are of the last variable."""
    grids = np.meshgrid(*(np.linspace(*side, _GRID if len(sides) == 1 else 61) for side in sides))
    return np.isfinite(values(*grids)[0])


# -- critical points and roots -----------------------------------------------------------------------------------------


def _critical(expression: Any, ranges: Mapping[str, Interval], let: Point, limits: Limits) -> Iterator[Marks]:
    """The critical points that are proved in the ranges, by their kinds."""
    yield from marks_of(search(expression, dict(ranges), let=let, limits=limits), list(ranges))


def of_critical(found: Critical, limits: Limits = Limits()) -> Plot:  # noqa: B008 - frozen
    """How an answer of `critical` looks: the curve or the contours over its box, its points, what is not settled.

    Of a system of two the sum of the squares is drawn, with the lines on which each formula is 0.

    Raises:
        UsageError: more than two variables.
    """
    check_drawn(found.variables)
    sides = sides_in_sight(found)
    let = points.to_bindings(found.let, limits)
    lines, is_system = found.equations, found.task == "roots" and len(found.equations) > 1
    if is_system:
        made = plotted(" + ".join(f"({each})^2" for each in lines), [], ranges=sides, limits=limits)
    else:
        made = plotted(_alone(found), [], ranges=sides, let=let, limits=limits)
    layers = layers_of(found)
    if made.surface is None:
        return made.with_layers(*layers)
    drawn = []
    labels = found.constraints or [f"{line} = 0" for line in lines]
    for k, (line, label) in enumerate(zip(lines, labels, strict=True)):
        surface = plotted(line, [], ranges=sides, limits=limits).surface
        assert surface is not None
        drawn.append(zeros_of(surface, f"zeros-{k + 1}", label, k))
    surface = made.surface if not is_system else replace(made.surface, places=(), slopes=())
    return replace(made, expression=found.expression, surface=surface).with_layers(*drawn, *layers)


def _alone(found: Critical) -> str:
    """The formula of an answer, that of an array of one too."""
    return found.equations[0] if found.task == "roots" else found.expression


# -- kinks and dots ----------------------------------------------------------------------------------------------------


def _kinks(formula: Formula, fixed: Point, curves: Sequence[Sampled], limits: Limits) -> Iterator[Kink]:
    """Where the function goes on and its slope jumps: as it looks, and measured at the simplest number there."""
    function, slope = curves[:2]
    gone = [gap for gap in function.gaps if gap.kind != "join"]
    seen = [gap for gap in slope.gaps if gap.kind in ("jump", "pole")]
    variable = formula.wrt[0]
    for gap in seen[:_MOST_KINKS]:
        if gap.at is None or variable.shape or any(each.low <= gap.high and each.high >= gap.low for each in gone):
            continue
        left, right = slope.near(gap.at)
        if abs(right - left) > 1e-3 * (slope.y[1] - slope.y[0]):
            number = simplest(gap.low, gap.high)
            at = {**fixed, variable.name: points.to_value(variable.name, number, limits)}
            ((report,), _) = judged(formula, [at], None, Options(1, symbolic=False, limits=limits))
            yield from _kink(gap.at, report, left, right)


def _kink(at: float, report: PointReport, left: float, right: float) -> Iterator[Kink]:
    """A kink as it is measured at the number itself; or beside it, where that has one of the two slopes."""
    slope = report.gradient[0]
    if report.verdict == "kink":
        note = next((note for note in report.notes if note.kind == "kink"), None)
        one = left if note is None or note.left is None else note.left
        other = right if note is None or note.right is None else note.right
        yield Kink(at, report.value.value, one, other, True)
        return
    near = min(abs(slope.value - left), abs(slope.value - right)) < 0.05 * abs(right - left)
    if near and slope.verdict in ("agrees", "inaccurate", "unverified"):
        yield Kink(at, report.value.value, left, right, False)


def _dots(values: Heights, curve: Sampled, x: Interval) -> tuple[Place, ...]:
    """Values alone, where nothing was proved of a part of the range that one sees."""
    found: list[Place] = []
    for gap in curve.gaps:
        part = (gap.high - gap.low) / (x[1] - x[0])
        if gap.kind == "unsettled" and part > 2.0**-7:
            xs = np.linspace(gap.low, gap.high, 2 + int(part * _DOTS))
            ys = values(xs)[0]
            found += [(float(a), float(b)) for a, b in zip(xs, ys, strict=True) if math.isfinite(b)]
    return tuple(found)
