"""What the end of a descent is: a minimum that stands to be called one, or where the value falls from there.

The Hessian tells where the formula is smooth; that it is smooth around a point, and has a minimum there, is proved in
balls. On a kink or a jump the one-sided slopes decide, and values beside the point. Imports forecast and truth.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.marks import Ball, Unknown
from gradcalc.graph.graph import Graph
from gradcalc.language.formula import Formula
from gradcalc.optimize.descent import forecast
from gradcalc.optimize.descent.objective import Objective, Point
from gradcalc.optimize.descent.watch import Bounds
from gradcalc.truth.slopes import on_kink

MINIMA = ("minimum", "minimum at a kink", "minimum at a jump", "at a bound")
"""The kinds of a point at which a descent has converged."""

_TRUSTED = 1e-250
"""A Hessian below this is what is left of numbers near the end of the range."""

_PROOF_WORK, _LOOK_WORK = 100_000, 5_000
"""Nodes times rows up to which a proof, and values in balls around a point, take no second."""

_ROWS_WORK = 20_000
"""The same, times variables, up to which values over many rows are compared in balls where floats are too near."""

_PROVED = 60
"""Above this many variables no minimum is proved."""

_BITS = 512

_NEAR = 2.0**-20
"""Sums of squares that differ by less than this part may differ by their rounding alone: residuals cancel."""

_LENGTHS = tuple(2.0**-power for power in (10, 16, 22, 30, 40, 48))
"""How far from a point its value is looked at, as parts of it; beyond rounding, and near."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a point is.

    Attributes:
        kind: in the words of `Descent.kind`.
        eigenvalues: of the Hessian, increasing; None where there is none.
        lower: a point beside it where the value is lower, if there is one and it is no minimum.
        why: what is to be told of that.
        edge: whether the domain ends there, and no lower value was seen beside it.
        held: the variables that the edge of the domain holds, where the others do not rest.
        flat: the directions, of a degenerate point, along which the Hessian tells nothing.
        faint: whether what is left of value and Hessian is too little to tell anything.
    """

    kind: str | None
    eigenvalues: tuple[float, ...] | None = None
    lower: tuple[float, ...] | None = None
    why: str = ""
    faint: bool = False
    edge: bool = False
    held: tuple[int, ...] = ()
    flat: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Part:
    """An objective in some of its variables; the others stay where they are."""

    whole: Objective
    at: tuple[float, ...]
    free: tuple[int, ...]

    @property
    def formula(self) -> Formula:
        """That of the whole."""
        return self.whole.formula

    @property
    def names(self) -> Sequence[str]:
        """The free variables."""
        return [self.whole.names[i] for i in self.free]

    @property
    def work(self) -> int:
        """That of the whole."""
        return self.whole.work

    @property
    def rows(self) -> int:
        """Those of the whole."""
        return self.whole.rows

    def _filled(self, x: Sequence[Any], rest: Sequence[Any]) -> list[Any]:
        filled = list(rest)
        for i, number in zip(self.free, x, strict=True):
            filled[i] = number
        return filled

    def value(self, x: Point) -> float:
        """The value."""
        return self.whole.value(self._filled(x, self.at))

    def slope(self, x: Point) -> tuple[float, Sequence[float]]:
        """The value and the gradient."""
        value, gradient = self.whole.slope(self._filled(x, self.at))
        return value, [gradient[i] for i in self.free]

    def hessian(self, x: Point) -> np.ndarray[Any, Any]:
        """The Hessian."""
        return self.whole.hessian(self._filled(x, self.at))[np.ix_(self.free, self.free)]

    def in_balls(self, balls: Balls, x: Sequence[arb], outputs: Sequence[int]) -> list[Ball]:
        """Nodes of the formula, enclosed."""
        return self.whole.in_balls(balls, self._filled(x, [arb(a) for a in self.at]), outputs)


@np.errstate(all="ignore")
def ending(objective: Objective, x: Point, fallen: float, bounds: Bounds | None) -> Ending:
    """What a point is after a descent has `fallen` so far, within bounds if there are any."""
    value, gradient = objective.slope(x)
    if not math.isfinite(value):
        return Ending(None)
    limits = bounds or [(-math.inf, math.inf)] * len(x)
    free = tuple(
        i for i, (a, g, (low, high)) in enumerate(zip(x, gradient, limits, strict=True))
        if not (a <= low and g > 0 or a >= high and g < 0)
    )  # fmt: skip
    if not free:
        return Ending("at a bound", forecast.spectrum(objective, x))
    if len(free) == len(x):
        return _Place(objective, tuple(x), fallen, limits).ending
    part = Part(objective, tuple(x), free)
    found = _Place(part, tuple(x[i] for i in free), fallen, [limits[i] for i in free]).ending
    kind = "at a bound" if found.kind in MINIMA or found.kind == "degenerate" and not found.lower else found.kind
    lower = None if found.lower is None else tuple(part._filled(found.lower, x))
    held = tuple(free[i] for i in found.held)
    flat = tuple(tuple(part._filled(way, [0.0] * len(x))) for way in found.flat)
    return Ending(kind, forecast.spectrum(objective, x), lower, found.why, held=held, flat=flat)


@dataclass
class _Place:
    """A point, asked what it is."""

    objective: Objective
    x: tuple[float, ...]
    fallen: float
    limits: Bounds
    scale: Any = field(init=False)

    def __post_init__(self) -> None:
        self.scale = 1e-3 + np.abs(self.x)
        self.value, self.gradient = self.objective.slope(self.x)
        self.graph: Graph = self.objective.formula.graph

    @property
    def ending(self) -> Ending:
        """What it is."""
        kind, eigenvalues = forecast.kind_of_point(self.objective, self.x, self.fallen)
        if kind is None:
            return Ending(None, eigenvalues)
        faint = not np.abs(self.matrix).max() > _TRUSTED
        if kind == "minimum" and (self.rough or faint or self.exact):
            if self._proved():
                return Ending(kind, eigenvalues)
            lower = self._lower_at_once()
            if lower is not None:
                return Ending("not stationary", eigenvalues, lower, "a slope that rounding hides")
        if kind == "minimum" and faint:
            kind = "degenerate"
        if self.rough or self.exact:
            found = self._on_kink(kind, eigenvalues)
            if found is not None:
                return found
        if kind == "not stationary" or kind == "degenerate" and self._steep():
            return self._halted(eigenvalues)
        if kind == "minimum":
            return Ending(kind, eigenvalues)
        flat = kind == "degenerate"
        lower = self._lower([*self._axes(), *self._mixed()] if flat else (), 1e-12 * self.fallen if flat else 0.0, flat)
        if not flat and self.exact and self._vanished() and not self._proved():
            return Ending("not stationary", eigenvalues, lower, "a slope that rounding hides")
        why = "a point without a slope" if kind == "degenerate" else f"a {kind}"
        lost = faint and (not self.exact or 0 < abs(self.value) < _TRUSTED or self._vanished())
        ways = tuple(tuple(way.tolist()) for way in self._bent()) if flat and len(self.x) <= _PROVED else ()
        return Ending(kind, eigenvalues, lower, why, lost, flat=ways)

    def _vanished(self) -> bool:
        """Whether the gradient is certainly not 0, though floats make it so."""
        with ctx.workprec(_BITS):
            x = [arb(a) for a in self.x]
            slopes = self.objective.in_balls(Balls(_BITS), x, self.objective.formula.gradient)
        return any(isinstance(ball, Unknown) or not ball.contains(0) for ball in slopes)

    @cached_property
    def matrix(self) -> Any:
        """The Hessian."""
        return self.objective.hessian(self.x)

    @cached_property
    def rough(self) -> tuple[int, ...]:
        """The nodes of the value that may have a kink or a jump."""
        nodes = self.graph.nodes
        needed = self.graph.needed([self.objective.formula.output])
        return tuple(i for i in needed if nodes[i].op.kink)

    # -- where the formula is smooth ----------------------------------------------------------------------------------

    def _proved(self) -> bool:
        """Whether the gradient is proved to vanish at one point of a tiny box, where no kink is, and H is regular.

        The test of Krawczyk: Newton's step from every point of the box leads into it. Source: Neumaier, Interval
        methods for systems of equations (1990), chapter 5.
        """
        formula, count = self.objective.formula, len(self.x)
        if self.objective.rows > 1 or count > _PROVED or self.objective.work * (count + 1) > _PROOF_WORK:
            return False
        wanted = {name: i for i, name in enumerate(self.objective.names)}
        index = [wanted.get(name, -1) for name in formula.names]
        try:
            inverse = np.linalg.inv(self.matrix)
        except np.linalg.LinAlgError:
            return False
        reach = self._reach("minimum") + np.where(np.asarray(self.x) == 0, 2.0**-60, 0.0)
        balls = Balls(_BITS)
        with ctx.workprec(_BITS):
            box = [arb(a, r) for a, r in zip(self.x, reach, strict=True)]
            if self._hits(box):
                return False
            slopes = self.objective.in_balls(balls, [arb(a) for a in self.x], formula.gradient)
            places = list(formula.hessian)
            entries = self.objective.in_balls(balls, box, list(formula.hessian.values()))
        known = [ball for ball in (*slopes, *entries) if not isinstance(ball, Unknown)]
        if len(known) < len(slopes) + len(entries):
            return False
        middle, radius, g, lost = (np.zeros(shape) for shape in ((count, count), (count, count), count, count))
        for i, ball in zip(index, known[: len(slopes)], strict=True):
            if i >= 0:
                g[i], lost[i] = float(ball.mid()), float(ball.rad())
        for (i, j), ball in zip(places, known[len(slopes) :], strict=True):
            if index[i] >= 0 and index[j] >= 0:
                middle[index[i], index[j]], radius[index[i], index[j]] = float(ball.mid()), float(ball.rad())
        # what the middles lose as doubles is more radius
        radius, lost = radius + 2.0**-52 * np.abs(middle), lost + 2.0**-52 * np.abs(g)
        off = np.abs(np.eye(count) - inverse @ middle) + np.abs(inverse) @ radius
        return bool(np.all(np.abs(inverse @ g) + np.abs(inverse) @ lost + off @ reach < 0.99 * reach))

    # -- on a kink, and beside the point ------------------------------------------------------------------------------

    def _hits(self, box: Sequence[arb]) -> dict[int, Any]:
        """The nodes on a kink somewhere in a box, True where they certainly are; over many rows any of them may be.

        Where none is, but the derivatives are unknown, as at a cusp, that is the value's node.
        """
        if not self.exact:
            return dict.fromkeys(self.rough)
        formula, balls = self.objective.formula, Balls(_BITS)
        value, needed = (self.graph.needed(nodes) for nodes in ([formula.output], [formula.output, *formula.gradient]))
        found = dict(zip(needed, self.objective.in_balls(balls, box, needed), strict=True))
        values = [found.get(i) for i in range(len(self.graph))]
        with ctx.workprec(_BITS):
            edges = {i: None for i in value if isinstance(values[i], Unknown) and self._is_first(i, values)}
            hits = edges | on_kink(self.graph, balls, values, self.rough)
        cusp = not hits and any(isinstance(values[i], Unknown) for i in formula.gradient)
        return hits | {formula.output: None} if cusp else hits

    def _is_first(self, index: int, values: Sequence[Any]) -> bool:
        """Whether a node's operands are all known."""
        return not any(isinstance(values[i], Unknown) for i in self.graph.nodes[index].operands)

    @cached_property
    def exact(self) -> bool:
        """Whether the formula is asked in balls: one row, and cheap."""
        return self.objective.rows == 1 and self.objective.work * len(self.x) <= _LOOK_WORK

    def _on_kink(self, kind: str, eigenvalues: tuple[float, ...] | None) -> Ending | None:
        """What a point on or beside a kink or a jump is; None where none is near, or where it changes nothing."""
        with ctx.workprec(_BITS):
            hits = self._hits([arb(a, r) for a, r in zip(self.x, self._reach(kind), strict=True)])
            there = self._hits([arb(a) for a in self.x]) if hits else {}
        certain = all(there.get(hit) is True for hit in hits)
        near = hits or self.exact and self._hits([arb(a, r) for a, r in zip(self.x, 1e-6 * self.scale, strict=True)])
        if hits and (certain or kind != "not stationary"):
            lower = self._lower(self._ways())
            jumps = self._jumps()
            if jumps and not certain:
                return Ending("at a jump", eigenvalues)
            if lower is not None:
                return Ending("not stationary", eigenvalues, lower, "a kink or a jump")
            if jumps:
                return Ending("minimum at a jump", eigenvalues)
        if not near or kind not in ("degenerate", "not stationary") or not self._smooth_part_rests(near):
            return None
        found = forecast.at_a_kink(self.objective, self.x, flat=kind == "degenerate")
        lower = self._lower(self._ways(), self._off_the_kink()) if found == "minimum at a kink" else None
        if lower is not None:
            return Ending("not stationary", eigenvalues, lower, "a ridge of kinks")
        return Ending(found, eigenvalues) if found else None

    def _off_the_kink(self) -> float:
        """How far the value may lie above that on a kink beside the point, whose numbers are rounded."""
        slopes = np.maximum(np.abs(self._around).max(axis=0), np.abs(self.gradient))
        return float(slopes @ (2.0**-48 * np.abs(self.x))) + 2.0**-48 * abs(self.value)

    def _steep(self) -> bool:
        """Whether a slope promises a fall worth the name, and the domain ends beside the point."""
        return bool(np.abs(self.gradient * self.scale).max() > 1e-6 * self.fallen) and self._outside()

    def _halted(self, eigenvalues: tuple[float, ...] | None) -> Ending:
        """What a point is that is not stationary: at the edge of the domain no step may have led on from it."""
        outside = self._outside()
        held = self._held() if outside else ()
        if 0 < len(held) < len(self.x):
            free = tuple(i for i in range(len(self.x)) if i not in held)
            part = Part(self.objective, self.x, free)
            rest = _Place(part, tuple(self.x[i] for i in free), self.fallen, [self.limits[i] for i in free]).ending
            if rest.kind not in MINIMA:
                return Ending("not stationary", eigenvalues, why="the edge of the domain", held=held)
        lower = self._lower(self._ways(), 1e-9 * self.fallen)
        why = "the edge of the domain" if outside else "no minimum"
        return Ending("not stationary", eigenvalues, lower, why, edge=outside and lower is None)

    def _held(self) -> tuple[int, ...]:
        """The variables that press against the edge of the domain: however little farther, there is no value."""
        return tuple(
            i
            for i, g in enumerate(self.gradient)
            if g
            and all(
                math.isnan(self.objective.value(self._moved(-np.sign(g) * row, length)))
                for row in np.eye(len(self.x))[i : i + 1]
                for length in _LENGTHS
            )
        )

    def _outside(self) -> bool:
        """Whether the value is undefined right beside the point, along an axis; asked of a few variables."""
        return len(self.x) <= _PROVED and any(
            math.isnan(self.objective.value(self._moved(direction, length)))
            for direction in self._axes()
            for length in _LENGTHS[4:]
        )

    def _reach(self, kind: str) -> Any:
        """How far from here the point may truly lie: some roundings, and Newton's step where there is one."""
        step = np.linalg.lstsq(self.matrix, np.asarray(self.gradient), rcond=2.0**-40)[0] if kind == "minimum" else 0.0
        return 2.0**-48 * np.abs(self.x) + 2 * np.abs(step)

    def _smooth_part_rests(self, hits: Sequence[int] | dict[int, Any]) -> bool:
        """Whether no variable that enters no kink has a slope that promises a fall worth the name."""
        needed = set(self.graph.needed(list(hits)))
        inputs = [self.graph.inputs[name] for name in self.objective.names]
        falls = [
            g * g / abs(h) if h else abs(g) * size
            for i, g, h, size in zip(inputs, self.gradient, np.diag(self.matrix), self.scale, strict=True)
            if i not in needed
        ]
        return bool(sum(falls) <= 1e-6 * self.fallen + 1e-12 * abs(self.value))

    def _axes(self) -> list[Any]:
        """Both ways along each axis."""
        return [sign * row for row in np.eye(len(self.x)) for sign in (1.0, -1.0)]

    def _across(self) -> list[Any]:
        """Both ways along directions that are along no axis and no diagonal."""
        return _combined(np.eye(len(self.x)), 3)

    def _mixed(self) -> list[Any]:
        """Both ways along directions between the axes that do not bend, of which there may be many."""
        count = min(24, _LOOK_WORK // (self.objective.work * len(self.x)))
        return _combined(np.array([axis / self.scale for axis in self._flat]), count)

    def _ways(self) -> list[Any]:
        """Where the value may fall from a point with a slope: against it, along axes and across, and along kinks."""
        many = len(self.x) > _PROVED
        return [*self._ridges(), *([] if many else [*self._axes(), *self._across()])]

    @cached_property
    def _around(self) -> Any:
        """Gradients at points around this one, `(m, n)`; none of many variables."""
        found = forecast.around(self.objective, self.x, 1e-6 * self.scale)[1] if len(self.x) <= _PROVED else []
        finite = np.array([slope for slope in found if np.all(np.isfinite(slope))])
        return finite if len(finite) else np.asarray(self.gradient)[None, :]

    def _ridges(self) -> list[Any]:
        """Against the slope here, and the mean slope around without the parts in which slopes differ most.

        On a ridge of kinks slopes differ across it, and what is left of them is along it.
        """
        slopes = self._around * self.scale
        slopes = slopes / (np.abs(slopes).max() or 1.0)
        if not np.all(np.isfinite(slopes)):
            return []
        mean = slopes.mean(axis=0)
        parts = np.linalg.svd(slopes - mean, full_matrices=False)[2]
        left = [np.asarray(self.gradient) * self.scale, mean]
        for part in parts[:-1]:
            left.append(left[-1] - (left[-1] @ part) * part)
        return [-slope / np.abs(slope).max() for slope in left if np.all(np.isfinite(slope)) and np.any(slope)]

    @cached_property
    def _curved(self) -> tuple[Any, Any, Any]:
        """Curvatures, axes, and which of them do not rise."""
        curvatures, axes = np.linalg.eigh(self.matrix)
        return curvatures, axes.T, curvatures <= 1e-9 * np.abs(curvatures).max()

    @property
    def _flat(self) -> Any:
        """The axes of curvature that do not rise."""
        return self._curved[1][self._curved[2]]

    def _bent(self) -> list[Any]:
        """Both ways along the axes of curvature that do not rise."""
        return [sign * axis / self.scale for axis in self._flat for sign in (1.0, -1.0)]

    def _moved(self, direction: Any, length: float) -> tuple[float, ...]:
        """The point beside this one, within the limits."""
        low, high = np.transpose(self.limits)
        moved: list[float] = np.clip(np.asarray(self.x) + length * direction * self.scale, low, high).tolist()
        return tuple(moved)

    def _rise(self, x: Point) -> Any:
        """How far the value there lies above the one here, as a ball where floats do not tell; nan if it has none."""
        if not self.exact:
            rise = self.objective.value(x) - self.value
            if not abs(rise) <= _NEAR * abs(self.value) or self.objective.work * len(self.x) > _ROWS_WORK:
                return rise
        with ctx.workprec(_BITS):
            there, here = self._enclosed(x), self._here
            return math.nan if isinstance(there, Unknown) or isinstance(here, Unknown) else there - here

    def _enclosed(self, x: Point) -> Ball:
        """The value there as a ball, at the precision in force."""
        return self.objective.in_balls(Balls(_BITS), [arb(a) for a in x], [self.objective.formula.output])[0]

    @cached_property
    def _here(self) -> Ball:
        return self._enclosed(self.x)

    def _lower(self, directions: Sequence[Any], least: float = 0.0, curved: bool = False) -> tuple[float, ...] | None:
        """A point beside this one where the value is lower, and by the least as far along as it goes on falling.

        Args:
            curved: whether to look on the floors of valleys that bend too.
        """
        noise = 0.0 if self.exact else 2.0**-46 * abs(self.value) + self._rounding
        bent = self._bent()
        ways = [partial(self._moved, direction) for direction in (*directions, *bent)]
        for way in (*ways, *(partial(self._floor, direction) for direction in bent if curved and self.exact)):
            for length in _LENGTHS:
                there = way(length)
                if there != self.x and self._rise(there) < -noise:
                    there = self._farther(way, length)
                    if self._rise(there) < -max(least, noise) and self._has_slope(there):
                        return there
        return None

    def _has_slope(self, x: Point) -> bool:
        """Whether a descent can begin there."""
        return all(map(math.isfinite, self.objective.slope(x)[1]))

    def _floor(self, direction: Any, length: float) -> tuple[float, ...]:
        """The point on the floor of the valley beside one that is moved: by Newton's steps in the axes that rise.

        Where a valley leaves along a flat axis and bends, no line shows that the value falls.
        """
        curvatures, axes, flat = self._curved
        there: Any = np.asarray(self._moved(direction, length))
        for _ in range(2):
            slope = np.asarray(self.objective.slope(there.tolist())[1])
            there = there - axes[~flat].T @ (axes[~flat] @ slope / curvatures[~flat])
        return tuple(np.clip(there, *np.transpose(self.limits)).tolist())

    def _lower_at_once(self) -> tuple[float, ...] | None:
        """A lower point beside what should be a minimum, as near as that may truly lie, asked in balls."""
        if not self.exact:
            return None
        for step in (4 * self._reach("minimum") / self.scale) * self._axes():
            there = self._moved(step, 1.0)
            if there != self.x and self._rise(there) < 0:
                return self._farther(partial(self._moved, step), 1.0)
        return None

    @cached_property
    def _rounding(self) -> float:
        """How far the value may lie above its least one where the point is rounded to doubles."""
        return 2.0**-98 * float(np.abs(np.diag(self.matrix)) @ np.square(self.x))

    def _farther(self, way: Callable[[float], tuple[float, ...]], length: float) -> tuple[float, ...]:
        """The last point of a way before the value rises again, at doubling lengths."""
        there = way(length)
        for _ in range(60):
            length *= 2
            ahead = way(length)
            if ahead == there or not self.objective.value(ahead) < self.objective.value(there):
                break
            there = ahead
        return there

    def _jumps(self) -> bool:
        """Whether the value beside the point stays apart from the value here, however near."""
        return any(
            near > 0 and near > 0.5 * far
            for direction in self._axes()
            for far, near in [[self._rise(self._moved(direction, length)) for length in (_LENGTHS[2], _LENGTHS[4])]]
        )


def _combined(rows: Any, count: int) -> list[Any]:
    """Both ways along so many directions that lie between some axes; none of a single one."""
    if len(rows) < 2:
        return []
    weights = np.sin(np.outer(1.0 + np.arange(count) ** 2, np.arange(1.0, len(rows) + 1)))
    return [sign * row for row in weights @ rows for sign in (1.0, -1.0)]
