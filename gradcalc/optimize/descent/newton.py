"""Newton's method, safeguarded: exact Hessians, a trust region, and bounds if there are any.

Each step minimises the quadratic model of the objective within a ball whose axes are scaled by the curvature. Where the
model is convex and the ball holds its minimum, that is Newton's step; where it is not, the step follows negative
curvature too, so saddles are left. A step that does not lower the value enough, or leads to where it is not finite, is
not taken, and the ball shrinks. Source: Nocedal and Wright, Numerical Optimization (2006), chapter 4.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradcalc.optimize.descent.objective import Objective
from gradcalc.optimize.descent.watch import Watch

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

_EPSILON = 2.0**-52
_NOISE = 2.0**-33
"""What evaluating a formula may lose of its value; a smaller fall is believed if the gradient falls."""

_LARGEST = 1e300
"""No radius is larger, and none smaller than its inverse."""

_FLAT, _PROBED, _SADDLES = 2.0**-33, 50, 5
"""A curvature below this part of the largest may be none; beyond so many variables, and more often in one descent, no
step is tried along such axes."""


def newton(objective: Objective, start: Sequence[float], watch: Watch) -> None:
    """Step until the watch stops it, or until no step lowers the value in floats any more."""
    with np.errstate(all="ignore"):
        place = Place(objective, np.asarray(start, dtype=float), limits(watch, len(start)))
        trail = Trail(watch)
        trail.add(place.x, place.value, place.gradient)
        follow(place, trail)


def follow(place: "Place", trail: "Trail") -> "Place":
    """Step on from a place that the trail has seen; the last place."""
    radius, saddles = first_radius(place), 0
    while trail.still < 2:
        found, radius = advanced(place, radius, _EPSILON**2 * trail.typical)
        if found is None and saddles < _SADDLES:
            found, saddles = _beside(place, trail.typical), saddles + 1
            radius = first_radius(found) if found else radius
        if found is None:
            break
        place = found
        trail.add(place.x, place.value, place.gradient)
    return place


class Trail:
    """Shows a watch the points of a descent; `still` counts the last steps that no variable can tell from rounding.

    A variable's `typical` size is the largest that it had.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._last: Any = math.inf
        self.typical: Any = 0.0
        self.still = 0

    def begin_again(self) -> None:
        """The values to come are more exact than those before, and compared only with each other."""
        self._watch.begin_again()

    def add(self, x: Array, value: float, gradient: Array) -> None:
        """The next point."""
        self._watch(x.tolist(), value, gradient.tolist())
        self.typical = np.maximum(self.typical, np.abs(x))
        self.still = self.still + 1 if np.all(np.abs(x - self._last) <= _EPSILON * self.typical) else 0
        self._last = x


def limits(watch: Watch, count: int) -> Array:
    """The bounds of so many variables, `(2, n)`: the least values, then the largest."""
    return np.transpose(watch.bounds if watch.bounds is not None else [(-math.inf, math.inf)] * count)


def unhindered(x: Array, gradient: Array, limits: Array) -> Mask:
    """Which variables do not rest at a bound that the descent would pass."""
    against: Mask = (x <= limits[0]) & (gradient > 0) | (x >= limits[1]) & (gradient < 0)
    return ~against


def finite_hessian(objective: Objective, x: Array) -> Array:
    """The Hessian; the identity where it is not finite."""
    matrix: Array = objective.hessian(x.tolist())
    return matrix if np.all(np.isfinite(matrix)) else np.eye(len(x))


def first_radius(place: "Place") -> float:
    """The length of the whole step where the model foretells what it leads to, as on a quadratic; else a short one."""
    short = place.first * (place.length(place.x) or 1.0)
    step = place.step(_LARGEST)
    whole, promised = place.length(step), place.fall(step)
    if not (place.is_convex and whole > short and math.isfinite(promised) and promised > 0):
        return short
    tried = place.moved(step)
    fits = abs(place.value - tried.value - promised) <= 0.1 * promised and tried.steepness <= 0.1 * place.steepness
    return whole if fits else short


def advanced(place: "Place", radius: float, least: Array) -> tuple["Place | None", float]:
    """The next place and radius; no place if the steps that could lower the value round to nothing or to `least`."""
    while True:
        step = place.step(radius)
        promised = place.fall(step)
        if not math.isfinite(promised) and radius > 1 / _LARGEST:
            radius *= 0.25
            continue
        if not promised > 0 or np.all(np.abs(step) <= np.maximum(least, _EPSILON / 2 * np.abs(place.x))):
            return None, radius
        tried = place.moved(step)
        fall = place.value - tried.value
        if max(promised, abs(fall)) <= _NOISE * abs(place.value) and tried.steepness < 0.5 * place.steepness:
            return tried, radius
        if promised <= 8 * _EPSILON * abs(place.value):
            return None, radius
        ratio = fall / promised if math.isfinite(fall) and math.isfinite(tried.steepness) else -math.inf
        if ratio < 0.25:
            radius = 0.25 * min(radius, place.length(step))
        elif ratio > 0.75:
            radius = min(max(radius, 2 * place.length(step)), _LARGEST)
        if ratio > 1e-4:
            return tried, radius


