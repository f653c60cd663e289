"""What the end of a descent is: a minimum that stands to be called one, or where the value falls from there.

The Hessian tells where the formula is smooth; that it is smooth around a point, and has a minimum there, is proved in
balls. On a kink or a jump the one-sided slopes decide, and values beside the point. Imports forecast and truth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
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

_ROUGH = {"sqrt", "cbrt", "pow", "asin", "acos", "acosh", "xlogy"}
"""Ops without a kink whose derivative may be infinite."""

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
        faint: whether what is left of value and Hessian is too little to tell anything.
    """

    kind: str | None
    eigenvalues: tuple[float, ...] | None = None
    lower: tuple[float, ...] | None = None
    why: str = ""
    faint: bool = False
    edge: bool = False


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
    return Ending(kind, forecast.spectrum(objective, x), lower, found.why)


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
        if self.rough:
            found = self._on_kink(kind, eigenvalues)
            if found is not None:
                return found
        if kind == "not stationary" or kind == "degenerate" and self._steep():
            return self._halted(eigenvalues)
        if kind == "minimum":
            return Ending(kind, eigenvalues)
        flat = kind == "degenerate"
        lower = self._lower(self._axes() if flat else (), 1e-12 * self.fallen if flat else 0.0)
        if not flat and self.exact and self._vanished() and not self._proved():
            return Ending("not stationary", eigenvalues, lower, "a slope that rounding hides")
        why = "a point without a slope" if kind == "degenerate" else f"a {kind}"
        lost = faint and (not self.exact or 0 < abs(self.value) < _TRUSTED or self._vanished())
        return Ending(kind, eigenvalues, lower, why, lost)

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
        """The nodes of the value that may have a kink or a jump, or an infinite slope."""
        nodes = self.graph.nodes
        needed = self.graph.needed([self.objective.formula.output])
        return tuple(i for i in needed if nodes[i].op.kink is not None or nodes[i].op.name in _ROUGH)

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
        """The nodes on a kink somewhere in a box, True where they certainly are; over many rows any of them may be."""
        if self.exact:
            balls, needed = Balls(_BITS), self.graph.needed([self.objective.formula.output])
            found = dict(zip(needed, self.objective.in_balls(balls, box, needed), strict=True))
            values = [found.get(i) for i in range(len(self.graph))]
            with ctx.workprec(_BITS):
                edges = {i: None for i in self.rough if isinstance(values[i], Unknown)}
                return edges | on_kink(self.graph, balls, values, self.rough)
        return dict.fromkeys(self.rough)

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
            lower = self._lower([*self._axes(), *self._across()])
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
        return Ending(found, eigenvalues) if found else None

    def _steep(self) -> bool:
        """Whether a slope promises a fall worth the name, and the domain ends beside the point."""
        return bool(np.abs(self.gradient * self.scale).max() > 1e-6 * self.fallen) and self._outside()

    def _halted(self, eigenvalues: tuple[float, ...] | None) -> Ending:
        """What a point is that is not stationary: at the edge of the domain no step may have led on from it."""
        if not self._outside():
            return Ending("not stationary", eigenvalues)
        lower = self._lower([*self._axes(), *self._across()], 1e-9 * self.fallen)
        return Ending("not stationary", eigenvalues, lower, "the edge of the domain", edge=lower is None)

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
        weights = np.sin(np.outer((1.0, 2.0, 5.0), np.arange(1.0, len(self.x) + 1)))
        return [sign * row for row in weights for sign in (1.0, -1.0)] if len(self.x) > 1 else []

    def _bent(self) -> list[Any]:
        """Both ways along the axes of curvature that do not rise."""
        curvatures, axes = np.linalg.eigh(self.matrix)
        margin = 1e-9 * np.abs(curvatures).max()
        return [sign * axes[:, i] / self.scale for i in np.flatnonzero(curvatures <= margin) for sign in (1.0, -1.0)]

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

    def _lower(self, directions: Sequence[Any], least: float = 0.0) -> tuple[float, ...] | None:
        """A point beside this one where the value is lower, by the least, and on as far along as it goes on falling."""
        least = max(least, 0.0 if self.exact else 2.0**-46 * abs(self.value) + self._rounding)
        for direction in (*directions, *self._bent()):
            for length in _LENGTHS:
                there = self._moved(direction, length)
                if there != self.x and self._rise(there) < -least:
                    there = self._farther(direction, length, there)
                    if all(map(math.isfinite, self.objective.slope(there)[1])):
                        return there
        return None

    def _lower_at_once(self) -> tuple[float, ...] | None:
        """A lower point beside what should be a minimum, as near as that may truly lie, asked in balls."""
        if not self.exact:
            return None
        for step in (4 * self._reach("minimum") / self.scale) * self._axes():
            there = self._moved(step, 1.0)
            if there != self.x and self._rise(there) < 0:
                return self._farther(step, 1.0, there)
        return None

    @cached_property
    def _rounding(self) -> float:
        """How far the value may lie above its least one where the point is rounded to doubles."""
        return 2.0**-98 * float(np.abs(np.diag(self.matrix)) @ np.square(self.x))

    def _farther(self, direction: Any, length: float, there: tuple[float, ...]) -> tuple[float, ...]:
        """The last point before the value rises again, at doubling distances."""
        for _ in range(60):
            length *= 2
            ahead = self._moved(direction, length)
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