def _beside(place: "Place", typical: Array) -> "Place | None":
    """A lower place along an axis of no or negative curvature, where the model promises none: off a flat saddle."""
    size = place.length(typical) or 1.0
    for axis in place.flat_axes:
        for length in size * 4.0 ** np.arange(-8, 2):
            for step in (length * axis, -length * axis):
                tried = place.moved(step)
                if tried.value < place.value - _NOISE * abs(place.value) and math.isfinite(tried.steepness):
                    return tried
    return None


class Place:
    """A point with the quadratic model of the objective there; `limits` is `(2, n)`."""

    first = 0.1
    """The first radius as a part of the size of the start: small, so that a minimum nearby is not jumped over."""

    def __init__(self, objective: Objective, x: Array, limits: Array) -> None:
        self.objective, self.limits = objective, limits
        self.x: Array = np.clip(x, *limits)
        self.value, gradient = objective.slope(self.x.tolist())
        self.gradient: Array = np.asarray(gradient, dtype=float)

    def moved(self, step: Array) -> "Place":
        """The place a step away."""
        return Place(self.objective, self.x + step, self.limits)

    @cached_property
    def hessian(self) -> Array:
        """The Hessian."""
        return finite_hessian(self.objective, self.x)

    @cached_property
    def scale(self) -> Array:
        """The square roots of the diagonal of |H|, which has the Hessian's axes and the sizes of its curvatures."""
        curvatures, axes = np.linalg.eigh(self.hessian)
        diagonal = (axes * axes) @ np.abs(curvatures)
        diagonal = np.maximum(diagonal, _EPSILON * diagonal.max(initial=0.0))
        return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))

    @cached_property
    def _axes(self) -> tuple[Array, Array]:
        """Curvatures and axes of the scaled Hessian."""
        curvatures, axes = np.linalg.eigh(self.hessian / self.scale / self.scale[:, None])
        return curvatures, axes

    @property
    def is_convex(self) -> bool:
        """Whether all curvatures are surely positive."""
        curvatures = self._axes[0]
        return bool(curvatures[0] > len(curvatures) * _EPSILON * curvatures[-1])

    @property
    def flat_axes(self) -> list[Array]:
        """Steps of length 1 along which the curvature is not surely positive."""
        curvatures, axes = self._axes
        flat = curvatures <= _FLAT * np.abs(curvatures).max(initial=0.0)
        return list((axes / self.scale[:, None]).T[flat & (len(curvatures) <= _PROBED)])

    def length(self, step: Array) -> float:
        """The norm of a step in scaled variables."""
        return math.hypot(*(self.scale * step))

    @cached_property
    def free(self) -> Mask:
        """Which variables can follow the descent."""
        return unhindered(self.x, self.gradient, self.limits)

    @cached_property
    def steepness(self) -> float:
        """The norm of the scaled gradient in the free variables; nan where it is not finite."""
        return math.hypot(*(self.gradient / self.scale)[self.free]) if np.all(np.isfinite(self.gradient)) else math.nan

    def fall(self, step: Array) -> float:
        """How far a step lowers the model."""
        return -float(self.gradient @ step + 0.5 * step @ self.hessian @ step)

    def step(self, radius: float) -> Array:
        """The best step within the radius; a variable that it takes to a bound stops there, and the others go on."""
        down, up = self.limits - self.x
        step, free = np.zeros_like(self.x), self.free.copy()
        while free.any():
            step[free] = self._part(step, free, radius)
            past = free & ((step < down) | (step > up))
            if not past.any():
                break
            step = np.where(past, np.clip(step, down, up), step)
            free = free & ~past
        return step

    def _part(self, step: Array, free: Mask, radius: float) -> Array:
        """The best step of the free variables, the others taking that of `step`."""
        slope = self.gradient + self.hessian @ np.where(free, 0.0, step)
        return _within(self.hessian[np.ix_(free, free)], slope[free], self.scale[free], radius)


def _within(hessian: Array, gradient: Array, scale: Array, radius: float) -> Array:
    """The least of `g·p + p·H·p/2` where the scaled `p` is no longer than the radius: Moré and Sorensen (1983)."""
    curvatures, axes = np.linalg.eigh(hessian / scale / scale[:, None])
    noise = len(curvatures) * _EPSILON * max(-float(curvatures[0]), float(curvatures[-1]))
    step, hard = shortened(curvatures, axes.T @ (gradient / scale), radius, noise)
    part = math.hypot(*step) / radius
    if hard and part < 1:  # the gradient does not see the axis of least curvature: go along it
        step[0] += math.copysign(radius * math.sqrt(1 - part**2), step[0])
    return np.asarray(axes @ step / scale)


def shortened(curvatures: Array, along: Array, radius: float, noise: float) -> tuple[Array, bool]:
    """The step `-along/(curvatures + shift)` of one shift that is no longer than the radius.

    The shift makes the least of the curvatures, which increase, at least `noise`. The second answer is whether it had
    to, and the step is no longer for that.
    """
    lowest, highest = float(curvatures[0]), float(curvatures[-1])
    shift = max(0.0, noise - lowest)
    hard = shift > 0
    shift = max(shift, math.hypot(*along) / radius - highest)
    for _ in range(50):
        step = -along / (curvatures + shift)
        length = math.hypot(*step)
        if not length > 1.001 * radius:
            break
        unit = step / length
        shift += (length / radius - 1) / float(unit @ (unit / (curvatures + shift)))
        hard = False
    return step, hard
